package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

var appendCases = []promise{
	{"an append to a new stream starts at revision 0", func(t T, b *bench) {
		last, err := b.store.Append(limited(t), b.stream("a"), commands.NoStream, proposed(1))
		require.NoError(t, err)
		require.Zero(t, last)
	}},
	{"an append at the exact revision goes on without a gap", func(t T, b *bench) {
		first, second := proposed(3), proposed(2)
		b.append(t, b.stream("a"), commands.NoStream, first...)
		b.append(t, b.stream("a"), 2, second...)
		requireStored(t, b.stream("a"), 0, append(first, second...), b.read(t, b.stream("a"), 0))
	}},
	{"a stale revision is a conflict and stores nothing", func(t T, b *bench) {
		stored := proposed(3)
		b.append(t, b.stream("a"), commands.NoStream, stored...)
		_, err := b.store.Append(limited(t), b.stream("a"), 1, proposed(1))
		requireConflict(t, err, b.stream("a"), 1, 2)
		requireStored(t, b.stream("a"), 0, stored, b.read(t, b.stream("a"), 0))
	}},
	{"a new stream that exists is a conflict and stores nothing", func(t T, b *bench) {
		stored := proposed(1)
		b.append(t, b.stream("a"), commands.NoStream, stored...)
		_, err := b.store.Append(limited(t), b.stream("a"), commands.NoStream, proposed(1))
		requireConflict(t, err, b.stream("a"), commands.NoStream, 0)
		requireStored(t, b.stream("a"), 0, stored, b.read(t, b.stream("a"), 0))
	}},
	{"a revision that is too high is a conflict and stores nothing", func(t T, b *bench) {
		stored := proposed(2)
		b.append(t, b.stream("a"), commands.NoStream, stored...)
		_, err := b.store.Append(limited(t), b.stream("a"), 2, proposed(1))
		requireConflict(t, err, b.stream("a"), 2, 1)
		requireStored(t, b.stream("a"), 0, stored, b.read(t, b.stream("a"), 0))
	}},
	{"a revision of a stream that does not exist is a conflict and makes no stream", func(t T, b *bench) {
		_, err := b.store.Append(limited(t), b.stream("a"), 0, proposed(1))
		requireConflict(t, err, b.stream("a"), 0, commands.NoStream)
		_, err = b.store.ReadStream(limited(t), b.stream("a"), 0)
		require.ErrorIs(t, err, commands.ErrStreamNotFound)
	}},
	{"a batch is stored whole and in order", func(t T, b *bench) {
		events := proposed(7)
		b.append(t, b.stream("a"), commands.NoStream, events...)
		requireStored(t, b.stream("a"), 0, events, b.read(t, b.stream("a"), 0))
	}},
	{"a batch that conflicts stores none of its events", func(t T, b *bench) {
		stored := proposed(2)
		b.append(t, b.stream("a"), commands.NoStream, stored...)
		_, err := b.store.Append(limited(t), b.stream("a"), 0, proposed(5))
		requireConflict(t, err, b.stream("a"), 0, 1)
		require.Len(t, b.read(t, b.stream("a"), 0), 2)
	}},
	{"a repeated append answers as before and stores nothing", func(t T, b *bench) {
		first, second := proposed(3), proposed(2)
		for range 3 {
			b.append(t, b.stream("a"), commands.NoStream, first...)
		}
		for range 3 {
			b.append(t, b.stream("a"), 2, second...)
		}
		require.Len(t, b.read(t, b.stream("a"), 0), 5)
	}},
	{"a repeated append answers as before also when newer events follow", func(t T, b *bench) {
		first, second, third := proposed(2), proposed(2), proposed(2)
		b.append(t, b.stream("a"), commands.NoStream, first...)
		b.append(t, b.stream("a"), 1, second...)
		b.append(t, b.stream("a"), 3, third...)
		b.append(t, b.stream("a"), 1, second...)
		b.append(t, b.stream("a"), commands.NoStream, first...)
		require.Len(t, b.read(t, b.stream("a"), 0), 6)
	}},
	{"a repeat with one more event is a conflict and stores nothing", func(t T, b *bench) {
		stored := proposed(2)
		b.append(t, b.stream("a"), commands.NoStream, stored...)
		_, err := b.store.Append(limited(t), b.stream("a"), commands.NoStream, append(stored, proposed(1)...))
		requireConflict(t, err, b.stream("a"), commands.NoStream, 1)
		require.Len(t, b.read(t, b.stream("a"), 0), 2)
	}},
	{"the same id may be used in two streams", func(t T, b *bench) {
		events := proposed(1)
		b.append(t, b.stream("a"), commands.NoStream, events...)
		b.append(t, b.stream("b"), commands.NoStream, events...)
		requireStored(t, b.stream("a"), 0, events, b.read(t, b.stream("a"), 0))
		requireStored(t, b.stream("b"), 0, events, b.read(t, b.stream("b"), 0))
	}},
	{"of two writers at one revision exactly one wins, in every round", twoWriters},
	{"the same append many times at once is stored once", sameAppendAtOnce},
	{"writers of different streams do not disturb each other", manyStreams},
	{"an append whose context has ended returns and stores nothing", func(t T, b *bench) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.store.Append(ctx, b.stream("a"), commands.NoStream, proposed(1))
		require.ErrorIs(t, err, context.Canceled)
		_, err = b.store.ReadStream(limited(t), b.stream("a"), 0)
		require.ErrorIs(t, err, commands.ErrStreamNotFound)
	}},
	{"a batch of 500 events is stored whole", func(t T, b *bench) {
		events := proposed(500)
		b.append(t, b.stream("a"), commands.NoStream, events...)
		requireStored(t, b.stream("a"), 0, events, b.read(t, b.stream("a"), 0))
	}},
	{"an event of 500 KiB comes back whole", func(t T, b *bench) {
		event := large(t, 500<<10)
		b.append(t, b.stream("a"), commands.NoStream, event)
		requireStored(t, b.stream("a"), 0, []eventschemas.Proposed{event}, b.read(t, b.stream("a"), 0))
	}},
}

// twoWriters lets two writers meet at every revision. What is stored must be
// what the winners were told.
func twoWriters(t T, b *bench) {
	const rounds = 200
	stream := b.stream("a")
	ctx := limited(t)
	won := make([]eventschemas.Proposed, 0, rounds)
	for round := range rounds {
		expected := int64(round) - 1
		tries := proposed(2)
		errs := make([]error, len(tries))
		var wg sync.WaitGroup
		for i := range tries {
			wg.Go(func() { _, errs[i] = b.store.Append(ctx, stream, expected, tries[i:i+1]) })
		}
		wg.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		require.NoError(t, errs[winner])
		requireConflict(t, errs[1-winner], stream, expected, expected+1)
		won = append(won, tries[winner])
	}
	requireStored(t, stream, 0, won, b.read(t, stream, 0))
}

func sameAppendAtOnce(t T, b *bench) {
	const writers = 20
	events := proposed(3)
	ctx := limited(t)
	lasts, errs := make([]int64, writers), make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { lasts[i], errs[i] = b.store.Append(ctx, b.stream("a"), commands.NoStream, events) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	for _, last := range lasts {
		require.EqualValues(t, 2, last)
	}
	requireStored(t, b.stream("a"), 0, events, b.read(t, b.stream("a"), 0))
}

func manyStreams(t T, b *bench) {
	const writers, events = 16, 20
	ctx := limited(t)
	want := make([][]eventschemas.Proposed, writers)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		want[w] = proposed(events)
		wg.Go(func() {
			for i := range events {
				_, err := b.store.Append(ctx, b.stream(strconv.Itoa(w)), int64(i)-1, want[w][i:i+1])
				errs[w] = errors.Join(errs[w], err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	for w := range writers {
		stream := b.stream(strconv.Itoa(w))
		requireStored(t, stream, 0, want[w], b.read(t, stream, 0))
	}
}
