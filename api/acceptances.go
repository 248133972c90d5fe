package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// DeliverGoods answers 201 with its id.
func (s *Server) DeliverGoods(ctx context.Context, in DeliverGoodsRequestObject) (DeliverGoodsResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Acceptances.Deliver(ctx, request(ctx, in.Params.IdempotencyKey), commands.DeliverGoods{
		Site: b.Site, At: b.At, Purchase: b.Purchase, Count: b.Count, Note: b.Note, Class: acceptance.Class(or(b.Class)),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("acceptances", reg.ID), reg)
	return DeliverGoods201JSONResponse{body, DeliverGoods201ResponseHeaders(h)}, nil
}

func findings(list *[]GoodsFinding) []acceptance.Finding {
	out := make([]acceptance.Finding, 0, len(or(list)))
	for _, f := range or(list) {
		out = append(out, acceptance.Finding{What: f.What, OK: f.Ok, Note: or(f.Note)})
	}
	return out
}

// CheckGoods signs for what the caller found.
func (s *Server) CheckGoods(ctx context.Context, in CheckGoodsRequestObject) (CheckGoodsResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Acceptances.Check(ctx, r, in.Id, commands.CheckGoods{
			At: in.Body.At, Passed: in.Body.Passed, Document: in.Body.Document, Findings: findings(in.Body.Findings),
		})
	})
	return CheckGoods200JSONResponse{body, CheckGoods200ResponseHeaders(h)}, err
}

// TryGoods records a trial.
func (s *Server) TryGoods(ctx context.Context, in TryGoodsRequestObject) (TryGoodsResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Acceptances.Try(ctx, r, in.Id, commands.TryGoods{At: in.Body.At, Sheet: in.Body.Sheet, Samples: in.Body.Samples, Passed: in.Body.Passed})
	})
	return TryGoods200JSONResponse{body, TryGoods200ResponseHeaders(h)}, err
}

// AcceptGoods takes pieces over.
func (s *Server) AcceptGoods(ctx context.Context, in AcceptGoodsRequestObject) (AcceptGoodsResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Acceptances.Accept(ctx, r, in.Id, commands.AcceptGoods{
			At: in.Body.At, Count: in.Body.Count, Store: in.Body.Store, Lot: or(in.Body.Lot), Brand: or(in.Body.Brand), Use: tool.Use(or(in.Body.Use)),
			Numbers: or(in.Body.Numbers),
		})
	})
	return AcceptGoods200JSONResponse{body, AcceptGoods200ResponseHeaders(h)}, err
}

// RejectGoods gives pieces back to purchasing.
func (s *Server) RejectGoods(ctx context.Context, in RejectGoodsRequestObject) (RejectGoodsResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Acceptances.Reject(ctx, r, in.Id, commands.RejectGoods{At: in.Body.At, Count: in.Body.Count, Reason: in.Body.Reason})
	})
	return RejectGoods200JSONResponse{body, RejectGoods200ResponseHeaders(h)}, err
}

// GetAcceptance answers one with its revision as ETag.
func (s *Server) GetAcceptance(ctx context.Context, in GetAcceptanceRequestObject) (GetAcceptanceResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	row, seen, err := s.Supply.Acceptance(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, row.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetAcceptance200JSONResponse{Body: row, Headers: GetAcceptance200ResponseHeaders{ETag: etag(row.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListAcceptances answers a page of those that the caller may see.
func (s *Server) ListAcceptances(ctx context.Context, in ListAcceptancesRequestObject) (ListAcceptancesResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Supply.Acceptances(ctx, l.at, SupplyFilter{Sites: sites, About: person(p.Purchase), Standing: string(or(p.Standing))}, l.page)
	if err != nil {
		return nil, err
	}
	return ListAcceptances200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}
