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
	Customer domain.Sealed       `json:"customer"`
	Phone    domain.Sealed       `json:"phone"`
	Text     domain.Sealed       `json:"text"`
	Book     *policy.Book        `json:"-"`
}

// Accept says that the desk answered the customer.
type Accept struct {
	At   domain.Instant `json:"at"`
	Book *policy.Book   `json:"-"`
}

// Assign gives the ticket to a team, a technician or both (TKT-08).
type Assign struct {
	At         domain.Instant `json:"at"`
	Team       uuid.UUID      `json:"team"`
	Technician uuid.UUID      `json:"technician"`
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

// Resume starts the stopped clocks.
type Resume struct {
	At   domain.Instant `json:"at"`
	Book *policy.Book   `json:"-"`
}

// Arrive says that the technician is at the customer's.
type Arrive struct {
	At   domain.Instant `json:"at"`
	Book *policy.Book   `json:"-"`
}

// Resolve says that the work is done.
type Resolve struct {
	At       domain.Instant `json:"at"`
	Solution string         `json:"solution"`
	Note     domain.Sealed  `json:"note"`
	Book     *policy.Book   `json:"-"`
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
	Book   *policy.Book   `json:"-"`
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
