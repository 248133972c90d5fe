package keeping

import (
	"maps"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/climate"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Plan is how the tools of a kind at a site are checked.
type Plan struct {
	Kind  string                                        `db:"kind"`
	Plans map[inspectionplan.Purpose]inspectionplan.Set `db:"plans,json"`
	Lying map[string]Place                              `db:"lying,json"`  // by tool id (INS-04)
	Told  map[string]Told                               `db:"called,json"` // newest call of each tool (INS-02)
}

// Place is where a tool lies.
type Place struct {
	Place  string `json:"place"`
	Keeper string `json:"keeper"`
}

// Told is a call that brings a tool back.
type Told struct {
	At      domain.Instant `json:"at"`
	Holder  string         `json:"holder"`
	LastDay domain.Day     `json:"last_day"`
}

// Plans is the model of plans.
func Plans() readmodel.Model[Plan] {
	return readmodel.Model[Plan]{
		Name: "inspection_plan", Category: "inspection", Evolve: evolvePlan,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.inspection_plan (site, kind, id)`}, // the list
	}
}

func evolvePlan(r Plan, rec eventschemas.Record) (Plan, error) {
	e, ok := rec.Event.(inspectionplan.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if r.Kind == "" {
		r = Plan{Kind: kindOf(rec.Stream), Plans: map[inspectionplan.Purpose]inspectionplan.Set{}, Lying: map[string]Place{}, Told: map[string]Told{}}
	}
	switch e := e.(type) { //nolint:gochecksumtype // Check is a command that has the event's fields
	case inspectionplan.Set:
		r.Plans = maps.Clone(r.Plans)
		r.Plans[e.Purpose] = e
	case inspectionplan.Ended:
		r.Plans = maps.Clone(r.Plans)
		delete(r.Plans, e.Purpose)
	case inspectionplan.Placed:
		r.Lying = maps.Clone(r.Lying)
		for _, l := range e.Tools {
			r.Lying[l.Tool.String()] = Place{e.Place, e.Keeper}
		}
	case inspectionplan.CalledBack:
		r.Told = maps.Clone(r.Told)
		for _, o := range e.Tools {
			r.Told[o.Tool.String()] = Told{At: e.At, Holder: string(o.Told.Kind) + ":" + o.Told.Who, LastDay: o.LastDay}
		}
	case inspectionplan.Checked: // in the log of notes
	}
	return r, nil
}

// Note is what a check found, one row an event.
type Note struct {
	Kind    string                   `db:"kind"`
	Purpose string                   `db:"purpose"` // of a check
	On      domain.Day               `db:"checked_on"`
	Tools   []inspectionplan.Finding `db:"tools,json"`
}

// Notes is the log of what checks found.
func Notes() readmodel.Log[Note] {
	return readmodel.Log[Note]{
		Name: "inspection_check", Category: "inspection", Row: func(rec eventschemas.Record) (*Note, error) {
			e, ok := rec.Event.(inspectionplan.Checked)
			if !ok {
				return nil, nil //nolint:nilnil // no row: it is no check
			}
			return &Note{Kind: kindOf(rec.Stream), Purpose: string(e.Purpose), On: e.On, Tools: e.Tools}, nil
		},
		Indexes: []string{`CREATE INDEX ON {{.schema}}.inspection_check (site, kind, purpose, checked_on)`}, // last check of each tool
	}
}

// Reading is a climate reading or the note of a deviation (INS-03).
type Reading struct {
	Store           string    `db:"store"`
	At              time.Time `db:"read_at"`
	TenthsC         *int      `db:"tenths_c"`
	HumidityPercent *int      `db:"humidity_percent"`
	By              string    `db:"read_by"`
	Sensor          string    `db:"sensor"`
	Deviation       string    `db:"deviation"` // cold, hot or humid; "" for a reading
	Read            *int      `db:"read_value"`
	Limit           *int      `db:"limit_value"`
	Note            string    `db:"note"`
}

// Readings is the log of the climate of tool rooms.
func Readings() readmodel.Log[Reading] {
	return readmodel.Log[Reading]{
		Name: "climate_reading", Category: "climate", Row: func(rec eventschemas.Record) (*Reading, error) {
			switch e := rec.Event.(type) {
			case climate.Recorded:
				return &Reading{Store: e.Store, At: e.At.Time, TenthsC: &e.TenthsC, HumidityPercent: &e.HumidityPercent, By: e.By, Sensor: e.Sensor}, nil
			case climate.Deviated:
				return &Reading{Store: e.Store, At: e.At.Time, Deviation: string(e.What), Read: &e.Read, Limit: &e.Limit, Note: e.Note}, nil
			case record.Struck: // in the log of strikes
				return nil, nil //nolint:nilnil // no row: nothing was read
			}
			return nil, readmodel.Unknown(rec)
		},
		Indexes: []string{`CREATE INDEX ON {{.schema}}.climate_reading (site, store, read_at, number)`}, // a room's days
	}
}

// kindOf reads the kind out of a plan's stream, which names it after the first dot behind the prefix.
func kindOf(stream string) string {
	_, kind, _ := strings.Cut(strings.TrimPrefix(stream, "fl."), ".")
	return kind
}
