package commands

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Strikes are the use cases that take a recorded fact back (AUD-02).
type Strikes struct {
	*useCases
	policies *Policies
	cards    *cards
}

// StrikeEvent names the event to strike by its revision.
type StrikeEvent struct {
	Revision     uint64 `json:"revision"`
	Reason       string `json:"reason"`
	SecondPerson string `json:"second_person"` // person id; not the actor
}

// Strike strikes an event of an aggregate's stream, and what the same command
// decided after it; a ticket is then judged again by what is left (SLA-05).
// Errors are those of Execute and ErrNotFound.
func (s *Strikes) Strike(ctx context.Context, r Request, category string, id uuid.UUID, in StrikeEvent) (Result, error) {
	return s.strike(ctx, r, category, id, in, func(context.Context) error { return nil })
}

// strike is Strike; confirm is asked before anything is decided.
func (s *Strikes) strike(
	ctx context.Context, r Request, category string, id uuid.UUID, in StrikeEvent, confirm func(context.Context) error,
) (Result, error) {
	stream := StreamOf(category, id)
	call, err := s.call(r, "record.strike", stream, nil, in)
	if err != nil {
		return Result{}, err
	}
	step := existing(r, call, func(ctx context.Context, _ Stream) (record.Strike, error) {
		if err := s.known(ctx, in.SecondPerson, domain.Invalid("/second_person", "AUD-02", "record.second_person_unknown")); err != nil {
			return record.Strike{}, err
		}
		c := record.Strike{Revision: in.Revision, Reason: in.Reason, SecondPerson: in.SecondPerson, Actor: call.Actor.Person}
		if err := confirm(ctx); err != nil || category != "tool" {
			return c, err
		}
		return c, s.enter(ctx, call, id, c)
	})
	res, err := Execute(ctx, s.x, strikeDecider(), stream, step)
	s.x.cache.Remove(cacheKey(category, stream)) // its fold is another one now
	if err != nil || category != "ticket" {
		return res, err
	}
	again, err := rejudge(ctx, s.x, s.policies, call, stream, ticket.CauseStrike)
	if again.Changed {
		res.Events, res.Revision = res.Events+again.Events, again.Revision
	}
	return res, err
}

// strikeDecider decides strikes in a stream of any aggregate.
func strikeDecider() Decider[[]record.Meta, record.Strike, any] {
	return Decider[[]record.Meta, record.Strike, any]{
		Name: "record", Version: "record/1", Raw: true,
		Decide: func(s []record.Meta, c record.Strike) ([]any, error) {
			struck, err := record.DecideStrike(s, c)
			out := make([]any, len(struck))
			for i, e := range struck {
				out[i] = e
			}
			return out, err
		},
		Evolve: evolveMetas,
	}
}

func evolveMetas(s []record.Meta, _ uint64, e any) []record.Meta {
	raw, ok := e.(rawEvent)
	if !ok { // decided just now; the next fold reads it
		return s
	}
	if strike, ok := raw.event.(record.Struck); ok {
		for i := range s {
			s[i].Struck = s[i].Struck || s[i].Revision == strike.Revision
		}
	}
	of, ok := raw.event.(ticket.Event)
	m := record.Meta{
		Revision: raw.Revision, EventID: raw.ID, Type: raw.Type, Command: commandOf(raw), Follows: ok && ticket.Follows(of), TiedTo: tied(of),
	}
	if _, ok := raw.event.(tool.Event); ok {
		m.Follows = sameCommand(s, m.Command)
		m.HalfElsewhere = tool.OfExchange(raw.event)
	}
	return append(s, m)
}

func tied(e ticket.Event) []uint64 {
	if e == nil {
		return nil
	}
	return ticket.TiedTo(e)
}
