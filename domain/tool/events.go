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
	Site        string           `json:"site"`
	Number      string           `json:"number"` // marked on the tool, one tool each
	Kind        string           `json:"kind"`   // code of the kind
	Category    string           `json:"category"`
	Name        string           `json:"name"`
	Spec        string           `json:"spec"`
	Brand       string           `json:"brand"`
	Batch       string           `json:"batch"`
	PriceFen    int64            `json:"price_fen"` // CNY
	PurchasedOn domain.Day       `json:"purchased_on"`
	LifeMonths  int              `json:"life_months"` // 0: not in the life table
	Use         Use              `json:"use"`
	Home        string           `json:"home"`   // store's code
	Holder      Holder           `json:"holder"` // who has it from now on
	Policy      domain.PolicyRef `json:"policy"`
}

// Issued says that the store gives a tool out; the recipient has not signed
// yet (TOL-04). Type tool.issued.v1.
type Issued struct {
	At         domain.Instant   `json:"at"`
	To         Holder           `json:"to"`
	ApprovedBy string           `json:"approved_by,omitempty"`
	Policy     domain.PolicyRef `json:"policy"`
}

// Accepted moves custody to the recipient, by the own signature (TOL-04). Type tool.accepted.v1.
type Accepted struct {
	At     domain.Instant `json:"at"`
	Holder Holder         `json:"holder"`
	By     string         `json:"by"`
}

// Refused says that the recipient did not take it (TOL-04). Type tool.refused.v1.
type Refused struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Reason string         `json:"reason"`
}

// Lent moves custody for a time (TOL-09, TOL-10). Type tool.lent.v1.
type Lent struct {
	At          domain.Instant   `json:"at"`
	Holder      Holder           `json:"holder"`
	Until       domain.Instant   `json:"until"`
	Purpose     string           `json:"purpose"`
	Responsible string           `json:"responsible"`
	Policy      domain.PolicyRef `json:"policy"`
}

// Returned moves custody to a store (TOL-21). Type tool.returned.v1.
type Returned struct {
	At        domain.Instant `json:"at"`
	From      Holder         `json:"from"`
	Store     string         `json:"store"`
	By        string         `json:"by"`
	Condition Condition      `json:"condition"`
	// Other says that who brought it is not who had it (TOL-08).
	Other bool `json:"other,omitempty"`
}

// HandedOver moves custody between persons or teams (TOL-06, TOL-07). Type tool.handed_over.v1.
type HandedOver struct {
	At         domain.Instant   `json:"at"`
	From       Holder           `json:"from"`
	Holder     Holder           `json:"holder"`
	By         string           `json:"by"`
	Reason     string           `json:"reason"`
	ApprovedBy string           `json:"approved_by,omitempty"`
	Exception  bool             `json:"exception"` // passing tools on is forbidden at the site (TOL-08)
	Policy     domain.PolicyRef `json:"policy"`
}

// Blocked takes a tool out of use (TOL-18). Type tool.blocked.v1.
type Blocked struct {
	At     domain.Instant `json:"at"`
	Reason BlockReason    `json:"reason"`
	Note   string         `json:"note"`
}

// Cleared puts a blocked tool to use again. Type tool.cleared.v1.
type Cleared struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"`
	Note string         `json:"note"`
}

// Inspected is the result of an inspection (INS-01). Type tool.inspected.v1.
type Inspected struct {
	At        domain.Instant   `json:"at"`
	On        domain.Day       `json:"on"`
	Passed    bool             `json:"passed"`
	Next      domain.Day       `json:"next"` // until when it may be used; "" if it failed
	Inspector string           `json:"inspector"`
	Label     string           `json:"label"`
	Policy    domain.PolicyRef `json:"policy"`
}

// SentToRepair moves custody to a repairer (TOL-11). Type tool.sent_to_repair.v1.
type SentToRepair struct {
	At     domain.Instant `json:"at"`
	Holder Holder         `json:"holder"`
}

// ReportedMissing ends custody without anybody having the tool (LOS-01). Type tool.reported_missing.v1.
type ReportedMissing struct {
	At            domain.Instant `json:"at"`
	LostAt        domain.Instant `json:"lost_at"`
	Place         string         `json:"place"`
	Circumstances domain.Sealed  `json:"circumstances"`
	By            string         `json:"by"`
	From          Holder         `json:"from"` // who had it
	// Other says that who reports it is not who had it (TOL-08).
	Other bool `json:"other,omitempty"`
}

// Found puts a missing tool into a store (LOS-09). Type tool.found.v1.
type Found struct {
	At    domain.Instant `json:"at"`
	Store string         `json:"store"`
}

// Scrapped ends a tool (STK-08, STK-12). Type tool.scrapped.v1.
type Scrapped struct {
	At         domain.Instant `json:"at"`
	Reason     string         `json:"reason"`
	Keeper     string         `json:"keeper"`
	ApprovedBy string         `json:"approved_by"`
}

// Reserved keeps a tool for one exchange (EXC-06). Type tool.reserved.v1.
type Reserved struct {
	At       domain.Instant `json:"at"`
	Exchange uuid.UUID      `json:"exchange"`
}

// Released ends a reservation. Type tool.released.v1.
type Released struct {
	At       domain.Instant `json:"at"`
	Exchange uuid.UUID      `json:"exchange"`
}

func (Registered) event()      {}
func (Issued) event()          {}
func (Accepted) event()        {}
func (Refused) event()         {}
func (Lent) event()            {}
func (Returned) event()        {}
func (HandedOver) event()      {}
func (Blocked) event()         {}
func (Cleared) event()         {}
func (Inspected) event()       {}
func (SentToRepair) event()    {}
func (ReportedMissing) event() {}
func (Found) event()           {}
func (Scrapped) event()        {}
func (Reserved) event()        {}
func (Released) event()        {}
