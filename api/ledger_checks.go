package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
)

// CompareLedgers answers 201 with the comparison's id (CHK-04).
func (s *Server) CompareLedgers(ctx context.Context, in CompareLedgersRequestObject) (CompareLedgersResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	entries := make([]ledgercheck.Entry, len(b.Entries))
	for i, e := range b.Entries {
		entries[i] = ledgercheck.Entry{Number: e.Number, PriceFen: e.PriceFen}
	}
	reg, err := s.App.LedgerChecks.Compare(ctx, request(ctx, in.Params.IdempotencyKey), commands.CompareLedgers{
		Site: b.Site, At: b.At, With: ledgercheck.Keeper(b.With), Reference: b.Reference, Entries: entries,
	}, s.Keeping)
	if err != nil {
		return nil, err
	}
	body, h := s.created("/v1/ledgers/comparisons/"+reg.ID.String(), reg)
	return CompareLedgers201JSONResponse{body, CompareLedgers201ResponseHeaders(h)}, nil
}

// SettleLedgerItem closes a difference.
func (s *Server) SettleLedgerItem(ctx context.Context, in SettleLedgerItemRequestObject) (SettleLedgerItemResponseObject, error) {
	body, h, err := s.did(s.App.LedgerChecks.Settle(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.SettleLedgerItem{
		At: in.Body.At, Number: in.Body.Number, How: in.Body.How,
	}))
	return SettleLedgerItem200JSONResponse{body, SettleLedgerItem200ResponseHeaders(h)}, err
}

// ListLedgerComparisons answers a page of comparisons.
func (s *Server) ListLedgerComparisons(ctx context.Context, in ListLedgerComparisonsRequestObject) (ListLedgerComparisonsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.LedgerComparisons(ctx, l.at, sites, l.page)
	if err != nil {
		return nil, err
	}
	return ListLedgerComparisons200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetLedgerComparison answers a comparison with its items.
func (s *Server) GetLedgerComparison(ctx context.Context, in GetLedgerComparisonRequestObject) (GetLedgerComparisonResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	c, seen, err := s.Keeping.LedgerComparison(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, c.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetLedgerComparison200JSONResponse{Body: c, Headers: GetLedgerComparison200ResponseHeaders{ETag: etag(c.Revision), FieldledgerAsOf: &seen.Number}}, nil
}
