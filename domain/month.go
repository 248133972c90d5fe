package domain

import "time"

const monthLayout = "2006-01"

// MonthIn returns the half-open span of a civil month, "2006-01", in a zone;
// false for any other text. It is the one place that says what a month is.
func MonthIn(text string, zone *time.Location) (from, to time.Time, ok bool) {
	from, err := time.ParseInLocation(monthLayout, text, zone)
	if err != nil || from.Format(monthLayout) != text {
		return time.Time{}, time.Time{}, false
	}
	return from, from.AddDate(0, 1, 0), true
}

// IsMonth reports whether text is a civil month, "2006-01".
func IsMonth(text string) bool {
	_, _, ok := MonthIn(text, time.UTC)
	return ok
}
