// Package site decides what may happen to a site: a place of work with its
// own zone, calendar and set of policies (ORG-03, POL-06).
//
// It is pure: no clock, no I/O, no random numbers. A site's code is in every
// envelope, stream name and read-model key, so it never changes.
package site

import (
	"fmt"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// Event is what happened to a site. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Registered enters a site. Type site.registered.v1.
type Registered struct {
	At   domain.Instant `json:"at"`
	Code string         `json:"code"` // 1 to 40 letters, digits, "-", "_" and "."
	Name string         `json:"name"`
	Zone string         `json:"zone"` // IANA name or fixed offset, for civil dates
}

func (Registered) event() {}

// Command asks for something to happen to a site.
//
//sumtype:decl
type Command interface{ command() }

// Register enters a site.
type Register struct {
	At   domain.Instant `json:"at"`
	Code string         `json:"code"`
	Name string         `json:"name"`
	Zone string         `json:"zone"`
}

func (Register) command() {}

// State is a site. The zero value does not exist.
type State struct {
	Code string // empty: does not exist
	Name string
	Zone string
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that the site is registered just so (TKT-02).
// A *domain.RuleError means that a rule refused c.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Register); ok {
		return decideRegister(s, c)
	}
	return nil, fmt.Errorf("site: unknown command %T", c)
}

func decideRegister(s State, c Register) ([]Event, error) {
	if c.At.IsZero() {
		return nil, domain.Invalid("/at", "AUD-01", "site.time_missing")
	}
	if !legalCode(c.Code) {
		return nil, domain.Invalid("/code", "POL-06", "site.code_malformed")
	}
	if _, err := calendar.LoadZone(c.Zone); err != nil {
		return nil, domain.Invalid("/zone", "ORG-03", "calendar.zone_unknown", "zone", c.Zone)
	}
	switch {
	case s == State{Code: c.Code, Name: c.Name, Zone: c.Zone}: // TKT-02
		return nil, nil
	case s.Code != "":
		return nil, domain.Refuse("POL-06", "site.exists", "code", s.Code)
	}
	return []Event{Registered(c)}, nil
}

func legalCode(code string) bool {
	for _, r := range code {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		default:
			return false
		}
	}
	return len(code) >= 1 && len(code) <= 40
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	if e, ok := e.(Registered); ok {
		s = State{Code: e.Code, Name: e.Name, Zone: e.Zone}
	}
	return s
}
