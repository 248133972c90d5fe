package ticket

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Evolve returns the row after rec. Pure.
func Evolve(r Row, rec eventschemas.Record) (Row, error) {
	e, ok := rec.Event.(ticket.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(ticket.Registered); !first && !r.exists() {
		return r, nil // its registration was struck: nothing is left to show (AUD-02)
	}
	return evolve(r, rec, e)
}

func evolve(r Row, rec eventschemas.Record, e ticket.Event) (Row, error) {
	switch e := e.(type) {
	case ticket.Registered:
		r = registered(e, rec)
	case ticket.Accepted:
		r = r.at(e.At).stopped(e.At, true, ticket.FirstContact).activated(ticket.StatusAccepted, ticket.StatusRegistered)
	case ticket.Assigned:
		r = r.at(e.At)
		r.Team, r.Technician = e.Team, e.Technician
		if r.Active != string(ticket.StatusOnSite) {
			r = r.activated(assignedStatus(r))
		}
	case ticket.LevelChanged:
		r = r.at(e.At).retargeted(e.Targets)
		r.Level = int(e.To)
		r.LevelChanges++
	case ticket.ZoneChanged:
		r = r.at(e.At).retargeted(e.Targets)
		r.ServiceZone = e.To
	case ticket.Retargeted:
		r = r.at(e.At).retargeted(e.Targets)
	case ticket.Paused:
		r = r.at(e.At).paused(e)
	case ticket.Resumed:
		r = r.at(e.At).resumed(e)
	case ticket.PauseRecorded:
		r = r.at(e.At).moved(e.Targets)
	case ticket.DueCorrected:
		r = r.moved(e.Targets)
	case ticket.VisitNeeded:
		r = r.at(e.At).visitNeeded(rec.Revision, e)
	case ticket.ArrivalAgreed:
		r = r.at(e.At).stopped(e.At, true, ticket.FirstContact).due(e.Targets)
		r.ArrivalBy = when(e.ArrivalBy)
	case ticket.Arrived:
		r = r.at(e.At).late(e.At, e.LateReason, ticket.Arrival, ticket.RemoteResolution)
		r = r.stopped(e.At, true, ticket.FirstContact, ticket.Arrival).
			stopped(e.At, false, ticket.RemoteResolution).activated(ticket.StatusOnSite)
	case ticket.Updated:
		r = r.at(e.At).stopped(e.At, true, ticket.FirstContact).restarted(rec.Revision, ticket.NextUpdate, e.At, e.Targets)
	case ticket.NoteAdded:
		r = r.at(e.At)
	case ticket.Resolved:
		r = r.at(e.At).resolved(e)
	case ticket.SignedOff:
		r = r.at(e.At).ended(e.At, ticket.StatusSignedOff)
	case ticket.Closed:
		r = r.at(e.At).ended(e.At, ticket.StatusClosed)
		r.ClosedAt = when(e.At)
	case ticket.Merged:
		r = r.at(e.At).ended(e.At, ticket.StatusMerged)
		r.MergedInto = e.Into
	case ticket.CallWithdrawn:
		r = r.at(e.At).ended(e.At, ticket.StatusWithdrawn)
	case ticket.Rejected:
		r = r.at(e.At).ended(e.At, ticket.StatusRejected)
	case ticket.Reopened:
		r = r.at(e.At).reopened(rec.Revision, e)
	case ticket.Judged:
		r = r.judged(e)
	case ticket.Escalated:
		r.Escalated++
	case ticket.SourceVerdictRecorded:
		r.Source = &SourceClaim{ResolvedAt: e.ResolvedAt, SLAMet: e.SLAMet, Reassignments: e.Reassignments}
	default:
		return r, readmodel.Unknown(rec)
	}
	return r, nil
}

func registered(e ticket.Registered, rec eventschemas.Record) Row {
	r := Row{
		Number: e.Number, Channel: string(e.Channel), Kind: e.Kind, Problem: e.Problem,
		Level: int(e.Level), FirstLevel: int(e.Level), ServiceZone: e.ServiceZone,
		Status: string(ticket.StatusRegistered), Active: string(ticket.StatusRegistered),
		Customer: e.Customer, Phone: e.Phone, Text: e.Text,
		OpenedAt: e.At.Time, OpenedOn: e.OpenedOn, UpdatedAt: e.At.Time, Cycle: 1, CycleAt: e.At.Time,
		Imported: rec.Envelope.Source != nil,
	}
	if e.External != nil {
		r.ExternalSystem, r.ExternalKey = e.External.System, e.External.Key
	}
	r.each(func(_ ticket.TargetName, t target) { *t.clock = t.clock.started(rec.Revision, 1, e.At) })
	return r.retargeted(e.Targets)
}

// at moves the time of the last change on; what is entered late leaves it.
func (r Row) at(at domain.Instant) Row {
	if at.After(r.UpdatedAt) || r.Imported {
		r.UpdatedAt = at.Time
	}
	return r
}

// activated moves the status beneath a pause to st; with from, only out of those.
func (r Row) activated(st ticket.Status, from ...ticket.Status) Row {
	for _, f := range from {
		if r.Active != string(f) {
			return r
		}
	}
	if r.Status == r.Active {
		r.Status = string(st)
	}
	r.Active = string(st)
	return r
}

func assignedStatus(r Row) ticket.Status {
	switch {
	case r.Team != uuid.Nil || r.Technician != uuid.Nil:
		return ticket.StatusAssigned
	case r.FirstContact.ReachedAt != nil:
		return ticket.StatusAccepted
	default:
		return ticket.StatusRegistered
	}
}

// started begins a cycle; the judgements of the cycles before stay counted.
func (c Clock) started(revision uint64, cycle int, at domain.Instant) Clock {
	return Clock{
		Cycle: cycle, StartedBy: revision, Running: true, Clock: c.Clock, StartAt: at,
		Met: c.Met, Breached: c.Breached, Withdrawn: c.Withdrawn, NoTarget: c.NoTarget, Standing: c.Standing,
	}
}

// restarted begins a clock of the same cycle again if it has a new target: an
// arrival that counts from the finding, or the next update. It stands if it stood.
func (r Row) restarted(revision uint64, name ticket.TargetName, at domain.Instant, targets []ticket.Target) Row {
	t, _ := r.target(name)
	if !r.open() || !t.clock.Running || name == ticket.Arrival && len(targets) == 0 {
		return r
	}
	stood := t.clock.Stands
	restarts := append(slices.Clip(t.clock.Restarts), Restart{at, t.clock.StartedBy})
	*t.clock, *t.due = t.clock.started(revision, r.Cycle, at), nil
	t.clock.Restarts = restarts
	r = r.due(targets)
	if stood {
		r = r.stand(at, name)
	}
	return r
}

// open reports whether the ticket is at work.
func (r Row) open() bool { return ticket.Status(r.Status).Open() }

// retargeted replaces the targets of the clocks that run (SLA-07).
func (r Row) retargeted(targets []ticket.Target) Row {
	r.each(func(_ ticket.TargetName, t target) {
		if t.clock.Running {
			t.clock.Agreed, t.clock.LimitS, t.clock.DueAt, *t.due = false, 0, nil, nil
		}
	})
	r = r.due(targets)
	r.each(func(_ ticket.TargetName, t target) {
		if t.clock.Running && t.clock.Stands {
			*t.due = standing(*t.due, t.clock.StandsAt.Time)
		}
	})
	return r
}

// due takes over the targets of the clocks that run on.
func (r Row) due(targets []ticket.Target) Row {
	for _, agreed := range targets {
		t, ok := r.target(agreed.Name)
		if !ok || !t.clock.Running {
			continue
		}
		*t.clock, *t.due = t.clock.agreed(agreed), when(agreed.DueAt)
		if t.clock.Stands {
			*t.due = standing(*t.due, t.clock.StandsAt.Time)
		}
	}
	return r
}

func (c Clock) agreed(t ticket.Target) Clock {
	c.Agreed, c.Clock, c.LimitS, c.DueAt, c.StartAt = true, string(t.Clock), t.LimitS, &t.DueAt, t.StartAt
	return c
}

func (r Row) paused(e ticket.Paused) Row {
	if !r.open() { // the reopening before it was struck
		return r
	}
	r.Status, r.PauseReason = string(ticket.StatusPaused), string(e.Reason)
	if r.PausedAt == nil {
		r.PausedAt = when(e.At)
	}
	return r.stand(e.At, e.Clocks...)
}

// stand stops the named clocks at an instant.
func (r Row) stand(at domain.Instant, names ...ticket.TargetName) Row {
	for _, name := range names {
		t, ok := r.target(name)
		if ok && t.clock.Running && !t.clock.Stands {
			t.clock.Stands, t.clock.StandsAt = true, &at
			*t.due = standing(*t.due, at.Time)
		}
	}
	return r
}

// resumed starts the named clocks, or all: the ticket is then at work again.
func (r Row) resumed(e ticket.Resumed) Row {
	if r.Status != string(ticket.StatusPaused) { // the pause was struck
		return r
	}
	var resumed []ticket.Target
	r.each(func(name ticket.TargetName, t target) {
		stood := t.clock.Stands
		if len(e.Clocks) == 0 || slices.Contains(e.Clocks, name) {
			t.clock.Stands, t.clock.StandsAt = false, nil
			if t.clock.Running && t.clock.DueAt != nil {
				*t.due = when(*t.clock.DueAt)
			}
		}
		if i := slices.IndexFunc(e.Targets, func(t ticket.Target) bool { return t.Name == name }); stood && !t.clock.Stands && i >= 0 {
			resumed = append(resumed, e.Targets[i])
		}
	})
	if len(e.Clocks) == 0 {
		r.Status, r.PauseReason, r.PausedAt = r.Active, "", nil
	}
	return r.moved(resumed)
}

// moved takes over when clocks are due. What is agreed stays: that may have
// been another when it was worked out.
func (r Row) moved(targets []ticket.Target) Row {
	for _, by := range targets {
		t, ok := r.target(by.Name)
		if !ok || !t.clock.Running || !t.clock.Agreed {
			continue
		}
		t.clock.DueAt, *t.due = &by.DueAt, when(by.DueAt)
		if t.clock.Stands {
			*t.due = standing(*t.due, t.clock.StandsAt.Time)
		}
	}
	return r
}

// standing is the due time of a clock that stands since an instant: it is
// kept only if it had passed by then; else the clock is not due while it stands.
func standing(due *time.Time, since time.Time) *time.Time {
	if due == nil || due.After(since) {
		return nil
	}
	return due
}

// visitNeeded starts the arrival clock if it counts from the finding (TKT-11).
func (r Row) visitNeeded(revision uint64, e ticket.VisitNeeded) Row {
	if !r.open() { // what it was found in was struck
		return r
	}
	r = r.stopped(e.At, true, ticket.FirstContact).stopped(e.At, false, ticket.RemoteResolution)
	r.VisitNeededAt = when(e.At)
	return r.restarted(revision, ticket.Arrival, e.At, e.Targets)
}

// resolved ends the cycle's work. Entered late, it may come before an end
// that is there already, which then stays.
func (r Row) resolved(e ticket.Resolved) Row {
	r = r.late(e.At, e.LateReason, ticket.TargetNames()...)
	if e.LateReason != "" && r.EndedAt != nil && r.EndedAt.After(e.At.Time) {
		r = r.stopped(e.At, true, ticket.FirstContact)
		r.ResolvedAt = when(e.At)
		return r
	}
	r = r.stopped(e.At, true, ticket.FirstContact, ticket.RemoteResolution, ticket.Resolution).ended(e.At, ticket.StatusResolved)
	r.Solution, r.ResolvedAt = e.Solution, when(e.At)
	return r
}

// ended ends the cycle: every clock stops.
func (r Row) ended(at domain.Instant, st ticket.Status) Row {
	if st == ticket.StatusSignedOff || st == ticket.StatusClosed {
		r = r.stopped(at, true, ticket.FirstContact)
	}
	r = r.stopped(at, false, ticket.TargetNames()...)
	r.Status, r.PauseReason, r.PausedAt, r.EndedAt = string(st), "", nil, when(at)
	return r
}

// late is for clocks that turn out to have ended at an instant in the past.
// What was started again since then was not, and what was agreed may be another
// than what was agreed last: the verdict tells, if there is one.
func (r Row) late(at domain.Instant, reason string, names ...ticket.TargetName) Row {
	if reason == "" {
		return r
	}
	for _, name := range names {
		t, _ := r.target(name)
		if t.clock.Running {
			t.clock.Agreed = false
		}
		*t.clock = t.clock.backTo(at)
	}
	return r
}

// backTo returns the clock that there was at an instant of its cycle.
func (c Clock) backTo(at domain.Instant) Clock {
	n := len(c.Restarts)
	for n > 0 && c.Restarts[n-1].At.After(at.Time) {
		n--
		c.StartedBy = c.Restarts[n].Before
	}
	if n == len(c.Restarts) {
		return c
	}
	c.Restarts, c.Verdict = slices.Clip(c.Restarts[:n]), ""
	if i := slices.IndexFunc(c.Standing, func(s Standing) bool { return s.StartedBy == c.StartedBy }); i >= 0 {
		c.Verdict = c.Standing[i].Verdict
	}
	c.Agreed = c.Verdict != "" && c.Verdict != string(ticket.NoTarget)
	return c
}

// stopped ends those of the named clocks that run; what they come to is in
// the verdict, if they get one.
func (r Row) stopped(at domain.Instant, reached bool, names ...ticket.TargetName) Row {
	for _, name := range names {
		t, _ := r.target(name)
		if !t.clock.Running {
			continue
		}
		t.clock.Running, t.clock.Stands, t.clock.StandsAt, *t.due = false, false, nil, nil
		if reached {
			t.clock.ReachedAt = &at
		}
	}
	return r
}

func (r Row) reopened(revision uint64, e ticket.Reopened) Row {
	r.ActiveAgain = r.ActiveAgain || r.First != nil
	r.Cycle, r.CycleAt, r.Solution, r.ResolvedAt, r.ClosedAt, r.PauseReason, r.PausedAt = e.Cycle, e.At.Time, "", nil, nil, "", nil
	r.VisitNeededAt, r.ArrivalBy, r.EndedAt = nil, nil, nil
	r.Active = string(assignedStatus(r))
	r.Status = r.Active
	var begun []ticket.Target
	r.each(func(name ticket.TargetName, t target) {
		if made := t.clock.Running || t.clock.ReachedAt != nil; name != ticket.FirstContact || !made {
			*t.clock, *t.due = t.clock.started(revision, e.Cycle, e.At), nil
			begun = append(begun, slices.DeleteFunc(slices.Clone(e.Targets), func(t ticket.Target) bool { return t.Name != name })...)
		}
	})
	return r.due(begun)
}

// judged counts a verdict (SLA-05).
func (r Row) judged(e ticket.Judged) Row {
	t, ok := r.target(e.Target)
	if !ok {
		return r
	}
	now := e.StartedBy() == t.clock.StartedBy // whatever cycle it was in then: its reopening may have been struck
	if now {                                  // the fact that it is about has ended the clock; a verdict alone does too
		r = r.stopped(e.At, false, e.Target)
	}
	*t.clock = t.clock.judged(e, now)
	if e.Target != ticket.Resolution {
		return r
	}
	switch first := r.First != nil && e.Cycle == r.First.Cycle; {
	case e.ReachedAt != nil && (r.First == nil || first):
		r.First = &FirstResolution{Cycle: e.Cycle, At: *e.ReachedAt, LimitS: e.LimitS, GrossS: e.GrossS, PausedS: e.PausedS, NetS: e.NetS}
	case first:
		r.First = nil
	}
	return r
}

// judged counts e, and shows it if it is of the present clock.
func (c Clock) judged(e ticket.Judged, now bool) Clock {
	c.Standing = slices.Clone(c.Standing)
	v := Standing{e.Cycle, e.StartedBy(), string(e.Verdict)}
	i := slices.IndexFunc(c.Standing, func(s Standing) bool { return s.StartedBy == e.StartedBy() })
	if i >= 0 { // given again, it takes the place of the first
		c = c.count(ticket.Verdict(c.Standing[i].Verdict), -1)
		c.Standing[i] = v
	} else {
		c.Standing = append(c.Standing, v)
	}
	c = c.count(e.Verdict, 1)
	if !now {
		return c
	}
	c.Verdict, c.StartAt, c.Agreed = string(e.Verdict), e.StartAt, e.DueAt != nil
	c.Clock, c.DueAt, c.ReachedAt = string(e.Clock), e.DueAt, e.ReachedAt
	c.GrossS, c.PausedS, c.NetS = e.GrossS, e.PausedS, e.NetS
	return c
}

func (c Clock) count(v ticket.Verdict, n int64) Clock {
	switch v {
	case ticket.Met:
		c.Met += n
	case ticket.Breached:
		c.Breached += n
	case ticket.Withdrawn:
		c.Withdrawn += n
	case ticket.NoTarget:
		c.NoTarget += n
	}
	return c
}

func when(i domain.Instant) *time.Time {
	t := i.Time
	return &t
}
