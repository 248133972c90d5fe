package eventstoredb_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

func isUnavailable(err error) bool { return errors.Is(err, commands.ErrUnavailable) }

// atOnce runs f n times at once and returns how much later than its deadline
// the last one returned.
func atOnce(t *testing.T, n int, limit time.Duration, f func(ctx context.Context) error) (late time.Duration, errs []error) {
	t.Helper()
	ctx := within(t, limit)
	deadline, _ := ctx.Deadline()
	errs = make([]error, n)
	var latest atomic.Int64
	over := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			errs[i] = f(ctx)
			for d := int64(time.Since(deadline)); d > latest.Load(); {
				latest.Store(d)
			}
		})
	}
	go func() {
		defer close(over)
		wg.Wait()
	}()
	select {
	case <-over:
	case <-time.After(patience):
		require.FailNow(t, "calls hang")
	}
	return time.Duration(latest.Load()), errs
}

func TestCallsReturnWhenTheNodeAcceptsAndNeverAnswers(t *testing.T) {
	t.Parallel()
	s := open(t, blackHole(t), func(o *eventstoredb.Options) { o.Patience = time.Hour })
	late, errs := atOnce(t, 100, 500*time.Millisecond, func(ctx context.Context) error {
		_, err := s.Append(ctx, "fl.a", commands.NoStream, one())
		return err
	})
	t.Logf("100 appends, latest %v after the deadline", late)
	for _, err := range errs {
		require.ErrorIs(t, err, commands.ErrUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	late, errs = atOnce(t, 100, 500*time.Millisecond, func(ctx context.Context) error {
		_, err := s.ReadStream(ctx, "fl.a", 0)
		return err
	})
	t.Logf("100 reads, latest %v after the deadline", late)
	for _, err := range errs {
		require.ErrorIs(t, err, commands.ErrUnavailable)
	}
}

func TestCallsReturnWhenNobodyListens(t *testing.T) {
	t.Parallel()
	node := new(stub).start(t, "")
	node.stop()
	s := open(t, node.address, func(o *eventstoredb.Options) { o.Patience = 100 * time.Millisecond })
	_, errs := atOnce(t, 100, patience, func(ctx context.Context) error {
		_, err := s.Append(ctx, "fl.a", commands.NoStream, one())
		return err
	})
	for _, err := range errs { // patience ends them, the deadline is far away
		require.ErrorIs(t, err, commands.ErrUnavailable)
		require.ErrorContains(t, err, "connection refused")
	}
	require.ErrorIs(t, s.Ping(within(t, patience)), commands.ErrUnavailable)
	err := s.Follow(within(t, patience), eventschemas.Position{}, "fl.", nil, nil)
	require.ErrorIs(t, err, commands.ErrUnavailable)
}

func TestAnAppendThatIsNotAnsweredEndsWithItsDeadlineAndIsUnknown(t *testing.T) {
	t.Parallel()
	var received, atFirst atomic.Int64
	node := &stub{onAppend: func(ctx context.Context, _ *streams.AppendReq_Options, _ []*streams.AppendReq_ProposedMessage) (*streams.AppendResp, error) {
		received.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	s := open(t, node.start(t, "").address)
	require.NoError(t, s.Ping(within(t, patience)))
	late, errs := atOnce(t, 300, 300*time.Millisecond, func(ctx context.Context) error {
		_, err := s.Append(ctx, "fl.a", commands.NoStream, one())
		atFirst.CompareAndSwap(0, received.Load()) // then its place is free, and another may be sent for what is left of its time
		return err
	})
	t.Logf("300 appends, latest %v after the deadline", late)
	unknown := int64(0)
	for _, err := range errs { // those that had to wait for their turn were not sent
		require.ErrorIs(t, err, context.DeadlineExceeded)
		if !isUnavailable(err) {
			unknown++
		}
	}
	require.Positive(t, received.Load())
	require.LessOrEqual(t, received.Load(), unknown, "what was sent is never called unavailable")
	require.Less(t, atFirst.Load(), int64(len(errs)), "no more than MaxCalls are sent at a time")
	require.NoError(t, s.Ping(within(t, patience)))
}

func TestTheStoreRecoversFromEveryOutage(t *testing.T) {
	t.Parallel()
	const outages = 18
	node := new(stub).start(t, "")
	address := node.address
	s := open(t, address, func(o *eventstoredb.Options) { o.Patience = 150 * time.Millisecond })
	var stored, unknown atomic.Int64
	stop := calls(t, 16, func(worker, _ int) {
		ctx := within(t, 200*time.Millisecond)
		var err error
		if worker%2 == 0 {
			_, err = s.Append(ctx, "fl.a", commands.NoStream, one())
		} else if _, err = s.ReadStream(ctx, "fl.a", 0); errors.Is(err, commands.ErrStreamNotFound) {
			err = nil
		}
		switch {
		case err == nil:
			stored.Add(1)
		case !isUnavailable(err):
			unknown.Add(1)
		}
	})
	var worst time.Duration
	found := func() bool { return s.Ping(within(t, time.Second)) == nil }
	require.Eventually(t, found, patience, time.Millisecond)
	for i := range outages {
		node.stop()
		for range i % 6 { // outages of different lengths
			require.Error(t, s.Ping(within(t, patience)))
		}
		node = new(stub).start(t, address)
		up := clock.System{}.Now()
		require.Eventually(t, found, patience, time.Millisecond)
		worst = max(worst, time.Since(up))
	}
	stop()
	t.Logf("%d outages, found again after at most %v; %d calls stored, %d unknown", outages, worst, stored.Load(), unknown.Load())
	require.Positive(t, stored.Load())
}

func TestFollowEndsUnavailableWhenTheNodeIsLostAndCanBeginAgain(t *testing.T) {
	t.Parallel()
	node := new(stub).start(t, "")
	address := node.address
	s := open(t, address)
	found := func() bool { return s.Ping(within(t, patience)) == nil }
	require.Eventually(t, found, patience, time.Millisecond)
	for range 5 {
		begun := make(chan struct{}, 100)
		ended := make(chan error, 1)
		go func() {
			ended <- s.Follow(within(t, patience), eventschemas.Position{}, "fl.",
				func(eventschemas.Recorded) error { return nil },
				func() error { begun <- struct{}{}; return nil })
		}()
		receive(t, begun, ended)
		node.stop()
		require.ErrorIs(t, receive(t, ended, nil), commands.ErrUnavailable)
		node = new(stub).start(t, address)
		require.Eventually(t, found, patience, time.Millisecond)
	}
}

func TestCloseDuringCallsNeitherPanicsNorLosesAnswers(t *testing.T) {
	t.Parallel()
	node := new(stub).start(t, "")
	for range 20 {
		s, err := eventstoredb.Open(t.Context(), eventstoredb.Options{ConnectionString: "esdb://" + node.address + "?tls=false"})
		require.NoError(t, err)
		require.NoError(t, s.Ping(within(t, patience)))
		var others atomic.Int64
		done := make(chan struct{}, 1)
		stop := calls(t, 32, func(int, int) {
			_, err := s.Append(within(t, patience), "fl.a", commands.NoStream, one())
			if err != nil && !isUnavailable(err) {
				others.Add(1)
			}
			select {
			case done <- struct{}{}:
			default:
			}
		})
		receive(t, done, nil)
		require.NoError(t, s.Close(within(t, patience)))
		stop()
		require.Zero(t, others.Load(), "calls under way end before the client is closed")
		require.ErrorIs(t, s.Ping(t.Context()), commands.ErrUnavailable)
		require.NoError(t, s.Close(t.Context()))
	}
}

func TestCloseCutsOffCallsThatOutlastIt(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{}, 1)
	node := &stub{onAppend: func(ctx context.Context, _ *streams.AppendReq_Options, _ []*streams.AppendReq_ProposedMessage) (*streams.AppendResp, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	node.start(t, "")
	s, err := eventstoredb.Open(t.Context(), eventstoredb.Options{ConnectionString: "esdb://" + node.address + "?tls=false"})
	require.NoError(t, err)
	ended := make(chan error, 2)
	go func() {
		_, err := s.Append(within(t, patience), "fl.a", commands.NoStream, one())
		ended <- err
	}()
	receive(t, begun, ended)
	require.ErrorIs(t, s.Close(within(t, 50*time.Millisecond)), context.DeadlineExceeded)
	require.ErrorContains(t, receive(t, ended, nil), "outcome unknown")
}

func TestCloseEndsAFollow(t *testing.T) {
	t.Parallel()
	node := new(stub).start(t, "")
	s := open(t, node.address)
	require.Eventually(t, func() bool { return s.Ping(within(t, patience)) == nil }, patience, time.Millisecond)
	begun := make(chan struct{}, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Follow(t.Context(), eventschemas.Position{}, "fl.",
			func(eventschemas.Recorded) error { return nil },
			func() error { begun <- struct{}{}; return nil })
	}()
	receive(t, begun, ended)
	require.NoError(t, s.Close(within(t, patience)))
	require.ErrorIs(t, receive(t, ended, nil), commands.ErrUnavailable)
}

// receive returns what comes from c, and fails if an error comes from ended
// before it or nothing for a long time.
func receive[T any](t *testing.T, c <-chan T, ended <-chan error) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case err := <-ended:
		require.FailNow(t, "ended too early", "%v", err)
	case <-timer.C:
		require.FailNow(t, "waited too long")
	}
	panic("unreachable")
}

// blackHole is the address of a listener that accepts and says nothing.
func blackHole(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		wg.Wait()
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
	return listener.Addr().String()
}
