package api

import (
	"context"
	"net/url"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ledgerPath is where the stock of an item in a store is shown.
func ledgerPath(site, store, item string) string {
	return "/v1/stock/movements?" + url.Values{"site": {site}, "store": {store}, "item": {item}}.Encode()
}

func stockItem(site, store, item string) commands.StockItem {
	return commands.StockItem{Site: site, Store: store, Item: item}
}

// ReceiveStock answers 201 with its id.
func (s *Server) ReceiveStock(ctx context.Context, in ReceiveStockRequestObject) (ReceiveStockResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Stocks.Receive(ctx, request(ctx, in.Params.IdempotencyKey), commands.ReceiveStock{
		StockItem: stockItem(b.Site, b.Store, b.Item), At: b.At, UnitPriceFen: or(b.UnitPriceFen), Origin: stock.Origin(b.Origin), Ref: or(b.Ref),
		Lots: []stock.Lot{{Lot: b.Lot, Condition: stock.Condition(b.Condition), Pieces: b.Pieces}},
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(ledgerPath(b.Site, b.Store, b.Item), reg)
	return ReceiveStock201JSONResponse{body, ReceiveStock201ResponseHeaders(h)}, nil
}

// IssueStock answers 201 with its id.
func (s *Server) IssueStock(ctx context.Context, in IssueStockRequestObject) (IssueStockResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Stocks.Issue(ctx, request(ctx, in.Params.IdempotencyKey), commands.IssueStock{
		StockItem: stockItem(b.Site, b.Store, b.Item), At: b.At, Lot: or(b.Lot), Pieces: b.Pieces, To: recipient(b.To), Purpose: b.Purpose, Declined: or(b.Declined),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(ledgerPath(b.Site, b.Store, b.Item), reg)
	return IssueStock201JSONResponse{body, IssueStock201ResponseHeaders(h)}, nil
}

// TransferStock answers 201 with its id.
func (s *Server) TransferStock(ctx context.Context, in TransferStockRequestObject) (TransferStockResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Stocks.Issue(ctx, request(ctx, in.Params.IdempotencyKey), commands.IssueStock{
		StockItem: stockItem(b.Site, b.Store, b.Item), At: b.At, Lot: or(b.Lot), Pieces: b.Pieces, To: tool.Holder{Kind: tool.Store, Who: b.ToStore}, Purpose: b.Purpose,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(ledgerPath(b.Site, b.Store, b.Item), reg)
	return TransferStock201JSONResponse{body, TransferStock201ResponseHeaders(h)}, nil
}

// AdjustStock answers 201 with its id.
func (s *Server) AdjustStock(ctx context.Context, in AdjustStockRequestObject) (AdjustStockResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Stocks.Adjust(ctx, request(ctx, in.Params.IdempotencyKey), commands.AdjustStock{
		StockItem: stockItem(b.Site, b.Store, b.Item), At: b.At, Lot: b.Lot, Condition: stock.Condition(b.Condition), Delta: b.Delta, Reason: b.Reason,
		Approval: or(b.Approval),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(ledgerPath(b.Site, b.Store, b.Item), reg)
	return AdjustStock201JSONResponse{body, AdjustStock201ResponseHeaders(h)}, nil
}

// ListStock answers a page of those that the caller may see.
func (s *Server) ListStock(ctx context.Context, in ListStockRequestObject) (ListStockResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Supply.Stock(ctx, l.at, StockFilter{Sites: sites, Store: p.Store, Item: p.Item, Short: p.Short}, l.page)
	if err != nil {
		return nil, err
	}
	return ListStock200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ListStockMovements answers the stock of an item in a store with a page of the
// movements that it adds up from (STK-05).
func (s *Server) ListStockMovements(ctx context.Context, in ListStockMovementsRequestObject) (ListStockMovementsResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	until, err := heldAt(p.At)
	if err != nil {
		return nil, err
	}
	ledger, after, seen, err := s.Supply.StockLedger(ctx, l.at, s.App.Stocks.Card(stockItem(p.Site, p.Store, p.Item)), until, l.page)
	if err != nil {
		return nil, err
	}
	ledger.AsOf, ledger.Site, ledger.Store, ledger.Item, ledger.Next = seen, p.Site, p.Store, p.Item, s.next(ctx, l, after, seen)
	return ListStockMovements200JSONResponse(ledger), nil
}
