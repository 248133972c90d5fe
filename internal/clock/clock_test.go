package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
)

func TestSystemTellsUTCInWholeMilliseconds(t *testing.T) {
	t.Parallel()
	before := time.Now().Add(-clock.Precision)
	now := clock.System{}.Now()
	require.Equal(t, time.UTC, now.Location())
	require.Zero(t, now.Nanosecond()%int(clock.Precision))
	require.False(t, now.Before(before))
	require.False(t, now.After(time.Now()))
}

func TestFixedAndFakeCutToUTCMilliseconds(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("UTC+8", 8*60*60)
	at := time.Date(2026, 3, 1, 8, 0, 0, 123_456_789, zone)
	want := time.Date(2026, 3, 1, 0, 0, 0, 123_000_000, time.UTC)
	require.Equal(t, want, clock.Fixed{At: at}.Now())
	require.Equal(t, want, clock.NewFake(at).Now())
}

func TestFakeStandsStillUntilItIsMoved(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	fake := clock.NewFake(start)
	require.Equal(t, start, fake.Now())
	require.Equal(t, start.Add(time.Hour), fake.Advance(time.Hour))
	require.Equal(t, start.Add(time.Hour), fake.Now())
	fake.Set(start)
	require.Equal(t, start, fake.Now())
}

func TestFakeWakesWhenItIsMovedThereAndNotBefore(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	fake := clock.NewFake(start)
	closed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	past, _ := fake.Wake(start)
	require.True(t, closed(past))
	early, _ := fake.Wake(start.Add(time.Minute))
	late, cancel := fake.Wake(start.Add(time.Hour))
	fake.Advance(59 * time.Second)
	require.False(t, closed(early))
	fake.Advance(time.Second)
	require.True(t, closed(early))
	cancel()
	fake.Advance(time.Hour)
	require.False(t, closed(late), "nobody waits for it any more")
}

func TestSystemWakes(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(20 * time.Millisecond)
	reached, cancel := clock.System{}.Wake(at)
	defer cancel()
	select {
	case <-reached:
		require.False(t, time.Now().Before(at))
	case <-time.After(time.Minute):
		t.Fatal("never woken")
	}
}

func TestFakeIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	fake := clock.NewFake(start)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				fake.Advance(time.Millisecond)
				_ = fake.Now()
			}
		})
	}
	wg.Wait()
	require.Equal(t, start.Add(800*time.Millisecond), fake.Now())
}
