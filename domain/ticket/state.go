package ticket

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// State is what Decide needs to know, and no more. The zero value is a ticket
// that does not exist. Evolve never writes into what a State points to, so
// copies may be kept and shared.
type State struct {
	Next       uint64 // revision that the stream's next event gets
	Site       string // code, to find the policies
	Status     Status
	Active     Status // the status beneath a pause, and the last one before the end
	LastAt     time.Time
	Level      Level
	Team       uuid.UUID
	Technician uuid.UUID
	Pause      PauseReason // of the latest pause, while paused
	Cycle      int         // 1 is the first
	EndedAt    time.Time   // when it was last resolved, signed off or closed
	Solution   string
	Resolved   bool // in this cycle
	First      Clock
	Resolution Clock
	Claim      *SourceClaim // what the source said last
}

// Clock is a target's clock in its present cycle, whether or not anything was agreed.
type Clock struct {
	Cycle     int       // the cycle it belongs to
	StartAt   time.Time // zero: never started
	Target    *Target   // nil: nothing agreed
	Pauses    []sla.Interval
	PausedAt  time.Time // start of the open pause, zero for none
	EndedAt   time.Time // zero while it runs
	Reached   bool      // whether it ended by being reached
	Revisions []uint64  // of the events it rests on
}

// Running reports whether the clock was started and has not ended. A paused clock runs.
func (c Clock) Running() bool { return !c.StartAt.IsZero() && c.EndedAt.IsZero() }

// PausesUntil returns the pauses, an open one cut at an instant.
func (c Clock) PausesUntil(at time.Time) []sla.Interval {
	if c.PausedAt.IsZero() {
		return c.Pauses
	}
	return append(slices.Clip(c.Pauses), sla.Interval{From: c.PausedAt, To: at})
}

// Open reports whether the ticket exists and is neither resolved nor ended.
func (s Status) Open() bool {
	switch s {
	case StatusRegistered, StatusAccepted, StatusAssigned, StatusPaused, StatusOnSite:
		return true
	case StatusResolved, StatusSignedOff, StatusClosed:
		return false
	}
	return false
}

// Evolve returns s after e, taking e for the next revision of the stream.
// It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State { return EvolveAt(s, s.Next, e) }

// EvolveAt returns s after e, which has the given revision. A nil e stands
// for a revision that counts for nothing: a struck event, or a strike.
func EvolveAt(s State, revision uint64, e Event) State {
	if _, first := e.(Registered); e != nil && (first || s.Status != "") {
		s = evolve(s, revision, e) // without its registration, struck, a ticket does not exist (AUD-02)
	}
	s.Next = revision + 1
	return s
}

func evolve(s State, revision uint64, e Event) State {
	switch e := e.(type) {
	case Registered:
		s = evolveRegistered(s, revision, e)
	case Accepted:
		s = s.touched(e.At)
		s.First = s.First.ended(revision, e.At, true)
		if s.Active == StatusRegistered {
			s = s.active(StatusAccepted)
		}
	case Assigned:
		s = s.touched(e.At)
		s.Team, s.Technician = e.Team, e.Technician
		if s.Active != StatusOnSite {
			s = s.active(s.unvisited())
		}
	case LevelChanged:
		s = s.touched(e.At)
		s.Level = e.To
		s.First = s.First.retargeted(revision, e.Targets, FirstContact)
		s.Resolution = s.Resolution.retargeted(revision, e.Targets, Resolution)
	case Paused:
		s = evolvePaused(s, revision, e)
	case Resumed:
		s = evolveResumed(s, revision, e)
	case Arrived:
		s = s.touched(e.At)
		s.First = s.First.ended(revision, e.At, true)
		s = s.active(StatusOnSite)
	case Resolved:
		s = s.touched(e.At).over(revision, e.At, StatusResolved)
		s.Solution = e.Solution
	case SignedOff:
		s = s.touched(e.At).over(revision, e.At, StatusSignedOff)
	case Closed:
		s = s.touched(e.At).over(revision, e.At, StatusClosed)
	case Reopened:
		s = evolveReopened(s, revision, e)
	case Judged: // says what follows from the facts, and changes nothing
	case SourceVerdictRecorded:
		s.Claim = &SourceClaim{ResolvedAt: e.ResolvedAt, SLAMet: e.SLAMet, Reassignments: e.Reassignments}
	}
	return s
}

func evolveRegistered(s State, revision uint64, e Registered) State {
	s.Site, s.Level, s.Cycle = e.Site, e.Level, 1
	s.Status, s.Active, s.LastAt = StatusRegistered, StatusRegistered, e.At.Time
	s.First = started(revision, 1, e.At, e.Targets, FirstContact)
	s.Resolution = started(revision, 1, e.At, e.Targets, Resolution)
	return s
}

func evolvePaused(s State, revision uint64, e Paused) State {
	s = s.touched(e.At)
	if !s.Status.Open() { // the reopening before it was struck
		return s
	}
	s.Status, s.Pause = StatusPaused, e.Reason
	if slices.Contains(e.Clocks, FirstContact) {
		s.First = s.First.paused(revision, e.At)
	}
	if slices.Contains(e.Clocks, Resolution) {
		s.Resolution = s.Resolution.paused(revision, e.At)
	}
	return s
}

func evolveResumed(s State, revision uint64, e Resumed) State {
	s = s.touched(e.At)
	if s.Status != StatusPaused { // the pause was struck
		return s
	}
	s.Status, s.Pause = s.Active, ""
	s.First = s.First.resumed(revision, e.At, targetNamed(e.Targets, FirstContact))
	s.Resolution = s.Resolution.resumed(revision, e.At, targetNamed(e.Targets, Resolution))
	return s
}

func evolveReopened(s State, revision uint64, e Reopened) State {
	s = s.touched(e.At)
	s.Cycle, s.Resolved, s.Pause, s.Solution = e.Cycle, false, "", ""
	s.Active = s.unvisited()
	s.Status = s.Active
	s.Resolution = started(revision, e.Cycle, e.At, e.Targets, Resolution)
	return s
}

// touched returns s with the time of its last fact moved to at.
func (s State) touched(at domain.Instant) State {
	s.LastAt = at.Time
	return s
}

// unvisited returns the status of an open ticket by who works on it.
func (s State) unvisited() Status {
	switch {
	case s.Team != uuid.Nil || s.Technician != uuid.Nil:
		return StatusAssigned
	case s.First.Reached:
		return StatusAccepted
	}
	return StatusRegistered
}

// active returns s with another active status, which shows unless it is paused or over.
func (s State) active(st Status) State {
	if s.Status == s.Active {
		s.Status = st
	}
	s.Active = st
	return s
}

// over returns s with the cycle ended: both clocks stop, and so does a pause.
func (s State) over(revision uint64, at domain.Instant, st Status) State {
	s.First = s.First.ended(revision, at, true)
	s.Resolution = s.Resolution.ended(revision, at, st == StatusResolved)
	s.Status, s.Pause, s.EndedAt = st, "", at.Time
	s.Resolved = s.Resolved || st == StatusResolved
	return s
}

func started(revision uint64, cycle int, at domain.Instant, targets []Target, name TargetName) Clock {
	return Clock{Cycle: cycle, StartAt: at.Time, Target: targetNamed(targets, name), Revisions: []uint64{revision}}
}

func (c Clock) ended(revision uint64, at domain.Instant, reached bool) Clock {
	if !c.Running() {
		return c
	}
	c.Pauses, c.PausedAt = c.PausesUntil(at.Time), time.Time{}
	c.EndedAt, c.Reached = at.Time, reached
	return c.resting(revision)
}

func (c Clock) paused(revision uint64, at domain.Instant) Clock {
	if !c.Running() || !c.PausedAt.IsZero() {
		return c
	}
	c.PausedAt = at.Time
	return c.resting(revision)
}

func (c Clock) resumed(revision uint64, at domain.Instant, target *Target) Clock {
	if !c.Running() || c.PausedAt.IsZero() {
		return c
	}
	c.Pauses, c.PausedAt = c.PausesUntil(at.Time), time.Time{}
	if target != nil {
		c.Target = target
	}
	return c.resting(revision)
}

// retargeted returns c with the target of another level, or none.
func (c Clock) retargeted(revision uint64, targets []Target, name TargetName) Clock {
	if !c.Running() {
		return c
	}
	c.Target = targetNamed(targets, name)
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
