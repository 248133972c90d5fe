package ticket

import (
	"slices"
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
// The clocks of a duplicate are withdrawn (TKT-17). Seconds are whole: one
// that was begun counts, so that a clock is within its limit in seconds
// exactly if it is in milliseconds.
func (l law) judge(c Clock) (*Judged, error) {
	if c.Target == nil && c.Name.silent() {
		return nil, nil //nolint:nilnil // nothing was agreed and nothing is to be told
	}
	j := Judged{
		At: domain.At(c.EndedAt), Target: c.Name, Cycle: c.Cycle, Verdict: NoTarget, StartAt: domain.At(c.StartAt),
		Clock: sla.Working, Spans: []Span{}, Inputs: c.Revisions,
	}
	if c.Reached {
		j.ReachedAt = &domain.Instant{Time: j.At.Time}
	}
	if c.Target == nil {
		return &j, l.judgeUnagreed(c, &j)
	}
	t, err := termsOf(l.book, *c.Target)
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
	case c.Void || dueAt.After(c.EndedAt): // TKT-17
		j.Verdict = Withdrawn
	default: // SLA-13
		j.Verdict, j.At = Breached, dueAt
	}
	return &j, nil
}

// judgeUnagreed fills in the spans of a clock for which nothing was agreed:
// working time by the calendar in force at its start, if there is any.
func (l law) judgeUnagreed(c Clock, j *Judged) error {
	calendar, ok, err := l.calendarAt(c.StartAt)
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

// judged returns s with a verdict on record.
func (s State) judged(revision uint64, j Judged) State {
	s.Verdicts = slices.Clone(s.Verdicts)
	if i := s.standing(j.Target, j.StartedBy()); i >= 0 {
		s.Verdicts[i] = Verdicts{revision, j}
		return s
	}
	s.Verdicts = append(s.Verdicts, Verdicts{revision, j})
	return s
}

// standing returns the place of the verdict that stands on the clock that a
// revision started, -1 if there is none.
func (s State) standing(name TargetName, startedBy uint64) int {
	return slices.IndexFunc(s.Verdicts, func(v Verdicts) bool {
		return v.Judged.Target == name && v.Judged.StartedBy() == startedBy
	})
}

// rejudge adds the verdicts that follow from the facts and are not on record
// (SLA-05), and takes back those on clocks that never were.
func (d *draft) rejudge(book *policy.Book, at domain.Instant, cause Cause) error {
	if err := d.correctDue(book, at, cause); err != nil {
		return err
	}
	l := law{book: book, site: d.state.Site}
	seen := make(map[int]bool, len(d.state.Done))
	for _, c := range d.state.Done {
		j, err := l.judge(c)
		if err != nil {
			return err
		}
		if j == nil {
			continue
		}
		at := d.state.standing(c.Name, c.startedBy())
		if at < 0 || !j.says(d.state.Verdicts[at].Judged) {
			d.replace(*j, at, cause)
			at = d.state.standing(c.Name, c.startedBy())
		}
		seen[at] = true
	}
	for at, v := range d.state.Verdicts {
		if now := d.state.Clock(v.Judged.Target); seen[at] || now.Running() && now.startedBy() == v.Judged.StartedBy() {
			continue
		}
		if j := v.Judged; j.Verdict != Withdrawn || j.ReachedAt != nil {
			j.Verdict, j.ReachedAt, j.Spans, j.GrossS, j.PausedS, j.NetS = Withdrawn, nil, []Span{}, 0, 0, 0
			d.replace(j, at, cause)
		}
	}
	return nil
}

// correctDue says when the running clocks are due, if that is another time
// than the one on record. One that stands is due when it is resumed.
func (d *draft) correctDue(book *policy.Book, at domain.Instant, cause Cause) error {
	e := DueCorrected{At: at, Cause: cause}
	for _, c := range d.state.Clocks {
		if !c.Running() || c.Stands() || c.Target == nil {
			continue
		}
		t, err := termsOf(book, *c.Target)
		if err != nil {
			return err
		}
		target := timed(t.calendar.Calendar(), *c.Target, c.Pauses)
		if !dueAlike(target, *c.Target) {
			e.Targets = append(e.Targets, target)
		}
	}
	if len(e.Targets) > 0 {
		d.add(e)
	}
	return nil
}

func (d *draft) replace(j Judged, at int, cause Cause) {
	j.Cause, j.Replaces = cause, nil
	if at >= 0 {
		revision := d.state.Verdicts[at].Revision
		j.Replaces = &revision
	}
	d.add(j)
}

// says reports whether both say the same of the clock.
func (j Judged) says(other Judged) bool {
	sameSpan := func(a, b Span) bool { return a.Kind == b.Kind && a.From.Equal(b.From.Time) && a.To.Equal(b.To.Time) }
	return j.Verdict == other.Verdict && j.StartAt.Equal(other.StartAt.Time) && sameInstant(j.ReachedAt, other.ReachedAt) &&
		sameInstant(j.DueAt, other.DueAt) && j.Clock == other.Clock && j.LimitS == other.LimitS &&
		j.GrossS == other.GrossS && j.NetS == other.NetS && slices.EqualFunc(j.Spans, other.Spans, sameSpan)
}

func sameInstant(a, b *domain.Instant) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(b.Time)
}
