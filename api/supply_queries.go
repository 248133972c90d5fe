package api

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// StockFilter narrows a list of stock. The zero value of a field does not.
type StockFilter struct {
	Sites       []string // codes; nil means all, empty none
	Store, Item *string
	Short       *bool
}

// SupplyFilter narrows a list of plans, purchases, acceptances or requests to
// scrap. The zero value of a field does not.
type SupplyFilter struct {
	Sites    []string // codes; nil means all, empty none
	Unit     string   // team id
	Code     string
	About    string // id of the plan, purchase or tool
	Standing string
}

// Supply answers questions about stock, demand, purchase, acceptance and scrap.
// Each list is a page in the order of entry and where it ended; "" on the last
// page. Errors are those of Tickets.
type Supply interface {
	Stock(ctx context.Context, at AsOf, f StockFilter, p Page) ([]StockLevel, string, Snapshot, error)
	// StockLedger is the balance of an item's card with a page of its movements;
	// with until those that happened by then. Site, store and item are the caller's.
	StockLedger(ctx context.Context, at AsOf, card uuid.UUID, until *time.Time, p Page) (StockLedger, string, Snapshot, error)
	Demand(ctx context.Context, at AsOf, id uuid.UUID) (Demand, Snapshot, error)
	Demands(ctx context.Context, at AsOf, f SupplyFilter, p Page) ([]Demand, string, Snapshot, error)
	Purchase(ctx context.Context, at AsOf, id uuid.UUID) (Purchase, Snapshot, error)
	Purchases(ctx context.Context, at AsOf, f SupplyFilter, p Page) ([]Purchase, string, Snapshot, error)
	Acceptance(ctx context.Context, at AsOf, id uuid.UUID) (Acceptance, Snapshot, error)
	Acceptances(ctx context.Context, at AsOf, f SupplyFilter, p Page) ([]Acceptance, string, Snapshot, error)
	ScrapRequest(ctx context.Context, at AsOf, id uuid.UUID) (ScrapRequest, Snapshot, error)
	ScrapRequests(ctx context.Context, at AsOf, f SupplyFilter, p Page) ([]ScrapRequest, string, Snapshot, error)
	// HistoryCard is the history card of a tool (STK-07).
	HistoryCard(ctx context.Context, at AsOf, id uuid.UUID) (HistoryCard, Snapshot, error)
}
