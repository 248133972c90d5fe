package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
)

// StreamPrefix begins the names of the streams of published events; the code
// of a site follows.
const StreamPrefix = "integration-"

// sourcePrefix begins the names of all streams of ours.
const sourcePrefix = "fl."

// Outgoing is one published event before it has an id.
type Outgoing struct {
	Type    string    // "ticket.closed.v1"
	Subject string    // id of what it is about
	At      time.Time // when it happened
	Data    any       // its JSON is the payload
}

// Integration makes published events of ours.
type Integration struct {
	Name string // "ticket.closed", as it is switched on
	// Make returns what an event publishes, nil for nothing. It asks only the
	// event's own stream, up to the event, so that it always answers the same.
	Make func(ctx context.Context, streams commands.StreamReader, r eventschemas.Record) (*Outgoing, error)
}

// All lists the integrations there are, by name.
func All() []Integration { return []Integration{ticketClosed} }

// Find returns the integrations of some names, in the order of All; an error
// names those that do not exist.
func Find(names []string) ([]Integration, error) {
	var found []Integration
	for _, i := range All() {
		if slices.Contains(names, i.Name) {
			found = append(found, i)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(found, func(i Integration) bool { return i.Name == name }) {
			return nil, fmt.Errorf("no integration is called %q", name)
		}
	}
	return found, nil
}

// Bridge publishes what some integrations make of our log, in its order. Two
// that run at once publish each event once.
type Bridge struct {
	store        commands.EventStore
	integrations []Integration
	events       *catchup.Events
	publisher    *Publisher
	log          *slog.Logger
}

// NewBridge returns a Bridge over a store. It reads nothing yet.
func NewBridge(store commands.EventStore, integrations []Integration, log *slog.Logger) (*Bridge, error) {
	b := &Bridge{store: store, integrations: integrations, publisher: NewPublisher(store), log: log}
	var err error
	b.events, err = catchup.NewEvents(catchup.EventOptions{Log: store, Start: b.start, Logger: log})
	return b, err
}

// Run publishes until ctx ends. An event that cannot be published is tried
// again and again, and nothing after it is published before it: the log tells why.
func (b *Bridge) Run(ctx context.Context) error {
	messages, err := b.events.Subscribe(ctx, sourcePrefix)
	if err != nil {
		return fmt.Errorf("publish integration events: %w", err)
	}
	for m := range messages {
		if err := b.handle(m.Context()); err != nil {
			b.log.WarnContext(m.Context(), "event not published", "number", m.Metadata.Get(catchup.MetaNumber), "error", err)
			m.Nack()
			continue
		}
		m.Ack()
	}
	return errors.Join(b.events.Close(), b.publisher.Close())
}

func (b *Bridge) handle(ctx context.Context) error {
	event, number, ok := catchup.EventOf(ctx)
	if !ok {
		return errors.New("message holds no event")
	}
	r, err := eventschemas.NewRecord(event, number)
	if err != nil {
		return err
	}
	var made []*message.Message // stored together: the next start is behind the event
	for _, i := range b.integrations {
		out, err := i.Make(ctx, b.store, r)
		if err != nil {
			return fmt.Errorf("integration %s: %w", i.Name, err)
		}
		if out == nil {
			continue
		}
		m, err := i.message(r, *out)
		if err != nil {
			return fmt.Errorf("integration %s: %w", i.Name, err)
		}
		m.SetContext(ctx)
		made = append(made, m)
	}
	return b.publisher.Publish(StreamPrefix+r.Envelope.Site, made...)
}

// EventID is the id of what an integration publishes of a source event.
func EventID(source uuid.UUID, integration string) uuid.UUID {
	return uuid.NewSHA1(source, []byte(integration))
}

// message is a published event: what the integration made, and where it comes from.
func (i Integration) message(r eventschemas.Record, out Outgoing) (*message.Message, error) {
	data, err := json.Marshal(out.Data)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", out.Type, err)
	}
	m := message.NewMessage(EventID(r.ID, i.Name).String(), data)
	m.Metadata = message.Metadata{
		AttrType: out.Type, AttrSource: "urn:fieldledger:site:" + r.Envelope.Site, AttrSubject: out.Subject,
		AttrTime: out.At.UTC().Format(time.RFC3339Nano), AttrSchema: "urn:fieldledger:integration:" + out.Type,
		AttrSequence: strconv.FormatInt(r.Number, 10), AttrCause: r.ID.String(),
		AttrStream: r.Stream, AttrRevision: strconv.FormatUint(r.Revision, 10),
	}
	return m, nil
}

// start finds the source event that was published last. The published streams
// say so themselves, by number, stream and revision; the source stream knows
// its position in this store.
func (b *Bridge) start(ctx context.Context, _ string) (eventschemas.Checkpoint, error) {
	var newest map[string]string
	end := errors.New("end of the log")
	err := b.store.Follow(ctx, eventschemas.Position{}, StreamPrefix, func(e eventschemas.Recorded) error {
		if a, ok := attributesOf(e); ok && sequenceOf(a) >= sequenceOf(newest) && a[AttrCause] != "" {
			newest = a
		}
		return nil
	}, func() error { return end })
	if !errors.Is(err, end) {
		return eventschemas.Checkpoint{}, err
	}
	if newest == nil {
		return eventschemas.Checkpoint{}, nil
	}
	return b.checkpoint(ctx, newest)
}

// checkpoint is the place of the source event: all that was made of it was
// published with it.
func (b *Bridge) checkpoint(ctx context.Context, a map[string]string) (eventschemas.Checkpoint, error) {
	revision, err := strconv.ParseUint(a[AttrRevision], 10, 64)
	if err != nil || !strings.HasPrefix(a[AttrStream], sourcePrefix) {
		return eventschemas.Checkpoint{}, fmt.Errorf("published event %s does not name its source", a[AttrID])
	}
	events, err := b.store.ReadStream(ctx, a[AttrStream], revision)
	if err != nil {
		return eventschemas.Checkpoint{}, fmt.Errorf("find source of published event %s: %w", a[AttrID], err)
	}
	if len(events) == 0 || events[0].ID.String() != a[AttrCause] {
		return eventschemas.Checkpoint{}, fmt.Errorf("published event %s is of another log: %s@%d is not its source", a[AttrID], a[AttrStream], revision)
	}
	return eventschemas.Checkpoint{Number: sequenceOf(a), Position: events[0].Position, EventID: events[0].ID}, nil
}
