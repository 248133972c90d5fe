package process

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/process"
)

// act does the next batch of a task.
func (r *Runner) act(ctx context.Context, t process.Task) error {
	if t.AsOf == 0 {
		return r.begin(ctx, t)
	}
	if r.task.AsOf != t.AsOf || r.task.Event.ID != t.Input.EventID {
		e, err := r.event(ctx, t.Input)
		if err != nil {
			return err
		}
		r.task = Task{Event: e, AsOf: t.AsOf}
	}
	call, cancel := context.WithTimeout(ctx, r.o.Limit)
	defer cancel()
	steps, err := r.o.Manager.Steps(call, r.task, t.Last, r.o.Batch)
	if err != nil {
		return fmt.Errorf("find what follows from event %d: %w", t.Input.Number, err)
	}
	if err := r.own(ctx); err != nil { // nothing is sent by who does not run the manager
		return err
	}
	rec := process.Recorded{Input: t.Input.EventID, From: t.Done, Outcomes: []process.Outcome{}, Complete: len(steps) < r.o.Batch}
	for _, step := range steps {
		o, err := r.send(ctx, step)
		if err != nil {
			return err
		}
		rec.Outcomes = append(rec.Outcomes, o)
	}
	rec.At = r.now()
	err = r.keep(ctx, "process.record", t.Input.EventID.String()+"/"+strconv.Itoa(t.Done), func(epoch int64) process.Command {
		return process.Record{Epoch: epoch, Recorded: rec}
	})
	if err == nil {
		r.count(rec.Outcomes)
		r.log.InfoContext(ctx, "process manager acted", "event", t.Input.Number, "done", t.Done+len(steps), "complete", rec.Complete)
	}
	return err
}

// count adds what became of a batch to the status.
func (r *Runner) count(outcomes []process.Outcome) {
	r.note(func(st *Status) {
		for _, o := range outcomes {
			switch o.Result {
			case process.Accepted:
				st.Accepted++
			case process.Refused:
				st.Refused++
			case process.NoOp:
				st.NoOp++
			}
		}
	})
}

// begin fixes the number as of which the read models are asked: that of the
// event, or for one that had to wait the head of the log now.
func (r *Runner) begin(ctx context.Context, t process.Task) error {
	asOf := t.Input.Number
	if e, err := r.event(ctx, t.Input); err != nil {
		return err
	} else if t.ActAt.After(e.Envelope.RecordedAt.Time) {
		head, caughtUp := r.o.Inbox.Head()
		if !caughtUp {
			return errors.New("the read models are not at the end of the log yet")
		}
		asOf = max(asOf, head)
	}
	return r.keep(ctx, "process.begin", t.Input.EventID.String(), func(epoch int64) process.Command {
		return process.Begin{Epoch: epoch, Begun: process.Begun{At: r.now(), Input: t.Input.EventID, AsOf: asOf}}
	})
}

// send sends the command of a step. An error means that its outcome is not
// known: the same command settles it.
func (r *Runner) send(ctx context.Context, step uuid.UUID) (process.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Limit)
	defer cancel()
	e := r.task.Event
	req := commands.Request{
		Actor: r.actor(), Key: e.ID.String() + "/" + step.String(), Correlation: e.Envelope.Correlation, Causation: e.ID,
	}
	res, err := r.o.Manager.Send(ctx, req, r.task, step)
	rule, refused := errors.AsType[*domain.RuleError](err)
	invalid, faulty := errors.AsType[*domain.InvalidError](err)
	switch {
	case refused:
		return process.Outcome{Step: step, Result: process.Refused, Rule: rule.Rule}, nil
	case faulty:
		return process.Outcome{Step: step, Result: process.Refused, Rule: invalid.Rule}, nil
	case errors.Is(err, commands.ErrNotFound):
		return process.Outcome{Step: step, Result: process.Refused}, nil
	case err != nil:
		return process.Outcome{}, fmt.Errorf("command of process manager %s for %s: %w", r.o.Manager.Name(), step, err)
	case res.Changed:
		return process.Outcome{Step: step, Result: process.Accepted}, nil
	}
	return process.Outcome{Step: step, Result: process.NoOp}, nil
}
