package importlog

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain/calendar"
)

// Times reads the log's times. A time with an offset is an instant; one
// without is by the clock on the wall of the zone.
type Times struct {
	layouts  []string
	zoneName string // "" if every layout has an offset
	zone     *time.Location
	fixed    bool // the zone has one offset for ever
}

func (t *Times) setZone(name string) error {
	loc, err := calendar.LoadZone(name)
	if err != nil {
		return err
	}
	t.zoneName, t.zone = name, loc
	t.fixed = name == "UTC" || name[0] == '+' || name[0] == '-'
	return nil
}

// parse reads a time by the first layout that fits. Of a local time that a
// zone has twice, when its clocks are put back, the first is meant; one that it
// never has is refused.
func (t *Times) parse(s string) (time.Time, error) {
	for _, layout := range t.layouts {
		if t.fixed && !hasOffset(layout) {
			if at, err := time.ParseInLocation(layout, s, t.zone); err == nil {
				return at.UTC(), nil
			}
			continue
		}
		at, err := time.Parse(layout, s)
		switch {
		case err != nil:
			continue
		case hasOffset(layout):
			return at.UTC(), nil
		}
		if at, ok := onTheWall(at, t.zone); ok {
			return at, nil
		}
		return time.Time{}, fmt.Errorf("time %.40q does not exist in %s", s, t.zoneName)
	}
	return time.Time{}, fmt.Errorf("time %.40q has none of the layouts", s)
}

// onTheWall returns the first instant at which the clocks of zone show what
// wall, which is UTC, shows; false if they never do.
func onTheWall(wall time.Time, zone *time.Location) (time.Time, bool) {
	var first time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, there := at.In(zone).Zone(); there == offset && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first, !first.IsZero()
}

// hasOffset reports whether a layout reads an offset from UTC.
func hasOffset(layout string) bool {
	return strings.Contains(layout, "Z07") || strings.Contains(layout, "-07")
}

// checkLayout refuses a layout that does not say a day and a minute, or names
// zones by their letters, which are not unique.
func checkLayout(layout string) error {
	if strings.Contains(layout, "MST") {
		return fmt.Errorf("layout %q reads zone letters, which are ambiguous; use an offset", layout)
	}
	sample := time.Date(2017, 11, 23, 21, 48, 0, 0, time.UTC)
	back, err := time.Parse(layout, sample.Format(layout))
	if err != nil || !back.Equal(sample) {
		return fmt.Errorf("layout %q does not give day and minute; write 2/1/2006 15:04 as the log does", layout)
	}
	return nil
}
