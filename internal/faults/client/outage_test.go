package client_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
)

// outages are the ways in which a node is away. Each begins, and ends when
// what it returns is called; from then on the node can be reached.
var outages = map[string]func(w *world) (end func()){
	"nobody listens": func(w *world) func() {
		w.proxy.Down()
		return func() { require.NoError(w, w.proxy.Up(w.Context())) }
	},
	"silent, then it goes on": func(w *world) func() {
		w.proxy.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
		return func() { w.proxy.Set(tcpproxy.Fault{}) }
	},
	"silent, then cut": func(w *world) func() {
		w.proxy.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
		return func() {
			w.proxy.Cut()
			w.proxy.Set(tcpproxy.Fault{})
		}
	},
	stranded: func(w *world) func() {
		w.proxy.Refuse()
		w.proxy.Strand()
		return func() { require.NoError(w, w.proxy.Up(w.Context())) }
	},
	"cut in the middle of requests": func(w *world) func() {
		w.proxy.Set(tcpproxy.Fault{ToServer: tcpproxy.Way{CutAfter: 1 + rand.IntN(300)}})
		return func() { w.proxy.Set(tcpproxy.Fault{}) }
	},
	"cut in the middle of answers": func(w *world) func() {
		w.proxy.Set(tcpproxy.Fault{ToClient: tcpproxy.Way{CutAfter: 1 + rand.IntN(300)}})
		return func() { w.proxy.Set(tcpproxy.Fault{}) }
	},
	"hardly a byte passes": func(w *world) func() {
		w.proxy.Set(tcpproxy.Both(tcpproxy.Way{BytesPerSecond: 500}))
		return func() { w.proxy.Set(tcpproxy.Fault{}) }
	},
}

// stranded is the one outage whose end the client cannot see: its connection
// stays silent for ever, and only a new one would be answered.
const stranded = "silent for ever, new connections pass"

// figures are what outages cost.
type figures struct {
	mu        sync.Mutex
	calls     int
	lateness  []time.Duration // of calls that came back after their deadline
	timers    []time.Duration // of contexts alone: how late the machine itself was
	recovered map[string][]time.Duration
}

const (
	lateBound      = 50 * time.Millisecond
	recoveredBound = time.Second
)

func (f *figures) call(deadline time.Time) {
	late := time.Since(deadline)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if late > 0 {
		f.lateness = append(f.lateness, late)
	}
}

// timer waits for the end of a context and does nothing else.
func (f *figures) timer(stop <-chan struct{}) {
	for pause(stop, 20*time.Millisecond) {
		deadline := time.Now().Add(between(50*time.Millisecond, 500*time.Millisecond))
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		<-ctx.Done()
		late := time.Since(deadline)
		cancel()
		f.mu.Lock()
		f.timers = append(f.timers, late)
		f.mu.Unlock()
	}
}

func (f *figures) recovery(kind string, d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recovered[kind] = append(f.recovered[kind], d)
}

func over(all []time.Duration, bound time.Duration) (n int, worst time.Duration) {
	for _, d := range all {
		worst = max(worst, d)
		if d > bound {
			n++
		}
	}
	return n, worst
}

// report writes the figures to the test's log and holds them against limits
// that no loaded machine can reach by itself.
func (f *figures) report(t *testing.T) {
	t.Helper()
	n, worst := over(f.lateness, lateBound)
	t.Logf("fault: outages: %d calls, %d came back after their deadline, %d of them by more than %s, the latest by %s", f.calls, len(f.lateness), n, lateBound, worst)
	require.Less(t, worst, 5*time.Second, "a call outlived its deadline")
	n, worst = over(f.timers, lateBound)
	t.Logf("fault: outages: the machine itself: of %d deadlines alone %d were seen more than %s late, the latest by %s", len(f.timers), n, lateBound, worst)
	for kind, all := range f.recovered {
		n, worst := over(all, recoveredBound)
		slices.Sort(all)
		t.Logf("fault: outages, %s: %d outages, found again after %s (median), %s (worst), %d times after more than %s",
			kind, len(all), all[len(all)/2], worst, n, recoveredBound)
		require.Less(t, worst, 20*time.Second, kind)
	}
}

// caller makes calls with deadlines, one after the other.
func (w *world) caller(stop <-chan struct{}, store func() *eventstoredb.Store, f *figures, stream string) {
	known := commands.NoStream
	for pause(stop, between(10*time.Millisecond, 30*time.Millisecond)) {
		deadline := time.Now().Add(between(50*time.Millisecond, 500*time.Millisecond))
		ctx, cancel := context.WithDeadline(w.Context(), deadline)
		switch rand.IntN(3) {
		case 0:
			if last, err := store().Append(ctx, stream, known, []eventschemas.Proposed{event("x")}); err == nil {
				known = last
			}
		case 1:
			if stored, err := store().ReadStream(ctx, stream, 0); err == nil {
				known = int64(len(stored)) - 1
			}
		case 2:
			_ = store().Ping(ctx) // only its time counts
		}
		f.call(deadline)
		cancel()
	}
}

// follower follows the log again whenever it is lost.
func (w *world) follower(ctx context.Context, store func() *eventstoredb.Store) {
	for ctx.Err() == nil {
		_ = store().Follow(ctx, eventschemas.Position{}, "fl.",
			func(eventschemas.Recorded) error { return nil }, func() error { return nil })
		pause(ctx.Done(), 5*time.Millisecond)
	}
}

// supervised is a store that is replaced now and then, while it is called.
type supervised struct {
	*world
	mu    sync.Mutex
	store *eventstoredb.Store
}

func (s *supervised) get() *eventstoredb.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store
}

// replace closes the store under its callers and opens another.
func (s *supervised) replace() error {
	old := s.get()
	next, err := eventstoredb.Open(s.Context(), eventstoredb.Options{
		ConnectionString: "esdb://" + s.proxy.Addr() + "?tls=false", Patience: 150 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.store = next
	s.mu.Unlock()
	if old == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), between(time.Millisecond, 2*time.Second))
	defer cancel()
	_ = old.Close(ctx) // calls that were cut off are what is wanted
	return nil
}

// endure lets a supervised client go through n outages of random kinds and
// lengths, short ones being as likely as long ones.
func (w *world) endure(f *figures, n int, shortest, longest time.Duration) error {
	s := &supervised{world: w}
	if err := s.replace(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(w.Context())
	stop := make(chan struct{})
	var running sync.WaitGroup
	for c := range 4 {
		running.Go(func() { w.caller(stop, s.get, f, fmt.Sprintf("fl.caller-%d", c)) })
	}
	running.Go(func() { w.follower(ctx, s.get) })
	running.Go(func() { f.timer(stop) })
	kinds := make([]string, 0, len(outages))
	for kind := range outages {
		kinds = append(kinds, kind)
	}
	err := s.reached()
	for i := 0; i < n && err == nil; i++ {
		kind := kinds[rand.IntN(len(kinds))]
		length := time.Duration(float64(shortest) * math.Pow(float64(longest)/float64(shortest), rand.Float64()))
		end := outages[kind](w)
		pause(nil, length/2)
		if i%5 == 4 {
			err = s.replace()
		}
		pause(nil, length/2)
		end()
		back := time.Now()
		if lost := s.reached(); lost != nil {
			err = fmt.Errorf("outage %d, %s: %w", i, kind, lost)
		}
		f.recovery(kind, time.Since(back))
	}
	close(stop)
	cancel()
	last, cancelClose := context.WithTimeout(context.Background(), patience)
	defer cancelClose()
	_ = s.get().Close(last) // goleak tells what it leaves
	running.Wait()
	return err
}

// reached waits until the node answers.
func (s *supervised) reached() error {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	for {
		once, cancelOnce := context.WithTimeout(ctx, 300*time.Millisecond)
		err := s.get().Ping(once)
		cancelOnce()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func TestTheSupervisorFindsTheNodeAgainAfterEveryOutageAndNoCallOutlivesItsDeadline(t *testing.T) {
	t.Parallel()
	worlds, each := scale.Times(3, 20), scale.Times(6, 50)
	shortest, longest := 100*time.Millisecond, 400*time.Millisecond
	if scale.Full() {
		longest = 10 * time.Second
	}
	f := &figures{recovered: map[string][]time.Duration{}}
	errs := make([]error, worlds)
	var wg sync.WaitGroup
	for i := range worlds {
		w := newWorld(t)
		wg.Go(func() { errs[i] = w.endure(f, each, shortest, longest) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	t.Logf("fault: outages: %d outages of %s to %s, lengths spread evenly over their logarithm, %d at a time", worlds*each, shortest, longest, worlds)
	f.report(t)
}

func TestADeadConnectionIsLeftWhileItsCallStillWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open(patience)
	require.NoError(t, s.Ping(t.Context()))
	begun, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- s.Follow(t.Context(), eventschemas.Position{}, "fl.",
			func(eventschemas.Recorded) error { return nil },
			func() error { begun <- struct{}{}; return nil })
	}()
	<-begun
	require.Positive(t, w.proxy.Strand())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	call := make(chan error, 1)
	go func() { call <- s.Ping(ctx) }()
	err := <-ended
	require.ErrorIs(t, err, commands.ErrUnavailable)
	require.ErrorContains(t, err, "silent while a new one is answered")
	require.NoError(t, s.Ping(t.Context()))
	cancel()
	require.Error(t, <-call)
}

func TestACallThatWaitedForADeadConnectionGoesOnTheNextOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open(patience, func(o *eventstoredb.Options) { o.MaxCalls = 1 })
	require.NoError(t, s.Ping(t.Context()))
	require.Positive(t, w.proxy.Strand())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	const calls = 9 // one has the only slot and is sent, the others wait for it
	answers := make(chan error, calls)
	for range calls {
		go func() { answers <- s.Ping(ctx) }()
	}
	for range calls - 1 {
		require.NoError(t, <-answers)
	}
	cancel()
	require.Error(t, <-answers)
}
