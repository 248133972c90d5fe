package tool

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
)

// fact is one event that counts, and those before it. Facts are shared
// between states and never changed.
type fact struct {
	before   *fact
	revision uint64
	event    Event
}

// Fact is an event that counts, with its revision in the tool's stream.
type Fact struct {
	Revision uint64
	Event    Event
}

// Facts returns what happened to the tool: in the order of the stream, but
// those that were entered late where they belong by time.
func (s State) Facts() []Fact {
	var out []Fact
	for f := s.last; f != nil; f = f.before {
		out = append(out, Fact{f.revision, f.event})
	}
	slices.Reverse(out)
	return out
}

// entered returns s after an event of the stream: a late one in its place.
func (s State) entered(e Event) State {
	revision := s.Next
	if at, reason := happened(e); reason != "" {
		s = placed(s.Facts(), Fact{revision, e}, at).state()
	} else {
		s = s.after(Fact{revision, e})
	}
	s.Next = revision + 1
	return s
}

// after returns s after a fact that follows all the others.
func (s State) after(f Fact) State {
	last := &fact{s.last, f.Revision, f.Event}
	s = After(s, f.Event)
	s.last = last
	return s
}

// facts are those of one tool, in the order of time.
type facts []Fact

// InOrder returns the facts of a stream in the order of time: those that were
// entered late where they belong.
func InOrder(stream []Fact) []Fact {
	var out facts
	for _, f := range stream {
		at, reason := happened(f.Event)
		if reason == "" {
			out = append(out, f)
			continue
		}
		out = placed(out, f, at)
	}
	return out
}

// placed returns the facts with one more in its place: behind the last one
// that had happened by then.
func placed(in facts, f Fact, at domain.Instant) facts {
	return slices.Insert(slices.Clip(in), in.placeOf(at), f)
}

func (in facts) placeOf(at domain.Instant) int {
	for i, f := range slices.Backward(in) {
		if then, _ := happened(f.Event); !then.After(at.Time) {
			return i + 1
		}
	}
	return 0
}

// state is the fold of the facts.
func (in facts) state() State {
	var s State
	for _, f := range in {
		s = s.after(f)
	}
	return s
}

// asOf returns the tool as it stood at an instant.
func (s State) asOf(at domain.Instant) State {
	in := facts(s.Facts())
	return in[:in.placeOf(at)].state()
}

// happened returns when an event happened, and why it was entered late; ""
// for one that was not.
func happened(e Event) (at domain.Instant, lateReason string) {
	switch e := e.(type) {
	case Registered:
		return e.At, ""
	case Issued:
		return e.At, e.LateReason
	case Accepted:
		return e.At, e.LateReason
	case Refused:
		return e.At, e.LateReason
	case Lent:
		return e.At, e.LateReason
	case Returned:
		return e.At, e.LateReason
	case HandedOver:
		return e.At, e.LateReason
	case Blocked:
		return e.At, e.LateReason
	case Cleared:
		return e.At, e.LateReason
	case Inspected:
		return e.At, e.LateReason
	case SentToRepair:
		return e.At, e.LateReason
	case ReportedMissing:
		return e.At, e.LateReason
	case Found:
		return e.At, e.LateReason
	case FaultReported:
		return e.At, e.LateReason
	case RepairPlanned:
		return e.At, e.LateReason
	case RepairApproved:
		return e.At, e.LateReason
	case Scrapped:
		return e.At, e.LateReason
	case Booked:
		return e.At, ""
	case BookingCancelled:
		return e.At, ""
	case Extended:
		return e.At, ""
	case Chased:
		return e.At, ""
	case Kept:
		return e.At, ""
	case Released:
		return e.At, ""
	case Exchanged:
		return e.At, ""
	}
	return domain.Instant{}, ""
}

// late returns e as one that was entered after what followed it.
func late(e Event, reason string) Event {
	switch e := any(e).(type) { // a registration is never late
	case Issued:
		e.LateReason = reason
		return e
	case Accepted:
		e.LateReason = reason
		return e
	case Refused:
		e.LateReason = reason
		return e
	case Lent:
		e.LateReason = reason
		return e
	case Returned:
		e.LateReason = reason
		return e
	case HandedOver:
		e.LateReason = reason
		return e
	case Blocked:
		e.LateReason = reason
		return e
	case Cleared:
		e.LateReason = reason
		return e
	case Inspected:
		e.LateReason = reason
		return e
	case SentToRepair:
		e.LateReason = reason
		return e
	case ReportedMissing:
		e.LateReason = reason
		return e
	case Found:
		e.LateReason = reason
		return e
	case FaultReported:
		e.LateReason = reason
		return e
	case RepairPlanned:
		e.LateReason = reason
		return e
	case RepairApproved:
		e.LateReason = reason
		return e
	case Scrapped:
		e.LateReason = reason
		return e
	}
	return e
}
