package eventstoredb

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Split appends through the client and reads from the node itself, where the
// node runs in the same process: that way an event costs a small part of what
// it costs through the client. Both must be the same log. Errors and
// concurrency are those of its two parts.
type Split struct {
	*Store
	Local interface {
		commands.StreamReader
		commands.Log
	}
}

// ReadStream reads from the node itself.
func (s Split) ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	return s.Local.ReadStream(ctx, stream, from)
}

// Follow follows the node itself.
func (s Split) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	return s.Local.Follow(ctx, after, prefix, event, caughtUp)
}
