package readside

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// Escalator takes a step of escalation: commands.Tickets.
type Escalator interface {
	EscalateIfDue(ctx context.Context, r commands.Request, id uuid.UUID, in commands.EscalateTicket) (commands.Result, error)
}

// Steps returns the read model of the steps of escalation (SLA-08).
func (s *Side) Steps(by Escalator) timer.Steps {
	return stepsOf[ticket.Row]{
		Side: s, model: s.tickets, projection: ticket.Name, column: ticket.StepOrder, due: ticket.StepDue, ahead: ticket.StepAhead,
		at: func(r ticket.Row) *time.Time { return r.NextStepAt },
		steps: func(id uuid.UUID, r ticket.Row, until time.Time) []timer.Step {
			var out []timer.Step
			for _, step := range r.Steps(until) {
				out = append(out, timer.Step{
					Of: id, At: step.At.Time,
					Name: fmt.Sprintf("%s/%d/%d", step.Target, step.StartedBy, step.Percent),
					Take: func(ctx context.Context, r commands.Request) (commands.Result, error) {
						return by.EscalateIfDue(ctx, r, id, commands.EscalateTicket{Target: step.Target, Percent: step.Percent})
					},
				})
			}
			return out
		},
	}
}

// Chaser asks for a lent tool: commands.Tools.
type Chaser interface {
	ChaseIfDue(ctx context.Context, r commands.Request, id uuid.UUID, in commands.ChaseTool) (commands.Result, error)
}

// Chases returns the read model of the steps of asking for lent tools (TOL-09).
func (s *Side) Chases(by Chaser) timer.Steps {
	return stepsOf[custody.Row]{
		Side: s, model: s.tools, projection: custody.Name, column: custody.ChaseOrder, due: custody.ChaseDue, ahead: custody.ChaseAhead,
		at: func(r custody.Row) *time.Time { return r.NextChaseAt },
		steps: func(id uuid.UUID, r custody.Row, until time.Time) []timer.Step {
			var out []timer.Step
			for i, chase := range r.Chases {
				if i < r.Chased || chase.At.After(until) || r.Until == nil {
					continue
				}
				due := domain.At(*r.Until)
				out = append(out, timer.Step{
					Of: id, Name: strconv.FormatInt(due.UnixMilli(), 10) + "/" + strconv.Itoa(i), At: chase.At.Time,
					Take: func(ctx context.Context, r commands.Request) (commands.Result, error) {
						return by.ChaseIfDue(ctx, r, id, commands.ChaseTool{Due: due, Step: i})
					},
				})
			}
			return out
		},
	}
}

// stepsOf are the steps of the rows of a model.
type stepsOf[R any] struct {
	*Side
	model              *readmodel.Reader[R]
	projection         string
	column, due, ahead string                                                  // where a row's next step stands, and its conditions on $1
	at                 func(R) *time.Time                                      // what column holds
	steps              func(id uuid.UUID, row R, until time.Time) []timer.Step // that are due by then
}

// Due returns what is due now: of the present rows, whatever their site.
func (s stepsOf[R]) Due(ctx context.Context, by time.Time, after *timer.Place, limit int) ([]timer.Step, *timer.Place, error) {
	lq := s.query(s.due, by, limit)
	if after != nil {
		lq.After = []any{after.At, after.Of}
	}
	rows, err := s.model.List(ctx, s.Pool, s.Manager.Schema(s.projection), lq)
	if err != nil {
		return nil, nil, err
	}
	var out []timer.Step
	var last *timer.Place
	for _, r := range rows {
		out = append(out, s.steps(r.ID, r.Row, by)...)
		last = &timer.Place{At: *s.at(r.Row), Of: r.ID}
	}
	if len(rows) < limit {
		last = nil
	}
	return out, last, nil
}

// Next returns when the next row has a step to be taken.
func (s stepsOf[R]) Next(ctx context.Context, after time.Time) (time.Time, bool, error) {
	rows, err := s.model.List(ctx, s.Pool, s.Manager.Schema(s.projection), s.query(s.ahead, after, 1))
	if err != nil || len(rows) == 0 {
		return time.Time{}, false, err
	}
	return *s.at(rows[0].Row), true, nil
}

func (s stepsOf[R]) query(where string, at time.Time, limit int) readmodel.ListQuery {
	return readmodel.ListQuery{Where: where, Args: []any{at}, Order: []readmodel.Order{{By: s.column}}, Limit: limit}
}

// CaughtUp reports whether the read models stand at the end of the log.
func (s stepsOf[R]) CaughtUp() bool { return s.Manager.CaughtUp() }

// Changed tells of the next page of events.
func (s stepsOf[R]) Changed() <-chan struct{} { return s.Manager.Changed() }
