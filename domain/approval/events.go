package approval

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Act is what an approval lets somebody do.
type Act string

// The acts.
const (
	Issue       Act = "issue"        // TOL-15, TOL-16
	HandOver    Act = "hand_over"    // the exception of TOL-08
	Scrap       Act = "scrap"        // STK-12
	AdjustStock Act = "adjust_stock" // STK-05
)

// Rule is the id of the rule that asks for the approval of the act.
func (a Act) Rule() string {
	switch a {
	case Issue:
		return "TOL-16"
	case HandOver:
		return "TOL-08"
	case Scrap:
		return "STK-12"
	case AdjustStock:
		return "STK-05"
	}
	return "POL-10"
}

// Covers is what an approval is for. Of a stock correction it is Stock, of
// everything else either Tools or Kind.
type Covers struct {
	Act    Act           `json:"act"`
	Tools  []uuid.UUID   `json:"tools"`           // tool ids, each of which it is good for once
	Kind   string        `json:"kind"`            // code of a kind, for any tool of it; "" for just Tools
	Pieces int           `json:"pieces"`          // how often it may be used
	To     *tool.Holder  `json:"to,omitempty"`    // who gets it, of an issue or hand-over
	Scope  []tool.Holder `json:"scope"`           // who may hold it from then on, if the issue is to say so (TOL-17)
	Stock  *Correction   `json:"stock,omitempty"` // of a stock correction
}

// Correction is a correction of a lot.
type Correction struct {
	Store     string          `json:"store"` // code
	Item      string          `json:"item"`  // code
	Lot       string          `json:"lot"`
	Condition stock.Condition `json:"condition"`
	Delta     int64           `json:"delta"` // pieces
}

// Use is one use of an approval: the command that it lets through. It came to
// nothing if the stream moved on from Revision without that command.
type Use struct {
	Command  uuid.UUID      `json:"command"`        // id
	Stream   string         `json:"stream"`         // of what is decided by it
	Revision int64          `json:"revision"`       // of that stream when the approval was claimed
	Tool     *uuid.UUID     `json:"tool,omitempty"` // tool id
	By       string         `json:"by"`             // person id of who acts on it
	At       domain.Instant `json:"at"`             // by our clock
}

// Event is what happened to an approval. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Requested asks for an approval. Type approval.requested.v1.
type Requested struct {
	At     domain.Instant   `json:"at"`
	Site   string           `json:"site"` // code; its policies are decided by (POL-06)
	By     string           `json:"by"`   // person id
	Covers Covers           `json:"covers"`
	Reason string           `json:"reason"` // no personal data
	Needs  []string         `json:"needs"`  // roles whose signature it needs, in order (POL-10)
	Hours  int              `json:"hours"`  // for which it is good once it is given; 0 without an end
	Policy domain.PolicyRef `json:"policy"` // of tools, in force then
}

// Given is the signature of one person. Type approval.given.v1.
type Given struct {
	At       domain.Instant  `json:"at"`
	Signed   Signature       `json:"signed"`
	Complete bool            `json:"complete"`        // it may be used from now on
	Until    *domain.Instant `json:"until,omitempty"` // good until then
}

// Refused ends a request. Type approval.refused.v1.
type Refused struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

// Withdrawn ends an approval that is not used up. Type approval.withdrawn.v1.
type Withdrawn struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

// Used says that a command claims the approval, before what it decides is
// stored. Type approval.used.v1.
type Used struct {
	At   domain.Instant `json:"at"`
	Use  Use            `json:"use"`
	Void []uuid.UUID    `json:"void"` // command ids of uses that came to nothing
}

func (Requested) event() {}
func (Given) event()     {}
func (Refused) event()   {}
func (Withdrawn) event() {}
func (Used) event()      {}
