package readmodel_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func jobReader(t *testing.T) *readmodel.Reader[jobRow] {
	t.Helper()
	r, err := readmodel.NewReader(jobModel)
	require.NoError(t, err)
	return r
}

func TestRowsAndListsAsOfEveryNumberAreThoseOfAFreshFold(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 400, 2)
	w := newWorld(t, l)
	w.project(nil)
	recs, rd, schema := w.records(), jobReader(t), w.m.Schema("jobs")
	var all []uuid.UUID
	for id := range sitesOf(recs) {
		all = append(all, id)
	}
	for n := int64(1); n <= 400; n += 3 {
		want := oracle(recs, n)
		got, err := rd.List(w.context(), w.pool, schema, readmodel.ListQuery{AsOf: n})
		require.NoError(t, err)
		require.Len(t, got, len(want), "as of %d", n)
		for _, v := range got {
			requireSameRow(t, want[v.ID], v.Row)
		}
		id := all[n%int64(len(all))]
		row, ok, err := rd.Row(w.context(), w.pool, schema, id, n)
		require.NoError(t, err)
		_, exists := want[id]
		require.Equal(t, exists, ok)
		requireSameRow(t, want[id], row.Row)
	}
	now, err := rd.List(w.context(), w.pool, schema, readmodel.ListQuery{})
	require.NoError(t, err)
	last, err := rd.List(w.context(), w.pool, schema, readmodel.ListQuery{AsOf: 400})
	require.NoError(t, err)
	require.Equal(t, now, last)
}

func requireSameRow(t *testing.T, want, got jobRow) {
	t.Helper()
	if len(want.Raw) == 0 {
		want.Raw, got.Raw = nil, nil
	}
	require.Equal(t, want, got)
}

func TestAListIsPagedByKeysetNowAndAsOf(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 400, 3)
	w := newWorld(t, l)
	w.project(nil)
	rd, schema := jobReader(t), w.m.Schema("jobs")
	for _, asOf := range []int64{0, 250} {
		q := readmodel.ListQuery{
			Sites: []string{"sh"}, Where: "status <> $1", Args: []any{"cleared"}, AsOf: asOf,
			Order: []readmodel.Order{{By: "level", Desc: true}, {By: "note"}},
		}
		whole, err := rd.List(w.context(), w.pool, schema, q)
		require.NoError(t, err)
		require.Greater(t, len(whole), 5)
		var paged []readmodel.Versioned[jobRow]
		q.Limit = 4
		for {
			page, err := rd.List(w.context(), w.pool, schema, q)
			require.NoError(t, err)
			paged = append(paged, page...)
			if len(page) < q.Limit {
				break
			}
			last := page[len(page)-1]
			q.After = []any{last.Row.Level, last.Row.Note, last.ID}
		}
		require.Equal(t, whole, paged)
	}
}

func TestVersionsTellARowsWholeLifeUpToANumber(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 300, 4)
	w := newWorld(t, l)
	w.project(nil)
	_, id := readmodel.StreamKey(l.all[0].Stream)
	vs, err := jobReader(t).Versions(w.context(), w.pool, w.m.Schema("jobs"), id, 0)
	require.NoError(t, err)
	require.NotEmpty(t, vs)
	for i := 1; i < len(vs); i++ {
		require.LessOrEqual(t, vs[i-1].To, vs[i].From)
	}
	half, err := jobReader(t).Versions(w.context(), w.pool, w.m.Schema("jobs"), id, vs[0].From)
	require.NoError(t, err)
	require.Len(t, half, 1)
}

func TestCellsAsOfAnyNumberAreTheSumsOfAFreshFold(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, readmodel.MarkEvery+700, 5)
	w := newWorld(t, l)
	w.project(nil)
	w.verified()
	recs, rd, schema := w.records(), jobReader(t), w.m.Schema("jobs")
	sites := sitesOf(recs)
	dims := map[string]func(jobDims) string{
		"":      func(jobDims) string { return "" },
		"level": func(d jobDims) string { return strconv.Itoa(d.Level) },
		"team": func(d jobDims) string {
			if d.Team == uuid.Nil {
				return ""
			}
			return d.Team.String()
		},
	}
	for _, n := range []int64{0, 1, 90, 9_000, readmodel.MarkEvery - 1, readmodel.MarkEvery, readmodel.MarkEvery + 1, readmodel.MarkEvery + 333} {
		upTo := n
		if n == 0 {
			upTo = int64(len(recs))
		}
		rows := oracle(recs, upTo)
		for dim, value := range dims {
			for _, grain := range []string{readmodel.ByDay, readmodel.ByMonth} {
				got, err := rd.SumCells(w.context(), w.pool, schema, readmodel.CellQuery{
					Grain: grain, From: "2026-01-01", To: "2026-12-31", Dim: dim, AsOf: n,
				})
				require.NoError(t, err)
				cells := map[[3]string][]int64{}
				for _, c := range got {
					cells[[3]string{c.Site, string(c.Period), c.Value}] = c.Sums
				}
				require.Equal(t, oracleCells(rows, sites, value, grain == readmodel.ByMonth), cells, "as of %d by %q", n, dim)
			}
		}
	}
}

func TestFactsAddUpToTheirCell(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 500, 6)
	w := newWorld(t, l)
	w.project(nil)
	rd, schema := jobReader(t), w.m.Schema("jobs")
	cells, err := rd.SumCells(w.context(), w.pool, schema, readmodel.CellQuery{
		Grain: readmodel.ByMonth, From: "2026-02-01", To: "2026-02-28", Dim: "level", Sites: []string{"bj"}, Values: []string{"2"}, AsOf: 321,
	})
	require.NoError(t, err)
	require.Len(t, cells, 1)
	q := readmodel.FactQuery{Sites: []string{"bj"}, From: "2026-02-01", To: "2026-02-28", Dim: "level", Value: "2", AsOf: 321, Limit: 5}
	sums := make([]int64, 3)
	for {
		facts, err := rd.Facts(w.context(), w.pool, schema, q)
		require.NoError(t, err)
		for _, f := range facts {
			for i, d := range f.Deltas {
				sums[i] += d
			}
			require.Equal(t, l.all[f.Number-1].ID, f.EventID)
			q.After, q.AfterOrdinal = f.Number, f.Ordinal
		}
		if len(facts) < q.Limit {
			break
		}
	}
	require.Equal(t, cells[0].Sums, sums)
}

func TestPageCutsAtMarksLeaveTheSameTables(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, readmodel.MarkEvery+300, 7)
	var want map[string][]string
	for _, size := range []int{5_000, 500, 7, 1} {
		w := newWorld(t, l)
		stop := w.run(&cuts{records: w.records(), sizes: []int{5_000, 5_000, 5_000, 1_300, size}})
		require.NoError(t, w.m.WaitFor(w.context(), int64(len(l.all))))
		require.NoError(t, stop())
		got := w.dump()
		if want == nil {
			want = got
			require.NotEmpty(t, got["job_cell_mark"])
			require.NotEmpty(t, got["projection_mark"])
		}
		for _, table := range slices.Sorted(maps.Keys(want)) {
			require.Equal(t, want[table], got[table], "table %s, pages of %d", table, size)
		}
	}
}

// dump returns every row of every table as text, in order.
func (w *world) dump() map[string][]string {
	w.Helper()
	out := map[string][]string{}
	tables := []string{"feed", "job", "job_history", "job_fact", "job_cell", "job_cell_mark"}
	for _, t := range tables {
		schema := w.m.Schema("jobs")
		if t == "feed" {
			schema = w.m.Schema("feed")
		}
		out[t] = w.text("SELECT r::text FROM " + pgx.Identifier{schema, t}.Sanitize() + " r ORDER BY 1")
	}
	out["projection_mark"] = w.text("SELECT r::text FROM fieldledger.projection_mark r ORDER BY 1")
	out["log_time"] = w.text("SELECT r::text FROM fieldledger.log_time r ORDER BY number")
	return out
}

func (w *world) text(sql string) []string {
	w.Helper()
	rows, err := w.pool.Query(w.context(), sql)
	require.NoError(w, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w, err)
	return out
}
