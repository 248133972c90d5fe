package ticket

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
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
	OpenedAt   time.Time
	Level      Level
	Zone       string // service zone
	Class      Class  // service class (TKT-05)
	ChargedFen int64  // sum of all charges
	Followers  []uuid.UUID
	Imported   bool // it has a key of another system: nothing is escalated (SLA-08)
	Team       uuid.UUID
	Technician uuid.UUID
	Pause      PauseReason // of the latest pause, while paused
	Cycle      int         // 1 is the first
	CycleAt    time.Time   // when it started: the call, or the reopening
	VisitAt    time.Time   // when a visit was found needed, in this cycle
	Agreed     *ArrivalAgreed
	EndedAt    time.Time // when it was last resolved, signed off, closed, merged, withdrawn or rejected
	Solution   string
	Into       uuid.UUID // the ticket that it was merged into
	Resolved   bool      // in this cycle
	Clocks     Clocks
	Done       []Clock      // every clock that ended, in the order of its end
	Verdicts   []Verdicts   // those that stand
	Escalated  []Escalation // what was told already
	Claim      *SourceClaim // what the source said last
	last       *fact
}

// Verdicts is a verdict on record. One that was given again takes the place
// of the one before.
type Verdicts struct {
	Revision uint64
	Judged   Judged
}

// Escalation is a step that was taken.
type Escalation struct {
	Target    TargetName
	StartedBy uint64 // the clock
	Percent   int
}

// Clock returns the present clock of a target, the zero Clock for none of ours.
func (s State) Clock(name TargetName) Clock {
	if i := name.place(); i >= 0 {
		return s.Clocks[i]
	}
	return Clock{}
}

// Open reports whether the ticket exists and is neither resolved nor ended.
func (s Status) Open() bool {
	switch s {
	case StatusRegistered, StatusAccepted, StatusAssigned, StatusPaused, StatusOnSite:
		return true
	case StatusResolved, StatusSignedOff, StatusClosed, StatusMerged, StatusWithdrawn, StatusRejected:
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
		s = s.after(revision, e) // without its registration, struck, a ticket does not exist (AUD-02)
	}
	s.Next = revision + 1
	return s
}

func (s State) after(revision uint64, e Event) State {
	switch e := any(e).(type) { // what follows from the facts and is none
	case Judged:
		return s.judged(revision, e)
	case DueCorrected:
		for i, c := range s.Clocks {
			s.Clocks[i] = c.due(targetNamed(e.Targets, c.Name))
		}
		return s
	}
	if at, late := lateAt(e); late && at.Before(s.LastAt) {
		return s.refolded(revision, e, at)
	}
	return s.apply(revision, e)
}

func evolve(s State, revision uint64, e Event) State {
	if at, ok := occurred(e); ok {
		s.LastAt = at
	}
	switch e := e.(type) {
	case Registered:
		s = evolveRegistered(s, revision, e)
	case Accepted:
		s = s.reached(revision, e.At, FirstContact)
		if s.Active == StatusRegistered {
			s = s.active(StatusAccepted)
		}
	case Assigned:
		s.Team, s.Technician = e.Team, e.Technician
		if s.Active != StatusOnSite {
			s = s.active(s.unvisited())
		}
	case LevelChanged:
		s.Level = e.To
		s = s.retargeted(revision, e.Targets)
	case ZoneChanged:
		s.Zone = e.To
		s = s.retargeted(revision, e.Targets)
	case ClassChanged:
		s.Class = e.To
	case ChargeRecorded:
		s.ChargedFen += e.AmountFen
	case Followed:
		s = s.followed(e.Person)
	case Unfollowed:
		s = s.unfollowed(e.Person)
	case Retargeted:
		s = s.retargeted(revision, e.Targets)
	case Paused:
		s = evolvePaused(s, revision, e)
	case Resumed:
		s = evolveResumed(s, revision, e)
	case PauseRecorded:
		s = evolvePauseRecorded(s, revision, e)
	case VisitNeeded:
		s = evolveVisitNeeded(s, revision, e)
	case ArrivalAgreed:
		s = evolveArrivalAgreed(s, revision, e)
	case Arrived:
		s = s.reached(revision, e.At, FirstContact)
		s = s.ended(revision, e.At, false, RemoteResolution)
		s = s.reached(revision, e.At, Arrival).active(StatusOnSite)
	case Updated:
		s = evolveUpdated(s, revision, e)
	case Resolved:
		s = s.over(revision, e.At, StatusResolved)
		s.Solution = e.Solution
	case SignedOff:
		s = s.over(revision, e.At, StatusSignedOff)
	case Closed:
		s = s.over(revision, e.At, StatusClosed)
	case Merged:
		s = s.dropped(revision, e.At, StatusMerged)
		s.Into = e.Into
	case CallWithdrawn:
		s = s.dropped(revision, e.At, StatusWithdrawn)
	case Rejected:
		s = s.dropped(revision, e.At, StatusRejected)
	case Reopened:
		s = evolveReopened(s, revision, e)
	case Escalated:
		s.Escalated = append(slices.Clip(s.Escalated), Escalation{e.Target, e.StartedBy, e.Percent})
	case SourceVerdictRecorded:
		s.Claim = &SourceClaim{ResolvedAt: e.ResolvedAt, SLAMet: e.SLAMet, Reassignments: e.Reassignments}
	case NoteAdded, HelpRequested, EmergencyPlanned, Judged, DueCorrected: // move nothing
	}
	return s
}

func evolveRegistered(s State, revision uint64, e Registered) State {
	s.Site, s.Level, s.Zone, s.Cycle = e.Site, e.Level, e.ServiceZone, 1
	s.Status, s.Active, s.Class = StatusRegistered, StatusRegistered, e.Class
	s.OpenedAt, s.CycleAt, s.Imported = e.At.Time, e.At.Time, e.External != nil
	for i, name := range targetNames {
		s.Clocks[i] = started(name, revision, 1, e.At, e.Targets)
	}
	return s
}

func evolvePaused(s State, revision uint64, e Paused) State {
	if !s.Status.Open() { // the reopening before it was struck
		return s
	}
	s.Status, s.Pause = StatusPaused, e.Reason
	for i, name := range targetNames {
		if slices.Contains(e.Clocks, name) {
			s.Clocks[i] = s.Clocks[i].paused(revision, e.At)
		}
	}
	return s
}

func evolveResumed(s State, revision uint64, e Resumed) State {
	if s.Status != StatusPaused { // the pause was struck
		return s
	}
	for i, name := range targetNames {
		if len(e.Clocks) == 0 || slices.Contains(e.Clocks, name) {
			s.Clocks[i] = s.Clocks[i].resumed(revision, e.At, targetNamed(e.Targets, name))
		}
	}
	if len(e.Clocks) == 0 {
		s.Status, s.Pause = s.Active, ""
	}
	return s
}

func evolvePauseRecorded(s State, revision uint64, e PauseRecorded) State {
	for i, name := range targetNames {
		if slices.Contains(e.Clocks, name) {
			s.Clocks[i] = s.Clocks[i].stood(revision, e)
		}
	}
	s.Done = slices.Clone(s.Done)
	for i, c := range s.Done {
		if slices.Contains(e.Clocks, c.Name) {
			s.Done[i] = c.stood(revision, e)
		}
	}
	return s
}

func evolveVisitNeeded(s State, revision uint64, e VisitNeeded) State {
	if !s.Status.Open() { // what it was found in was struck
		return s
	}
	s = s.reached(revision, e.At, FirstContact).ended(revision, e.At, false, RemoteResolution)
	s.VisitAt = e.At.Time
	c := &s.Clocks[Arrival.place()]
	if c.Running() && targetNamed(e.Targets, Arrival) != nil { // TKT-11
		*c = c.again(revision, e.At, e.Targets)
	}
	return s
}

func evolveArrivalAgreed(s State, revision uint64, e ArrivalAgreed) State {
	s = s.reached(revision, e.At, FirstContact)
	s.Agreed = &e
	c := &s.Clocks[Arrival.place()]
	if c.Running() && targetNamed(e.Targets, Arrival) != nil { // SLA-02
		*c = c.retargeted(revision, e.Targets)
	}
	return s
}

func evolveUpdated(s State, revision uint64, e Updated) State {
	s = s.reached(revision, e.At, FirstContact)
	c := s.Clock(NextUpdate)
	if !c.Running() {
		return s
	}
	s = s.reached(revision, e.At, NextUpdate)
	s.Clocks[NextUpdate.place()] = c.again(revision, e.At, e.Targets)
	return s
}

func evolveReopened(s State, revision uint64, e Reopened) State {
	s.Cycle, s.CycleAt, s.Resolved, s.Pause, s.Solution = e.Cycle, e.At.Time, false, "", ""
	s.VisitAt, s.Agreed, s.Into = time.Time{}, nil, uuid.Nil
	s.Active = s.unvisited()
	s.Status = s.Active
	for i, name := range targetNames {
		if made := s.Clocks[i].Running() || s.Clocks[i].Reached; name != FirstContact || !made { // TKT-16
			s = s.ended(revision, e.At, false, name) // runs only if what ended it was struck
			s.Clocks[i] = started(name, revision, e.Cycle, e.At, e.Targets)
		}
	}
	return s
}

// unvisited returns the status of an open ticket by who works on it.
func (s State) unvisited() Status {
	switch {
	case s.Team != uuid.Nil || s.Technician != uuid.Nil:
		return StatusAssigned
	case s.Clock(FirstContact).Reached:
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

func (s State) reached(revision uint64, at domain.Instant, name TargetName) State {
	return s.ended(revision, at, true, name)
}

// ended returns s with a clock ended, if it runs.
func (s State) ended(revision uint64, at domain.Instant, reached bool, name TargetName) State {
	c := &s.Clocks[name.place()]
	if c.Running() {
		*c = c.ended(revision, at, reached)
		s.Done = append(slices.Clip(s.Done), *c)
	}
	return s
}

// over returns s with the cycle ended: all clocks stop, and so does a pause.
func (s State) over(revision uint64, at domain.Instant, st Status) State {
	resolved := st == StatusResolved
	s = s.reached(revision, at, FirstContact)
	s = s.ended(revision, at, resolved, RemoteResolution) // whoever went there ended it before
	s = s.ended(revision, at, false, Arrival)
	s = s.ended(revision, at, resolved, Resolution)
	s = s.ended(revision, at, false, NextUpdate)
	s.Status, s.Pause, s.EndedAt = st, "", at.Time
	s.Resolved = s.Resolved || resolved
	return s
}

// dropped returns s ended without anything reached. The clocks of a merged
// ticket are withdrawn, whatever was due (TKT-17).
func (s State) dropped(revision uint64, at domain.Instant, st Status) State {
	for _, name := range targetNames {
		c := &s.Clocks[name.place()]
		c.Void = c.Running() && st == StatusMerged
		s = s.ended(revision, at, false, name)
	}
	s.Status, s.Pause, s.EndedAt = st, "", at.Time
	return s
}

// retargeted returns s with other targets on the clocks that run (SLA-07).
func (s State) retargeted(revision uint64, targets []Target) State {
	for i := range s.Clocks {
		s.Clocks[i] = s.Clocks[i].retargeted(revision, targets)
	}
	return s
}
