package faults_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// errLost says that an acknowledged event is not there.
var errLost = errors.New("an acknowledged event is lost")

// seen is an event that an earlier start showed; no later one may show another log.
type seen struct {
	position uint64
	id       uuid.UUID
}

// checker holds a node's log against the script, the acknowledgements, and what was seen before.
type checker struct {
	script
	before []seen
}

// check reads the whole log. It proves: every event is what the script says, in its place, once, chained to the one before;
// appends are whole; positions rise; everything acknowledged is there, where it was said to be; the log begins with what was
// seen before.
func (c *checker) check(ctx context.Context, n *eventnode.Node, acks []ack) error {
	lines := map[string]*line{}
	for w := range c.Writers {
		lines[c.stream(w)] = c.line(c.stream(w))
	}
	positions := map[string]map[uint64]uint64{}
	log := []seen{}
	var last uint64
	_, err := n.Scan(ctx, eventschemas.Position{}, "", func(r eventschemas.Recorded) error {
		l := lines[r.Stream]
		if l == nil {
			return fmt.Errorf("stream %s is not in the script", r.Stream)
		}
		if r.Position.Commit <= last {
			return fmt.Errorf("position %d follows %d", r.Position.Commit, last)
		}
		last = r.Position.Commit
		if r.Revision != l.next {
			return fmt.Errorf("revision %d of %s where %d is due", r.Revision, r.Stream, l.next)
		}
		if want := l.event(); want.ID != r.ID || want.Type != r.Type || !bytes.Equal(want.Data, r.Data) || !bytes.Equal(want.Meta, r.Meta) {
			return fmt.Errorf("event %d of %s is %s %s, not %s %s", r.Revision, r.Stream, r.Data, r.Meta, want.Data, want.Meta)
		}
		if l.whole() {
			at := positions[r.Stream]
			if at == nil {
				at = map[uint64]uint64{}
				positions[r.Stream] = at
			}
			at[r.Revision] = r.Position.Commit
		}
		log = append(log, seen{position: r.Position.Commit, id: r.ID})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	for _, l := range lines {
		if !l.whole() {
			return fmt.Errorf("stream %s ends at revision %d, within the append of %d", l.stream, l.next, l.first)
		}
	}
	for _, k := range acks {
		if at, found := positions[k.stream][k.last]; !found || at != k.position {
			return fmt.Errorf("%w: %s %d to %d at %d, the stream ends before %d", errLost, k.stream, k.first, k.last, k.position, lines[k.stream].next)
		}
	}
	if uint64(len(log)) != n.Head().Events {
		return fmt.Errorf("%d events where the head says %d", len(log), n.Head().Events)
	}
	if len(log) < len(c.before) {
		return fmt.Errorf("%w: %d events where %d were seen before", errLost, len(log), len(c.before))
	}
	for i, s := range c.before {
		if log[i] != s {
			return fmt.Errorf("event %d is %v, before it was %v", i+1, log[i], s)
		}
	}
	c.before = log
	return nil
}

// repeat sends the first and the last acknowledged append of each stream again: the answers must be as before, and nothing stored.
func (c *checker) repeat(ctx context.Context, n *eventnode.Node, acks []ack) error {
	client, err := connect(n)
	if err != nil {
		return err
	}
	first, last := map[string]ack{}, map[string]ack{}
	for _, k := range acks {
		if _, known := first[k.stream]; !known {
			first[k.stream] = k
		}
		last[k.stream] = k
	}
	head := n.Head()
	for _, asked := range []map[string]ack{first, last} {
		for stream, k := range asked {
			l := c.line(stream)
			for l.next < k.first {
				l.event()
			}
			got, err := appendBatch(ctx, client, l)
			if err != nil || got != k {
				return errors.Join(fmt.Errorf("a repeat of %v is answered with %v: %w", k, got, err), client.Close())
			}
		}
	}
	if n.Head() != head {
		return errors.Join(fmt.Errorf("repeats moved the head from %v to %v", head, n.Head()), client.Close())
	}
	return client.Close()
}

// appendBatch sends the line's next append through the client.
func appendBatch(ctx context.Context, client *esdb.Client, l *line) (ack, error) {
	first, batch := l.batch()
	events := make([]esdb.EventData, len(batch))
	for i, e := range batch {
		events[i] = esdb.EventData{EventID: e.ID, EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: e.Meta}
	}
	expected := esdb.ExpectedRevision(esdb.NoStream{})
	if first > 0 {
		expected = esdb.Revision(first - 1)
	}
	result, err := client.AppendToStream(ctx, l.stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...)
	if err != nil {
		return ack{}, err
	}
	return ack{stream: l.stream, first: first, last: result.NextExpectedVersion, position: result.CommitPosition}, nil
}

func connect(n *eventnode.Node) (*esdb.Client, error) {
	config, err := esdb.ParseConnectionString(n.ConnectionString())
	if err != nil {
		return nil, err
	}
	config.Logger = esdb.NoopLogging()
	return esdb.NewClient(config)
}
