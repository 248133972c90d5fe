package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

var errCallback = errors.New("callback has had enough")

var followCases = []promise{
	{"following from zero gives every event of the prefix in order", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(3)...)
		b.append(t, b.stream("b"), commands.NoStream, proposed(2)...)
		b.append(t, b.stream("a"), 2, proposed(1)...)
		got := b.follow(t, eventschemas.Position{}).first(t, 6)
		a, c := b.read(t, b.stream("a"), 0), b.read(t, b.stream("b"), 0)
		require.Equal(t, []eventschemas.Recorded{a[0], a[1], a[2], c[0], c[1], a[3]}, got)
	}},
	{"positions rise strictly", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(20)...)
		for i := range 20 {
			b.append(t, b.stream("b"), int64(i)-1, proposed(1)...)
		}
		requireRising(t, b.follow(t, eventschemas.Position{}).first(t, 40))
	}},
	{"following from the middle starts after the event at that position", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(6)...)
		b.append(t, b.stream("b"), commands.NoStream, proposed(4)...)
		all := b.follow(t, eventschemas.Position{}).first(t, 10)
		for _, n := range []int{0, 3, 5, 8} {
			require.Equal(t, all[n+1:], b.follow(t, all[n].Position).first(t, len(all)-n-1))
		}
	}},
	{"following from the last event gives only new ones", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(3)...)
		stored := b.read(t, b.stream("a"), 0)
		f := b.follow(t, stored[2].Position)
		f.awaitCaughtUp(t)
		b.append(t, b.stream("a"), 2, proposed(1)...)
		require.Equal(t, b.read(t, b.stream("a"), 3), f.first(t, 1))
	}},
	{"new events come as they are stored", func(t T, b *bench) {
		f := b.follow(t, eventschemas.Position{})
		f.awaitCaughtUp(t)
		for i := range 30 {
			b.append(t, b.stream("a"), int64(i)-1, proposed(1)...)
			f.first(t, i+1)
		}
		require.Equal(t, b.read(t, b.stream("a"), 0), f.first(t, 30))
	}},
	{"caught up is told on a log without events of the prefix", func(t T, b *bench) {
		b.follow(t, eventschemas.Position{}).awaitCaughtUp(t)
	}},
	{"caught up is told after the stored events", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(100)...)
		f := b.follow(t, eventschemas.Position{})
		f.awaitCaughtUp(t)
		require.Equal(t, 100, f.beforeCaughtUp())
	}},
	{"streams with another prefix are left out", func(t T, b *bench) {
		other := &bench{store: b.store, prefix: "storetest-other." + b.prefix}
		for i := range 20 {
			other.append(t, other.stream("a"), int64(i)-1, proposed(1)...)
			b.append(t, b.stream("a"), int64(i)-1, proposed(1)...)
		}
		f := b.follow(t, eventschemas.Position{})
		require.Equal(t, b.read(t, b.stream("a"), 0), f.first(t, 20))
		other.append(t, other.stream("a"), 19, proposed(1)...)
		b.append(t, b.stream("a"), 19, proposed(1)...)
		require.Equal(t, b.read(t, b.stream("a"), 0), f.first(t, 21))
	}},
	{"nothing is lost or doubled at the switch from stored to new events", switchToLive},
	{"callbacks are called one at a time", oneAtATime},
	{"an error of the event callback ends it and is returned", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(5)...)
		seen := 0
		err := b.store.Follow(limited(t), eventschemas.Position{}, b.prefix, func(eventschemas.Recorded) error {
			if seen++; seen == 3 {
				return errCallback
			}
			return nil
		}, func() error { return nil })
		require.ErrorIs(t, err, errCallback)
		require.Equal(t, 3, seen)
	}},
	{"an error of the caught-up callback ends it and is returned", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(5)...)
		seen := 0
		err := b.store.Follow(limited(t), eventschemas.Position{}, b.prefix, func(eventschemas.Recorded) error {
			seen++
			return nil
		}, func() error { return errCallback })
		require.ErrorIs(t, err, errCallback)
		require.Equal(t, 5, seen)
	}},
	{"the end of the context ends it", func(t T, b *bench) {
		ctx, cancel := context.WithCancel(limited(t))
		err := b.store.Follow(ctx, eventschemas.Position{}, b.prefix,
			func(eventschemas.Recorded) error { return nil },
			func() error { cancel(); return nil })
		require.ErrorIs(t, err, context.Canceled)
	}},
	{"large events come through", func(t T, b *bench) {
		events := []eventschemas.Proposed{large(t, 500<<10), large(t, 300<<10), proposed(1)[0]}
		for i := range events {
			b.append(t, b.stream("a"), int64(i)-1, events[i])
		}
		requireStored(t, b.stream("a"), 0, events, b.follow(t, eventschemas.Position{}).first(t, 3))
	}},
	{"several may follow at once", func(t T, b *bench) {
		var all []*follower
		for range 5 {
			all = append(all, b.follow(t, eventschemas.Position{}))
		}
		b.append(t, b.stream("a"), commands.NoStream, proposed(50)...)
		want := b.read(t, b.stream("a"), 0)
		for _, f := range all {
			require.Equal(t, want, f.first(t, 50))
		}
	}},
}

// switchToLive starts followers again and again while writers are at work, so
// that many of them pass from stored to new events in the middle of appends.
func switchToLive(t T, b *bench) {
	const writers, each, followers = 4, 60, 12
	ctx := limited(t)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, err := b.store.Append(ctx, b.stream(strconv.Itoa(w)), int64(i)-1, proposed(1))
				errs[w] = errors.Join(errs[w], err)
			}
		})
	}
	all := make([]*follower, 0, followers)
	for range followers {
		f := b.follow(t, eventschemas.Position{})
		f.awaitCaughtUp(t)
		all = append(all, f)
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	want := all[0].first(t, writers*each)
	requireRising(t, want)
	for w := range writers {
		name := b.stream(strconv.Itoa(w))
		var of []eventschemas.Recorded
		for _, e := range want {
			if e.Stream == name {
				of = append(of, e)
			}
		}
		require.Equal(t, ids(b.read(t, name, 0)), ids(of))
	}
	for _, f := range all {
		require.Equal(t, want, f.first(t, len(want)))
	}
	// One more event comes next for all: nothing was doubled before it.
	b.append(t, b.stream("last"), commands.NoStream, proposed(1)...)
	last := b.read(t, b.stream("last"), 0)[0]
	for _, f := range all {
		require.Equal(t, last, f.first(t, len(want)+1)[len(want)])
	}
}

func oneAtATime(t T, b *bench) {
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	var inside sync.Mutex
	alone := func() error {
		if !inside.TryLock() {
			return errors.New("two callbacks at once")
		}
		defer inside.Unlock()
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 50 {
			if _, err := b.store.Append(ctx, b.stream("a"), int64(i)-1, proposed(1)); err != nil {
				return
			}
		}
	})
	seen := 0
	err := b.store.Follow(ctx, eventschemas.Position{}, b.prefix, func(eventschemas.Recorded) error {
		if seen++; seen == 50 {
			return errCallback
		}
		return alone()
	}, alone)
	wg.Wait()
	require.ErrorIs(t, err, errCallback)
}

// requireRising requires that each position is after the one before.
func requireRising(t T, events []eventschemas.Recorded) {
	t.Helper()
	for i := 1; i < len(events); i++ {
		last, next := events[i-1].Position, events[i].Position
		require.True(t, next.Commit > last.Commit || next.Commit == last.Commit && next.Prepare > last.Prepare,
			"event %d is at %v, the one before at %v", i, next, last)
	}
}

// follower collects what a Follow in the background gives.
type follower struct {
	mu       sync.Mutex
	events   []eventschemas.Recorded
	caughtUp int // number of events when caught up was told first; -1 before
	err      error
	changed  chan struct{} // has a token after each change
}

// follow starts to follow the subtest's streams until the subtest ends.
func (b *bench) follow(t T, after eventschemas.Position) *follower {
	t.Helper()
	f := &follower{caughtUp: -1, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		err := b.store.Follow(ctx, after, b.prefix, f.event, f.end)
		f.change(func() { f.err = err })
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return f
}

func (f *follower) event(e eventschemas.Recorded) error {
	f.change(func() { f.events = append(f.events, e) })
	return nil
}

func (f *follower) end() error {
	f.change(func() {
		if f.caughtUp < 0 {
			f.caughtUp = len(f.events)
		}
	})
	return nil
}

func (f *follower) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// first waits for n events and returns them; more than n are a failure.
func (f *follower) first(t T, n int) []eventschemas.Recorded {
	t.Helper()
	f.await(t, func() bool { return len(f.events) >= n })
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Len(t, f.events, n)
	return append([]eventschemas.Recorded(nil), f.events...)
}

func (f *follower) awaitCaughtUp(t T) {
	t.Helper()
	f.await(t, func() bool { return f.caughtUp >= 0 })
}

// beforeCaughtUp returns how many events came before the first caught up.
func (f *follower) beforeCaughtUp() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.caughtUp
}

// await waits until done, which is called with f locked.
func (f *follower) await(t T, done func() bool) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		f.mu.Lock()
		ok, err := done(), f.err
		f.mu.Unlock()
		if ok {
			return
		}
		require.NoError(t, err, "following ended")
		select {
		case <-f.changed:
		case <-timer.C:
			f.mu.Lock()
			defer f.mu.Unlock()
			require.FailNow(t, "waited too long", "%d events, caught up at %d", len(f.events), f.caughtUp)
		}
	}
}
