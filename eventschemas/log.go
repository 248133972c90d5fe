package eventschemas

import (
	"time"

	"github.com/google/uuid"
)

// Proposed is an event on its way to the store, already encoded.
type Proposed struct {
	ID   uuid.UUID // the store's idempotency key; derived from the command id, never random
	Type string    // "ticket.registered.v1"
	Data []byte    // JSON by the event's schema
	Meta []byte    // JSON of Envelope
}

// Recorded is an event as the store holds it, bytes untouched.
type Recorded struct {
	Stream   string
	Revision uint64 // in the stream, from 0, dense
	ID       uuid.UUID
	Type     string
	Data     []byte
	Meta     []byte
	Created  time.Time // by the store's clock, UTC
	Position Position
}

// Position is a place in the store's $all log. It is a cursor only: no
// event, key or link holds one (the as-of axis is the log number).
type Position struct {
	Commit, Prepare uint64
}

// Record is an event of ours, numbered and decoded, as projectors see it.
type Record struct {
	Recorded
	Number   int64 // log number: dense count of our events in $all order, from 1
	Event    any   // newest domain form, e.g. ticket.Assigned; never nil
	Envelope Envelope
	// Refold is set on record.struck and on events that are Late: the whole
	// stream up to and with this event but without strikes and what they
	// struck, in order, as the reader found it. Numbers in it are that of this event.
	Refold []Record
}

// Late is what an event says that may have been entered after what followed
// it: if so, projectors fold its stream afresh.
type Late interface{ EnteredLate() bool }

// Page is a run of consecutive log numbers, the unit of projection.
// Page cuts carry no meaning: any cut of the same log gives the same read models.
type Page struct {
	Events []Record
	// Previous is the checkpoint before the first event.
	Previous Checkpoint
	// CaughtUp says that the reader stood at the end of the log when it cut the page.
	CaughtUp bool
}

// Checkpoint names the last event that was read.
type Checkpoint struct {
	Number   int64 // 0 before everything
	Position Position
	EventID  uuid.UUID // of the event Number, to recognise a different log
	// CreatedMax is the running maximum of Created up to Number: time T maps
	// to the last number whose CreatedMax is at or before T.
	CreatedMax time.Time
}
