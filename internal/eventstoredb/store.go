package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fieldledger/fieldledger/commands"
)

var (
	_ commands.EventStore = (*Store)(nil)
	_ commands.EventStore = Split{}
)

var (
	errClosed     = errors.New("store is closed")
	errConnecting = errors.New("still connecting")
)

// Store is a commands.EventStore on a node or cluster somewhere else. It is
// safe for concurrent use. Make it with Open and end it with Close.
type Store struct {
	options Options
	config  *esdb.Configuration
	parts   sync.WaitGroup // the supervisor and clients being closed
	doubts  chan struct{}  // asks for a check of the present node

	closed context.Context // ends when Close begins
	shut   context.CancelFunc
	forced chan struct{} // closed when Close waits no longer
	force  func()

	mu      sync.Mutex
	present *generation
	changed chan struct{} // closed at the next change of present
	why     error         // why there is none
}

// Open checks the options and starts to look for the node. It does not wait
// for it: Ping does. An error means that the options are wrong; ctx limits
// nothing after Open has returned.
func Open(ctx context.Context, options Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open event store: %w", err)
	}
	config, err := options.configure()
	if err != nil {
		return nil, fmt.Errorf("open event store: %w", err)
	}
	s := &Store{
		options: options,
		config:  config,
		doubts:  make(chan struct{}, 1),
		forced:  make(chan struct{}),
		changed: make(chan struct{}),
	}
	s.closed, s.shut = context.WithCancel(context.WithoutCancel(ctx))
	s.force = sync.OnceFunc(func() { close(s.forced) })
	s.parts.Go(s.supervise)
	return s, nil
}

// Ping returns nil if the node answers with the given credentials. Any error
// says why it does not; commands.ErrUnavailable that it cannot be reached.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	if _, err := call(ctx, s, ping); err != nil {
		return fmt.Errorf("ping event store: %w", readError(err))
	}
	return nil
}

// Close refuses new calls, ends every Follow with commands.ErrUnavailable,
// and waits until the other calls have ended. When ctx ends before them it
// cuts them off, and says so by an error. Calling it again does no harm.
func (s *Store) Close(ctx context.Context) error {
	s.shut()
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.parts.Wait()
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
	}
	s.force()
	return fmt.Errorf("close event store: calls were cut off: %w", ctx.Err())
}

// closing says whether Close has begun.
func (s *Store) closing() bool { return s.closed.Err() != nil }

// doubt asks the supervisor to check the present node.
func (s *Store) doubt() {
	select {
	case s.doubts <- struct{}{}:
	default: // a check is due already
	}
}

// limit gives ctx the store's time limit if it has none.
func (s *Store) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.options.CallTimeout)
}

// acquire begins a call on the present generation, waiting for one if need
// be, but not longer than the store's patience. The caller must end it. Every
// error is commands.ErrUnavailable.
func (s *Store) acquire(ctx context.Context) (*generation, error) {
	var patience <-chan time.Time
	for {
		if err := ctx.Err(); err != nil {
			return nil, unavailable(err)
		}
		s.mu.Lock()
		g, changed := s.present, s.changed
		s.mu.Unlock()
		if g != nil && g.begin() {
			return g, nil
		}
		if patience == nil {
			timer := time.NewTimer(s.options.Patience)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case <-changed:
		case <-patience:
			return nil, unavailable(s.reason())
		case <-ctx.Done():
			return nil, unavailable(errors.Join(ctx.Err(), s.reason()))
		case <-s.closed.Done():
			return nil, unavailable(errClosed)
		}
	}
}

// reason says why there is no node.
func (s *Store) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why == nil {
		return errConnecting
	}
	return s.why
}
