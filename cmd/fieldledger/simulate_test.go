package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/simulate"
)

// short is a simulation of the three sites, small enough for every run of the tests.
func short(days int) simulateCmd {
	return simulateCmd{Set: "all", Days: days, Seed: 7, People: 5, Tools: 40, Stores: 2, Lang: "en"}
}

const shortDays = 20

// lived runs a simulation to its end and returns what was printed.
func lived(ctx context.Context, t *testing.T, dir string, c simulateCmd, progress io.Writer) string {
	t.Helper()
	var out bytes.Buffer
	err := c.Run(ctx, &Config{DataDir: dir}, &terminal{out: &out, err: progress})
	require.NoError(t, err, "%s", out.String())
	return out.String()
}

// factsIn reads the log that a simulation left.
func factsIn(t *testing.T, dir string) (*simulate.World, []simulate.Fact) {
	t.Helper()
	dir = filepath.Join(dir, "simulate")
	w, err := simulate.Load(dir)
	require.NoError(t, err)
	cfg := &Config{DataDir: dir}
	s, err := open(t.Context(), cfg, cfg.logger(&terminal{err: io.Discard}), tuning{Clock: clock.NewFake(w.Now)})
	require.NoError(t, err)
	facts, err := s.facts(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.close())
	return w, facts
}

// order is what happened, in order, without ids. A program that begins anew
// claims its managers and reserves a block of numbers again; nothing else may differ.
func order(facts []simulate.Fact) []string {
	var out []string
	for _, f := range facts {
		if f.Type != "process.claimed.v1" && f.Type != "number.block_reserved.v1" {
			out = append(out, f.Category()+" "+f.Type+" "+f.OccurredAt.Format(time.RFC3339Nano))
		}
	}
	return out
}

// interrupter ends a context at the first line of progress.
type interrupter struct {
	cancel context.CancelFunc
	n      int
}

func (i *interrupter) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("days: ")) {
		i.n++
		i.cancel()
	}
	return len(p), nil
}

// One seed gives the same days, whether they are lived in one go or the run is
// ended with Ctrl-C and goes on; and what must always hold holds.
func TestAUD03TheSameSeedLivesTheSameDaysAndEveryCheckHolds(t *testing.T) {
	t.Parallel()
	whole, parts := t.TempDir(), t.TempDir()
	said := lived(t.Context(), t, whole, short(shortDays), io.Discard)
	require.Contains(t, said, "A simulation begins")
	require.NotContains(t, said, "DID NOT HOLD")
	require.NotContains(t, said, "DIFFERENT")

	lived(t.Context(), t, parts, short(5), io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ending := &interrupter{cancel: cancel}
	said = lived(ctx, t, parts, short(shortDays), ending)
	require.Contains(t, said, "goes on after day 5")
	if ending.n > 0 { // a machine may live all days before the first line of progress
		require.Contains(t, said, "the same command goes on")
		said = lived(t.Context(), t, parts, short(shortDays), io.Discard)
	}
	require.NotContains(t, said, "DID NOT HOLD")

	other := short(shortDays)
	other.Seed = 8
	var out bytes.Buffer
	err := other.Run(t.Context(), &Config{DataDir: parts}, &terminal{out: &out, err: io.Discard})
	require.ErrorContains(t, err, "was begun with")

	w, facts := factsIn(t, whole)
	_, again := factsIn(t, parts)
	a, b := order(facts), order(again)
	for i := range min(len(a), len(b)) {
		require.Equal(t, a[i], b[i], "event %d, after %v", i, a[max(0, i-10):i])
	}
	require.Len(t, b, len(a))
	require.Greater(t, len(facts), 1300)
	require.Greater(t, w.Tried, 20, "what is forbidden is tried")
	require.NotEmpty(t, slices.Sorted(maps.Keys(w.Refused)))
	corrupted(t, w, facts)
	tampered(t, parts)
}

// tampered changes rows of read models behind their projectors' backs: the run
// says so, answers of the API that rest on them are faults, and its exit code is 1.
func tampered(t *testing.T, dir string) {
	t.Helper()
	sim := filepath.Join(dir, "simulate")
	w, err := simulate.Load(sim)
	require.NoError(t, err)
	cfg := &Config{DataDir: sim}
	s, err := open(t.Context(), cfg, cfg.logger(&terminal{err: io.Discard}), tuning{Clock: clock.NewFake(w.Now)})
	require.NoError(t, err)
	for _, change := range []string{
		s.manager.Schema("custody") + ".tool SET price_fen = price_fen + 1, custody = replace(custody::text, 'store1', 'store9')::jsonb",
		s.manager.Schema("keeping") + ".kept_tool SET inspections = '[]', lapsed_from = '2025-01-01', lapsed_to = '9999-12-31'",
	} {
		tag, err := s.pool.Exec(t.Context(), "UPDATE "+change)
		require.NoError(t, err)
		require.Positive(t, tag.RowsAffected())
	}
	require.NoError(t, s.close())
	var out bytes.Buffer
	err = short(shortDays).Run(t.Context(), &Config{DataDir: dir}, &terminal{out: &out, err: io.Discard})
	require.ErrorIs(t, err, errSimulation)
	require.Equal(t, exitFault, exitCode(err))
	require.Contains(t, out.String(), "DIFFERENT")
	require.Contains(t, out.String(), "asked_holder: ", "who held a tool is answered from the rows that were changed")
	require.Contains(t, out.String(), "asked_overdue: ", "and what was in use past its inspection")
}

// corrupted damages the facts of a real log, one way after the other: the check
// that is about it fails, and no fault is found without.
func corrupted(t *testing.T, w *simulate.World, facts []simulate.Fact) {
	t.Helper()
	failing := func(facts []simulate.Fact) []string {
		var out []string
		for _, r := range simulate.Check(w, facts) {
			if len(r.Faults) > 0 {
				out = append(out, r.Name)
			}
		}
		return out
	}
	require.Empty(t, failing(facts))
	twice := slices.IndexFunc(facts, func(f simulate.Fact) bool { return f.Type == "tool.registered.v1" })
	require.Contains(t, failing(append(slices.Clone(facts), facts[twice])), "custody")
	late := slices.IndexFunc(facts, func(f simulate.Fact) bool { return f.Type == "tool.lent.v1" })
	lent := facts[late]
	lent.OccurredAt = lent.OccurredAt.AddDate(9, 0, 0)
	if i := slices.IndexFunc(facts, func(f simulate.Fact) bool { return f.Stream == lent.Stream && f.Type == "tool.inspected.v1" }); i >= 0 {
		damaged := slices.Clone(facts)
		damaged[late] = lent
		require.Contains(t, failing(damaged), "inspection")
	}
	kept := slices.DeleteFunc(slices.Clone(facts), func(f simulate.Fact) bool {
		return f.Type == "stock.received.v1" || strings.HasPrefix(f.Type, "stock.opened")
	})
	require.Contains(t, failing(kept), "stock")
}
