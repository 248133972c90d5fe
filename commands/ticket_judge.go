package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// rejudge has a ticket judged again by its facts, as part of the command call
// (SLA-05). Asked again it changes nothing.
func rejudge(ctx context.Context, x *Executor, policies *Policies, call Call, stream string, cause ticket.Cause) (Result, error) {
	correlation := call.Correlation
	if correlation == uuid.Nil {
		correlation = call.ID
	}
	call.Correlation, call.Causation, call.Expected = correlation, call.ID, nil
	call.ID, call.Type = uuid.NewSHA1(call.ID, []byte("rejudge")), "ticket.rejudge"
	res, err := Execute(ctx, x, ticketDecider(), stream, Step[ticket.Command]{
		Call: call,
		Make: func(ctx context.Context, s Stream) (ticket.Command, error) {
			book, err := policies.Book(ctx, s.Site)
			return ticket.Rejudge{At: call.OccurredAt, Cause: cause, Book: book}, err
		},
	})
	if err != nil {
		return res, fmt.Errorf("judge %s again: %w", stream, err)
	}
	return res, nil
}

// Versions chooses the policy versions to judge by; nil is what is in force now.
type Versions struct {
	SLA      *domain.PolicyRef
	Calendar *domain.PolicyRef
}

// JudgeUnder returns what each clock of a ticket would count for now under
// chosen policy versions, beside what is on record (SLA-10). Nothing is recorded.
// Errors: ErrNotFound, and a *domain.RuleError for a version that there is not.
func (t *Tickets) JudgeUnder(ctx context.Context, r Request, id uuid.UUID, v Versions) ([]ticket.Case, error) {
	stream := StreamOf("ticket", id)
	stored, err := t.Store.ReadStream(ctx, stream, 0)
	if errors.Is(err, ErrStreamNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read ticket %s: %w", id, err)
	}
	f, err := foldAll(ticketDecider(), stored)
	if err != nil {
		return nil, err
	}
	if !r.sees(f.site) {
		return nil, ErrNotFound
	}
	events, err := TicketEvents(stored)
	if err != nil {
		return nil, err
	}
	book, err := t.policies.Book(ctx, f.site)
	if err != nil {
		return nil, err
	}
	return ticket.CasesUnder(events, book, v.SLA, v.Calendar, t.Clock.Now())
}

// TicketEvents returns the events of a ticket's stream, or of its beginning, by
// revision; nil for those that are struck or a strike (AUD-02).
func TicketEvents(stored []eventschemas.Recorded) ([]ticket.Event, error) {
	out := make([]ticket.Event, len(stored))
	for i, e := range stored {
		ev, err := eventschemas.Decode(e.Type, e.Data)
		if err != nil {
			return nil, fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
		}
		switch ev := ev.(type) {
		case record.Struck:
			if ev.Revision < uint64(i) {
				out[ev.Revision] = nil
			}
		case ticket.Event:
			out[i] = ev
		}
	}
	return out, nil
}
