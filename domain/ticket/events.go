package ticket

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// Event is what happened to a ticket. Past tense, never changed after release.
// When it happened is the At of each event, in UTC.
//
//sumtype:decl
type Event interface{ event() }

// Registered opens a ticket: a customer called (TKT-01). Type ticket.registered.v1.
type Registered struct {
	At       domain.Instant      `json:"at"`        // time of the call; every clock starts here (TKT-07)
	Site     string              `json:"site"`      // code; its policies are decided by (POL-06)
	OpenedOn domain.Day          `json:"opened_on"` // civil date of At in the site's zone: the KPI period
	Number   string              `json:"number"`    // human number: own block number, or the source's
	External *domain.ExternalKey `json:"external,omitempty"`
	Channel  Channel             `json:"channel"`
	Kind     string              `json:"kind"`     // ticket type from the code list (TKT-03), "fault"
	Problem  string              `json:"problem"`  // problem code from the code list (TKT-03), may be ""
	Level    Level               `json:"level"`    // TKT-04
	Customer domain.Sealed       `json:"customer"` // the caller's name
	Phone    domain.Sealed       `json:"phone"`
	Text     domain.Sealed       `json:"text"` // what the customer said
	Targets  []Target            `json:"targets"`
}

// Accepted says that the desk answered the customer: first contact (SLA-01). Type ticket.accepted.v1.
type Accepted struct {
	At domain.Instant `json:"at"`
}

// Assigned says who works on it (TKT-08). Type ticket.assigned.v1.
type Assigned struct {
	At         domain.Instant `json:"at"`
	Team       uuid.UUID      `json:"team"`       // team id, zero for none
	Technician uuid.UUID      `json:"technician"` // person id, zero for none
}

// LevelChanged moves the ticket to another fault level (TKT-04, SLA-07).
// The new due times count from the original start; the old ones stay in
// earlier events. Type ticket.level_changed.v1.
type LevelChanged struct {
	At      domain.Instant `json:"at"`
	From    Level          `json:"from"`
	To      Level          `json:"to"`
	Reason  string         `json:"reason"`
	Targets []Target       `json:"targets"` // of the clocks that still run
}

// Paused stops clocks (TKT-13). Type ticket.paused.v1.
type Paused struct {
	At       domain.Instant `json:"at"`
	Reason   PauseReason    `json:"reason"`
	Clocks   []TargetName   `json:"clocks"`   // the clocks it stops (SLA-06)
	Evidence domain.Sealed  `json:"evidence"` // free text
}

// Resumed starts the stopped clocks again. Type ticket.resumed.v1.
type Resumed struct {
	At      domain.Instant `json:"at"`
	Targets []Target       `json:"targets"` // new due times of the clocks that run on
}

// Arrived says that the technician stands at the customer's. Type ticket.arrived.v1.
type Arrived struct {
	At domain.Instant `json:"at"`
}

// Resolved says that the work is done. It ends an open pause. Type ticket.resolved.v1.
type Resolved struct {
	At       domain.Instant `json:"at"`
	Solution string         `json:"solution"` // solution code (TKT-03), may be ""
	Note     domain.Sealed  `json:"note"`
}

// SignedOff says that the customer confirmed the work (VIS-01). Type ticket.signed_off.v1.
type SignedOff struct {
	At     domain.Instant `json:"at"`
	Signer domain.Sealed  `json:"signer"`
}

// Closed ends the ticket; it ends an open pause. Type ticket.closed.v1.
type Closed struct {
	At domain.Instant `json:"at"`
}

// Reopened starts a new cycle with its own clocks (TKT-16). Type ticket.reopened.v1.
type Reopened struct {
	At      domain.Instant `json:"at"`
	Cycle   int            `json:"cycle"` // 1 was the first
	Reason  string         `json:"reason"`
	Targets []Target       `json:"targets"`
}

// Judged is the verdict on one target of one cycle (SLA-05). Never edited. Type ticket.judged.v1.
type Judged struct {
	At        domain.Instant    `json:"at"` // when the target was reached, missed or withdrawn
	Target    TargetName        `json:"target"`
	Cycle     int               `json:"cycle"`
	Verdict   Verdict           `json:"verdict"`
	StartAt   domain.Instant    `json:"start_at"`
	ReachedAt *domain.Instant   `json:"reached_at,omitempty"` // absent if it never was
	DueAt     *domain.Instant   `json:"due_at,omitempty"`     // absent without target
	Clock     sla.Clock         `json:"clock"`
	LimitS    int64             `json:"limit_s"`  // 0 without target
	GrossS    int64             `json:"gross_s"`  // seconds of the clock from StartAt to ReachedAt, pauses counted
	PausedS   int64             `json:"paused_s"` // seconds of the clock within the union of pauses
	NetS      int64             `json:"net_s"`    // GrossS - PausedS
	Spans     []Span            `json:"spans"`    // disjoint, in order; they add up to the three sums
	Policy    *domain.PolicyRef `json:"policy,omitempty"`
	Calendar  *domain.PolicyRef `json:"calendar,omitempty"`
	Inputs    []uint64          `json:"inputs"` // revisions of this stream that the verdict rests on
}

// SourceVerdictRecorded keeps what the system that a ticket was imported from
// said of itself, beside our own verdict. Type ticket.source_verdict_recorded.v1.
type SourceVerdictRecorded struct {
	At         domain.Instant  `json:"at"`
	ResolvedAt *domain.Instant `json:"resolved_at,omitempty"`
	SLAMet     *bool           `json:"sla_met,omitempty"`
	// Reassignments is how often the source says that the ticket changed hands.
	Reassignments *int64 `json:"reassignments,omitempty"`
}

func (Registered) event()            {}
func (Accepted) event()              {}
func (Assigned) event()              {}
func (LevelChanged) event()          {}
func (Paused) event()                {}
func (Resumed) event()               {}
func (Arrived) event()               {}
func (Resolved) event()              {}
func (SignedOff) event()             {}
func (Closed) event()                {}
func (Reopened) event()              {}
func (Judged) event()                {}
func (SourceVerdictRecorded) event() {}

// Target is one agreed time and when it is due (SLA-01).
type Target struct {
	Name     TargetName       `json:"name"`
	Clock    sla.Clock        `json:"clock"` // SLA-12
	LimitS   int64            `json:"limit_s"`
	StartAt  domain.Instant   `json:"start_at"`
	DueAt    domain.Instant   `json:"due_at"` // if no pause follows
	Policy   domain.PolicyRef `json:"policy"`
	Calendar domain.PolicyRef `json:"calendar"`
}

// Span is a half-open stretch of clock time, [From, To).
type Span struct {
	From domain.Instant `json:"from"`
	To   domain.Instant `json:"to"`
	Kind SpanKind       `json:"kind"`
}

// Follows reports whether e is a consequence of the fact before it and no
// fact itself: a strike of that fact takes it along (AUD-02).
func Follows(e Event) bool {
	_, judged := e.(Judged)
	return judged
}
