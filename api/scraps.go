package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/scrap"
)

// RequestScrap answers 201 with its id.
func (s *Server) RequestScrap(ctx context.Context, in RequestScrapRequestObject) (RequestScrapResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Scraps.Request(ctx, request(ctx, in.Params.IdempotencyKey), commands.RequestScrap{
		Site: b.Site, At: b.At, Tool: b.Tool, Cause: scrap.Cause(b.Cause), Reason: b.Reason,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("scrap-requests", reg.ID), reg)
	return RequestScrap201JSONResponse{body, RequestScrap201ResponseHeaders(h)}, nil
}

// ApproveScrap is the caller's signature.
func (s *Server) ApproveScrap(ctx context.Context, in ApproveScrapRequestObject) (ApproveScrapResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Scraps.Approve(ctx, r, in.Id, in.Body.At)
	})
	return ApproveScrap200JSONResponse{body, ApproveScrap200ResponseHeaders(h)}, err
}

// RejectScrap ends a request; the tool stays.
func (s *Server) RejectScrap(ctx context.Context, in RejectScrapRequestObject) (RejectScrapResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Scraps.Reject(ctx, r, in.Id, commands.Reasoned{At: in.Body.At, Reason: in.Body.Reason})
	})
	return RejectScrap200JSONResponse{body, RejectScrap200ResponseHeaders(h)}, err
}

// DisposeScrap says what became of a scrapped tool.
func (s *Server) DisposeScrap(ctx context.Context, in DisposeScrapRequestObject) (DisposeScrapResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Scraps.Dispose(ctx, r, in.Id, commands.DisposeScrap{At: in.Body.At, How: in.Body.How, ProceedsFen: in.Body.ProceedsFen})
	})
	return DisposeScrap200JSONResponse{body, DisposeScrap200ResponseHeaders(h)}, err
}

// GetScrapRequest answers one with its revision as ETag.
func (s *Server) GetScrapRequest(ctx context.Context, in GetScrapRequestRequestObject) (GetScrapRequestResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	row, seen, err := s.Supply.ScrapRequest(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, row.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetScrapRequest200JSONResponse{Body: row, Headers: GetScrapRequest200ResponseHeaders{ETag: etag(row.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListScrapRequests answers a page of those that the caller may see.
func (s *Server) ListScrapRequests(ctx context.Context, in ListScrapRequestsRequestObject) (ListScrapRequestsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Supply.ScrapRequests(ctx, l.at, SupplyFilter{Sites: sites, About: person(p.Tool), Standing: string(or(p.Standing))}, l.page)
	if err != nil {
		return nil, err
	}
	return ListScrapRequests200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetHistoryCard answers one with its revision as ETag.
func (s *Server) GetHistoryCard(ctx context.Context, in GetHistoryCardRequestObject) (GetHistoryCardResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	row, seen, err := s.Supply.HistoryCard(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, row.Tool.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetHistoryCard200JSONResponse{Body: row, Headers: GetHistoryCard200ResponseHeaders{ETag: etag(row.Tool.Revision), FieldledgerAsOf: &seen.Number}}, nil
}
