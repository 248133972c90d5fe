package loss

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// State is a loss. The zero value does not exist.
type State struct {
	Revision   int64 // of the next event in its stream
	Status     Status
	Opened     Opened
	Finding    *FindingMade // the last one
	Assessed   *Assessed    // the last one
	Replaced   *Replaced
	Bought     *Requisitioned
	Proposal   *AmountProposed // that waits
	ProposedAt int64           // revision of the proposal
	Shares     []Share         // that were approved
	GivenTo    uuid.UUID       // exchange that gives another tool in its place; the zero id for none (EXC-06)
	Correction *CorrectionRequested
	Points     int64 // of appraisal, all together
	LastAt     time.Time
}

// Evolve returns s after e, or after a revision that was struck if e is nil.
// It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	revision := s.Revision
	s = s.after(e, revision)
	s.Revision = revision + 1
	return s
}

func (s State) after(e Event, revision int64) State {
	switch e := e.(type) {
	case Opened:
		s.Status, s.Opened = Open, e
		return s.at(e.At.Time)
	case FindingMade:
		s.Finding = &e
		return s.open().at(e.At.Time)
	case Certified:
		s.Status = Excused
		return s.at(e.At.Time)
	case Assessed:
		s.Assessed = &e
		return s.open().at(e.At.Time)
	case Replaced:
		s.Replaced = &e
		return s.open().at(e.At.Time)
	case Requisitioned:
		s.Bought = &e
		return s.open().at(e.At.Time)
	case AmountProposed:
		s.Status, s.Proposal, s.ProposedAt = Proposed, &e, revision
		return s.at(e.At.Time)
	case ProposalWithdrawn:
		return s.open().at(e.At.Time)
	case AmountApproved:
		s.Status, s.Shares = Approved, e.Shares
		return s.at(e.At.Time)
	case PointsRecorded:
		s.Points += e.Points
		return s.at(e.At.Time)
	case CorrectionRequested:
		s.Correction = &e
		return s.at(e.At.Time)
	case ReplacementGiven:
		s.GivenTo = e.Exchange
		return s.at(e.At.Time)
	case Ended:
		s.Status = e.How.status()
		return s.at(e.At.Time)
	}
	return s
}

// open returns s without its proposal: an amount changed since is not approved (LOS-07).
func (s State) open() State {
	s.Status, s.Proposal, s.ProposedAt = Open, nil, 0
	return s
}

func (s State) at(at time.Time) State {
	if at.After(s.LastAt) {
		s.LastAt = at
	}
	return s
}

// debtor reports whether a loss is a person's own case: who had the tool or
// answers for it, though a finding says that somebody else pays, and who pays by
// the finding that stands (LOS-07).
func (s State) debtor(person string) bool {
	if person != "" && (person == s.Opened.Holder.Who || person == s.Opened.Responsible) {
		return true
	}
	return s.Finding != nil && slices.ContainsFunc(s.Finding.Payers, func(p Payer) bool { return p.Person == person })
}

// Stands reports whether there is a loss that was neither found again nor taken back.
func (s State) Stands() bool { return s.Status != "" && s.Status != Found && s.Status != Withdrawn }

// Persons are whose accounts hold a share, in order.
func (s State) Persons() []string {
	out := []string{}
	for _, sh := range s.Shares {
		out = append(out, sh.Person)
	}
	return out
}

// AmountFen returns what is to be paid as things stand; false before the assessment.
func (s State) AmountFen() (int64, bool) {
	if s.Assessed == nil {
		return 0, false
	}
	amount := s.Assessed.AmountFen
	if s.Replaced != nil && s.Replaced.Lowers || s.Bought != nil && s.Bought.Lowers {
		amount = 0
	}
	if s.Bought != nil {
		amount += s.Bought.CostFen // LOS-06: at the person's cost, besides
	}
	return amount, true
}
