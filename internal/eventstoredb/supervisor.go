package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Limits of the search for a node. The longest pause and the probe together
// stay below the second within which a returning node must be found, and so
// do a slow call and the wait for an answer on the old connection: it may be
// dead although new ones are answered. Only then is it given up at once; a
// node that is merely slow has more time, since to lose it ends every Follow.
const (
	probeTimeout = 400 * time.Millisecond
	firstPause   = 50 * time.Millisecond
	longestPause = 400 * time.Millisecond
	slowCall     = 200 * time.Millisecond // after which a call raises a doubt
	checkSoon    = 200 * time.Millisecond // after which a node in doubt is asked on a new connection too
	checkTimeout = 2 * time.Second        // of a call that asks whether the node is still there
	greetTimeout = 2 * time.Second        // of the first call on a new connection
)

var errSilent = errors.New("connection is silent while a new one is answered")

// supervise gives the store one generation after another until it closes.
func (s *Store) supervise() {
	pause := firstPause
	var next *generation
	for !s.closing() {
		g := next
		if g == nil {
			var err error
			if g, err = s.connect(s.closed); err != nil {
				s.lost(err)
				rest(s.closed, pause)
				pause = min(2*pause, longestPause)
				continue
			}
		}
		pause = firstPause
		s.found(g)
		if next = s.watch(g); next == nil {
			s.lost(context.Cause(g.live))
		}
		s.parts.Go(func() { g.reap(s.forced) })
		if next == nil {
			rest(s.closed, firstPause)
		}
	}
	s.dismiss(next)
}

// dismiss ends a generation that no call has begun on; nil is none.
func (s *Store) dismiss(g *generation) {
	if g == nil {
		return
	}
	g.retire(errClosed)
	s.parts.Go(func() { g.reap(s.forced) })
}

// connect makes a client and proves it with one call.
func (s *Store) connect(ctx context.Context) (*generation, error) {
	if err := probe(ctx, addresses(s.config)); err != nil {
		return nil, err
	}
	g, err := newGeneration(*s.config, s.options.MaxCalls, s.options.Log)
	if err != nil {
		return nil, err
	}
	g.begin()
	limit := time.Duration(s.config.GossipTimeout)*time.Second + greetTimeout
	err = check(ctx, g, limit)
	g.end()
	if err == nil && g.live.Err() != nil {
		err = context.Cause(g.live)
	}
	if err != nil {
		g.retire(err)
		s.parts.Go(func() { g.reap(s.forced) })
		return nil, err
	}
	return g, nil
}

// watch returns when g has retired, which it sees to when the store closes or
// when the node does not answer after a call has raised a doubt. If a new
// connection was answered in its place, that one is returned, else nil.
func (s *Store) watch(g *generation) (next *generation) {
	for {
		select {
		case <-g.live.Done():
			return nil
		case <-s.closed.Done():
			g.retire(errClosed)
			return nil
		case <-s.doubts:
			if !g.begin() {
				return nil
			}
			next = s.settle(g)
			g.end()
			if next != nil {
				return next
			}
		}
	}
}

// settle decides a doubt: the node of g is asked and, if it does not answer
// soon, on a new connection too. If the new one is answered first it is
// returned and g retires; if the old one fails, g retires. The caller has
// begun g.
func (s *Store) settle(g *generation) *generation {
	ctx, cancel := context.WithCancel(s.closed)
	defer cancel()
	old := make(chan error, 1)
	s.parts.Go(func() { old <- check(ctx, g, checkTimeout) })
	timer := time.NewTimer(checkSoon)
	defer timer.Stop()
	select {
	case err := <-old:
		if err != nil {
			g.retire(err)
		}
		return nil
	case <-timer.C:
	}
	fresh := make(chan *generation, 1)
	s.parts.Go(func() { fresh <- s.another(ctx) })
	select {
	case err := <-old:
		cancel()
		next := <-fresh
		if err != nil {
			g.retire(err)
			return next
		}
		s.dismiss(next)
		return nil
	case next := <-fresh:
		if next == nil {
			g.retire(errClosed)
		}
		g.retire(errSilent) // only the first cause counts
		cancel()
		if err := <-old; err != nil {
			g.retire(err)
		}
		return next
	}
}

// another connects until it has succeeded; nil means that ctx has ended before.
func (s *Store) another(ctx context.Context) *generation {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if next, err := s.connect(ctx); err == nil {
			return next
		}
		if rest(ctx, pause); ctx.Err() != nil {
			return nil
		}
	}
}

// check asks the node of g for an answer, of whatever kind. It does not wait
// for a slot: a busy generation is not a lost one. The caller has begun.
func check(ctx context.Context, g *generation, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := run(ctx, g, func() {}, ping)
	if err == nil || answered(err) {
		return nil
	}
	return fmt.Errorf("check event store node: %w", err)
}

// pingStream has no events; to read it is the cheapest call that goes all the
// way through the node's access check and storage.
const pingStream = "fieldledger-ping"

// ping returns nil if the node answers as it should.
func ping(ctx context.Context, client *esdb.Client) (struct{}, error) {
	var none struct{}
	stream, err := client.ReadStream(ctx, pingStream, esdb.ReadStreamOptions{From: esdb.Start{}}, 1)
	if err != nil {
		return none, err
	}
	defer stream.Close()
	if _, err = stream.Recv(); codeOf(err) == esdb.ErrorCodeResourceNotFound {
		return none, nil
	}
	return none, err
}

// probe says whether any of the addresses accepts a connection. It costs much
// less than a client and finds a returning node at once.
func probe(ctx context.Context, addresses []string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var failures []error
	for _, address := range addresses {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// found makes g the present generation and lets the waiting calls go on.
func (s *Store) found(g *generation) {
	s.options.Log.Info("event store found")
	s.change(g, nil)
}

// lost says why there is no node now. Calls wait from here on.
func (s *Store) lost(why error) {
	s.mu.Lock()
	first := s.present != nil || s.why == nil
	s.mu.Unlock()
	if first && !s.closing() {
		s.options.Log.Warn("event store lost", "error", why)
	}
	s.change(nil, why)
}

func (s *Store) change(present *generation, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present, s.why = present, why
	close(s.changed)
	s.changed = make(chan struct{})
}

// rest waits for about d, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	spread := rand.N(d/2) - d/4 //nolint:gosec // spreads the load, keeps no secret
	timer := time.NewTimer(d + spread)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
