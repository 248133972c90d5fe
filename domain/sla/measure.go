package sla

import (
	"iter"
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain/calendar"
)

// Interval is a half-open stretch of time, [From, To). It is empty if To is
// not after From.
type Interval struct{ From, To time.Time }

// Span is a stretch of clock time that either counted or stood paused.
type Span struct {
	From, To time.Time
	Paused   bool
}

// Measurement is how much of a clock's time lies between two instants.
type Measurement struct {
	Gross  time.Duration // of the clock, pauses included
	Paused time.Duration // of the clock within the union of pauses (SLA-06)
	Net    time.Duration // Gross - Paused
	Spans  []Span        // in order, disjoint, no two adjacent ones of one kind; they add up
}

// horizon bounds the search for a due time: the last year that an instant on
// the wire can have.
var horizon = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Measure returns how much of the clock's time lies within [start, end) and
// how much of that was paused. Pauses may come in any order, overlap and
// reach beyond both ends: they count as their union. cal may be nil for a
// wall clock.
func Measure(cal *calendar.Calendar, clock Clock, start, end time.Time, pauses []Interval) Measurement {
	var m Measurement
	for s := range split(cal, clock, start, end, ordered(pauses)) {
		d := s.To.Sub(s.From)
		m.Gross += d
		if s.Paused {
			m.Paused += d
		} else {
			m.Net += d
		}
		if n := len(m.Spans); n > 0 && m.Spans[n-1].Paused == s.Paused && m.Spans[n-1].To.Equal(s.From) {
			m.Spans[n-1].To = s.To
			continue
		}
		m.Spans = append(m.Spans, s)
	}
	return m
}

// Due returns the earliest instant at which the clock, started at start and
// stopped during the pauses, has counted limit: start itself if limit is not
// positive, the end of a day's hours rather than the next morning if both
// fit. A clock that never gets there, because its calendar has no hours left,
// is due at the end of the year 9999.
func Due(cal *calendar.Calendar, clock Clock, start time.Time, limit time.Duration, pauses []Interval) time.Time {
	if limit <= 0 {
		return start
	}
	for s := range split(cal, clock, start, horizon, ordered(pauses)) {
		if s.Paused {
			continue
		}
		if d := s.To.Sub(s.From); d < limit {
			limit -= d
			continue
		}
		return s.From.Add(limit)
	}
	return horizon
}

// split yields the clock's time within [start, end) in order, cut at the
// edges of pauses. They are in order of their start; what lies in any of them
// is paused, once (SLA-06).
func split(cal *calendar.Calendar, clock Clock, start, end time.Time, pauses []Interval) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		i := 0
		for from, to := range clockTime(cal, clock, start, end) {
			for from.Before(to) {
				for i < len(pauses) && !pauses[i].To.After(from) {
					i++
				}
				s := Span{From: from, To: to}
				if i < len(pauses) && pauses[i].From.Before(to) {
					p := pauses[i]
					s.Paused = !p.From.After(from)
					if s.Paused {
						s.To = earlier(to, p.To)
					} else {
						s.To = p.From
					}
				}
				if !yield(s) {
					return
				}
				from = s.To
			}
		}
	}
}

func clockTime(cal *calendar.Calendar, clock Clock, start, end time.Time) iter.Seq2[time.Time, time.Time] {
	if clock == Working {
		return cal.Spans(start, end)
	}
	return func(yield func(time.Time, time.Time) bool) {
		if start.Before(end) {
			yield(start, end)
		}
	}
}

// ordered returns pauses by their start, as split wants them.
func ordered(pauses []Interval) []Interval {
	sorted := slices.Clone(pauses)
	slices.SortFunc(sorted, func(a, b Interval) int { return a.From.Compare(b.From) })
	return sorted
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
