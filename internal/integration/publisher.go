package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

const (
	publishWithin = 30 * time.Second // unless the first message's context ends before
	tries         = 20               // against other processes that publish to the topic
)

// ErrTopic says that a topic is none that may be published to.
var ErrTopic = errors.New("not a topic of integration events")

// Publisher appends messages to the stream that their topic names. It is a
// message.Publisher; the messages of one call are stored together or not at
// all. Safe for concurrent use.
//
// A message whose sequence is not above that of the stream's last event was
// published before and is left out. One without a sequence that is published
// again after a lost answer is found again too, but only by the Publisher that
// lost it.
type Publisher struct {
	store  commands.EventStore
	mu     sync.Mutex // guards what follows
	closed bool
	topics map[string]*tail
}

// NewPublisher returns a Publisher.
func NewPublisher(store commands.EventStore) *Publisher {
	return &Publisher{store: store, topics: map[string]*tail{}}
}

// tail is what is known of the end of a topic's stream.
type tail struct {
	mu       sync.Mutex // held while an append is under way
	known    bool       // last is what the store said
	last     int64      // revision; commands.NoStream for none
	sequence int64      // of the last event

	// An append is named by its first event. Those in doubt were sent for the
	// place behind last and got no answer; one of them may be there. Those
	// that were found there answer the call that comes again.
	doubt, found map[uuid.UUID]bool
}

func newTail() *tail {
	return &tail{last: commands.NoStream, doubt: map[uuid.UUID]bool{}, found: map[uuid.UUID]bool{}}
}

// settle takes over the end that the store told.
func (t *tail) settle(last, sequence int64) {
	t.known, t.last, t.sequence = true, last, max(t.sequence, sequence)
	clear(t.doubt)
}

// Publish stores messages. Errors: ErrTopic, those of commands.EventStore, or
// that others publish to the topic without end.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	if topic == "" || strings.HasPrefix(topic, "fl.") || strings.HasPrefix(topic, "$") {
		return fmt.Errorf("publish to %q: %w", topic, ErrTopic)
	}
	t, err := p.tail(topic)
	if err != nil || len(messages) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(messages[0].Context(), publishWithin)
	defer cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := p.publish(ctx, topic, t, messages); err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	return nil
}

// Close refuses what is published from now on.
func (p *Publisher) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}

func (p *Publisher) tail(topic string) (*tail, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.New("publisher is closed")
	}
	t, ok := p.topics[topic]
	if !ok {
		t = newTail()
		p.topics[topic] = t
	}
	return t, nil
}

// publish appends behind the end that is known, and learns where it is if it
// is not there.
func (p *Publisher) publish(ctx context.Context, topic string, t *tail, messages []*message.Message) error {
	for range tries {
		events, sequence, err := t.fresh(messages)
		if err != nil || len(events) == 0 {
			return err
		}
		first := events[0].ID
		if t.found[first] {
			delete(t.found, first)
			return nil
		}
		last, err := p.store.Append(ctx, topic, t.last, events)
		if err == nil {
			t.settle(last, sequence)
			return nil
		}
		var conflict *commands.ConflictError
		if !errors.As(err, &conflict) {
			t.doubt[first] = true
			return err
		}
		if err := p.learn(ctx, topic, t, conflict.Actual, first); err != nil {
			return err
		}
	}
	return errors.New("others publish all the time")
}

// fresh are the events of the messages that were not published yet.
func (t *tail) fresh(messages []*message.Message) (events []eventschemas.Proposed, sequence int64, err error) {
	sequence = t.sequence
	for _, m := range messages {
		if n := sequenceOf(m.Metadata); n > 0 {
			if n <= t.sequence {
				continue
			}
			sequence = max(sequence, n)
		}
		e, err := proposed(m)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, e)
	}
	return events, sequence, nil
}

// learn reads how the stream ends, and finds there the append that is tried
// and those in doubt, if they were stored.
func (p *Publisher) learn(ctx context.Context, topic string, t *tail, actual int64, first uuid.UUID) error {
	if actual < 0 {
		return fmt.Errorf("stream ended at revision %d before and has no event now", t.last)
	}
	from := uint64(actual)
	if (t.known || len(t.doubt) > 0) && t.last < actual {
		from = uint64(t.last + 1) //nolint:gosec // at least 0
	}
	events, err := p.store.ReadStream(ctx, topic, from)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return errors.New("last event of the stream cannot be read, so what was published is not known")
	}
	for _, e := range events {
		if e.ID == first || t.doubt[e.ID] {
			t.found[e.ID] = true
		}
	}
	end := events[len(events)-1]
	attributes, _ := attributesOf(end)
	t.settle(int64(end.Revision), sequenceOf(attributes)) //nolint:gosec // a revision fits
	return nil
}
