package readmodel_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func (w *world) statusOf(projection string) readmodel.Status {
	w.Helper()
	for _, s := range w.m.Status() {
		if s.Projection == projection {
			return s
		}
	}
	w.Fatalf("no status of %s", projection)
	return readmodel.Status{}
}

func TestAProjectorThatCannotGoOnHaltsAloneRightBeforeTheEvent(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(*memLog){
		"it does not know the event":       func(l *memLog) { l.add(l.all[0].Stream, "job.odd.v1", odd{Site: "sh"}) },
		"the database refuses the row":     func(l *memLog) { l.add(l.all[0].Stream, "job.moved.v1", moved{Site: "sh", Note: "a\x00b"}) },
		"the stream comes to another site": func(l *memLog) { l.add(l.all[0].Stream, "job.moved.v1", moved{Site: "bj"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newMemLog()
			l.add(jobStream(0), "job.opened.v1", opened{Site: "sh", Day: "2026-01-01", Level: 1})
			fill(l, 100, 20)
			bad(l)
			fill(l, 200, 21)
			w := newWorld(t, l)
			stop := w.run(w.reader(nil))
			require.NoError(t, w.m.WaitFor(w.context(), 200))
			s := w.statusOf("jobs")
			require.Equal(t, readmodel.Halted, s.State)
			require.Equal(t, int64(100), s.Number)
			require.Equal(t, int64(100), s.Lag)
			require.Equal(t, int64(101), s.HaltedNumber)
			require.Equal(t, l.all[0].Stream, s.HaltedStream)
			require.Equal(t, l.all[100].Revision, s.HaltedRevision)
			require.NotEmpty(t, s.HaltedReason)
			require.Equal(t, readmodel.Active, w.statusOf("feed").State)
			require.Equal(t, int64(200), w.statusOf("feed").Number)
			w.verified()
			require.NoError(t, stop())

			w.m = newManager(t, w.pool) // tries again, and halts again
			stop = w.run(w.reader(nil))
			require.Eventually(t, func() bool {
				s := w.m.Status()
				return len(s) == 2 && s[1].HaltedNumber == 101 && s[1].HaltedStream != ""
			}, patience, time.Millisecond)
			require.NoError(t, stop())
		})
	}
}

func TestAPoisonEventHaltsEveryProjectorAndSaysWhere(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 50, 22)
	l.add("fl.other-1", "other.unknown.v1", struct{}{})
	fill(l, 60, 23)
	w := newWorld(t, l)
	stop := w.run(w.reader(nil))
	require.ErrorIs(t, w.m.WaitFor(w.context(), 60), readmodel.ErrHalted)
	for _, s := range w.m.Status() {
		require.Equal(t, readmodel.Halted, s.State)
		require.Equal(t, int64(50), s.Number)
		require.Equal(t, int64(51), s.HaltedNumber)
		require.Equal(t, "fl.other-1", s.HaltedStream)
		require.Contains(t, s.HaltedReason, "unknown")
	}
	require.NoError(t, stop())
}

func TestALateOwnerStopsAndWritesNothing(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 50, 24)
	w := newWorld(t, l)
	first := make(chan error, 1)
	go func() { first <- w.m.Run(w.context(), w.reader(nil)) }()
	require.NoError(t, w.m.WaitFor(w.context(), 50))

	second := &world{T: t, log: l, pool: w.pool, m: newManager(t, w.pool)}
	second.run(second.reader(nil))
	require.Eventually(t, second.m.CaughtUp, patience, time.Millisecond)
	_, err := w.m.Start(w.context()) // reads its generations again, as after a lost store
	require.NoError(t, err)
	fill(l, 100, 25)
	require.ErrorIs(t, <-first, readmodel.ErrFenced)
	require.NoError(t, second.m.WaitFor(w.context(), int64(len(l.all))))
	second.verified()
}

func TestReadingOnesOwnWriteWaitsForIt(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 50, 26)
	w := newWorld(t, l)
	stop := w.run(w.reader(nil))
	e := l.add(jobStream(9_999), "job.opened.v1", opened{Site: "sh", Day: "2026-01-01", Level: 1})
	require.NoError(t, w.m.WaitRevision(w.context(), e.Stream, 0))
	_, id := readmodel.StreamKey(e.Stream)
	_, ok, err := jobReader(t).Row(w.context(), w.pool, w.m.Schema("jobs"), id, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, stop())

	w.m = newManager(t, w.pool) // remembers nothing
	require.NoError(t, w.m.Refresh(w.context()))
	require.NoError(t, w.m.WaitRevision(w.context(), e.Stream, 0))
	ctx, cancel := context.WithCancel(w.context())
	cancel()
	require.ErrorIs(t, w.m.WaitRevision(ctx, e.Stream, 1), readmodel.ErrBeyond)
	require.ErrorIs(t, w.m.WaitFor(ctx, 1_000), readmodel.ErrBeyond)
}

func TestAfterTheDatabaseWasPutBackNothingCountsAsAppliedThatIsGone(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 50, 31)
	w := newWorld(t, l)
	w.project(nil)
	last := l.all[len(l.all)-1]
	require.NoError(t, w.m.WaitRevision(w.context(), last.Stream, int64(last.Revision)))
	_, err := w.pool.Exec(w.context(), "DELETE FROM fieldledger.projection_active")
	require.NoError(t, err)
	require.NoError(t, newManager(t, w.pool).Ensure(w.context())) // empty ones
	require.NoError(t, w.m.Refresh(w.context()))
	require.Zero(t, w.m.Head())
	ctx, cancel := context.WithCancel(w.context())
	cancel()
	require.ErrorIs(t, w.m.WaitRevision(ctx, last.Stream, int64(last.Revision)), readmodel.ErrBeyond)
}

func TestATimeMapsToTheLastNumberAtOrBeforeIt(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 100, 27)
	w := newWorld(t, l)
	w.run(w.reader(func(o *catchup.Options) { o.PageEvents = 7 }))
	require.NoError(t, w.m.WaitFor(w.context(), 100))
	for at := -2; at < 33; at++ {
		for _, part := range []time.Duration{0, 400 * time.Millisecond} {
			moment := zero.Add(time.Duration(at)*time.Second + part)
			want := int64(0)
			for i, e := range l.all {
				if !e.Created.After(moment) {
					want = int64(i + 1)
				}
			}
			got, err := w.m.NumberAt(w.context(), moment)
			require.NoError(t, err)
			require.Equal(t, want, got, moment)
		}
	}
	_, err := w.m.NumberAt(w.context(), zero.Add(time.Hour))
	require.ErrorIs(t, err, readmodel.ErrBeyond)
}

func TestChangedTellsEveryCommit(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 10, 28)
	w := newWorld(t, l)
	w.run(w.reader(nil))
	require.Eventually(t, w.m.CaughtUp, patience, time.Millisecond)
	changed := w.m.Changed()
	fill(l, 12, 29)
	<-changed
	require.NoError(t, w.m.WaitFor(w.context(), 12))
	require.Equal(t, int64(12), w.m.Head())
}

func TestAWrongModelIsRefused(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]readmodel.Table{
		"no tag":           readmodel.Log[struct{ A string }]{Name: "a", Row: nil},
		"name with a hole": readmodel.Model[jobRow]{Name: "a b", Category: "job", Evolve: evolveJob},
		"taken column": readmodel.Model[struct {
			Site string `db:"site"`
		}]{Name: "a", Category: "job", Evolve: nil},
		"figures without dims": readmodel.Model[jobRow]{Name: "a", Category: "job", Evolve: evolveJob, Contribute: contributeJob},
	} {
		_, err := readmodel.New(readmodel.Options{
			Pool: nil, Projections: []readmodel.Projection{{Name: "a", Version: 1, Tables: []readmodel.Table{table}}},
		})
		require.Error(t, err, name)
	}
}

func TestLostConnectionsLeaveTheSameTables(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 1_500, 30)
	calm := newWorld(t, l)
	calm.project(nil)
	w := newWorld(t, l)
	w.run(w.reader(func(o *catchup.Options) {
		o.PageEvents, o.Decoders, o.MinBackoff, o.MaxBackoff = 25, 2, time.Millisecond, 5*time.Millisecond
	}))
	require.NoError(t, w.m.WaitFor(w.context(), 25)) // it owns the read models by now
	for killed := 0; killed < 20 && w.m.Head() < 1_500; {
		changed := w.m.Changed()
		var n int
		err := calm.pool.QueryRow(w.context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = $1 AND state <> 'idle'`, w.pool.Config().ConnConfig.Database).Scan(&n)
		require.NoError(t, err)
		killed += n
		select {
		case <-changed:
		case <-time.After(5 * time.Millisecond):
		}
	}
	require.NoError(t, w.m.WaitFor(w.context(), 1_500))
	require.Equal(t, calm.digests(), w.digests())
	w.verified()
}
