package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fieldledger/fieldledger/commands"
)

// panicError is a panic of the client, caught in the worker of one call.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("event store client panicked: %v", e.value) }

// result is what a worker hands to its caller.
type result[T any] struct {
	value T
	err   error
}

// call runs f on the present client and returns by the end of ctx, even if f
// does not. While it is slow the node is asked whether it is still there. A
// call whose connection was given up before f was run begins again on the one
// that takes its place. An error that is commands.ErrUnavailable says that f
// was not run.
func call[T any](ctx context.Context, s *Store, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	for {
		g, err := s.acquire(ctx)
		if err != nil {
			return none, err
		}
		slow := time.AfterFunc(slowCall, s.doubt) // waiting for a node is no doubt of the next one
		value, err := callOn(ctx, g, f)
		slow.Stop()
		givenUp := g.live.Err() != nil
		g.end()
		if givenUp && errors.Is(err, commands.ErrUnavailable) {
			continue // acquire waits for the next one, and knows when to stop
		}
		if doubtful(err) {
			s.doubt()
		}
		return value, err
	}
}

// callOn runs f on the client of g, which the caller has begun. It waits for
// one of the generation's slots and holds it until f has returned.
func callOn[T any](ctx context.Context, g *generation, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	select {
	case g.slots <- struct{}{}:
	default:
		select {
		case g.slots <- struct{}{}:
		case <-g.live.Done():
			return none, unavailable(context.Cause(g.live))
		case <-ctx.Done():
			return none, unavailable(ctx.Err())
		}
	}
	if ctx.Err() != nil {
		<-g.slots
		return none, unavailable(ctx.Err())
	}
	return run(ctx, g, func() { <-g.slots }, f)
}

// run is callOn without a slot; it calls after when f has returned.
func run[T any](ctx context.Context, g *generation, after func(), f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	done := work(ctx, g, after, func(ctx context.Context) (T, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(g.calls, cancel)()
		return f(ctx, g.client)
	})
	select {
	case r := <-done:
		return r.value, plainContext(ctx, r.err)
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// plainContext gives the end of a context its usual error in place of the
// status that travelled; the node may notice a deadline first.
func plainContext(ctx context.Context, err error) error {
	switch status.Code(err) {
	case codes.DeadlineExceeded:
		return context.DeadlineExceeded
	case codes.Canceled:
		if ctx.Err() != nil {
			return ctx.Err()
		}
	default:
	}
	return err
}

// work runs f in a worker, which counts as a call of g until f has returned;
// then it calls after. The channel gets exactly one result.
func work[T any](ctx context.Context, g *generation, after func(), f func(context.Context) (T, error)) <-chan result[T] {
	g.more() // the caller has begun, so the generation cannot be over
	done := make(chan result[T], 1)
	g.do(func() {
		defer g.end()
		defer after()
		value, err := enter(ctx, g, f)
		done <- result[T]{value, err}
	})
	return done
}

// enter runs f unless g is retired, holding the entry lock until the client
// has given f its connection. A panic of f becomes a *panicError and retires g.
func enter[T any](ctx context.Context, g *generation, f func(context.Context) (T, error)) (value T, err error) {
	g.entry.RLock()
	leave := sync.OnceFunc(g.entry.RUnlock)
	defer leave()
	if g.live.Err() != nil {
		return value, unavailable(context.Cause(g.live))
	}
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p}
			g.retire(err)
		}
	}()
	return f(entering{Context: ctx, entered: leave})
}

// entering is a context that tells when the client first asks for its
// deadline, which it does once the call has its connection.
type entering struct {
	context.Context
	entered func()
}

func (e entering) Deadline() (time.Time, bool) {
	e.entered()
	return e.Context.Deadline()
}

// doubtful says whether err makes it likely that the node is lost although
// the client has not noticed: no answer in time, or a call that broke off
// while it was being sent.
func doubtful(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF)
}

// unavailable says that a call was not sent, and why.
func unavailable(why error) error {
	if why == nil {
		return commands.ErrUnavailable
	}
	return fmt.Errorf("%w: %w", commands.ErrUnavailable, why)
}
