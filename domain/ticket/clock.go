package ticket

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// Clocks holds a clock for each target, in the order of TargetNames.
type Clocks [len(targetNames)]Clock

// Clock is a target's clock in its present cycle, whether or not anything was agreed.
type Clock struct {
	Name      TargetName
	Cycle     int       // the cycle it belongs to
	StartAt   time.Time // zero: never started
	Target    *Target   // nil: nothing agreed
	Pauses    []sla.Interval
	PausedAt  time.Time // start of the open pause, zero for none
	EndedAt   time.Time // zero while it runs
	Reached   bool      // whether it ended by being reached
	Void      bool      // it ended with a duplicate: withdrawn, whatever was due (TKT-17)
	Revisions []uint64  // of the events it rests on: the start first, the end last
}

// Running reports whether the clock was started and has not ended. A paused clock runs.
func (c Clock) Running() bool { return !c.StartAt.IsZero() && c.EndedAt.IsZero() }

// Stands reports whether the clock runs and is paused.
func (c Clock) Stands() bool { return c.Running() && !c.PausedAt.IsZero() }

// startedBy returns the revision of the event that started the clock, by
// which it is told from the others of its target.
func (c Clock) startedBy() uint64 { return c.Revisions[0] }

// PausesUntil returns the pauses, an open one cut at an instant.
func (c Clock) PausesUntil(at time.Time) []sla.Interval {
	if c.PausedAt.IsZero() {
		return c.Pauses
	}
	return append(slices.Clip(c.Pauses), sla.Interval{From: c.PausedAt, To: at})
}

func started(name TargetName, revision uint64, cycle int, at domain.Instant, targets []Target) Clock {
	return Clock{
		Name: name, Cycle: cycle, StartAt: at.Time, Target: targetNamed(targets, name), Revisions: []uint64{revision},
	}
}

// again returns a clock of the same cycle that starts at an instant: it
// stands if this one does.
func (c Clock) again(revision uint64, at domain.Instant, targets []Target) Clock {
	next := started(c.Name, revision, c.Cycle, at, targets)
	if c.Stands() {
		next.PausedAt = at.Time
	}
	return next
}

func (c Clock) ended(revision uint64, at domain.Instant, reached bool) Clock {
	c.Pauses, c.PausedAt = c.PausesUntil(at.Time), time.Time{}
	c.EndedAt, c.Reached = at.Time, reached
	return c.resting(revision)
}

func (c Clock) paused(revision uint64, at domain.Instant) Clock {
	if !c.Running() || c.Stands() {
		return c
	}
	c.PausedAt = at.Time
	return c.resting(revision)
}

func (c Clock) resumed(revision uint64, at domain.Instant, target *Target) Clock {
	if !c.Stands() {
		return c
	}
	c.Pauses, c.PausedAt = c.PausesUntil(at.Time), time.Time{}
	return c.due(target).resting(revision)
}

// due returns c with the due time and the steps that were worked out for it. What is agreed
// stays: that may have been another when it was worked out.
func (c Clock) due(by *Target) Clock {
	if c.Target != nil && by != nil {
		target := *c.Target
		target.DueAt, target.Steps = by.DueAt, by.Steps
		c.Target = &target
	}
	return c
}

// stood returns c with a pause that was entered afterwards, if it lies within its life.
func (c Clock) stood(revision uint64, e PauseRecorded) Clock {
	if c.StartAt.IsZero() || !c.StartAt.Before(e.To.Time) || !c.EndedAt.IsZero() && !e.From.Before(c.EndedAt) {
		return c
	}
	c.Pauses = append(slices.Clip(c.Pauses), sla.Interval{From: e.From.Time, To: e.To.Time})
	if c.Running() {
		return c.due(targetNamed(e.Targets, c.Name)).resting(revision)
	}
	last := len(c.Revisions) - 1 // the end stays the last
	c.Revisions = slices.Insert(slices.Clone(c.Revisions), last, revision)
	return c
}

// retargeted returns c with another target, or none.
func (c Clock) retargeted(revision uint64, targets []Target) Clock {
	if !c.Running() {
		return c
	}
	c.Target = targetNamed(targets, c.Name)
	switch {
	case c.Target == nil:
	case c.Name == Arrival:
		c.StartAt = c.Target.StartAt.Time // it may count from the call at one level and from the finding at another
	default:
		c.Target.StartAt = domain.At(c.StartAt) // a late fact may have started it since
	}
	return c.resting(revision)
}

func (c Clock) resting(revision uint64) Clock {
	c.Revisions = append(slices.Clip(c.Revisions), revision)
	return c
}

func targetNamed(targets []Target, name TargetName) *Target {
	for _, t := range targets {
		if t.Name == name {
			return &t
		}
	}
	return nil
}
