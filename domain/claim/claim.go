// Package claim gives a natural key, such as an employee number, to one
// holder.
//
// Each key has a stream of its own, named by the hash of the key, and the key
// itself is stored nowhere here: it may be personal. Pure. It implements the
// second half of ORG-01: four eyes count persons, not accounts.
package claim

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a key.
//
//sumtype:decl
type Event interface{ event() }

// Claimed gives the key to its holder. Type claim.claimed.v1.
type Claimed struct {
	Kind    string    `json:"kind"`     // "person"
	Holder  uuid.UUID `json:"holder"`   // id of the aggregate
	KeyHash string    `json:"key_hash"` // as in the stream's name
}

func (Claimed) event() {}

// Command asks for a key.
//
//sumtype:decl
type Command interface{ command() }

// Take asks for the key for a holder.
type Take struct {
	Kind    string    `json:"kind"`
	Holder  uuid.UUID `json:"holder"`
	KeyHash string    `json:"key_hash"`
}

func (Take) command() {}

// State is who holds the key, the zero id for nobody.
type State struct{ Holder uuid.UUID }

// Decide returns the events that c causes in state s.
// No events and no error means that the holder has the key already (TKT-02);
// a *domain.RuleError that another has it.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Take); ok {
		return decideTake(s, c)
	}
	return nil, fmt.Errorf("claim: unknown command %T", c)
}

func decideTake(s State, c Take) ([]Event, error) {
	switch s.Holder {
	case c.Holder: // TKT-02
		if c.Holder == uuid.Nil {
			return nil, domain.Invalid("/holder", "ORG-01", "claim.holder_missing")
		}
		return nil, nil
	case uuid.Nil:
		return []Event{Claimed(c)}, nil
	}
	return nil, domain.Refuse("ORG-01", "claim.taken", "kind", c.Kind)
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	if e, ok := e.(Claimed); ok {
		s.Holder = e.Holder
	}
	return s
}
