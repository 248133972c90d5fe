package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/team"
)

func teamDecider() Decider[team.State, team.Command, team.Event] {
	return Decider[team.State, team.Command, team.Event]{
		Name: "team", Version: "team/1", Decide: team.Decide,
		Evolve: func(s team.State, _ uint64, e team.Event) team.State { return team.Evolve(s, e) },
	}
}

// Teams are the use cases of teams.
type Teams struct{ *useCases }

// RegisterTeam enters a team under its external key; the same key is the same team.
type RegisterTeam struct {
	Site     string             `json:"site"`
	External domain.ExternalKey `json:"external"`
	Name     string             `json:"name"`
}

// Register enters a team.
func (t *Teams) Register(ctx context.Context, r Request, in RegisterTeam) (Registered, error) {
	call, err := t.call(r, "team.register", "", nil, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	return t.register(ctx, call, in)
}

func (t *Teams) register(ctx context.Context, call Call, in RegisterTeam) (Registered, error) {
	call.Site = in.Site
	id := t.IDs.External("team", in.Site, in.External.System, in.External.Key)
	res, err := Execute(ctx, t.x, teamDecider(), StreamOf("team", id), Given[team.Command](call, team.Register{
		At: call.OccurredAt, Code: in.External.Key, Name: in.Name, External: []domain.ExternalKey{in.External},
	}))
	return Registered{Result: res, ID: id}, err
}

func (t *Teams) importOne(ctx context.Context, r Request, site string, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error) {
	in := RegisterTeam{Site: site, External: key, Name: name}
	r.Key = key.System + "\x00" + key.Key
	call, err := t.call(r, "team.import", site, &at, in)
	if err != nil {
		return uuid.Nil, err
	}
	reg, err := t.register(ctx, call, in)
	return reg.ID, err
}
