// Package person decides what may happen to a person: technicians, clerks and
// all others who act or are spoken of by id.
//
// It is pure: no clock, no I/O, no random numbers. A person's names and
// numbers are sealed and never read here. What changes about a person (posts,
// team) is dated facts added to the same id (ORG-04). That one employee number
// is one person is the claim's to see to, that nobody leaves with open custody
// the tool card's (TOL-07), not ours.
package person

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a person. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Registered enters a person (ORG-01). Type person.registered.v1.
type Registered struct {
	At       domain.Instant       `json:"at"`
	Name     domain.Sealed        `json:"name"`
	Phone    domain.Sealed        `json:"phone"`
	Team     uuid.UUID            `json:"team"`  // team id, zero for none
	Roles    []string             `json:"roles"` // in the system
	External []domain.ExternalKey `json:"external"`
}

func (Registered) event() {}

// Command asks for something to happen to a person.
//
//sumtype:decl
type Command interface{ command() }

// Register enters a person under an id of ours.
type Register struct {
	At       domain.Instant       `json:"at"`
	Name     domain.Sealed        `json:"name"`
	Phone    domain.Sealed        `json:"phone"`
	Team     uuid.UUID            `json:"team"`
	Roles    []string             `json:"roles"`
	External []domain.ExternalKey `json:"external"`
}

func (Register) command() {}

// State is a person. The zero value does not exist.
type State struct {
	Exists   bool
	Team     uuid.UUID // at registration
	Roles    []string
	External []domain.ExternalKey
	Named    bool // has a name
	Reached  bool // has a phone number
	Postings []Posting
	Moves    []Move
	LeftAt   time.Time // zero while on the staff
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that the person is registered just so
// (TKT-02); sealed texts are not compared, only whether there are any.
// A *domain.RuleError means that a rule refused c.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Register); ok {
		return decideRegister(s, c)
	}
	if !s.Exists {
		return nil, domain.Refuse("ORG-01", "person.unknown")
	}
	switch c := c.(type) {
	case Register:
		// it is decided before
	case Post:
		return decidePost(s, c)
	case ChangeTeam:
		return decideTeam(s, c)
	case Leave:
		return decideLeave(s, c)
	}
	return nil, fmt.Errorf("person: unknown command %T", c)
}

func decideRegister(s State, c Register) ([]Event, error) {
	e := Registered{
		At: c.At, Name: c.Name, Phone: c.Phone, Team: c.Team,
		Roles:    append([]string{}, c.Roles...),
		External: append([]domain.ExternalKey{}, c.External...),
	}
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "person.time_missing")
	case s.Exists && s.says(e): // TKT-02
		return nil, nil
	case s.Exists:
		return nil, domain.Refuse("ORG-01", "person.exists")
	}
	return []Event{e}, nil
}

func (s State) says(e Registered) bool {
	return s.Team == e.Team && slices.Equal(s.Roles, e.Roles) && slices.Equal(s.External, e.External) &&
		s.Named == !e.Name.IsZero() && s.Reached == !e.Phone.IsZero()
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Registered:
		return State{
			Exists: true, Team: e.Team, Roles: e.Roles, External: e.External,
			Named: !e.Name.IsZero(), Reached: !e.Phone.IsZero(),
		}
	case Posted:
		s.Postings = append(slices.Clip(s.Postings), Posting{Since: e.Since, Posts: e.Posts})
	case TeamChanged:
		s.Moves = append(slices.Clip(s.Moves), Move{Since: e.Since, Team: e.Team})
	case Left:
		s.LeftAt = e.At.Time
	}
	return s
}
