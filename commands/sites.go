package commands

import (
	"context"
	"fmt"

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

// find returns a site; an unknown code is an *domain.InvalidError.
func (s *Sites) find(ctx context.Context, code string) (site.State, error) {
	st, err := current(ctx, s.x, siteDecider(), StreamOf("site", s.IDs.Site(code)))
	if err != nil {
		return site.State{}, fmt.Errorf("find site: %w", err)
	}
	if st.Code == "" {
		return site.State{}, domain.Invalid("/site", "ORG-06", "site.unknown")
	}
	return st, nil
}
