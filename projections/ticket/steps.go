package ticket

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain/ticket"
)

// StepDue is the condition of a ticket with a step of escalation to be taken
// by $1, StepAhead that of one with a step later than that; both are served by
// one index (SLA-08).
const (
	StepDue   = "next_step_at IS NOT NULL AND next_step_at <= $1"
	StepAhead = "next_step_at IS NOT NULL AND next_step_at > $1"
	StepOrder = "next_step_at"
)

// Step is a step of escalation that is to be taken.
type Step struct {
	Target    ticket.TargetName
	StartedBy uint64 // revision of the event that started the clock
	ticket.Step
}

// Steps returns the steps that are still to be taken up to an instant, by
// target and percentage (SLA-08).
func (r Row) Steps(until time.Time) []Step {
	var out []Step
	for _, name := range targetNames {
		t, _ := r.target(name)
		for _, s := range t.clock.pending() {
			if !s.At.After(until) {
				out = append(out, Step{Target: name, StartedBy: t.clock.StartedBy, Step: s})
			}
		}
	}
	return out
}

// pending returns the steps that are still to be taken. While a clock stands
// those are left whose moment came before.
func (c Clock) pending() []ticket.Step {
	if !c.Running {
		return nil
	}
	var out []ticket.Step
	for _, s := range c.Steps {
		if !slices.Contains(c.Taken, s.Percent) && (!c.Stands || !s.At.After(c.StandsAt.Time)) {
			out = append(out, s)
		}
	}
	return out
}

// nextStepAt returns when the first of the pending steps is to be taken.
func (r Row) nextStepAt() *time.Time {
	var next *time.Time
	for _, name := range targetNames {
		t, _ := r.target(name)
		for _, s := range t.clock.pending() {
			if next == nil || s.At.Before(*next) {
				next = when(s.At)
			}
		}
	}
	return next
}

// escalated keeps a step that was taken.
func (r Row) escalated(e ticket.Escalated) Row {
	r.Escalations = append(slices.Clip(r.Escalations), Escalation{
		Target: string(e.Target), Cycle: e.Cycle, Percent: e.Percent, To: e.To, At: e.At, PastAt: e.PastAt,
	})
	if t, ok := r.target(e.Target); ok && t.clock.Running && t.clock.StartedBy == e.StartedBy {
		t.clock.Taken = append(slices.Clip(t.clock.Taken), e.Percent)
	}
	return r
}
