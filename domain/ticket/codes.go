package ticket

import "slices"

// Level is the fault level by its effect on the customer's business, 1 (down) to 4 (TKT-04).
type Level int

// Channel is how a call came in (TKT-01).
type Channel string

// The channels.
const (
	Phone    Channel = "phone"
	Letter   Channel = "letter"
	InPerson Channel = "in_person"
	Email    Channel = "email"
	Web      Channel = "web"
	Other    Channel = "other" // import only
)

// Status is where a ticket stands in its life cycle (TKT-06).
type Status string

// The statuses. The empty one means that the ticket does not exist.
const (
	StatusRegistered Status = "registered"
	StatusAccepted   Status = "accepted"
	StatusAssigned   Status = "assigned"
	StatusPaused     Status = "paused"
	StatusOnSite     Status = "on_site"
	StatusResolved   Status = "resolved"
	StatusSignedOff  Status = "signed_off"
	StatusClosed     Status = "closed"
	StatusMerged     Status = "merged"    // into another ticket (TKT-17)
	StatusWithdrawn  Status = "withdrawn" // the customer took the call back
	StatusRejected   Status = "rejected"  // it is none of the desk's
)

// PauseReason says why clocks stand (TKT-13).
type PauseReason string

// The pause reasons.
const (
	WaitingCustomer   PauseReason = "customer"
	WaitingParts      PauseReason = "parts"
	WaitingThirdParty PauseReason = "third_party"
	ForceMajeure      PauseReason = "force_majeure"
)

// TargetName names a target (SLA-01).
type TargetName string

// The targets.
const (
	FirstContact     TargetName = "first_contact"
	RemoteResolution TargetName = "remote_resolution" // without anybody going there
	Arrival          TargetName = "arrival"
	Resolution       TargetName = "resolution"
	NextUpdate       TargetName = "next_update" // of the customer; starts again at each
)

// targetNames are the targets in the order in which they are judged.
var targetNames = [...]TargetName{FirstContact, RemoteResolution, Arrival, Resolution, NextUpdate}

// TargetNames returns the targets in their order. The caller may change the slice.
func TargetNames() []TargetName { return slices.Clone(targetNames[:]) }

// place returns where the target stands in the order, -1 for none of ours.
func (n TargetName) place() int {
	for i, name := range targetNames {
		if name == n {
			return i
		}
	}
	return -1
}

// silent reports whether a clock without an agreement is not judged at all.
// First contact and resolution are: their spans count for the figures (SLA-09).
func (n TargetName) silent() bool { return n != FirstContact && n != Resolution }

// SetBy says whose word an arrival time is (SLA-02).
type SetBy string

// The ways.
const (
	SetByCustomer SetBy = "customer" // 客户规定
	SetByBoth     SetBy = "agreed"
)

// HelpFrom says whom a technician asks who cannot answer (TKT-12).
type HelpFrom string

// The ways.
const (
	TechnicalDepartment HelpFrom = "technical_department" // S1 四.2
	Superior            HelpFrom = "superior"             // S3 二.7
)

// Cause says why a verdict was given again (SLA-05).
type Cause string

// The causes.
const (
	CauseStrike   Cause = "strike"    // a fact was taken back
	CauseLateFact Cause = "late_fact" // a fact was entered after what followed it
	CausePolicy   Cause = "policy"    // the rules were wrong on record
)

// Verdict is how a target of a cycle ended (SLA-05, SLA-09).
type Verdict string

// The verdicts.
const (
	Met       Verdict = "met"
	Breached  Verdict = "breached"
	Withdrawn Verdict = "withdrawn" // the cycle ended before the due time without reaching it
	NoTarget  Verdict = "no_target" // reached, but nothing was agreed; the spans still count
)

// SpanKind says what a span of a judgement was.
type SpanKind string

// The kinds. Time outside the calendar has no span.
const (
	Counted     SpanKind = "counted"
	PausedCount SpanKind = "paused"
)

func (l Level) known() bool { return l >= 1 && l <= 4 }

func (c Channel) known() bool {
	switch c {
	case Phone, Letter, InPerson, Email, Web, Other:
		return true
	}
	return false
}

func (s Status) known() bool {
	return s.Open() || s == StatusResolved || s == StatusSignedOff || s == StatusClosed
}

func (r PauseReason) known() bool {
	switch r {
	case WaitingCustomer, WaitingParts, WaitingThirdParty, ForceMajeure:
		return true
	}
	return false
}
