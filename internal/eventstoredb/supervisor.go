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
// does the check of a node in doubt: its connection may be dead although new
// ones are answered. To give up one that is only slow costs a new connection,
// and calls under way go on.
const (
	probeTimeout = 400 * time.Millisecond
	firstPause   = 50 * time.Millisecond
	longestPause = 400 * time.Millisecond
	checkTimeout = 700 * time.Millisecond // of a call that asks whether the node is still there
	greetTimeout = 2 * time.Second        // of the first call on a new connection
)

// supervise gives the store one generation after another until it closes.
func (s *Store) supervise() {
	pause := firstPause
	for !s.closing() {
		g, err := s.connect()
		if err != nil {
			s.lost(err)
			s.rest(pause)
			pause = min(2*pause, longestPause)
			continue
		}
		pause = firstPause
		s.found(g)
		s.watch(g)
		s.lost(context.Cause(g.live))
		s.parts.Go(func() { g.reap(s.forced) })
		s.rest(firstPause)
	}
}

// connect makes a client and proves it with one call.
func (s *Store) connect() (*generation, error) {
	if err := probe(s.closed, addresses(s.config)); err != nil {
		return nil, err
	}
	g, err := newGeneration(*s.config, s.options.MaxCalls, s.options.Log)
	if err != nil {
		return nil, err
	}
	g.begin()
	limit := time.Duration(s.config.GossipTimeout)*time.Second + greetTimeout
	err = s.check(g, limit)
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
// when the node does not answer after a call has raised a doubt.
func (s *Store) watch(g *generation) {
	for {
		select {
		case <-g.live.Done():
			return
		case <-s.closed.Done():
			g.retire(errClosed)
			return
		case <-s.doubts:
			if !g.begin() {
				return
			}
			if err := s.check(g, checkTimeout); err != nil {
				g.retire(err)
			}
			g.end()
		}
	}
}

// check asks the node of g for an answer, of whatever kind. It does not wait
// for a slot: a busy generation is not a lost one. The caller has begun.
func (s *Store) check(g *generation, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(s.closed, limit)
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

// rest waits for about d, or until the store closes.
func (s *Store) rest(d time.Duration) {
	spread := rand.N(d/2) - d/4 //nolint:gosec // spreads the load, keeps no secret
	timer := time.NewTimer(d + spread)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closed.Done():
	}
}
