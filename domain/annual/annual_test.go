package annual_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const id = "00000000-0000-0000-0000-000000000011"

func TestAnnualIssues(t *testing.T) {
	t.Parallel()
	at := domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	crew := tool.Holder{Kind: tool.Team, Who: id}
	listed := func(rows ...annual.Row) annual.Listed {
		return annual.Listed{At: at, Site: "mine", Year: 2026, List: "crew 1", By: "li", Rows: rows}
	}
	two := annual.Row{To: crew, Kind: "wrench", Count: 2}
	one := annual.Row{To: crew, Tool: id, Count: 1}
	list := listed(two, one)
	approved := annual.Approved{At: at, List: "crew 1", By: "boss"}
	part := annual.Decided{At: at, List: "crew 1", Part: 1, Decisions: []tool.Decision{{Row: 1, Result: tool.NoneLeft}}}
	of := func(rows ...annual.Row) annual.List { return annual.List{Listed: listed(rows...)} }
	decidertest.Run(t, annual.Decide, annual.Evolve, []decidertest.Case[annual.Command, annual.Event]{
		{Name: "TOL-13 a list is entered", When: annual.List{Listed: list}, Then: []annual.Event{list}},
		{Name: "TKT-02 the same list is one list", Given: []annual.Event{list}, When: of(two, one)},
		{Name: "TOL-13 another list has another name", Given: []annual.Event{list}, When: of(two), Refused: "TOL-13", Key: "annual.listed_otherwise"},
		{Name: "TOL-13 a list has rows", When: of(), Invalid: "/rows"},
		{Name: "TOL-13 a list has a name", When: annual.List{}, Invalid: "/list"},
		{Name: "TOL-13 a row names a kind or a tool", When: of(annual.Row{To: crew, Count: 1}), Invalid: "/rows/0/kind"},
		{Name: "TOL-13 and not both", When: of(annual.Row{To: crew, Kind: "wrench", Tool: id, Count: 1}), Invalid: "/rows/0/kind"},
		{Name: "TOL-13 one tool is one piece", When: of(annual.Row{To: crew, Tool: id, Count: 2}), Invalid: "/rows/0/tool"},
		{Name: "TOL-13 one tool is named once", When: of(one, one), Invalid: "/rows/1/tool"},
		{Name: "TOL-03 it goes to a person or team", When: of(annual.Row{To: tool.Holder{Kind: tool.Store, Who: "main"}, Kind: "wrench", Count: 1}), Invalid: "/rows/0/to"},
		{Name: "TOL-13 no list is boundless", When: of(annual.Row{To: crew, Kind: "wrench", Count: annual.MostPieces}, two), Invalid: "/rows"},
		{Name: "TOL-13 a list is approved", Given: []annual.Event{list}, When: annual.Approve{Approved: approved}, Then: []annual.Event{approved}},
		{Name: "TKT-02 and approved once", Given: []annual.Event{list, approved}, When: annual.Approve{Approved: approved}},
		{Name: "TOL-13 nobody approves their own", Given: []annual.Event{list}, When: annual.Approve{Approved: annual.Approved{At: at, List: "crew 1", By: "li"}}, Refused: "TOL-13", Key: "annual.approves_own"},
		{Name: "TOL-13 there is such a list", When: annual.Approve{Approved: approved}, Refused: "TOL-13"},
		{Name: "TOL-13 what became of the tools is kept", Given: []annual.Event{list, approved}, When: annual.Record{Decided: part}, Then: []annual.Event{part}},
		{Name: "TKT-02 and kept once", Given: []annual.Event{list, approved, part}, When: annual.Record{Decided: part}},
		{Name: "TOL-13 nothing comes of what was not approved", Given: []annual.Event{list}, When: annual.Record{Decided: part}, Refused: "TOL-13"},
	})
}
