package storetest_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheSimplestStoreKeepsTheContract shows that the suite asks for no more
// than the port says: a slice with a lock passes.
func TestTheSimplestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	shared := newSlice()
	storetest.Exercise(t, storetest.Cases(func(storetest.T) commands.EventStore { return shared }))
}

// slice is a commands.EventStore in its simplest form.
type slice struct {
	mu    sync.Mutex
	log   []eventschemas.Recorded
	grown chan struct{} // closed at the next append
}

func newSlice() *slice { return &slice{grown: make(chan struct{})} }

func (s *slice) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.of(stream)
	last := int64(len(stored)) - 1
	after := expected + int64(len(events))
	switch {
	case expected > last, expected < last && !repeats(stored[expected+1:], events):
		return 0, &commands.ConflictError{Stream: stream, Expected: expected, Actual: last}
	case expected < last:
		return after, nil
	}
	for i, e := range events {
		s.log = append(s.log, eventschemas.Recorded{
			Stream: stream, Revision: uint64(expected + 1 + int64(i)),
			ID: e.ID, Type: e.Type, Data: e.Data, Meta: e.Meta, Created: clock.System{}.Now(),
			Position: eventschemas.Position{Commit: uint64(len(s.log) + 1), Prepare: uint64(len(s.log) + 1)},
		})
	}
	close(s.grown)
	s.grown = make(chan struct{})
	return after, nil
}

// repeats says whether stored begins with events.
func repeats(stored []eventschemas.Recorded, events []eventschemas.Proposed) bool {
	if len(stored) < len(events) {
		return false
	}
	for i, e := range events {
		if stored[i].ID != e.ID {
			return false
		}
	}
	return true
}

func (s *slice) of(stream string) []eventschemas.Recorded {
	found := []eventschemas.Recorded{}
	for _, e := range s.log {
		if e.Stream == stream {
			found = append(found, e)
		}
	}
	return found
}

func (s *slice) ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.of(stream)
	if len(found) == 0 {
		return nil, commands.ErrStreamNotFound
	}
	return found[min(from, uint64(len(found))):], nil
}

func (s *slice) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	next := int(after.Commit)
	for ctx.Err() == nil {
		s.mu.Lock()
		fresh, grown := s.log[next:], s.grown
		s.mu.Unlock()
		for _, e := range fresh {
			if strings.HasPrefix(e.Stream, prefix) {
				if err := event(e); err != nil {
					return err
				}
			}
		}
		next += len(fresh)
		if err := caughtUp(); err != nil {
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}
