package ticket

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Command asks for something to happen to a ticket. At is the business time,
// UTC; Book holds the policy versions to decide by (POL-02) and is no part of
// the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Register opens a ticket (TKT-01).
type Register struct {
	At       domain.Instant      `json:"at"`
	Site     string              `json:"site"` // code, to find the policies (POL-06)
	Zone     string              `json:"zone"` // of the site, for OpenedOn
	Number   string              `json:"number"`
	External *domain.ExternalKey `json:"external,omitempty"`
	Channel  Channel             `json:"channel"`
	Kind     string              `json:"kind"`
	Problem  string              `json:"problem"`
	Level    Level               `json:"level"`
	// ServiceZone is where the customer is, "town" or "suburb" (SLA-11); "" if unknown.
	ServiceZone string        `json:"service_zone"`
	Class       Class         `json:"class,omitempty"` // TKT-05; "" if it was not said
	Customer    domain.Sealed `json:"customer"`
	Phone       domain.Sealed `json:"phone"`
	Text        domain.Sealed `json:"text"`
	Book        *policy.Book  `json:"-"`
}

// Accept says that the desk answered the customer. With a LateReason At may
// lie before what happened since: it then counts from where it belongs.
type Accept struct {
	At         domain.Instant `json:"at"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// Assign gives the ticket to a team, a technician or both (TKT-08).
// LateReason as for Accept.
type Assign struct {
	At         domain.Instant `json:"at"`
	Team       uuid.UUID      `json:"team"`
	Technician uuid.UUID      `json:"technician"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// ChangeLevel moves the ticket to another level, with a reason (TKT-04).
type ChangeLevel struct {
	At     domain.Instant `json:"at"`
	Level  Level          `json:"level"`
	Reason string         `json:"reason"`
	Book   *policy.Book   `json:"-"`
}

// Pause stops clocks for a reason (TKT-13). No Clocks means: the resolution clock.
type Pause struct {
	At       domain.Instant `json:"at"`
	Reason   PauseReason    `json:"reason"`
	Clocks   []TargetName   `json:"clocks"`
	Evidence domain.Sealed  `json:"evidence"`
}

// Resume starts the stopped clocks, or those named: the others stand on.
type Resume struct {
	At     domain.Instant `json:"at"`
	Clocks []TargetName   `json:"clocks"` // none: all
	Book   *policy.Book   `json:"-"`
}

// RecordPause enters a pause afterwards, with both its ends (TKT-13). The
// clocks stood then, whatever they do now.
type RecordPause struct {
	At         domain.Instant `json:"at"` // when it is entered
	From       domain.Instant `json:"from"`
	To         domain.Instant `json:"to"`
	Reason     PauseReason    `json:"reason"`
	Clocks     []TargetName   `json:"clocks"` // none: the resolution clock
	Evidence   domain.Sealed  `json:"evidence"`
	LateReason string         `json:"late_reason"`
	Book       *policy.Book   `json:"-"`
}

// FindVisitNeeded says that the telephone cannot solve it (TKT-11).
// LateReason as for Accept.
type FindVisitNeeded struct {
	At         domain.Instant `json:"at"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// AgreeArrival records by when the customer wants or agreed to see the
// technician (SLA-02). It may be given again: all are kept, the last counts.
// LateReason as for Accept.
type AgreeArrival struct {
	At         domain.Instant `json:"at"`
	ArrivalBy  domain.Instant `json:"arrival_by"`
	SetBy      SetBy          `json:"set_by"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// Arrive says that the technician is at the customer's. LateReason as for Accept.
type Arrive struct {
	At         domain.Instant `json:"at"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// Resolve says that the work is done. LateReason as for Accept.
type Resolve struct {
	At         domain.Instant `json:"at"`
	Solution   string         `json:"solution"`
	Note       domain.Sealed  `json:"note"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// SignOff records the customer's confirmation.
type SignOff struct {
	At     domain.Instant `json:"at"`
	Signer domain.Sealed  `json:"signer"`
	Book   *policy.Book   `json:"-"`
}

// Close ends the ticket.
type Close struct {
	At   domain.Instant `json:"at"`
	Book *policy.Book   `json:"-"`
}

// Reopen starts a new cycle (TKT-16).
type Reopen struct {
	At     domain.Instant `json:"at"`
	Reason string         `json:"reason"`
	// SameFault says that it is the fault of the cycle before again (TKT-16).
	SameFault bool         `json:"same_fault"`
	Book      *policy.Book `json:"-"`
}

// ChangeServiceZone says that the customer is in another service zone (SLA-07, SLA-11).
type ChangeServiceZone struct {
	At     domain.Instant `json:"at"`
	Zone   string         `json:"zone"`
	Reason string         `json:"reason"`
	Book   *policy.Book   `json:"-"`
}

// Retarget takes the running clocks over to the version in force, if that
// says so (POL-03).
type Retarget struct {
	At   domain.Instant `json:"at"`
	Book *policy.Book   `json:"-"`
}

// RequestHelp says that the technician cannot answer, and has told the
// customer so (TKT-12).
type RequestHelp struct {
	At           domain.Instant `json:"at"`
	By           string         `json:"by"` // person id
	To           HelpFrom       `json:"to"`
	CustomerTold bool           `json:"customer_told"`
	Note         domain.Sealed  `json:"note"`
}

// PlanEmergency records the plan for an emergency (TKT-12).
type PlanEmergency struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"` // person id
	Plan domain.Sealed  `json:"plan"`
	Book *policy.Book   `json:"-"`
}

// AddNote adds a note; ToCustomer, it says that the customer was told, and
// the next update is due from then on (SLA-01), LateReason as for Accept.
type AddNote struct {
	At         domain.Instant `json:"at"`
	Text       domain.Sealed  `json:"text"`
	ToCustomer bool           `json:"to_customer"`
	LateReason string         `json:"late_reason,omitempty"`
	Book       *policy.Book   `json:"-"`
}

// ChangeClass moves the ticket to another service class, with a reason; the
// director does (TKT-05).
type ChangeClass struct {
	At     domain.Instant `json:"at"`
	Class  Class          `json:"class"`
	Reason string         `json:"reason"`
	Roles  []string       `json:"roles,omitempty"` // of who decides (POL-10)
	Book   *policy.Book   `json:"-"`
}

// RecordCharge records what is charged for work on the ticket (TKT-05, TKT-22).
type RecordCharge struct {
	At        domain.Instant `json:"at"`
	AmountFen int64          `json:"amount_fen"`
	Work      Work           `json:"work"`
	Voucher   string         `json:"voucher,omitempty"` // number, "" for none
	Reason    string         `json:"reason"`
	Roles     []string       `json:"roles,omitempty"` // of who decides (POL-10)
	Book      *policy.Book   `json:"-"`
}

// Follow puts the ticket on a person's list (TKT-15), Unfollow takes it off.
type Follow struct {
	At     domain.Instant `json:"at"`
	Person uuid.UUID      `json:"person"`
}

// Unfollow takes the ticket off a person's list.
type Unfollow struct {
	At     domain.Instant `json:"at"`
	Person uuid.UUID      `json:"person"`
}

// Merge ends a duplicate (TKT-17). The caller has made sure that Into exists.
type Merge struct {
	At     domain.Instant `json:"at"`
	Ticket uuid.UUID      `json:"ticket"` // this one
	Into   uuid.UUID      `json:"into"`
	Book   *policy.Book   `json:"-"`
}

// Withdraw ends a ticket whose customer took the call back.
type Withdraw struct {
	At     domain.Instant `json:"at"`
	Reason string         `json:"reason"`
	Book   *policy.Book   `json:"-"`
}

// Reject ends a ticket that is none of the desk's.
type Reject struct {
	At     domain.Instant `json:"at"`
	Reason string         `json:"reason"`
	Book   *policy.Book   `json:"-"`
}

// Rejudge holds the verdicts on record against those that follow from the
// facts as they stand now, and gives again those that differ (SLA-05).
type Rejudge struct {
	At    domain.Instant `json:"at"`
	Cause Cause          `json:"cause"`
	Book  *policy.Book   `json:"-"`
}

// EscalateIfDue tells the next one if a share of a target's time is over
// (SLA-08). It comes from a timer: nothing happens if the clock has ended, a
// pause has moved the moment, or it was told already.
type EscalateIfDue struct {
	At      domain.Instant `json:"at"`
	Target  TargetName     `json:"target"`
	Percent int            `json:"percent"` // a step of the policy's ladder
	Book    *policy.Book   `json:"-"`
}

// ImportRow is one row of another desk's log: what happened is kept in its
// order and not refused. Decide compares the row with the state and returns
// what the row adds, none if it adds nothing.
type ImportRow struct {
	At         domain.Instant     `json:"at"` // when the row was written
	Site       string             `json:"site"`
	Zone       string             `json:"zone"`
	OpenedAt   domain.Instant     `json:"opened_at"` // the call
	External   domain.ExternalKey `json:"external"`  // the ticket's key there; its Key becomes Number
	Channel    Channel            `json:"channel"`
	Kind       string             `json:"kind"`
	Problem    string             `json:"problem"`
	Level      Level              `json:"level"`
	Customer   domain.Sealed      `json:"customer"`
	Team       uuid.UUID          `json:"team"`       // zero for none
	Technician uuid.UUID          `json:"technician"` // zero for none
	Status     Status             `json:"status"`     // the row's status in our words
	Pause      PauseReason        `json:"pause,omitempty"`
	Claim      *SourceClaim       `json:"claim,omitempty"` // on the ticket's last row only
	Book       *policy.Book       `json:"-"`
}

// SourceClaim is what the source system says of its own verdict.
type SourceClaim struct {
	ResolvedAt *domain.Instant `json:"resolved_at,omitempty"`
	SLAMet     *bool           `json:"sla_met,omitempty"`
	// Reassignments is how often the source says that the ticket changed hands.
	Reassignments *int64 `json:"reassignments,omitempty"`
}

func (FindVisitNeeded) command()   {}
func (AgreeArrival) command()      {}
func (RecordPause) command()       {}
func (ChangeServiceZone) command() {}
func (Retarget) command()          {}
func (AddNote) command()           {}
func (RequestHelp) command()       {}
func (PlanEmergency) command()     {}
func (ChangeClass) command()       {}
func (RecordCharge) command()      {}
func (Follow) command()            {}
func (Unfollow) command()          {}
func (Merge) command()             {}
func (Withdraw) command()          {}
func (Reject) command()            {}
func (Rejudge) command()           {}
func (EscalateIfDue) command()     {}

func (Register) command()    {}
func (Accept) command()      {}
func (Assign) command()      {}
func (ChangeLevel) command() {}
func (Pause) command()       {}
func (Resume) command()      {}
func (Arrive) command()      {}
func (Resolve) command()     {}
func (SignOff) command()     {}
func (Close) command()       {}
func (Reopen) command()      {}
func (ImportRow) command()   {}
