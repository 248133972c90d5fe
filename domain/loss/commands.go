package loss

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Command asks for something to happen to a loss. At is the business time,
// UTC; By is the person who acts; Book holds the policy versions to decide by
// (POL-02) and is no part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Begin opens a loss with what is known of it (LOS-01).
type Begin struct {
	Opened Opened `json:"opened"`
}

// MakeFinding judges how it came about (LOS-02, LOS-05, LOS-06).
type MakeFinding struct {
	At        domain.Instant `json:"at"`
	Today     domain.Day     `json:"today"` // civil day of At at the site
	By        string         `json:"by"`
	OnDuty    bool           `json:"on_duty"`
	GoodCause bool           `json:"good_cause"`
	// Payers are who pays where the site's rule needs them named, or where the
	// finding says otherwise; none: who had the tool.
	Payers    []Payer       `json:"payers"`
	Otherwise bool          `json:"otherwise"` // the finding departs from the site's rule
	Witnesses []string      `json:"witnesses"`
	Reason    domain.Sealed `json:"reason"`
	Book      *policy.Book  `json:"-"`
}

// Certify is the head of the crew's certificate (LOS-02).
type Certify struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"`
	Certificate string         `json:"certificate"`
}

// Assess works out what the tool is to be paid with (LOS-03, LOS-04).
type Assess struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"`
	Book *policy.Book   `json:"-"`
}

// Replace records the same tool brought by who lost it (LOS-06).
type Replace struct {
	At     domain.Instant `json:"at"`
	Today  domain.Day     `json:"today"`
	By     string         `json:"by"`
	Number string         `json:"number"`
	// Same says that spec, model and brand are those of the lost tool.
	Same bool         `json:"same"`
	Book *policy.Book `json:"-"`
}

// Requisition records that one is bought at the person's cost (LOS-06).
type Requisition struct {
	At      domain.Instant `json:"at"`
	By      string         `json:"by"`
	CostFen int64          `json:"cost_fen"`
	Book    *policy.Book   `json:"-"`
}

// Propose puts what is to be paid up for approval (LOS-07).
type Propose struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"`
	Book *policy.Book   `json:"-"`
}

// WithdrawProposal takes a proposal back.
type WithdrawProposal struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"`
}

// Approve approves the amount of one proposal (LOS-07).
type Approve struct {
	At        domain.Instant `json:"at"`
	By        string         `json:"by"`
	Roles     []string       `json:"roles"`    // of that person
	Proposal  int64          `json:"proposal"` // revision of the proposal that was seen
	AmountFen int64          `json:"amount_fen"`
	Book      *policy.Book   `json:"-"`
}

// Waive gives up what is to be paid (LOS-11).
type Waive struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Second string         `json:"second"`
	Reason string         `json:"reason"`
	Refund bool           `json:"refund"` // what was deducted goes back too
}

// RecordPoints says that production suffered (LOS-10).
type RecordPoints struct {
	At            domain.Instant `json:"at"`
	By            string         `json:"by"`
	Person        string         `json:"person"` // the shift leader
	Circumstances domain.Sealed  `json:"circumstances"`
	Book          *policy.Book   `json:"-"`
}

// RequestCorrection says that the loss was booked wrongly (AUD-02).
type RequestCorrection struct {
	At           domain.Instant `json:"at"`
	By           string         `json:"by"`
	Reason       string         `json:"reason"`
	Consequences string         `json:"consequences"` // as they are now
	Seen         string         `json:"seen"`         // as By has seen them
}

// ConfirmCorrection takes the loss back; another person than who asked for it.
type ConfirmCorrection struct {
	At           domain.Instant `json:"at"`
	By           string         `json:"by"`
	Consequences string         `json:"consequences"`
	Seen         string         `json:"seen"`
}

// Give says that an exchange gives another tool in place of the lost one (EXC-06).
type Give struct {
	At       domain.Instant `json:"at"`
	By       string         `json:"by"`
	Tool     uuid.UUID      `json:"tool"` // that the exchange stands for
	Exchange uuid.UUID      `json:"exchange"`
	Over     uuid.UUID      `json:"over"` // another exchange of which nothing came; the zero id for none
}

// FindAgain says that the tool is there again (LOS-09).
type FindAgain struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"`
}

func (Begin) command()             {}
func (MakeFinding) command()       {}
func (Certify) command()           {}
func (Assess) command()            {}
func (Replace) command()           {}
func (Requisition) command()       {}
func (Propose) command()           {}
func (WithdrawProposal) command()  {}
func (Approve) command()           {}
func (Waive) command()             {}
func (RecordPoints) command()      {}
func (RequestCorrection) command() {}
func (ConfirmCorrection) command() {}
func (Give) command()              {}
func (FindAgain) command()         {}
