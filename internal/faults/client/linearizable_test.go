package client_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// What became of a call on a stream.
type fate int

const (
	done    fate = iota
	refused      // conflict
	unknown      // may have happened, now or later, or never
)

// ask is a call on a stream: an append of labels, or a read if there are none.
type ask struct {
	expected int64
	labels   []string
}

// reply is what the caller heard.
type reply struct {
	fate     fate
	revision int64  // the last one of an append, or the actual one of a conflict
	content  string // of a read
}

// content is a stream: its labels, each followed by a comma.
type content string

func (c content) revision() int64 { return int64(strings.Count(string(c), ",")) - 1 }

func (c content) and(labels []string) content {
	return c + content(strings.Join(labels, ",")+",")
}

// streamModel is what one stream does, told without any of our code.
var streamModel = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{content("")} },
	Step: func(state, input, output any) []any {
		s, in, out := state.(content), input.(ask), output.(reply)
		if in.labels == nil {
			return when(string(s) == out.content, s)
		}
		fits := s.revision() == in.expected
		switch out.fate {
		case done:
			return when(fits && out.revision == in.expected+int64(len(in.labels)), s.and(in.labels))
		case refused:
			return when(!fits && out.revision == s.revision(), s)
		case unknown:
			if fits {
				return []any{s, s.and(in.labels)}
			}
		}
		return []any{s}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}).ToModel()

func when(holds bool, s content) []any {
	if holds {
		return []any{s}
	}
	return nil
}

// history is what clients saw who work on one stream at once.
type history struct {
	mu    sync.Mutex
	began time.Time
	ops   []porcupine.Operation
	label int
	lost  int // calls of unknown outcome
}

func (h *history) note(client int, from time.Time, in ask, out reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	until := time.Since(h.began).Nanoseconds()
	if out.fate == unknown {
		until = math.MaxInt64
		h.lost++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: from.Sub(h.began).Nanoseconds(), Return: until})
}

func (h *history) labels(n int) (labels []string, events []eventschemas.Proposed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range n {
		h.label++
		labels = append(labels, strconv.Itoa(h.label))
		events = append(events, event(labels[len(labels)-1]))
	}
	return labels, events
}

// work makes calls on a stream, one after the other.
func (h *history) work(ctx context.Context, s commands.EventStore, client int, stream string, calls int) {
	known := commands.NoStream
	for range calls {
		callCtx, cancel := context.WithTimeout(ctx, between(50*time.Millisecond, 300*time.Millisecond))
		if rand.IntN(3) == 0 {
			known = h.read(callCtx, s, client, stream, known)
		} else {
			known = h.append(callCtx, s, client, stream, known)
		}
		cancel()
	}
}

func (h *history) read(ctx context.Context, s commands.EventStore, client int, stream string, known int64) int64 {
	from := time.Now()
	stored, err := s.ReadStream(ctx, stream, 0)
	if err != nil && !errors.Is(err, commands.ErrStreamNotFound) {
		return known // it tells nothing
	}
	var c content
	for _, e := range stored {
		c = c.and([]string{strings.Trim(string(e.Data), `"`)})
	}
	h.note(client, from, ask{}, reply{content: string(c)})
	return c.revision()
}

func (h *history) append(ctx context.Context, s commands.EventStore, client int, stream string, known int64) int64 {
	labels, events := h.labels(1 + rand.IntN(3))
	in := ask{expected: max(commands.NoStream, known+[...]int64{0, 0, 0, 0, 1, -1}[rand.IntN(6)]), labels: labels}
	from := time.Now()
	last, err := s.Append(ctx, stream, in.expected, events)
	conflict := new(commands.ConflictError)
	switch {
	case err == nil:
		h.note(client, from, in, reply{fate: done, revision: last})
		return last
	case errors.As(err, &conflict):
		h.note(client, from, in, reply{fate: refused, revision: conflict.Actual})
		return conflict.Actual
	case errors.Is(err, commands.ErrUnavailable): // a promise that nothing happened: not in the history at all
	default:
		h.note(client, from, in, reply{fate: unknown})
	}
	return known
}

// record lets four clients work on a new stream at once.
func record(ctx context.Context, stores []commands.EventStore, stream string, calls int) *history {
	h := &history{began: time.Now()}
	var wg sync.WaitGroup
	for client := range 4 {
		wg.Go(func() { h.work(ctx, stores[client%len(stores)], client, stream, calls) })
	}
	wg.Wait()
	return h
}

// tally counts what histories held.
type tally struct {
	mu                          sync.Mutex
	histories, calls, lost, bad int
	example                     string
}

func (c *tally) add(h *history) {
	verdict := porcupine.CheckOperationsTimeout(streamModel, h.ops, patience)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.histories++
	c.calls += len(h.ops)
	c.lost += h.lost
	if verdict != porcupine.Ok {
		c.bad++
		c.example = fmt.Sprintf("%s: %+v", verdict, h.ops)
	}
}

// histories records n of them, some at a time.
func histories(ctx context.Context, stores []commands.EventStore, n, calls int) *tally {
	counted := new(tally)
	counted.record(ctx, stores, n, calls)
	return counted
}

// record counts n histories more.
func (c *tally) record(ctx context.Context, stores []commands.EventStore, n, calls int) {
	turns := make(chan int)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for turn := range turns {
				c.add(record(ctx, stores, fmt.Sprintf("fl.history-%d", turn), calls))
			}
		})
	}
	first := c.histories
	for turn := range n {
		turns <- first + turn
	}
	close(turns)
	wg.Wait()
}

func TestAppendsAndReadsOfAStreamAreLinearizableAcrossFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stores := []commands.EventStore{w.open(80 * time.Millisecond), w.open(80 * time.Millisecond)}
	stop := w.disturb()
	defer stop()
	got := histories(t.Context(), stores, scale.Times(30, 2000), 10)
	for began := time.Now(); got.lost == 0 && time.Since(began) < patience; { // a quick machine is done before a fault meets a call
		got.record(t.Context(), stores, 30, 10)
	}
	t.Logf("fault: linearizable appends: %d histories, %d calls, %d of unknown outcome", got.histories, got.calls, got.lost)
	require.Zero(t, got.bad, got.example)
	require.Positive(t, got.lost, "the faults met calls")
}

func TestTheHistoriesTellAStoreThatIgnoresTheRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := histories(t.Context(), []commands.EventStore{anyRevision{w.open(patience)}}, 5, 10)
	require.Positive(t, got.bad)
}

// forgetful calls an append of unknown outcome one that was not sent.
type forgetful struct{ commands.EventStore }

// Append promises more than it knows.
func (s forgetful) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	last, err := s.EventStore.Append(ctx, stream, expected, events)
	if conflict := new(commands.ConflictError); err != nil && !errors.As(err, &conflict) {
		return 0, commands.ErrUnavailable
	}
	return last, err
}

func TestTheHistoriesTellAStoreThatCallsTheUnknownNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := forgetful{w.open(80 * time.Millisecond)}
	stop := w.disturb()
	defer stop()
	bad := func() bool { return histories(t.Context(), []commands.EventStore{store}, 8, 10).bad > 0 }
	require.Eventually(t, bad, patience, time.Millisecond)
}
