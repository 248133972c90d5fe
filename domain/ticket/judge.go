package ticket

import (
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
)

// judge returns the verdict on a clock that has ended (SLA-05), nil if there
// is nothing to judge. The pauses in c are closed.
//
// A clock that was reached is met if that was at or before its due time, and
// carries the spans it ran. One that ended unreached was breached at its due
// time if that had come (SLA-13), else withdrawn at the end; it has no spans.
// Seconds are whole: one that was begun counts, so that a clock is within its
// limit in seconds exactly if it is in milliseconds.
func judge(book *policy.Book, site string, name TargetName, c Clock) (*Judged, error) {
	j := Judged{
		At: domain.At(c.EndedAt), Target: name, Cycle: c.Cycle, Verdict: NoTarget, StartAt: domain.At(c.StartAt),
		Clock: sla.Working, Spans: []Span{}, Inputs: c.Revisions,
	}
	if c.Reached {
		j.ReachedAt = &domain.Instant{Time: j.At.Time}
	}
	if c.Target == nil {
		return &j, judgeUnagreed(book, site, c, &j)
	}
	t, err := termsOf(book, *c.Target)
	if err != nil {
		return nil, err
	}
	cal := t.calendar.Calendar()
	dueAt := domain.At(due(cal, *c.Target, c.Pauses))
	j.DueAt, j.Clock, j.LimitS = &dueAt, c.Target.Clock, c.Target.LimitS
	j.Policy, j.Calendar = &c.Target.Policy, &c.Target.Calendar
	switch {
	case c.Reached:
		j.Verdict = Met
		if c.EndedAt.After(dueAt.Time) {
			j.Verdict = Breached
		}
		j.measured(sla.Measure(cal, j.Clock, c.StartAt, c.EndedAt, c.Pauses))
	case dueAt.After(c.EndedAt):
		j.Verdict = Withdrawn
	default: // SLA-13
		j.Verdict, j.At = Breached, dueAt
	}
	return &j, nil
}

// judgeUnagreed fills in the spans of a clock for which nothing was agreed:
// working time by the calendar in force at its start, if there is any.
func judgeUnagreed(book *policy.Book, site string, c Clock, j *Judged) error {
	calendar, ok, err := calendarInForce(book, site, c.StartAt)
	if err != nil || !ok {
		return err
	}
	ref := calendar.Ref()
	j.Calendar = &ref
	if c.Reached {
		j.measured(sla.Measure(calendar.Calendar(), sla.Working, c.StartAt, c.EndedAt, c.Pauses))
	}
	return nil
}

// calendarInForce returns the calendar of the SLA policy in force, or without
// one the site's own.
func calendarInForce(book *policy.Book, site string, at time.Time) (policy.Version, bool, error) {
	t, ok, err := termsInForce(book, site, at)
	if err != nil || ok {
		return t.calendar, ok, err
	}
	v, ok := book.InForce(policy.KindCalendar, site, at)
	return v, ok, nil
}

// measured fills in what the clock ran until it was reached.
func (j *Judged) measured(m sla.Measurement) {
	j.GrossS, j.NetS = seconds(m.Gross), seconds(m.Net)
	j.PausedS = j.GrossS - j.NetS
	for _, s := range m.Spans {
		kind := Counted
		if s.Paused {
			kind = PausedCount
		}
		j.Spans = append(j.Spans, Span{From: domain.At(s.From), To: domain.At(s.To), Kind: kind})
	}
}

// seconds rounds up to whole seconds.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
