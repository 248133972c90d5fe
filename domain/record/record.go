// Package record holds the events that any stream of ours may contain:
// striking a wrong fact. It decides nothing about the stream's own rules.
// The rule is AUD-02; the generic fold drops struck events before Evolve.
package record

import "github.com/google/uuid"

// Struck takes an event of the same stream back (AUD-02): from its log number
// on nothing counts it; as of before, it is still there. A strike is itself
// never struck.
type Struck struct {
	Revision     uint64    `json:"revision"` // of the struck event, in this stream
	EventID      uuid.UUID `json:"event_id"` // of the struck event
	Reason       string    `json:"reason"`   // no personal data
	SecondPerson string    `json:"second_person"`
}
