package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/sla"
)

var day = []calendar.Hours{{"08:00", "12:00"}, {"13:00", "18:00"}}

func office(tb testing.TB) *calendar.Calendar {
	tb.Helper()
	cal, err := calendar.Parse(calendar.Content{
		Zone: "Europe/Berlin", Week: calendar.Week{Mon: day, Tue: day, Wed: day, Thu: day, Fri: day, Sat: []calendar.Hours{{"22:00", "04:00"}}},
	})
	require.NoError(tb, err)
	return cal
}

// at is an instant of June 2026 in Berlin; the 1st is a Monday.
func at(day int, clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 6, day, t.Hour()-2, t.Minute(), 0, 0, time.UTC)
}

func TestMeasuring(t *testing.T) {
	t.Parallel()
	span := func(from, to time.Time, paused bool) sla.Span { return sla.Span{From: from, To: to, Paused: paused} }
	for _, c := range []struct {
		name       string
		clock      sla.Clock
		start, end time.Time
		pauses     []sla.Interval
		paused     time.Duration
		spans      []sla.Span
	}{
		{
			"SLA-04 working time has a span for each stretch", sla.Working, at(1, "11:00"), at(1, "14:00"), nil, 0,
			[]sla.Span{span(at(1, "11:00"), at(1, "12:00"), false), span(at(1, "13:00"), at(1, "14:00"), false)},
		},
		{"SLA-12 a wall clock is elapsed time", sla.Wall, at(1, "11:00"), at(2, "14:00"), nil, 0, []sla.Span{span(at(1, "11:00"), at(2, "14:00"), false)}},
		{
			"SLA-06 pauses are a union", sla.Wall, at(1, "08:00"), at(1, "12:00"),
			[]sla.Interval{{at(1, "10:00"), at(1, "11:00")}, {at(1, "09:00"), at(1, "10:30")}, {at(1, "09:15"), at(1, "09:20")}},
			2 * time.Hour,
			[]sla.Span{span(at(1, "08:00"), at(1, "09:00"), false), span(at(1, "09:00"), at(1, "11:00"), true), span(at(1, "11:00"), at(1, "12:00"), false)},
		},
		{
			"SLA-06 a pause outside working time costs nothing", sla.Working, at(1, "17:00"), at(2, "09:00"),
			[]sla.Interval{{at(1, "18:00"), at(2, "08:00")}},
			0,
			[]sla.Span{span(at(1, "17:00"), at(1, "18:00"), false), span(at(2, "08:00"), at(2, "09:00"), false)},
		},
		{
			"SLA-06 a pause is clipped to the clock's life", sla.Working, at(1, "09:00"), at(1, "11:00"),
			[]sla.Interval{{at(1, "00:00"), at(1, "10:00")}, {at(1, "10:30"), at(9, "00:00")}},
			90 * time.Minute,
			[]sla.Span{span(at(1, "09:00"), at(1, "10:00"), true), span(at(1, "10:00"), at(1, "10:30"), false), span(at(1, "10:30"), at(1, "11:00"), true)},
		},
		{"SLA-06 an empty pause is none", sla.Wall, at(1, "09:00"), at(1, "10:00"), []sla.Interval{{at(1, "09:30"), at(1, "09:30")}, {at(1, "09:40"), at(1, "09:20")}}, 0, []sla.Span{span(at(1, "09:00"), at(1, "10:00"), false)}},
		{"SLA-04 nothing lies before the start", sla.Working, at(1, "11:00"), at(1, "10:00"), nil, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := sla.Measure(office(t), c.clock, c.start, c.end, c.pauses)
			require.Equal(t, c.spans, m.Spans)
			require.Equal(t, c.paused, m.Paused)
			requireAddsUp(t, m)
		})
	}
}

func TestDueTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		clock  sla.Clock
		start  time.Time
		limit  time.Duration
		pauses []sla.Interval
		want   time.Time
	}{
		{"SLA-12 a wall clock", sla.Wall, at(1, "17:00"), 24 * time.Hour, nil, at(2, "17:00")},
		{"SLA-04 over the lunch break", sla.Working, at(1, "11:00"), 2 * time.Hour, nil, at(1, "14:00")},
		{"SLA-04 the end of the day rather than the next morning", sla.Working, at(1, "17:00"), time.Hour, nil, at(1, "18:00")},
		{"SLA-04 one millisecond more is the next morning", sla.Working, at(1, "17:00"), time.Hour + time.Millisecond, nil, at(2, "08:00").Add(time.Millisecond)},
		{"SLA-04 a start outside working time", sla.Working, at(6, "05:00"), time.Hour, nil, at(6, "23:00")},
		{"SLA-04 nothing is due at once", sla.Working, at(6, "05:00"), 0, nil, at(6, "05:00")},
		{"SLA-07 a pause moves it", sla.Working, at(1, "16:00"), time.Hour, []sla.Interval{{at(1, "16:30"), at(2, "08:30")}}, at(2, "09:00")},
		{"SLA-07 a pause from the due time on does not", sla.Working, at(1, "16:00"), time.Hour, []sla.Interval{{at(1, "17:00"), at(2, "08:30")}}, at(1, "17:00")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, sla.Due(office(t), c.clock, c.start, c.limit, c.pauses))
		})
	}
}

func requireAddsUp(t require.TestingT, m sla.Measurement) {
	var sums [2]time.Duration
	for i, s := range m.Spans {
		require.True(t, s.From.Before(s.To))
		if i > 0 {
			before := m.Spans[i-1]
			require.False(t, s.From.Before(before.To), "spans are disjoint and in order")
			require.False(t, s.From.Equal(before.To) && s.Paused == before.Paused, "adjacent spans of one kind are one")
		}
		if s.Paused {
			sums[1] += s.To.Sub(s.From)
		} else {
			sums[0] += s.To.Sub(s.From)
		}
	}
	require.Equal(t, m.Net, sums[0])
	require.Equal(t, m.Paused, sums[1])
	require.Equal(t, m.Gross, m.Net+m.Paused)
}

type draw struct {
	clock  sla.Clock
	start  time.Time
	pauses []sla.Interval
}

func drawClock(t *rapid.T) draw {
	// Around the last Sunday of March, when summer time begins in Berlin.
	instant := func(label string) time.Time {
		return time.UnixMilli(1_774_746_000_000 + rapid.Int64Range(-8*86_400_000, 8*86_400_000).Draw(t, label)).UTC()
	}
	d := draw{clock: rapid.SampledFrom([]sla.Clock{sla.Working, sla.Wall}).Draw(t, "clock"), start: instant("start")}
	for range rapid.IntRange(0, 5).Draw(t, "pauses") {
		d.pauses = append(d.pauses, sla.Interval{From: instant("from"), To: instant("to")})
	}
	return d
}

func TestMeasurementsAddUp(t *testing.T) { // SLA-06
	t.Parallel()
	cal := office(t)
	rapid.Check(t, func(t *rapid.T) {
		d := drawClock(t)
		end := d.start.Add(time.Duration(rapid.Int64Range(-1000, 10*86_400_000).Draw(t, "end")) * time.Millisecond)
		m := sla.Measure(cal, d.clock, d.start, end, d.pauses)
		requireAddsUp(t, m)
		require.Equal(t, sla.Measure(cal, d.clock, d.start, end, nil).Gross, m.Gross)
		for _, s := range m.Spans {
			mid := s.From.Add(s.To.Sub(s.From) / 2)
			require.Equal(t, inAny(d.pauses, mid), s.Paused)
		}
	})
}

func inAny(pauses []sla.Interval, at time.Time) bool {
	for _, p := range pauses {
		if !at.Before(p.From) && at.Before(p.To) {
			return true
		}
	}
	return false
}

func TestNetReachesTheLimitExactlyWhenDue(t *testing.T) { // SLA-07
	t.Parallel()
	cal := office(t)
	rapid.Check(t, func(t *rapid.T) {
		d := drawClock(t)
		limit := time.Duration(rapid.Int64Range(1, 100*3_600_000).Draw(t, "limit")) * time.Millisecond
		due := sla.Due(cal, d.clock, d.start, limit, d.pauses)
		require.Equal(t, limit, sla.Measure(cal, d.clock, d.start, due, d.pauses).Net)
		before := sla.Measure(cal, d.clock, d.start, due.Add(-time.Millisecond), d.pauses).Net
		require.Equal(t, limit-time.Millisecond, before, "no earlier instant will do")
	})
}
