// Package tickettest writes streams of tickets for tests: commands are
// decided on the fold of what is there, facts are struck, and verdicts are
// given again, as the use cases do it. It knows no store.
package tickettest

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// Stream is the stream of one ticket. Not safe for concurrent use.
type Stream struct {
	Book   *policy.Book
	Events []any // by revision: a ticket.Event or a record.Struck
	Struck []bool
	State  ticket.State // the fold of what stands
}

// Do decides c and appends what it causes; the error is that of ticket.Decide.
func (s *Stream) Do(c ticket.Command) ([]ticket.Event, error) {
	events, err := ticket.Decide(s.State, c)
	if err != nil {
		return nil, err //nolint:wrapcheck // the test looks at it
	}
	for _, e := range events {
		s.State = ticket.EvolveAt(s.State, uint64(len(s.Events)), e)
		s.Events, s.Struck = append(s.Events, e), append(s.Struck, false)
	}
	return events, nil
}

// Strike strikes the fact at a revision and has the ticket judged again; the
// error is that of record.DecideStrike or ticket.Decide.
func (s *Stream) Strike(revision uint64) error {
	metas := make([]record.Meta, len(s.Events))
	for i, e := range s.Events {
		metas[i] = record.Meta{Revision: uint64(i), EventID: uuid.UUID{byte(i)}, Type: fmt.Sprintf("%T", e), Struck: s.Struck[i]}
		if e, ok := e.(ticket.Event); ok {
			metas[i].Follows, metas[i].TiedTo = ticket.Follows(e), ticket.TiedTo(e)
		} else {
			metas[i].Type = "record.struck.v1"
		}
	}
	struck, err := record.DecideStrike(metas, record.Strike{Revision: revision, Reason: "wrong", SecondPerson: "b", Actor: "a"})
	if err != nil {
		return err //nolint:wrapcheck // the test looks at it
	}
	for _, e := range struck {
		s.Struck[e.Revision] = true
		s.Events, s.Struck = append(s.Events, e), append(s.Struck, false)
	}
	s.State = ticket.State{}
	for i, e := range s.Standing() {
		s.State = ticket.EvolveAt(s.State, uint64(i), e)
	}
	_, err = s.Do(ticket.Rejudge{Cause: ticket.CauseStrike, Book: s.Book})
	return err
}

// Standing returns the events by revision, nil for those that are struck or a strike.
func (s *Stream) Standing() []ticket.Event {
	out := make([]ticket.Event, len(s.Events))
	for i, e := range s.Events {
		if e, ok := e.(ticket.Event); ok && !s.Struck[i] {
			out[i] = e
		}
	}
	return out
}
