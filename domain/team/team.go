// Package team decides what may happen to a team: a department, a service
// group, an office (ORG-06).
//
// It is pure: no clock, no I/O, no random numbers. Who belongs to a team is a
// fact of the person (ORG-04), not of the team.
package team

import (
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a team. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Registered enters a team (ORG-06). Type team.registered.v1.
type Registered struct {
	At       domain.Instant       `json:"at"`
	Code     string               `json:"code"`
	Name     string               `json:"name"`
	External []domain.ExternalKey `json:"external"`
}

func (Registered) event() {}

// Command asks for something to happen to a team.
//
//sumtype:decl
type Command interface{ command() }

// Register enters a team under an id of ours.
type Register struct {
	At       domain.Instant       `json:"at"`
	Code     string               `json:"code"`
	Name     string               `json:"name"`
	External []domain.ExternalKey `json:"external"`
}

func (Register) command() {}

// State is a team. The zero value does not exist.
type State struct {
	Code     string // empty: does not exist
	Name     string
	External []domain.ExternalKey
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that the team is registered just so (TKT-02).
// A *domain.RuleError means that a rule refused c.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Register); ok {
		return decideRegister(s, c)
	}
	return nil, fmt.Errorf("team: unknown command %T", c)
}

func decideRegister(s State, c Register) ([]Event, error) {
	same := s.Code == c.Code && s.Name == c.Name && slices.Equal(s.External, c.External)
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "team.time_missing")
	case c.Code == "":
		return nil, domain.Invalid("/code", "ORG-06", "team.code_missing")
	case same: // TKT-02
		return nil, nil
	case s.Code != "":
		return nil, domain.Refuse("ORG-06", "team.exists", "code", s.Code)
	}
	return []Event{Registered{
		At: c.At, Code: c.Code, Name: c.Name, External: append([]domain.ExternalKey{}, c.External...),
	}}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	if e, ok := e.(Registered); ok {
		s = State{Code: e.Code, Name: e.Name, External: e.External}
	}
	return s
}
