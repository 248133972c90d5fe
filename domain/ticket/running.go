package ticket

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// retarget takes the running clocks over to the version in force, if that says so (POL-03).
func (d *draft) retarget(c Retarget) error {
	if err := d.open(); err != nil {
		return err
	}
	v, ok := c.Book.InForce(policy.KindSLA, d.state.Site, c.At.Time)
	if !ok || v.SLA().AppliesTo != policy.Running {
		return nil
	}
	e, err := d.filled(c.Book, Retargeted{At: c.At, Policy: v.Ref()})
	if err != nil {
		return err
	}
	if d.agreed(e.(Retargeted).Targets) { // TKT-02
		return nil
	}
	d.add(e)
	return nil
}

// agreed reports whether the running clocks have just these targets, whatever
// they say of the due time: an open pause moves that.
func (d *draft) agreed(targets []Target) bool {
	for _, c := range d.state.Clocks {
		if !c.Running() {
			continue
		}
		now := targetNamed(targets, c.Name)
		switch {
		case c.Target == nil && now == nil:
		case c.Target == nil || now == nil || c.Target.Policy != now.Policy || c.Target.Calendar != now.Calendar:
			return false
		}
	}
	return true
}

// escalate tells the next one if a share of a target's time is over (SLA-08).
func (d *draft) escalate(c EscalateIfDue) error {
	if c.Target.place() < 0 {
		return domain.Invalid("/target", "SLA-08", "ticket.clock_unknown", "clock", string(c.Target))
	}
	clock := d.state.Clock(c.Target)
	if !clock.Running() || clock.Target == nil || d.state.Imported {
		return nil
	}
	t, err := termsOf(c.Book, *clock.Target)
	if err != nil {
		return err
	}
	steps := t.sla.SLA().Escalation(int(d.state.Level), string(c.Target))
	i := slices.IndexFunc(steps, func(s policy.EscalationStep) bool { return s.Percent == c.Percent })
	if i < 0 {
		return domain.Invalid("/percent", "SLA-08", "ticket.step_unknown", "percent", c.Percent)
	}
	taken := Escalation{c.Target, clock.startedBy(), c.Percent}
	past := pastAt(t.calendar.Calendar(), *clock.Target, c.Percent, clock.PausesUntil(c.At.Time))
	if past.After(c.At.Time) || slices.Contains(d.state.Escalated, taken) { // once
		return nil
	}
	d.add(Escalated{
		At: c.At, Target: c.Target, Cycle: clock.Cycle, StartedBy: clock.startedBy(), Percent: c.Percent, To: steps[i].To,
		PastAt: past, Policy: clock.Target.Policy,
	})
	return nil
}
