package simulate_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/simulate"
)

const (
	gloves = "fl.tool-0eb2c82c-43b7-5fb0-83fe-b22a7d1f345c"
	rope   = "fl.tool-ca5951d1-1c80-5e19-9242-26939872937e"
)

// hour is the n-th of 2026.
func hour(n int) time.Time { return simulate.First().Add(time.Duration(n) * time.Hour) }

// asked is a log and the right answers to the auditor's questions about it.
func asked(t *testing.T) (*simulate.World, []simulate.Fact, simulate.Answers) {
	t.Helper()
	w, facts := year(t)
	facts = append(facts,
		fact(t, 1, gloves, "tool.registered.v1", boss, `{"number":"G-1","category":"safety","holder":{"kind":"store","who":"main"}}`),
		fact(t, 2, gloves, "tool.inspected.v1", boss, `{"on":"2026-01-01","passed":true,"next":"2026-01-02"}`),
		fact(t, 3, gloves, "tool.lent.v1", boss, `{"holder":{"kind":"person","who":"li"}}`),
		fact(t, 60, gloves, "tool.returned.v1", boss, `{"from":{"kind":"person","who":"li"},"store":"main"}`), // on 3 January at 12:00
		fact(t, 1, rope, "tool.registered.v1", boss, `{"number":"R-1","category":"safety","holder":{"kind":"store","who":"main"}}`),
		fact(t, 90, "fl.exchange-1", "exchange.completed.v1", li, `{"moves":[{"tool":"`+strings.TrimPrefix(rope, "fl.tool-")+`","to":{"kind":"person","who":"li"}}]}`),
		fact(t, 100, rope, "tool.exchanged.v1", "system", `{"from":{"kind":"store","who":"main"},"holder":{"kind":"person","who":"li"}}`),
	)
	at := func(stream string) int {
		return slices.IndexFunc(facts, func(f simulate.Fact) bool { return f.Stream == stream })
	}
	facts[at(gloves)+3].RecordedAt = hour(70)          // entered the day after
	facts[at("fl.exchange-1")+1].OccurredAt = hour(90) // the tool's own stream has it later
	held := func(stream string, at, asOf int, holder string) simulate.Held {
		return simulate.Held{Tool: strings.TrimPrefix(stream, "fl.tool-"), At: hour(at), AsOf: hour(asOf), Holder: holder}
	}
	a := simulate.Answers{
		Held: []simulate.Held{
			held(gloves, 2, 2, "store main"), held(gloves, 65, 65, "person li"), held(gloves, 65, 100, "store main"), held(gloves, 50, 100, "person li"),
			held(rope, 89, 95, "store main"), held(rope, 90, 95, "person li"), held(rope, 90, 100, "person li"),
		},
		Months: []simulate.Month{{Person: li, Month: "2026-01"}},
		Lapsed: []simulate.Lapsed{
			{Site: "mine", From: "2026-01-01", To: "2026-03-31", Days: map[string][]string{"G-1": {"2026-01-03"}, "R-1": {"2026-01-04", "2026-01-05"}}},
			{Site: "other", From: "2026-01-01", To: "2026-03-31"},
		},
	}
	require.NoError(t, json.Unmarshal([]byte(why), &a.Months[0].Answer))
	return w, facts, a
}

const why = `{"deducted_fen":60000,"refunded_fen":0,"lines":[
 {"kind":"posted","event":{"stream":"fl.deduction-account-` + li + `-2026","revision":13,"type":"deduction.posted.v1"},
  "wage":{"value":"300000"},"taken_fen":60000,"entries":[{"loss":"` + loss + `","amount_fen":60000}]}],
 "losses":[{"loss":{"id":"` + loss + `","approval":{"amount_fen":70000}},"events":[
  {"stream":"fl.loss-` + loss + `","revision":10,"type":"loss.proposed.v1"},{"stream":"fl.loss-` + loss + `","revision":11,"type":"loss.approved.v1"}]}]}`

// wrong are the names of the questions whose answers are not those of the log.
func wrong(w *simulate.World, facts []simulate.Fact, a simulate.Answers) []string {
	var out []string
	for _, r := range simulate.CheckAnswers(w, facts, a) {
		if len(r.Faults) > 0 {
			out = append(out, r.Name)
		}
	}
	return out
}

func TestAUD05TheRightAnswersHoldAndEachWrongOneIsAFault(t *testing.T) {
	t.Parallel()
	w, facts, a := asked(t)
	for _, r := range simulate.CheckAnswers(w, facts, a) {
		require.Empty(t, r.Faults, r.Name)
		require.Positive(t, r.Looked, r.Name)
	}
	for _, c := range []struct {
		name, check string
		spoil       func(*simulate.Answers)
	}{
		{"TOL-03 another has it", "asked_holder", func(a *simulate.Answers) { a.Held[1].Holder = "person wang" }},
		{"TOL-03 what was not known then", "asked_holder", func(a *simulate.Answers) { a.Held[1].Holder = a.Held[2].Holder }},
		{"TOL-03 what is not known any more", "asked_holder", func(a *simulate.Answers) { a.Held[2].Holder = a.Held[1].Holder }},
		{"EXC-06 an exchange that moved one of two", "asked_holder", func(a *simulate.Answers) { a.Held[5].Holder = "store main" }},
		{"TOL-01 a tool that there is not", "asked_holder", func(a *simulate.Answers) { a.Held[0].Tool = li }},
		{"AUD-05 a fen less", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.DeductedFen-- }},
		{"AUD-05 a refund that was none", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.RefundedFen++ }},
		{"AUD-05 for another loss", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.Lines[0].Entries[0].Loss = li }},
		{"AUD-05 another wage", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.Lines[0].Wage.Value = new("300001") }},
		{"AUD-05 no wage", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.Lines[0].Wage.Value = nil }},
		{"AUD-05 an event that there is not", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.Lines[0].Event.Revision++ }},
		{"AUD-05 not the amount that was approved", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.Losses[0].Loss.Approval.AmountFen++ }},
		{"AUD-05 without the approval's event", "asked_deduction", func(a *simulate.Answers) {
			a.Months[0].Answer.Losses[0].Events = a.Months[0].Answer.Losses[0].Events[:1]
		}},
		{"AUD-05 a loss that is not explained", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Answer.Losses = nil }},
		{"AUD-05 a month in which nothing was", "asked_deduction", func(a *simulate.Answers) { a.Months[0].Month = "2026-02" }},
		{"INS-02 a day more", "asked_overdue", func(a *simulate.Answers) { a.Lapsed[0].Days["G-1"] = append(a.Lapsed[0].Days["G-1"], "2026-01-04") }},
		{"INS-02 a tool that is not named", "asked_overdue", func(a *simulate.Answers) { delete(a.Lapsed[0].Days, "R-1") }},
		{"INS-02 a tool that was good", "asked_overdue", func(a *simulate.Answers) { a.Lapsed[0].Days["X-1"] = []string{"2026-01-03"} }},
		{"INS-02 another site's", "asked_overdue", func(a *simulate.Answers) { a.Lapsed[1].Days = a.Lapsed[0].Days }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, facts, a := asked(t)
			c.spoil(&a)
			require.Equal(t, []string{c.check}, wrong(w, facts, a))
		})
	}
}

func TestAUD05AnAnswerThatTheLogDoesNotBearOutIsAFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, check, kind string
		spoil             func(*simulate.Fact)
	}{
		{"TOL-03 given back later", "asked_holder", "tool.returned.v1", func(f *simulate.Fact) { f.OccurredAt = hour(66) }},
		{"TOL-03 known in time", "asked_holder", "tool.returned.v1", func(f *simulate.Fact) { f.RecordedAt = hour(61) }},
		{"AUD-05 another sum", "asked_deduction", "deduction.posted.v1", func(f *simulate.Fact) { f.Data["taken_fen"] = json.Number("1") }},
		{"AUD-05 another amount approved", "asked_deduction", "loss.approved.v1", func(f *simulate.Fact) { f.Data["amount_fen"] = json.Number("1") }},
		{"INS-02 good for longer", "asked_overdue", "tool.inspected.v1", func(f *simulate.Fact) { f.Data["next"] = "2026-02-01" }},
		{"INS-02 failed", "asked_overdue", "tool.inspected.v1", func(f *simulate.Fact) { f.Data["next"] = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, facts, a := asked(t)
			for i := range facts {
				if facts[i].Type == c.kind && (facts[i].Category() != "tool" || facts[i].Stream == gloves) {
					c.spoil(&facts[i])
				}
			}
			require.Contains(t, wrong(w, facts, a), c.check)
		})
	}
}

func TestAUD02AStruckInspectionMakesTheToolOverdue(t *testing.T) {
	t.Parallel()
	w, facts, a := asked(t)
	facts = append(facts, fact(t, 50, gloves, "record.struck.v1", boss, `{"revision":2}`))
	require.Equal(t, []string{"asked_overdue"}, wrong(w, facts, a))
	a.Lapsed[0].Days["G-1"] = []string{"2026-01-01", "2026-01-02", "2026-01-03"}
	require.Empty(t, wrong(w, facts, a))
}
