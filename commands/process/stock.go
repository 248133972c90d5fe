package process

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Stock receives what one store sent to another, lot by lot, and plans the
// demand of an item that fell short of its minimum (STK-05, STK-06).
type Stock struct {
	Stocks  *commands.Stocks
	Demands *commands.Demands
}

// Name is "stock".
func (Stock) Name() string { return "stock" }

// Inputs are issues and shortfalls.
func (Stock) Inputs() []string { return []string{"stock.issued.v1", "stock.fell_short.v1"} }

// React acts on issues to a store and on every shortfall.
func (Stock) React(e eventschemas.Record) (time.Time, bool) {
	at := e.Envelope.RecordedAt.Time
	if issued, ok := e.Event.(stock.Issued); ok {
		return at, issued.To.Kind == tool.Store
	}
	return at, true
}

// Steps are the item's card in the other store, or the plan that is made.
func (m Stock) Steps(ctx context.Context, t Task, last uuid.UUID, limit int) ([]uuid.UUID, error) {
	e, ok := t.Event.Event.(stock.Issued)
	if !ok {
		return after([]uuid.UUID{uuid.NewSHA1(t.Event.ID, []byte("plan"))}, last, limit), nil
	}
	item, err := m.there(ctx, t, e)
	return after([]uuid.UUID{m.Stocks.Card(item)}, last, limit), err
}

// there is the item in the store that it was sent to.
func (m Stock) there(ctx context.Context, t Task, e stock.Issued) (commands.StockItem, error) {
	item, err := m.Stocks.Item(ctx, t.Event.Stream)
	if err != nil {
		return item, fmt.Errorf("find item of %s: %w", t.Event.Stream, err)
	}
	item.Store = e.To.Who
	return item, nil
}

// Send receives what was sent, or plans the demand.
func (m Stock) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	switch e := t.Event.Event.(type) {
	case stock.FellShort:
		reg, err := m.Demands.PlanAs(ctx, r, step, commands.PlanDemand{
			Site: e.Site, Unit: e.Unit, For: "minimum", Store: e.Store, Lines: []demand.Line{{
				Variant: policy.Consumable, Code: e.Item, Name: e.Name, Count: e.Order, Reason: fmt.Sprintf("%d < %d", e.Balance, e.Minimum),
			}},
		})
		return reg.Result, err
	case stock.Issued:
		item, err := m.there(ctx, t, e)
		if err != nil {
			return commands.Result{}, err
		}
		reg, err := m.Stocks.Receive(ctx, r, commands.ReceiveStock{
			StockItem: item, Lots: e.Taken, Origin: stock.FromTransfer, Ref: t.Event.ID.String(), By: e.By,
		})
		return reg.Result, err
	}
	return commands.Result{}, fmt.Errorf("stock: unexpected %T", t.Event.Event)
}
