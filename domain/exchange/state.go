package exchange

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// State is an exchange. The zero value is none.
type State struct {
	Status        Status
	Site          string
	Applicant     string
	Keeper        tool.Holder
	Old           Item
	Wanted        Model
	NeedsApproval bool
	ApprovedBy    string
	InsteadOfLoss uuid.UUID // zero for none
	Store         string    // of the surrender
	Giver         string
	New           Item // chosen last
	Moves         []Move
	LastAt        time.Time // of the newest fact
	Policy        domain.PolicyRef
}

// Over reports whether nothing more can happen to an exchange.
func (s State) Over() bool {
	return slices.Contains([]Status{StatusRefused, StatusWithdrawn, StatusUsable, StatusRepair, StatusSettled}, s.Status)
}

// Kept are the tools that the exchange keeps, or has asked to keep.
func (s State) Kept() []uuid.UUID {
	switch {
	case s.Status != StatusReserving && s.Status != StatusReserved:
		return []uuid.UUID{}
	case s.InsteadOfLoss != uuid.Nil:
		return []uuid.UUID{s.New.Tool}
	}
	return []uuid.UUID{s.Old.Tool, s.New.Tool}
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Applied:
		s = State{
			Status: StatusApproved, Site: e.Site, Applicant: e.By, Keeper: e.Keeper, Old: e.Old, Wanted: e.Wanted,
			NeedsApproval: e.NeedsApproval, Policy: e.Policy,
		}
		if e.NeedsApproval {
			s.Status = StatusApplied
		}
		if e.InsteadOfLoss != nil {
			s.InsteadOfLoss = *e.InsteadOfLoss
		}
		return s.at(e.At)
	case Approved:
		s.ApprovedBy = e.By
		return s.to(StatusApproved, e.At)
	case Refused:
		return s.to(StatusRefused, e.At)
	case Withdrawn:
		return s.to(StatusWithdrawn, e.At)
	case Surrendered:
		s.Store, s.Giver = e.Store, e.Giver
		return s.to(StatusSurrendered, e.At)
	case Inspected:
		return s.to(map[Outcome]Status{Usable: StatusUsable, Repairable: StatusRepair, NoValue: StatusInspected}[e.Outcome], e.At)
	case FaultFound:
		return s.at(e.At)
	case ReplacementChosen:
		s.New = e.New
		return s.to(StatusReserving, e.At)
	case Reserved:
		return s.to(StatusReserved, e.At)
	case ReservationFailed:
		if s.InsteadOfLoss != uuid.Nil {
			return s.to(StatusApproved, e.At)
		}
		return s.to(StatusInspected, e.At)
	case Completed:
		s.Moves = e.Moves
		return s.to(StatusCompleted, e.At)
	case Settled:
		return s.to(StatusSettled, e.At)
	}
	return s
}

func (s State) to(status Status, at domain.Instant) State {
	s.Status = status
	return s.at(at)
}

func (s State) at(at domain.Instant) State {
	if at.After(s.LastAt) {
		s.LastAt = at.Time
	}
	return s
}
