package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// NoStream is the expected revision of a stream that must not exist yet.
const NoStream int64 = -1

// Errors of an EventStore. Every other error means "outcome unknown": re-read
// the stream before trying again, never assume that nothing was stored.
var (
	// ErrStreamNotFound says that the stream has no events.
	ErrStreamNotFound = errors.New("stream not found")
	// ErrUnavailable says that the store cannot be reached now and that the
	// call was not sent, or that a read did not complete. Trying later is right.
	ErrUnavailable = errors.New("event store unavailable")
	// ErrStorageFull says that the store refuses appends for want of disk
	// space; nothing was stored and reads go on.
	ErrStorageFull = errors.New("event store has no space")
)

// ConflictError says that the stream is not at the expected revision; nothing was stored.
type ConflictError struct {
	Stream           string
	Expected, Actual int64 // NoStream for none
}

// Error tells both revisions.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at revision %d, not %d", e.Stream, e.Actual, e.Expected)
}

// EventStore is the log. Implementations are safe for concurrent use, and
// every call returns by its context's deadline. The contract suite is
// internal/storetest.
type EventStore interface {
	StreamReader
	Log
	// Append stores events, all or none, if the last revision of stream is
	// expected (NoStream for a new stream), and returns the last new revision
	// once they are on disk. Repeating an append that was stored answers as
	// before. Errors: *ConflictError, ErrUnavailable, ErrStorageFull, else unknown outcome.
	Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error)
}

// StreamReader reads one stream.
type StreamReader interface {
	// ReadStream returns the events of stream from revision from (inclusive)
	// to its end, in order. ErrStreamNotFound if the stream never had any; an
	// empty slice if from is past the end.
	ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error)
}

// Log reads all streams whose name starts with a prefix, in log order.
type Log interface {
	// Follow calls event for each event after the given position (the zero
	// Position is before everything), first the stored ones, then new ones as
	// they come, and caughtUp each time the end of the log is reached. It ends only with ctx, when a
	// callback returns an error (which it returns), or when the store is lost
	// (ErrUnavailable). Callbacks are called one at a time.
	Follow(ctx context.Context, after eventschemas.Position, prefix string,
		event func(eventschemas.Recorded) error, caughtUp func() error) error
}

// Clock tells the time; the only one that may read the machine's is internal/clock.
type Clock interface {
	Now() time.Time // UTC
}

// Waker is a Clock that can be waited for. Safe for concurrent use.
type Waker interface {
	Clock
	// Wake returns a channel that is closed once the clock has reached at, and
	// a function that gives up waiting, to be called in the end. A clock that is
	// set may reach it earlier than was to be expected, or be late.
	Wake(at time.Time) (reached <-chan struct{}, cancel func())
}
