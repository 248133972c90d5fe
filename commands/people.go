package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/person"
)

func personDecider() Decider[person.State, person.Command, person.Event] {
	return Decider[person.State, person.Command, person.Event]{
		Name: "person", Version: "person/1", Decide: person.Decide,
		Evolve: func(s person.State, _ uint64, e person.Event) person.State { return person.Evolve(s, e) },
	}
}

// People are the use cases of persons: technicians, clerks and all others who act.
type People struct {
	*useCases
	claims *claims
	cards  *cards
}

// RegisterPerson enters a person under a site's own key, such as the employee number.
type RegisterPerson struct {
	Site     string             `json:"site"`
	External domain.ExternalKey `json:"external"` // the natural key; one person each
	Name     string             `json:"name"`     // sealed before anything is stored
	Phone    string             `json:"phone"`
	Team     uuid.UUID          `json:"team"`
	Roles    []string           `json:"roles"`
}

// Register enters a person. Two persons under one key are refused.
func (p *People) Register(ctx context.Context, r Request, in RegisterPerson) (Registered, error) {
	call, err := p.call(r, "person.register", "", nil, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = in.Site
	return p.register(ctx, call, p.IDs.Aggregate("person", call.ID), in)
}

func (p *People) register(ctx context.Context, call Call, id uuid.UUID, in RegisterPerson) (Registered, error) {
	if err := p.claims.claim(ctx, call, "person", in.External, id); err != nil {
		return Registered{}, err
	}
	res, err := Execute(ctx, p.x, personDecider(), StreamOf("person", id), Step[person.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (person.Command, error) {
			s := sealer{ctx: ctx, vault: p.Vault, subject: id}
			c := person.Register{
				At: call.OccurredAt, Name: s.seal(FieldName, in.Name), Phone: s.seal(FieldPhone, in.Phone),
				Team: in.Team, Roles: in.Roles, External: []domain.ExternalKey{in.External},
			}
			return c, s.err
		},
	})
	return Registered{Result: res, ID: id}, err
}

func (p *People) importOne(ctx context.Context, r Request, site string, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error) {
	in := RegisterPerson{Site: site, External: key, Name: name, Roles: []string{}}
	r.Key = key.System + "\x00" + key.Key
	call, err := p.call(r, "person.import", site, &at, in)
	if err != nil {
		return uuid.Nil, err
	}
	call.Site = site
	reg, err := p.register(ctx, call, p.IDs.External("person", site, key.System, key.Key), in)
	return reg.ID, err
}

// known answers unknown for a person who is not registered: four eyes are two
// persons (ORG-01).
func (u *useCases) known(ctx context.Context, person string, unknown error) error {
	id, err := uuid.Parse(person)
	if err != nil {
		return unknown
	}
	st, err := Current(ctx, u.x, personDecider(), StreamOf("person", id))
	switch {
	case err != nil:
		return fmt.Errorf("find person %s: %w", id, err)
	case !st.Exists:
		return unknown
	}
	return nil
}
