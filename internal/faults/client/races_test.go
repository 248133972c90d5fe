package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// perStream is how many races are run on one stream.
const perStream = 100

// race lets two writers append at one revision at once, and says what is
// wrong with the answers beside what is stored. An answer that was lost
// decides nothing: the stream tells who won.
func race(ctx context.Context, stores [2]commands.EventStore, reader commands.StreamReader, stream string, expected int64) error {
	var events [2]eventschemas.Proposed
	var errs [2]error
	var wg sync.WaitGroup
	for i := range 2 {
		events[i] = event("x")
		wg.Go(func() { _, errs[i] = stores[i].Append(ctx, stream, expected, events[i:i+1]) })
	}
	wg.Wait()
	stored, err := reader.ReadStream(ctx, stream, uint64(expected+1))
	if err != nil && !errors.Is(err, commands.ErrStreamNotFound) {
		return err
	}
	var winner uuid.UUID
	switch len(stored) {
	case 0: // neither was stored, and nobody may have been told so
	case 1:
		winner = stored[0].ID
	default:
		return fmt.Errorf("%d events were stored after revision %d", len(stored), expected)
	}
	for i := range 2 {
		conflict := new(commands.ConflictError)
		won := winner == events[i].ID
		switch {
		case errs[i] == nil && !won:
			return fmt.Errorf("writer %d was told that it won, and %s is stored", i, winner)
		case errors.As(errs[i], &conflict) && (won || conflict.Actual != expected+1):
			return fmt.Errorf("writer %d was told %w, and %s is stored", i, errs[i], winner)
		case errors.Is(errs[i], commands.ErrUnavailable) && won:
			return fmt.Errorf("writer %d was told %w, and its event is stored", i, errs[i])
		}
	}
	return nil
}

// races runs n of them and returns the first fault, and how many answers were lost.
func (w *world) races(stores [2]commands.EventStore, n int) (won int, err error) {
	w.Helper()
	for round := range n {
		stream := fmt.Sprintf("fl.race-%d", round/perStream)
		expected, err := w.last(stream)
		if err != nil {
			return won, err
		}
		ctx, cancel := context.WithTimeout(w.Context(), patience)
		err = race(ctx, stores, w.node, stream, expected)
		cancel()
		if err != nil {
			return won, fmt.Errorf("race %d: %w", round, err)
		}
		if after, err := w.last(stream); err == nil && after == expected+1 {
			won++
		}
	}
	return won, nil
}

func (w *world) last(stream string) (int64, error) {
	stored, err := w.node.ReadStream(w.Context(), stream, 0)
	if errors.Is(err, commands.ErrStreamNotFound) {
		return commands.NoStream, nil
	}
	return int64(len(stored)) - 1, err
}

func TestOfTwoWritersAtOneRevisionExactlyOneWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := scale.Times(200, 10_000)
	won, err := w.races([2]commands.EventStore{w.open(patience), w.open(patience)}, n)
	require.NoError(t, err)
	require.Equal(t, n, won)
	t.Logf("fault: two writers of one stream: %d races, one winner each", n)
}

func TestOfTwoWritersAtOneRevisionAtMostOneWinsAcrossFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.disturb()
	defer stop()
	n := scale.Times(300, 2_000)
	won, err := w.races([2]commands.EventStore{w.open(80 * time.Millisecond), w.open(80 * time.Millisecond)}, n)
	require.NoError(t, err)
	require.Positive(t, won)
	t.Logf("fault: two writers across cuts: %d races, %d with a winner", n, won)
}

func TestTheRacesTellAStoreThatIgnoresTheRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := anyRevision{w.open(patience)}
	_, err := w.races([2]commands.EventStore{s, s}, 50)
	require.Error(t, err)
}
