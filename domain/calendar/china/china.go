// Package china knows the public holidays and make-up workdays of mainland
// China from 2010 to 2026, as data with dates (ORG-03).
//
// A year's days are decreed by the General Office of the State Council, mostly
// in the November before; they cannot be computed, and a year that is not here
// is not guessed. days.txt holds one day a line: date, off or work, and the
// holiday it belongs to. It was taken once from lunar-go 1.4.6 (MIT licence)
// and corrected in four places: the make-up workdays 2013-04-07 and
// 2013-10-12, which that source leaves out and the chinese-days data has, were
// added (without them 2013 has two free days more than the law gives), and
// 2012-05-02 and 2012-10-08, ordinary workdays of the week, were taken out.
// Later years are imported as versions of a calendar policy, not added here.
package china

import (
	_ "embed" // days.txt
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

//go:embed days.txt
var days string

// Source names where the days come from, for the reason of a policy version.
const Source = "yearly notices of the General Office of the State Council, 2010 to 2026, by lunar-go 1.4.6 with corrections"

// Day is a day that is not what its weekday says, or a holiday on a weekend.
type Day struct {
	Work bool   // a weekend day that is worked, to make up for a free weekday
	Name string // of the holiday it belongs to, "春节"
}

// Days returns the days of a year by date; false for a year that is not known.
// The caller may change the map.
func Days(year int) (map[domain.Day]Day, bool) {
	out := map[domain.Day]Day{}
	prefix := calendar.Year(year)
	for line := range strings.Lines(days) {
		f := strings.Fields(line)
		if strings.HasPrefix(f[0], prefix) {
			out[domain.Day(f[0])] = Day{Work: f[1] == "work", Name: f[2]}
		}
	}
	return out, len(out) > 0
}

// Fill adds the days of a year to those of a calendar, holidays without hours
// and make-up workdays with the given ones; days that are there already stay.
// It reports false for a year that is not known, and then adds nothing.
func Fill(into map[domain.Day][]calendar.Hours, year int, hours []calendar.Hours) bool {
	of, ok := Days(year)
	for date, day := range of {
		if _, there := into[date]; there {
			continue
		}
		into[date] = []calendar.Hours{}
		if day.Work {
			into[date] = hours
		}
	}
	return ok
}
