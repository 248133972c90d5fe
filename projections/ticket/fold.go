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
		r = r.at(e.At).activated(ticket.StatusAccepted, ticket.StatusRegistered)
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
	case ticket.Paused:
		r = r.at(e.At).paused(e)
	case ticket.Resumed:
		r = r.at(e.At).resumed(e)
	case ticket.Arrived:
		r = r.at(e.At).activated(ticket.StatusOnSite)
	case ticket.Resolved:
		r = r.at(e.At).ended(ticket.StatusResolved)
		r.Solution, r.ResolvedAt = e.Solution, when(e.At)
	case ticket.SignedOff:
		r = r.at(e.At).ended(ticket.StatusSignedOff)
	case ticket.Closed:
		r = r.at(e.At).ended(ticket.StatusClosed)
		r.ClosedAt = when(e.At)
	case ticket.Reopened:
		r = r.at(e.At).reopened(e)
	case ticket.Judged:
		r = r.judged(e)
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
		Level: int(e.Level), FirstLevel: int(e.Level),
		Status: string(ticket.StatusRegistered), Active: string(ticket.StatusRegistered),
		Customer: e.Customer, Phone: e.Phone, Text: e.Text,
		OpenedAt: e.At.Time, OpenedOn: e.OpenedOn, UpdatedAt: e.At.Time, Cycle: 1,
		FirstContact: Clock{}.started(1, e.At), Resolution: Clock{}.started(1, e.At),
		Imported: rec.Envelope.Source != nil,
	}
	if e.External != nil {
		r.ExternalSystem, r.ExternalKey = e.External.System, e.External.Key
	}
	return r.retargeted(e.Targets)
}

func (r Row) at(at domain.Instant) Row {
	r.UpdatedAt = at.Time
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
	case !r.FirstContact.Running:
		return ticket.StatusAccepted
	default:
		return ticket.StatusRegistered
	}
}

// started begins a cycle; the judgements of the cycles before stay counted.
func (c Clock) started(cycle int, at domain.Instant) Clock {
	return Clock{
		Cycle: cycle, Running: true, Clock: c.Clock, StartAt: at,
		Met: c.Met, Breached: c.Breached, Withdrawn: c.Withdrawn, NoTarget: c.NoTarget,
	}
}

// retargeted replaces the targets of the clocks that run (SLA-07).
func (r Row) retargeted(targets []ticket.Target) Row {
	r.FirstContact, r.ContactDueAt = r.FirstContact.unagreed(r.ContactDueAt)
	r.Resolution, r.ResolveDueAt = r.Resolution.unagreed(r.ResolveDueAt)
	r = r.due(targets)
	if r.PausedAt != nil {
		r = r.stand(*r.PausedAt, r.FirstContact.Stands, r.Resolution.Stands)
	}
	return r
}

func (c Clock) unagreed(due *time.Time) (Clock, *time.Time) {
	if !c.Running {
		return c, due
	}
	c.Agreed, c.LimitS, c.DueAt = false, 0, nil
	return c, nil
}

// due takes over the targets of the clocks that run on.
func (r Row) due(targets []ticket.Target) Row {
	for _, t := range targets {
		switch t.Name {
		case ticket.FirstContact:
			r.FirstContact, r.ContactDueAt = r.FirstContact.agreed(t), when(t.DueAt)
		case ticket.Resolution:
			r.Resolution, r.ResolveDueAt = r.Resolution.agreed(t), when(t.DueAt)
		}
	}
	return r
}

func (c Clock) agreed(t ticket.Target) Clock {
	c.Agreed, c.Clock, c.LimitS, c.DueAt = true, string(t.Clock), t.LimitS, &t.DueAt
	return c
}

func (r Row) paused(e ticket.Paused) Row {
	r.Status, r.PauseReason = string(ticket.StatusPaused), string(e.Reason)
	if r.PausedAt == nil {
		r.PausedAt = when(e.At)
	}
	return r.stand(e.At.Time, slices.Contains(e.Clocks, ticket.FirstContact), slices.Contains(e.Clocks, ticket.Resolution))
}

// stand stops the named clocks at an instant.
func (r Row) stand(at time.Time, contact, resolution bool) Row {
	if contact && r.FirstContact.Running {
		r.FirstContact.Stands, r.ContactDueAt = true, standing(r.ContactDueAt, at)
	}
	if resolution && r.Resolution.Running {
		r.Resolution.Stands, r.ResolveDueAt = true, standing(r.ResolveDueAt, at)
	}
	return r
}

func (r Row) resumed(e ticket.Resumed) Row {
	r.Status, r.PauseReason, r.PausedAt = r.Active, "", nil
	r.FirstContact.Stands, r.Resolution.Stands = false, false
	return r.due(e.Targets)
}

// standing is the due time of a clock that stands since an instant: it is
// kept only if it had passed by then; else the clock is not due while it stands.
func standing(due *time.Time, since time.Time) *time.Time {
	if due == nil || due.After(since) {
		return nil
	}
	return due
}

func (r Row) ended(st ticket.Status) Row {
	r.Status, r.PauseReason, r.PausedAt = string(st), "", nil
	return r
}

func (r Row) reopened(e ticket.Reopened) Row {
	r.ActiveAgain = r.ActiveAgain || r.First != nil
	r.Cycle, r.Solution, r.ResolvedAt, r.ClosedAt, r.PauseReason, r.PausedAt = e.Cycle, "", nil, nil, "", nil
	r.Active = string(assignedStatus(r))
	r.Status = r.Active
	r.Resolution = r.Resolution.started(e.Cycle, e.At)
	return r.retargeted(e.Targets)
}

// judged counts a verdict (SLA-05).
func (r Row) judged(e ticket.Judged) Row {
	switch e.Target {
	case ticket.FirstContact:
		r.FirstContact, r.ContactDueAt = r.FirstContact.judged(e), nil
	case ticket.Resolution:
		r.Resolution, r.ResolveDueAt = r.Resolution.judged(e), nil
		if e.ReachedAt != nil && (r.First == nil || e.Cycle == r.First.Cycle) {
			r.First = &FirstResolution{Cycle: e.Cycle, At: *e.ReachedAt, LimitS: e.LimitS, GrossS: e.GrossS, PausedS: e.PausedS, NetS: e.NetS}
		}
	}
	return r
}

func (c Clock) judged(e ticket.Judged) Clock {
	if !c.Running && c.Cycle == e.Cycle { // a second verdict on a cycle, after a strike, takes the place of the first
		c = c.count(ticket.Verdict(c.Verdict), -1)
	}
	c.Running, c.Stands, c.Cycle, c.Verdict = false, false, e.Cycle, string(e.Verdict)
	c.Clock, c.DueAt, c.ReachedAt = string(e.Clock), e.DueAt, e.ReachedAt
	c.GrossS, c.PausedS, c.NetS = e.GrossS, e.PausedS, e.NetS
	return c.count(e.Verdict, 1)
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
