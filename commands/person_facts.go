package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// PostPerson gives a person the posts held from an instant on.
type PostPerson struct {
	At    *time.Time `json:"at"`
	Posts []string   `json:"posts"` // codes
	Since time.Time  `json:"since"`
}

// Post records which posts a person holds from an instant on (ORG-04).
func (p *People) Post(ctx context.Context, r Request, id uuid.UUID, in PostPerson) (Result, error) {
	return p.on(ctx, r, "person.post", id, in.At, in, func(_ context.Context, call Call, _ Stream) (person.Command, error) {
		return person.Post{At: call.OccurredAt, Posts: in.Posts, Since: domain.At(in.Since)}, nil
	})
}

// MovePerson says in which team a person is from an instant on.
type MovePerson struct {
	At    *time.Time `json:"at"`
	Team  uuid.UUID  `json:"team"` // zero for none
	Since time.Time  `json:"since"`
}

// ChangeTeam records in which team a person is from an instant on (ORG-04).
func (p *People) ChangeTeam(ctx context.Context, r Request, id uuid.UUID, in MovePerson) (Result, error) {
	return p.on(ctx, r, "person.change_team", id, in.At, in, func(ctx context.Context, call Call, _ Stream) (person.Command, error) {
		if in.Team != uuid.Nil {
			st, err := Current(ctx, p.x, teamDecider(), StreamOf("team", in.Team))
			if err != nil {
				return nil, err
			}
			if st.Code == "" {
				return nil, domain.Invalid("/team", "ORG-04", "person.team_unknown")
			}
		}
		return person.ChangeTeam{At: call.OccurredAt, Team: in.Team, Since: domain.At(in.Since)}, nil
	})
}

// Leave marks a person as left. The tool card is closed first: with open
// custody that is refused and names what is open (TOL-07).
func (p *People) Leave(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return p.on(ctx, r, "person.leave", id, at, timed{at}, func(ctx context.Context, call Call, s Stream) (person.Command, error) {
		c := person.Leave{At: call.OccurredAt}
		st, err := Current(ctx, p.x, personDecider(), StreamOf("person", id))
		if err != nil {
			return nil, err
		}
		if events, err := person.Decide(st, c); err != nil || len(events) == 0 {
			return c, err
		}
		call.Site = s.Site
		return c, p.cards.closeFor(ctx, call, tool.Holder{Kind: tool.Person, Who: id.String()})
	})
}

func (p *People) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(ctx context.Context, call Call, s Stream) (person.Command, error),
) (Result, error) {
	call, err := p.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, p.x, personDecider(), StreamOf("person", id), existing(r, call, func(ctx context.Context, s Stream) (person.Command, error) {
		return build(ctx, call, s)
	}))
}
