package exchange

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Event is what happened to an exchange. Past tense, never changed after
// release. When it happened is the At of each event, in UTC.
//
//sumtype:decl
type Event interface{ event() }

// Applied opens an exchange (EXC-01). Type exchange.applied.v1.
type Applied struct {
	At            domain.Instant   `json:"at"`
	Site          string           `json:"site"`                      // code
	By            string           `json:"by"`                        // person id of the applicant
	Old           Item             `json:"old"`                       // the tool that is given up
	Keeper        tool.Holder      `json:"keeper"`                    // who has it, or lost it
	Reason        string           `json:"reason"`                    // no personal data
	Wanted        Model            `json:"wanted"`                    // model of the replacement, else the old one's (EXC-07)
	NeedsApproval bool             `json:"needs_approval"`            // by the site's policy, or since another model is wanted
	InsteadOfLoss *uuid.UUID       `json:"instead_of_loss,omitempty"` // id of the loss that stands for the surrender (EXC-06)
	Policy        domain.PolicyRef `json:"policy"`                    // of tools, in force then
}

// Approved lets an exchange go on (EXC-01). Type exchange.approved.v1.
type Approved struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"` // person id of who approved, neither applicant nor keeper
}

// Refused ends an exchange (EXC-01). Type exchange.refused.v1.
type Refused struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id of who refused
	Reason string         `json:"reason"` // no personal data
}

// Withdrawn ends an exchange that was not completed; the process manager
// releases the tools. Type exchange.withdrawn.v1.
type Withdrawn struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id of who withdrew
	Reason string         `json:"reason"` // no personal data
	Tools  []uuid.UUID    `json:"tools"`  // that are to be released if they are kept
}

// Surrendered says that the old tool lies on the store's counter (EXC-01); its
// keeper has it until the completion. Type exchange.surrendered.v1.
type Surrendered struct {
	At    domain.Instant `json:"at"`
	By    string         `json:"by"`    // person id of the storekeeper
	Giver string         `json:"giver"` // person id of who brought it
	Store string         `json:"store"` // code of the store
}

// Inspected is what the storekeeper found (EXC-02). Type exchange.inspected.v1.
type Inspected struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"`                   // person id of the storekeeper
	Outcome     Outcome        `json:"outcome"`              // what comes of the tool
	Tool        uuid.UUID      `json:"tool"`                 // the old tool
	Keeper      tool.Holder    `json:"keeper"`               // who has it
	Repairer    string         `json:"repairer,omitempty"`   // code, of a repairable one
	ScrapNote   string         `json:"scrap_note,omitempty"` // of one without repair value; no personal data
	NoteBy      string         `json:"note_by,omitempty"`    // person id of who filled it in: who brought the tool
	HumanFault  bool           `json:"human_fault"`          // it did not wear, somebody broke it
	LifeReached bool           `json:"life_reached"`         // by the life table (EXC-04)
}

// FaultFound says that a tool did not reach its life by human fault, so that
// its keeper pays by the compensation standard: all that an assessment starts
// from (EXC-04, LOS-04). Type exchange.fault_found.v1.
type FaultFound struct {
	At          domain.Instant   `json:"at"`
	Tool        uuid.UUID        `json:"tool"`         // the old tool
	Number      string           `json:"number"`       // of the tool
	Kind        string           `json:"kind"`         // code of its kind
	Keeper      tool.Holder      `json:"keeper"`       // who pays
	PriceFen    int64            `json:"price_fen"`    // CNY, as bought
	PurchasedOn domain.Day       `json:"purchased_on"` // civil date
	LifeMonths  int              `json:"life_months"`  // 0: not in the life table
	On          domain.Day       `json:"on"`           // civil date of the finding at the site
	By          string           `json:"by"`           // person id of who found it
	Finding     string           `json:"finding"`      // no personal data
	Policy      domain.PolicyRef `json:"policy"`       // of tools, as the application
}

// ReplacementChosen names the replacement: both tools are to be kept (EXC-03,
// EXC-07). Type exchange.replacement_chosen.v1.
type ReplacementChosen struct {
	At       domain.Instant `json:"at"`
	By       string         `json:"by"`                   // person id of the storekeeper
	New      Item           `json:"new"`                  // the replacement
	Old      *uuid.UUID     `json:"old,omitempty"`        // the surrendered tool; none instead of a loss
	Keeper   tool.Holder    `json:"keeper"`               // who gets the replacement
	Worn     *uuid.UUID     `json:"worn_spare,omitempty"` // a worn but sound tool that was in stock
	Declined string         `json:"declined,omitempty"`   // why that one was not taken; no personal data
}

// Reserved says that both tools are kept (EXC-06). Type exchange.reserved.v1.
type Reserved struct {
	At domain.Instant `json:"at"`
}

// ReservationFailed says that a tool could not be kept: another replacement
// may be chosen. The process manager releases the others. Type exchange.reservation_failed.v1.
type ReservationFailed struct {
	At      domain.Instant `json:"at"`
	Missing []uuid.UUID    `json:"missing"` // that could not be kept
	Tools   []uuid.UUID    `json:"tools"`   // that are to be released if they are kept
}

// Completed moves both tools at once (EXC-06). Type exchange.completed.v1.
type Completed struct {
	At    domain.Instant `json:"at"`
	By    string         `json:"by"`    // person id of who signs for the replacement (TOL-04)
	Moves []Move         `json:"moves"` // of the old tool, if there is one, and of the new one
}

// Move says who has a tool of a completed exchange.
type Move struct {
	Tool uuid.UUID   `json:"tool"` // its id
	To   tool.Holder `json:"to"`   // who has it from then on
}

// Settled says that the tools' own streams have the move. Type exchange.settled.v1.
type Settled struct {
	At domain.Instant `json:"at"` // of the completion
}

func (Applied) event()           {}
func (Approved) event()          {}
func (Refused) event()           {}
func (Withdrawn) event()         {}
func (Surrendered) event()       {}
func (Inspected) event()         {}
func (FaultFound) event()        {}
func (ReplacementChosen) event() {}
func (Reserved) event()          {}
func (ReservationFailed) event() {}
func (Completed) event()         {}
func (Settled) event()           {}

// Policies are the versions that decided it (POL-02).
func (e Applied) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }

// Policies are the versions that decided it (POL-02).
func (e FaultFound) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }
