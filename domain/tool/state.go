package tool

import (
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// State is a tool. The zero value is not registered.
type State struct {
	Standing    Standing
	Site        string
	Number      string
	Kind        string
	Category    string
	Use         Use
	Home        string
	Holder      Holder // exactly one, Nobody included (TOL-03)
	From        Holder // who had it before the present custodian
	Offer       Holder // to whom it is offered, the zero Holder for nobody
	Until       time.Time
	Bookings    []Booking   // to come, in the order in which they were made (TOL-09)
	Cancelled   []uuid.UUID // booking ids
	Chases      []Chase     // of the present loan (TOL-09)
	Chased      int         // how many of them were taken
	Responsible string      // person id of who answers for the present loan
	Scope       []Holder    // who may hold it, as its issue said; none: anybody (TOL-17)
	Blocked     BlockReason // "" if it is in use
	NextOn      domain.Day  // last day on which it may be used; "" if it was never passed
	LastAt      time.Time   // of the newest fact
	PriceFen    int64
	Purchased   domain.Day
	Life        int // months
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Registered:
		s = State{
			Site: e.Site, Number: e.Number, Kind: e.Kind, Category: e.Category, Use: e.Use, Home: e.Home,
			PriceFen: e.PriceFen, Purchased: e.PurchasedOn, Life: e.LifeMonths,
		}
		return s.with(e.At, standingOf(e.Holder), e.Holder)
	case Issued:
		s.Offer = e.To
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
		return s.with(e.At, StandingInRepair, e.Holder)
	case ReportedMissing:
		return s.with(e.At, StandingMissing, Holder{Kind: Nobody})
	case Found:
		return s.with(e.At, StandingInStore, Holder{Store, e.Store})
	case Scrapped:
		return s.with(e.At, StandingScrapped, Holder{Kind: Nobody})
	case Blocked, Cleared, Inspected, Extended, Chased:
		return s.marked(e)
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
		s.Until, s.Chases, s.Chased = e.Until.Time, e.Chases, 0
		return s.at(e.At)
	case Chased:
		s.Chased = e.Step + 1
		return s.at(e.At)
	case Blocked:
		s.Blocked = e.Reason
		return s.at(e.At)
	case Cleared:
		s.Blocked = ""
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
	if holder != s.Holder {
		s.From = s.Holder
	}
	s.Standing, s.Holder, s.Until = standing, holder, time.Time{}
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
