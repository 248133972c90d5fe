// Package calendar tells working time from other time.
//
// A calendar has a zone, the hours of a week, and days with hours of their
// own (ORG-03). Time counts while the clock on the wall of that zone shows a
// time within the hours: an hour that summer time skips does not count, one
// that it repeats counts twice. Hours belong to the day they start on, so a
// shift over midnight runs into a holiday. Spans are half-open and in whole
// milliseconds (SLA-04). Pure; it never asks for the present time.
package calendar

import (
	"iter"
	"time"
)

// Calendar is a parsed Content. It never changes and is safe for concurrent use.
type Calendar struct {
	zone  *time.Location
	week  [7]day         // by weekday, what the day before left over midnight included
	days  map[int64]*day // days with hours of their own and those after them, by day number
	years map[int]bool   // years of which a day is named
}

// day is what counts of one civil day.
type day struct {
	pieces []piece // in order, apart from each other
	total  int64   // ms
}

// piece is a stretch of a day in ms since its midnight by the wall clock.
type piece struct{ from, to int64 }

// Zone returns the zone that the hours are read in.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Spans yields the working time within [from, to) as half-open spans in UTC,
// in order and apart from each other. It works day by day as it is read, so
// stopping early is cheap.
func (c *Calendar) Spans(from, to time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		pending := piece{}
		for p := range c.raw(from.UnixMilli(), to.UnixMilli()) {
			switch {
			case pending.to == p.from && pending.to > pending.from: // over midnight, or a change of the clock
				pending.to = p.to
				continue
			case pending.to > pending.from:
				if !yield(instant(pending.from), instant(pending.to)) {
					return
				}
			}
			pending = p
		}
		if pending.to > pending.from {
			yield(instant(pending.from), instant(pending.to))
		}
	}
}

// Working returns how much working time lies within [from, to); 0 if to is
// not after from.
func (c *Calendar) Working(from, to time.Time) time.Duration {
	var sum int64
	for s := range c.segments(from.UnixMilli(), to.UnixMilli()) {
		sum += c.wallTotal(s.from, s.to)
	}
	return time.Duration(sum) * time.Millisecond
}

// segment is a stretch of wall time, in ms as if the wall showed UTC, during
// which the zone keeps one offset: instant = wall - offset.
type segment struct{ from, to, offset int64 }

// segments cuts [from, to), in ms, where the zone changes its offset.
func (c *Calendar) segments(from, to int64) iter.Seq[segment] {
	return func(yield func(segment) bool) {
		for from < to {
			t := time.UnixMilli(from).In(c.zone)
			_, seconds := t.Zone()
			offset := int64(seconds) * 1000
			until := to
			if _, end := t.ZoneBounds(); !end.IsZero() {
				until = min(to, end.UnixMilli())
			}
			if !yield(segment{from + offset, until + offset, offset}) {
				return
			}
			from = until
		}
	}
}

// raw yields the working time within [from, to) in ms, cut at midnights and
// changes of the clock.
func (c *Calendar) raw(from, to int64) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		for s := range c.segments(from, to) {
			for n := floorDay(s.from); n*dayMS < s.to; n++ {
				midnight := n * dayMS
				for _, p := range c.day(n).pieces {
					f, t := max(midnight+p.from, s.from), min(midnight+p.to, s.to)
					if f < t && !yield(piece{f - s.offset, t - s.offset}) {
						return
					}
				}
			}
		}
	}
}

// wallTotal sums what counts of the wall time [from, to).
func (c *Calendar) wallTotal(from, to int64) int64 {
	var sum int64
	for n := floorDay(from); n*dayMS < to; n++ {
		d, midnight := c.day(n), n*dayMS
		if midnight >= from && midnight+dayMS <= to {
			sum += d.total
			continue
		}
		for _, p := range d.pieces {
			sum += max(0, min(midnight+p.to, to)-max(midnight+p.from, from))
		}
	}
	return sum
}

func (c *Calendar) day(n int64) *day {
	if d, ok := c.days[n]; ok {
		return d
	}
	return &c.week[weekday(n)]
}

// weekday returns the time.Weekday of a day number; day 0 was a Thursday.
func weekday(n int64) int64 { return ((n+4)%7 + 7) % 7 }

func floorDay(ms int64) int64 {
	n := ms / dayMS
	if ms%dayMS < 0 {
		n--
	}
	return n
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
