package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func demandDecider() Decider[demand.State, demand.Command, demand.Event] {
	return Decider[demand.State, demand.Command, demand.Event]{
		Name: "demand", Version: "demand/1", Decide: demand.Decide,
		Evolve: func(s demand.State, _ uint64, e demand.Event) demand.State { return demand.Evolve(s, e) },
	}
}

// Demands are the use cases of plans of demand (STK-01, STK-10). Who signs is the actor.
type Demands struct{ supply }

// PlanDemand says what a unit needs.
type PlanDemand struct {
	Site  string        `json:"site"` // code
	At    *time.Time    `json:"at"`
	Unit  string        `json:"unit"`  // team id
	For   string        `json:"for"`   // the period that is planned
	Store string        `json:"store"` // whose minimum asks for it (STK-06)
	Lines []demand.Line `json:"lines"`
}

// Plan enters a plan.
func (d *Demands) Plan(ctx context.Context, r Request, in PlanDemand) (Registered, error) {
	return d.PlanAs(ctx, r, uuid.Nil, in)
}

// PlanAs enters a plan under an id that is given.
func (d *Demands) PlanAs(ctx context.Context, r Request, id uuid.UUID, in PlanDemand) (Registered, error) {
	return begin(ctx, &d.supply, r, demandDecider(), id, "demand.plan", in.Site, in.At, in,
		func(ctx context.Context, call Call, _ uuid.UUID, book *policy.Book) (demand.Command, error) {
			if err := d.unit(ctx, in.Unit); err != nil {
				return nil, err
			}
			return demand.Plan{
				At: call.OccurredAt, Site: in.Site, Unit: in.Unit, For: in.For, Store: in.Store, Lines: in.Lines, By: r.Actor.Person, Book: book,
			}, nil
		})
}

// Replacements are the tools of a site that are gone. The read side answers them.
type Replacements interface {
	Head(ctx context.Context, stream string, revision int64) (int64, error)
	// ToReplace returns what replaces the tools lost or scrapped in a civil
	// month that no plan replaces yet, as of a log number, the tools, and how
	// many plans for the month there are.
	ToReplace(ctx context.Context, site, month string, asOf int64) (lines []demand.Line, tools []uuid.UUID, plans int, err error)
}

// PlanReplacements plans what replaces the tools lost or scrapped in a month.
type PlanReplacements struct {
	Site  string     `json:"site"` // code
	At    *time.Time `json:"at"`
	Unit  string     `json:"unit"`  // team id
	Month string     `json:"month"` // "2026-03"
	Part  int        `json:"part"`  // 1 for the first plan of the month
}

// PlanReplacements enters one plan for what a month has cost, so that it is
// bought together (CHK-02). The plan's id derives from site, month and part:
// of two who plan one part one does.
func (d *Demands) PlanReplacements(ctx context.Context, r Request, in PlanReplacements, gone Replacements) (Registered, error) {
	id := d.IDs.External("demand", in.Site, "replacements", in.Month+"/"+strconv.Itoa(in.Part))
	return begin(ctx, &d.supply, r, demandDecider(), id, "demand.plan_replacements", in.Site, in.At, in,
		func(ctx context.Context, call Call, _ uuid.UUID, book *policy.Book) (demand.Command, error) {
			if err := d.unit(ctx, in.Unit); err != nil {
				return nil, err
			}
			asOf, err := gone.Head(ctx, "", 0)
			if err != nil {
				return nil, fmt.Errorf("find number to plan as of: %w", err)
			}
			lines, tools, plans, err := gone.ToReplace(ctx, in.Site, in.Month, asOf)
			switch {
			case err != nil:
				return nil, err
			case plans != in.Part-1: // CHK-02: one plan after the other
				return nil, domain.Refuse("CHK-02", "demand.other_part", "month", in.Month, "part", plans+1)
			}
			return demand.Plan{
				At: call.OccurredAt, Site: in.Site, Unit: in.Unit, For: in.Month, Lines: lines, By: r.Actor.Person, Book: book,
				Replacing: &demand.Replacing{Month: in.Month, Part: in.Part, AsOf: asOf, Tools: tools},
			}, nil
		})
}

// ReviseDemand replaces the lines of a plan.
type ReviseDemand struct {
	At    *time.Time    `json:"at"`
	Lines []demand.Line `json:"lines"`
}

// Revise replaces the lines; approvals given before are void.
func (d *Demands) Revise(ctx context.Context, r Request, id uuid.UUID, in ReviseDemand) (Result, error) {
	return on(ctx, &d.supply, r, demandDecider(), "demand.revise", id, in.At, in,
		func(_ context.Context, call Call, book *policy.Book) (demand.Command, error) {
			return demand.Revise{At: call.OccurredAt, Lines: in.Lines, By: r.Actor.Person, Book: book}, nil
		})
}

// Approve is the actor's word for a plan as it stands.
func (d *Demands) Approve(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return on(ctx, &d.supply, r, demandDecider(), "demand.approve", id, at, timed{at},
		func(_ context.Context, call Call, _ *policy.Book) (demand.Command, error) {
			return demand.Approve{At: call.OccurredAt, By: signer(r)}, nil
		})
}

// Reasoned says why something is ended.
type Reasoned struct {
	At     *time.Time `json:"at"`
	Reason string     `json:"reason"` // no personal data
}

// Reject ends a plan that is not approved yet.
func (d *Demands) Reject(ctx context.Context, r Request, id uuid.UUID, in Reasoned) (Result, error) {
	return on(ctx, &d.supply, r, demandDecider(), "demand.reject", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (demand.Command, error) {
			return demand.Reject{At: call.OccurredAt, By: signer(r), Reason: in.Reason}, nil
		})
}
