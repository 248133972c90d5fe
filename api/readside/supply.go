package readside

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/supply"
)

// supplyReaders read the tables of supply.
type supplyReaders struct {
	parts       *readmodel.Reader[supply.Part]
	movements   *readmodel.LogReader[supply.Movement]
	demands     *readmodel.Reader[supply.Row[demand.State]]
	purchases   *readmodel.Reader[supply.Row[purchase.State]]
	acceptances *readmodel.Reader[supply.Row[acceptance.State]]
	scraps      *readmodel.Reader[supply.Row[scrap.State]]
}

func newSupplyReaders() (supplyReaders, error) {
	var r supplyReaders
	var errs [6]error
	r.parts, errs[0] = readmodel.NewReader(supply.Parts())
	r.movements, errs[1] = readmodel.NewLogReader(supply.Movements())
	r.demands, errs[2] = readmodel.NewReader(supply.Demands())
	r.purchases, errs[3] = readmodel.NewReader(supply.Purchases())
	r.acceptances, errs[4] = readmodel.NewReader(supply.Acceptances())
	r.scraps, errs[5] = readmodel.NewReader(supply.Scraps())
	return r, errors.Join(errs[:]...)
}

func (s *Side) ofSupply(ctx context.Context, at api.AsOf, f func(v view) error) (api.Snapshot, error) {
	return s.read(ctx, supply.Name, supply.Version, at, f)
}

// everyNumber is past every log number.
const everyNumber = int64(1) << 62

// asOf is the log number of a view as a bound.
func (v view) asOf() int64 {
	if v.number > 0 {
		return v.number
	}
	return everyNumber
}

var itemOrder = []readmodel.Order{{By: "store"}, {By: "item"}}

// Stock returns a page of stock by store and item, as of a moment.
func (s *Side) Stock(ctx context.Context, at api.AsOf, f api.StockFilter, p api.Page) ([]api.StockLevel, string, api.Snapshot, error) {
	out := []api.StockLevel{}
	next := ""
	snap, err := s.ofSupply(ctx, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		start, err := after(p.After, len(itemOrder)+1)
		if err != nil {
			return err
		}
		where, args := supply.Last(v.schema), []any{v.asOf()}
		for _, by := range []struct {
			column string
			value  *string
		}{{"store", f.Store}, {"item", f.Item}} {
			if by.value != nil {
				args = append(args, *by.value)
				where = fmt.Sprintf("%s AND %s = $%d", where, by.column, len(args))
			}
		}
		if f.Short != nil {
			args = append(args, *f.Short)
			where += fmt.Sprintf(" AND short = $%d", len(args))
		}
		rows, err := s.supply.parts.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: f.Sites, Where: where, Args: args, Order: itemOrder, After: start, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		for i, r := range rows {
			if i == p.Limit {
				last := rows[i-1]
				next = place(last.Row.Store, last.Row.Item, last.ID.String())
				break
			}
			out = append(out, api.StockLevel{
				Card: r.Row.Card, Site: r.Site, Store: r.Row.Store, Item: r.Row.Item, Month: r.Row.Month, Part: r.Row.Part, Balance: r.Row.Balance,
				Lots: lotsOf(r.Row.Lots), Short: r.Row.Short,
			})
		}
		return nil
	})
	return out, next, snap, err
}

func lotsOf(lots []stock.Lot) []api.StockLot {
	out := make([]api.StockLot, len(lots))
	for i, l := range lots {
		out[i] = api.StockLot{Lot: l.Lot, Condition: api.StockCondition(l.Condition), Pieces: l.Pieces}
	}
	return out
}

// StockLedger returns the balance of an item's card and a page of the movements
// that it adds up from; with until those that happened by then.
func (s *Side) StockLedger(ctx context.Context, at api.AsOf, card uuid.UUID, until *time.Time, p api.Page) (api.StockLedger, string, api.Snapshot, error) {
	out := api.StockLedger{Card: card, Items: []api.StockMovement{}, Lots: []api.StockLot{}}
	next := ""
	snap, err := s.ofSupply(ctx, at, func(v view) error {
		q := readmodel.LogQuery{Where: "card = $1", Args: []any{card}, AsOf: v.number}
		if until != nil {
			q.Where, q.Args = q.Where+" AND at <= $2", append(q.Args, *until)
		}
		all, err := s.supply.movements.List(ctx, v.q, v.schema, q)
		if err != nil {
			return err
		}
		balance, lots := supply.Sum(all)
		out.Balance, out.Lots = balance, lotsOf(lots)
		from, err := offset(p.After)
		if err != nil {
			return err
		}
		var rows []readmodel.LogRow[supply.Movement]
		rows, next = cut(all, from, p.Limit)
		for _, r := range rows {
			out.Items = append(out.Items, api.StockMovement{
				Number: r.Number, EventId: r.EventID, Type: r.Type, At: domain.At(r.Row.At), Pieces: r.Row.Pieces, Lots: lotsOf(r.Row.Lots),
				To: r.Row.To, Purpose: r.Row.Purpose, By: r.Row.By, Late: r.Row.Late,
			})
		}
		return nil
	})
	return out, next, snap, err
}

var entryOrder = []readmodel.Order{{By: "begun_at"}}

// supplyList reads a page of one of the tables and shows each row.
func supplyList[S, T any](ctx context.Context, s *Side, reader *readmodel.Reader[supply.Row[S]], at api.AsOf, f api.SupplyFilter, p api.Page,
	show func(readmodel.Versioned[supply.Row[S]]) T,
) ([]T, string, api.Snapshot, error) {
	out := []T{}
	next := ""
	snap, err := s.ofSupply(ctx, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		where, args := "true", []any{}
		for _, by := range []struct{ column, value string }{{"unit", f.Unit}, {"code", f.Code}, {"about", f.About}, {"standing", f.Standing}} {
			if by.value != "" {
				args = append(args, by.value)
				where = fmt.Sprintf("%s AND %s = $%d", where, by.column, len(args))
			}
		}
		var err error
		out, next, err = pageByTime(ctx, v, reader, readmodel.ListQuery{Sites: f.Sites, Where: where, Args: args, Order: entryOrder}, p,
			func(r supply.Row[S]) time.Time { return r.At }, show)
		return err
	})
	return out, next, snap, err
}

// supplyOne reads one row.
func supplyOne[S, T any](ctx context.Context, s *Side, reader *readmodel.Reader[supply.Row[S]], at api.AsOf, id uuid.UUID,
	show func(readmodel.Versioned[supply.Row[S]]) T,
) (T, api.Snapshot, error) {
	var out T
	found := false
	snap, err := s.ofSupply(ctx, at, func(v view) error {
		r, ok, err := reader.Row(ctx, v.q, v.schema, id, v.number)
		if err == nil && ok {
			out, found = show(r), true
		}
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// Demand returns a plan as of a moment.
func (s *Side) Demand(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Demand, api.Snapshot, error) {
	return supplyOne(ctx, s, s.supply.demands, at, id, shownDemand)
}

// Demands returns a page of plans.
func (s *Side) Demands(ctx context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.Demand, string, api.Snapshot, error) {
	return supplyList(ctx, s, s.supply.demands, at, f, p, shownDemand)
}

// Purchase returns a purchase as of a moment.
func (s *Side) Purchase(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Purchase, api.Snapshot, error) {
	return supplyOne(ctx, s, s.supply.purchases, at, id, shownPurchase)
}

// Purchases returns a page of purchases.
func (s *Side) Purchases(ctx context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.Purchase, string, api.Snapshot, error) {
	return supplyList(ctx, s, s.supply.purchases, at, f, p, shownPurchase)
}

// Acceptance returns an acceptance as of a moment.
func (s *Side) Acceptance(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Acceptance, api.Snapshot, error) {
	return supplyOne(ctx, s, s.supply.acceptances, at, id, shownAcceptance)
}

// Acceptances returns a page of acceptances.
func (s *Side) Acceptances(ctx context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.Acceptance, string, api.Snapshot, error) {
	return supplyList(ctx, s, s.supply.acceptances, at, f, p, shownAcceptance)
}

// ScrapRequest returns a request to scrap as of a moment.
func (s *Side) ScrapRequest(ctx context.Context, at api.AsOf, id uuid.UUID) (api.ScrapRequest, api.Snapshot, error) {
	return supplyOne(ctx, s, s.supply.scraps, at, id, shownScrap)
}

// ScrapRequests returns a page of requests to scrap.
func (s *Side) ScrapRequests(ctx context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.ScrapRequest, string, api.Snapshot, error) {
	return supplyList(ctx, s, s.supply.scraps, at, f, p, shownScrap)
}

// HistoryCard returns the history card of a tool as of a moment: how it was
// accepted, every event of its stream, and the requests to scrap it (STK-07).
func (s *Side) HistoryCard(ctx context.Context, at api.AsOf, id uuid.UUID) (api.HistoryCard, api.Snapshot, error) {
	card := api.HistoryCard{Scrap: []api.ScrapRequest{}, Entries: []api.HistoryEntry{}}
	shown, snap, err := s.Tool(ctx, at, id, nil)
	if err != nil {
		return card, snap, err
	}
	card.Tool = shown.Tool
	number := snap.Number
	_, err = s.ofSupply(ctx, api.AsOf{Number: &number}, func(v view) error {
		query := readmodel.ListQuery{Sites: []string{card.Tool.Site}, AsOf: v.number, Limit: 1, Where: "state -> 'Pieces' @> $1::text::jsonb"}
		query.Args = []any{`[{"tool":` + strconv.Quote(id.String()) + `}]`}
		accepted, err := s.supply.acceptances.List(ctx, v.q, v.schema, query)
		if err != nil {
			return err
		}
		if len(accepted) > 0 {
			a := shownAcceptance(accepted[0])
			card.Acceptance = &a
		}
		query = readmodel.ListQuery{Sites: []string{card.Tool.Site}, AsOf: v.number, Where: "about = $1", Args: []any{id.String()}, Order: entryOrder}
		scraps, err := s.supply.scraps.List(ctx, v.q, v.schema, query)
		for _, r := range scraps {
			card.Scrap = append(card.Scrap, shownScrap(r))
		}
		return err
	})
	if err == nil {
		card.Entries, err = s.entries(ctx, id, card.Tool.Revision)
	}
	return card, snap, err
}

// entries are the events of a tool up to a revision.
func (s *Side) entries(ctx context.Context, id uuid.UUID, last int64) ([]api.HistoryEntry, error) {
	stored, err := s.Streams.ReadStream(ctx, commands.StreamOf("tool", id), 0)
	if err != nil {
		return nil, fmt.Errorf("history of tool %s: %w", id, err)
	}
	out := []api.HistoryEntry{}
	for _, e := range stored {
		if int64(e.Revision) > last { //nolint:gosec // a revision fits
			break
		}
		entry, err := entryOf(e)
		if err != nil {
			return nil, err
		}
		out = append(out, entry)
	}
	return out, nil
}
