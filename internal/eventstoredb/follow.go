package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// searchWindow is how many events of other streams the node passes over
// before it says where it is. Nothing here uses that, so it may be rare.
const searchWindow = 10_000

// Follow implements commands.Log by a subscription. The callbacks run in the
// caller's goroutine. After commands.ErrUnavailable the caller follows again
// from the last event it has kept; any other error would come again.
func (s *Store) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	if prefix == "" {
		return errors.New("follow: no stream prefix")
	}
	g, err := s.acquire(ctx)
	if err != nil {
		return fmt.Errorf("follow %s: %w", prefix, err)
	}
	defer g.end()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.live, cancel)()
	sub, err := s.subscribe(inner, g, after, prefix)
	if err != nil {
		return fmt.Errorf("follow %s: %w", prefix, followError(ctx, g, err))
	}
	defer func() { _ = sub.Close() }() // never fails
	for inner.Err() == nil {
		next, err := receive(sub)
		switch {
		case err != nil:
			return fmt.Errorf("follow %s: %w", prefix, followError(ctx, g, err))
		case next.EventAppeared != nil:
			err = event(recorded(next.EventAppeared.Event))
		case next.CaughtUp != nil:
			err = caughtUp()
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("follow %s: %w", prefix, followError(ctx, g, inner.Err()))
}

// subscribe returns once the node has confirmed. It runs in a worker because
// the client may hang; the subscription lasts as long as ctx.
func (s *Store) subscribe(ctx context.Context, g *generation, after eventschemas.Position, prefix string) (*esdb.Subscription, error) {
	options := esdb.SubscribeToAllOptions{
		From:               esdb.Start{},
		MaxSearchWindow:    searchWindow,
		CheckpointInterval: 1,
		Filter:             &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{prefix}},
	}
	if after != (eventschemas.Position{}) {
		options.From = esdb.Position{Commit: after.Commit, Prepare: after.Prepare}
	}
	done := work(ctx, g, func() {}, func(ctx context.Context) (*esdb.Subscription, error) {
		return g.client.SubscribeToAll(ctx, options)
	})
	defer time.AfterFunc(slowCall, s.doubt).Stop()
	timer := time.NewTimer(s.options.CallTimeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		s.doubt()
		return nil, unavailable(context.DeadlineExceeded)
	}
}

// receive returns the next message of sub; a panic of the client, a drop and
// an event without content are errors.
func receive(sub *esdb.Subscription) (next *esdb.SubscriptionEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p}
		}
	}()
	next = sub.Recv()
	if next.SubscriptionDropped != nil {
		return nil, next.SubscriptionDropped.Error
	}
	if next.EventAppeared != nil && next.EventAppeared.Event == nil {
		return nil, errors.New("event without content")
	}
	return next, nil
}

// followError says why a subscription ended: the caller's context, the loss
// of the node, or an answer of the node that it would give again.
func followError(ctx context.Context, g *generation, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if g.live.Err() != nil {
		return unavailable(context.Cause(g.live))
	}
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated, codes.InvalidArgument,
		codes.FailedPrecondition, codes.Unimplemented:
		return err
	default:
		return unavailable(err)
	}
}
