package ticket

import (
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// law finds the policies that the clocks of a site go by.
type law struct {
	book *policy.Book
	site string
	// Versions chosen instead of those in force, to ask how they would judge (SLA-10).
	sla, calendar *policy.Version
}

// terms are the policies that a clock goes by.
type terms struct {
	sla      policy.Version
	calendar policy.Version
}

// inForce returns the SLA policy in force at the start of a clock, and its
// calendar in force then (SLA-04, POL-02). ok is false if nothing is agreed
// for the site. A named calendar that is not there is refused (POL-08).
func (l law) inForce(at time.Time) (t terms, ok bool, err error) {
	if l.sla != nil {
		t.sla = *l.sla
	} else if t.sla, ok = l.book.InForce(policy.KindSLA, l.site, at); !ok {
		return terms{}, false, nil
	}
	if l.calendar != nil {
		t.calendar = *l.calendar
		return t, true, nil
	}
	if t.calendar, ok = l.book.CalendarOf(t.sla, l.site, at); !ok {
		return terms{}, false, l.missing(policy.KindCalendar, at)
	}
	return t, true, nil
}

// of returns what a clock goes by: the versions that its target was set by,
// since a later one does not touch a running clock (POL-03), or without a
// target those in force at its start.
func (l law) of(c Clock) (terms, bool, error) {
	if c.Target == nil {
		return l.inForce(c.StartAt)
	}
	t, err := termsOf(l.book, *c.Target)
	return t, err == nil, err
}

// calendarAt returns the calendar of the SLA policy in force, or without one
// the site's own.
func (l law) calendarAt(at time.Time) (policy.Version, bool, error) {
	t, ok, err := l.inForce(at)
	switch {
	case err != nil || ok:
		return t.calendar, ok, err
	case l.calendar != nil:
		return *l.calendar, true, nil
	}
	v, ok := l.book.InForce(policy.KindCalendar, l.site, at)
	return v, ok, nil
}

// termsOf returns the versions that a target was set by.
func termsOf(book *policy.Book, target Target) (terms, error) {
	s, ok := book.ByRef(target.Policy)
	if !ok {
		return terms{}, missing(policy.KindSLA, target.Policy)
	}
	c, ok := book.ByRef(target.Calendar)
	if !ok || c.Calendar() == nil {
		return terms{}, missing(policy.KindCalendar, target.Calendar)
	}
	return terms{s, c}, nil
}

// missing says for people which policy there is none of in force at an instant.
func (l law) missing(kind policy.Kind, at time.Time) error {
	set := l.book.SetOf(l.site, at)
	if set == "" {
		return domain.Refuse("POL-08", "policy.none_in_force", "policy_kind", string(kind), "site", l.site)
	}
	return domain.Refuse("POL-08", "policy.none_in_force_of_set", "policy_kind", string(kind), "site", l.site, "set", set)
}

// missing says that a version on record is not among the policies.
func missing(kind policy.Kind, ref domain.PolicyRef) error {
	return domain.Refuse("POL-08", "policy.not_loaded", "policy_kind", string(kind), "version", ref.Version, "policy", ref.ID.String())
}

// target returns what t agrees for a clock of the ticket s, due with the
// pauses up to an instant; nil if nothing.
func (t terms) target(s State, c Clock, at time.Time) *Target {
	agreed, ok := t.sla.SLA().Target(int(s.Level), s.Zone, string(c.Name))
	if !ok {
		return nil
	}
	start := c.StartAt
	if c.Name == Arrival {
		start = s.CycleAt // TKT-07
		if agreed.From == policy.FromVisitNeeded {
			start = s.VisitAt // TKT-11
		}
		if start.IsZero() {
			return nil
		}
	}
	out := Target{
		Name: c.Name, Clock: sla.Clock(agreed.Clock), LimitS: agreed.LimitS, StartAt: domain.At(start),
		Policy: t.sla.Ref(), Calendar: t.calendar.Ref(),
	}
	if c.Name == Arrival && agreed.AgreedArrival == policy.Replaces && s.Agreed != nil { // SLA-02
		out.AgreedFor, out.Clock = &s.Agreed.ArrivalBy, sla.Wall
		out.LimitS = seconds(out.AgreedFor.Sub(start))
	}
	if !s.Imported {
		out.Steps = ladder(t.sla.SLA().Escalation(int(s.Level), string(c.Name))) // SLA-08
	}
	out = timed(t.calendar.Calendar(), out, c.PausesUntil(at))
	return &out
}

// due returns when t is due. What was agreed for a moment stays there.
func due(cal *calendar.Calendar, t Target, pauses []sla.Interval) time.Time {
	if t.AgreedFor != nil {
		return t.AgreedFor.Time
	}
	return sla.Due(cal, t.Clock, t.StartAt.Time, time.Duration(t.LimitS)*time.Second, pauses)
}

// filled returns e, about to happen to the ticket s, with the targets that it
// sets: everything that decides a due time is decided here.
func (l law) filled(s State, e Event) (Event, error) {
	after := EvolveAt(s, s.Next, e) // with no new target yet
	var err error
	switch e := any(e).(type) { // of those with targets
	case Registered:
		e.Targets, err = l.fresh(after, e.At, targetNames[:]...) // TKT-07
		return e, err
	case Reopened:
		names := targetNames[1:]
		if after.Clock(FirstContact).Cycle == e.Cycle { // it was never made (TKT-16)
			names = targetNames[:]
		}
		e.Targets, err = l.fresh(after, e.At, names...)
		return e, err
	case Updated:
		e.Targets, err = l.fresh(after, e.At, NextUpdate)
		return e, err
	case VisitNeeded:
		e.Targets, err = l.fromVisit(after, e.At)
		return e, err
	case ArrivalAgreed:
		e.Targets, err = l.fromAgreement(after, e.At)
		return e, err
	case LevelChanged:
		e.Targets, err = l.changed(s, after, e.At, l.of)
		return e, err
	case ZoneChanged:
		e.Targets, err = l.changed(s, after, e.At, l.of)
		return e, err
	case Retargeted:
		e.Targets, err = l.changed(s, after, e.At, func(Clock) (terms, bool, error) { return l.inForce(e.At.Time) })
		return e, err
	case Resumed:
		e.Targets, err = l.moved(s, after, e.At)
		return e, err
	case PauseRecorded:
		e.Targets, err = l.moved(s, after, e.At)
		return e, err
	}
	return e, nil
}

// fresh returns the targets of the named clocks, which start now.
func (l law) fresh(after State, at domain.Instant, names ...TargetName) ([]Target, error) {
	targets := []Target{}
	t, ok, err := l.inForce(at.Time)
	if err != nil || !ok {
		return targets, err
	}
	for _, name := range names {
		c := after.Clock(name)
		if !c.Running() {
			continue
		}
		if target := t.target(after, c, at.Time); target != nil {
			targets = append(targets, *target)
		}
	}
	return targets, nil
}

// fromVisit returns the arrival target if it counts from the finding (TKT-11).
func (l law) fromVisit(after State, at domain.Instant) ([]Target, error) {
	targets, err := l.fresh(after, at, Arrival)
	if len(targets) == 1 && !targets[0].StartAt.Equal(after.VisitAt) {
		targets = targets[:0] // it has counted from the call
	}
	return targets, err
}

// fromAgreement returns the arrival target if the agreed time replaces it (SLA-02).
func (l law) fromAgreement(after State, at domain.Instant) ([]Target, error) {
	targets := []Target{}
	c := after.Clock(Arrival)
	if !c.Running() {
		return targets, nil
	}
	t, ok, err := l.of(c)
	if err != nil || !ok {
		return targets, err
	}
	if target := t.target(after, c, at.Time); target != nil && target.AgreedFor != nil {
		targets = append(targets, *target)
	}
	return targets, nil
}

// changed returns the targets of the clocks that run on under another level,
// zone or policy, counted from the original start less the union of pauses
// (SLA-07). An open pause counts as if it ended now.
func (l law) changed(before, after State, at domain.Instant, find func(Clock) (terms, bool, error)) ([]Target, error) {
	targets := []Target{}
	for _, c := range before.Clocks {
		if !c.Running() {
			continue
		}
		t, ok, err := find(c)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if target := t.target(after, c, at.Time); target != nil {
			targets = append(targets, *target)
		}
	}
	return targets, nil
}

// moved returns the targets of the clocks whose pauses are others than
// before, with their new due times.
func (l law) moved(before, after State, at domain.Instant) ([]Target, error) {
	targets := []Target{}
	for i, c := range after.Clocks {
		if !c.Running() || c.Target == nil || len(c.Pauses) == len(before.Clocks[i].Pauses) {
			continue
		}
		t, err := termsOf(l.book, *c.Target)
		if err != nil {
			return nil, err
		}
		targets = append(targets, timed(t.calendar.Calendar(), *c.Target, c.PausesUntil(at.Time)))
	}
	return targets, nil
}
