package kit_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/kit"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestTOL05ABoxHasItsLimits(t *testing.T) { // TOL-05
	t.Parallel()
	tools := make([]uuid.UUID, 101)
	for i := range tools {
		tools[i] = uuid.UUID{1, byte(i)}
	}
	full := kit.Registered{At: at(1), Number: "K-1", Tools: tools[:100]}
	worn := []kit.Event{full}
	for range 400 {
		worn = append(worn, kit.IssueOrdered{At: at(2), Tools: tools[:1]})
	}
	to := tool.Holder{Kind: tool.Person, Who: "li"}
	decidertest.Run(t, kit.Decide, kit.Evolve, []decidertest.Case[kit.Command, kit.Event]{
		{Name: "AUD-01 a time", When: kit.Register{Number: "K-1"}, Invalid: "/at"},
		{Name: "TOL-05 a hundred tools", When: kit.Register(full), Then: []kit.Event{full}},
		{Name: "TOL-05 and no more", When: kit.Register{At: at(1), Number: "K-1", Tools: tools}, Invalid: "/tools"},
		{Name: "TOL-05 nor by and by", Given: []kit.Event{full}, When: kit.Add{At: at(2), Tool: tools[100]}, Refused: "TOL-05", Key: "kit.too_many"},
		{Name: "TOL-05 it is given out so many times", Given: worn, When: kit.OrderIssue{At: at(3), To: to}, Refused: "TOL-05", Key: "kit.worn_out"},
		{Name: "TOL-05 and taken back", Given: worn, When: kit.OrderReturn{At: at(3), Tools: tools[:1]}, Refused: "TOL-05", Key: "kit.worn_out"},
		{Name: "TOL-05 each tool once", Given: []kit.Event{full}, When: kit.OrderReturn{At: at(3), Tools: []uuid.UUID{tools[0], tools[0]}}, Invalid: "/tools"},
	})
}
