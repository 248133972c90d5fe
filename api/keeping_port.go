package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// DueQuery asks which tools of a site are due for a purpose by a civil day.
type DueQuery struct {
	Site    string
	Purpose KeepingDuePurpose
	Kind    *string
	By      *domain.Day // nil: today at the site
	InUse   bool        // only those that somebody has
}

// LapseQuery asks which tools of a site were in use past their last day
// between two civil days, both inclusive.
type LapseQuery struct {
	Site     string
	From, To domain.Day
	Category *string
}

// ClimateQuery asks for the readings of a tool room.
type ClimateQuery struct {
	Site, Store string
	Deviations  bool // only the notes of deviations
	Since       *time.Time
	Until       *time.Time // exclusive
}

// LedgerQuery asks for a ledger page of a custodian or of a tool.
type LedgerQuery struct {
	Site   string
	Holder tool.Holder // the zero Holder: the page of Tool
	Tool   uuid.UUID
	On     *domain.Day // as it stood at the end of that day; nil: as it stands
	After  string      // number of the last tool on the page before
	Limit  int
}

// LedgerPage is a page of a ledger. Amounts are fen.
type LedgerPage struct {
	SiteName string
	Zone     *time.Location
	Rows     []LedgerRow
	More     string // number after which the next page begins, "" on the last
}

// LedgerRow is a tool with its custodian at the asked time; of the page of one
// tool, a stretch of its custody.
type LedgerRow struct {
	Number, Name, Spec, Kind string
	PriceFen                 int64
	Holder                   tool.Holder
	Since                    time.Time
	LastDay                  domain.Day // of its inspection, "" for none
	Standing                 string     // as it stands; "" of a past day
}

// ToolRoom answers questions about tools at rest (INS-01 to INS-09, CHK-01 to
// CHK-05). Errors are those of Tickets, and a *domain.RuleError where a policy
// or plan that is needed is not there. Each list is a page and where it ended.
type ToolRoom interface {
	commands.Ledger
	commands.OverdueTools
	commands.Register
	commands.Replacements
	LedgerComparison(ctx context.Context, at AsOf, id uuid.UUID) (KeepingComparison, Snapshot, error)
	LedgerComparisons(ctx context.Context, at AsOf, sites []string, p Page) ([]KeepingComparison, string, Snapshot, error)
	Stocktake(ctx context.Context, at AsOf, id uuid.UUID) (Stocktake, Snapshot, error)
	ListStocktakes(ctx context.Context, at AsOf, sites []string, open *bool, p Page) ([]Stocktake, string, Snapshot, error)
	StocktakeDifferences(ctx context.Context, at AsOf, id uuid.UUID, p Page) ([]StocktakeDifference, string, Snapshot, error)
	InspectionPlans(ctx context.Context, at AsOf, sites []string, p Page) ([]KeepingPlanView, string, Snapshot, error)
	DueChecks(ctx context.Context, at AsOf, q DueQuery, p Page) ([]KeepingDue, string, Snapshot, error)
	LapsedUse(ctx context.Context, at AsOf, q LapseQuery, p Page) ([]KeepingLapse, string, Snapshot, error)
	Climate(ctx context.Context, at AsOf, q ClimateQuery, p Page) ([]KeepingReading, string, Snapshot, error)
	// ToolStatistics are the losses and wear of a civil month, "2026-11" (CHK-02).
	ToolStatistics(ctx context.Context, at AsOf, site, month string) ([]KeepingStatisticsRow, []KeepingFact, Snapshot, error)
	// ToolReplacements are what replaces the losses and scrappings of a civil month (CHK-02).
	ToolReplacements(ctx context.Context, at AsOf, site, month string) (ToolReplacements, error)
	// LedgerDuty is who answers and who supervises at the end of a civil day; nil: that of the newest event (CHK-05).
	LedgerDuty(ctx context.Context, at AsOf, site string, on *domain.Day) (LedgerDuty, error)
	LedgerSupervision(ctx context.Context, at AsOf, id uuid.UUID) (LedgerSupervision, Snapshot, error)
	LedgerSupervisions(ctx context.Context, at AsOf, q SupervisionQuery, p Page) ([]LedgerSupervision, string, Snapshot, error)
	UnsupervisedLedgers(ctx context.Context, at AsOf, site string, by *domain.Day) (LedgerUnsupervised, error)
	LedgerPage(ctx context.Context, at AsOf, q LedgerQuery) (LedgerPage, Snapshot, error)
}
