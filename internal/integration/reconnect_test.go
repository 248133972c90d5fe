package integration_test

import (
	"context"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// polite holds a message back until the call that published it has returned,
// and the last one a little longer: Watermill's TestReconnect compares what it
// received with a list that it writes after that.
type polite struct {
	message.Publisher
	message.Subscriber

	mu      sync.Mutex
	changed *sync.Cond
	flying  map[string]int
	flights int
}

func newPolite(p message.Publisher, s message.Subscriber) *polite {
	w := &polite{Publisher: p, Subscriber: s, flying: map[string]int{}}
	w.changed = sync.NewCond(&w.mu)
	return w
}

func (w *polite) Publish(topic string, messages ...*message.Message) error {
	w.count(1, messages)
	defer w.count(-1, messages)
	return w.Publisher.Publish(topic, messages...)
}

func (w *polite) count(by int, messages []*message.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flights += by
	for _, m := range messages {
		w.flying[m.UUID] += by
	}
	w.changed.Broadcast()
}

func (w *polite) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	in, err := w.Subscriber.Subscribe(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		for m := range in {
			w.mu.Lock()
			for w.flying[m.UUID] > 0 {
				w.changed.Wait()
			}
			last := w.flights == 0
			w.mu.Unlock()
			if last {
				<-time.After(50 * time.Millisecond)
			}
			select {
			case out <- m:
			case <-m.Context().Done():
			}
		}
	}()
	return out, nil
}

func (w *polite) Close() error { return w.Subscriber.Close() }

// What 100 publishers publish while the node is killed three times arrives
// once each, in the order of the stream, without a hole.
func TestNoMessageIsLostDoubledOrOutOfOrderWhileTheNodeIsKilled(t *testing.T) {
	const publishers, each = 100, 30
	node := startNode(t)
	pub, sub := pubSub(openStore(t, node.address))(t)
	received, err := sub.Subscribe(t.Context(), "topic-killed")
	require.NoError(t, err)
	kill := node.restart()
	var publishing sync.WaitGroup
	var mu sync.Mutex
	sent := map[string]bool{}
	for range publishers {
		publishing.Go(func() {
			for range each {
				m := message.NewMessage(uuid.NewString(), []byte("x"))
				for pub.Publish("topic-killed", m) != nil {
					if t.Context().Err() != nil {
						return
					}
				}
				mu.Lock()
				sent[m.UUID] = true
				mu.Unlock()
			}
		})
	}
	seen := map[string]string{}
	late := time.After(3 * time.Minute)
	for n := range publishers * each {
		if n == 500 || n == 1200 || n == 2000 {
			require.NoError(t, exec.Command(kill[0], kill[1:]...).Run())
		}
		select {
		case m := <-received:
			revision := m.Metadata.Get("revision")
			require.Equal(t, m.Metadata.Get("number"), next(t, revision), "a hole, or out of order")
			require.NotContains(t, seen, m.UUID, "stored twice")
			seen[m.UUID] = revision
			m.Ack()
		case <-late:
			t.Fatalf("%d of %d messages came", n, publishers*each)
		}
	}
	publishing.Wait()
	for id := range seen {
		require.True(t, sent[id])
	}
	require.Len(t, sent, publishers*each)
	require.GreaterOrEqual(t, node.started(), 4)
}

func next(t *testing.T, number string) string {
	t.Helper()
	n, err := strconv.Atoi(number)
	require.NoError(t, err)
	return strconv.Itoa(n + 1)
}
