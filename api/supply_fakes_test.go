package api_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
)

// supplies answers what a test puts there.
type supplies struct {
	levels      []api.StockLevel
	ledger      api.StockLedger
	demands     []api.Demand
	purchases   []api.Purchase
	acceptances []api.Acceptance
	scraps      []api.ScrapRequest
	cards       []api.HistoryCard
	stock       api.StockFilter
	filter      api.SupplyFilter
	until       *time.Time
}

func snapshotOf(at api.AsOf) api.Snapshot {
	if at.Number != nil {
		return api.Snapshot{Number: *at.Number}
	}
	return api.Snapshot{Number: 1}
}

// one finds what has an id.
func one[T any](rows []T, at api.AsOf, is func(T) bool) (T, api.Snapshot, error) {
	for _, r := range rows {
		if is(r) {
			return r, snapshotOf(at), nil
		}
	}
	var none T
	return none, snapshotOf(at), commands.ErrNotFound
}

func (s *supplies) Stock(_ context.Context, at api.AsOf, f api.StockFilter, p api.Page) ([]api.StockLevel, string, api.Snapshot, error) {
	s.stock = f
	rows, next := cut(s.levels, p)
	return rows, next, snapshotOf(at), nil
}

func (s *supplies) StockLedger(_ context.Context, at api.AsOf, card uuid.UUID, until *time.Time, p api.Page) (api.StockLedger, string, api.Snapshot, error) {
	s.until = until
	l := s.ledger
	l.Card = card
	var next string
	l.Items, next = cut(l.Items, p)
	return l, next, snapshotOf(at), nil
}

func (s *supplies) Demand(_ context.Context, at api.AsOf, id uuid.UUID) (api.Demand, api.Snapshot, error) {
	return one(s.demands, at, func(r api.Demand) bool { return r.Id == id })
}

func (s *supplies) Demands(_ context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.Demand, string, api.Snapshot, error) {
	s.filter = f
	rows, next := cut(s.demands, p)
	return rows, next, snapshotOf(at), nil
}

func (s *supplies) Purchase(_ context.Context, at api.AsOf, id uuid.UUID) (api.Purchase, api.Snapshot, error) {
	return one(s.purchases, at, func(r api.Purchase) bool { return r.Id == id })
}

func (s *supplies) Purchases(_ context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.Purchase, string, api.Snapshot, error) {
	s.filter = f
	rows, next := cut(s.purchases, p)
	return rows, next, snapshotOf(at), nil
}

func (s *supplies) Acceptance(_ context.Context, at api.AsOf, id uuid.UUID) (api.Acceptance, api.Snapshot, error) {
	return one(s.acceptances, at, func(r api.Acceptance) bool { return r.Id == id })
}

func (s *supplies) Acceptances(_ context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.Acceptance, string, api.Snapshot, error) {
	s.filter = f
	rows, next := cut(s.acceptances, p)
	return rows, next, snapshotOf(at), nil
}

func (s *supplies) ScrapRequest(_ context.Context, at api.AsOf, id uuid.UUID) (api.ScrapRequest, api.Snapshot, error) {
	return one(s.scraps, at, func(r api.ScrapRequest) bool { return r.Id == id })
}

func (s *supplies) ScrapRequests(_ context.Context, at api.AsOf, f api.SupplyFilter, p api.Page) ([]api.ScrapRequest, string, api.Snapshot, error) {
	s.filter = f
	rows, next := cut(s.scraps, p)
	return rows, next, snapshotOf(at), nil
}

func (s *supplies) HistoryCard(_ context.Context, at api.AsOf, id uuid.UUID) (api.HistoryCard, api.Snapshot, error) {
	return one(s.cards, at, func(r api.HistoryCard) bool { return r.Tool.Id == id })
}
