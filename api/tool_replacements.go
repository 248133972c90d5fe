package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// causesOf adds facts up by kind, what happened and why (CHK-02).
func causesOf(facts []KeepingFact) []KeepingCause {
	out := []KeepingCause{}
	for _, f := range facts {
		i := slices.IndexFunc(out, func(c KeepingCause) bool {
			return c.Kind == f.Kind && string(c.What) == string(f.What) && c.Cause == f.Cause
		})
		if i < 0 {
			i = len(out)
			out = append(out, KeepingCause{Kind: f.Kind, What: KeepingCauseWhat(f.What), Cause: f.Cause})
		}
		out[i].Count++
		out[i].PriceFen += f.PriceFen
	}
	slices.SortFunc(out, func(a, b KeepingCause) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.What, b.What), cmp.Compare(a.Cause, b.Cause))
	})
	return out
}

// ListToolReplacements answers what replaces the losses and scrappings of a month (CHK-02).
func (s *Server) ListToolReplacements(ctx context.Context, in ListToolReplacementsRequestObject) (ListToolReplacementsResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	if !domain.IsMonth(p.Month) {
		return nil, badParameter("month", "param.month")
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	out, err := s.Keeping.ToolReplacements(ctx, m, p.Site, p.Month)
	if err != nil {
		return nil, err
	}
	return ListToolReplacements200JSONResponse(out), nil
}

// PlanToolReplacements begins a demand for them, so that they are bought together (CHK-02).
func (s *Server) PlanToolReplacements(ctx context.Context, in PlanToolReplacementsRequestObject) (PlanToolReplacementsResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	if !domain.IsMonth(b.Month) {
		return nil, badParameter("month", "param.month")
	}
	part := 1
	if b.Part != nil {
		part = *b.Part
	}
	reg, err := s.App.Demands.PlanReplacements(ctx, request(ctx, in.Params.IdempotencyKey), commands.PlanReplacements{
		Site: b.Site, At: b.At, Unit: b.Unit.String(), Month: b.Month, Part: part,
	}, s.Keeping)
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("demands", reg.ID), reg)
	return PlanToolReplacements201JSONResponse{body, PlanToolReplacements201ResponseHeaders(h)}, nil
}
