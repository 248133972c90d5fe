package ledgercheck_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	nine := domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	id := uuid.UUID{7}
	compare := ledgercheck.Compare{
		At: nine, Site: "desk", With: ledgercheck.Finance, Reference: "assets 2026-02", AsOf: 7, By: "wang",
		Ours:   []ledgercheck.Entry{{Number: "W-1", Tool: id, PriceFen: 100}, {Number: "W-2", Tool: id, PriceFen: 200}, {Number: "W-3", Tool: id, PriceFen: 300}},
		Theirs: []ledgercheck.Entry{{Number: "W-1", PriceFen: 100}, {Number: "W-2", PriceFen: 250}, {Number: "A-9", PriceFen: 900}},
	}
	compared := ledgercheck.Compared{
		At: nine, Site: "desk", With: ledgercheck.Finance, Reference: "assets 2026-02", AsOf: 7, By: "wang", Ours: 3, Theirs: 3, Agree: 1, Items: 3,
	}
	opened := ledgercheck.Opened{Items: []ledgercheck.Item{
		{Kind: ledgercheck.OnlyTheirs, Number: "A-9", TheirsFen: 900},
		{Kind: ledgercheck.Price, Number: "W-2", Tool: id, OursFen: 200, TheirsFen: 250},
		{Kind: ledgercheck.OnlyOurs, Number: "W-3", Tool: id, OursFen: 300},
	}}
	twice := compare
	twice.Theirs = append(twice.Theirs[:2:2], twice.Theirs[0])
	nameless := compare
	nameless.Reference = " "
	settle := ledgercheck.Settle{At: nine, By: "wang", Number: "W-2", How: "invoice says 200"}
	given := []ledgercheck.Event{compared, opened}
	decidertest.Run(t, ledgercheck.Decide, ledgercheck.Evolve, []decidertest.Case[ledgercheck.Command, ledgercheck.Event]{
		{Name: "CHK-04 what differs is an open item", When: compare, Then: given},
		{Name: "CHK-04 an entry that is there twice", When: twice, Invalid: "/entries/2/number"},
		{Name: "CHK-04 a ledger without a name", When: nameless, Invalid: "/reference"},
		{Name: "CHK-04 an item is settled", Given: given, When: settle, Then: []ledgercheck.Event{ledgercheck.Settled(settle)}},
		{Name: "CHK-04 once", Given: append(given, ledgercheck.Settled(settle)), When: settle},
		{Name: "CHK-04 what agrees is no item", Given: given, When: ledgercheck.Settle{At: nine, By: "wang", Number: "W-1", How: "x"}, Refused: "CHK-04"},
		{Name: "CHK-04 nobody settles without saying how", Given: given, When: ledgercheck.Settle{At: nine, By: "wang", Number: "W-2"}, Invalid: "/how"},
	})
}
