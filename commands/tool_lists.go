package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/recall"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func recallDecider() Decider[recall.State, recall.Command, recall.Event] {
	return Decider[recall.State, recall.Command, recall.Event]{
		Name: "recall", Version: "recall/1", Decide: recall.Decide,
		Evolve: func(s recall.State, _ uint64, e recall.Event) recall.State { return recall.Evolve(s, e) },
	}
}

func annualDecider() Decider[annual.State, annual.Command, annual.Event] {
	return Decider[annual.State, annual.Command, annual.Event]{
		Name: "annual", Version: "annual/1", Decide: annual.Decide,
		Evolve: func(s annual.State, _ uint64, e annual.Event) annual.State { return annual.Evolve(s, e) },
	}
}

// Recalls are the use cases of quality trouble (TOL-12).
type Recalls struct {
	*useCases
	sites *Sites
}

// ReportRecall reports quality trouble of one tool, or of a kind or batch.
type ReportRecall struct {
	Site   string `json:"site"` // code
	Tool   string `json:"tool"` // id; "" for a batch
	Kind   string `json:"kind"`
	Batch  string `json:"batch"`
	Report string `json:"report"` // no personal data
}

// Report reports quality trouble; the actor signs. What follows for the tools
// is the process manager's. Errors are those of Execute and ErrNotFound.
func (c *Recalls) Report(ctx context.Context, r Request, in ReportRecall) (Registered, error) {
	call, err := c.call(r, "recall.report", "", nil, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = in.Site
	id := c.IDs.Aggregate("recall", call.ID)
	res, err := Execute(ctx, c.x, recallDecider(), StreamOf("recall", id), Step[recall.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (recall.Command, error) {
			_, err := c.sites.find(ctx, in.Site)
			return recall.Report{Reported: recall.Reported{
				At: call.OccurredAt, Site: in.Site, By: r.Actor.Person, Tool: in.Tool, Kind: in.Kind, Batch: in.Batch, Report: in.Report,
			}}, err
		},
	})
	return Registered{Result: res, ID: id}, err
}

// Close says what the cause was; the actor signs.
func (c *Recalls) Close(ctx context.Context, r Request, id uuid.UUID, finding string) (Result, error) {
	return c.on(ctx, r, "recall.close", id, finding, func(at domain.Instant) recall.Command {
		return recall.Close{Closed: recall.Closed{At: at, By: r.Actor.Person, Finding: finding}}
	})
}

// Record keeps what became of some of the tools.
func (c *Recalls) Record(ctx context.Context, r Request, id uuid.UUID, part int, decisions []tool.Decision) (Result, error) {
	return c.on(ctx, r, "recall.record", id, decisions, func(at domain.Instant) recall.Command {
		return recall.Record{Decided: recall.Decided{At: at, Part: part, Decisions: decisions}}
	})
}

func (c *Recalls) on(ctx context.Context, r Request, operation string, id uuid.UUID, in any, build func(domain.Instant) recall.Command) (Result, error) {
	call, err := c.call(r, operation, id.String(), nil, in)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, c.x, recallDecider(), StreamOf("recall", id), existing(r, call, func(context.Context, Stream) (recall.Command, error) {
		return build(call.OccurredAt), nil
	}))
}

// AnnualIssues are the use cases of the annual issue (TOL-13).
type AnnualIssues struct {
	*useCases
	sites *Sites
}

// ListAnnualIssue enters a list for a site and year.
type ListAnnualIssue struct {
	Site string       `json:"site"` // code
	Year int          `json:"year"`
	List string       `json:"list"` // its name
	Rows []annual.Row `json:"rows"`
}

// annualStream is the stream of a site's annual issue.
func annualStream(site string, year int) string {
	return fmt.Sprintf("fl.annual-issue-%s-%d", site, year)
}

// List enters a list; the actor signs. Errors are those of Execute and ErrNotFound.
func (a *AnnualIssues) List(ctx context.Context, r Request, in ListAnnualIssue) (Result, error) {
	return a.on(ctx, r, "annual.list", in.Site, in.Year, in, func(ctx context.Context, at domain.Instant) (annual.Command, error) {
		site, err := a.sites.find(ctx, in.Site)
		if err != nil {
			return nil, err
		}
		zone, err := calendar.LoadZone(site.Zone)
		if err != nil {
			return nil, fmt.Errorf("zone of site %s: %w", in.Site, err)
		}
		if now := at.In(zone).Year(); in.Year < now-1 || in.Year > now+1 {
			return nil, domain.Invalid("/year", "TOL-13", "annual.year", "year", in.Year)
		}
		for i, row := range in.Rows {
			if p := personOf(row.To); p != "" {
				if err := a.known(ctx, p, domain.Invalid(fmt.Sprintf("/rows/%d/to/who", i), "ORG-01", "tool.person_unknown")); err != nil {
					return nil, err
				}
			}
		}
		return annual.List{Listed: annual.Listed{At: at, Site: in.Site, Year: in.Year, List: in.List, By: r.Actor.Person, Rows: in.Rows}}, nil
	})
}

// Approve sets a list going; the actor signs.
func (a *AnnualIssues) Approve(ctx context.Context, r Request, site string, year int, list string) (Result, error) {
	return a.on(ctx, r, "annual.approve", site, year, list, func(_ context.Context, at domain.Instant) (annual.Command, error) {
		return annual.Approve{Approved: annual.Approved{At: at, List: list, By: r.Actor.Person}}, nil
	})
}

// Record keeps what became of some of a list's tools.
func (a *AnnualIssues) Record(ctx context.Context, r Request, site string, year int, part annual.Decided) (Result, error) {
	return a.on(ctx, r, "annual.record", site, year, part, func(_ context.Context, at domain.Instant) (annual.Command, error) {
		part.At = at
		return annual.Record{Decided: part}, nil
	})
}

// Of returns the annual issue whose stream this is.
func (a *AnnualIssues) Of(ctx context.Context, stream string) (annual.State, error) {
	return Current(ctx, a.x, annualDecider(), stream)
}

func (a *AnnualIssues) on(ctx context.Context, r Request, operation, site string, year int, in any,
	build func(ctx context.Context, at domain.Instant) (annual.Command, error),
) (Result, error) {
	stream := annualStream(site, year)
	r.Key += "\x00" + stream // one key for two years is two commands, on two streams
	call, err := a.call(r, operation, stream, nil, in)
	if err != nil {
		return Result{}, err
	}
	if !r.sees(site) {
		return Result{}, ErrNotFound
	}
	call.Site = site
	return Execute(ctx, a.x, annualDecider(), stream, Step[annual.Command]{Call: call, Make: func(ctx context.Context, _ Stream) (annual.Command, error) {
		return build(ctx, call.OccurredAt)
	}})
}

// DecisionOf is what a command to a tool of a list came to; an error means
// that it is not known, and the same command settles it.
func DecisionOf(d tool.Decision, res Result, err error) (tool.Decision, error) {
	rule, refused := errors.AsType[*domain.RuleError](err)
	invalid, faulty := errors.AsType[*domain.InvalidError](err)
	switch {
	case refused:
		d.Result, d.Rule = tool.Declined, rule.Rule
	case faulty:
		d.Result, d.Rule = tool.Declined, invalid.Rule
	case errors.Is(err, ErrNotFound):
		d.Result = tool.Declined
	case err != nil:
		return d, err
	case res.Changed:
		d.Result = tool.Done
	default:
		d.Result = tool.AlreadySo
	}
	return d, nil
}

// ReportToolFault says that a tool is damaged (TOL-11).
type ReportToolFault struct {
	At   *time.Time `json:"at"`
	Note string     `json:"note"` // no personal data
}

// ReportFault takes a damaged tool out of use; the actor reports it.
func (t *Tools) ReportFault(ctx context.Context, r Request, id uuid.UUID, in ReportToolFault) (Result, error) {
	return t.on(ctx, r, "tool.report_fault", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.ReportFault{At: now.At, By: r.Actor.Person, Note: in.Note}
	})
}

// PlanToolRepair says who is to repair a tool (TOL-11).
type PlanToolRepair struct {
	At          *time.Time `json:"at"`
	Repairer    string     `json:"repairer"` // code
	EstimateFen int64      `json:"estimate_fen"`
}

// PlanRepair plans a repair; the actor plans it.
func (t *Tools) PlanRepair(ctx context.Context, r Request, id uuid.UUID, in PlanToolRepair) (Result, error) {
	return t.on(ctx, r, "tool.plan_repair", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.PlanRepair{At: now.At, By: r.Actor.Person, Repairer: in.Repairer, EstimateFen: in.EstimateFen}
	})
}

// ApproveToolRepair agrees to a plan for the amount that was seen (TOL-11).
type ApproveToolRepair struct {
	At          *time.Time `json:"at"`
	EstimateFen int64      `json:"estimate_fen"`
}

// ApproveRepair agrees to the plan; the actor approves it.
func (t *Tools) ApproveRepair(ctx context.Context, r Request, id uuid.UUID, in ApproveToolRepair) (Result, error) {
	return t.on(ctx, r, "tool.approve_repair", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.ApproveRepair{At: now.At, By: r.Actor.Person, EstimateFen: in.EstimateFen}
	})
}
