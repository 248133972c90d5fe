package catchup_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
)

// eventsOf are Events over a log, from its beginning.
func eventsOf(t *testing.T, l commands.Log, change ...func(*catchup.EventOptions)) *catchup.Events {
	t.Helper()
	o := catchup.EventOptions{
		Log: l, Logger: slog.New(slog.DiscardHandler), MinBackoff: time.Millisecond, MaxBackoff: 2 * time.Millisecond,
		Start: func(context.Context, string) (eventschemas.Checkpoint, error) { return eventschemas.Checkpoint{}, nil },
	}
	for _, c := range change {
		c(&o)
	}
	e, err := catchup.NewEvents(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// receive waits for a message.
func receive(t *testing.T, messages <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case m, open := <-messages:
		require.True(t, open)
		return m
	case <-time.After(patience):
		require.FailNow(t, "no message comes")
		return nil
	}
}

func TestEachEventIsOneMessageAndComesAgainUntilItIsAcknowledged(t *testing.T) {
	t.Parallel()
	l := newLog(5)
	messages, err := eventsOf(t, l).Subscribe(t.Context(), "fl.")
	require.NoError(t, err)
	for n, want := range l.all {
		for range 3 {
			m := receive(t, messages)
			require.Equal(t, want.ID.String(), m.UUID)
			require.Equal(t, strconv.Itoa(n+1), m.Metadata.Get(catchup.MetaNumber))
			require.Equal(t, want.Stream, m.Metadata.Get(catchup.MetaStream))
			e, number, ok := catchup.EventOf(m.Context())
			require.True(t, ok)
			require.Equal(t, want, e)
			require.Equal(t, int64(n+1), number)
			m.Nack()
		}
		m := receive(t, messages)
		require.Equal(t, want.ID.String(), m.UUID)
		m.Ack()
	}
}

func TestATopicIsAStreamOrABeginningUpToASeparator(t *testing.T) {
	t.Parallel()
	l := &fakeLog{grown: make(chan struct{}), lost: make(chan struct{})}
	for _, stream := range []string{"a-1", "a-10", "a-2", "b-1", "a-1"} {
		l.add(stream, "job.done.v1", nil)
	}
	for topic, want := range map[string][]string{"a-1": {"a-1", "a-1"}, "a-": {"a-1", "a-10", "a-2", "a-1"}, "b-1": {"b-1"}} {
		messages, err := eventsOf(t, l).Subscribe(t.Context(), topic)
		require.NoError(t, err)
		for _, stream := range want {
			m := receive(t, messages)
			require.Equal(t, stream, m.Metadata.Get(catchup.MetaStream), topic)
			m.Ack()
		}
	}
	_, err := eventsOf(t, l).Subscribe(t.Context(), "")
	require.Error(t, err)
}

func TestASubscriptionGoesOnFromItsLastAckWhenTheStoreWasLost(t *testing.T) {
	t.Parallel()
	l := newLog(11)
	tenth := l.all[9]
	var starts atomic.Int64
	messages, err := eventsOf(t, l, func(o *catchup.EventOptions) {
		o.Start = func(context.Context, string) (eventschemas.Checkpoint, error) {
			if starts.Add(1) < 3 {
				return eventschemas.Checkpoint{}, commands.ErrUnavailable
			}
			e := tenth
			return eventschemas.Checkpoint{Number: 10, Position: e.Position, EventID: e.ID}, nil
		}
	}).Subscribe(t.Context(), "fl.")
	require.NoError(t, err)
	want := l.all[10]
	for n := 11; n <= 40; n++ {
		m := receive(t, messages)
		require.Equal(t, want.ID.String(), m.UUID)
		require.Equal(t, strconv.Itoa(n), m.Metadata.Get(catchup.MetaNumber))
		m.Ack()
		if n%3 == 0 {
			l.lose()
		}
		want = l.add("fl.job-1", "job.done.v1", nil)
	}
	require.Equal(t, int64(3), starts.Load())
}

func TestClosingWaitsForTheMessageInHandAndEndsItsContext(t *testing.T) {
	t.Parallel()
	e := eventsOf(t, newLog(3))
	messages, err := e.Subscribe(t.Context(), "fl.")
	require.NoError(t, err)
	m := receive(t, messages)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = e.Close()
	}()
	require.Never(t, func() bool {
		select {
		case <-closed:
			return true
		default:
			return m.Context().Err() != nil
		}
	}, 20*time.Millisecond, 5*time.Millisecond)
	m.Ack()
	<-closed
	require.Error(t, m.Context().Err())
	_, open := <-messages
	require.False(t, open)
	_, err = e.Subscribe(t.Context(), "fl.")
	require.Error(t, err)
}

func TestEventsNeedToKnowWhereToBegin(t *testing.T) {
	t.Parallel()
	_, err := catchup.NewEvents(catchup.EventOptions{Log: newLog(0), Logger: slog.New(slog.DiscardHandler)})
	require.Error(t, err)
}
