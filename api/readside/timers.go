package readside

import (
	"context"
	"time"

	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// Steps returns the read model of the steps of escalation (SLA-08).
func (s *Side) Steps() timer.Steps { return steps{s} }

type steps struct{ *Side }

// Due returns what is due now: of the present rows, whatever their site.
func (s steps) Due(ctx context.Context, by time.Time, after *timer.Place, limit int) ([]timer.Step, *timer.Place, error) {
	lq := stepQuery(ticket.StepDue, by, limit)
	if after != nil {
		lq.After = []any{after.At, after.Ticket}
	}
	rows, err := s.tickets.List(ctx, s.Pool, s.Manager.Schema(ticket.Name), lq)
	if err != nil {
		return nil, nil, err
	}
	var out []timer.Step
	var last *timer.Place
	for _, r := range rows {
		for _, step := range r.Row.Steps(by) {
			out = append(out, timer.Step{Ticket: r.ID, Target: step.Target, StartedBy: step.StartedBy, Percent: step.Percent, At: step.At.Time})
		}
		last = &timer.Place{At: *r.Row.NextStepAt, Ticket: r.ID}
	}
	if len(rows) < limit {
		last = nil
	}
	return out, last, nil
}

// Next returns when the next ticket has a step to be taken.
func (s steps) Next(ctx context.Context, after time.Time) (time.Time, bool, error) {
	rows, err := s.tickets.List(ctx, s.Pool, s.Manager.Schema(ticket.Name), stepQuery(ticket.StepAhead, after, 1))
	if err != nil || len(rows) == 0 {
		return time.Time{}, false, err
	}
	return *rows[0].Row.NextStepAt, true, nil
}

func stepQuery(where string, at time.Time, limit int) readmodel.ListQuery {
	return readmodel.ListQuery{Where: where, Args: []any{at}, Order: []readmodel.Order{{By: ticket.StepOrder}}, Limit: limit}
}

// CaughtUp reports whether the read models stand at the end of the log.
func (s steps) CaughtUp() bool { return s.Manager.CaughtUp() }

// Changed tells of the next page of events.
func (s steps) Changed() <-chan struct{} { return s.Manager.Changed() }
