package yardstick_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/yardstick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errEnough = errors.New("enough")

func TestItTakesAppendsAndGivesItsEvents(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	path := filepath.Join(t.TempDir(), "file")
	s, err := yardstick.Open(ctx, path, 3, 100)
	require.NoError(t, err)
	options := eventstoredb.Options{ConnectionString: s.ConnectionString()}
	bare, err := eventstoredb.OpenBare(options)
	require.NoError(t, err)
	store, err := eventstoredb.Open(ctx, options)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, bare.Close())
		require.NoError(t, store.Close(ctx))
		require.NoError(t, s.Close())
	})
	events := []eventschemas.Proposed{
		{ID: uuid.New(), Type: "t", Data: []byte("12345"), Meta: []byte("67")}, {ID: uuid.New(), Type: "t", Data: []byte("8"), Meta: []byte("9")},
	}
	for _, appender := range []interface {
		Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error)
	}{bare, store} {
		last, err := appender.Append(ctx, "s", commands.NoStream, events)
		require.NoError(t, err)
		require.EqualValues(t, 1, last)
	}
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "123456789123456789", string(written))
	seen := 0
	err = store.Follow(ctx, eventschemas.Position{}, "fl.", func(eventschemas.Recorded) error {
		seen++
		return nil
	}, func() error { return errEnough })
	require.ErrorIs(t, err, errEnough)
	require.Equal(t, 3, seen)
}
