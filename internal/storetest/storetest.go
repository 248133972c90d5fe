// Package storetest is the contract of commands.EventStore as cases. Every
// promise of the port is one named case, so that an adapter, the embedded
// node and a store somewhere else are held to the same behaviour. A case runs
// as a subtest (Exercise) or in a program that tells what came of it (Run).
//
// It uses only the port and streams whose names are new in every run, so it
// may run against a store that others use. It deletes nothing and leaves its
// streams, of a few megabytes in all, behind.
package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// patience is how long the suite waits for what must come. It is no
// measurement: a store that works needs a small part of it.
const patience = 30 * time.Second

// Cases is the contract. Open is called once for each case and closes what it
// opened with Cleanup; it may return the same store each time.
func Cases(open func(t T) commands.EventStore) []Case {
	var cases []Case
	for _, p := range slices.Concat(appendCases, readCases, followCases) {
		cases = append(cases, Case{Name: p.name, Run: func(t T) { p.test(t, newBench(t, open)) }})
	}
	return cases
}

// promise is one sentence of the contract and the test of it.
type promise struct {
	name string
	test func(t T, b *bench)
}

// bench is what one subtest works with.
type bench struct {
	store  commands.EventStore
	prefix string // of all streams of this subtest
}

func newBench(t T, open func(t T) commands.EventStore) *bench {
	t.Helper()
	return &bench{store: open(t), prefix: "storetest." + uuid.NewString() + "."}
}

// stream returns the name of one of the subtest's streams.
func (b *bench) stream(name string) string { return b.prefix + name }

// append stores events and requires that they take the next revisions.
func (b *bench) append(t T, stream string, expected int64, events ...eventschemas.Proposed) {
	t.Helper()
	last, err := b.store.Append(limited(t), stream, expected, events)
	require.NoError(t, err)
	require.Equal(t, expected+int64(len(events)), last)
}

// read returns the events of stream from a revision on.
func (b *bench) read(t T, stream string, from uint64) []eventschemas.Recorded {
	t.Helper()
	events, err := b.store.ReadStream(limited(t), stream, from)
	require.NoError(t, err)
	return events
}

// limited is the context of a call that must succeed.
func limited(t T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// proposed makes n different events.
func proposed(n int) []eventschemas.Proposed {
	events := make([]eventschemas.Proposed, n)
	for i := range events {
		events[i] = eventschemas.Proposed{
			ID:   uuid.New(),
			Type: "storetest.happened.v1",
			Data: fmt.Appendf(nil, `{"number":%d}`, i),
			Meta: []byte(`{"site":"north"}`),
		}
	}
	return events
}

// large makes an event whose data is a JSON string of about size bytes.
func large(t T, size int) eventschemas.Proposed {
	t.Helper()
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a' + byte(i%26)
	}
	data, err := json.Marshal(string(text))
	require.NoError(t, err)
	event := proposed(1)[0]
	event.Data = data
	return event
}

// requireStored requires that got are the proposed events, byte for byte, at
// dense revisions of stream from first on.
func requireStored(t T, stream string, first uint64, want []eventschemas.Proposed, got []eventschemas.Recorded) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		g := got[i]
		require.Equal(t, stream, g.Stream)
		require.Equal(t, first+uint64(i), g.Revision)
		require.Equal(t, w.ID, g.ID)
		require.Equal(t, w.Type, g.Type)
		require.Equal(t, string(w.Data), string(g.Data))
		require.Equal(t, string(w.Meta), string(g.Meta))
	}
}

// requireConflict requires a *commands.ConflictError with these revisions.
func requireConflict(t T, err error, stream string, expected, actual int64) {
	t.Helper()
	var conflict *commands.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, commands.ConflictError{Stream: stream, Expected: expected, Actual: actual}, *conflict)
}

// ids returns the event ids in order.
func ids(events []eventschemas.Recorded) []uuid.UUID {
	out := make([]uuid.UUID, len(events))
	for i, e := range events {
		out[i] = e.ID
	}
	return out
}
