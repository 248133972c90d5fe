package loss

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a loss. Past tense, never changed after release.
// When it happened is the At of each event, in UTC; persons are named by id.
//
//sumtype:decl
type Event interface{ event() }

// Tool is what a loss knows of the tool, as it was then.
type Tool struct {
	ID          uuid.UUID  `json:"id"`           // of the tool
	Number      string     `json:"number"`       // marked on it
	Kind        string     `json:"kind"`         // code of its kind
	Use         string     `json:"use"`          // as tools have it
	PriceFen    int64      `json:"price_fen"`    // what was paid for the tool
	PurchasedOn domain.Day `json:"purchased_on"` // civil day
	LifeMonths  int        `json:"life_months"`  // 0: not in the life table
}

// Holder is who had the tool.
type Holder struct {
	Kind string `json:"kind"` // as tools have it
	Who  string `json:"who"`  // person, team or store
}

// Opened begins a loss with what was reported (LOS-01). Type loss.opened.v1.
type Opened struct {
	At            domain.Instant `json:"at"`
	Site          string         `json:"site"`          // code
	Number        string         `json:"number"`        // for people and payroll
	Cause         Cause          `json:"cause"`         // why there is a loss
	Tool          Tool           `json:"tool"`          // as it was then
	Holder        Holder         `json:"holder"`        // who had it
	Responsible   string         `json:"responsible"`   // who answers for a loan (TOL-09), or was on duty (TOL-06); "" for none
	ReportedBy    string         `json:"reported_by"`   // person id
	LostAt        domain.Instant `json:"lost_at"`       // when it was lost or damaged
	LostOn        domain.Day     `json:"lost_on"`       // civil day of that at the site
	Place         string         `json:"place"`         // where it was lost
	Circumstances domain.Sealed  `json:"circumstances"` // sealed
	BasisFen      int64          `json:"basis_fen"`     // cost of the repair of a damage; 0: by the site's method
	// Report is the event that it comes from, the zero id for a damage that somebody reports here.
	Report uuid.UUID `json:"report"`
}

// Payer is who pays, and for which part.
type Payer struct {
	Person string `json:"person"` // id
	Weight int64  `json:"weight"` // of all payers' together
}

// FindingMade says how the loss came about and who pays (LOS-02, LOS-05, LOS-06). Type loss.finding_made.v1.
type FindingMade struct {
	At        domain.Instant   `json:"at"`
	By        string           `json:"by"`                // who judged
	OnDuty    bool             `json:"on_duty"`           // lost on duty for the work
	GoodCause bool             `json:"good_cause"`        // there was good cause, so no replacement is asked for
	Payers    []Payer          `json:"payers"`            // by person
	Otherwise bool             `json:"otherwise"`         // the finding departs from the site's rule of who pays
	Witnesses []string         `json:"witnesses"`         // person ids
	Reason    domain.Sealed    `json:"reason"`            // sealed
	Replace   domain.Day       `json:"replace,omitempty"` // last day for a replacement; none: none is asked for
	Policy    domain.PolicyRef `json:"policy"`            // of compensation, in force then
}

// Certified is the certificate of the crew, signed by its head (LOS-02). Type loss.certified.v1.
type Certified struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"`          // the head of the crew
	Certificate string         `json:"certificate"` // its number
}

// Assessed says what the tool is to be paid with, and by which terms (LOS-03, LOS-04). Type loss.assessed.v1.
type Assessed struct {
	At         domain.Instant   `json:"at"`
	By         string           `json:"by"`          // person id of who acts
	Method     string           `json:"method"`      // original_price, value_left, standard or given
	PriceFen   int64            `json:"price_fen"`   // what was paid for the tool
	UsedMonths int64            `json:"used_months"` // whole ones from the purchase to the loss
	LifeMonths int64            `json:"life_months"` // of its kind
	LeftFen    int64            `json:"left_fen"`    // price less straight-line depreciation, half up
	FloorFen   int64            `json:"floor_fen"`   // share of the price below which it does not fall, half up
	AmountFen  int64            `json:"amount_fen"`  // what is to be paid
	Policy     domain.PolicyRef `json:"policy"`      // of compensation, in force then
}

// Replaced says that the person brought the same tool again (LOS-06). Type loss.replaced.v1.
type Replaced struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // who took it in
	Number string         `json:"number"` // of the tool that was brought
	Lowers bool           `json:"lowers"` // it stands for the compensation
}

// Requisitioned says that one was bought at the person's cost (LOS-06). Type loss.requisitioned.v1.
type Requisitioned struct {
	At      domain.Instant `json:"at"`
	By      string         `json:"by"`       // person id of who acts
	CostFen int64          `json:"cost_fen"` // of the one that is bought
	Lowers  bool           `json:"lowers"`   // the cost stands for the compensation
}

// Share is what one person pays.
type Share struct {
	Person    string `json:"person"`     // id
	AmountFen int64  `json:"amount_fen"` // what is to be paid
}

// AmountProposed puts an amount and its shares up for approval (LOS-07). Type loss.proposed.v1.
type AmountProposed struct {
	At        domain.Instant   `json:"at"`
	By        string           `json:"by"`         // person id of who acts
	AmountFen int64            `json:"amount_fen"` // what is to be paid
	Shares    []Share          `json:"shares"`     // by person; they add up to the amount
	NeedsHR   bool             `json:"needs_hr"`   // the amount is above the policy's
	Policy    domain.PolicyRef `json:"policy"`     // of compensation, in force then
}

// ProposalWithdrawn takes a proposal back. Type loss.proposal_withdrawn.v1.
type ProposalWithdrawn struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"` // person id of who acts
}

// AmountApproved decides what is paid by whom (LOS-07). Type loss.approved.v1.
type AmountApproved struct {
	At        domain.Instant `json:"at"`
	By        string         `json:"by"`         // person id of who acts
	Proposal  int64          `json:"proposal"`   // revision of the proposal
	Number    string         `json:"number"`     // of the loss
	AmountFen int64          `json:"amount_fen"` // what is to be paid
	Shares    []Share        `json:"shares"`     // by person; they add up to the amount
	// Policy of compensation, in force then, says who had to approve; none in what was recorded before it was kept.
	Policy *domain.PolicyRef `json:"policy,omitempty"`
}

// PointsRecorded says that production suffered (LOS-10). Type loss.points_recorded.v1.
type PointsRecorded struct {
	At            domain.Instant   `json:"at"`
	By            string           `json:"by"`            // person id of who acts
	Person        string           `json:"person"`        // the shift leader
	Points        int64            `json:"points"`        // what a point is worth is another policy's
	Circumstances domain.Sealed    `json:"circumstances"` // sealed
	Policy        domain.PolicyRef `json:"policy"`        // of compensation, in force then
}

// CorrectionRequested says that the loss was booked wrongly (AUD-02). Type loss.correction_requested.v1.
type CorrectionRequested struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id of who acts
	Reason string         `json:"reason"` // no personal data
	// Consequences stands for the list of what it would change, as By has seen it.
	Consequences string `json:"consequences"`
}

// ReplacementGiven says which exchange gives another tool in place of the lost
// one; a later one says that nothing came of the one before (EXC-06). Type loss.replacement_given.v1.
type ReplacementGiven struct {
	At       domain.Instant `json:"at"`
	By       string         `json:"by"`       // person id of who signs for the tool
	Exchange uuid.UUID      `json:"exchange"` // its id
}

// Ended ends a loss without its being paid (LOS-09, LOS-11, AUD-02). Type loss.ended.v1.
type Ended struct {
	At      domain.Instant `json:"at"`
	How     How            `json:"how"`     // how it ended
	By      string         `json:"by"`      // person id of who acts
	Second  string         `json:"second"`  // who agreed; "" where nobody has to
	Reason  string         `json:"reason"`  // no personal data
	Number  string         `json:"number"`  // of the loss
	Persons []string       `json:"persons"` // whose accounts hold a share of it
	Refund  bool           `json:"refund"`  // what was deducted goes back
	Points  int64          `json:"points"`  // of appraisal that are taken back
}

func (Opened) event()              {}
func (FindingMade) event()         {}
func (Certified) event()           {}
func (Assessed) event()            {}
func (Replaced) event()            {}
func (Requisitioned) event()       {}
func (AmountProposed) event()      {}
func (ProposalWithdrawn) event()   {}
func (AmountApproved) event()      {}
func (PointsRecorded) event()      {}
func (CorrectionRequested) event() {}
func (ReplacementGiven) event()    {}
func (Ended) event()               {}

// Policies are the versions that decided the event (POL-02).
func (e FindingMade) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }

// Policies are the versions that decided the event (POL-02).
func (e Assessed) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }

// Policies are the versions that decided the event (POL-02).
func (e AmountProposed) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }

// Policies are the versions that decided the event (POL-02).
func (e AmountApproved) Policies() []domain.PolicyRef {
	if e.Policy == nil {
		return nil
	}
	return []domain.PolicyRef{*e.Policy}
}

// Policies are the versions that decided the event (POL-02).
func (e PointsRecorded) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }
