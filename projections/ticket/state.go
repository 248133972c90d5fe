package ticket

import (
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// targetNames are the targets in the order of a ticket's clocks.
var targetNames = ticket.TargetNames()

// state returns what the row says of the ticket, for the next event to be
// folded by domain/ticket: there is one fold. It has neither the facts before
// nor the pauses that are over, which no fold of a next fact looks at.
func (r Row) state() ticket.State {
	s := ticket.State{
		Status: ticket.Status(r.Status), Active: ticket.Status(r.Active), OpenedAt: r.OpenedAt, Level: ticket.Level(r.Level),
		Zone: r.ServiceZone, Class: ticket.Class(r.Class), ChargedFen: r.ChargedFen, Followers: r.Followers, Team: r.Team, Technician: r.Technician, Pause: ticket.PauseReason(r.PauseReason),
		Cycle: r.Cycle, CycleAt: r.CycleAt, Solution: r.Solution, Into: r.MergedInto, Imported: r.ExternalKey != "",
	}
	if r.VisitNeededAt != nil {
		s.VisitAt = *r.VisitNeededAt
	}
	if r.ArrivalBy != nil {
		s.Agreed = &ticket.ArrivalAgreed{ArrivalBy: domain.At(*r.ArrivalBy)}
	}
	if r.EndedAt != nil {
		s.EndedAt = *r.EndedAt
	}
	var targets [len(s.Clocks)]ticket.Target
	var revisions [len(s.Clocks)][2]uint64
	for i, name := range targetNames {
		t, _ := r.target(name)
		s.Clocks[i] = t.clock.state(name, &targets[i])
		revisions[i] = [2]uint64{t.clock.StartedBy, t.clock.StartedBy} // of the start, and of the end if there is one
		s.Clocks[i].Revisions = revisions[i][:1:1]
		if !t.clock.Running {
			s.Clocks[i].Revisions = revisions[i][:]
		}
	}
	return s
}

// state returns the clock with what is agreed for it in target.
func (c *Clock) state(name ticket.TargetName, target *ticket.Target) ticket.Clock {
	out := ticket.Clock{Name: name, Cycle: c.Cycle, StartAt: c.StartAt.Time, Reached: c.ReachedAt != nil}
	if c.StandsAt != nil {
		out.PausedAt = c.StandsAt.Time
	}
	switch {
	case c.ReachedAt != nil:
		out.EndedAt = c.ReachedAt.Time
	case !c.Running:
		out.EndedAt = c.StartAt.Time // when does not show
	}
	if c.Agreed && c.DueAt != nil {
		*target = ticket.Target{Name: name, Clock: sla.Clock(c.Clock), LimitS: c.LimitS, StartAt: c.StartAt, DueAt: *c.DueAt, Steps: c.Steps}
		out.Target = target
	}
	return out
}

// show returns the row with what the state of the ticket says.
func (r Row) show(s ticket.State) Row {
	r.Status, r.Active, r.PauseReason = string(s.Status), string(s.Active), string(s.Pause)
	r.Level, r.ServiceZone, r.Team, r.Technician = int(s.Level), s.Zone, s.Team, s.Technician
	r.Class, r.ChargedFen, r.Followers = string(s.Class), s.ChargedFen, s.Followers
	r.Cycle, r.CycleAt, r.Solution, r.MergedInto = s.Cycle, s.CycleAt, s.Solution, s.Into
	r.VisitNeededAt, r.ArrivalBy, r.EndedAt = unlessZero(s.VisitAt), nil, nil
	if s.Agreed != nil {
		r.ArrivalBy = when(s.Agreed.ArrivalBy)
	}
	if s.Status != ticket.StatusPaused {
		r.PausedAt = nil
	}
	if !s.Status.Open() {
		r.EndedAt = unlessZero(s.EndedAt)
	}
	r.ActiveAgain = r.First != nil && r.Cycle > r.First.Cycle
	for i, name := range targetNames {
		t, _ := r.target(name)
		t.clock.show(&s.Clocks[i])
		*t.due = t.clock.due()
	}
	r.NextStepAt = r.nextStepAt()
	return r
}

func (c *Clock) show(s *ticket.Clock) {
	if s.Cycle == 0 { // never started
		return
	}
	if by := s.Revisions[0]; by != c.StartedBy || c.Cycle == 0 { // the judgements of the clocks before stay counted
		*c = Clock{
			StartedBy: by, Clock: c.Clock,
			Met: c.Met, Breached: c.Breached, Withdrawn: c.Withdrawn, NoTarget: c.NoTarget, Standing: c.Standing,
		}
	}
	c.Cycle, c.Running, c.StartAt, c.Stands, c.StandsAt, c.ReachedAt = s.Cycle, s.Running(), domain.At(s.StartAt), s.Stands(), nil, nil
	if c.Stands {
		at := domain.At(s.PausedAt)
		c.StandsAt = &at
	}
	if s.Reached {
		at := domain.At(s.EndedAt)
		c.ReachedAt = &at
	}
	c.Agreed, c.LimitS, c.DueAt, c.Steps = false, 0, nil, nil
	if t := s.Target; t != nil {
		c.Agreed, c.Clock, c.LimitS, c.DueAt, c.Steps = true, string(t.Clock), t.LimitS, &t.DueAt, t.Steps
	}
	if !c.Running {
		c.Steps, c.Taken = nil, nil
	}
}

// due returns when the clock is due. One that stands is only if it was by
// then; one that has ended is not (SLA-13).
func (c *Clock) due() *time.Time {
	if !c.Running || c.DueAt == nil || c.Stands && c.DueAt.After(c.StandsAt.Time) {
		return nil
	}
	return when(*c.DueAt)
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
