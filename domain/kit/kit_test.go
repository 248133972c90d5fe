package kit_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/kit"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func at(hour int) domain.Instant { return domain.At(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC)) }

func TestKits(t *testing.T) {
	t.Parallel()
	a, b, c := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	registered := kit.Registered{At: at(1), Number: "K-1", Name: "box", Store: "main", Tools: []uuid.UUID{a, b}}
	given := []kit.Event{registered}
	to := tool.Holder{Kind: tool.Person, Who: "li"}
	decidertest.Run(t, kit.Decide, kit.Evolve, []decidertest.Case[kit.Command, kit.Event]{
		{Name: "TOL-05 a box has its list", When: kit.Register(registered), Then: given},
		{Name: "TOL-05 one box a number", Given: given, When: kit.Register(registered), Refused: "TOL-05", Key: "kit.exists"},
		{Name: "TOL-05 a box has a number", When: kit.Register{At: at(1), Number: " "}, Invalid: "/number"},
		{Name: "TOL-05 a tool is on the list once", When: kit.Register{At: at(1), Number: "K-1", Tools: []uuid.UUID{a, a}}, Invalid: "/tools"},
		{Name: "TOL-05 a tool is added", Given: given, When: kit.Add{At: at(2), Tool: c}, Then: []kit.Event{kit.ToolAdded{At: at(2), Tool: c}}},
		{Name: "TKT-02 once", Given: given, When: kit.Add{At: at(2), Tool: a}},
		{Name: "TOL-05 and removed, with the reason", Given: given, When: kit.Remove{At: at(2), Tool: a, Reason: "worn"}, Then: []kit.Event{kit.ToolRemoved{At: at(2), Tool: a, Reason: "worn"}}},
		{Name: "TOL-05 not without", Given: given, When: kit.Remove{At: at(2), Tool: a}, Invalid: "/reason"},
		{Name: "TKT-02 what is not on it", Given: given, When: kit.Remove{At: at(2), Tool: c, Reason: "r"}},
		{
			Name: "TOL-05 the whole list is given out", Given: given, When: kit.OrderIssue{At: at(2), Order: c, To: to},
			Then: []kit.Event{kit.IssueOrdered{At: at(2), Order: c, To: to, Tools: []uuid.UUID{a, b}}},
		},
		{
			Name: "TOL-05 an empty box is not given out", Given: []kit.Event{registered, kit.ToolRemoved{Tool: a}, kit.ToolRemoved{Tool: b}},
			When: kit.OrderIssue{At: at(2), Order: c, To: to}, Refused: "TOL-05", Key: "kit.empty",
		},
		{
			Name: "TOL-05 a partial return names what is short", Given: given, When: kit.OrderReturn{At: at(3), Order: c, Store: "main", By: "li", Tools: []uuid.UUID{b}},
			Then: []kit.Event{kit.ReturnOrdered{At: at(3), Order: c, Store: "main", By: "li", Tools: []uuid.UUID{b}, Short: []uuid.UUID{a}}},
		},
		{Name: "TOL-05 only what is on the list", Given: given, When: kit.OrderReturn{At: at(3), Tools: []uuid.UUID{c}}, Invalid: "/tools"},
		{Name: "TOL-05 a box that was never registered", When: kit.Add{At: at(2), Tool: a}, Refused: "TOL-05", Key: "kit.unknown"},
	})
}
