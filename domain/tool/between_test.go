package tool_test

import (
	"testing"

	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestCHK01FromStoreToStore(t *testing.T) {
	t.Parallel()
	yard := tool.Holder{Kind: tool.Store, Who: "yard"}
	there := []tool.Event{registered("wrench", yard)}
	offered := since(there, tool.Issued{At: at(2), To: ofLi})
	back := tool.Return{At: at(5), Store: "main", By: li, Condition: tool.Good, Book: free}
	counted := back
	counted.Between = true
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{Name: "CHK-01 what two have counted in another store moves by one event", Given: there, When: counted, Then: []tool.Event{tool.Returned{At: at(5), From: yard, Store: "main", By: li, Condition: tool.Good}}},
		{Name: "TOL-21 nobody else moves it between stores", Given: there, When: back, Refused: "TOL-21", Key: "tool.nobody_has_it"},
		{Name: "TOL-21 what is offered to somebody stays where it is", Given: offered, When: counted, Refused: "TOL-21", Key: "tool.nobody_has_it"},
		{Name: "TKT-02 what is there already stays", Given: []tool.Event{registered("wrench", main)}, When: counted},
	})
}
