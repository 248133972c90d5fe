package commands

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/claim"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func acceptanceDecider() Decider[acceptance.State, acceptance.Command, acceptance.Event] {
	return Decider[acceptance.State, acceptance.Command, acceptance.Event]{
		Name: "acceptance", Version: "acceptance/1", Decide: acceptance.Decide,
		Evolve: func(s acceptance.State, _ uint64, e acceptance.Event) acceptance.State {
			return acceptance.Evolve(s, e)
		},
	}
}

// Acceptances are the use cases of deliveries (STK-04, STK-07). Who signs is
// the actor. Accepted pieces become tools or stock by a process manager.
type Acceptances struct{ supply }

// DeliverGoods says what came of an order.
type DeliverGoods struct {
	Site     string           `json:"site"` // code
	At       *time.Time       `json:"at"`
	Purchase uuid.UUID        `json:"purchase"`
	Count    int64            `json:"count"`
	Note     string           `json:"note"` // number of the delivery note
	Class    acceptance.Class `json:"class"`
}

// Deliver begins an acceptance. The purchase gives the pieces first: no more
// can be delivered, and so accepted, than was ordered.
func (a *Acceptances) Deliver(ctx context.Context, r Request, in DeliverGoods) (Registered, error) {
	return begin(ctx, &a.supply, r, acceptanceDecider(), uuid.Nil, "acceptance.deliver", in.Site, in.At, in,
		func(ctx context.Context, call Call, id uuid.UUID, book *policy.Book) (acceptance.Command, error) {
			p, err := Current(ctx, a.x, purchaseDecider(), StreamOf("purchase", in.Purchase))
			switch {
			case err != nil:
				return nil, err
			case p.Standing == "" || p.Asked.Site != in.Site:
				return nil, domain.Invalid("/purchase", "STK-04", "purchase.unknown")
			}
			buyers := slices.Clone(p.Quoters)
			if p.Orderer != "" && !slices.Contains(buyers, p.Orderer) {
				buyers = append(buyers, p.Orderer)
			}
			c := acceptance.Deliver{Book: book, Delivered: acceptance.Delivered{
				At: call.OccurredAt, Site: in.Site, Purchase: in.Purchase.String(), Unit: p.Asked.Unit, Variant: p.Asked.Variant, Code: p.Asked.Code,
				Name: p.Asked.Name, Spec: p.Asked.Spec, Count: in.Count, UnitPriceFen: p.Quote.UnitPriceFen, Note: in.Note, Class: in.Class,
				Buyers: slices.Compact(slices.Sorted(slices.Values(buyers))), By: r.Actor.Person,
			}}
			if c.Delivered.Buyers == nil {
				c.Delivered.Buyers = []string{}
			}
			if _, err := acceptance.Decide(acceptance.State{}, c); err != nil {
				return nil, err
			}
			_, err = Execute(ctx, a.x, purchaseDecider(), StreamOf("purchase", in.Purchase), Given[purchase.Command](nested(call, "purchase.deliver"),
				purchase.Deliver{At: call.OccurredAt, Acceptance: id.String(), Count: in.Count}))
			return c, err
		})
}

// CheckGoods is what the actor found.
type CheckGoods struct {
	At       *time.Time           `json:"at"`
	Passed   bool                 `json:"passed"`
	Document string               `json:"document"`
	Findings []acceptance.Finding `json:"findings"`
}

// Check signs for what the actor found.
func (a *Acceptances) Check(ctx context.Context, r Request, id uuid.UUID, in CheckGoods) (Result, error) {
	return on(ctx, &a.supply, r, acceptanceDecider(), "acceptance.check", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (acceptance.Command, error) {
			return acceptance.Check{At: call.OccurredAt, By: signer(r), Passed: in.Passed, Document: in.Document, Findings: in.Findings}, nil
		})
}

// TryGoods is what samples showed.
type TryGoods struct {
	At      *time.Time `json:"at"`
	Sheet   string     `json:"sheet"`
	Samples int64      `json:"samples"`
	Passed  bool       `json:"passed"`
}

// Try records a trial of important tooling.
func (a *Acceptances) Try(ctx context.Context, r Request, id uuid.UUID, in TryGoods) (Result, error) {
	return on(ctx, &a.supply, r, acceptanceDecider(), "acceptance.try", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (acceptance.Command, error) {
			return acceptance.Try{At: call.OccurredAt, By: signer(r), Sheet: in.Sheet, Samples: in.Samples, Passed: in.Passed}, nil
		})
}

// AcceptGoods takes pieces over.
type AcceptGoods struct {
	At      *time.Time `json:"at"`
	Count   int64      `json:"count"`
	Store   string     `json:"store"` // code
	Lot     string     `json:"lot"`   // of what is kept by pieces; batch of tools
	Brand   string     `json:"brand"`
	Use     tool.Use   `json:"use"`     // of tools; "" for shared
	Numbers []string   `json:"numbers"` // of tools, one a piece
}

// Accept takes pieces over into a store.
func (a *Acceptances) Accept(ctx context.Context, r Request, id uuid.UUID, in AcceptGoods) (Result, error) {
	return on(ctx, &a.supply, r, acceptanceDecider(), "acceptance.accept", id, in.At, in,
		func(ctx context.Context, call Call, book *policy.Book) (acceptance.Command, error) {
			st, err := Current(ctx, a.x, acceptanceDecider(), StreamOf("acceptance", id))
			if err != nil {
				return nil, err
			}
			day, err := a.day(ctx, st.Delivery.Site, call.OccurredAt)
			if err != nil {
				return nil, err
			}
			c := acceptance.Accept{
				At: call.OccurredAt, On: day, Count: in.Count, Store: in.Store, Lot: in.Lot, Brand: in.Brand, Use: in.Use, By: signer(r), Book: book,
			}
			if c.Use == "" {
				c.Use = tool.Shared
			}
			for i, number := range in.Numbers {
				if err := a.free(ctx, st.Delivery.Site, number, "/numbers/"+strconv.Itoa(i)); err != nil {
					return nil, err
				}
				c.Pieces = append(c.Pieces, acceptance.Piece{Number: number, Tool: a.IDs.Piece(id, number).String()})
			}
			return c, nil
		})
}

// free refuses a number that a tool of the site has already (TOL-01).
func (a *Acceptances) free(ctx context.Context, site, number, pointer string) error {
	held, err := Current(ctx, a.x, claimDecider(), claimStream("tool", site, "tool", number))
	if err == nil && held != (claim.State{}) {
		err = domain.Invalid(pointer, "STK-07", "acceptance.number_taken", "number", number)
	}
	return err
}

// RejectGoods gives pieces back to purchasing.
type RejectGoods struct {
	At     *time.Time `json:"at"`
	Count  int64      `json:"count"`
	Reason string     `json:"reason"`
}

// Reject gives pieces back to purchasing.
func (a *Acceptances) Reject(ctx context.Context, r Request, id uuid.UUID, in RejectGoods) (Result, error) {
	return on(ctx, &a.supply, r, acceptanceDecider(), "acceptance.reject", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (acceptance.Command, error) {
			return acceptance.Reject{At: call.OccurredAt, Count: in.Count, Reason: in.Reason, By: signer(r)}, nil
		})
}

// Delivery is what an acceptance is of; ErrNotFound if there is none.
func (a *Acceptances) Delivery(ctx context.Context, id uuid.UUID) (acceptance.Delivered, error) {
	st, err := Current(ctx, a.x, acceptanceDecider(), StreamOf("acceptance", id))
	if err == nil && st.Delivery.Site == "" {
		err = ErrNotFound
	}
	return st.Delivery, err
}
