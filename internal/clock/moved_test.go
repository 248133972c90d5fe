package clock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func TestMovedGoesOnFromTheTimeInItsFileAndNeverBack(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clock")
	_, err := clock.OpenMoved(file)
	require.ErrorIs(t, err, os.ErrNotExist)
	write(t, file, "soon\n")
	_, err = clock.OpenMoved(file)
	require.ErrorContains(t, err, "soon")

	start := time.Date(2026, 3, 3, 6, 0, 0, 0, time.UTC)
	near := func(want, got time.Time) {
		t.Helper()
		require.False(t, got.Before(want.Add(-time.Second)), got) // a file system may keep whole seconds
		require.Less(t, got.Sub(want), time.Hour, got)
	}
	write(t, file, "2026-03-03T14:00:00+08:00\n")
	moved, err := clock.OpenMoved(file)
	require.NoError(t, err)
	first := moved.Now()
	near(start, first)
	require.Equal(t, time.UTC, first.Location())
	require.Zero(t, first.Nanosecond()%int(clock.Precision))

	write(t, file, "2026-06-05T09:00:00+08:00")
	later := moved.Now()
	near(time.Date(2026, 6, 5, 1, 0, 0, 0, time.UTC), later)
	write(t, file, "") // while it is written
	require.False(t, moved.Now().Before(later))
	write(t, file, "2026-01-01T00:00:00Z")
	still := moved.Now()
	require.False(t, still.Before(later))
	require.Equal(t, still, moved.Now(), "it stands still until that has come")
}

func TestMovedWakesWhenItsFileSaysSo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clock")
	write(t, file, "2026-03-03T14:00:00+08:00")
	moved, err := clock.OpenMoved(file)
	require.NoError(t, err)
	at := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	reached, cancel := moved.Wake(at)
	defer cancel()
	never, give := moved.Wake(at.AddDate(1, 0, 0))
	give()
	give()
	select {
	case <-reached:
		t.Fatal("woken too early")
	default:
	}
	write(t, file, "2026-03-11T00:00:00Z")
	select {
	case <-reached:
		require.False(t, moved.Now().Before(at))
	case <-time.After(time.Minute):
		t.Fatal("never woken")
	}
	select {
	case <-never:
		t.Fatal("nobody waits for it any more")
	default:
	}
}
