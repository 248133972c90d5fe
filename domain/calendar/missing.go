package calendar

import (
	"strconv"
	"time"
)

// Year returns how the dates of a year begin: "2026-".
func Year(year int) string {
	text := strconv.Itoa(year)
	for len(text) < 4 {
		text = "0" + text
	}
	return text + "-"
}

// Missing returns the next year and true if it is December in the calendar's
// zone and the calendar names no day of that year (ORG-03). A calendar that
// names no day at all keeps no holidays, and nothing is missing.
func (c *Calendar) Missing(now time.Time) (year int, missing bool) {
	at := now.In(c.zone)
	if at.Month() != time.December || len(c.years) == 0 || c.years[at.Year()+1] {
		return 0, false
	}
	return at.Year() + 1, true
}
