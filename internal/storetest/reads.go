package storetest

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

var readCases = []promise{
	{"a stream that never had events is not found", func(t T, b *bench) {
		events, err := b.store.ReadStream(limited(t), b.stream("a"), 0)
		require.ErrorIs(t, err, commands.ErrStreamNotFound)
		require.Empty(t, events)
	}},
	{"a read from the middle starts with the revision asked for", func(t T, b *bench) {
		events := proposed(10)
		b.append(t, b.stream("a"), commands.NoStream, events...)
		requireStored(t, b.stream("a"), 4, events[4:], b.read(t, b.stream("a"), 4))
		requireStored(t, b.stream("a"), 9, events[9:], b.read(t, b.stream("a"), 9))
	}},
	{"a read from past the end is an empty slice and no error", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(2)...)
		for _, from := range []uint64{2, 3, 1_000_000} {
			events := b.read(t, b.stream("a"), from)
			require.NotNil(t, events)
			require.Empty(t, events)
		}
	}},
	{"a stream of any length is read to its end", func(t T, b *bench) {
		const batches, size = 12, 100
		var want []eventschemas.Proposed
		for i := range batches {
			events := proposed(size)
			b.append(t, b.stream("a"), int64(i*size)-1, events...)
			want = append(want, events...)
		}
		requireStored(t, b.stream("a"), 0, want, b.read(t, b.stream("a"), 0))
	}},
	{"ids, types, data and metadata come back byte for byte", func(t T, b *bench) {
		events := []eventschemas.Proposed{
			{ID: uuid.New(), Type: "storetest.spaced.v1", Data: []byte("{ \"b\" : 1.0,\n\t\"a\":\"\" }  "), Meta: []byte("{\"z\":1e3, \"y\":[ ]}\n")},
			{ID: uuid.New(), Type: "storetest.测试.v2", Data: []byte(`{"名":"王师傅 \u0000 🔧","n":9007199254740993}`), Meta: []byte(`{"地点":"北站"}`)},
			{ID: uuid.MustParse("00000000-0000-0000-0000-000000000001"), Type: "x", Data: []byte(`null`), Meta: []byte(`{}`)},
			{ID: uuid.MustParse("ffffffff-ffff-ffff-ffff-fffffffffffe"), Type: "y", Data: []byte(`[1,2]`), Meta: []byte(`{"a":{"a":{}}}`)},
		}
		b.append(t, b.stream("a"), commands.NoStream, events...)
		requireStored(t, b.stream("a"), 0, events, b.read(t, b.stream("a"), 0))
		followed := b.follow(t, eventschemas.Position{})
		requireStored(t, b.stream("a"), 0, events, followed.first(t, len(events)))
	}},
	{"a stream name keeps every character", func(t T, b *bench) {
		for _, name := range []string{"with-dash", "with.dot", "with space", "超长-流", "a/b?c=d&e#f", "UPPER"} {
			events := proposed(1)
			b.append(t, b.stream(name), commands.NoStream, events...)
			requireStored(t, b.stream(name), 0, events, b.read(t, b.stream(name), 0))
		}
	}},
	{"the time of storing is set, in UTC, and never goes back in a stream", func(t T, b *bench) {
		for i := range 5 {
			b.append(t, b.stream("a"), int64(i)-1, proposed(1)...)
		}
		var last time.Time
		for _, e := range b.read(t, b.stream("a"), 0) {
			require.Greater(t, e.Created.Year(), 2000)
			require.Equal(t, time.UTC, e.Created.Location())
			require.False(t, e.Created.Before(last))
			last = e.Created
		}
	}},
	{"an event has the same place and time in its stream and in the log", func(t T, b *bench) {
		b.append(t, b.stream("a"), commands.NoStream, proposed(5)...)
		require.Equal(t, b.read(t, b.stream("a"), 0), b.follow(t, eventschemas.Position{}).first(t, 5))
	}},
	{"what was appended is read at once", func(t T, b *bench) {
		for i := range 50 {
			b.append(t, b.stream("a"), int64(i)-1, proposed(1)...)
			require.Len(t, b.read(t, b.stream("a"), 0), i+1)
		}
	}},
	{"a read whose context has ended returns", func(t T, b *bench) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.store.ReadStream(ctx, b.stream("a"), 0)
		require.ErrorIs(t, err, context.Canceled)
	}},
}
