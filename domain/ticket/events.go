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
	Kind     string              `json:"kind"`    // ticket type from the code list (TKT-03), "fault"
	Problem  string              `json:"problem"` // problem code from the code list (TKT-03), may be ""
	Level    Level               `json:"level"`   // TKT-04
	// ServiceZone is where the customer is, "town" or "suburb" (SLA-11).
	ServiceZone string        `json:"service_zone,omitempty"`
	Customer    domain.Sealed `json:"customer"` // the caller's name
	Phone       domain.Sealed `json:"phone"`
	Text        domain.Sealed `json:"text"` // what the customer said
	Targets     []Target      `json:"targets"`
	Class       Class         `json:"class,omitempty"` // service class (TKT-05), if it was said
}

// Accepted says that the desk answered the customer: first contact (SLA-01). Type ticket.accepted.v1.
type Accepted struct {
	At domain.Instant `json:"at"`
	// LateReason says why it was entered after what followed it; its place
	// among the facts is then by At.
	LateReason string `json:"late_reason,omitempty"`
}

// Assigned says who works on it (TKT-08). Type ticket.assigned.v1.
type Assigned struct {
	At         domain.Instant `json:"at"`
	Team       uuid.UUID      `json:"team"`       // team id, zero for none
	Technician uuid.UUID      `json:"technician"` // person id, zero for none
	// LateReason is as of Accepted.
	LateReason string `json:"late_reason,omitempty"`
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

// Resumed starts stopped clocks again. Type ticket.resumed.v1.
type Resumed struct {
	At      domain.Instant `json:"at"`
	Clocks  []TargetName   `json:"clocks"`  // the clocks that it starts while others stand on; none means all, and the ticket is at work again
	Targets []Target       `json:"targets"` // new due times of the clocks that run on
}

// PauseRecorded is a pause that was entered afterwards (TKT-13). It changes
// nothing of what the ticket is doing now. Type ticket.pause_recorded.v1.
type PauseRecorded struct {
	At         domain.Instant `json:"at"`   // when it was entered
	From       domain.Instant `json:"from"` // half-open, [From, To)
	To         domain.Instant `json:"to"`   // not later than At
	Reason     PauseReason    `json:"reason"`
	Clocks     []TargetName   `json:"clocks"`      // the clocks that stood
	Evidence   domain.Sealed  `json:"evidence"`    // free text
	LateReason string         `json:"late_reason"` // why it was not entered while it lasted
	Targets    []Target       `json:"targets"`     // new due times of the clocks that run
}

// VisitNeeded is the finding that the telephone cannot solve it (TKT-11). The
// target of resolving without a visit ends. Type ticket.visit_needed.v1.
type VisitNeeded struct {
	At      domain.Instant `json:"at"`
	Targets []Target       `json:"targets"` // arrival, if it counts from here
	// LateReason is as of Accepted.
	LateReason string `json:"late_reason,omitempty"`
}

// ArrivalAgreed says by when the customer wants or agreed to see the
// technician (SLA-02). Type ticket.arrival_agreed.v1.
type ArrivalAgreed struct {
	At        domain.Instant `json:"at"`
	ArrivalBy domain.Instant `json:"arrival_by"` // when the technician is to be there
	SetBy     SetBy          `json:"set_by"`     // whose word it is
	Targets   []Target       `json:"targets"`    // arrival, if it takes its place; none if it is only recorded
	// LateReason is as of Accepted.
	LateReason string `json:"late_reason,omitempty"`
}

// Arrived says that the technician stands at the customer's. Type ticket.arrived.v1.
type Arrived struct {
	At         domain.Instant `json:"at"`
	LateReason string         `json:"late_reason,omitempty"` // as of Accepted
}

// Resolved says that the work is done. It ends an open pause. Type ticket.resolved.v1.
type Resolved struct {
	At       domain.Instant `json:"at"`
	Solution string         `json:"solution"` // solution code (TKT-03), may be ""
	Note     domain.Sealed  `json:"note"`
	// LateReason is as of Accepted.
	LateReason string `json:"late_reason,omitempty"`
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
	// RepeatBy is the technician of the cycle before if the same fault came
	// again: a repeat repair (TKT-16). Zero if it is another fault or nobody's.
	RepeatBy uuid.UUID `json:"repeat_by"`
}

// HelpRequested says that the technician could not answer, told the customer
// so and reported it (TKT-12). Type ticket.help_requested.v1.
type HelpRequested struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"`   // person id
	To   HelpFrom       `json:"to"`   // who was asked
	Note domain.Sealed  `json:"note"` // what is not known
}

// EmergencyPlanned records the plan for an emergency (TKT-12). Type ticket.emergency_planned.v1.
type EmergencyPlanned struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"` // person id
	Plan domain.Sealed  `json:"plan"`
}

// DueCorrected says when running clocks are due after a fact was taken back or
// entered late (SLA-05). It is no fact: it follows from them. Type ticket.due_corrected.v1.
type DueCorrected struct {
	At      domain.Instant `json:"at"`
	Cause   Cause          `json:"cause"`   // what made them others
	Targets []Target       `json:"targets"` // of the clocks whose due time is another now
}

// Merged says that the ticket is a duplicate of another. Its clocks are
// withdrawn, whatever was due (TKT-17). Type ticket.merged.v1.
type Merged struct {
	At   domain.Instant `json:"at"`
	Into uuid.UUID      `json:"into"` // ticket id
}

// CallWithdrawn says that the customer took the call back. Type ticket.withdrawn.v1.
type CallWithdrawn struct {
	At     domain.Instant `json:"at"`
	Reason string         `json:"reason"` // why, in the desk's words; no personal data
}

// Rejected says that the call is none of the desk's. Type ticket.rejected.v1.
type Rejected struct {
	At     domain.Instant `json:"at"`
	Reason string         `json:"reason"` // why it is none of the desk's
}

// ZoneChanged moves the customer to another service zone (SLA-07, SLA-11).
// Due times as of LevelChanged. Type ticket.zone_changed.v1.
type ZoneChanged struct {
	At      domain.Instant `json:"at"`
	From    string         `json:"from"`    // zone before, "" if it was unknown
	To      string         `json:"to"`      // zone after
	Reason  string         `json:"reason"`  // why the zone is another
	Targets []Target       `json:"targets"` // of the clocks that still run
}

// Retargeted takes the running clocks over to a later policy version that
// says so (POL-03, SLA-07). Due times as of LevelChanged. Type ticket.retargeted.v1.
type Retargeted struct {
	At      domain.Instant   `json:"at"`
	Policy  domain.PolicyRef `json:"policy"`  // the version that says so
	Targets []Target         `json:"targets"` // of the clocks that still run
}

// NoteAdded keeps a note for the desk. Type ticket.note_added.v1.
type NoteAdded struct {
	At   domain.Instant `json:"at"`
	Text domain.Sealed  `json:"text"` // of the note
}

// ClassChanged moves the ticket to another service class (TKT-05). Type ticket.class_changed.v1.
type ClassChanged struct {
	At     domain.Instant `json:"at"`
	From   Class          `json:"from,omitempty"` // absent if none was said
	To     Class          `json:"to"`
	Reason string         `json:"reason"` // why it is another
	// Role is in which the actor decided, by the matrix of Policy; both absent where the site has none (POL-10).
	Role   string            `json:"role,omitempty"`
	Policy *domain.PolicyRef `json:"policy,omitempty"` // of authority, in force then
}

// ChargeRecorded says what is charged for work on the ticket. Collecting it is
// not part of it. Type ticket.charge_recorded.v1.
type ChargeRecorded struct {
	At        domain.Instant `json:"at"`
	AmountFen int64          `json:"amount_fen"`        // CNY
	Work      Work           `json:"work"`              // what it is for
	Voucher   string         `json:"voucher,omitempty"` // number of the service voucher, if there is one
	Reason    string         `json:"reason"`            // why so much; no personal data
	// Role is in which the actor decided, by the matrix of Policy; both absent where the site has none (POL-10).
	Role   string            `json:"role,omitempty"`
	Policy *domain.PolicyRef `json:"policy,omitempty"` // of authority, in force then
}

// Followed says that a person wants to see what becomes of the ticket (TKT-15). Type ticket.followed.v1.
type Followed struct {
	At     domain.Instant `json:"at"`
	Person uuid.UUID      `json:"person"` // person id
}

// Unfollowed says that a person does no longer. Type ticket.unfollowed.v1.
type Unfollowed struct {
	At     domain.Instant `json:"at"`
	Person uuid.UUID      `json:"person"` // person id
}

// Updated says that the customer was told how things stand (SLA-01). Type ticket.updated.v1.
type Updated struct {
	At      domain.Instant `json:"at"`
	Text    domain.Sealed  `json:"text"`    // what the customer was told
	Targets []Target       `json:"targets"` // the next update
	// LateReason is as of Accepted.
	LateReason string `json:"late_reason,omitempty"`
}

// Escalated says that a share of a target's time was over and somebody was
// told (SLA-08). Type ticket.escalated.v1.
type Escalated struct {
	At        domain.Instant   `json:"at"`
	Target    TargetName       `json:"target"`     // whose time runs out
	Cycle     int              `json:"cycle"`      // of the clock
	StartedBy uint64           `json:"started_by"` // revision of the event that started the clock
	Percent   int              `json:"percent"`    // of the limit
	To        string           `json:"to"`         // "technician", "director", "manager"
	PastAt    domain.Instant   `json:"past_at"`    // when that share was over
	Policy    domain.PolicyRef `json:"policy"`     // the version that has the step
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
	Inputs    []uint64          `json:"inputs"`             // revisions that the verdict rests on: the start first, the end last
	Cause     Cause             `json:"cause,omitempty"`    // of a verdict that was given again
	Replaces  *uint64           `json:"replaces,omitempty"` // revision of the verdict whose place it takes
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

func (VisitNeeded) event()      {}
func (ArrivalAgreed) event()    {}
func (PauseRecorded) event()    {}
func (Merged) event()           {}
func (DueCorrected) event()     {}
func (CallWithdrawn) event()    {}
func (Rejected) event()         {}
func (ZoneChanged) event()      {}
func (Retargeted) event()       {}
func (HelpRequested) event()    {}
func (EmergencyPlanned) event() {}
func (NoteAdded) event()        {}
func (ClassChanged) event()     {}
func (ChargeRecorded) event()   {}
func (Followed) event()         {}
func (Unfollowed) event()       {}
func (Updated) event()          {}
func (Escalated) event()        {}

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
	// AgreedFor is the arrival time that took the place of the limit (SLA-02).
	// It is the due time and no pause moves it.
	AgreedFor *domain.Instant `json:"agreed_for,omitempty"`
	// Steps say when to escalate if no pause follows, in order (SLA-08); none
	// for a ticket that was imported: nobody is told of those.
	Steps []Step `json:"steps,omitempty"`
}

// Step is a moment at which somebody is to be told that a share of a target's
// time is over (SLA-08). Who that is, the policy version says then.
type Step struct {
	Percent int            `json:"percent"` // of the limit
	At      domain.Instant `json:"at"`      // when that share is over
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
	switch any(e).(type) { // of a few
	case Judged, DueCorrected:
		return true
	default:
		return false
	}
}

// StartedBy returns the revision of the event that started the clock that the
// verdict is on: one target may have had several in a cycle.
func (e Judged) StartedBy() uint64 {
	if len(e.Inputs) == 0 {
		return 0
	}
	return e.Inputs[0]
}

// TiedTo returns the revisions without which e has nothing to be about: the
// start and the end of the clock that a verdict is on. Their strike takes it
// along (AUD-02); a strike of what lies between has it given again (SLA-05).
func TiedTo(e Event) []uint64 {
	j, judged := e.(Judged)
	if !judged || len(j.Inputs) == 0 {
		return nil
	}
	return []uint64{j.Inputs[0], j.Inputs[len(j.Inputs)-1]}
}
