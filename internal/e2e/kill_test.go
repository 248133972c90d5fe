package e2e_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/clock"
)

// kills is how often each work is killed.
const kills = 10

// runFor runs the program and kills it with SIGKILL after a time; it reports
// whether the program was killed before it ended.
func (i *installation) runFor(t *testing.T, d time.Duration, args ...string) (killed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	cmd := i.command(ctx, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.Success() { // it may have ended just as it was to be killed
		return false
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "%v: %s", err, out)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.True(t, status.Signaled() && status.Signal() == syscall.SIGKILL, "%v: %s", err, out)
	return true
}

// history is the commands and types of events by stream.
func history(t *testing.T, h *apptest.Harness) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, e := range events(t, h) {
		require.EqualValues(t, len(out[e.Stream]), e.Revision)
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		require.NoError(t, err)
		out[e.Stream] = append(out[e.Stream], env.Command.ID.String()+" "+e.Type)
	}
	return out
}

// harness looks at an installation whose program has ended.
func (i *installation) harness(t *testing.T) *apptest.Harness {
	t.Helper()
	node := i.node(t)
	return &apptest.Harness{Node: node, Store: node, Clock: clock.NewFake(apptest.Start), Log: slog.New(slog.DiscardHandler)}
}

// eventsNow counts the events of an installation whose program has ended.
func (i *installation) eventsNow(t *testing.T) int {
	t.Helper()
	h := i.harness(t)
	n := len(events(t, h))
	closeNode(t, h.Node)
	return n
}

func TestAnImportKilledTenTimesLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	file := cut(t, 150)
	path := filepath.Join(t.TempDir(), "log.csv")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	calm := newInstallation(t)
	calm.run(t, "verify") // the folder of the database takes its time
	began := time.Now()
	calm.run(t, "import", path)
	took := time.Since(began)

	i := newInstallation(t)
	i.run(t, "verify")
	killed, partial := 0, 0
	for before := 0; killed < kills; {
		if i.runFor(t, took/4+rand.N(took), "import", path) {
			killed++
			now := i.eventsNow(t)
			require.GreaterOrEqual(t, now, before, "what was stored stays")
			if now > before {
				partial++
			}
			before = now
			continue
		}
		requireWhole(t, i, file) // it was quicker, so the next one is given less time: from the beginning again
		took = max(took*2/3, time.Millisecond)
		i, before = newInstallation(t), 0
		i.run(t, "verify")
	}
	i.run(t, "import", path)
	requireWhole(t, i, file)
	require.Positive(t, partial, "some of the kills came in the middle")
	t.Logf("an import takes %s; of %d kills %d came after something new was stored", took, killed, partial)
}

// requireWhole holds an installation that has imported a file against an
// undisturbed import, and its read models against new ones of the same log.
func requireWhole(t *testing.T, i *installation, file []byte) {
	t.Helper()
	require.NotContains(t, i.run(t, "verify"), "DIFFERENT")
	h := i.harness(t)
	pool, done := i.database(t)
	defer done()
	undisturbed := newDeskLike(t, pool)
	undisturbed.importLog(t, file, 4)
	require.Equal(t, history(t, undisturbed.Harness), history(t, h))

	fresh := keep(t, h, database(t), nil)
	fresh.settle(t, h)
	require.Equal(t, fresh.digests(), digestsIn(t, pool))
	requireSameFigures(t, undisturbed.readModels, api.AsOf{}, fresh, api.AsOf{})
}

func TestARebuildKilledTenTimesLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log.csv")
	require.NoError(t, os.WriteFile(path, cut(t, 500), 0o600))
	i := newInstallation(t)
	i.run(t, "import", path)
	stored := i.eventsNow(t)
	pool, done := i.database(t)
	want := digestsIn(t, pool)
	done()
	began := time.Now()
	i.run(t, "rebuild")
	took := time.Since(began)

	killed, building := 0, 0
	for tries := 0; killed < kills; tries++ {
		require.Less(t, tries, 10*kills)
		if !i.runFor(t, rand.N(took), "rebuild") {
			took = max(took*2/3, time.Millisecond)
			continue
		}
		killed++
		pool, done := i.database(t)
		require.Equal(t, want, digestsIn(t, pool), "what serves is whole")
		var half bool
		require.NoError(t, pool.QueryRow(t.Context(),
			"SELECT EXISTS (SELECT FROM fieldledger.projection_generation WHERE state IN ('building', 'catching_up'))").Scan(&half))
		if half {
			building++
		}
		done()
		require.Equal(t, stored, i.eventsNow(t))
		require.NotContains(t, i.run(t, "verify"), "DIFFERENT")
	}
	require.NotContains(t, i.run(t, "rebuild"), "DIFFERENT")
	require.NotContains(t, i.run(t, "verify"), "DIFFERENT")
	require.Positive(t, building, "some of the kills came in the middle")
	t.Logf("a rebuild takes %s; %d of %d kills left a half-built generation", took, building, killed)

	pool, done = i.database(t)
	defer done()
	require.Equal(t, want, digestsIn(t, pool))
	var generations, schemas int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM fieldledger.projection_generation").Scan(&generations))
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'rm\_%'`).Scan(&schemas))
	require.Equal(t, 14, generations, "of each projection the one that serves and the one before")
	require.Equal(t, generations, schemas, "what was half built is gone")
	h := i.harness(t)
	fresh := keep(t, h, database(t), nil)
	fresh.settle(t, h)
	require.Equal(t, want, fresh.digests())
}
