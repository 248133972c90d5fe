package process

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Acceptance registers each accepted piece as a tool, receives accepted
// consumables and spares into stock, and gives rejected pieces back to
// purchasing (STK-04, STK-07).
type Acceptance struct {
	Acceptances *commands.Acceptances
	Purchases   *commands.Purchases
	Stocks      *commands.Stocks
	Tools       *commands.Tools
}

// Name is "acceptance".
func (Acceptance) Name() string { return "acceptance" }

// Inputs are what was decided about a delivery.
func (Acceptance) Inputs() []string {
	return []string{"acceptance.accepted.v1", "acceptance.rejected.v1"}
}

// React acts on each at once.
func (Acceptance) React(e eventschemas.Record) (time.Time, bool) {
	return e.Envelope.RecordedAt.Time, true
}

// Steps are the tools that the pieces become, else the card of stock or the purchase.
func (m Acceptance) Steps(ctx context.Context, t Task, last uuid.UUID, limit int) ([]uuid.UUID, error) {
	_, d, err := m.delivery(ctx, t)
	if err != nil {
		return nil, err
	}
	e, accepted := t.Event.Event.(acceptance.Accepted)
	ids := []string{d.Purchase}
	switch {
	case accepted && len(e.Pieces) == 0:
		ids = []string{m.Stocks.Card(commands.StockItem{Site: d.Site, Store: e.Store, Item: d.Code}).String()}
	case accepted:
		ids = make([]string, len(e.Pieces))
		for i, p := range e.Pieces {
			ids[i] = p.Tool
		}
	}
	steps := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		if steps[i], err = uuid.Parse(id); err != nil {
			return nil, fmt.Errorf("what follows from %s: %w", t.Event.Stream, err)
		}
	}
	return after(steps, last, limit), nil
}

// Send registers one piece, receives the lot, or takes back what was rejected.
func (m Acceptance) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	id, d, err := m.delivery(ctx, t)
	if err != nil {
		return commands.Result{}, err
	}
	switch e := t.Event.Event.(type) {
	case acceptance.Rejected:
		return m.Purchases.TakeBack(ctx, r, step, id, t.Event.ID, e.Count)
	case acceptance.Accepted:
		if len(e.Pieces) == 0 {
			reg, err := m.Stocks.Receive(ctx, r, commands.ReceiveStock{
				StockItem: commands.StockItem{Site: d.Site, Store: e.Store, Item: d.Code}, At: &e.At.Time,
				Lots:         []stock.Lot{{Lot: e.Lot, Condition: stock.New, Pieces: e.Count}},
				UnitPriceFen: d.UnitPriceFen, Origin: stock.FromAcceptance, Ref: id.String(), By: e.By,
			})
			return reg.Result, err
		}
		i := slices.IndexFunc(e.Pieces, func(p acceptance.Piece) bool { return p.Tool == step.String() })
		if i < 0 {
			return commands.Result{}, fmt.Errorf("acceptance %s has no piece %s", id, step)
		}
		return m.Tools.RegisterPiece(ctx, r, step, commands.RegisterTool{
			Site: d.Site, At: &e.At.Time, Number: e.Pieces[i].Number, Kind: d.Code, Name: d.Name, Spec: d.Spec, Brand: e.Brand, Batch: e.Lot,
			PriceFen: d.UnitPriceFen, PurchasedOn: e.On, Use: e.Use, Store: e.Store,
		})
	}
	return commands.Result{}, fmt.Errorf("acceptance %s: unexpected %T", id, t.Event.Event)
}

func (m Acceptance) delivery(ctx context.Context, t Task) (uuid.UUID, acceptance.Delivered, error) {
	id, err := idOf("acceptance", t.Event.Stream)
	if err != nil {
		return id, acceptance.Delivered{}, err
	}
	d, err := m.Acceptances.Delivery(ctx, id)
	if err != nil {
		err = fmt.Errorf("find acceptance %s: %w", id, err)
	}
	return id, d, err
}
