package importlog

import "strings"

// counts counts what a log holds, whatever becomes of its rows.
type counts struct {
	l                           *source
	byStatus                    map[string]int
	withoutCreation             int
	unmapped                    map[string]int
	teams, technicians, callers map[string]bool
}

func newCounts(l *source) *counts {
	return &counts{
		l: l, byStatus: map[string]int{}, unmapped: map[string]int{},
		teams: map[string]bool{}, technicians: map[string]bool{}, callers: map[string]bool{},
	}
}

func (c *counts) add(raw rawRow) {
	if raw.fault != "" {
		return
	}
	f, at := raw.fields, c.l.at
	count(c.byStatus, c.l.status(f))
	if at.created >= 0 && c.l.value(f, at.created) == "" {
		c.withoutCreation++
	}
	note(c.teams, c.l.raw(f, at.team), at.team)
	note(c.technicians, c.l.raw(f, at.technician), at.technician)
	note(c.callers, c.l.raw(f, at.customer), at.customer)
	if v := c.l.value(f, at.channel); v != "" {
		if _, ok := c.l.m.Channels[v]; !ok {
			count(c.unmapped, "channel "+v)
		}
	}
	if v := c.l.value(f, at.slaMet); v != "" {
		if _, ok := c.l.m.Verdicts[v]; !ok {
			count(c.unmapped, "verdict "+v)
		}
	}
	if v := c.l.value(f, at.reassignments); v != "" && reassignments(v) == nil {
		count(c.unmapped, "reassignments "+v)
	}
}

func (c *counts) into(r *Report) {
	r.ByStatus, r.WithoutCreationTime, r.Unmapped = c.byStatus, c.withoutCreation, c.unmapped
	r.Teams, r.Technicians, r.Callers = len(c.teams), len(c.technicians), len(c.callers)
}

// count and note keep a copy of a new value: value is a part of a whole line.
func count(values map[string]int, value string) {
	if _, ok := values[value]; !ok {
		value = strings.Clone(value)
	}
	values[value]++
}

func note(values map[string]bool, value string, column int) {
	if column >= 0 && !values[value] {
		values[strings.Clone(value)] = true
	}
}
