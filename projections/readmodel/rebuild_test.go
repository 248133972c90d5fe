package readmodel_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestARebuildEqualsTheLiveTables(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, readmodel.MarkEvery+500, 10)
	w := newWorld(t, l)
	w.project(nil)
	live := w.dump()
	var last, total int64
	reports, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{
		Pages:    w.reader(func(o *catchup.Options) { o.PageEvents = 300 }), // more rows than it may keep: they are loaded again
		Progress: func(done, of int64) { last, total = done, of },
	})
	require.NoError(t, err)
	require.Len(t, reports, 2)
	require.Equal(t, int64(len(l.all)), last)
	require.Equal(t, last, total)
	for _, r := range reports {
		require.True(t, r.Equal, r)
		require.Equal(t, 2, r.Generation)
		require.Equal(t, total, r.Events)
		require.Equal(t, w.digests()[r.Projection], r.RebuiltDigest)
		require.NoError(t, w.m.CutOver(w.context(), w.reader(nil), r.Projection, 2))
	}
	require.Equal(t, "rm_jobs_v1_g2", w.m.Schema("jobs"))
	rebuilt := w.dump()
	for _, table := range []string{"feed", "job", "job_history", "job_fact", "job_cell", "job_cell_mark"} {
		require.Equal(t, live[table], rebuilt[table], table)
	}
	require.NoError(t, w.m.Refresh(w.context()))
	w.verified()
}

func TestARebuildOfAChangedTableIsNotEqual(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 300, 11)
	w := newWorld(t, l)
	w.project(nil)
	w.exec("UPDATE fieldledger.projection_mark SET digest = decode(repeat('00', 32), 'hex') WHERE projection = 'jobs'")
	reports, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(nil), Projections: []string{"jobs"}})
	require.NoError(t, err)
	require.False(t, reports[0].Equal)
}

func TestACutOverGoesOnWhileEventsComeAndCanBeRolledBack(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 300, 12)
	w := newWorld(t, l)
	stop := w.run(w.reader(nil))
	require.NoError(t, w.m.WaitFor(w.context(), 300))
	_, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(nil)})
	require.NoError(t, err)

	more := make(chan struct{})
	go func() {
		defer close(more)
		for n := 310; n <= 900; n += 10 {
			fill(l, n, uint64(n))
		}
	}()
	other := newManager(t, w.pool) // as another process would
	require.NoError(t, other.CutOver(w.context(), w.reader(nil), "jobs", 2))
	<-more
	require.NoError(t, w.m.WaitFor(w.context(), int64(len(l.all))))
	require.Eventually(t, func() bool { return w.m.Schema("jobs") == "rm_jobs_v1_g2" }, patience, time.Millisecond)
	w.verified()

	require.NoError(t, w.m.RollBack(w.context(), w.reader(nil), "jobs"))
	fill(l, 1_000, 13)
	require.NoError(t, w.m.WaitFor(w.context(), int64(len(l.all))))
	require.Equal(t, "rm_jobs_v1_g1", w.m.Schema("jobs"))
	w.verified()
	require.NoError(t, stop())

	n, err := w.m.DropRetired(w.context(), "jobs")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ErrorIs(t, w.m.RollBack(w.context(), w.reader(nil), "jobs"), readmodel.ErrNoGeneration)
	require.Equal(t, []string{"rm_feed_v1_g1", "rm_feed_v1_g2", "rm_jobs_v1_g1"},
		w.text("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'rm\\_%' ORDER BY 1"))
}

func TestAnInterruptedRebuildStartsOverAndLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 300, 14)
	w := newWorld(t, l)
	w.project(nil)
	stopped := errors.New("stopped")
	_, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: stopAfter{w.reader(nil), stopped}})
	require.ErrorIs(t, err, stopped)
	require.Contains(t, w.text("SELECT state FROM fieldledger.projection_generation"), "building")
	reports, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(nil)})
	require.NoError(t, err)
	require.True(t, reports[0].Equal && reports[1].Equal)
	require.NotContains(t, w.text("SELECT state FROM fieldledger.projection_generation"), "building")
	require.Len(t, w.text("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'rm\\_%'"), 4)
}

// stopAfter ends a scan with an error after its first page.
type stopAfter struct {
	pages readmodel.Pages
	err   error
}

func (s stopAfter) Scan(ctx context.Context, after eventschemas.Checkpoint, to int64, page func(eventschemas.Page) error) error {
	return s.pages.Scan(ctx, after, to, func(p eventschemas.Page) error { return errors.Join(page(p), s.err) })
}

func TestTwoRebuildsAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 100, 15)
	w := newWorld(t, l)
	w.project(nil)
	_, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(nil), Progress: func(int64, int64) {
		_, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(nil)})
		require.ErrorIs(t, err, readmodel.ErrBusy)
	}})
	require.NoError(t, err)
}

func TestAnEmptyLogRebuilds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newMemLog())
	require.NoError(t, w.m.Ensure(w.context()))
	reports, err := w.m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(nil)})
	require.NoError(t, err)
	require.True(t, reports[0].Equal)
}
