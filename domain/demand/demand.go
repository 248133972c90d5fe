// Package demand decides about a unit's plan of what it needs: its lines, who
// approves them, and how much of each was bought.
//
// It is pure: no clock, no I/O. A plan is approved as it stands; a change voids
// the approvals that were given. Nobody approves a plan of one's own. What a
// purchase takes of a line is decided here, so that no more is bought than was
// approved. The rules are STK-01, STK-06 and STK-10 in docs/rules.md.
package demand

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Event is what happened to a plan.
//
//sumtype:decl
type Event interface{ event() }

// Line is one thing that a unit needs (STK-01).
type Line struct {
	Variant policy.Variant `json:"variant"`
	Code    string         `json:"code"` // of the kind of tools, or of the item that is kept in stock
	Name    string         `json:"name"` // what it is called
	Spec    string         `json:"spec"` // size or model
	Count   int64          `json:"count"`
	Reason  string         `json:"reason"` // by production, people or trades; no personal data
}

// Planned says what a unit needs. Type demand.planned.v1.
type Planned struct {
	At     domain.Instant   `json:"at"`
	Site   string           `json:"site"`  // code; its policies are decided by (POL-06)
	Unit   string           `json:"unit"`  // team id
	For    string           `json:"for"`   // the period that is planned, "2026-Q2"
	Store  string           `json:"store"` // code of the store whose minimum asks for it (STK-06), "" for none
	Lines  []Line           `json:"lines"`
	By     string           `json:"by"`     // person id; the program's own for a minimum
	Needs  []string         `json:"needs"`  // roles whose approval it needs, in order
	Policy domain.PolicyRef `json:"policy"` // of purchasing, in force then
	// Replacing says what the plan replaces; absent for other plans.
	Replacing *Replacing `json:"replacing,omitempty"`
}

// Replacing is which lost and scrapped tools of a month a plan replaces, so
// that what replaces them is bought together (CHK-02).
type Replacing struct {
	Month string      `json:"month"` // civil month at the site, "2026-03"
	Part  int         `json:"part"`  // 1 for the first plan of the month, 2 for what came to be known after it
	AsOf  int64       `json:"as_of"` // log number as of which the list holds
	Tools []uuid.UUID `json:"tools"` // that are gone, by number
}

// Revised replaces the lines; approvals given before are void. Type demand.revised.v1.
type Revised struct {
	At     domain.Instant   `json:"at"`
	Lines  []Line           `json:"lines"`
	By     string           `json:"by"`     // person id
	Needs  []string         `json:"needs"`  // as of Planned
	Policy domain.PolicyRef `json:"policy"` // of purchasing, in force then
}

// Approved is the word of one person in one role. Type demand.approved.v1.
type Approved struct {
	At       domain.Instant     `json:"at"`
	Signed   approval.Signature `json:"signed"`
	Complete bool               `json:"complete"` // it may be bought from now on
}

// Rejected ends a plan that was not approved. Type demand.rejected.v1.
type Rejected struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

// Taken says that a purchase takes some of a line. Type demand.taken.v1.
type Taken struct {
	At       domain.Instant `json:"at"`
	Line     int            `json:"line"` // its place, from 0
	Purchase string         `json:"purchase"`
	Count    int64          `json:"count"`
}

// GivenBack says that a purchase that came to nothing leaves what it took. Type demand.given_back.v1.
type GivenBack struct {
	At       domain.Instant `json:"at"`
	Line     int            `json:"line"`
	Purchase string         `json:"purchase"`
	Count    int64          `json:"count"`
}

func (Planned) event()   {}
func (Revised) event()   {}
func (Approved) event()  {}
func (Rejected) event()  {}
func (Taken) event()     {}
func (GivenBack) event() {}

// Standing is where a plan stands. The empty one means that there is none.
type Standing string

// The standings.
const (
	StandingPlanned  Standing = "planned"
	StandingApproved Standing = "approved"
	StandingRejected Standing = "rejected"
)

// Take is what a purchase has of a line.
type Take struct {
	Purchase string
	Line     int
	Count    int64
}

// State is a plan. The zero value is none.
type State struct {
	Standing Standing
	Site     string
	Unit     string
	For      string
	Store    string
	Planners []string // persons who wrote it
	Lines    []Line
	Needs    []string
	Signed   []approval.Signature
	Takes    []Take
	// Replacing is that of Planned.
	Replacing *Replacing `json:",omitempty"`
}

// Left is how many of a line nobody has bought yet.
func (s State) Left(line int) int64 {
	n := s.Lines[line].Count
	for _, t := range s.Takes {
		if t.Line == line {
			n -= t.Count
		}
	}
	return n
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Planned:
		return State{Standing: StandingPlanned, Site: e.Site, Unit: e.Unit, For: e.For, Store: e.Store, Planners: []string{e.By}, Lines: e.Lines, Needs: e.Needs, Replacing: e.Replacing}
	case Revised:
		s.Lines, s.Needs, s.Signed = e.Lines, e.Needs, nil
		if !slices.Contains(s.Planners, e.By) {
			s.Planners = append(slices.Clip(s.Planners), e.By)
		}
	case Approved:
		s.Signed = append(slices.Clip(s.Signed), e.Signed)
		if e.Complete {
			s.Standing = StandingApproved
		}
	case Rejected:
		s.Standing = StandingRejected
	case Taken:
		s.Takes = append(slices.Clip(s.Takes), Take{e.Purchase, e.Line, e.Count})
	case GivenBack:
		s.Takes = slices.DeleteFunc(slices.Clone(s.Takes), func(t Take) bool { return t.Purchase == e.Purchase })
	}
	return s
}
