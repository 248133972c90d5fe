package tool

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a tool. Past tense, never changed after release.
// When it happened is the At of each event, in UTC.
//
//sumtype:decl
type Event interface{ event() }

// Registered enters a tool (TOL-01). Type tool.registered.v1.
type Registered struct {
	At          domain.Instant   `json:"at"`
	Site        string           `json:"site"`      // code; its policies are decided by (POL-06)
	Number      string           `json:"number"`    // marked on the tool, one tool each
	Kind        string           `json:"kind"`      // code of the kind
	Category    string           `json:"category"`  // of the kind (TOL-02)
	Name        string           `json:"name"`      // what it is called
	Spec        string           `json:"spec"`      // size or model
	Brand       string           `json:"brand"`     // maker
	Batch       string           `json:"batch"`     // of the maker, "" if unknown (TOL-12)
	PriceFen    int64            `json:"price_fen"` // CNY
	PurchasedOn domain.Day       `json:"purchased_on"`
	LifeMonths  int              `json:"life_months"` // 0: not in the life table
	Use         Use              `json:"use"`
	Home        string           `json:"home"`   // store's code
	Holder      Holder           `json:"holder"` // who has it from now on
	Policy      domain.PolicyRef `json:"policy"` // of tools, in force then
}

// Issued says that the store gives a tool out; the recipient has not signed
// yet (TOL-04). Type tool.issued.v1.
type Issued struct {
	At         domain.Instant   `json:"at"`
	To         Holder           `json:"to"`                    // who has to sign
	ApprovedBy string           `json:"approved_by,omitempty"` // person id
	Scope      []Holder         `json:"scope"`                 // who may hold it from now on, if that was said (TOL-17)
	Policy     domain.PolicyRef `json:"policy"`                // of tools, in force then
}

// Accepted moves custody to the recipient, by the own signature (TOL-04). Type tool.accepted.v1.
type Accepted struct {
	At     domain.Instant `json:"at"`
	Holder Holder         `json:"holder"` // who has it from now on
	By     string         `json:"by"`     // person id of who signs
}

// Refused says that the recipient did not take it (TOL-04). Type tool.refused.v1.
type Refused struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id of who signs
	Reason string         `json:"reason"` // no personal data
}

// Lent moves custody for a time (TOL-09, TOL-10). Type tool.lent.v1.
type Lent struct {
	At          domain.Instant   `json:"at"`
	Holder      Holder           `json:"holder"`            // who has it from now on
	Until       domain.Instant   `json:"until"`             // when it is due back
	Purpose     string           `json:"purpose"`           // what for
	Responsible string           `json:"responsible"`       // person id
	Booking     *uuid.UUID       `json:"booking,omitempty"` // booking id that is picked up
	Chases      []Chase          `json:"chases"`            // when it is asked for if it is not back
	Policy      domain.PolicyRef `json:"policy"`            // of tools, in force then
}

// Returned moves custody to a store (TOL-21). Type tool.returned.v1.
type Returned struct {
	At        domain.Instant `json:"at"`
	From      Holder         `json:"from"`      // who had it until now
	Store     string         `json:"store"`     // code of the store
	By        string         `json:"by"`        // person id of who signs
	Condition Condition      `json:"condition"` // as it came back
	// Other says that who brought it is not who had it (TOL-08).
	Other bool `json:"other"`
}

// HandedOver moves custody between persons or teams (TOL-06, TOL-07). Type tool.handed_over.v1.
type HandedOver struct {
	At         domain.Instant   `json:"at"`
	From       Holder           `json:"from"`                  // who had it until now
	Holder     Holder           `json:"holder"`                // who has it from now on
	By         string           `json:"by"`                    // person id of who signs
	Reason     string           `json:"reason"`                // no personal data
	ApprovedBy string           `json:"approved_by,omitempty"` // person id
	Exception  bool             `json:"exception"`             // passing tools on is forbidden at the site (TOL-08)
	Policy     domain.PolicyRef `json:"policy"`                // of tools, in force then
}

// Blocked takes a tool out of use (TOL-18). Type tool.blocked.v1.
type Blocked struct {
	At     domain.Instant `json:"at"`
	Reason BlockReason    `json:"reason"` // no personal data
	Note   string         `json:"note"`   // no personal data
}

// Cleared puts a blocked tool to use again. Type tool.cleared.v1.
type Cleared struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"`   // person id of who signs
	Note string         `json:"note"` // no personal data
}

// Inspected is the result of an inspection (INS-01). Type tool.inspected.v1.
type Inspected struct {
	At        domain.Instant   `json:"at"`
	On        domain.Day       `json:"on"`             // civil date of the inspection
	Passed    bool             `json:"passed"`         // whether it is good
	Next      *domain.Day      `json:"next,omitempty"` // last day on which it may be used; none if it failed
	Inspector string           `json:"inspector"`      // person id
	Label     string           `json:"label"`          // number of its label
	Policy    domain.PolicyRef `json:"policy"`         // of tools, in force then
}

// SentToRepair moves custody to a repairer (TOL-11). Type tool.sent_to_repair.v1.
type SentToRepair struct {
	At     domain.Instant `json:"at"`
	Holder Holder         `json:"holder"` // who has it from now on
}

// ReportedMissing ends custody without anybody having the tool (LOS-01). Type tool.reported_missing.v1.
type ReportedMissing struct {
	At            domain.Instant `json:"at"`
	LostAt        domain.Instant `json:"lost_at"`           // when
	Place         string         `json:"place"`             // where it was lost
	Circumstances domain.Sealed  `json:"circumstances"`     // sealed
	By            string         `json:"by"`                // person id of who signs
	OnDuty        string         `json:"on_duty,omitempty"` // person id of the shift that answers for a team's tool (TOL-06)
	From          Holder         `json:"from"`              // who had it
	// Other says that who reports it is not who had it (TOL-08).
	Other bool `json:"other"`
}

// Found puts a missing tool into a store (LOS-09). Type tool.found.v1.
type Found struct {
	At    domain.Instant `json:"at"`
	Store string         `json:"store"` // code of the store
}

// Scrapped ends a tool (STK-08, STK-12). Type tool.scrapped.v1.
type Scrapped struct {
	At         domain.Instant `json:"at"`
	Reason     string         `json:"reason"`      // no personal data
	Keeper     string         `json:"keeper"`      // person id of who filled in the scrap note
	ApprovedBy string         `json:"approved_by"` // person id
}

func (Registered) event()       {}
func (Booked) event()           {}
func (BookingCancelled) event() {}
func (Extended) event()         {}
func (Chased) event()           {}
func (Issued) event()           {}
func (Accepted) event()         {}
func (Refused) event()          {}
func (Lent) event()             {}
func (Returned) event()         {}
func (HandedOver) event()       {}
func (Blocked) event()          {}
func (Cleared) event()          {}
func (Inspected) event()        {}
func (SentToRepair) event()     {}
func (ReportedMissing) event()  {}
func (Found) event()            {}
func (Scrapped) event()         {}
