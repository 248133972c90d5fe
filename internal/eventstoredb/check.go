package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// HeadError says that the log has another event at a checkpoint's position, or
// none: the read models belong to another log.
type HeadError struct {
	Checkpoint eventschemas.Checkpoint
	Found      string // id of the event there, "" for none
}

// Error tells what was expected and what was found.
func (e *HeadError) Error() string {
	found := e.Found
	if found == "" {
		found = "no event"
	}
	return fmt.Sprintf("at position %d the log has %s, not event %s", e.Checkpoint.Position.Commit, found, e.Checkpoint.EventID)
}

// CheckHead compares the log with a checkpoint that somebody kept. Errors:
// *HeadError, or those of ReadStream.
func (s *Store) CheckHead(ctx context.Context, at eventschemas.Checkpoint) error {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	found, err := call(ctx, s, func(ctx context.Context, client *esdb.Client) (string, error) {
		return idAt(ctx, client, at.Position)
	})
	if err != nil {
		return fmt.Errorf("read position %d: %w", at.Position.Commit, readError(err))
	}
	if found != at.EventID.String() {
		return &HeadError{Checkpoint: at, Found: found}
	}
	return nil
}

// idAt returns the id of the event at a position, "" if there is none.
func idAt(ctx context.Context, client *esdb.Client, at eventschemas.Position) (string, error) {
	reader, err := client.ReadAll(ctx, esdb.ReadAllOptions{
		Direction: esdb.Forwards, From: esdb.Position{Commit: at.Commit, Prepare: at.Prepare},
	}, 1)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	next, err := reader.Recv()
	switch {
	case errors.Is(err, io.EOF):
		return "", nil
	case err != nil:
		return "", err
	case next.Event == nil || next.Event.Position.Commit != at.Commit:
		return "", nil
	}
	return next.Event.EventID.String(), nil
}
