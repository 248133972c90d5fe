package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Decider is an aggregate: its pure rules and how they are stored. S is its
// state, C its commands, E its events.
type Decider[S, C, E any] struct {
	Name    string // stream category and command prefix, "ticket"
	Version string // recorded in each event, "ticket/1"
	Decide  func(S, C) ([]E, error)
	Evolve  func(s S, revision uint64, e E) S
	// Evolve is given the zero E (nil) for a revision that was struck or is a
	// strike. With Raw it is given a rawEvent for every stored event instead,
	// and its folds are not cached.
	Raw bool
}

// rawEvent is what a Raw decider sees of a stored event.
type rawEvent struct {
	eventschemas.Recorded
	event any
}

// known is what the fold remembers of a command.
type known struct {
	last   int64 // revision of its last event
	digest string
}

// folded is a stream, folded. It is never changed once published.
type folded[S any] struct {
	state    S
	revision int64  // NoStream if it does not exist
	site     string // code, from the first event
	first    any    // the first event, struck or not
	prev     string
	commands map[uuid.UUID]known
}

func load[S, C, E any](ctx context.Context, store StreamReader, d Decider[S, C, E], stream string) (folded[S], error) {
	stored, err := store.ReadStream(ctx, stream, 0)
	if err != nil && !errors.Is(err, ErrStreamNotFound) {
		return folded[S]{}, fmt.Errorf("read stream %s: %w", stream, err)
	}
	return foldAll(d, stored)
}

// foldAll folds a whole stream; struck events are dropped before Evolve (AUD-02).
func foldAll[S, C, E any](d Decider[S, C, E], stored []eventschemas.Recorded) (folded[S], error) {
	f := folded[S]{revision: NoStream, commands: make(map[uuid.UUID]known, len(stored))}
	events := make([]any, len(stored))
	struck := map[uint64]bool{}
	for i, e := range stored {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		if err != nil {
			return f, fmt.Errorf("envelope of %s@%d: %w", e.Stream, e.Revision, err)
		}
		if events[i], err = eventschemas.Decode(e.Type, e.Data); err != nil {
			return f, fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
		}
		if i == 0 {
			f.site, f.first = env.Site, events[i]
		}
		if s, ok := events[i].(record.Struck); ok {
			struck[s.Revision] = true
		}
		f.revision = int64(e.Revision) //nolint:gosec // a revision fits
		f.commands[env.Command.ID] = known{last: f.revision, digest: env.Command.SHA256}
	}
	for i, e := range stored {
		ev, err := foldable(d, e, events[i], struck)
		if err != nil {
			return f, err
		}
		f.state = d.Evolve(f.state, e.Revision, ev)
	}
	if n := len(stored); n > 0 {
		f.prev = eventschemas.ChainHash(stored[n-1])
	}
	return f, nil
}

// foldable is what Evolve gets for a stored event: nothing for one that was
// struck or is a strike, since the revision counts and the event does not (AUD-02).
func foldable[S, C, E any](d Decider[S, C, E], e eventschemas.Recorded, event any, struck map[uint64]bool) (E, error) {
	var nothing E
	if d.Raw {
		event = rawEvent{e, event}
	} else if _, strike := event.(record.Struck); strike || struck[e.Revision] {
		return nothing, nil
	}
	ev, ok := event.(E)
	if !ok {
		return nothing, fmt.Errorf("event %s@%d is a %T, which %s does not know", e.Stream, e.Revision, event, d.Name)
	}
	return ev, nil
}
