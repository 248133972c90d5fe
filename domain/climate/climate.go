// Package climate decides what is recorded of the climate of a tool room: each
// reading, and a note for each that deviates (INS-03).
//
// One stream holds a store's month. It never measures and never acts on what
// deviates. Pure: no clock, no I/O. Temperatures are tenths of a degree
// Celsius, humidity is relative and in percent.
package climate

import (
	"fmt"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Event is what happened in a month of a store. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Recorded is a reading (INS-03). Type climate.recorded.v1.
type Recorded struct {
	At              domain.Instant   `json:"at"`
	Site            string           `json:"site"`             // code
	Store           string           `json:"store"`            // code of the policy of tools
	TenthsC         int              `json:"tenths_c"`         // tenths of a degree Celsius
	HumidityPercent int              `json:"humidity_percent"` // relative
	By              string           `json:"by"`               // person id, "" from a sensor
	Sensor          string           `json:"sensor"`           // its code, "" from a person
	Policy          domain.PolicyRef `json:"policy"`           // of keeping, in force then
}

// Quantity says what deviates.
type Quantity string

// The quantities.
const (
	Cold  Quantity = "cold"
	Hot   Quantity = "hot"
	Humid Quantity = "humid"
)

// Deviated is the note of a reading beyond what the room may have (INS-03). Type climate.deviated.v1.
type Deviated struct {
	At    domain.Instant `json:"at"`
	Store string         `json:"store"` // code of the policy of tools
	What  Quantity       `json:"what"`
	Read  int            `json:"read"`  // tenths of a degree Celsius, or percent
	Limit int            `json:"limit"` // of the policy, in the same unit
	Note  string         `json:"note"`  // what is done about it; no personal data
}

func (Recorded) event() {}
func (Deviated) event() {}

// Command asks for something to happen in a month of a store.
//
//sumtype:decl
type Command interface{ command() }

// Record adds a reading.
type Record struct {
	At              domain.Instant `json:"at"`
	Site            string         `json:"site"`
	Store           string         `json:"store"`
	TenthsC         int            `json:"tenths_c"`
	HumidityPercent int            `json:"humidity_percent"`
	By              string         `json:"by"`
	Sensor          string         `json:"sensor"`
	Note            string         `json:"note"`
	Book            *policy.Book   `json:"-"`
}

func (Record) command() {}

// State is a month of a store: how many events it has.
type State struct{ Events int }

const (
	mostEvents       = 990 // of one stream, so that it stays short
	coldest, hottest = -1000, 1000
)

// Decide returns the events that c causes in state s. A *domain.RuleError
// means that a rule refused c, a *domain.InvalidError that a field is not acceptable.
func Decide(s State, c Command) ([]Event, error) {
	r, ok := c.(Record)
	if !ok {
		return nil, fmt.Errorf("climate: unknown command %T", c)
	}
	tools, _ := r.Book.InForce(policy.KindTools, r.Site, r.At.Time)
	v, loaded := r.Book.InForce(policy.KindKeeping, r.Site, r.At.Time)
	switch {
	case r.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case (strings.TrimSpace(r.By) == "") == (strings.TrimSpace(r.Sensor) == ""):
		return nil, domain.Invalid("/sensor", "INS-03", "climate.reader_missing")
	case r.TenthsC < coldest || r.TenthsC > hottest:
		return nil, domain.Invalid("/tenths_c", "INS-03", "climate.out_of_range")
	case r.HumidityPercent < 0 || r.HumidityPercent > 100:
		return nil, domain.Invalid("/humidity_percent", "INS-03", "climate.out_of_range")
	case !loaded:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindKeeping))
	case !tools.Tools().HasStore(r.Store):
		return nil, domain.Invalid("/store", "INS-03", "tool.store_unknown", "store", r.Store)
	case s.Events >= mostEvents:
		return nil, domain.Refuse("INS-03", "climate.too_many", "most", mostEvents)
	}
	events := []Event{Recorded{
		At: r.At, Site: r.Site, Store: r.Store, TenthsC: r.TenthsC, HumidityPercent: r.HumidityPercent, By: r.By, Sensor: r.Sensor, Policy: v.Ref(),
	}}
	limits := v.Keeping().Climate
	note := func(what Quantity, read, limit int) {
		events = append(events, Deviated{At: r.At, Store: r.Store, What: what, Read: read, Limit: limit, Note: r.Note})
	}
	if r.TenthsC < limits.LowTenthsC { // INS-03
		note(Cold, r.TenthsC, limits.LowTenthsC)
	}
	if r.TenthsC > limits.HighTenthsC {
		note(Hot, r.TenthsC, limits.HighTenthsC)
	}
	if r.HumidityPercent > limits.HumidityPercent {
		note(Humid, r.HumidityPercent, limits.HumidityPercent)
	}
	return events, nil
}

// Evolve returns s after an event.
func Evolve(s State, e Event) State {
	switch e.(type) {
	case Recorded, Deviated:
		s.Events++
	}
	return s
}
