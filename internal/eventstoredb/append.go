package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// largestEvent is the most bytes of one event that a node can hold.
const largestEvent = 16<<20 - 10_000

// never is further away than any context's deadline, which thus decides. The
// client would otherwise end an append after ten seconds.
const never = 365 * 24 * time.Hour

// Append implements commands.EventStore. Events without id, type or metadata
// are refused before anything is sent.
func (s *Store) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	last, err := s.append(ctx, stream, expected, events)
	if err != nil {
		return 0, fmt.Errorf("append to stream %s: %w", stream, err)
	}
	return last, nil
}

func (s *Store) append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	if stream == "" {
		return 0, errors.New("no stream name")
	}
	at, err := expectedRevision(expected)
	if err != nil {
		return 0, err
	}
	data, err := encode(events)
	if err != nil {
		return 0, err
	}
	ctx, cancel := s.limit(ctx)
	defer cancel()
	deadline := never
	options := esdb.AppendToStreamOptions{ExpectedRevision: at, Deadline: &deadline}
	written, err := call(ctx, s, func(ctx context.Context, client *esdb.Client) (*esdb.WriteResult, error) {
		return client.AppendToStream(ctx, stream, options, data...)
	})
	if err != nil {
		return 0, appendError(stream, expected, err)
	}
	last := expected + int64(len(events))
	if written.NextExpectedVersion != uint64(last) { //nolint:gosec // expected is at least -1, so last is not negative
		return 0, fmt.Errorf("outcome unknown: the node says revision %d, not %d", written.NextExpectedVersion, last)
	}
	return last, nil
}

// expectedRevision turns a revision into the client's form. There is no way
// to say Any or StreamExists.
func expectedRevision(expected int64) (esdb.ExpectedRevision, error) {
	switch {
	case expected == commands.NoStream:
		return esdb.NoStream{}, nil
	case expected < 0:
		return nil, fmt.Errorf("expected revision %d is not a revision", expected)
	default:
		return esdb.Revision(uint64(expected)), nil
	}
}

// encode turns events into the client's form and refuses incomplete ones,
// which the client or the node would fill in.
func encode(events []eventschemas.Proposed) ([]esdb.EventData, error) {
	if len(events) == 0 {
		return nil, errors.New("no events")
	}
	data := make([]esdb.EventData, 0, len(events))
	for i, e := range events {
		switch {
		case e.ID == uuid.Nil:
			return nil, fmt.Errorf("event %d has no id", i)
		case e.Type == "":
			return nil, fmt.Errorf("event %d has no type", i)
		case len(e.Meta) == 0:
			return nil, fmt.Errorf("event %d has no metadata", i)
		case len(e.Data)+len(e.Meta) > largestEvent:
			return nil, fmt.Errorf("event %d has %d bytes, more than %d", i, len(e.Data)+len(e.Meta), largestEvent)
		}
		data = append(data, esdb.EventData{
			EventID:     e.ID,
			EventType:   e.Type,
			ContentType: esdb.ContentTypeJson,
			Data:        e.Data,
			Metadata:    e.Meta,
		})
	}
	return data, nil
}
