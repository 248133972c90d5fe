// Package acceptance decides what becomes of a delivery: who checks it, whether
// samples are tried first, and how many pieces are accepted or go back to
// purchasing.
//
// It is pure: no clock, no I/O. Whose signatures a variant needs is policy;
// important tooling needs samples that were tried with a sheet of results.
// Accepted pieces get their numbers here and their tools from a process manager,
// whose ids this package is given. The rules are STK-04 and STK-07 in
// docs/rules.md.
package acceptance

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Class says how much depends on tooling (STK-07).
type Class string

// The classes.
const (
	General   Class = "general"
	Important Class = "important" // samples are tried, and it has a history card
)

// Finding is one thing that was looked at: size, appearance, fit.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Note string `json:"note"` // no personal data
}

// Piece is an accepted piece.
type Piece struct {
	Number string `json:"number"` // marked on it in a visible place (STK-07)
	Tool   string `json:"tool"`   // id of the tool that it becomes
}

// Event is what happened to a delivery.
//
//sumtype:decl
type Event interface{ event() }

// Delivered begins an acceptance. Type acceptance.delivered.v1.
type Delivered struct {
	At           domain.Instant   `json:"at"`
	Site         string           `json:"site"`     // code; its policies are decided by (POL-06)
	Purchase     string           `json:"purchase"` // its id
	Unit         string           `json:"unit"`     // team id of who asked for it
	Variant      policy.Variant   `json:"variant"`
	Code         string           `json:"code"` // of the kind of tools, or of the item that is kept in stock
	Name         string           `json:"name"`
	Spec         string           `json:"spec"`
	Count        int64            `json:"count"`
	UnitPriceFen int64            `json:"unit_price_fen"`
	Note         string           `json:"note"`   // number of the delivery note
	Class        Class            `json:"class"`  // general unless it is said
	Buyers       []string         `json:"buyers"` // persons who quoted and ordered: they accept nothing
	By           string           `json:"by"`     // person id
	Needs        []string         `json:"needs"`  // roles that check it, in order
	Trial        bool             `json:"trial"`  // samples are tried first
	Policy       domain.PolicyRef `json:"policy"` // of purchasing, in force then
}

// Checked is what one person found. Type acceptance.checked.v1.
type Checked struct {
	At       domain.Instant     `json:"at"`
	Signed   approval.Signature `json:"signed"`
	Passed   bool               `json:"passed"`
	Document string             `json:"document"` // report, order or drawing by which it was checked
	Findings []Finding          `json:"findings"`
}

// Tried is what samples showed. Type acceptance.tried.v1.
type Tried struct {
	At      domain.Instant `json:"at"`
	Sheet   string         `json:"sheet"`   // number of the inspection sheet that proves it
	Samples int64          `json:"samples"` // made or measured
	Passed  bool           `json:"passed"`
	By      string         `json:"by"` // person id
}

// Accepted takes pieces over. Type acceptance.accepted.v1.
type Accepted struct {
	At     domain.Instant   `json:"at"`
	Count  int64            `json:"count"`
	Store  string           `json:"store"` // code
	Lot    string           `json:"lot"`   // of what is kept by pieces; batch of tools
	Brand  string           `json:"brand"`
	Use    tool.Use         `json:"use"`    // of tools
	Pieces []Piece          `json:"pieces"` // of tools, one each
	On     domain.Day       `json:"on"`     // civil date at the site
	By     string           `json:"by"`     // person id
	Policy domain.PolicyRef `json:"policy"` // of purchasing, in force then
}

// Rejected gives pieces back to purchasing (STK-04). Type acceptance.rejected.v1.
type Rejected struct {
	At     domain.Instant `json:"at"`
	Count  int64          `json:"count"`
	Reason string         `json:"reason"` // no personal data
	By     string         `json:"by"`     // person id
}

func (Delivered) event() {}
func (Checked) event()   {}
func (Tried) event()     {}
func (Accepted) event()  {}
func (Rejected) event()  {}

// State is a delivery. The zero value is none.
type State struct {
	Delivery Delivered // Site "" for none
	Checks   []Checked
	Trials   []Tried
	Accepted int64
	Rejected int64
	Numbers  []string
	Pieces   []Piece // that were accepted as tools
	Store    string  // into which the last ones went
}

// Open is how many pieces nothing is decided about.
func (s State) Open() int64 { return s.Delivery.Count - s.Accepted - s.Rejected }

func (s State) signed() []approval.Signature {
	out := make([]approval.Signature, len(s.Checks))
	for i, c := range s.Checks {
		out[i] = c.Signed
	}
	return out
}

// passed reports whether every check that is needed was passed, and a trial if one is needed.
func (s State) passed() error {
	if n := len(s.Checks); n < len(s.Delivery.Needs) {
		return domain.Refuse("STK-04", "acceptance.check_missing", "role", s.Delivery.Needs[n])
	}
	if slices.ContainsFunc(s.Checks, func(c Checked) bool { return !c.Passed }) {
		return domain.Refuse("STK-04", "acceptance.check_failed")
	}
	if s.Delivery.Trial && (len(s.Trials) == 0 || !s.Trials[len(s.Trials)-1].Passed) { // STK-04: the last one counts
		return domain.Refuse("STK-04", "acceptance.trial_missing")
	}
	return nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Delivered:
		return State{Delivery: e}
	case Checked:
		s.Checks = append(slices.Clip(s.Checks), e)
	case Tried:
		s.Trials = append(slices.Clip(s.Trials), e)
	case Accepted:
		s.Accepted += e.Count
		for _, p := range e.Pieces {
			s.Numbers = append(slices.Clip(s.Numbers), p.Number)
		}
		s.Pieces, s.Store = append(slices.Clip(s.Pieces), e.Pieces...), e.Store
	case Rejected:
		s.Rejected += e.Count
	}
	return s
}
