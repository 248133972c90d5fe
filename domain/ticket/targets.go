package ticket

import (
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// terms are the policies that a clock goes by.
type terms struct {
	sla      policy.Version
	calendar policy.Version
}

// termsInForce returns the SLA policy in force for site at the start of a
// clock, and its calendar in force then (SLA-04, POL-02). ok is false if
// nothing is agreed for the site. A named calendar that is not there is
// refused (POL-08).
func termsInForce(book *policy.Book, site string, at time.Time) (t terms, ok bool, err error) {
	t.sla, ok = book.InForce(policy.KindSLA, site, at)
	if !ok {
		return terms{}, false, nil
	}
	id := t.sla.SLA().Calendar
	if t.calendar, ok = book.InForceOf(id, at); !ok || t.calendar.Calendar() == nil {
		return terms{}, false, missing(id)
	}
	return t, true, nil
}

// termsOf returns the versions that a target was set by: a later version does
// not touch a running clock (POL-03).
func termsOf(book *policy.Book, target Target) (terms, error) {
	s, ok := book.ByRef(target.Policy)
	if !ok {
		return terms{}, missing(target.Policy.ID)
	}
	c, ok := book.ByRef(target.Calendar)
	if !ok || c.Calendar() == nil {
		return terms{}, missing(target.Calendar.ID)
	}
	return terms{s, c}, nil
}

func missing(id uuid.UUID) error {
	return domain.Refuse("POL-08", "policy.not_loaded", "policy", id.String())
}

// target returns what t agrees for a level, due with the given pauses; nil if nothing.
func (t terms) target(name TargetName, level Level, start time.Time, pauses []sla.Interval) *Target {
	agreed, ok := t.sla.SLA().Target(int(level), string(name))
	if !ok {
		return nil
	}
	out := Target{
		Name: name, Clock: sla.Clock(agreed.Clock), LimitS: agreed.LimitS, StartAt: domain.At(start),
		Policy: t.sla.Ref(), Calendar: t.calendar.Ref(),
	}
	out.DueAt = domain.At(due(t.calendar.Calendar(), out, pauses))
	return &out
}

func due(cal *calendar.Calendar, t Target, pauses []sla.Interval) time.Time {
	return sla.Due(cal, t.Clock, t.StartAt.Time, time.Duration(t.LimitS)*time.Second, pauses)
}

// startTargets returns the targets of clocks that start at an instant.
func startTargets(book *policy.Book, site string, level Level, at time.Time, names ...TargetName) ([]Target, error) {
	targets := []Target{}
	t, ok, err := termsInForce(book, site, at)
	if err != nil || !ok {
		return targets, err
	}
	for _, name := range names {
		if target := t.target(name, level, at, nil); target != nil {
			targets = append(targets, *target)
		}
	}
	return targets, nil
}

// levelTargets returns the targets of the clocks that still run for another
// level, counted from the original start less the union of pauses (SLA-07).
// An open pause counts as if it ended now.
func levelTargets(book *policy.Book, s State, level Level, at time.Time) ([]Target, error) {
	targets := []Target{}
	for _, c := range []struct {
		name  TargetName
		clock Clock
	}{{FirstContact, s.First}, {Resolution, s.Resolution}} {
		if !c.clock.Running() {
			continue
		}
		t, ok, err := termsFor(book, s.Site, c.clock)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if target := t.target(c.name, level, c.clock.StartAt, c.clock.PausesUntil(at)); target != nil {
			targets = append(targets, *target)
		}
	}
	return targets, nil
}

func termsFor(book *policy.Book, site string, c Clock) (terms, bool, error) {
	if c.Target == nil {
		return termsInForce(book, site, c.StartAt)
	}
	t, err := termsOf(book, *c.Target)
	return t, err == nil, err
}

// resumedTargets returns the new due times of the clocks that a pause stopped
// and that run on.
func resumedTargets(book *policy.Book, s State, at time.Time) ([]Target, error) {
	targets := []Target{}
	for _, c := range []Clock{s.First, s.Resolution} {
		if !c.Running() || c.PausedAt.IsZero() || c.Target == nil {
			continue
		}
		t, err := termsOf(book, *c.Target)
		if err != nil {
			return nil, err
		}
		target := *c.Target
		target.DueAt = domain.At(due(t.calendar.Calendar(), target, c.PausesUntil(at)))
		targets = append(targets, target)
	}
	return targets, nil
}
