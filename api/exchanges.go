package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	trade "github.com/fieldledger/fieldledger/domain/exchange"
)

// ApplyExchange answers 201 with the exchange's id (EXC-01).
func (s *Server) ApplyExchange(ctx context.Context, in ApplyExchangeRequestObject) (ApplyExchangeResponseObject, error) {
	b := in.Body
	reg, err := s.App.Exchanges.Apply(ctx, request(ctx, in.Params.IdempotencyKey), commands.ApplyExchange{
		At: b.At, Tool: b.Tool, Reason: b.Reason, Wanted: wanted(b.Wanted), InsteadOfLoss: b.InsteadOfLoss,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("exchanges", reg.ID), reg)
	return ApplyExchange201JSONResponse{body, ApplyExchange201ResponseHeaders(h)}, nil
}

func wanted(m *ExchangeModel) *trade.Model {
	if m == nil {
		return nil
	}
	return &trade.Model{Kind: m.Kind, Spec: m.Spec}
}

// ApproveExchange lets an exchange go on.
func (s *Server) ApproveExchange(ctx context.Context, in ApproveExchangeRequestObject) (ApproveExchangeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Approve(ctx, r, in.Id, in.Body.At)
	})
	return ApproveExchange200JSONResponse{body, ApproveExchange200ResponseHeaders(h)}, err
}

// RefuseExchange ends an exchange that waits for approval.
func (s *Server) RefuseExchange(ctx context.Context, in RefuseExchangeRequestObject) (RefuseExchangeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Refuse(ctx, r, in.Id, commands.ToolReason{At: in.Body.At, Reason: in.Body.Reason})
	})
	return RefuseExchange200JSONResponse{body, RefuseExchange200ResponseHeaders(h)}, err
}

// WithdrawExchange ends the caller's own exchange that is not completed.
func (s *Server) WithdrawExchange(ctx context.Context, in WithdrawExchangeRequestObject) (WithdrawExchangeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Withdraw(ctx, r, in.Id, commands.ToolReason{At: in.Body.At, Reason: or(in.Body.Reason)})
	})
	return WithdrawExchange200JSONResponse{body, WithdrawExchange200ResponseHeaders(h)}, err
}

// CancelExchange ends anybody's exchange that is not completed.
func (s *Server) CancelExchange(ctx context.Context, in CancelExchangeRequestObject) (CancelExchangeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Cancel(ctx, r, in.Id, commands.ToolReason{At: in.Body.At, Reason: in.Body.Reason})
	})
	return CancelExchange200JSONResponse{body, CancelExchange200ResponseHeaders(h)}, err
}

// SurrenderExchangeTool records that the old tool was brought.
func (s *Server) SurrenderExchangeTool(ctx context.Context, in SurrenderExchangeToolRequestObject) (SurrenderExchangeToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Surrender(ctx, r, in.Id, commands.SurrenderTool{At: in.Body.At, Store: in.Body.Store, Giver: in.Body.Giver.String()})
	})
	return SurrenderExchangeTool200JSONResponse{body, SurrenderExchangeTool200ResponseHeaders(h)}, err
}

// InspectExchangeTool records what the caller finds.
func (s *Server) InspectExchangeTool(ctx context.Context, in InspectExchangeToolRequestObject) (InspectExchangeToolResponseObject, error) {
	b := in.Body
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Inspect(ctx, r, in.Id, commands.InspectExchange{
			At: b.At, Outcome: trade.Outcome(b.Outcome), Repairer: or(b.Repairer), ScrapNote: or(b.ScrapNote), HumanFault: or(b.HumanFault), Finding: or(b.Finding),
		})
	})
	return InspectExchangeTool200JSONResponse{body, InspectExchangeTool200ResponseHeaders(h)}, err
}

// ChooseExchangeReplacement names the replacement.
func (s *Server) ChooseExchangeReplacement(
	ctx context.Context, in ChooseExchangeReplacementRequestObject,
) (ChooseExchangeReplacementResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Choose(ctx, r, in.Id, commands.ChooseReplacement{At: in.Body.At, Replacement: in.Body.Replacement, Declined: or(in.Body.Declined)})
	})
	return ChooseExchangeReplacement200JSONResponse{body, ChooseExchangeReplacement200ResponseHeaders(h)}, err
}

// CompleteExchange moves both tools at once.
func (s *Server) CompleteExchange(ctx context.Context, in CompleteExchangeRequestObject) (CompleteExchangeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Exchanges.Complete(ctx, r, in.Id, in.Body.At)
	})
	return CompleteExchange200JSONResponse{body, CompleteExchange200ResponseHeaders(h)}, err
}

// ListExchanges answers a page of the exchanges that the caller may see.
func (s *Server) ListExchanges(ctx context.Context, in ListExchangesRequestObject) (ListExchangesResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Custody.ListExchanges(ctx, l.at, ExchangeFilter{Sites: sites, Status: p.Status, Tool: p.Tool}, l.page)
	if err != nil {
		return nil, err
	}
	return ListExchanges200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetExchange answers an exchange with its revision as ETag.
func (s *Server) GetExchange(ctx context.Context, in GetExchangeRequestObject) (GetExchangeResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	x, seen, err := s.Custody.Exchange(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, x.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetExchange200JSONResponse{Body: x, Headers: GetExchange200ResponseHeaders{ETag: etag(x.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListExchangeSpares proposes replacements, worn but sound ones first (EXC-03).
func (s *Server) ListExchangeSpares(ctx context.Context, in ListExchangeSparesRequestObject) (ListExchangeSparesResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	x, seen, err := s.Custody.Exchange(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, x.Site)
	}
	if err != nil {
		return nil, err
	}
	spares, err := s.Custody.ExchangeSpares(ctx, AsOf{Number: &seen.Number}, in.Id)
	if err != nil {
		return nil, err
	}
	return ListExchangeSpares200JSONResponse{AsOf: seen, Items: filled(spares)}, nil
}
