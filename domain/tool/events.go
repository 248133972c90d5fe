package tool

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a tool. Past tense, never changed after release.
// When it happened is the At of each event, in UTC; LateReason says why it was
// entered after what followed it, and is absent from one that was not.
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
	Approval   *uuid.UUID       `json:"approval,omitempty"`    // id of the approval by which that was said
	Scope      []Holder         `json:"scope"`                 // who may hold it from now on, if that was said (TOL-17)
	Policy     domain.PolicyRef `json:"policy"`                // of tools, in force then
	LateReason string           `json:"late_reason,omitempty"` // no personal data
}

// Accepted moves custody to the recipient, by the own signature (TOL-04). Type tool.accepted.v1.
type Accepted struct {
	At         domain.Instant `json:"at"`
	Holder     Holder         `json:"holder"`                // who has it from now on
	By         string         `json:"by"`                    // person id of who signs
	LateReason string         `json:"late_reason,omitempty"` // no personal data
}

// Refused says that the recipient did not take it (TOL-04). Type tool.refused.v1.
type Refused struct {
	At         domain.Instant `json:"at"`
	By         string         `json:"by"`                    // person id of who signs
	Reason     string         `json:"reason"`                // no personal data
	LateReason string         `json:"late_reason,omitempty"` // no personal data
}

// Lent moves custody for a time (TOL-09, TOL-10). Type tool.lent.v1.
type Lent struct {
	At          domain.Instant   `json:"at"`
	Holder      Holder           `json:"holder"`                // who has it from now on
	Until       domain.Instant   `json:"until"`                 // when it is due back
	Purpose     string           `json:"purpose"`               // what for
	Responsible string           `json:"responsible"`           // person id
	Booking     *uuid.UUID       `json:"booking,omitempty"`     // booking id that is picked up
	Chases      []Chase          `json:"chases"`                // when it is asked for if it is not back
	Policy      domain.PolicyRef `json:"policy"`                // of tools, in force then
	LateReason  string           `json:"late_reason,omitempty"` // no personal data
}

// Returned moves custody to a store (TOL-21). Type tool.returned.v1.
type Returned struct {
	At        domain.Instant `json:"at"`
	From      Holder         `json:"from"`      // who had it until now
	Store     string         `json:"store"`     // code of the store
	By        string         `json:"by"`        // person id of who signs
	Condition Condition      `json:"condition"` // as it came back
	// Other says that who brought it is not who had it (TOL-08).
	Other      bool        `json:"other"`
	Repair     *RepairDone `json:"repair,omitempty"`      // from a repairer (TOL-11)
	LateReason string      `json:"late_reason,omitempty"` // no personal data
}

// HandedOver moves custody between persons or teams (TOL-06, TOL-07). Type tool.handed_over.v1.
type HandedOver struct {
	At         domain.Instant   `json:"at"`
	From       Holder           `json:"from"`                  // who had it until now
	Holder     Holder           `json:"holder"`                // who has it from now on
	By         string           `json:"by"`                    // person id of who signs
	Reason     string           `json:"reason"`                // no personal data
	ApprovedBy string           `json:"approved_by,omitempty"` // person id
	Approval   *uuid.UUID       `json:"approval,omitempty"`    // id of the approval by which that was said
	Exception  bool             `json:"exception"`             // passing tools on is forbidden at the site (TOL-08)
	Policy     domain.PolicyRef `json:"policy"`                // of tools, in force then
	LateReason string           `json:"late_reason,omitempty"` // no personal data
}

// Blocked takes a tool out of use (TOL-18). Type tool.blocked.v1.
type Blocked struct {
	At         domain.Instant `json:"at"`
	Reason     BlockReason    `json:"reason"`                // no personal data
	Note       string         `json:"note"`                  // no personal data
	LateReason string         `json:"late_reason,omitempty"` // no personal data
}

// Cleared puts a blocked tool to use again. Type tool.cleared.v1.
type Cleared struct {
	At         domain.Instant `json:"at"`
	By         string         `json:"by"`                    // person id of who signs
	Note       string         `json:"note"`                  // no personal data
	LateReason string         `json:"late_reason,omitempty"` // no personal data
}

// Inspected is the result of an inspection (INS-01). Type tool.inspected.v1.
type Inspected struct {
	At         domain.Instant   `json:"at"`
	On         domain.Day       `json:"on"`                    // civil date of the inspection
	Passed     bool             `json:"passed"`                // whether it is good
	Next       *domain.Day      `json:"next,omitempty"`        // last day on which it may be used; none if it failed
	Inspector  string           `json:"inspector"`             // person id
	Label      string           `json:"label"`                 // number of its label
	Policy     domain.PolicyRef `json:"policy"`                // of tools, in force then
	LateReason string           `json:"late_reason,omitempty"` // no personal data
}

// SentToRepair moves custody to a repairer (TOL-11). Type tool.sent_to_repair.v1.
type SentToRepair struct {
	At         domain.Instant `json:"at"`
	Holder     Holder         `json:"holder"`                // who has it from now on
	LateReason string         `json:"late_reason,omitempty"` // no personal data
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
	Other      bool   `json:"other"`
	LateReason string `json:"late_reason,omitempty"` // no personal data
}

// Found puts a missing tool into a store (LOS-09). Type tool.found.v1.
type Found struct {
	At         domain.Instant `json:"at"`
	Store      string         `json:"store"`                 // code of the store
	LateReason string         `json:"late_reason,omitempty"` // no personal data
}

// Scrapped ends a tool (STK-08, STK-12). Type tool.scrapped.v1.
type Scrapped struct {
	At         domain.Instant `json:"at"`
	Reason     string         `json:"reason"`                // no personal data
	Keeper     string         `json:"keeper"`                // person id of who filled in the scrap note
	ApprovedBy string         `json:"approved_by"`           // person id
	Approval   *uuid.UUID     `json:"approval,omitempty"`    // id of the approval; absent if a request to scrap was signed
	Request    *uuid.UUID     `json:"request,omitempty"`     // id of the request that was signed; absent if there was none
	LateReason string         `json:"late_reason,omitempty"` // no personal data
}

// Kept reserves a tool for an exchange: until it is exchanged or released, who
// has it is read through the exchange's stream (EXC-06). Type tool.kept.v1.
type Kept struct {
	At       domain.Instant `json:"at"`
	Exchange uuid.UUID      `json:"exchange"` // id of the exchange
	Part     Part           `json:"part"`     // what the tool is in it
}

// Released ends what an exchange kept without moving the tool. Type tool.released.v1.
type Released struct {
	At       domain.Instant `json:"at"`
	Exchange uuid.UUID      `json:"exchange"` // id of the exchange
}

// Exchanged enters the move of a completed exchange, with the time of its
// completion (EXC-06). Type tool.exchanged.v1.
type Exchanged struct {
	At       domain.Instant `json:"at"`       // of the completion; marks of the tool may be later
	Exchange uuid.UUID      `json:"exchange"` // id of the exchange
	Part     Part           `json:"part"`     // what the tool is in it
	From     Holder         `json:"from"`     // who had it until then
	Holder   Holder         `json:"holder"`   // who has it from then on
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
func (Kept) event()             {}
func (Released) event()         {}
func (Exchanged) event()        {}

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Issued) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Accepted) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Refused) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Lent) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Returned) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e HandedOver) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Blocked) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Cleared) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Inspected) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e SentToRepair) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e ReportedMissing) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Found) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e Scrapped) EnteredLate() bool { return e.LateReason != "" }
