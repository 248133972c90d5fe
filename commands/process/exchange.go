package process

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Exchange carries an exchange of old for new over the streams of its tools:
// it keeps both when a replacement is chosen, settles both when it is
// completed, releases them when it comes to nothing, and sends a tool that can
// be repaired to the repairer (EXC-02, EXC-06). What follows is in the event.
type Exchange struct {
	Commands *commands.Exchanges
}

// Name is "exchange".
func (Exchange) Name() string { return "exchange" }

// Inputs are the events of exchanges that tools follow.
func (Exchange) Inputs() []string {
	return []string{
		"exchange.inspected.v1", "exchange.replacement_chosen.v1", "exchange.reservation_failed.v1", "exchange.completed.v1", "exchange.withdrawn.v1",
	}
}

// React acts at once on what has steps.
func (m Exchange) React(e eventschemas.Record) (time.Time, bool) {
	return e.Envelope.RecordedAt.Time, len(m.steps(e)) > 0
}

// steps are the streams that follow an event, in order: the tools, and then
// the exchange, which asks them.
func (m Exchange) steps(e eventschemas.Record) []uuid.UUID {
	var out []uuid.UUID
	switch c := e.Event.(type) {
	case exchange.Inspected:
		if c.Outcome == exchange.Repairable {
			out = append(out, c.Tool)
		}
	case exchange.ReplacementChosen:
		if c.Old != nil {
			out = append(out, *c.Old)
		}
		out = append(out, c.New.Tool, m.exchange(e))
	case exchange.ReservationFailed:
		out = c.Tools
	case exchange.Withdrawn:
		out = c.Tools
	case exchange.Completed:
		for _, move := range c.Moves {
			out = append(out, move.Tool)
		}
		out = append(out, m.exchange(e))
	}
	return out
}

func (Exchange) exchange(e eventschemas.Record) uuid.UUID {
	id, err := uuid.Parse(e.Stream[len("fl.exchange-"):])
	if err != nil {
		return uuid.Nil // the commands name no stream otherwise
	}
	return id
}

// Steps are those after one; nothing is asked.
func (m Exchange) Steps(_ context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	steps := m.steps(t.Event)
	if after != uuid.Nil {
		steps = steps[slices.Index(steps, after)+1:]
	}
	return steps[:min(limit, len(steps))], nil
}

// Send sends what an event asks of a tool or of the exchange.
func (m Exchange) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	of := m.exchange(t.Event)
	switch e := t.Event.Event.(type) {
	case exchange.Inspected:
		return m.Commands.RepairTool(ctx, r, of, e)
	case exchange.ReplacementChosen:
		if step == of {
			return m.Commands.Reserve(ctx, r, of, e.At.Time)
		}
		return m.Commands.KeepTool(ctx, r, step, of, e.At.Time)
	case exchange.ReservationFailed:
		return m.Commands.ReleaseTool(ctx, r, step, of, e.At.Time)
	case exchange.Withdrawn:
		return m.Commands.ReleaseTool(ctx, r, step, of, e.At.Time)
	case exchange.Completed:
		if step == of {
			return m.Commands.Settle(ctx, r, of, e.At.Time)
		}
		return m.Commands.SettleTool(ctx, r, step, of, e.At.Time)
	}
	return commands.Result{}, fmt.Errorf("process manager exchange: nothing follows from %s", t.Event.Type)
}
