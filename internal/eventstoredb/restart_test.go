package eventstoredb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

// TestNothingIsLostOrDoubledWhenTheNodeRestartsUnderLoad stops a node on disk
// again and again while writers append and a reader follows. A writer that
// does not know what became of an append sends the same one again.
func TestNothingIsLostOrDoubledWhenTheNodeRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	const writers, restarts = 8, 6
	options := eventnode.Options{Clock: clock.System{}, Insecure: true, Dir: t.TempDir(), ReserveBytes: -1}
	node := restart(t, nil, &options)
	s := open(t, node.Addr(), func(o *eventstoredb.Options) { o.Patience = 500 * time.Millisecond })

	reader := followAcrossOutages(t, s, "fl.")
	acknowledged := make([][]uuid.UUID, writers)
	var failed sync.Map
	pending := make([][]eventschemas.Proposed, writers)
	stop := calls(t, writers, func(w, _ int) {
		if pending[w] == nil {
			pending[w] = one()
		}
		last, err := s.Append(within(t, time.Second), fmt.Sprintf("fl.writer-%d", w), int64(len(acknowledged[w]))-1, pending[w])
		switch conflict := new(commands.ConflictError); {
		case err == nil:
			if last != int64(len(acknowledged[w])) {
				failed.Store(w, fmt.Errorf("revision %d after %d events", last, len(acknowledged[w])))
			}
			acknowledged[w] = append(acknowledged[w], pending[w][0].ID)
			pending[w] = nil
		case errors.As(err, &conflict):
			failed.Store(w, err)
		}
	})
	for range restarts {
		before := node.Head().Events
		require.Eventually(t, func() bool { return node.Head().Events > before+20 }, patience, time.Millisecond)
		node = restart(t, node, &options)
	}
	require.Eventually(t, func() bool { return s.Ping(within(t, time.Second)) == nil }, patience, time.Millisecond)
	stop()
	failed.Range(func(_, err any) bool { require.NoError(t, err.(error)); return true })

	total := 0
	for w, want := range acknowledged {
		stream := fmt.Sprintf("fl.writer-%d", w)
		stored, err := s.ReadStream(within(t, patience), stream, 0)
		require.NoError(t, err)
		// The last append may have been stored without its writer knowing.
		require.LessOrEqual(t, len(stored)-len(want), 1)
		require.Equal(t, want, idsOf(stored)[:len(want)])
		require.Eventually(t, func() bool { return len(reader.of(stream)) == len(stored) }, patience, time.Millisecond)
		require.Equal(t, idsOf(stored), reader.of(stream))
		total += len(stored)
	}
	t.Logf("%d events over %d restarts, the reader began %d times", total, restarts, reader.beginnings())
	require.NoError(t, node.Close(within(t, patience)))
}

// restart closes node and opens it again on the same port and directory.
func restart(t *testing.T, node *eventnode.Node, options *eventnode.Options) *eventnode.Node {
	t.Helper()
	if node != nil {
		options.Listen = node.Addr()
		require.NoError(t, node.Close(within(t, patience)))
	}
	ctx := within(t, patience)
	for { // the port and the directory may be in use for a moment
		again, err := eventnode.Open(ctx, *options)
		if err == nil {
			return again
		}
		require.NoError(t, ctx.Err(), "%v", err)
		<-time.After(5 * time.Millisecond)
	}
}

// reader follows a log for as long as the test lasts and keeps its place.
type reader struct {
	mu     sync.Mutex
	events map[string][]uuid.UUID // by stream
	begun  int
}

func followAcrossOutages(t *testing.T, s *eventstoredb.Store, prefix string) *reader {
	t.Helper()
	r := &reader{events: map[string][]uuid.UUID{}}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		var at eventschemas.Position
		for ctx.Err() == nil {
			r.mu.Lock()
			r.begun++
			r.mu.Unlock()
			err := s.Follow(ctx, at, prefix, func(e eventschemas.Recorded) error {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.events[e.Stream] = append(r.events[e.Stream], e.ID)
				at = e.Position
				return nil
			}, func() error { return nil })
			if !isUnavailable(err) {
				return
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return r
}

func (r *reader) of(stream string) []uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]uuid.UUID(nil), r.events[stream]...)
}

func (r *reader) beginnings() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun
}

func idsOf(events []eventschemas.Recorded) []uuid.UUID {
	ids := make([]uuid.UUID, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}
