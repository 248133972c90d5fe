package calendar

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

// Hours is a stretch of a day by the clock on the wall, from and to: "08:00",
// "18:00". "24:00" is legal as the end; an end at or before the start lies on
// the next day.
type Hours [2]string

// Week holds the hours of an ordinary week, an empty list for a closed day.
type Week struct {
	Mon []Hours `json:"mon"`
	Tue []Hours `json:"tue"`
	Wed []Hours `json:"wed"`
	Thu []Hours `json:"thu"`
	Fri []Hours `json:"fri"`
	Sat []Hours `json:"sat"`
	Sun []Hours `json:"sun"`
}

// Content is a calendar as a policy version holds it (ORG-03).
type Content struct {
	Zone string                 `json:"zone"` // IANA name, "Asia/Shanghai", or fixed offset, "-03:00"
	Week Week                   `json:"week"`
	Days map[domain.Day][]Hours `json:"days"` // hours instead of the week's: [] for a holiday, else a make-up workday
}

// MarshalJSON writes missing lists and maps as empty ones, so that equal
// calendars have one form.
func (c Content) MarshalJSON() ([]byte, error) {
	type plain Content
	p := plain(c)
	for _, day := range p.Week.days() {
		*day = filled(*day)
	}
	p.Days = make(map[domain.Day][]Hours, len(c.Days))
	for day, hours := range c.Days {
		p.Days[day] = filled(hours)
	}
	return json.Marshal(p)
}

func filled(hours []Hours) []Hours {
	if hours == nil {
		return []Hours{}
	}
	return hours
}

// days returns the lists by time.Weekday, Sunday first.
func (w *Week) days() [7]*[]Hours {
	return [7]*[]Hours{&w.Sun, &w.Mon, &w.Tue, &w.Wed, &w.Thu, &w.Fri, &w.Sat}
}

var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

const (
	minuteMS       = int64(time.Minute / time.Millisecond)
	dayMS          = 24 * 60 * minuteMS
	minutesOfDay   = 24 * 60
	leastWeekHours = int64(time.Hour / time.Millisecond) // a week must have an hour of working time
)

// Parse checks c and prepares it for use. The error joins one
// *domain.InvalidError for each fault, its pointer relative to the content:
// "/week/mon/0/1".
func Parse(c Content) (*Calendar, error) {
	p := parser{}
	cal := &Calendar{days: map[int64]*day{}, years: map[int]bool{}}
	zone, err := LoadZone(c.Zone)
	if err != nil {
		p.fault("/zone", "calendar.zone_unknown", "zone", c.Zone)
	}
	cal.zone = zone

	var own [7][]piece // hours by the day they start on, they may end on the next
	for i, hours := range c.Week.days() {
		own[i] = p.hours("/week/"+dayNames[i], *hours)
	}
	var week int64
	for i := range own {
		cal.week[i] = merge(own[(i+6)%7], own[i])
		week += cal.week[i].total
	}
	if len(p.faults) == 0 && week < leastWeekHours {
		p.fault("/week", "calendar.week_empty")
	}
	p.exceptions(cal, own, c.Days)
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return cal, nil
}

type parser struct{ faults []error }

func (p *parser) fault(pointer, key string, pairs ...any) {
	p.faults = append(p.faults, domain.Invalid(pointer, "ORG-03", key, pairs...))
}

// hours reads the hours of one day: in order and without overlap.
func (p *parser) hours(pointer string, hours []Hours) []piece {
	pieces := make([]piece, 0, len(hours))
	for i, h := range hours {
		at := pointer + "/" + strconv.Itoa(i)
		from, okFrom := minuteOf(h[0])
		to, okTo := minuteOf(h[1])
		switch {
		case !okFrom || from == minutesOfDay:
			p.fault(at+"/0", "calendar.time_malformed", "time", h[0])
			continue
		case !okTo:
			p.fault(at+"/1", "calendar.time_malformed", "time", h[1])
			continue
		case to == from:
			p.fault(at, "calendar.hours_empty")
			continue
		case to < from:
			to += minutesOfDay // over midnight
		}
		pc := piece{int64(from) * minuteMS, int64(to) * minuteMS}
		if n := len(pieces); n > 0 && pc.from < pieces[n-1].to {
			p.fault(at, "calendar.hours_overlap")
			continue
		}
		pieces = append(pieces, pc)
	}
	return pieces
}

// exceptions computes each named day and, for hours over midnight, the day after it.
func (p *parser) exceptions(cal *Calendar, week [7][]piece, days map[domain.Day][]Hours) {
	own := make(map[int64][]piece, len(days))
	for _, name := range slices.Sorted(maps.Keys(days)) {
		pointer := "/days/" + escape(string(name))
		date, err := time.Parse(time.DateOnly, string(name))
		if err != nil {
			p.fault(pointer, "calendar.date_malformed", "date", string(name))
			continue
		}
		cal.years[date.Year()] = true
		own[date.UnixMilli()/dayMS] = p.hours(pointer, days[name])
	}
	ownOf := func(n int64) []piece {
		if pieces, ok := own[n]; ok {
			return pieces
		}
		return week[weekday(n)]
	}
	for n := range own {
		for _, n := range []int64{n, n + 1} {
			d := merge(ownOf(n-1), ownOf(n))
			cal.days[n] = &d
		}
	}
}

// minuteOf reads "08:00" strictly; "24:00" is 1,440.
func minuteOf(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return h*60 + m, true
}

// merge returns what lies on a day: its own hours and what the day before
// left over midnight, as a union.
func merge(before, own []piece) day {
	var all []piece
	for _, p := range before {
		if p.to > dayMS {
			all = append(all, piece{0, p.to - dayMS})
		}
	}
	for _, p := range own {
		all = append(all, piece{p.from, min(p.to, dayMS)})
	}
	slices.SortFunc(all, func(a, b piece) int { return int(a.from - b.from) })
	var d day
	for _, p := range all {
		if n := len(d.pieces); n > 0 && p.from <= d.pieces[n-1].to {
			d.pieces[n-1].to = max(d.pieces[n-1].to, p.to)
			continue
		}
		d.pieces = append(d.pieces, p)
	}
	for _, p := range d.pieces {
		d.total += p.to - p.from
	}
	return d
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

func escape(s string) string { return pointerEscaper.Replace(s) }
