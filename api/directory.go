package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// RegisterPerson enters a person under their external key.
func (s *Server) RegisterPerson(ctx context.Context, in RegisterPersonRequestObject) (RegisterPersonResponseObject, error) {
	if err := s.see(ctx, in.Body.Site); err != nil {
		return nil, err
	}
	roles := []string{}
	for _, r := range or(in.Body.Roles) {
		roles = append(roles, string(r))
	}
	reg, err := s.App.People.Register(ctx, request(ctx, in.Params.IdempotencyKey), commands.RegisterPerson{
		Site: in.Body.Site, External: external(in.Body.External), Name: in.Body.Name, Phone: or(in.Body.Phone),
		Team: or(in.Body.Team), Roles: roles,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created("/v1/persons?site="+in.Body.Site, reg)
	return RegisterPerson201JSONResponse{body, RegisterPerson201ResponseHeaders(h)}, nil
}

func external(k ExternalKey) domain.ExternalKey {
	return domain.ExternalKey{System: k.System, Key: k.Key}
}

// RegisterTeam enters a team under its external key; the same key is the same team.
func (s *Server) RegisterTeam(ctx context.Context, in RegisterTeamRequestObject) (RegisterTeamResponseObject, error) {
	if err := s.see(ctx, in.Body.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Teams.Register(ctx, request(ctx, in.Params.IdempotencyKey), commands.RegisterTeam{
		Site: in.Body.Site, External: external(in.Body.External), Name: in.Body.Name,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created("/v1/teams?site="+in.Body.Site, reg)
	return RegisterTeam201JSONResponse{body, RegisterTeam201ResponseHeaders(h)}, nil
}

// RegisterSite enters a site (ORG-06).
func (s *Server) RegisterSite(ctx context.Context, in RegisterSiteRequestObject) (RegisterSiteResponseObject, error) {
	if err := s.see(ctx, in.Body.Code); err != nil {
		return nil, err
	}
	reg, err := s.App.Sites.Register(ctx, request(ctx, in.Params.IdempotencyKey), commands.RegisterSite{
		Code: in.Body.Code, Name: in.Body.Name, Zone: in.Body.Zone,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created("/v1/sites", reg)
	return RegisterSite201JSONResponse{body, RegisterSite201ResponseHeaders(h)}, nil
}

// ListPersons answers a page of persons; names and phones by right.
func (s *Server) ListPersons(ctx context.Context, in ListPersonsRequestObject) (ListPersonsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Directory.Persons(ctx, l.at, sites, or(p.Key), l.page)
	if err != nil {
		return nil, err
	}
	page := PersonPage{AsOf: seen, Items: make([]Person, len(rows)), Next: s.next(ctx, l, after, seen)}
	o := s.opening(ctx)
	for i, row := range rows {
		page.Items[i] = o.person(row)
	}
	return ListPersons200JSONResponse(page), o.done()
}

// ListTeams answers a page of teams.
func (s *Server) ListTeams(ctx context.Context, in ListTeamsRequestObject) (ListTeamsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Directory.Teams(ctx, l.at, sites, or(p.Key), l.page)
	if err != nil {
		return nil, err
	}
	return ListTeams200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ListSites answers a page of the sites that the caller may see.
func (s *Server) ListSites(ctx context.Context, in ListSitesRequestObject) (ListSitesResponseObject, error) {
	p := in.Params
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Directory.Sites(ctx, l.at, exchangeOf(ctx).sites, l.page)
	if err != nil {
		return nil, err
	}
	return ListSites200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// filled makes an empty list of none, so that it is [] on the wire.
func filled[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}
