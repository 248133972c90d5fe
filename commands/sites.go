package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/site"
)

func siteDecider() Decider[site.State, site.Command, site.Event] {
	return Decider[site.State, site.Command, site.Event]{
		Name: "site", Version: "site/1", Decide: site.Decide,
		Evolve: func(s site.State, _ uint64, e site.Event) site.State { return site.Evolve(s, e) },
	}
}

// Sites are the use cases of sites. A site's id derives from its code.
type Sites struct{ *useCases }

// RegisterSite enters a site.
type RegisterSite struct {
	Code string `json:"code"` // short, in every envelope and read-model key
	Name string `json:"name"`
	Zone string `json:"zone"` // IANA name or fixed offset
}

// Register enters a site.
func (s *Sites) Register(ctx context.Context, r Request, in RegisterSite) (Registered, error) {
	call, err := s.call(r, "site.register", "", nil, in)
	if err != nil {
		return Registered{}, err
	}
	call.Site = in.Code
	id := s.IDs.Site(in.Code)
	res, err := Execute(ctx, s.x, siteDecider(), StreamOf("site", id), Given[site.Command](call, site.Register{
		At: call.OccurredAt, Code: in.Code, Name: in.Name, Zone: in.Zone,
	}))
	return Registered{Result: res, ID: id}, err
}

// ChoosePolicySet has a site follow a set of policies.
type ChoosePolicySet struct {
	Set           string    `json:"set"` // "" for none any more
	EffectiveFrom time.Time `json:"effective_from"`
	Reason        string    `json:"reason"`
}

// ChooseSet has a site follow a set of policies from an instant on (POL-06).
// Errors are those of Execute and ErrNotFound.
func (s *Sites) ChooseSet(ctx context.Context, r Request, id uuid.UUID, in ChoosePolicySet) (Result, error) {
	call, err := s.call(r, "site.choose_policy_set", id.String(), nil, in)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, s.x, siteDecider(), StreamOf("site", id), existing(r, call, func(context.Context, Stream) (site.Command, error) {
		return site.ChoosePolicySet{At: call.OccurredAt, Set: in.Set, EffectiveFrom: domain.At(in.EffectiveFrom), Reason: in.Reason}, nil
	}))
}

// find returns a site; an unknown code is an *domain.InvalidError.
func (s *Sites) find(ctx context.Context, code string) (site.State, error) {
	st, err := Current(ctx, s.x, siteDecider(), StreamOf("site", s.IDs.Site(code)))
	if err != nil {
		return site.State{}, fmt.Errorf("find site: %w", err)
	}
	if st.Code == "" {
		return site.State{}, domain.Invalid("/site", "ORG-06", "site.unknown")
	}
	return st, nil
}
