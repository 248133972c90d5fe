package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Errors of the read side, beside commands.ErrNotFound (404) and
// commands.ErrUnavailable (503).
var (
	// ErrBeyond says that the read model has not seen the asked moment, or the
	// asked write, in time: 409.
	ErrBeyond = errors.New("read model has not got there yet")
	// ErrBadCursor says that a cursor is not one of this list: 400.
	ErrBadCursor = errors.New("cursor does not belong to this list")
)

// AsOf is the moment a read is asked for. Neither field set means now; at most
// one is set (AUD-04).
type AsOf struct {
	Number *int64     // log number
	Time   *time.Time // UTC; the last number stored until then
}

// Page is which part of a list is asked for.
type Page struct {
	After string // where the page before ended, as the query said; "" for the first
	Limit int    // at least 1
}

// SealedTicket is a ticket as a read model holds it: the personal fields of
// Ticket are empty, these are theirs.
type SealedTicket struct {
	Ticket
	Customer, Phone, Text domain.Sealed
}

// SealedPerson is a person as a read model holds it.
type SealedPerson struct {
	Person
	Name, Phone domain.Sealed
}

// SealedEvent is an event as stored: Data of HistoryEvent is empty, Sealed is
// the wire form with its sealed fields.
type SealedEvent struct {
	HistoryEvent
	Sealed json.RawMessage
}

// TicketFilter narrows a list of tickets. The zero value of a field does not.
type TicketFilter struct {
	Sites      []string // codes; nil means all, empty none
	View       TicketView
	Mine       uuid.UUID // whose TicketViewMine or TicketViewFollowing it is
	Status     *TicketStatus
	Kind       *string
	Problem    *string
	OpenedFrom *domain.Day // in the zone of the ticket's site
	OpenedTo   *domain.Day // inclusive
	Technician *uuid.UUID  // zero id: without one
	Team       *uuid.UUID  // zero id: without one
	Level      *int
	Overdue    *bool
}

// TicketSort is the order of a list of tickets; the id breaks ties.
type TicketSort struct {
	By   string // "called_at", "number", "due_at", "updated_at" or "level"
	Desc bool
}

// Tickets answers questions about tickets. Each answer tells the log number as
// of which it holds; a later page is asked with that number. Errors:
// commands.ErrNotFound, ErrBeyond, ErrBadCursor. Safe for concurrent use, as
// are all of this file.
type Tickets interface {
	Get(ctx context.Context, at AsOf, id uuid.UUID) (SealedTicket, Snapshot, error)
	// List returns a page and where it ended; "" on the last page.
	List(ctx context.Context, at AsOf, f TicketFilter, by TicketSort, p Page) ([]SealedTicket, string, Snapshot, error)
	// History returns the events of a ticket in their order, struck ones too.
	History(ctx context.Context, at AsOf, id uuid.UUID, p Page) ([]SealedEvent, string, Snapshot, error)
	Explain(ctx context.Context, at AsOf, id uuid.UUID) ([]VerdictExplanation, Snapshot, error)
}

// SLAQuery asks for figures of one target over civil days of a site, both inclusive.
type SLAQuery struct {
	Site     string
	From, To domain.Day
	Target   TargetName
	GroupBy  SLAGroup
	Grain    Grain // of SLAGroupPeriod
}

// SLACell names one row of figures and one of its figures.
type SLACell struct {
	Site       string
	From, To   domain.Day
	Target     TargetName
	Technician *uuid.UUID // zero id: the row of none; nil: not grouped by it
	Team       *uuid.UUID
	Level      *int
	Measure    Measure
}

// SLAFacts is a page of what a figure adds up from, and the sum of all of it.
type SLAFacts struct {
	Facts []SLAFact
	Next  string // where the page ended; "" on the last
	Sum   int64
}

// StatisticsQuery asks for statistics of tickets over civil days, both inclusive (TKT-23).
type StatisticsQuery struct {
	Sites    []string // codes; nil means all, empty none
	From, To domain.Day
	GroupBy  StatisticsGroup
	Grain    Grain // of StatisticsGroupPeriod
}

// StatisticsCell names one row of statistics and one of its figures.
type StatisticsCell struct {
	StatisticsQuery
	Value   string // of GroupBy
	Measure StatisticsMeasure
}

// Rules are what the clocks of a site would go by: a book, and versions chosen
// instead of those in force by it; nil for none.
type Rules struct {
	Book          *policy.Book
	SLA, Calendar *domain.PolicyRef
}

// SiteRules are the two rules that the tickets of a site are judged by.
type SiteRules struct {
	Site   string
	Before *Rules // nil: as judged, by what is on record
	After  Rules
}

// ComparisonQuery asks which clocks count in other parts by other rules.
type ComparisonQuery struct {
	Sites    []SiteRules
	From, To domain.Day // of tickets opened on, inclusive; both "" for all
	Since    time.Time  // only tickets on which something happened since; zero for all
	Target   TargetName // "" for all
}

// PartCounts are the clocks of a target by part (SLA-09).
type PartCounts map[ticket.Part]int64

// TargetFigures are the parts of a target by both rules.
type TargetFigures struct {
	Target        TargetName
	Before, After PartCounts
	Differing     int64
}

// DifferingCase is a clock that counts in another part by the other rules.
type DifferingCase struct {
	Site     string
	TicketID uuid.UUID
	Number   string
	ticket.Differing
	Record *ticket.Case // what is on record, nil if it is not counted there
}

// Comparison is a page of the clocks that differ. All but Cases and Next is
// told on the first page only.
type Comparison struct {
	AskedAt   time.Time // by when running clocks are seen as overdue
	Targets   []TargetFigures
	Differing int64
	Digest    string // hex SHA-256 of the whole list
	Cases     []DifferingCase
	Next      string // where the page ended; "" on the last
}

// KPIs answers questions about service levels. Errors are those of Tickets.
type KPIs interface {
	// Compare judges the tickets of a query by both rules, one by one (SLA-10).
	// A *domain.RuleError says that a policy that is needed was not loaded.
	Compare(ctx context.Context, at AsOf, q ComparisonQuery, p Page) (Comparison, Snapshot, error)
	// SLA returns all rows in a fixed order, without the empty ones.
	SLA(ctx context.Context, at AsOf, q SLAQuery) ([]SLARow, Snapshot, error)
	Explain(ctx context.Context, at AsOf, c SLACell, p Page) (SLAFacts, Snapshot, error)
	// Statistics returns all rows in a fixed order, without the empty ones.
	Statistics(ctx context.Context, at AsOf, q StatisticsQuery) ([]StatisticsRow, Snapshot, error)
	ExplainStatistics(ctx context.Context, at AsOf, c StatisticsCell, p Page) (SLAFacts, Snapshot, error)
}

// Directory lists persons, teams, sites and saved views; sites nil means all.
// Each list is a page and where it ended.
type Directory interface {
	Persons(ctx context.Context, at AsOf, sites []string, key string, p Page) ([]SealedPerson, string, Snapshot, error)
	Teams(ctx context.Context, at AsOf, sites []string, key string, p Page) ([]Team, string, Snapshot, error)
	Sites(ctx context.Context, at AsOf, sites []string, p Page) ([]Site, string, Snapshot, error)
	// Views are those of a person and those shared with the sites, by name.
	Views(ctx context.Context, at AsOf, person uuid.UUID, sites []string, p Page) ([]SavedView, string, Snapshot, error)
	// Site, Person and Team are one of each; commands.ErrNotFound if it was not there.
	Site(ctx context.Context, at AsOf, code string) (Site, Snapshot, error)
	Person(ctx context.Context, at AsOf, id uuid.UUID) (SealedPerson, Snapshot, error)
	Team(ctx context.Context, at AsOf, id uuid.UUID) (Team, Snapshot, error)
	// View is any view, whoever's; commands.ErrNotFound if it was not there.
	View(ctx context.Context, at AsOf, id uuid.UUID) (SavedView, Snapshot, error)
}

// ToolFilter narrows a list of tools. The zero value of a field does not.
type ToolFilter struct {
	Sites            []string     // codes; nil means all, empty none
	Holder           *tool.Holder // with Who "" any of its kind
	HeldAt           *time.Time   // who had it then; nil: who has it
	Kind             *string
	Category         *string
	Standing         *ToolStanding
	Number           *string
	Batch            *string
	InspectionBefore *domain.Day
	DueBefore        *time.Time // lent, and to be back before
	Booked           *bool      // whether there is a booking to come
	Use              *ToolUse
	Blocked          *bool
	OfferedTo        *uuid.UUID // person or team
	Flagged          *bool      // as custody.Row.Flagged (TOL-08)
}

// Custody answers questions about tools, as of a moment and about a time
// (TOL-03, CHK-03). Errors are those of Tickets.
type Custody interface {
	// Tool returns a tool's card, with who had it at a time; nil: has it.
	Tool(ctx context.Context, at AsOf, id uuid.UUID, heldAt *time.Time) (ToolCard, Snapshot, error)
	// ListTools returns a page in order of numbers and where it ended; "" on the last page.
	ListTools(ctx context.Context, at AsOf, f ToolFilter, p Page) ([]Tool, string, Snapshot, error)
	// Exchange returns an exchange.
	Exchange(ctx context.Context, at AsOf, id uuid.UUID) (Exchange, Snapshot, error)
	// ListExchanges returns a page, the oldest first, and where it ended; "" on the last page.
	ListExchanges(ctx context.Context, at AsOf, f ExchangeFilter, p Page) ([]Exchange, string, Snapshot, error)
	// Approval returns an approval; commands.ErrNotFound.
	Approval(ctx context.Context, at AsOf, id uuid.UUID) (Approval, Snapshot, error)
	// ListApprovals returns a page, the oldest first, and where it ended; "" on the last page.
	ListApprovals(ctx context.Context, at AsOf, f ApprovalFilter, p Page) ([]Approval, string, Snapshot, error)
	// ExchangeSpares returns at most 50 tools that may replace the old one of an
	// exchange, worn but sound ones first.
	ExchangeSpares(ctx context.Context, at AsOf, id uuid.UUID) ([]ExchangeSpare, error)
	// Recall returns a recall with how each of its tools stands; commands.ErrNotFound.
	Recall(ctx context.Context, at AsOf, id uuid.UUID) (Recall, Snapshot, error)
	// ListRecalls returns a page, the oldest first, and where it ended; "" on the last page.
	ListRecalls(ctx context.Context, at AsOf, f RecallFilter, p Page) ([]RecallSummary, string, Snapshot, error)
	// AnnualIssue returns the lists of a site and year; commands.ErrNotFound.
	AnnualIssue(ctx context.Context, at AsOf, site string, year int) (AnnualIssue, Snapshot, error)
	// Kits returns a page of kits in order of numbers and where it ended (TOL-05).
	Kits(ctx context.Context, at AsOf, sites []string, p Page) ([]ToolKit, string, Snapshot, error)
	// Kit returns a kit with where each tool of its list is.
	Kit(ctx context.Context, at AsOf, id uuid.UUID) (ToolKitCard, Snapshot, error)
	// Duty returns who is on duty for a team's tools and when they are checked,
	// without the tools; nothing for a team that never had any.
	Duty(ctx context.Context, at AsOf, sites []string, team uuid.UUID) (TeamTools, error)
}

// ExchangeFilter narrows a list of exchanges. The zero value of a field does not.
type ExchangeFilter struct {
	Sites  []string // codes; nil means all, empty none
	Status *ExchangeStatus
	Tool   *uuid.UUID // surrendered, or its replacement
}

// RecallFilter narrows a list of recalls. The zero value of a field does not.
type RecallFilter struct {
	Sites  []string // codes; nil means all, empty none
	Status *RecallStatus
	Kind   *string // that the report names
	Batch  *string // that the report names
}

// Progress tells how far the read models are.
type Progress interface {
	// At returns the log number that a moment means; ErrBeyond if none is known yet.
	At(ctx context.Context, at AsOf) (Snapshot, error)
	// Wait returns once every read model has seen a revision of a stream;
	// ErrBeyond if that takes too long.
	Wait(ctx context.Context, stream string, revision int64) error
	// Health tells how the parts are. It names no data and never fails.
	Health(ctx context.Context) Health
}

// TicketChanges tells which tickets changed.
type TicketChanges struct {
	Number  int64       // log number up to which this holds
	Tickets []uuid.UUID // each once, in the order of their first change
	TooMany bool        // there are more than can be told: read the lists anew
}

// Changes tells what was committed to the tickets' read model.
type Changes interface {
	// Changed returns a channel that is closed after the next commit. Take it
	// before asking Since.
	Changed() <-chan struct{}
	// Since returns the tickets at sites (nil means all, empty none) that events
	// after a log number touched; at most so many, else TooMany.
	Since(ctx context.Context, sites []string, after int64, most int) (TicketChanges, error)
}
