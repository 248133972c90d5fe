package catchup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// EventOptions of Events. Log, Start and Logger are required; the zero value
// of each other one means the default.
type EventOptions struct {
	Log commands.Log
	// Start says behind which event a subscription begins, and which number
	// that event has. It is asked once for each subscription, again only while
	// the store is away; after that a subscription goes on from its last Ack.
	Start  func(ctx context.Context, topic string) (eventschemas.Checkpoint, error)
	Logger *slog.Logger
	// Message makes the message of an event; by default its UUID is the
	// event's id and its payload the event's data.
	Message func(eventschemas.Recorded) *message.Message

	DrainWithin time.Duration // how long Close waits for an Ack, 5 s
	MinBackoff  time.Duration // first wait after a Nack or a lost store, 10 ms
	MaxBackoff  time.Duration // longest, 5 s
}

// Metadata that Events adds to each message.
const (
	MetaStream   = "stream"
	MetaRevision = "revision" // in the stream, from 0
	MetaType     = "event_type"
	MetaNumber   = "number" // dense count of the topic's events, on from Start
)

// Events reads the log for process managers and integrations: a Watermill
// subscriber of one message an event. A topic is the name of a stream, or what
// the names of several begin with, up to and with a "." or a "-". Each
// subscription reads by itself and in log order: the next message comes after
// the Ack of the one before, and a Nack brings the same one again, as often as
// it takes. It keeps no position beyond a subscription (Start does). Safe for
// concurrent use.
type Events struct {
	o       EventOptions
	closing chan struct{}
	close   sync.Once

	mu      sync.Mutex // guards running.Add against Close's Wait
	closed  bool
	running sync.WaitGroup
}

// NewEvents checks the options and returns Events. It reads nothing yet.
func NewEvents(o EventOptions) (*Events, error) {
	if o.Log == nil || o.Start == nil || o.Logger == nil {
		return nil, errors.New("events need a log, a start and a logger")
	}
	if o.Message == nil {
		o.Message = func(e eventschemas.Recorded) *message.Message { return message.NewMessage(e.ID.String(), e.Data) }
	}
	for _, d := range []struct {
		value *time.Duration
		to    time.Duration
	}{{&o.DrainWithin, 5 * time.Second}, {&o.MinBackoff, 10 * time.Millisecond}, {&o.MaxBackoff, 5 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	return &Events{o: o, closing: make(chan struct{})}, nil
}

// Subscribe begins to read. The channel is closed after Close and when ctx
// ends, and never because the store is away.
func (e *Events) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	if topic == "" {
		return nil, errors.New("subscribe: no topic")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("subscribe: events are closed")
	}
	f := &eventFeed{
		Events: e, topic: topic, out: make(chan *message.Message), values: context.WithoutCancel(ctx),
		backoff: backoff{min: e.o.MinBackoff, max: e.o.MaxBackoff},
	}
	e.running.Go(func() { f.run(ctx) })
	return f.out, nil
}

// Close stops reading, waits up to DrainWithin for each message that is being
// handled, closes the channels and returns. It may be called again.
func (e *Events) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.close.Do(func() { close(e.closing) })
	e.running.Wait()
	return nil
}

type eventKey struct{}

// EventOf returns the event that a message of Events was made of, from the
// message's context.
func EventOf(ctx context.Context) (eventschemas.Recorded, int64, bool) {
	e, ok := ctx.Value(eventKey{}).(numbered)
	return e.Recorded, e.number, ok
}

type numbered struct {
	eventschemas.Recorded
	number int64
}

// eventFeed is one subscription.
type eventFeed struct {
	*Events
	topic   string
	out     chan *message.Message
	values  context.Context //nolint:containedctx // only the values of Subscribe's, for the messages
	backoff backoff
	begun   bool
	at      eventschemas.Checkpoint // the last event that was acknowledged
}

func (f *eventFeed) run(ctx context.Context) {
	defer close(f.out)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-f.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ctx.Err() == nil {
		err := f.session(ctx)
		if ctx.Err() != nil {
			return
		}
		f.o.Logger.Warn("reading events begins again", "topic", f.topic, "number", f.at.Number, "error", err)
		f.backoff.wait(ctx)
	}
}

// session reads on until the store is lost.
func (f *eventFeed) session(ctx context.Context) error {
	if !f.begun {
		at, err := f.o.Start(ctx, f.topic)
		if err != nil {
			return fmt.Errorf("find where to begin: %w", err)
		}
		f.at, f.begun = at, true
	}
	return f.o.Log.Follow(ctx, f.at.Position, f.topic, func(e eventschemas.Recorded) error {
		if !f.wants(e) {
			return nil
		}
		return f.deliver(ctx, e)
	}, func() error { return nil })
}

// wants drops streams whose name only begins like the topic's, and an event
// that a store tells again.
func (f *eventFeed) wants(e eventschemas.Recorded) bool {
	whole := f.topic[len(f.topic)-1]
	named := e.Stream == f.topic || (whole == '.' || whole == '-') && strings.HasPrefix(e.Stream, f.topic)
	return named && e.Position.Commit > f.at.Position.Commit
}

// deliver hands an event out until it is acknowledged.
func (f *eventFeed) deliver(ctx context.Context, e eventschemas.Recorded) error {
	number := f.at.Number + 1
	for {
		acked, err := f.offer(ctx, e, number)
		if err != nil {
			return err
		}
		if acked {
			f.at.Number, f.at.Position, f.at.EventID = number, e.Position, e.ID
			f.backoff.reset()
			return nil
		}
		f.backoff.wait(ctx)
	}
}

// offer hands an event out once, and says whether it was acknowledged.
func (f *eventFeed) offer(ctx context.Context, e eventschemas.Recorded, number int64) (bool, error) {
	carried, cancel := context.WithCancel(context.WithValue(f.values, eventKey{}, numbered{e, number}))
	defer cancel()
	msg := f.o.Message(e)
	for key, value := range map[string]string{
		MetaStream: e.Stream, MetaRevision: strconv.FormatUint(e.Revision, 10), MetaType: e.Type, MetaNumber: strconv.FormatInt(number, 10),
	} {
		msg.Metadata.Set(key, value)
	}
	msg.SetContext(carried)
	select {
	case f.out <- msg:
	case <-ctx.Done():
		return false, errClosing
	}
	select {
	case <-msg.Acked():
		return true, nil
	case <-msg.Nacked():
		return false, nil
	case <-ctx.Done():
		drain(msg, f.o.DrainWithin)
		return false, errClosing
	}
}
