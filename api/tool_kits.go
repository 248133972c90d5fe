package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// RegisterToolKit answers 201 with the kit's id (TOL-05).
func (s *Server) RegisterToolKit(ctx context.Context, in RegisterToolKitRequestObject) (RegisterToolKitResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Kits.Register(ctx, request(ctx, in.Params.IdempotencyKey), commands.RegisterKit{
		Site: b.Site, At: b.At, Number: b.Number, Name: b.Name, Store: b.Store, Tools: b.Tools,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("tool-kits", reg.ID), reg)
	return RegisterToolKit201JSONResponse{body, RegisterToolKit201ResponseHeaders(h)}, nil
}

// AddToolToKit puts a tool onto a kit's list.
func (s *Server) AddToolToKit(ctx context.Context, in AddToolToKitRequestObject) (AddToolToKitResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Kits.Add(ctx, r, in.Id, commands.KitTool{At: in.Body.At, Tool: in.Body.Tool})
	})
	return AddToolToKit200JSONResponse{body, AddToolToKit200ResponseHeaders(h)}, err
}

// RemoveToolFromKit takes a tool off a kit's list.
func (s *Server) RemoveToolFromKit(ctx context.Context, in RemoveToolFromKitRequestObject) (RemoveToolFromKitResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Kits.Remove(ctx, r, in.Id, commands.KitTool{At: in.Body.At, Tool: in.Body.Tool, Reason: in.Body.Reason})
	})
	return RemoveToolFromKit200JSONResponse{body, RemoveToolFromKit200ResponseHeaders(h)}, err
}

// IssueToolKit offers a whole kit, each tool by itself.
func (s *Server) IssueToolKit(ctx context.Context, in IssueToolKitRequestObject) (IssueToolKitResponseObject, error) {
	out, err := s.App.Kits.Issue(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.IssueTool{
		At: in.Body.At, To: recipient(in.Body.To), Approval: or(in.Body.Approval), Scope: recipients(or(in.Body.Scope)),
	})
	return IssueToolKit200JSONResponse{s.outcomes(ctx, out, nil), IssueToolKit200ResponseHeaders{s.lastPosition(commands.Result{}, out)}}, err
}

// ReturnToolKit takes back what is there of a kit and tells what is short.
func (s *Server) ReturnToolKit(ctx context.Context, in ReturnToolKitRequestObject) (ReturnToolKitResponseObject, error) {
	c := commands.ReturnSeveral{At: in.Body.At, Store: in.Body.Store, By: in.Body.By.String()}
	for _, t := range in.Body.Tools {
		c.Tools = append(c.Tools, commands.ReturnedTool{Tool: t.Tool, Condition: tool.Condition(t.Condition)})
	}
	out, short, err := s.App.Kits.Return(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, c)
	return ReturnToolKit200JSONResponse{s.outcomes(ctx, out, short), ReturnToolKit200ResponseHeaders{s.lastPosition(commands.Result{}, out)}}, err
}

// ListToolKits answers a page of kits.
func (s *Server) ListToolKits(ctx context.Context, in ListToolKitsRequestObject) (ListToolKitsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Custody.Kits(ctx, l.at, sites, l.page)
	if err != nil {
		return nil, err
	}
	return ListToolKits200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetToolKit answers a kit with where each tool of it is.
func (s *Server) GetToolKit(ctx context.Context, in GetToolKitRequestObject) (GetToolKitResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	kit, seen, err := s.Custody.Kit(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, kit.Kit.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetToolKit200JSONResponse{
		Body: kit, Headers: GetToolKit200ResponseHeaders{ETag: etag(kit.Kit.Revision), FieldledgerAsOf: &seen.Number},
	}, nil
}

// CheckTeamTools records a check of a team's shared tools (TOL-06, TOL-20).
func (s *Server) CheckTeamTools(ctx context.Context, in CheckTeamToolsRequestObject) (CheckTeamToolsResponseObject, error) {
	b := in.Body
	res, out, err := s.App.Tools.Check(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.CheckTeamTools{
		At: b.At, Kind: card.CheckKind(b.Kind), Giver: person(b.Giver), Place: b.Place,
		Found: filled(b.Found), Damaged: filled(b.Damaged), Missing: filled(b.Missing),
	})
	return CheckTeamTools200JSONResponse{s.outcomes(ctx, out, nil), CheckTeamTools200ResponseHeaders{s.lastPosition(res, out)}}, err
}

// GetToolCardOfTeam answers what a team has and when it is checked.
func (s *Server) GetToolCardOfTeam(ctx context.Context, in GetToolCardOfTeamRequestObject) (GetToolCardOfTeamResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	f := ToolFilter{Sites: sites, Holder: &tool.Holder{Kind: tool.Team, Who: in.Id.String()}}
	if f.HeldAt, err = heldAt(p.At); err != nil {
		return nil, err
	}
	rows, _, seen, err := s.Custody.ListTools(ctx, m, f, Page{Limit: mostOfPerson})
	if err != nil {
		return nil, err
	}
	duty, err := s.Custody.Duty(ctx, AsOf{Number: &seen.Number}, sites, in.Id)
	if err != nil {
		return nil, err
	}
	duty.AsOf, duty.Tools = seen, filled(rows)
	return GetToolCardOfTeam200JSONResponse(duty), nil
}
