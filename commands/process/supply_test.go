package process_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/processtest"
)

const (
	toolsOfPlant = `{"stores":[{"code":"main","name":"m"},{"code":"yard","name":"y"}],"kinds":[{"code":"wrench","name":"w","category":"hand"}]}`
	// All routes need one manager's signature.
	purchasingOfPlant = `{"items":[{"code":"bit","name":"drill bit"}],"minimums":[{"store":"main","item":"bit","pieces":5,"order":20,"unit":"UNIT"}],` +
		`"demand":[{"from_fen":0,"approvals":["manager"]}],"purchase":[{"from_fen":0,"approvals":["manager"]}],` +
		`"acceptance":[{"from_fen":0,"approvals":["equipment"]}],"scrap":[{"from_fen":0,"approvals":["manager"]}],"split_window_days":90}`
)

// plant is a site that buys, stores and scraps.
type plant struct {
	t    *testing.T
	w    *processtest.World
	unit string
}

// as is a request of a person with every role that is asked for here.
func (p plant) as(person, key string) commands.Request {
	r := request(key)
	r.Actor.Person, r.Actor.Subject, r.Actor.Roles = person, person, []string{"manager", "equipment", "gm"}
	return r
}

func newPlant(t *testing.T, w *processtest.World) plant {
	t.Helper()
	p := plant{t: t, w: w}
	ctx := t.Context()
	_, err := w.App.Sites.Register(ctx, p.as("a", "site"), commands.RegisterSite{Code: "hq", Name: "hq", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	unit, err := w.App.Teams.Register(ctx, p.as("a", "team"), commands.RegisterTeam{Site: "hq", External: domain.ExternalKey{System: "hr", Key: "T"}, Name: "T"})
	require.NoError(t, err)
	p.unit = unit.ID.String()
	p.policies()
	return p
}

func (p plant) policies() {
	p.t.Helper()
	ctx := p.t.Context()
	record := func(kind policy.Kind, content string) uuid.UUID {
		reg, err := p.w.App.Policies.Record(ctx, p.as("a", "policy "+string(kind)), commands.RecordPolicy{
			Site: "hq", Kind: kind, EffectiveFrom: processtest.Start.Add(-time.Hour), Reason: "first", Content: json.RawMessage(content),
		})
		require.NoError(p.t, err)
		return reg.ID
	}
	record(policy.KindTools, toolsOfPlant)
	id := record(policy.KindPurchasing, replaceUnit(p.unit))
	_, err := p.w.App.Policies.Approve(ctx, p.as("b", "approve purchasing"), id, commands.ApprovePolicy{Version: 1})
	require.NoError(p.t, err)
}

func replaceUnit(unit string) string {
	var c map[string]any
	if err := json.Unmarshal([]byte(purchasingOfPlant), &c); err != nil {
		panic(err)
	}
	c["minimums"].([]any)[0].(map[string]any)["unit"] = unit
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// bought orders pieces of something.
func (p plant) bought(key string, variant policy.Variant, code string, count int64) uuid.UUID {
	p.t.Helper()
	ctx, do := p.t.Context(), p.w.App.Purchases
	reg, err := do.Request(ctx, p.as("asker", key), commands.RequestPurchase{
		Site: "hq", Unit: p.unit, Variant: variant, Code: code, Name: code, Count: count, Reason: "need",
	})
	require.NoError(p.t, err)
	_, err = do.Quote(ctx, p.as("buyer", key), reg.ID, commands.QuotePurchase{Supplier: "S", UnitPriceFen: 4000})
	require.NoError(p.t, err)
	_, err = do.Approve(ctx, p.as("boss", key), reg.ID, commands.ApprovePurchase{Quote: 1, AmountFen: 4000 * count})
	require.NoError(p.t, err)
	_, err = do.Order(ctx, p.as("buyer", key), reg.ID, commands.OrderPurchase{Reference: "PO"})
	require.NoError(p.t, err)
	return reg.ID
}

// delivered has pieces delivered and checked.
func (p plant) delivered(key string, purchase uuid.UUID, count int64) uuid.UUID {
	p.t.Helper()
	ctx, do := p.t.Context(), p.w.App.Acceptances
	reg, err := do.Deliver(ctx, p.as("keeper", key), commands.DeliverGoods{Site: "hq", Purchase: purchase, Count: count, Note: "DN"})
	require.NoError(p.t, err)
	_, err = do.Check(ctx, p.as("inspector", key), reg.ID, commands.CheckGoods{Passed: true, Document: "R"})
	require.NoError(p.t, err)
	return reg.ID
}

func (p plant) accept(key string, id uuid.UUID, in commands.AcceptGoods) {
	p.t.Helper()
	_, err := p.w.App.Acceptances.Accept(p.t.Context(), p.as("inspector", key), id, in)
	require.NoError(p.t, err)
}

func TestSTK04EachAcceptedPieceBecomesAToolAndEachRejectedOneGoesBack(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return process.Acceptance{Acceptances: w.App.Acceptances, Purchases: w.App.Purchases, Stocks: w.App.Stocks, Tools: w.App.Tools}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			p := newPlant(t, w)
			p.accept("old", p.delivered("old", p.bought("old", policy.ToolVariant, "wrench", 1), 1), commands.AcceptGoods{Count: 1, Store: "main", Numbers: []string{"W-0"}})
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			p := plant{t: t, w: w, unit: w.IDs.External("team", "hq", "hr", "T").String()}
			order := p.bought("tools", policy.ToolVariant, "wrench", 4)
			id := p.delivered("tools", order, 4)
			p.accept("tools", id, commands.AcceptGoods{Count: 3, Store: "main", Numbers: []string{"W-1", "W-2", "W-3"}})
			_, err := w.App.Acceptances.Reject(t.Context(), p.as("inspector", "tools"), id, commands.RejectGoods{Count: 1, Reason: "bent"})
			require.NoError(t, err)
			bits := p.delivered("bits", p.bought("bits", policy.Consumable, "bit", 9), 9)
			p.accept("bits", bits, commands.AcceptGoods{Count: 9, Store: "main", Lot: "L1"})
		},
		Want: []string{"accepted", "accepted", "accepted", "accepted", "accepted"},
	})
}

func TestSTK08AToolEndsOnceEverybodyHasSigned(t *testing.T) {
	t.Parallel()
	register := func(t *testing.T, p plant, number string) uuid.UUID {
		t.Helper()
		reg, err := p.w.App.Tools.Register(t.Context(), p.as("keeper", number), commands.RegisterTool{
			Site: "hq", Number: number, Kind: "wrench", Name: "w", PriceFen: 60_000, PurchasedOn: "2025-01-01", Use: tool.Shared, Store: "main",
		})
		require.NoError(t, err)
		return reg.ID
	}
	processtest.Exercise(t, processtest.Subject{
		New: func(w *processtest.World) process.Manager { return process.Scrap{Scraps: w.App.Scraps} },
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			newPlant(t, w)
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			p := plant{t: t, w: w}
			for _, number := range []string{"W-1", "W-2"} {
				id := register(t, p, number)
				reg, err := w.App.Scraps.Request(t.Context(), p.as("keeper", number), commands.RequestScrap{Site: "hq", Tool: id, Cause: scrap.WornOut, Reason: "worn"})
				require.NoError(t, err)
				_, err = w.App.Scraps.Approve(t.Context(), p.as("boss", number), reg.ID, nil)
				require.NoError(t, err)
				if number == "W-2" { // given out before the manager gets to it
					_, err = w.App.Tools.Lend(t.Context(), p.as("keeper", number), id, commands.LendTool{
						To: tool.Holder{Kind: tool.Team, Who: w.IDs.External("team", "hq", "hr", "T").String()}, Until: w.Clock.Now().Add(time.Hour),
						Purpose: "p", Responsible: person(t, w),
					})
					require.NoError(t, err)
				}
			}
		},
		Want: []string{"accepted", "accepted", "refused TOL-14", "accepted"},
	})
}

func person(t *testing.T, w *processtest.World) string {
	t.Helper()
	reg, err := w.App.People.Register(t.Context(), request("person"), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: "P"}, Name: "n", Roles: []string{},
	})
	require.NoError(t, err)
	return reg.ID.String()
}

func TestSTK06WhatIsSentArrivesAndWhatFallsShortIsPlanned(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return process.Stock{Stocks: w.App.Stocks, Demands: w.App.Demands}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			newPlant(t, w)
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			p := plant{t: t, w: w}
			bits := commands.StockItem{Site: "hq", Store: "main", Item: "bit"}
			for _, lot := range []string{"L1", "L2"} {
				_, err := w.App.Stocks.Receive(t.Context(), p.as("keeper", lot), commands.ReceiveStock{
					StockItem: bits, Lots: []stock.Lot{{Lot: lot, Condition: stock.New, Pieces: 5}}, Origin: stock.FromOpening,
				})
				require.NoError(t, err)
			}
			_, err := w.App.Stocks.Issue(t.Context(), p.as("keeper", "send"), commands.IssueStock{
				StockItem: bits, Pieces: 7, To: tool.Holder{Kind: tool.Store, Who: "yard"}, Purpose: "shaft 2",
			})
			require.NoError(t, err)
			_, err = w.App.Stocks.Issue(t.Context(), p.as("keeper", "use"), commands.IssueStock{
				StockItem: bits, Pieces: 1, To: tool.Holder{Kind: tool.Team, Who: w.IDs.External("team", "hq", "hr", "T").String()}, Purpose: "pump",
			})
			require.NoError(t, err)
		},
		Want: []string{"accepted", "accepted"}, // two lots in one, and one plan however often it is short
	})
}
