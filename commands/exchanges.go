package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func exchangeDecider() Decider[exchange.State, exchange.Command, exchange.Event] {
	return Decider[exchange.State, exchange.Command, exchange.Event]{
		Name: "exchange", Version: "exchange/1", Decide: exchange.Decide,
		Evolve: func(s exchange.State, _ uint64, e exchange.Event) exchange.State { return exchange.Evolve(s, e) },
	}
}

// Spare is a tool in store that may be given out.
type Spare struct {
	Tool   uuid.UUID
	Number string
	Used   bool // worn but sound
}

// Spares is the read model of tools in store.
type Spares interface {
	// Spares returns the tools of a model at a site that a store may give out on
	// a civil day, worn ones first, then by number, at most limit (EXC-03).
	Spares(ctx context.Context, site string, model exchange.Model, today domain.Day, limit int) ([]Spare, error)
}

// SettledLosses tells which losses are dealt with.
type SettledLosses interface {
	// Settled reports whether the loss of a tool, by its id, is settled, so that
	// a replacement may be issued without a surrender; false for one that does not
	// exist or is of another tool (EXC-06).
	Settled(ctx context.Context, loss, tool uuid.UUID) (bool, error)
	// Give keeps with the loss of a tool that an exchange gives another one in its
	// place, as part of the command that completes it. A *domain.RuleError if the
	// loss is not settled any more, or another exchange gave one (EXC-06).
	Give(ctx context.Context, call Call, loss, tool, exchange uuid.UUID) error
}

// Exchanges are the use cases of old for new. Each answers the exchange's
// stream and revision; errors are those of Execute and ErrNotFound. Who applies,
// approves, inspects and signs is the actor. Safe for concurrent use once connected.
type Exchanges struct {
	*useCases
	policies *Policies
	sites    *Sites
	cards    *cards
	spares   Spares
	losses   SettledLosses
}

// Connect says where stock and losses are to be asked, before the first
// command. Without spares no replacement is chosen; with losses nil none is
// settled: an exchange instead of a loss is refused (EXC-06).
func (x *Exchanges) Connect(spares Spares, losses SettledLosses) { x.spares, x.losses = spares, losses }

// ApplyExchange asks for a replacement of a tool (EXC-01).
type ApplyExchange struct {
	At            *time.Time      `json:"at"`
	Tool          uuid.UUID       `json:"tool"`
	Reason        string          `json:"reason"`          // no personal data
	Wanted        *exchange.Model `json:"wanted"`          // another model (EXC-07)
	InsteadOfLoss *uuid.UUID      `json:"instead_of_loss"` // id of the loss of a tool that is missing (EXC-06)
}

// Apply opens an exchange of the tool that the actor, or a team, has.
func (x *Exchanges) Apply(ctx context.Context, r Request, in ApplyExchange) (Registered, error) {
	call, err := x.call(r, "exchange.apply", "", in.At, in)
	if err != nil {
		return Registered{}, err
	}
	old, err := x.tool(ctx, in.Tool)
	switch {
	case err != nil:
		return Registered{}, err
	case old.Standing == "" || !r.sees(old.Site):
		return Registered{}, ErrNotFound
	}
	call.Site = old.Site
	id := x.IDs.Aggregate("exchange", call.ID)
	res, err := Execute(ctx, x.x, exchangeDecider(), StreamOf("exchange", id), Step[exchange.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (exchange.Command, error) {
			book, err := x.policies.Book(ctx, old.Site)
			if err != nil {
				return nil, err
			}
			old, err := x.tool(ctx, in.Tool) // as the command is decided
			return exchange.Apply{
				At: call.OccurredAt, Site: old.Site, By: r.Actor.Person, Old: itemOf(in.Tool, old), Keeper: keeperOf(old, in.InsteadOfLoss),
				Reason: in.Reason, Wanted: in.Wanted, InsteadOfLoss: in.InsteadOfLoss, Book: book,
			}, err
		},
	})
	return Registered{Result: res, ID: id}, err
}

// keeperOf is who answers for a tool: who has it, or had it when it was missed.
func keeperOf(old tool.State, loss *uuid.UUID) tool.Holder {
	if loss != nil && old.Standing == tool.StandingMissing {
		return old.LostFrom
	}
	return old.Holder
}

func itemOf(id uuid.UUID, s tool.State) exchange.Item {
	return exchange.Item{
		Tool: id, Number: s.Number, Model: exchange.Model{Kind: s.Kind, Spec: s.Spec}, PriceFen: s.PriceFen, PurchasedOn: s.Purchased,
		LifeMonths: s.Life, Used: s.Used,
	}
}

func (x *Exchanges) tool(ctx context.Context, id uuid.UUID) (tool.State, error) {
	f, err := currentFold(afresh(ctx), x.x, toolDecider(), StreamOf("tool", id))
	if err != nil {
		return f.state, fmt.Errorf("find tool %s: %w", id, err)
	}
	return f.state, nil
}

// on runs a command on an exchange that exists.
func (x *Exchanges) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(ctx context.Context, now moment, book *policy.Book) (exchange.Command, error),
) (Result, error) {
	return x.onCall(ctx, r, operation, id, at, input, func(ctx context.Context, _ Call, now moment, book *policy.Book) (exchange.Command, error) {
		return build(ctx, now, book)
	})
}

// onCall is on for a command that writes into another stream first.
func (x *Exchanges) onCall(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(ctx context.Context, call Call, now moment, book *policy.Book) (exchange.Command, error),
) (Result, error) {
	call, err := x.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, x.x, exchangeDecider(), StreamOf("exchange", id), existing(r, call, func(ctx context.Context, s Stream) (exchange.Command, error) {
		now, book, err := x.moment(ctx, s.Site, call.OccurredAt)
		if err != nil {
			return nil, err
		}
		call.Site = s.Site
		return build(ctx, call, now, book)
	}))
}

// moment returns a business time with its civil date at a site, and the site's policies.
func (x *Exchanges) moment(ctx context.Context, code string, at domain.Instant) (moment, *policy.Book, error) {
	site, err := x.sites.find(ctx, code)
	if err != nil {
		return moment{}, nil, err
	}
	zone, err := calendar.LoadZone(site.Zone)
	if err != nil {
		return moment{}, nil, fmt.Errorf("zone of site %s: %w", code, err)
	}
	book, err := x.policies.Book(ctx, code)
	return moment{at, domain.DayOf(at.Time, zone)}, book, err
}

// Approve lets an exchange go on; the actor approves (EXC-01, EXC-07).
func (x *Exchanges) Approve(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return x.on(ctx, r, "exchange.approve", id, at, timed{at}, func(_ context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		return exchange.Approve{At: now.At, By: r.Actor.Person}, nil
	})
}

// Refuse ends an exchange that waits for approval.
func (x *Exchanges) Refuse(ctx context.Context, r Request, id uuid.UUID, in ToolReason) (Result, error) {
	return x.on(ctx, r, "exchange.refuse", id, in.At, in, func(_ context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		return exchange.Refuse{At: now.At, By: r.Actor.Person, Reason: in.Reason}, nil
	})
}

// Withdraw ends the actor's own exchange that is not completed; its tools are released.
func (x *Exchanges) Withdraw(ctx context.Context, r Request, id uuid.UUID, in ToolReason) (Result, error) {
	return x.withdraw(ctx, r, "exchange.withdraw", id, in, false)
}

// Cancel ends anybody's exchange that is not completed, for the store and with
// a reason; its tools are released.
func (x *Exchanges) Cancel(ctx context.Context, r Request, id uuid.UUID, in ToolReason) (Result, error) {
	return x.withdraw(ctx, r, "exchange.cancel", id, in, true)
}

func (x *Exchanges) withdraw(ctx context.Context, r Request, operation string, id uuid.UUID, in ToolReason, forStore bool) (Result, error) {
	return x.on(ctx, r, operation, id, in.At, in, func(_ context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		return exchange.Withdraw{At: now.At, By: r.Actor.Person, Reason: in.Reason, ForStore: forStore}, nil
	})
}

// SurrenderTool lays the old tool on the counter.
type SurrenderTool struct {
	At    *time.Time `json:"at"`
	Store string     `json:"store"`
	Giver string     `json:"giver"` // person id of who brings it
}

// Surrender records that the old tool was brought; the actor takes it (EXC-01).
func (x *Exchanges) Surrender(ctx context.Context, r Request, id uuid.UUID, in SurrenderTool) (Result, error) {
	return x.on(ctx, r, "exchange.surrender", id, in.At, in, func(ctx context.Context, now moment, book *policy.Book) (exchange.Command, error) {
		if err := x.known(ctx, in.Giver, domain.Invalid("/giver", "ORG-01", "tool.person_unknown")); err != nil {
			return nil, err
		}
		return exchange.Surrender{At: now.At, By: r.Actor.Person, Giver: in.Giver, Store: in.Store, Book: book}, nil
	})
}

// InspectExchange is what the storekeeper finds.
type InspectExchange struct {
	At         *time.Time       `json:"at"`
	Outcome    exchange.Outcome `json:"outcome"`
	Repairer   string           `json:"repairer"`
	ScrapNote  string           `json:"scrap_note"` // no personal data
	HumanFault bool             `json:"human_fault"`
	Finding    string           `json:"finding"` // no personal data
}

// Inspect records what the actor finds of the old tool (EXC-02, EXC-04).
func (x *Exchanges) Inspect(ctx context.Context, r Request, id uuid.UUID, in InspectExchange) (Result, error) {
	return x.on(ctx, r, "exchange.inspect", id, in.At, in, func(_ context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		return exchange.Inspect{
			At: now.At, Today: now.Today, By: r.Actor.Person, Outcome: in.Outcome, Repairer: in.Repairer, ScrapNote: in.ScrapNote,
			HumanFault: in.HumanFault, Finding: in.Finding,
		}, nil
	})
}

// ChooseReplacement names a tool in store; nil takes the first that Spares has.
type ChooseReplacement struct {
	At          *time.Time `json:"at"`
	Replacement *uuid.UUID `json:"replacement"`
	Declined    string     `json:"declined"` // why a worn one is not taken (EXC-03); no personal data
}

// enough is how many tools in store are looked at: the first worn one that is
// neither the replacement nor the old tool is among them.
const enough = 3

// Choose names the replacement; the tools are then kept by the process manager.
func (x *Exchanges) Choose(ctx context.Context, r Request, id uuid.UUID, in ChooseReplacement) (Result, error) {
	return x.on(ctx, r, "exchange.choose", id, in.At, in, func(ctx context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		s, err := Current(ctx, x.x, exchangeDecider(), StreamOf("exchange", id))
		if err != nil {
			return nil, err
		}
		c := exchange.Choose{At: now.At, By: r.Actor.Person, Declined: in.Declined}
		if c.LossSettled, err = x.settledLoss(ctx, s); err != nil {
			return nil, err
		}
		return c, x.replacement(ctx, s, now.Today, in.Replacement, &c)
	})
}

// replacement fills in which tool it is, and what there was to choose from.
func (x *Exchanges) replacement(ctx context.Context, s exchange.State, today domain.Day, named *uuid.UUID, c *exchange.Choose) error {
	if x.spares == nil {
		return errNoStock
	}
	spares, err := x.spares.Spares(ctx, s.Site, s.Wanted, today, enough)
	if err != nil {
		return fmt.Errorf("find tools in store: %w", err)
	}
	spares = slices.DeleteFunc(spares, func(o Spare) bool { return o.Tool == s.Old.Tool }) // found again, it is in store
	if named == nil {
		if len(spares) == 0 {
			return domain.Refuse("EXC-01", "exchange.nothing_in_store", "kind", s.Wanted.Kind, "spec", s.Wanted.Spec)
		}
		named = &spares[0].Tool
	}
	for _, spare := range spares {
		if spare.Used && spare.Tool != *named {
			c.WornSpare = &spare.Tool
			break
		}
	}
	found, err := x.tool(ctx, *named)
	if err != nil {
		return err
	}
	if found.Standing == "" || found.Site != s.Site {
		return domain.Invalid("/replacement", "EXC-01", "exchange.replacement_unknown")
	}
	if found.Surrendered { // it came in by an exchange, this one or another (EXC-05)
		return domain.Refuse("EXC-05", "tool.surrendered")
	}
	c.New = itemOf(*named, found)
	return nil
}

var errNoStock = errors.New("exchanges are not connected to the stock of tools")

// settledLoss reports whether what stands for the surrender is settled: the
// tool is still missing, and its loss dealt with (EXC-06).
func (x *Exchanges) settledLoss(ctx context.Context, s exchange.State) (bool, error) {
	if s.InsteadOfLoss == uuid.Nil || x.losses == nil {
		return false, nil
	}
	old, err := x.tool(ctx, s.Old.Tool)
	if err != nil || old.Standing != tool.StandingMissing {
		return false, err
	}
	settled, err := x.losses.Settled(ctx, s.InsteadOfLoss, s.Old.Tool)
	if err != nil {
		return false, fmt.Errorf("ask for loss %s: %w", s.InsteadOfLoss, err)
	}
	return settled, nil
}

// Complete moves both tools at once; the actor signs for the replacement (EXC-06).
func (x *Exchanges) Complete(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return x.onCall(ctx, r, "exchange.complete", id, at, timed{at}, func(ctx context.Context, call Call, now moment, book *policy.Book) (exchange.Command, error) {
		c := exchange.Complete{At: now.At, By: r.Actor.Person}
		return c, x.enter(ctx, call, id, c, now, book)
	})
}

// enter puts the replacement onto the keeper's tool card before the exchange
// moves it: nobody leaves with it, and nobody who left gets it (TOL-07, ADR 0019).
// One that was blocked since it was kept, or whose inspection has run out, is
// refused as it would be for an issue (TOL-18, INS-02).
func (x *Exchanges) enter(ctx context.Context, call Call, id uuid.UUID, c exchange.Command, now moment, book *policy.Book) error {
	st, err := Current(ctx, x.x, exchangeDecider(), StreamOf("exchange", id))
	if err != nil {
		return err
	}
	if events, err := exchange.Decide(st, c); err != nil || len(events) == 0 {
		return err
	}
	if err := x.give(ctx, call, id, st); err != nil {
		return err
	}
	f, err := currentFold(ctx, x.x, toolDecider(), StreamOf("tool", st.New.Tool))
	if err != nil {
		return fmt.Errorf("find replacement of exchange %s: %w", id, err)
	}
	if err := f.state.Fit(book, now.At, now.Today); err != nil {
		return err
	}
	return x.cards.enter(ctx, call, entering{
		To: st.Keeper, Tool: st.New.Tool, Number: f.state.Number, Kind: f.state.Kind, Revision: f.revision, Book: book,
	})
}

// give asks once more for the loss that stands for the surrender: since the
// choice the tool may have been found, the loss taken back, or another
// replacement given (EXC-06).
func (x *Exchanges) give(ctx context.Context, call Call, id uuid.UUID, s exchange.State) error {
	if s.InsteadOfLoss == uuid.Nil {
		return nil
	}
	settled, err := x.settledLoss(ctx, s)
	switch {
	case err != nil:
		return err
	case !settled:
		return domain.Refuse("EXC-06", "exchange.loss_not_settled", "loss", s.InsteadOfLoss.String())
	}
	return x.losses.Give(ctx, call, s.InsteadOfLoss, s.Old.Tool, id)
}
