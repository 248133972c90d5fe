package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/need"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/purchase"
)

func purchaseDecider() Decider[purchase.State, purchase.Command, purchase.Event] {
	return Decider[purchase.State, purchase.Command, purchase.Event]{
		Name: "purchase", Version: "purchase/1", Decide: purchase.Decide,
		Evolve: func(s purchase.State, _ uint64, e purchase.Event) purchase.State { return purchase.Evolve(s, e) },
	}
}

func needDecider() Decider[need.State, need.Command, need.Event] {
	return Decider[need.State, need.Command, need.Event]{
		Name: "need", Version: "need/1", Decide: need.Decide,
		Evolve: func(s need.State, _ uint64, e need.Event) need.State { return need.Evolve(s, e) },
	}
}

// Purchases are the use cases of purchases (STK-02, STK-03, STK-09, STK-11).
// Who signs is the actor.
type Purchases struct{ supply }

// RequestPurchase asks for a purchase.
type RequestPurchase struct {
	Site     string         `json:"site"` // code
	At       *time.Time     `json:"at"`
	Unit     string         `json:"unit"` // team id
	Variant  policy.Variant `json:"variant"`
	Code     string         `json:"code"`
	Name     string         `json:"name"`
	Spec     string         `json:"spec"`
	Count    int64          `json:"count"`
	Document string         `json:"document"`
	Reason   string         `json:"reason"`
	Demand   *uuid.UUID     `json:"demand"` // approved plan that it takes from
	Line     int            `json:"line"`
	Replaces string         `json:"replaces"` // tool id
}

// Request asks for a purchase; with a plan it takes from it, so that no more
// is bought than was approved (STK-01).
func (p *Purchases) Request(ctx context.Context, r Request, in RequestPurchase) (Registered, error) {
	return begin(ctx, &p.supply, r, purchaseDecider(), uuid.Nil, "purchase.request", in.Site, in.At, in,
		func(ctx context.Context, call Call, id uuid.UUID, book *policy.Book) (purchase.Command, error) {
			if err := p.unit(ctx, in.Unit); err != nil {
				return nil, err
			}
			c := purchase.Request{
				At: call.OccurredAt, Site: in.Site, Unit: in.Unit, Variant: in.Variant, Code: in.Code, Name: in.Name, Spec: in.Spec, Count: in.Count,
				Document: in.Document, Reason: in.Reason, Line: in.Line, Replaces: in.Replaces, By: r.Actor.Person, Book: book,
			}
			if in.Demand == nil {
				return c, nil
			}
			c.Demand = in.Demand.String()
			if _, err := purchase.Decide(purchase.State{}, c); err != nil {
				return nil, err
			}
			return c, p.take(ctx, r, call, id, *in.Demand, in)
		})
}

// take takes from a plan once everything else about the purchase is in order.
func (p *Purchases) take(ctx context.Context, r Request, call Call, id, plan uuid.UUID, in RequestPurchase) error {
	c := demand.TakeOf{
		At: call.OccurredAt, Line: in.Line, Purchase: id.String(), Unit: in.Unit, Variant: in.Variant, Code: in.Code, Count: in.Count,
	}
	step := Given[demand.Command](nested(call, "demand.take"), c)
	step.Guard = func(s Stream) error {
		if s.Revision == NoStream || !r.sees(s.Site) || s.Site != in.Site {
			return domain.Invalid("/demand", "STK-01", "demand.unknown")
		}
		return nil
	}
	_, err := Execute(ctx, p.x, demandDecider(), StreamOf("demand", plan), step)
	return err
}

// Check is the actor's word before the quote.
func (p *Purchases) Check(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return on(ctx, &p.supply, r, purchaseDecider(), "purchase.check", id, at, timed{at},
		func(_ context.Context, call Call, _ *policy.Book) (purchase.Command, error) {
			return purchase.Check{At: call.OccurredAt, By: signer(r)}, nil
		})
}

// QuotePurchase is purchasing's offer.
type QuotePurchase struct {
	At           *time.Time `json:"at"`
	Supplier     string     `json:"supplier"`
	UnitPriceFen int64      `json:"unit_price_fen"`
}

// Quote records an offer: what other requests of the unit for the kind ask for
// within the window counts with it (STK-02). Approvals given before are void.
func (p *Purchases) Quote(ctx context.Context, r Request, id uuid.UUID, in QuotePurchase) (Result, error) {
	return on(ctx, &p.supply, r, purchaseDecider(), "purchase.quote", id, in.At, in,
		func(ctx context.Context, call Call, book *policy.Book) (purchase.Command, error) {
			st, err := Current(ctx, p.x, purchaseDecider(), StreamOf("purchase", id))
			if err != nil {
				return nil, err
			}
			c := purchase.GiveQuote{
				At: call.OccurredAt, Supplier: in.Supplier, UnitPriceFen: in.UnitPriceFen, NeedFen: in.UnitPriceFen, By: signer(r), Book: book,
			}
			if events, err := purchase.Decide(st, c); err != nil || len(events) == 0 {
				return c, err
			}
			e, err := p.need(ctx, call, id, st, book, in.UnitPriceFen)
			if err != nil {
				return nil, err
			}
			c.NeedFen, c.Others = e.SumFen, e.Others
			return c, nil
		})
}

// need enters a quote among those of its unit and kind, and returns what they come to.
func (p *Purchases) need(ctx context.Context, call Call, id uuid.UUID, st purchase.State, book *policy.Book, fen int64) (need.Entry, error) {
	asked := st.Asked
	rules, _, err := book.PurchasingAt(asked.Site, call.OccurredAt)
	if err != nil {
		return need.Entry{}, err
	}
	year := asked.At.Year()
	of := func(year int) string { return StreamOf("need", p.IDs.Need(asked.Site, asked.Unit, asked.Code, year)) }
	before, err := Current(ctx, p.x, needDecider(), of(year-1))
	if err != nil {
		return need.Entry{}, fmt.Errorf("find requests of the year before: %w", err)
	}
	quote := st.Quote.Quote + 1
	call = nested(call, "need.enter/"+strconv.Itoa(quote))
	call.Type, call.Site = "need.enter", asked.Site
	_, err = Execute(ctx, p.x, needDecider(), of(year), Given[need.Command](call, need.Enter{
		At: asked.At, Purchase: id.String(), Quote: quote, Fen: fen, WindowDays: rules.SplitWindowDays, Before: before.Entries,
	}))
	if err != nil {
		return need.Entry{}, fmt.Errorf("add up requests for %s: %w", asked.Code, err)
	}
	now, err := Current(ctx, p.x, needDecider(), of(year))
	if err != nil {
		return need.Entry{}, err
	}
	e, ok := now.Of(id.String(), quote)
	if !ok {
		return need.Entry{}, fmt.Errorf("quote %d of purchase %s: %w", quote, id, ErrBusy)
	}
	return e, nil
}

// ApprovePurchase names what is approved.
type ApprovePurchase struct {
	At        *time.Time `json:"at"`
	Quote     int        `json:"quote"`
	AmountFen int64      `json:"amount_fen"`
}

// Approve is the actor's word for one quote and its amount.
func (p *Purchases) Approve(ctx context.Context, r Request, id uuid.UUID, in ApprovePurchase) (Result, error) {
	return on(ctx, &p.supply, r, purchaseDecider(), "purchase.approve", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (purchase.Command, error) {
			return purchase.Approve{At: call.OccurredAt, Quote: in.Quote, AmountFen: in.AmountFen, By: signer(r)}, nil
		})
}

// Reject ends a purchase that is not approved; what it took and asked for is free again.
func (p *Purchases) Reject(ctx context.Context, r Request, id uuid.UUID, in Reasoned) (Result, error) {
	res, err := on(ctx, &p.supply, r, purchaseDecider(), "purchase.reject", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (purchase.Command, error) {
			return purchase.Reject{At: call.OccurredAt, By: signer(r), Reason: in.Reason}, nil
		})
	return p.leave(ctx, r, id, in, res, err)
}

// Withdraw ends a purchase that is not ordered, by who asked for it; what it
// took and asked for is free again.
func (p *Purchases) Withdraw(ctx context.Context, r Request, id uuid.UUID, in Reasoned) (Result, error) {
	res, err := on(ctx, &p.supply, r, purchaseDecider(), "purchase.withdraw", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (purchase.Command, error) {
			return purchase.Withdraw{At: call.OccurredAt, By: r.Actor.Person, Reason: in.Reason}, nil
		})
	return p.leave(ctx, r, id, in, res, err)
}

// leave frees what an ended purchase had of its plan and of its need. Until it
// has, both count it: nothing can slip through. A repeat of the request does it
// again.
func (p *Purchases) leave(ctx context.Context, r Request, id uuid.UUID, in Reasoned, res Result, ended error) (Result, error) {
	if ended != nil {
		return res, ended
	}
	st, err := Current(ctx, p.x, purchaseDecider(), StreamOf("purchase", id))
	if err != nil {
		return res, err
	}
	call, err := p.call(r, "need.leave", id.String(), in.At, in)
	if err != nil {
		return res, err
	}
	call.Site, call.Expected = st.Asked.Site, nil
	stream := StreamOf("need", p.IDs.Need(st.Asked.Site, st.Asked.Unit, st.Asked.Code, st.Asked.At.Year()))
	if _, err := Execute(ctx, p.x, needDecider(), stream, Given[need.Command](call, need.Leave{At: call.OccurredAt, Purchase: id.String()})); err != nil {
		return res, fmt.Errorf("leave need of purchase %s: %w", id, err)
	}
	plan, err := uuid.Parse(st.Asked.Demand)
	if err != nil {
		return res, nil //nolint:nilerr // it takes from no plan
	}
	call = nested(call, "demand.give_back")
	back := demand.GiveBack{At: call.OccurredAt, Purchase: id.String()}
	if _, err := Execute(ctx, p.x, demandDecider(), StreamOf("demand", plan), Given[demand.Command](call, back)); err != nil {
		return res, fmt.Errorf("give back what purchase %s took: %w", id, err)
	}
	return res, nil
}

// OrderPurchase names the order.
type OrderPurchase struct {
	At        *time.Time `json:"at"`
	Reference string     `json:"reference"`
}

// Order says that it was ordered as approved.
func (p *Purchases) Order(ctx context.Context, r Request, id uuid.UUID, in OrderPurchase) (Result, error) {
	return on(ctx, &p.supply, r, purchaseDecider(), "purchase.order", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (purchase.Command, error) {
			return purchase.Order{At: call.OccurredAt, Reference: in.Reference, By: r.Actor.Person}, nil
		})
}

// TakeBack takes back pieces that an acceptance rejected by an event (STK-04).
func (p *Purchases) TakeBack(ctx context.Context, r Request, id, acceptance, event uuid.UUID, count int64) (Result, error) {
	in := purchase.TakeBack{Acceptance: acceptance.String(), Event: event.String(), Count: count}
	return on(ctx, &p.supply, r, purchaseDecider(), "purchase.take_back", id, nil, in,
		func(_ context.Context, call Call, _ *policy.Book) (purchase.Command, error) {
			in.At = call.OccurredAt
			return in, nil
		})
}
