// Package view decides what may happen to a saved view: a filter and an order
// of the list of tickets that a person has given a name (TKT-15).
//
// It is pure: no clock, no I/O, no random numbers. It keeps a filter as it was
// given and does not know what the list takes: that is checked where the list
// is, when a view is saved and again each time it is applied. A view belongs to
// one person; one that is shared with a site is read there and changed by its
// owner alone.
package view

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

const (
	maxName   = 100 // characters
	maxParams = 20  // of one filter
	maxValue  = 200 // characters
	maxSaves  = 900 // of one stream, so that it stays short
)

// Event is what happened to a view. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Saved says what a person's view is from then on (TKT-15). Type view.saved.v1.
type Saved struct {
	At         domain.Instant `json:"at"`
	Owner      uuid.UUID      `json:"owner"`       // person id; of all saves of a view the same
	Name       string         `json:"name"`        // by which the owner knows it; no personal data
	SharedWith string         `json:"shared_with"` // code of the site whose people may read it, "" for none
	Filter     []Param        `json:"filter"`      // by name, each once
	Order      string         `json:"order"`       // of the list, "-called_at"; "" for the list's own
}

func (Saved) event() {}

// Deleted says that the view is no more. Type view.deleted.v1.
type Deleted struct {
	At domain.Instant `json:"at"`
}

func (Deleted) event() {}

// Param is a query parameter of the list of tickets, as a URL would give it.
type Param struct {
	Name  string `json:"name"`  // "status"
	Value string `json:"value"` // "paused"
}

// Command asks for something to happen to a view.
//
//sumtype:decl
type Command interface{ command() }

// Save gives a filter and an order a name that the owner does not use yet.
type Save Saved

// Change replaces what is under a name.
type Change Saved

// Delete removes a view. Owner is who asks.
type Delete struct {
	At    domain.Instant `json:"at"`
	Owner uuid.UUID      `json:"owner"`
}

func (Save) command()   {}
func (Change) command() {}
func (Delete) command() {}

// State is a view. The zero value does not exist.
type State struct {
	Owner uuid.UUID // uuid.Nil: was never saved
	Saves int       // ever
	Now   Saved     // as last saved; the zero value once it is deleted
}

// there reports whether there is a view now.
func (s State) there() bool { return s.Now.Owner != uuid.Nil }

// Decide returns the events that c causes in state s, in order.
// No events and no error means that what c asks for holds already (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError that
// a field is not acceptable.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Save:
		return decideSave(s, Saved(c))
	case Change:
		return decideChange(s, Saved(c))
	case Delete:
		return decideDelete(s, c)
	}
	return nil, fmt.Errorf("view: unknown command %T", c)
}

func decideSave(s State, c Saved) ([]Event, error) {
	switch {
	case s.there() && !same(s.Now, c):
		return nil, domain.Refuse("TKT-15", "view.exists")
	case s.Owner != uuid.Nil && s.Owner != c.Owner:
		return nil, domain.Refuse("TKT-15", "view.not_owner")
	}
	return save(s, c)
}

func decideChange(s State, c Saved) ([]Event, error) {
	switch {
	case s.Owner != uuid.Nil && s.Owner != c.Owner: // TKT-15: changed by its owner alone
		return nil, domain.Refuse("TKT-15", "view.not_owner")
	case !s.there():
		return nil, domain.Refuse("TKT-15", "view.deleted")
	}
	c.Name = s.Now.Name // its id derives from it
	return save(s, c)
}

func save(s State, c Saved) ([]Event, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	switch {
	case same(s.Now, c): // TKT-02
		return nil, nil
	case s.Saves >= maxSaves:
		return nil, domain.Refuse("TKT-15", "view.too_many_changes", "most", maxSaves)
	}
	c.Filter = append([]Param{}, c.Filter...)
	return []Event{c}, nil
}

func same(a, b Saved) bool {
	return a.Owner == b.Owner && a.Name == b.Name && a.SharedWith == b.SharedWith && a.Order == b.Order && slices.Equal(a.Filter, b.Filter)
}

func check(c Saved) error {
	switch {
	case c.At.IsZero():
		return domain.Invalid("/at", "AUD-01", "view.time_missing")
	case c.Owner == uuid.Nil:
		return domain.Invalid("/owner", "TKT-15", "view.owner_missing")
	case c.Name == "" || strings.TrimSpace(c.Name) != c.Name || utf8.RuneCountInString(c.Name) > maxName:
		return domain.Invalid("/name", "TKT-15", "view.name_malformed", "most", maxName)
	case len(c.Filter) > maxParams:
		return domain.Invalid("/filter", "TKT-15", "view.filter_too_long", "most", maxParams)
	}
	for i, p := range c.Filter {
		switch {
		case p.Name == "" || i > 0 && p.Name <= c.Filter[i-1].Name: // so that one filter has one form
			return domain.Invalid("/filter", "TKT-15", "view.filter_disordered")
		case utf8.RuneCountInString(p.Value) > maxValue:
			return domain.Invalid("/filter/"+p.Name, "TKT-15", "view.value_too_long", "most", maxValue)
		}
	}
	return nil
}

func decideDelete(s State, c Delete) ([]Event, error) {
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "view.time_missing")
	case s.Owner != c.Owner: // TKT-15: changed by its owner alone
		return nil, domain.Refuse("TKT-15", "view.not_owner")
	case !s.there(): // TKT-02
		return nil, nil
	}
	return []Event{Deleted{At: c.At}}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Saved:
		s.Owner, s.Now, s.Saves = e.Owner, e, s.Saves+1
	case Deleted:
		s.Now = Saved{}
	}
	return s
}
