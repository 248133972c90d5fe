// Package site decides what may happen to a site: a place of work with its
// own zone, calendar and set of policies, which is a dated fact (ORG-03, POL-06).
//
// It is pure: no clock, no I/O, no random numbers. A site's code is in every
// envelope, stream name and read-model key, so it never changes.
package site

import (
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
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

// PolicySetChosen says which set of policies a site follows from an instant on
// (POL-06, POL-07). Type site.policy_set_chosen.v1.
type PolicySetChosen struct {
	At            domain.Instant `json:"at"`
	Set           string         `json:"set"` // name; "" for none any more
	EffectiveFrom domain.Instant `json:"effective_from"`
	Reason        string         `json:"reason"`
}

func (PolicySetChosen) event() {}

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

// ChoosePolicySet has a site follow a set of policies from an instant on. It
// may come late: that may lie in the past, and what was judged stays (POL-03).
type ChoosePolicySet struct {
	At            domain.Instant `json:"at"`
	Set           string         `json:"set"`
	EffectiveFrom domain.Instant `json:"effective_from"`
	Reason        string         `json:"reason"`
}

func (ChoosePolicySet) command() {}

// State is a site. The zero value does not exist.
type State struct {
	Code string // empty: does not exist
	Name string
	Zone string
	Sets []PolicySetChosen // in the order in which they were chosen
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that the site is registered just so (TKT-02).
// A *domain.RuleError means that a rule refused c.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Register:
		return decideRegister(s, c)
	case ChoosePolicySet:
		return decideSet(s, c)
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
	case s.Code == c.Code && s.Name == c.Name && s.Zone == c.Zone: // TKT-02
		return nil, nil
	case s.Code != "":
		return nil, domain.Refuse("POL-06", "site.exists", "code", s.Code)
	}
	return []Event{Registered(c)}, nil
}

func decideSet(s State, c ChoosePolicySet) ([]Event, error) {
	switch {
	case c.Set != "" && !policy.LegalSet(c.Set):
		return nil, domain.Invalid("/set", "POL-06", "policy.set_malformed")
	case c.EffectiveFrom.IsZero():
		return nil, domain.Invalid("/effective_from", "POL-06", "policy.effective_from_missing")
	case c.Reason == "":
		return nil, domain.Invalid("/reason", "POL-06", "site.reason_missing")
	case s.Code == "":
		return nil, domain.Invalid("/site", "ORG-06", "site.unknown")
	case s.follows(c.EffectiveFrom) == c.Set: // TKT-02
		return nil, nil
	}
	return []Event{PolicySetChosen(c)}, nil
}

// follows returns the set that was chosen for an instant: the one that starts
// last, of several that was chosen last.
func (s State) follows(at domain.Instant) string {
	set, from := "", domain.Instant{}
	for _, c := range s.Sets {
		if !c.EffectiveFrom.After(at.Time) && !c.EffectiveFrom.Before(from.Time) {
			set, from = c.Set, c.EffectiveFrom
		}
	}
	return set
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
	switch e := e.(type) {
	case Registered:
		s = State{Code: e.Code, Name: e.Name, Zone: e.Zone}
	case PolicySetChosen:
		s.Sets = append(slices.Clip(s.Sets), e)
	}
	return s
}
