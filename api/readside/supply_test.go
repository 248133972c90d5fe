package readside_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/supply"
)

// by is a request of a person with every role that is needed here.
func (w *world) by(person string) commands.Request {
	r := w.as(person)
	r.Actor.Roles = []string{"manager", "equipment", "gm"}
	return r
}

// trade lets hq buy, and returns the unit that asks.
func (w *world) trade() string {
	w.t.Helper()
	w.equip()
	ctx := w.t.Context()
	team, err := w.App.Teams.Register(ctx, w.request(), commands.RegisterTeam{Site: "hq", External: domain.ExternalKey{System: "hr", Key: "T"}, Name: "T"})
	require.NoError(w.t, err)
	reg, err := w.App.Policies.Record(ctx, w.request(), commands.RecordPolicy{
		Site: "hq", Kind: policy.KindPurchasing, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first",
		Content: json.RawMessage(`{"items":[{"code":"bit","name":"drill bit"}],"minimums":[],"demand":[{"from_fen":0,"approvals":["manager"]}],
			"purchase":[{"from_fen":0,"approvals":["manager"]}],"acceptance":[{"from_fen":0,"approvals":["equipment"]}],
			"scrap":[{"from_fen":0,"approvals":["manager"]}],"split_window_days":30}`),
	})
	require.NoError(w.t, err)
	_, err = w.App.Policies.Approve(ctx, w.by("second"), reg.ID, commands.ApprovePolicy{Version: 1})
	require.NoError(w.t, err)
	return team.ID.String()
}

func TestSTK05StockAsOfEveryNumberIsTheSumOfItsMovements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unit := w.trade()
	bits := commands.StockItem{Site: "hq", Store: "main", Item: "bit"}
	card := w.App.Stocks.Card(bits)
	start := w.settle()
	w.Clock.Advance(50 * 24 * time.Hour)
	for n := range 30 {
		w.Clock.Advance(5 * 24 * time.Hour)
		_, err := w.App.Stocks.Receive(t.Context(), w.by("keeper"), commands.ReceiveStock{
			StockItem: bits, Lots: []stock.Lot{{Lot: "L" + string(rune('A'+n%3)), Condition: stock.New, Pieces: int64(n%4 + 1)}}, Origin: stock.FromOpening,
		})
		require.NoError(t, err)
		late := w.Clock.Now().Add(-40 * 24 * time.Hour)
		_, err = w.App.Stocks.Issue(t.Context(), w.by("keeper"), commands.IssueStock{
			StockItem: bits, At: &late, Pieces: 1, To: tool.Holder{Kind: tool.Team, Who: unit}, Purpose: "pump",
		})
		require.NoError(t, err)
	}
	head := w.settle()
	log := w.records(head)
	for number := start; number <= head; number++ {
		var want int64
		for _, rec := range log[:number] {
			if e, ok := rec.Event.(stock.Event); ok {
				for _, l := range stock.Deltas(e) {
					want += l.Pieces
				}
			}
		}
		at := api.AsOf{Number: &number}
		ledger, _, _, err := w.side.StockLedger(t.Context(), at, card, nil, api.Page{Limit: 5})
		require.NoError(t, err)
		require.Equal(t, want, ledger.Balance)
		levels, _, _, err := w.side.Stock(t.Context(), at, api.StockFilter{Sites: []string{"hq"}}, api.Page{Limit: 5})
		require.NoError(t, err)
		if number > start {
			require.Len(t, levels, 1, "one line an item, at the turn of a month too")
			require.Equal(t, want, levels[0].Balance)
		}
	}
	middle := w.Clock.Now().Add(-60 * 24 * time.Hour)
	ledger, next, _, err := w.side.StockLedger(t.Context(), api.AsOf{}, card, &middle, api.Page{Limit: 3})
	require.NoError(t, err)
	require.NotEmpty(t, next)
	var then int64
	for _, rec := range log {
		switch e := rec.Event.(type) {
		case stock.Received:
			if !e.At.After(middle) {
				then += e.Pieces
			}
		case stock.Issued:
			if !e.At.After(middle) {
				then -= e.Pieces
			}
		}
	}
	require.Equal(t, then, ledger.Balance, "what held then, by what is known now")
}

func TestSTK07AToolHasAHistoryCardToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unit := w.trade()
	ctx, app := t.Context(), w.App
	must := func(_ commands.Result, err error) { t.Helper(); require.NoError(t, err) }
	buy, err := app.Purchases.Request(ctx, w.by("asker"), commands.RequestPurchase{
		Site: "hq", Unit: unit, Variant: policy.ToolVariant, Code: "wrench", Name: "w", Count: 1, Reason: "need",
	})
	require.NoError(t, err)
	must(app.Purchases.Quote(ctx, w.by("buyer"), buy.ID, commands.QuotePurchase{Supplier: "S", UnitPriceFen: 4000}))
	must(app.Purchases.Approve(ctx, w.by("boss"), buy.ID, commands.ApprovePurchase{Quote: 1, AmountFen: 4000}))
	must(app.Purchases.Order(ctx, w.by("buyer"), buy.ID, commands.OrderPurchase{Reference: "PO"}))
	goods, err := app.Acceptances.Deliver(ctx, w.by("keeper"), commands.DeliverGoods{Site: "hq", Purchase: buy.ID, Count: 1, Note: "DN"})
	require.NoError(t, err)
	must(app.Acceptances.Check(ctx, w.by("inspector"), goods.ID, commands.CheckGoods{Passed: true, Document: "R"}))
	must(app.Acceptances.Accept(ctx, w.by("inspector"), goods.ID, commands.AcceptGoods{Count: 1, Store: "main", Numbers: []string{"W-1"}}))
	piece := w.IDs.Piece(goods.ID, "W-1")
	must(app.Tools.RegisterPiece(ctx, w.by("system"), piece, commands.RegisterTool{
		Site: "hq", Number: "W-1", Kind: "wrench", Name: "w", PriceFen: 4000, PurchasedOn: "2026-03-02", Use: tool.Shared, Store: "main",
	}))
	end, err := app.Scraps.Request(ctx, w.by("keeper"), commands.RequestScrap{Site: "hq", Tool: piece, Cause: scrap.WornOut, Reason: "worn"})
	require.NoError(t, err)
	before := w.settle()
	must(app.Scraps.Approve(ctx, w.by("boss"), end.ID, nil))
	must(app.Scraps.End(ctx, w.by("system"), end.ID, "boss"))
	must(app.Scraps.Settle(ctx, w.by("system"), end.ID))
	must(app.Scraps.Dispose(ctx, w.by("buyer"), end.ID, commands.DisposeScrap{How: "sold", ProceedsFen: 300}))
	w.settle()

	card, _, err := w.side.HistoryCard(ctx, api.AsOf{}, piece)
	require.NoError(t, err)
	require.Equal(t, goods.ID, card.Acceptance.Id)
	require.Len(t, card.Entries, 2)
	require.Equal(t, "tool.scrapped.v1", card.Entries[1].Type)
	require.EqualValues(t, 300, card.Scrap[0].Disposal.ProceedsFen)
	then, _, err := w.side.HistoryCard(ctx, api.AsOf{Number: &before}, piece)
	require.NoError(t, err)
	require.Len(t, then.Entries, 1)
	require.Equal(t, "requested", then.Scrap[0].Standing)
	_, _, err = w.side.HistoryCard(ctx, api.AsOf{}, uuid.New())
	require.ErrorIs(t, err, commands.ErrNotFound)

	bought, _, err := w.side.Purchase(ctx, api.AsOf{}, buy.ID)
	require.NoError(t, err)
	require.Equal(t, "ordered", bought.Standing)
	require.Zero(t, bought.Outstanding)
	rows, _, _, err := w.side.Purchases(ctx, api.AsOf{}, api.SupplyFilter{Unit: unit, Code: "wrench"}, api.Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	accepted, _, _, err := w.side.Acceptances(ctx, api.AsOf{}, api.SupplyFilter{About: buy.ID.String(), Standing: supply.AcceptanceDecided}, api.Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, accepted, 1)
	_, _, err = w.side.Demand(ctx, api.AsOf{}, uuid.New())
	require.ErrorIs(t, err, commands.ErrNotFound)
}

func TestSupplyIsPagedInTheOrderOfItsEntry(t *testing.T) { // STK-01
	t.Parallel()
	w := newWorld(t)
	unit := w.trade()
	var want []uuid.UUID
	for range 7 {
		w.Clock.Advance(time.Second)
		reg, err := w.App.Purchases.Request(t.Context(), w.by("asker"), commands.RequestPurchase{
			Site: "hq", Unit: unit, Variant: policy.Consumable, Code: "bit", Name: "b", Count: 1, Reason: "need",
		})
		require.NoError(t, err)
		want = append(want, reg.ID)
	}
	head := w.settle()
	var got []uuid.UUID
	page := api.Page{Limit: 3}
	for {
		rows, next, _, err := w.side.Purchases(t.Context(), api.AsOf{Number: &head}, api.SupplyFilter{Standing: "requested"}, page)
		require.NoError(t, err)
		for _, r := range rows {
			got = append(got, r.Id)
		}
		if next == "" {
			break
		}
		page.After = next
	}
	require.Equal(t, want, got)
	_, _, _, err := w.side.Purchases(t.Context(), api.AsOf{}, api.SupplyFilter{}, api.Page{Limit: 3, After: "nonsense"})
	require.ErrorIs(t, err, api.ErrBadCursor)
}
