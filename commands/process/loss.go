package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Loss leads a loss from stream to stream (ADR 0023): the report of a missing
// tool, or the human fault that an exchange found, opens it, its approval enters the shares in the accounts, its end or the
// tool that is found again cancels them (EXC-04, LOS-01, LOS-08, LOS-09, LOS-11).
type Loss struct {
	Losses   *commands.Losses
	Accounts *commands.Deductions
	Streams  commands.StreamReader
	IDs      commands.IDs
}

// uuidLength is that of an id at the end of a stream's name.
const uuidLength = 36

// Name is "loss".
func (Loss) Name() string { return "loss" }

// Inputs are reports and findings of tools, faults, approvals and ends of losses.
func (Loss) Inputs() []string {
	return []string{"tool.reported_missing.v1", "tool.found.v1", "exchange.fault_found.v1", "loss.approved.v1", "loss.ended.v1"}
}

// React acts at once on all but a loss that ended before anybody owed anything.
func (Loss) React(e eventschemas.Record) (time.Time, bool) {
	at := e.Envelope.RecordedAt.Time
	switch ev := e.Event.(type) {
	case tool.ReportedMissing, tool.Found, exchange.FaultFound, loss.AmountApproved:
		return at, true
	case loss.Ended:
		return at, len(ev.Persons) > 0
	}
	return time.Time{}, false
}

// Steps are the loss that a report begins or a finding ends, or the persons
// whose accounts follow, in the order of the event.
func (m Loss) Steps(ctx context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	all, err := m.all(ctx, t.Event)
	if err != nil {
		return nil, err
	}
	all = all[slices.Index(all, after)+1:]
	return all[:min(limit, len(all))], nil
}

func (m Loss) all(ctx context.Context, e eventschemas.Record) ([]uuid.UUID, error) {
	switch ev := e.Event.(type) {
	case tool.ReportedMissing, exchange.FaultFound:
		return []uuid.UUID{m.IDs.Loss(e.ID)}, nil
	case tool.Found:
		report, err := m.reportBefore(ctx, e)
		if err != nil || report == uuid.Nil {
			return nil, err
		}
		return []uuid.UUID{m.IDs.Loss(report)}, nil
	case loss.AmountApproved:
		persons := make([]string, len(ev.Shares))
		for i, s := range ev.Shares {
			persons[i] = s.Person
		}
		return ids(persons)
	case loss.Ended:
		return ids(ev.Persons)
	}
	return nil, fmt.Errorf("process manager loss does not act on %s", e.Type)
}

func ids(persons []string) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, len(persons))
	for i, p := range persons {
		id, err := uuid.Parse(p)
		if err != nil {
			return nil, fmt.Errorf("person %d of a loss: %w", i, err)
		}
		out[i] = id
	}
	return out, nil
}

// reportBefore returns the id of the last report before a tool was found that
// was not struck by then, the zero id for none. What is before an event of a stream never changes.
func (m Loss) reportBefore(ctx context.Context, found eventschemas.Record) (uuid.UUID, error) {
	stored, err := m.Streams.ReadStream(ctx, found.Stream, 0)
	if err != nil {
		return uuid.Nil, fmt.Errorf("read %s: %w", found.Stream, err)
	}
	struck := map[uint64]bool{}
	for _, e := range slices.Backward(stored[:min(uint64(len(stored)), found.Revision)]) {
		if strings.HasPrefix(e.Type, "record.struck.") {
			rec, err := eventschemas.NewRecord(e, 0)
			if err != nil {
				return uuid.Nil, fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
			}
			if strike, ok := rec.Event.(record.Struck); ok {
				struck[strike.Revision] = true
			}
		}
		if e.Type == "tool.reported_missing.v1" && !struck[e.Revision] {
			return e.ID, nil
		}
	}
	return uuid.Nil, nil
}

// Send sends the command of one step.
func (m Loss) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	e := t.Event
	id, err := uuid.Parse(e.Stream[max(0, len(e.Stream)-uuidLength):])
	if err != nil {
		return commands.Result{}, fmt.Errorf("id of %s: %w", e.Stream, err)
	}
	switch ev := e.Event.(type) {
	case tool.ReportedMissing:
		return m.Losses.Open(ctx, r, commands.OpenLoss{Tool: id, Revision: e.Revision})
	case exchange.FaultFound:
		return m.Losses.OpenFault(ctx, r, commands.OpenFault{Exchange: id, Revision: e.Revision})
	case tool.Found:
		return m.Losses.FindAgain(ctx, r, step, ev.At.Time)
	case loss.AmountApproved:
		i := slices.IndexFunc(ev.Shares, func(s loss.Share) bool { return s.Person == step.String() })
		if i < 0 {
			return commands.Result{}, errors.New("a step is a person of the loss")
		}
		return m.Accounts.Enter(ctx, r, ev.At.Time, commands.EnterDebt{
			Site: e.Envelope.Site, Person: step.String(), Loss: id, Number: ev.Number, AmountFen: ev.Shares[i].AmountFen,
		})
	case loss.Ended:
		return m.Accounts.Cancel(ctx, r, ev.At.Time, commands.CancelDebt{
			Site: e.Envelope.Site, Person: step.String(), Loss: id, How: deduction.How(ev.How), Refund: ev.Refund,
		})
	}
	return commands.Result{}, fmt.Errorf("process manager loss does not act on %s", e.Type)
}
