package record

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Strike takes an event of a stream back (AUD-02). The Actor is who gives the
// command; the second person must be another.
type Strike struct {
	Revision     uint64 `json:"revision"`
	Reason       string `json:"reason"` // no personal data
	SecondPerson string `json:"second_person"`
	Actor        string `json:"-"`
}

// Meta is what a strike needs to know of an event of the stream.
type Meta struct {
	Revision uint64
	EventID  uuid.UUID
	Type     string    // "ticket.resolved.v1"
	Command  uuid.UUID // that decided it
	Struck   bool      // by an event later in the stream
	// Follows says that the event is a consequence of the fact before it and
	// not a fact itself, as a judgement is: it is struck with that fact.
	Follows bool
	// TiedTo are the revisions without which the event has nothing to be
	// about: it is struck with any of them.
	TiedTo []uint64
	// HalfElsewhere says that the other half of the fact is in another stream,
	// as an exchange's: alone it is never struck (EXC-06).
	HalfElsewhere bool
}

// isStrike reports whether the event is itself a strike, of any version.
func (m Meta) isStrike() bool { return strings.HasPrefix(m.Type, "record.struck.") }

// DecideStrike returns the strikes that c causes in a stream with the given
// events, all of them and in order: of the named event, of those directly
// after it that follow from it, and of those tied to it. None and no error means that all are struck
// already (TKT-02). A *domain.RuleError means that AUD-02 refused c, a
// *domain.InvalidError that a field of c is missing.
func DecideStrike(events []Meta, c Strike) ([]Struck, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "AUD-02", "record.reason_missing")
	case c.SecondPerson == "":
		return nil, domain.Invalid("/second_person", "AUD-02", "record.second_person_missing")
	case c.SecondPerson == c.Actor:
		return nil, domain.Refuse("AUD-02", "record.same_person")
	}
	at := find(events, c.Revision)
	switch {
	case at < 0:
		return nil, domain.Refuse("AUD-02", "record.revision_unknown", "revision", c.Revision)
	case events[at].isStrike():
		return nil, domain.Refuse("AUD-02", "record.strike_of_strike", "revision", c.Revision)
	}
	var out []Struck
	follows := true
	for i, m := range events[at:] {
		follows = follows && (i == 0 || m.Follows)
		if (follows || slices.Contains(m.TiedTo, c.Revision)) && !m.Struck && !m.isStrike() {
			if m.HalfElsewhere { // EXC-06
				return nil, domain.Refuse("EXC-06", "record.half_elsewhere", "revision", m.Revision, "type", m.Type)
			}
			out = append(out, Struck{Revision: m.Revision, EventID: m.EventID, Reason: c.Reason, SecondPerson: c.SecondPerson})
		}
	}
	return out, nil
}

func find(events []Meta, revision uint64) int {
	for i, m := range events {
		if m.Revision == revision {
			return i
		}
	}
	return -1
}
