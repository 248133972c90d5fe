// Package purchase decides about the purchase of one thing for a unit: the
// written request, the checks before the quote, the quote, whose approvals its
// price needs, the order and what of it was delivered and accepted.
//
// It is pure: no clock, no I/O. An approval is bound to one quote and its
// amount: another quote voids every approval. What several requests for one
// need add up to counts instead of the unit price if it is more (STK-02);
// domain/need adds it up. Nobody approves a purchase that he asked for or
// quoted. No more can be accepted than was ordered, since each delivery takes
// its pieces here. The rules are STK-02, STK-03, STK-09 and STK-11 in
// docs/rules.md.
package purchase

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Event is what happened to a purchase.
//
//sumtype:decl
type Event interface{ event() }

// Requested is the written request (STK-09). Type purchase.requested.v1.
type Requested struct {
	At       domain.Instant   `json:"at"`
	Site     string           `json:"site"` // code; its policies are decided by (POL-06)
	Unit     string           `json:"unit"` // team id
	Variant  policy.Variant   `json:"variant"`
	Code     string           `json:"code"` // of the kind of tools, or of the item that is kept in stock
	Name     string           `json:"name"` // what it is called
	Spec     string           `json:"spec"` // size or model
	Count    int64            `json:"count"`
	NewKind  bool             `json:"new_kind"` // the site has no such kind yet (STK-03)
	Document string           `json:"document"` // number of the request on paper, "" for none
	Reason   string           `json:"reason"`   // no personal data
	Demand   string           `json:"demand"`   // id of the plan that it takes from, "" for none
	Line     int              `json:"line"`     // of that plan, from 0
	Replaces string           `json:"replaces"` // id of the scrapped tool that it replaces, "" for none (STK-08)
	By       string           `json:"by"`       // person id
	Checks   []string         `json:"checks"`   // roles that sign before the quote, in order
	Policy   domain.PolicyRef `json:"policy"`   // of purchasing, in force then
}

// Checked is the word of one person before the quote. Type purchase.checked.v1.
type Checked struct {
	At     domain.Instant     `json:"at"`
	Signed approval.Signature `json:"signed"`
}

// Quoted is purchasing's offer; approvals given before are void. Type purchase.quoted.v1.
type Quoted struct {
	At           domain.Instant `json:"at"`
	Quote        int            `json:"quote"` // from 1
	Supplier     string         `json:"supplier"`
	UnitPriceFen int64          `json:"unit_price_fen"`
	AmountFen    int64          `json:"amount_fen"` // of all pieces
	// NeedFen is the unit price with those of other requests for the same need (STK-02).
	NeedFen int64            `json:"need_fen"`
	Others  []string         `json:"others"` // ids of those requests
	Split   bool             `json:"split"`  // the sum needs other approvals than the price alone
	By      string           `json:"by"`     // person id
	Needs   []string         `json:"needs"`  // roles whose approval it needs, in order
	Policy  domain.PolicyRef `json:"policy"` // of purchasing, in force then
}

// Approved is the word of one person for one quote and its amount. Type purchase.approved.v1.
type Approved struct {
	At        domain.Instant     `json:"at"`
	Quote     int                `json:"quote"`
	AmountFen int64              `json:"amount_fen"` // of all pieces
	Signed    approval.Signature `json:"signed"`
	Complete  bool               `json:"complete"` // it may be ordered from now on
}

// Rejected ends a purchase that was not approved. Type purchase.rejected.v1.
type Rejected struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

// Withdrawn ends a purchase by who asked for it. Type purchase.withdrawn.v1.
type Withdrawn struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

// Ordered says that it was ordered. Type purchase.ordered.v1.
type Ordered struct {
	At        domain.Instant `json:"at"`
	Quote     int            `json:"quote"`
	Reference string         `json:"reference"` // number of the order
	By        string         `json:"by"`        // person id
}

// Delivered takes pieces of the order for an acceptance. Type purchase.delivered.v1.
type Delivered struct {
	At         domain.Instant `json:"at"`
	Acceptance string         `json:"acceptance"` // its id
	Count      int64          `json:"count"`
}

// TakenBack says that pieces of a delivery were not accepted: purchasing has
// them, and as many may be delivered again (STK-04). Type purchase.taken_back.v1.
type TakenBack struct {
	At         domain.Instant `json:"at"`
	Acceptance string         `json:"acceptance"` // its id
	Event      string         `json:"event"`      // id of the event that rejected them
	Count      int64          `json:"count"`
}

func (Requested) event() {}
func (Checked) event()   {}
func (Quoted) event()    {}
func (Approved) event()  {}
func (Rejected) event()  {}
func (Withdrawn) event() {}
func (Ordered) event()   {}
func (Delivered) event() {}
func (TakenBack) event() {}

// Standing is where a purchase stands. The empty one means that there is none.
type Standing string

// The standings.
const (
	StandingRequested Standing = "requested" // it waits for checks, or for the quote
	StandingQuoted    Standing = "quoted"    // it waits for approvals
	StandingApproved  Standing = "approved"
	StandingOrdered   Standing = "ordered"
	StandingRejected  Standing = "rejected"
	StandingWithdrawn Standing = "withdrawn"
)

// Delivery is what an acceptance has of an order.
type Delivery struct {
	Acceptance string
	Count      int64
	Back       []string // events by which pieces were taken back
}

// State is a purchase. The zero value is none.
type State struct {
	Standing   Standing
	Asked      Requested
	Checks     []approval.Signature
	Quote      Quoted // Quote 0 for none
	Quoters    []string
	Signed     []approval.Signature // of the quote
	Orderer    string
	Reference  string
	Deliveries []Delivery
}

// Outstanding is how many pieces of the order may still be delivered.
func (s State) Outstanding() int64 {
	n := s.Asked.Count
	for _, d := range s.Deliveries {
		n -= d.Count
	}
	return n
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Requested:
		return State{Standing: StandingRequested, Asked: e}
	case Checked:
		s.Checks = append(slices.Clip(s.Checks), e.Signed)
	case Quoted:
		s.Standing, s.Quote, s.Signed = StandingQuoted, e, nil
		s.Quoters = append(slices.Clip(s.Quoters), e.By)
	case Approved:
		s.Signed = append(slices.Clip(s.Signed), e.Signed)
		if e.Complete {
			s.Standing = StandingApproved
		}
	case Rejected:
		s.Standing = StandingRejected
	case Withdrawn:
		s.Standing = StandingWithdrawn
	case Ordered:
		s.Standing, s.Orderer, s.Reference = StandingOrdered, e.By, e.Reference
	case Delivered:
		s.Deliveries = append(slices.Clip(s.Deliveries), Delivery{Acceptance: e.Acceptance, Count: e.Count})
	case TakenBack:
		s.Deliveries = slices.Clone(s.Deliveries)
		for i, d := range s.Deliveries {
			if d.Acceptance == e.Acceptance {
				s.Deliveries[i].Count -= e.Count
				s.Deliveries[i].Back = append(slices.Clip(d.Back), e.Event)
			}
		}
	}
	return s
}
