package tool

import (
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// State is a tool. The zero value is not registered. Evolve never writes into
// what a State points to, so a State may be kept.
type State struct {
	Next        uint64 // revision that the stream's next event gets
	Standing    Standing
	Site        string
	Number      string
	Kind        string
	Spec        string
	Category    string
	Use         Use
	Home        string
	Holder      Holder // exactly one, Nobody included (TOL-03)
	From        Holder // who had it before the present custodian
	Offer       Holder // to whom it is offered, the zero Holder for nobody
	Approver    string // person id of who approved the offer, "" for nobody
	Until       time.Time
	Bookings    []Booking   // to come, in the order in which they were made (TOL-09)
	Cancelled   []uuid.UUID // booking ids
	Chases      []Chase     // of the present loan (TOL-09)
	Chased      int         // how many of them were taken
	Responsible string      // person id of who answers for the present loan
	Scope       []Holder    // who may hold it, as its issue said; none: anybody (TOL-17)
	Blocked     BlockReason // "" if it is in use
	Failed      bool        // it failed its last inspection, whatever else it is blocked for (INS-02)
	InspectedOn domain.Day  // of the inspection that counts: the last by its day
	NextOn      domain.Day  // last day on which it may be used; "" if it was never passed
	LastAt      time.Time   // of the newest fact
	PriceFen    int64
	Purchased   domain.Day
	Life        int       // months
	KeptBy      uuid.UUID // exchange that keeps it; the zero id for none (EXC-06)
	KeptAs      Part
	ScrappedBy  uuid.UUID // request to scrap by which it ended; the zero id for none (STK-08)
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
		s.Offer, s.Approver = e.To, e.ApprovedBy
		if len(e.Scope) > 0 {
			s.Scope = e.Scope
		}
		return s.with(e.At, StandingOffered, s.Holder)
	case Accepted:
		return s.with(e.At, StandingIssued, e.Holder)
	case Refused:
		return s.with(e.At, StandingInStore, s.Holder)
	case Lent:
		return s.lent(e)
	case Returned:
		if e.From.Kind == Repairer && e.Condition != Damaged { // it is sound again
			s.Surrendered = false
		}
		if s.Holder.Kind == Repairer {
			s.Repair = Repair{}
		}
		return s.with(e.At, StandingInStore, Holder{Store, e.Store})
	case HandedOver:
		before := s
		s = s.with(e.At, StandingIssued, e.Holder)
		if !before.Until.IsZero() {
			s.Standing, s.Until = StandingLent, before.Until
			s.Chases, s.Chased, s.Responsible = before.Chases, before.Chased, before.Responsible
		}
		return s
	case SentToRepair:
		if s.Repair.Stage != "" {
			s.Repair.Stage = RepairUnderWay
		}
		return s.with(e.At, StandingInRepair, e.Holder)
	case ReportedMissing:
		s.LostFrom = e.From
		if e.From.Kind == Repairer { // what it was sent for is not done, and nobody brings it back with a result (TOL-11)
			s.Repair = Repair{}
		}
		return s.with(e.At, StandingMissing, Holder{Kind: Nobody})
	case Found:
		return s.with(e.At, StandingInStore, Holder{Store, e.Store})
	case Scrapped:
		s.Repair, s.Bookings, s.ScrappedBy = Repair{}, nil, uuid.Nil // nothing is to come of it
		if e.Request != nil {
			s.ScrappedBy = *e.Request
		}
		return s.with(e.At, StandingScrapped, Holder{Kind: Nobody})
	case Blocked, Cleared, Inspected, Extended, Chased:
		return s.marked(e)
	case Kept, Released, Exchanged:
		return s.traded(e)
	case FaultReported, RepairPlanned, RepairApproved:
		return s.mended(e)
	case Booked, BookingCancelled:
		return s.booked(e)
	}
	return s
}

func (s State) lent(e Lent) State {
	s = s.with(e.At, StandingLent, e.Holder)
	s.Until, s.Chases, s.Responsible = e.Until.Time, e.Chases, e.Responsible
	if e.Booking != nil {
		s = s.unclaimed(*e.Booking)
	}
	return s
}

// marked returns s after an event that moves nothing.
func (s State) marked(e Event) State {
	switch e := any(e).(type) { // of a few
	case Extended:
		if s.Standing == StandingLent { // else the loan was struck: there is nothing to extend
			s.Until, s.Chases, s.Chased = e.Until.Time, e.Chases, 0
		}
		return s.at(e.At)
	case Chased:
		if s.Standing == StandingLent { // else it was back, and nobody had entered that yet
			s.Chased = e.Step + 1
		}
		return s.at(e.At)
	case Blocked:
		s.Failed = s.Failed || e.Reason == BlockFailed
		if e.Reason != BlockFailed || s.Blocked == "" { // what else is wrong is still to be checked
			s.Blocked = e.Reason
		}
		return s.at(e.At)
	case Cleared:
		s.Blocked, s.Repair = "", Repair{}
		if s.Failed { // a word does not clear that (INS-02)
			s.Blocked = BlockFailed
		}
		return s.at(e.At)
	case Inspected:
		return s.inspected(e).at(e.At)
	}
	return s
}

// inspected returns s after a result; one of an earlier day than that which
// counts changes nothing. What passes is blocked no more for having failed,
// but for whatever else is wrong with it (TOL-18, INS-02).
func (s State) inspected(e Inspected) State {
	if e.On < s.InspectedOn {
		return s
	}
	s.InspectedOn, s.NextOn, s.Failed = e.On, "", !e.Passed
	if e.Next != nil {
		s.NextOn = *e.Next
	}
	switch {
	case s.Failed && s.Blocked == "":
		s.Blocked = BlockFailed
	case s.Failed || s.Blocked != BlockFailed:
	case s.Repair.Stage == FaultOpen:
		s.Blocked = BlockFault
	default:
		s.Blocked = ""
		if s.Repair.Stage != RepairUnderWay { // it is sound: there is nothing to repair
			s.Repair = Repair{}
		}
	}
	return s
}

func (s State) with(at domain.Instant, standing Standing, holder Holder) State {
	if standing != StandingOffered {
		s.Offer, s.Approver = Holder{}, ""
	}
	if holder != s.Holder {
		s.From = s.Holder
	}
	s.Standing, s.Holder, s.Until = standing, holder, time.Time{}
	s.Used = s.Used || holder.Kind != Store && holder.Kind != Nobody
	s.Chases, s.Chased, s.Responsible = nil, 0, ""
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
