package tool

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Command asks for something to happen to a tool. At is the business time,
// UTC; Book holds the policy versions to decide by (POL-02) and is no part of
// the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Register enters a tool (TOL-01). With a Holder it is an opening entry of
// what somebody has already.
type Register struct {
	At          domain.Instant `json:"at"`
	Site        string         `json:"site"` // code
	Number      string         `json:"number"`
	Kind        string         `json:"kind"` // code of the site's policy of tools
	Name        string         `json:"name"`
	Spec        string         `json:"spec"`
	Brand       string         `json:"brand"`
	Batch       string         `json:"batch"` // "" if unknown (TOL-12)
	PriceFen    int64          `json:"price_fen"`
	PurchasedOn domain.Day     `json:"purchased_on"`
	Use         Use            `json:"use"`
	Store       string         `json:"store"` // its home
	Holder      *Holder        `json:"holder,omitempty"`
	Book        *policy.Book   `json:"-"`
}

// Issue offers a tool in store to a person or team, who has it from Accept on (TOL-04).
type Issue struct {
	At         domain.Instant `json:"at"`
	Today      domain.Day     `json:"today"` // civil date of At in the site's zone (INS-02)
	To         Holder         `json:"to"`
	ApprovedBy string         `json:"approved_by"` // person id, where the site's policy asks for one (TOL-16)
	Approval   *uuid.UUID     `json:"approval"`    // id of the approval by which that was said; nil where a list was approved
	Scope      []Holder       `json:"scope"`       // who may hold it from now on; none: as before (TOL-17)
	Posts      []string       `json:"posts"`       // of the person to whom it goes, at that time (TOL-19)
	Team       string         `json:"team"`        // team id of that person, "" for none
	Book       *policy.Book   `json:"-"`
}

// Accept is the recipient's signature (TOL-04).
type Accept struct {
	At    domain.Instant `json:"at"`
	Today domain.Day     `json:"today"` // as of Issue
	By    string         `json:"by"`    // person id
	Of    string         `json:"of"`    // id of By's team at that time, "" for none
	Posts []string       `json:"posts"` // as of Issue, of the person to whom it is offered
	Team  string         `json:"team"`  // as of Issue
	Book  *policy.Book   `json:"-"`
}

// Refuse says that the recipient did not take what was offered (TOL-04).
type Refuse struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Of     string         `json:"of"` // as of Accept
	Reason string         `json:"reason"`
}

// Lend gives a tool out for a time (TOL-09, TOL-10).
type Lend struct {
	At          domain.Instant `json:"at"`
	Today       domain.Day     `json:"today"` // as of Issue
	To          Holder         `json:"to"`
	Until       domain.Instant `json:"until"`
	Purpose     string         `json:"purpose"`
	Responsible string         `json:"responsible"` // person id
	Booking     uuid.UUID      `json:"booking"`     // that is picked up, zero for none
	Imported    bool           `json:"imported"`    // nobody is asked for what another system lent
	Book        *policy.Book   `json:"-"`
}

// Return brings a tool back to a store, whoever had it (TOL-21).
type Return struct {
	At        domain.Instant `json:"at"`
	Store     string         `json:"store"`
	By        string         `json:"by"` // person id of who brings it; "" from a repairer
	Condition Condition      `json:"condition"`
	Repair    *RepairDone    `json:"repair,omitempty"` // from a repairer (TOL-11)
	// Between says that it may come from another store of the site: two have
	// signed that it is in this one (CHK-01).
	Between bool         `json:"between,omitempty"`
	Book    *policy.Book `json:"-"`
}

// HandOver moves a tool from its custodian to another person or team
// (TOL-06, TOL-07). Where passing tools on is forbidden it needs the special
// circumstances and a manager's approval (TOL-08).
type HandOver struct {
	At         domain.Instant `json:"at"`
	Today      domain.Day     `json:"today"` // as of Issue
	To         Holder         `json:"to"`
	Posts      []string       `json:"posts"` // as of Issue
	Team       string         `json:"team"`  // as of Issue
	By         string         `json:"by"`    // person id of who takes it over
	Of         string         `json:"of"`    // as of Accept
	Reason     string         `json:"reason"`
	ApprovedBy string         `json:"approved_by"` // person id
	Approval   *uuid.UUID     `json:"approval"`    // as of Issue
	Book       *policy.Book   `json:"-"`
}

// Block takes a tool out of use (TOL-18).
type Block struct {
	At     domain.Instant `json:"at"`
	Reason BlockReason    `json:"reason"`
	Note   string         `json:"note"` // no personal data
}

// Clear says that a blocked tool was checked and is sound (TOL-18).
type Clear struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"` // person id of who checked it
	Note string         `json:"note"`
}

// Inspect records the result of an inspection (INS-01).
type Inspect struct {
	At        domain.Instant `json:"at"`
	Today     domain.Day     `json:"today"` // as of Issue
	On        domain.Day     `json:"on"`
	Passed    bool           `json:"passed"`
	Next      domain.Day     `json:"next"` // "" by the kind's period
	Inspector string         `json:"inspector"`
	Label     string         `json:"label"` // number of the label
	Book      *policy.Book   `json:"-"`
}

// SendToRepair hands a tool in store to a repairer (TOL-11). With From it
// takes it from that custodian over the counter, as an exchange found (EXC-02).
type SendToRepair struct {
	At       domain.Instant `json:"at"`
	Repairer string         `json:"repairer"`
	From     *Holder        `json:"from,omitempty"`
}

// ReportMissing says that a tool is not where it should be (LOS-01).
type ReportMissing struct {
	At            domain.Instant `json:"at"`
	LostAt        domain.Instant `json:"lost_at"`
	Place         string         `json:"place"`
	Circumstances domain.Sealed  `json:"circumstances"`
	By            string         `json:"by"`      // person id
	OnDuty        string         `json:"on_duty"` // person id of the shift that answers for a team's tools, "" if unknown (TOL-06)
}

// Find says that a missing tool is there again (LOS-09).
type Find struct {
	At        domain.Instant `json:"at"`
	Store     string         `json:"store"`
	Condition Condition      `json:"condition,omitempty"` // as it was found; "" for good
	Book      *policy.Book   `json:"-"`
}

// Scrap ends a tool in store (STK-08, STK-12).
type Scrap struct {
	At         domain.Instant `json:"at"`
	Reason     string         `json:"reason"`
	Keeper     string         `json:"keeper"`      // person id of who fills in the note
	ApprovedBy string         `json:"approved_by"` // person id
	Approval   *uuid.UUID     `json:"approval"`    // as of Issue; nil where a request was signed
	Request    *uuid.UUID     `json:"request"`     // id of the request that was signed; nil for none
}

// Keep reserves a tool for an exchange: nothing else moves it until it is
// settled or released (EXC-06).
type Keep struct {
	At       domain.Instant `json:"at"`
	Today    domain.Day     `json:"today"` // as of Issue
	Exchange uuid.UUID      `json:"exchange"`
	Part     Part           `json:"part"`
	Holder   Holder         `json:"holder"` // who gives up the old tool, or gets the new one
	Posts    []string       `json:"posts"`  // as of Issue, of who gets the new one
	Team     string         `json:"team"`   // as of Issue
	Book     *policy.Book   `json:"-"`
}

// Release ends what an exchange kept; the tool stays where it was.
type Release struct {
	At       domain.Instant `json:"at"`
	Exchange uuid.UUID      `json:"exchange"`
}

// Settle enters what a completed exchange has moved already (EXC-06).
type Settle struct {
	At       domain.Instant `json:"at"` // of the completion
	Exchange uuid.UUID      `json:"exchange"`
	Holder   Holder         `json:"holder"` // who has it since then
}

func (Register) command()      {}
func (Reserve) command()       {}
func (CancelBooking) command() {}
func (Extend) command()        {}
func (ChaseIfDue) command()    {}
func (Issue) command()         {}
func (Accept) command()        {}
func (Refuse) command()        {}
func (Lend) command()          {}
func (Return) command()        {}
func (HandOver) command()      {}
func (Block) command()         {}
func (Clear) command()         {}
func (Inspect) command()       {}
func (SendToRepair) command()  {}
func (ReportMissing) command() {}
func (Find) command()          {}
func (Scrap) command()         {}
func (Keep) command()          {}
func (Release) command()       {}
func (Settle) command()        {}
