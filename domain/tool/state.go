package tool

import (
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// State is a tool. The zero value is not registered. Evolve never writes into
// what a State points to, so a State may be kept.
type State struct {
	Next      uint64 // revision that the stream's next event gets
	Standing  Standing
	Site      string
	Number    string
	Kind      string
	Spec      string
	Category  string
	Use       Use
	Home      string
	Holder    Holder // exactly one, Nobody included (TOL-03)
	Offer     Holder // to whom it is offered, the zero Holder for nobody
	Until     time.Time
	Blocked   BlockReason // "" if it is in use
	NextOn    domain.Day  // last day on which it may be used; "" if it was never passed
	LastAt    time.Time   // of the newest fact
	PriceFen  int64
	Purchased domain.Day
	Life      int       // months
	KeptBy    uuid.UUID // exchange that keeps it; the zero id for none (EXC-06)
	KeptAs    Part
	// Used says that somebody had it besides a store, so that it is worn (EXC-03).
	Used     bool
	LostFrom Holder // who had it when it was missed last (LOS-01)
	// Surrendered tools leave the store to repair or scrap alone (EXC-05).
	Surrendered bool
	Repair      Repair
	last        *fact
}

// Evolve returns s after e, the next event of the stream; nil for one that
// was struck or is a strike. A fact that was entered late goes where it
// belongs. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	if e == nil {
		s.Next++
		return s
	}
	return s.entered(e)
}

// After returns s after an event that happened after all before it. What
// follows a registration that was struck leaves nothing to show (AUD-02).
func After(s State, e Event) State {
	if _, first := e.(Registered); !first && s.Standing == "" {
		return s
	}
	switch e := e.(type) {
	case Registered:
		s = State{
			Site: e.Site, Number: e.Number, Kind: e.Kind, Spec: e.Spec, Category: e.Category, Use: e.Use, Home: e.Home,
			PriceFen: e.PriceFen, Purchased: e.PurchasedOn, Life: e.LifeMonths,
		}
		return s.with(e.At, standingOf(e.Holder), e.Holder)
	case Issued:
		s.Offer = e.To
		return s.with(e.At, StandingOffered, s.Holder)
	case Accepted:
		return s.with(e.At, StandingIssued, e.Holder)
	case Refused:
		return s.with(e.At, StandingInStore, s.Holder)
	case Lent:
		s = s.with(e.At, StandingLent, e.Holder)
		s.Until = e.Until.Time
		return s
	case Returned:
		if e.From.Kind == Repairer && e.Condition != Damaged { // it is sound again
			s.Surrendered = false
		}
		if s.Holder.Kind == Repairer {
			s.Repair = Repair{}
		}
		return s.with(e.At, StandingInStore, Holder{Store, e.Store})
	case HandedOver:
		until := s.Until
		s = s.with(e.At, StandingIssued, e.Holder)
		if !until.IsZero() {
			s.Standing, s.Until = StandingLent, until
		}
		return s
	case SentToRepair:
		if s.Repair.Stage != "" {
			s.Repair.Stage = RepairUnderWay
		}
		return s.with(e.At, StandingInRepair, e.Holder)
	case ReportedMissing:
		s.LostFrom = e.From
		return s.with(e.At, StandingMissing, Holder{Kind: Nobody})
	case Found:
		return s.with(e.At, StandingInStore, Holder{Store, e.Store})
	case Scrapped:
		return s.with(e.At, StandingScrapped, Holder{Kind: Nobody})
	case Blocked, Cleared, Inspected:
		return s.marked(e)
	case Kept, Released, Exchanged:
		return s.traded(e)
	case FaultReported, RepairPlanned, RepairApproved:
		return s.mended(e)
	}
	return s
}

// marked returns s after an event that moves nothing.
func (s State) marked(e Event) State {
	switch e := any(e).(type) { // of a few
	case Blocked:
		s.Blocked = e.Reason
		return s.at(e.At)
	case Cleared:
		s.Blocked, s.Repair = "", Repair{}
		return s.at(e.At)
	case Inspected:
		s.NextOn = ""
		if e.Next != nil {
			s.NextOn = *e.Next
		}
		if e.Passed && s.Blocked == BlockFailed {
			s.Blocked = ""
		}
		return s.at(e.At)
	}
	return s
}

func (s State) with(at domain.Instant, standing Standing, holder Holder) State {
	if standing != StandingOffered {
		s.Offer = Holder{}
	}
	s.Standing, s.Holder, s.Until = standing, holder, time.Time{}
	s.Used = s.Used || holder.Kind != Store && holder.Kind != Nobody
	return s.at(at)
}

func (s State) at(at domain.Instant) State {
	if at.After(s.LastAt) {
		s.LastAt = at.Time
	}
	return s
}

func standingOf(h Holder) Standing {
	switch h.Kind {
	case Person, Team:
		return StandingIssued
	case Repairer:
		return StandingInRepair
	case Store, Nobody:
	}
	return StandingInStore
}
