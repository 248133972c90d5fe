package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/google/uuid"
)

// IDs derives every id of an installation, so that one request given twice
// names one thing. It is immutable and safe for concurrent use.
type IDs struct{ Installation uuid.UUID }

// Command returns the id of the command that actor sends with an
// Idempotency-Key: UUIDv5(installation, actor, operation, key).
func (i IDs) Command(actor, operation, key string) uuid.UUID {
	return i.derive("command", actor, operation, key)
}

// Aggregate returns the id of the aggregate that a command creates.
func (i IDs) Aggregate(kind string, command uuid.UUID) uuid.UUID {
	return i.derive("aggregate", kind, command.String())
}

// External returns the id of an aggregate that another system names.
func (i IDs) External(kind, site, system, key string) uuid.UUID {
	return i.derive("external", kind, site, system, key)
}

// Subject returns the id under whose key the personal fields of a customer are
// sealed: one a customer and site, whatever the number of tickets.
func (i IDs) Subject(site, name string) uuid.UUID { return i.derive("subject", site, name) }

// Site returns the id of the site with a code.
func (i IDs) Site(code string) uuid.UUID { return i.derive("site", code) }

// Policy returns the id of a site's policy of a kind; site "" is the
// installation's own.
func (i IDs) Policy(site, kind string) uuid.UUID { return i.derive("policy", site, kind) }

// PolicyOfSet returns the id of a set's policy of a kind.
func (i IDs) PolicyOfSet(set, kind string) uuid.UUID { return i.derive("policy_set", set, kind) }

// View returns the id of a person's saved view with a name.
func (i IDs) View(person uuid.UUID, name string) uuid.UUID {
	return i.derive("view", person.String(), name)
}

// Loss returns the id of the loss that a report of a missing tool begins.
func (i IDs) Loss(report uuid.UUID) uuid.UUID { return i.derive("loss", report.String()) }

// Stock returns the id of the card of an item in a store.
func (i IDs) Stock(site, store, item string) uuid.UUID {
	return i.derive("stock", site, store, item)
}

// Need returns the id of what a unit needs of a kind in a year.
func (i IDs) Need(site, unit, kind string, year int) uuid.UUID {
	return i.derive("need", site, unit, kind, strconv.Itoa(year))
}

// Piece returns the id of the tool that an accepted piece with a number becomes.
func (i IDs) Piece(acceptance uuid.UUID, number string) uuid.UUID {
	return i.derive("piece", acceptance.String(), number)
}

// Card returns the id of a part of the tool card of a person or team.
func (i IDs) Card(holder string, part int) uuid.UUID {
	return i.derive("card", holder, strconv.Itoa(part))
}

func (i IDs) derive(parts ...string) uuid.UUID {
	var b []byte
	for _, p := range parts { // length first, so that parts cannot run together
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	return uuid.NewSHA1(i.Installation, b)
}

// eventID returns the id of the n-th event of a command. It derives from what
// is stored, too: the store takes an event with a known id for a repeat and
// keeps the first one's bytes, so an id must stand for just these (AUD-06).
func eventID(command uuid.UUID, n int, data, meta []byte) uuid.UUID {
	h := sha256.New()
	h.Write(data)
	h.Write([]byte{0})
	h.Write(meta)
	return uuid.NewSHA1(command, h.Sum(strconv.AppendInt([]byte("event:"), int64(n), 10)))
}

// StreamOf returns the name of an aggregate's stream, "fl.ticket-<uuid>".
func StreamOf(category string, id uuid.UUID) string { return "fl." + category + "-" + id.String() }

// claimStream returns the stream that only the holder of a natural key may start.
func claimStream(kind, site, system, key string) string {
	h := sha256.Sum256([]byte(site + "\x00" + system + "\x00" + key))
	return "fl.claim-" + kind + "-" + hex.EncodeToString(h[:16])
}
