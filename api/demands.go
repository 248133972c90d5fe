package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func demandLines(lines []DemandLine) []demand.Line {
	out := make([]demand.Line, len(lines))
	for i, l := range lines {
		out[i] = demand.Line{Variant: policy.Variant(l.Variant), Code: l.Code, Name: or(l.Name), Spec: or(l.Spec), Count: l.Count, Reason: l.Reason}
	}
	return out
}

// PlanDemand answers 201 with its id.
func (s *Server) PlanDemand(ctx context.Context, in PlanDemandRequestObject) (PlanDemandResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Demands.Plan(ctx, request(ctx, in.Params.IdempotencyKey), commands.PlanDemand{
		Site: b.Site, At: b.At, Unit: b.Unit.String(), For: b.For, Lines: demandLines(b.Lines),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("demands", reg.ID), reg)
	return PlanDemand201JSONResponse{body, PlanDemand201ResponseHeaders(h)}, nil
}

// ReviseDemand replaces the lines of a plan.
func (s *Server) ReviseDemand(ctx context.Context, in ReviseDemandRequestObject) (ReviseDemandResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Demands.Revise(ctx, r, in.Id, commands.ReviseDemand{At: in.Body.At, Lines: demandLines(in.Body.Lines)})
	})
	return ReviseDemand200JSONResponse{body, ReviseDemand200ResponseHeaders(h)}, err
}

// ApproveDemand is the caller's word for a plan.
func (s *Server) ApproveDemand(ctx context.Context, in ApproveDemandRequestObject) (ApproveDemandResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Demands.Approve(ctx, r, in.Id, in.Body.At)
	})
	return ApproveDemand200JSONResponse{body, ApproveDemand200ResponseHeaders(h)}, err
}

// RejectDemand ends a plan.
func (s *Server) RejectDemand(ctx context.Context, in RejectDemandRequestObject) (RejectDemandResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Demands.Reject(ctx, r, in.Id, commands.Reasoned{At: in.Body.At, Reason: in.Body.Reason})
	})
	return RejectDemand200JSONResponse{body, RejectDemand200ResponseHeaders(h)}, err
}

// GetDemand answers one with its revision as ETag.
func (s *Server) GetDemand(ctx context.Context, in GetDemandRequestObject) (GetDemandResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	row, seen, err := s.Supply.Demand(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, row.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetDemand200JSONResponse{Body: row, Headers: GetDemand200ResponseHeaders{ETag: etag(row.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListDemands answers a page of those that the caller may see.
func (s *Server) ListDemands(ctx context.Context, in ListDemandsRequestObject) (ListDemandsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Supply.Demands(ctx, l.at, SupplyFilter{Sites: sites, Unit: person(p.Unit), Standing: string(or(p.Standing))}, l.page)
	if err != nil {
		return nil, err
	}
	return ListDemands200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}
