package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func stockDecider() Decider[stock.State, stock.Command, stock.Event] {
	return Decider[stock.State, stock.Command, stock.Event]{
		Name: "stock", Version: "stock/1", Decide: stock.Decide,
		Evolve: func(s stock.State, _ uint64, e stock.Event) stock.State { return stock.Evolve(s, e) },
	}
}

// Stocks are the use cases of consumables and spares (STK-05, STK-06). Each
// answers the id of the item's card in the store and the revision in the part
// that took the movement. A part is begun when a month turns or one is full
// (ADR 0021); a movement that is dated before the open month is booked in it
// with its own time. Safe for concurrent use.
type Stocks struct {
	supply
	approved *approvals
	parts    sync.Map // card id -> number of its last part, as far as it is known
}

// StockItem names the pieces of an item in a store.
type StockItem struct {
	Site  string `json:"site"`  // code
	Store string `json:"store"` // code
	Item  string `json:"item"`  // code
}

// ReceiveStock adds pieces to lots.
type ReceiveStock struct {
	StockItem
	At           *time.Time   `json:"at"`
	Lots         []stock.Lot  `json:"lots"`
	UnitPriceFen int64        `json:"unit_price_fen"`
	Origin       stock.Origin `json:"origin"`
	Ref          string       `json:"ref"`
	By           string       `json:"by"` // person id; "" for the actor
}

// Receive adds pieces to lots.
func (s *Stocks) Receive(ctx context.Context, r Request, in ReceiveStock) (Registered, error) {
	by := in.By
	if by == "" {
		by = r.Actor.Person
	}
	return s.move(ctx, r, "stock.receive", in.StockItem, in.At, in, func(at booking) (stock.Command, error) {
		return stock.Receive{
			At: at.Call.OccurredAt, Month: at.Month, Lots: in.Lots, UnitPriceFen: in.UnitPriceFen,
			Origin: in.Origin, Ref: in.Ref, By: by, Book: at.Book,
		}, nil
	})
}

// IssueStock takes pieces out.
type IssueStock struct {
	StockItem
	At       *time.Time  `json:"at"`
	Lot      string      `json:"lot"` // "" for worn ones first, then the oldest lots
	Pieces   int64       `json:"pieces"`
	To       tool.Holder `json:"to"` // person or team; a store moves them there
	Purpose  string      `json:"purpose"`
	Declined string      `json:"declined"` // why a worn piece is left (EXC-03)
}

// Issue takes pieces out; the actor keeps the store. To a store, the pieces
// are under way until a process has received them there.
func (s *Stocks) Issue(ctx context.Context, r Request, in IssueStock) (Registered, error) {
	return s.move(ctx, r, "stock.issue", in.StockItem, in.At, in, func(at booking) (stock.Command, error) {
		if in.To.Kind == tool.Store {
			if err := hasStore(at.Book, in.Site, in.To.Who, at.Call.OccurredAt, "/to"); err != nil {
				return nil, err
			}
		}
		if person := personOf(in.To); person != "" {
			if err := s.known(ctx, person, domain.Invalid("/to", "ORG-01", "tool.person_unknown")); err != nil {
				return nil, err
			}
		}
		return stock.Issue{
			At: at.Call.OccurredAt, Month: at.Month, Lot: in.Lot, Pieces: in.Pieces, To: in.To, Purpose: in.Purpose, Declined: in.Declined,
			By: r.Actor.Person, Book: at.Book,
		}, nil
	})
}

// AdjustStock corrects a lot to what is there.
type AdjustStock struct {
	StockItem
	At        *time.Time      `json:"at"`
	Lot       string          `json:"lot"`
	Condition stock.Condition `json:"condition"`
	Delta     int64           `json:"delta"`
	Reason    string          `json:"reason"`
	Approval  uuid.UUID       `json:"approval"` // id of the approval by which it is done
}

// Adjust corrects a lot; another person has agreed.
func (s *Stocks) Adjust(ctx context.Context, r Request, in AdjustStock) (Registered, error) {
	return s.move(ctx, r, "stock.adjust", in.StockItem, in.At, in, func(at booking) (stock.Command, error) {
		st, err := Current(ctx, s.x, stockDecider(), at.Part)
		if err != nil {
			return nil, err
		}
		by := claiming{
			ID: in.Approval, Act: approval.AdjustStock, Stream: at.Stream, Name: at.Part,
			Stock: &approval.Correction{Store: in.Store, Item: in.Item, Lot: in.Lot, Condition: in.Condition, Delta: in.Delta},
		}
		approvedBy, approved, err := s.approved.by(ctx, at.Call, by)
		if err != nil {
			return nil, err
		}
		c := stock.Adjust{
			At: at.Call.OccurredAt, Month: at.Month, Lot: in.Lot, Condition: in.Condition, Delta: in.Delta, Reason: in.Reason,
			By: r.Actor.Person, ApprovedBy: approvedBy, Approval: approved, Book: at.Book,
		}
		if events, err := stock.Decide(st, c); err != nil || len(events) == 0 {
			return c, nil //nolint:nilerr // it is decided again, and refused there
		}
		return c, s.approved.claim(ctx, at.Call, by)
	})
}

// Balance is how many pieces there are now.
func (s *Stocks) Balance(ctx context.Context, of StockItem) (int64, error) {
	card := s.Card(of)
	part, err := s.last(ctx, card)
	if err != nil || part == 0 {
		return 0, err
	}
	st, err := Current(ctx, s.x, stockDecider(), stockStream(card, part))
	return st.Balance(), err
}

// hasStore refuses a store that the site does not have.
func hasStore(book *policy.Book, site, store string, at domain.Instant, pointer string) error {
	v, ok := book.InForce(policy.KindTools, site, at.Time)
	switch {
	case !ok:
		return domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	case !v.Tools().HasStore(store):
		return domain.Invalid(pointer, "STK-05", "tool.store_unknown", "store", store)
	}
	return nil
}

func stockStream(card uuid.UUID, part int) string {
	return StreamOf("stock", card) + "-" + strconv.Itoa(part)
}

const (
	turns = 20 // of parts that may be begun by others while one movement is booked
	// remembered is for how long a repeat of a movement is known for one in the
	// parts that have ended since; as long as other outcomes are kept.
	remembered = 31 * 24 * time.Hour
)

// move books a movement in the one part of the item that is open (STK-05).
func (s *Stocks) move(ctx context.Context, r Request, operation string, of StockItem, at *time.Time, input any,
	build func(at booking) (stock.Command, error),
) (Registered, error) {
	call, err := s.call(r, operation, "", at, input)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(of.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = of.Site
	m := &movement{Stocks: s, of: of, card: s.Card(of), call: call, build: build}
	res, err := m.book(ctx)
	return Registered{Result: res, ID: m.card}, err
}

// booking is where and when a movement is about to be booked.
type booking struct {
	Call   Call
	Part   string // stream
	Stream Stream
	Month  stock.Month
	Book   *policy.Book
}

// movement is one movement of an item on its way to its part.
type movement struct {
	*Stocks
	of    StockItem
	card  uuid.UUID
	call  Call
	build func(at booking) (stock.Command, error)
}

func (m *movement) book(ctx context.Context) (Result, error) {
	day, err := m.day(ctx, m.of.Site, m.call.OccurredAt)
	if err != nil {
		return Result{}, err
	}
	month := stock.MonthOf(day)
	for range turns {
		part, err := m.last(ctx, m.card)
		if err == nil && part == 0 {
			part, err = 1, m.first(ctx, month)
		}
		if err != nil {
			return Result{}, err
		}
		if res, found, err := m.earlier(ctx, part); found || err != nil {
			return res, err
		}
		res, err := Execute(ctx, m.x, stockDecider(), stockStream(m.card, part), Step[stock.Command]{
			Call: m.call,
			Make: func(ctx context.Context, found Stream) (stock.Command, error) {
				book, err := m.policies.Book(ctx, m.of.Site)
				if err != nil {
					return nil, err
				}
				return m.build(booking{m.call, stockStream(m.card, part), found, month, book})
			},
		})
		switch {
		case errors.Is(err, stock.ErrContinued):
			m.parts.Delete(m.card)
			err = m.open(ctx, part+1)
		case errors.Is(err, stock.ErrTurn):
			err = m.turn(ctx, part, month)
		default:
			return res, err
		}
		if err != nil {
			return Result{}, err
		}
	}
	return Result{}, fmt.Errorf("stock of %s in %s: %w", m.of.Item, m.of.Store, ErrBusy)
}

// last returns the number of an item's last part, 0 for none. What is
// remembered may be behind: the part itself says that it was continued.
func (s *Stocks) last(ctx context.Context, card uuid.UUID) (int, error) {
	if v, ok := s.parts.Load(card); ok {
		return v.(int), nil
	}
	part := 0
	for ; ; part++ {
		_, err := s.Store.ReadStream(ctx, stockStream(card, part+1), stock.FullAt)
		if errors.Is(err, ErrStreamNotFound) {
			break
		}
		if err != nil {
			return 0, fmt.Errorf("find parts of stock %s: %w", card, err)
		}
	}
	if part > 0 {
		s.parts.Store(card, part)
	}
	return part, nil
}

// earlier answers a movement that one of the parts before took already.
func (m *movement) earlier(ctx context.Context, part int) (Result, bool, error) {
	forgotten := m.Clock.Now().Add(-remembered)
	for n := part - 1; n > 0; n-- {
		f, err := m.ended(ctx, stockStream(m.card, n))
		if err != nil {
			return Result{}, false, err
		}
		if k, ok := f.commands[m.call.ID]; ok {
			if k.digest != m.call.Digest {
				return Result{}, false, ErrKeyReused
			}
			return Result{Stream: stockStream(m.card, n), Revision: k.last, Changed: true, Repeated: true}, true, nil
		}
		if next := f.state.Next; next != nil && next.At.Before(forgotten) {
			break
		}
	}
	return Result{}, false, nil
}

// ended returns the fold of a part that was continued: it is final. One that
// is remembered from before its end is read again.
func (m *movement) ended(ctx context.Context, stream string) (folded[stock.State], error) {
	f, err := currentFold(ctx, m.x, stockDecider(), stream)
	if err != nil || f.state.Next != nil {
		return f, err
	}
	m.x.cache.Remove(cacheKey("stock", stream))
	return currentFold(ctx, m.x, stockDecider(), stream)
}

// first begins the first part of an item that the store and the site know.
func (m *movement) first(ctx context.Context, month stock.Month) error {
	book, err := m.policies.Book(ctx, m.of.Site)
	if err != nil {
		return err
	}
	p, _, err := book.PurchasingAt(m.of.Site, m.call.OccurredAt)
	if err != nil {
		return err
	}
	if _, ok := p.Item(m.of.Item); !ok {
		return domain.Invalid("/item", "STK-05", "stock.item_unknown", "item", m.of.Item)
	}
	if err := hasStore(book, m.of.Site, m.of.Store, m.call.OccurredAt, "/store"); err != nil {
		return err
	}
	return m.keep(ctx, 1, "stock.open", stock.Open{Opened: stock.Opened{
		At: m.call.OccurredAt, Site: m.of.Site, Store: m.of.Store, Item: m.of.Item, Month: month, Part: 1, Lots: []stock.Lot{},
	}})
}

// turn ends a part and begins the next one with its balance.
func (m *movement) turn(ctx context.Context, part int, month stock.Month) error {
	if err := m.keep(ctx, part, "stock.continue", stock.Continue{At: m.call.OccurredAt, Month: month}); err != nil {
		return err
	}
	return m.open(ctx, part+1)
}

// open begins a part with the balance that the one before ended with.
func (m *movement) open(ctx context.Context, part int) error {
	f, err := m.ended(ctx, stockStream(m.card, part-1))
	if err != nil {
		return err
	}
	if f.state.Next == nil {
		return fmt.Errorf("stock %s: part %d has not ended", m.card, part-1)
	}
	next := f.state.Next
	err = m.keep(ctx, part, "stock.open", stock.Open{Opened: stock.Opened{
		At: next.At, Site: f.state.Site, Store: f.state.Store, Item: f.state.Item, Month: next.Month, Part: next.Part, Lots: next.Lots, Short: next.Short,
		ShortOf: next.ShortOf,
	}})
	if err == nil {
		m.parts.Store(m.card, part)
	}
	return err
}

// keep carries out what begins or ends a part. Whoever is at it sends the same
// command, so that it has one effect.
func (m *movement) keep(ctx context.Context, part int, operation string, c stock.Command) error {
	call := m.call
	key := operation + "/" + m.card.String() + "/" + strconv.Itoa(part)
	call.ID, call.Type, call.Digest = m.IDs.Command("stock", operation, key), operation, m.Vault.Digest([]byte(key))
	call.Expected, call.Source = nil, nil
	_, err := Execute(ctx, m.x, stockDecider(), stockStream(m.card, part), Given(call, c))
	if err != nil {
		return fmt.Errorf("%s part %d of stock %s: %w", operation, part, m.card, err)
	}
	return nil
}

// Card is the id of an item's card in a store.
func (s *Stocks) Card(of StockItem) uuid.UUID { return s.IDs.Stock(of.Site, of.Store, of.Item) }

// Item is what a part of stock is of, by its stream; ErrNotFound if there is none.
func (s *Stocks) Item(ctx context.Context, stream string) (StockItem, error) {
	st, err := Current(ctx, s.x, stockDecider(), stream)
	if err == nil && st.Part == 0 {
		err = ErrNotFound
	}
	return StockItem{Site: st.Site, Store: st.Store, Item: st.Item}, err
}
