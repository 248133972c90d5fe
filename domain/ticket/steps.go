package ticket

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// ladder returns the steps of a ladder, not timed yet.
func ladder(steps []policy.EscalationStep) []Step {
	out := make([]Step, len(steps))
	for i, s := range steps {
		out[i].Percent = s.Percent
	}
	return out
}

// timed returns t with its due time, and the instants of its steps if it has
// any, by the pauses that there are (SLA-08).
func timed(cal *calendar.Calendar, t Target, pauses []sla.Interval) Target {
	t.DueAt = domain.At(due(cal, t, pauses))
	t.Steps = slices.Clone(t.Steps)
	for i, s := range t.Steps {
		t.Steps[i].At = pastAt(cal, t, s.Percent, pauses)
	}
	return t
}

// pastAt returns when a percentage of a target's time is over. Of a time that
// was agreed for a moment no pause counts.
func pastAt(cal *calendar.Calendar, t Target, percent int, pauses []sla.Interval) domain.Instant {
	if percent == 0 {
		return t.StartAt // at once, whatever the hour (TKT-12)
	}
	full := time.Duration(t.LimitS) * time.Second
	if t.AgreedFor != nil {
		full, pauses = t.AgreedFor.Sub(t.StartAt.Time), nil
	}
	return domain.At(sla.Due(cal, t.Clock, t.StartAt.Time, full/100*time.Duration(percent), pauses))
}

// dueAlike reports whether two targets are due alike, and so are their steps.
func dueAlike(a, b Target) bool {
	return a.DueAt.Equal(b.DueAt.Time) && slices.EqualFunc(a.Steps, b.Steps, func(x, y Step) bool {
		return x.Percent == y.Percent && x.At.Equal(y.At.Time)
	})
}
