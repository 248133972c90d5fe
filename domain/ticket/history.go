package ticket

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

// fact is one event that counts, and those before it. Facts are shared
// between states and never changed.
type fact struct {
	before   *fact
	revision uint64
	event    Event
}

// Fact is an event that counts, with its revision.
type Fact struct {
	Revision uint64
	Event    Event
}

// Facts returns what happened to the ticket, verdicts left out: in the order
// of the stream, but those that were entered late where they belong by time.
func (s State) Facts() []Fact {
	var out []Fact
	for f := s.last; f != nil; f = f.before {
		out = append(out, Fact{f.revision, f.event})
	}
	slices.Reverse(out)
	return out
}

// apply returns s after a fact that follows all the others.
func (s State) apply(revision uint64, e Event) State {
	s.last = &fact{s.last, revision, e}
	return evolve(s, revision, e)
}

// refolded returns s after a fact that was entered late: everything is folded
// afresh with the fact in its place.
func (s State) refolded(revision uint64, e Event, at domain.Instant) State {
	facts := s.Facts()
	facts = slices.Insert(facts, placeOf(facts, at), Fact{revision, e})
	return s.folded(facts)
}

// asOf returns the ticket as it stood at an instant before its last fact,
// without its verdicts.
func (s State) asOf(at domain.Instant) State {
	facts := s.Facts()
	return State{Next: s.Next}.folded(facts[:placeOf(facts, at)])
}

// folded returns s with its facts replaced. What was judged stays on record.
func (s State) folded(facts []Fact) State {
	out := State{}
	for _, f := range facts {
		out = out.apply(f.Revision, f.Event)
	}
	out.Next, out.Verdicts = s.Next, s.Verdicts
	return out
}

// placeOf returns where a fact of that time belongs: behind the last one that
// had happened by then. What is entered out of order without saying so, as
// imports are, keeps its place.
func placeOf(facts []Fact, at domain.Instant) int {
	for i, f := range slices.Backward(facts) {
		if happened, ok := occurred(f.Event); ok && !happened.After(at.Time) {
			return i + 1
		}
	}
	return 0
}

// occurred returns when a fact moved the ticket on. Notes, escalations and
// what only says something of the past have no place in the order of time.
func occurred(e Event) (time.Time, bool) {
	var at domain.Instant
	switch e := e.(type) {
	case Registered:
		at = e.At
	case Accepted:
		at = e.At
	case Assigned:
		at = e.At
	case LevelChanged:
		at = e.At
	case ZoneChanged:
		at = e.At
	case ClassChanged:
		at = e.At
	case Retargeted:
		at = e.At
	case Paused:
		at = e.At
	case Resumed:
		at = e.At
	case VisitNeeded:
		at = e.At
	case ArrivalAgreed:
		at = e.At
	case Arrived:
		at = e.At
	case Updated:
		at = e.At
	case Resolved:
		at = e.At
	case SignedOff:
		at = e.At
	case Closed:
		at = e.At
	case Merged:
		at = e.At
	case CallWithdrawn:
		at = e.At
	case Rejected:
		at = e.At
	case Reopened:
		at = e.At
	case NoteAdded, HelpRequested, EmergencyPlanned, ChargeRecorded, Followed, Unfollowed, Escalated, PauseRecorded, Judged, DueCorrected, SourceVerdictRecorded:
		return time.Time{}, false
	}
	return at.Time, true
}

// lateAt returns the time of a fact that was entered late.
func lateAt(e Event) (domain.Instant, bool) {
	switch e := any(e).(type) { // of a few
	case Accepted:
		return e.At, e.EnteredLate()
	case Assigned:
		return e.At, e.EnteredLate()
	case VisitNeeded:
		return e.At, e.EnteredLate()
	case ArrivalAgreed:
		return e.At, e.EnteredLate()
	case Arrived:
		return e.At, e.EnteredLate()
	case Updated:
		return e.At, e.EnteredLate()
	case Resolved:
		return e.At, e.EnteredLate()
	default:
		return domain.Instant{}, false
	}
}

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e Accepted) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e Assigned) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e VisitNeeded) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e ArrivalAgreed) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e Arrived) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e Updated) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (SLA-05).
func (e Resolved) EnteredLate() bool { return e.LateReason != "" }
