package ticket

import (
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// late returns when a command says that it happened, why it comes late, and
// the policies to decide it by.
func late(c Command) (at domain.Instant, reason string, book *policy.Book) {
	switch c := any(c).(type) { // of a few
	case Accept:
		return c.At, c.LateReason, c.Book
	case Assign:
		return c.At, c.LateReason, c.Book
	case FindVisitNeeded:
		return c.At, c.LateReason, c.Book
	case AgreeArrival:
		return c.At, c.LateReason, c.Book
	case Arrive:
		return c.At, c.LateReason, c.Book
	case Resolve:
		return c.At, c.LateReason, c.Book
	case AddNote:
		if c.ToCustomer {
			return c.At, c.LateReason, c.Book
		}
	}
	return domain.Instant{}, "", nil
}

// decideLate decides a command on the ticket as it stood when it happened,
// in whatever cycle that was, enters the fact in its place, and judges again
// what that changes (SLA-05).
func decideLate(s State, c Command, at domain.Instant, book *policy.Book) ([]Event, error) {
	if at.Before(s.OpenedAt) {
		return nil, domain.Refuse("SLA-05", "ticket.before_call", "at", at, "called", domain.At(s.OpenedAt))
	}
	past := draft{state: s.asOf(at), late: true}
	if _, err := past.decide(c); err != nil {
		return nil, err
	}
	facts := s.Facts()
	d := draft{state: s}
	for _, e := range past.events {
		if Follows(e) {
			continue
		}
		if err := fits(e, facts[placeOf(facts, at):]); err != nil {
			return nil, err
		}
		d.add(e)
	}
	if len(d.events) == 0 { // TKT-02
		return nil, nil
	}
	if err := d.rejudge(book, at, CauseLateFact); err != nil {
		return nil, err
	}
	return d.events, nil
}

// fits refuses a late fact that what came after it in its cycle contradicts:
// work that was done before the call was dropped, or an arrival target on
// record that was set without it. That one is struck first, which takes two.
func fits(e Event, after []Fact) error {
	for _, f := range after {
		switch any(e).(type) { // of a few
		case Resolved:
			if dropped(f.Event) {
				return domain.Refuse("SLA-05", "ticket.dropped_since", "revision", f.Revision)
			}
		case VisitNeeded, ArrivalAgreed:
			if endsArrival(f.Event) {
				return nil
			}
			if setsArrival(f.Event, e) {
				return domain.Refuse("SLA-05", "ticket.target_set_since", "revision", f.Revision)
			}
		}
		if _, next := f.Event.(Reopened); next {
			return nil
		}
	}
	return nil
}

// dropped reports whether the cycle ended without the work being done.
func dropped(e Event) bool {
	switch any(e).(type) { // of a few
	case Merged, CallWithdrawn, Rejected:
		return true
	default:
		return false
	}
}

// setsArrival reports whether the arrival target that e carries, or would
// have carried, depends on whether the late fact had happened.
func setsArrival(e, late Event) bool {
	switch any(e).(type) { // of a few
	case LevelChanged, ZoneChanged, Retargeted, VisitNeeded:
		return true
	case ArrivalAgreed: // after another agreement it counts alone
		_, visit := late.(VisitNeeded)
		return visit
	default:
		return false
	}
}

// endsArrival reports whether no arrival clock runs after e.
func endsArrival(e Event) bool {
	switch any(e).(type) { // of a few
	case Arrived, Resolved, SignedOff, Closed:
		return true
	default:
		return dropped(e)
	}
}

// reason returns why a fact comes late, nothing if it does not.
func (d *draft) reason(given string) string {
	if !d.late {
		return ""
	}
	return given
}
