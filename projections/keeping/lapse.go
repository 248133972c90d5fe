package keeping

import (
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/custody"
)

// forever is the last day of what has no end.
const forever domain.Day = "9999-12-31"

// Lapse is a stretch of days on which a tool was in use past its last day, or
// without ever having passed (INS-02).
type Lapse struct {
	Holder   string      // who had it, as custody.HolderText
	From, To domain.Day  // inclusive
	LastDay  domain.Day  // on which it might have been used; "" if it never passed or failed last
	Custody  Mark        // since when the holder had it
	Result   *Inspection // that ran out or failed; nil if there was none
	Ends     *Mark       // what ended it: custody or the next inspection; nil if it goes on or ends with the asked period
}

// gap is a stretch of days that no inspection covers, and by which event it ended.
type gap struct {
	from, to domain.Day
	result   *Inspection
	ends     *Mark
}

// gaps returns the days that no inspection covers, in order.
func (r Tool) gaps(zone *time.Location) []gap {
	var out []gap
	from := domain.DayOf(r.RegisteredAt, zone)
	var last *Inspection
	for i := range r.Inspections {
		x := &r.Inspections[i]
		if to := dayBefore(x.On); from <= to {
			out = append(out, gap{from, to, last, &x.Mark})
		}
		if last = x; x.Next != "" {
			from = dayAfter(x.Next)
		} else {
			from = dayAfter(x.On)
		}
	}
	return append(out, gap{from: from, to: forever, result: last}) // it goes on
}

// use is a stretch of days on which somebody had the tool.
type use struct {
	holder   string
	from, to domain.Day
	mark     Mark
	ends     *Mark
}

// uses returns the days on which somebody had the tool, in order.
func (r Tool) uses(zone *time.Location) []use {
	var out []use
	for i, h := range r.Custody {
		if kind := custody.HolderOf(h.Holder).Kind; kind != tool.Person && kind != tool.Team {
			continue
		}
		u := use{holder: h.Holder, from: domain.DayOf(h.At.Time, zone), to: forever, mark: h.Mark}
		if i+1 < len(r.Custody) {
			next := &r.Custody[i+1].Mark
			if !next.At.After(h.At.Time) {
				continue // it was moved on at once
			}
			u.to, u.ends = domain.DayOf(next.At.Add(-time.Millisecond), zone), next
		}
		out = append(out, u)
	}
	return out
}

// Lapses returns the stretches between two days in which the tool was in use
// past its last day, by custody as it was then, in order.
func (r Tool) Lapses(zone *time.Location, from, to domain.Day) []Lapse {
	if !r.Inspected {
		return nil
	}
	var out []Lapse
	uses := r.uses(zone)
	for _, g := range r.gaps(zone) {
		for len(uses) > 0 && uses[0].to < g.from {
			uses = uses[1:]
		}
		for _, u := range uses {
			if u.from > g.to {
				break
			}
			l := Lapse{Holder: u.holder, From: max(u.from, g.from, from), To: u.to, Custody: u.mark, Result: g.result, Ends: u.ends}
			if g.to < l.To {
				l.To, l.Ends = g.to, g.ends
			}
			if to < l.To {
				l.To, l.Ends = to, nil
			}
			if g.result != nil {
				l.LastDay = g.result.Next
			}
			if l.From <= l.To {
				out = append(out, l)
			}
		}
	}
	return out
}

// lapsed notes between which days there can be lapses in any zone, so that a
// period finds its tools.
func (r Tool) lapsed() Tool {
	r.LapsedFrom, r.LapsedTo = nil, nil
	for _, l := range r.Lapses(time.UTC, "0001-01-02", forever) {
		from, to := dayBefore(l.From), l.To
		if to != forever {
			to = dayAfter(to)
		}
		if r.LapsedFrom == nil || from < *r.LapsedFrom {
			r.LapsedFrom = &from
		}
		if r.LapsedTo == nil || to > *r.LapsedTo {
			r.LapsedTo = &to
		}
	}
	return r
}

func dayAfter(d domain.Day) domain.Day  { return shift(d, 1) }
func dayBefore(d domain.Day) domain.Day { return shift(d, -1) }

// shift returns the day n days after d. Days are civil: they have no zone.
func shift(d domain.Day, n int) domain.Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil || d == forever {
		return d
	}
	return domain.Day(t.AddDate(0, 0, n).Format(time.DateOnly))
}
