package recall_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/recall"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestRecalls(t *testing.T) {
	t.Parallel()
	at := domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	batch := recall.Reported{At: at, Site: "mine", By: "li", Batch: "2025-11", Report: "jaws crack"}
	part := recall.Decided{At: at, Part: 1, Decisions: []tool.Decision{{Tool: "t", Result: tool.Done}}}
	closed := recall.Closed{At: at, By: "boss", Finding: "material"}
	report := func(change func(*recall.Reported)) recall.Report {
		r := batch
		change(&r)
		return recall.Report{Reported: r}
	}
	decidertest.Run(t, recall.Decide, recall.Evolve, []decidertest.Case[recall.Command, recall.Event]{
		{Name: "TOL-12 trouble of a batch is reported", When: recall.Report{Reported: batch}, Then: []recall.Event{batch}},
		{Name: "TOL-12 a report says what it is", When: report(func(r *recall.Reported) { r.Report = " " }), Invalid: "/report"},
		{Name: "TOL-12 it is of a batch or of one tool", When: report(func(r *recall.Reported) { r.Batch = "" }), Invalid: "/batch"},
		{Name: "TOL-12 and not of both", When: report(func(r *recall.Reported) { r.Tool = "00000000-0000-0000-0000-000000000011" }), Invalid: "/batch"},
		{Name: "TOL-12 one tool is named by its id", When: report(func(r *recall.Reported) { r.Batch, r.Tool = "", "W-1" }), Invalid: "/tool"},
		{Name: "TOL-12 a recall is reported once", Given: []recall.Event{batch}, When: recall.Report{Reported: batch}, Refused: "TOL-12"},
		{Name: "TOL-12 what became of the tools is kept", Given: []recall.Event{batch}, When: recall.Record{Decided: part}, Then: []recall.Event{part}},
		{Name: "TKT-02 and kept once", Given: []recall.Event{batch, part}, When: recall.Record{Decided: part}},
		{Name: "TOL-12 nothing is kept of what was not reported", When: recall.Record{Decided: part}, Refused: "TOL-12"},
		{Name: "TOL-12 its cause is found", Given: []recall.Event{batch, part}, When: recall.Close{Closed: closed}, Then: []recall.Event{closed}},
		{Name: "TKT-02 and found once", Given: []recall.Event{batch, closed}, When: recall.Close{Closed: closed}},
		{Name: "TOL-12 a finding says something", Given: []recall.Event{batch}, When: recall.Close{}, Invalid: "/finding"},
		{Name: "TOL-12 what was not reported has no cause", When: recall.Close{Closed: closed}, Refused: "TOL-12"},
	})
}
