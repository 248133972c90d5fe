package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// ReadStream implements commands.StreamReader. The whole answer is held in memory.
func (s *Store) ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	events, err := call(ctx, s, func(ctx context.Context, client *esdb.Client) ([]eventschemas.Recorded, error) {
		return readAll(ctx, client, stream, from)
	})
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", stream, readError(err))
	}
	return events, nil
}

func readAll(ctx context.Context, client *esdb.Client, stream string, from uint64) ([]eventschemas.Recorded, error) {
	options := esdb.ReadStreamOptions{Direction: esdb.Forwards, From: esdb.Revision(from)}
	reader, err := client.ReadStream(ctx, stream, options, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	events := []eventschemas.Recorded{}
	for {
		next, err := reader.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		if next.Event == nil {
			return nil, fmt.Errorf("event after revision %d has no content", len(events))
		}
		events = append(events, recorded(next.Event))
	}
}

// recorded turns an event into the port's form without copying its bytes.
func recorded(e *esdb.RecordedEvent) eventschemas.Recorded {
	return eventschemas.Recorded{
		Stream:   e.StreamID,
		Revision: e.EventNumber,
		ID:       e.EventID,
		Type:     e.EventType,
		Data:     e.Data,
		Meta:     e.UserMetadata,
		Created:  e.CreatedDate,
		Position: eventschemas.Position{Commit: e.Position.Commit, Prepare: e.Position.Prepare},
	}
}
