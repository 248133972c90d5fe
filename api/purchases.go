package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// RequestPurchase answers 201 with its id.
func (s *Server) RequestPurchase(ctx context.Context, in RequestPurchaseRequestObject) (RequestPurchaseResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Purchases.Request(ctx, request(ctx, in.Params.IdempotencyKey), commands.RequestPurchase{
		Site: b.Site, At: b.At, Unit: b.Unit.String(), Variant: policy.Variant(b.Variant), Code: b.Code, Name: b.Name, Spec: or(b.Spec), Count: b.Count,
		Document: or(b.Document), Reason: b.Reason, Demand: b.Demand, Line: or(b.Line), Replaces: person(b.Replaces),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("purchases", reg.ID), reg)
	return RequestPurchase201JSONResponse{body, RequestPurchase201ResponseHeaders(h)}, nil
}

// CheckPurchase is the caller's word before the quote.
func (s *Server) CheckPurchase(ctx context.Context, in CheckPurchaseRequestObject) (CheckPurchaseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Purchases.Check(ctx, r, in.Id, in.Body.At)
	})
	return CheckPurchase200JSONResponse{body, CheckPurchase200ResponseHeaders(h)}, err
}

// QuotePurchase records an offer.
func (s *Server) QuotePurchase(ctx context.Context, in QuotePurchaseRequestObject) (QuotePurchaseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Purchases.Quote(ctx, r, in.Id, commands.QuotePurchase{At: in.Body.At, Supplier: in.Body.Supplier, UnitPriceFen: in.Body.UnitPriceFen})
	})
	return QuotePurchase200JSONResponse{body, QuotePurchase200ResponseHeaders(h)}, err
}

// ApprovePurchase is the caller's word for one quote and its amount.
func (s *Server) ApprovePurchase(ctx context.Context, in ApprovePurchaseRequestObject) (ApprovePurchaseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Purchases.Approve(ctx, r, in.Id, commands.ApprovePurchase{At: in.Body.At, Quote: in.Body.Quote, AmountFen: in.Body.AmountFen})
	})
	return ApprovePurchase200JSONResponse{body, ApprovePurchase200ResponseHeaders(h)}, err
}

// RejectPurchase ends a purchase.
func (s *Server) RejectPurchase(ctx context.Context, in RejectPurchaseRequestObject) (RejectPurchaseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Purchases.Reject(ctx, r, in.Id, commands.Reasoned{At: in.Body.At, Reason: in.Body.Reason})
	})
	return RejectPurchase200JSONResponse{body, RejectPurchase200ResponseHeaders(h)}, err
}

// WithdrawPurchase ends a purchase by who asked for it.
func (s *Server) WithdrawPurchase(ctx context.Context, in WithdrawPurchaseRequestObject) (WithdrawPurchaseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Purchases.Withdraw(ctx, r, in.Id, commands.Reasoned{At: in.Body.At, Reason: in.Body.Reason})
	})
	return WithdrawPurchase200JSONResponse{body, WithdrawPurchase200ResponseHeaders(h)}, err
}

// OrderPurchase says that it was ordered.
func (s *Server) OrderPurchase(ctx context.Context, in OrderPurchaseRequestObject) (OrderPurchaseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Purchases.Order(ctx, r, in.Id, commands.OrderPurchase{At: in.Body.At, Reference: in.Body.Reference})
	})
	return OrderPurchase200JSONResponse{body, OrderPurchase200ResponseHeaders(h)}, err
}

// GetPurchase answers one with its revision as ETag.
func (s *Server) GetPurchase(ctx context.Context, in GetPurchaseRequestObject) (GetPurchaseResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	row, seen, err := s.Supply.Purchase(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, row.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetPurchase200JSONResponse{Body: row, Headers: GetPurchase200ResponseHeaders{ETag: etag(row.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListPurchases answers a page of those that the caller may see.
func (s *Server) ListPurchases(ctx context.Context, in ListPurchasesRequestObject) (ListPurchasesResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Supply.Purchases(ctx, l.at, SupplyFilter{Sites: sites, Unit: person(p.Unit), Code: or(p.Code), About: person(p.Demand), Standing: string(or(p.Standing))}, l.page)
	if err != nil {
		return nil, err
	}
	return ListPurchases200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}
