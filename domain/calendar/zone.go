package calendar

import (
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // zones work on machines without a zone database
)

// zones caches loaded locations: name → *time.Location. Only good names are
// kept, so it stays as small as the zone database.
var zones sync.Map

// LoadZone returns the zone with an IANA name ("America/Sao_Paulo", "UTC") or
// a fixed offset ("-03:00", up to 14 hours). The same name gives the same
// pointer. Safe for concurrent use.
func LoadZone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := readZone(name)
	if err != nil {
		return nil, err
	}
	kept, _ := zones.LoadOrStore(name, loc)
	return kept.(*time.Location), nil
}

func readZone(name string) (*time.Location, error) {
	switch {
	case name == "" || name == "Local":
		return nil, fmt.Errorf("zone %q depends on the machine", name)
	case name[0] == '+' || name[0] == '-':
		minutes, ok := minuteOf(name[1:])
		if !ok || minutes > 14*60 {
			return nil, fmt.Errorf("zone offset %.10q is not of the form -03:00", name)
		}
		if name[0] == '-' {
			minutes = -minutes
		}
		return time.FixedZone(name, minutes*60), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("load zone: %w", err)
	}
	return loc, nil
}
