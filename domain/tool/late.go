package tool

import (
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// EnterLate says that a command's fact happened before what is known already,
// and why it is entered only now (TOL-03).
type EnterLate struct {
	Reason  string  `json:"reason"` // no personal data
	Command Command `json:"command"`
}

func (EnterLate) command() {}

// enterLate decides a command on the tool as it stood when it happened and
// enters the fact in its place. It is refused where the facts on record
// contradict it: the one that is wrong is struck first, which takes two.
// What is not before the last fact is decided like any other.
func enterLate(s State, c EnterLate) ([]Event, error) {
	switch any(c.Command).(type) { // of a few
	case Keep, Release, Settle, Reserve, CancelBooking, Extend, ChaseIfDue: // they are about what is now, or to come
		return Decide(s, c.Command)
	}
	_, at, _ := decide(s, c.Command) // the time, whatever it comes to today
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/late_reason", "AUD-02", "tool.late_reason_missing")
	case at.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case !at.Before(s.LastAt):
		return Decide(s, c.Command)
	}
	past := s.asOf(at)
	switch {
	case past.Standing == "":
		return nil, domain.Refuse("TOL-01", "tool.before_registered", "at", at)
	case past.KeptBy != uuid.Nil && moves(c.Command): // EXC-06
		return nil, past.kept()
	}
	events, _, err := decide(past, c.Command)
	if err != nil {
		return nil, err
	}
	known := facts(s.Facts())
	then := known
	for i, e := range events {
		events[i] = late(e, c.Reason)
		then = placed(then, Fact{s.Next + uint64(i), events[i]}, at)
	}
	before := known.contradicted()
	for revision := range then.contradicted() {
		if !before[revision] {
			return nil, domain.Refuse("TOL-03", "tool.contradicts", "revision", revision)
		}
	}
	return events, nil
}

// contradicted returns the revisions of the facts that cannot have happened
// to the tool as the facts before them leave it.
func (in facts) contradicted() map[uint64]bool {
	out := map[uint64]bool{}
	var s State
	for _, f := range in {
		if !s.admits(f.Event) {
			out[f.Revision] = true
		}
		s = After(s, f.Event)
	}
	return out
}

// admits reports whether e can have happened in s: whether who had the tool
// before e is who e says. That it should not have happened, as an issue of
// what was blocked, is no contradiction: it is what a late block is for.
func (s State) admits(e Event) bool {
	switch e := any(e).(type) { // what moves nothing comes last
	case Registered:
		return s.Standing == ""
	case Issued, Lent, SentToRepair, Scrapped:
		return s.Standing == StandingInStore
	case Accepted:
		return s.Standing == StandingOffered && s.Offer == e.Holder
	case Refused:
		return s.Standing == StandingOffered && (s.Offer.Kind != Person || s.Offer.Who == e.By)
	case Returned:
		if e.From.Kind == Store { // from store to store (CHK-01)
			return s.Standing == StandingInStore && s.Holder == e.From && e.Store != e.From.Who
		}
		return s.Holder == e.From && (e.From.Kind.takes() || e.From.Kind == Repairer)
	case HandedOver:
		return s.Holder == e.From && (s.Standing == StandingIssued || s.Standing == StandingLent)
	case ReportedMissing:
		return s.Holder == e.From && s.Standing != StandingMissing && s.Standing != StandingScrapped
	case Found:
		return s.Standing == StandingMissing
	case Kept:
		return s.Standing == StandingIssued && e.Part == PartOld || s.Standing == StandingInStore && e.Part == PartNew
	case Exchanged:
		return s.Holder == e.From
	case Extended:
		return s.Standing == StandingLent
	case Chased: // a timer asks by what is recorded; it may have been back by then
		return true
	case Booked:
		return s.bookable() && (s.Standing != StandingLent || !e.Booking.From.Before(s.Until))
	case Cleared:
		return s.Blocked != ""
	case RepairApproved:
		return s.Repair.Stage == RepairOpen
	}
	return s.Standing != "" && s.Standing != StandingScrapped
}

// Held is a stretch of custody: from an instant until the next one begins.
type Held struct {
	From     domain.Instant `json:"from"`
	Holder   Holder         `json:"holder"`
	Revision uint64         `json:"revision"` // of the event that moved it
}

// Custody returns who had the tool, oldest first.
func (s State) Custody() []Held { return facts(s.Facts()).custody() }

func (in facts) custody() []Held {
	out := []Held{}
	var s State
	for _, f := range in {
		before := s.Holder
		s = After(s, f.Event)
		if s.Holder != before {
			at, _ := happened(f.Event)
			out = append(out, Held{at, s.Holder, f.Revision})
		}
	}
	return out
}

// Correction is what a strike would come to (AUD-02).
type Correction struct {
	Before       State
	After        State
	Contradicted []Fact // what cannot have happened without what is struck
}

// Without returns what the tool is without the facts with the given revisions.
func (s State) Without(struck []uint64) Correction {
	known := facts(s.Facts())
	gone := map[uint64]bool{}
	for _, r := range struck {
		gone[r] = true
	}
	var left facts
	for _, f := range known {
		if !gone[f.Revision] {
			left = append(left, f)
		}
	}
	c := Correction{Before: s, After: left.state(), Contradicted: []Fact{}}
	before, after := known.contradicted(), left.contradicted()
	for _, f := range left {
		if after[f.Revision] && !before[f.Revision] {
			c.Contradicted = append(c.Contradicted, f)
		}
	}
	return c
}
