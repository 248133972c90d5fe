package readmodel_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// heldJob is what a list by Held says of a job.
type heldJob struct {
	order string
	id    uuid.UUID
	held  readmodel.Stretch
}

// oracleHeld looks through the stretches of every row as of a number.
func oracleHeld(recs []eventschemas.Record, n int64, site string, h readmodel.Held) []heldJob {
	at := h.At
	if at.IsZero() {
		at = readmodel.Forever.Add(-time.Hour)
	}
	sites := sitesOf(recs)
	var out []heldJob
	for id, row := range oracle(recs, n) {
		for _, s := range stretchesOfJob(row) {
			if (site == "" || sites[id] == site) && (h.Holder == "" || s.Holder == h.Holder) && strings.HasPrefix(s.Holder, h.Kind) &&
				(len(h.Orders) == 0 || slices.Contains(h.Orders, s.Order)) && !s.From.After(at) && s.To.After(at) {
				out = append(out, heldJob{s.Order, id, s})
			}
		}
	}
	slices.SortFunc(out, func(a, b heldJob) int { return cmp.Or(cmp.Compare(a.order, b.order), bytes.Compare(a.id[:], b.id[:])) })
	return out
}

// requireHeld asks for all pages of a list by Held, and holds them against the oracle.
func (w *world) requireHeld(rd *readmodel.Reader[jobRow], recs []eventschemas.Record, n int64, site string, h readmodel.Held) int {
	w.Helper()
	q := readmodel.ListQuery{AsOf: n, Held: &h, Limit: 3, Without: []string{"moves"}}
	if site != "" {
		q.Sites = []string{site}
	}
	known := n
	if n == 0 {
		known = int64(len(recs))
	}
	rows := oracle(recs, known)
	var got []heldJob
	for {
		page, err := rd.List(w.context(), w.pool, w.m.Schema("jobs"), q)
		require.NoError(w, err)
		for _, v := range page {
			want := rows[v.ID]
			want.Moves = nil
			requireSameRow(w.T, want, v.Row)
			v.Held.From, v.Held.To = v.Held.From.UTC(), v.Held.To.UTC()
			got = append(got, heldJob{v.Row.Note, v.ID, v.Held})
		}
		if len(page) < q.Limit {
			break
		}
		q.After = []any{page[2].Held.Order, page[2].ID}
	}
	require.Equal(w, oracleHeld(recs, known, site, h), got, "as of %d, %+v at %s", n, h, site)
	return len(got)
}

func TestAUD04WhatWasHeldThenAsKnownThenIsThatOfAFreshFold(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 900, 12)
	w := newWorld(t, l)
	w.project(nil)
	recs, rd := w.records(), jobReader(t)
	start := time.Date(2026, 1, 10, 0, 30, 0, 0, time.UTC)
	holders := []string{"", "team:nobody", "team:0000", "team:x"}
	for _, team := range oracleHeld(recs, 900, "", readmodel.Held{}) {
		if !slices.Contains(holders, team.held.Holder) {
			holders = append(holders, team.held.Holder)
		}
	}
	seen, i := 0, 0
	for n := int64(0); n <= 900; n += 23 {
		for _, holder := range holders {
			i++
			h := readmodel.Held{Holder: holder, At: start.AddDate(0, i%3, i%10).Add(time.Duration(i%7) * time.Hour)}
			switch i % 5 {
			case 0:
				h.At = time.Time{}
			case 1:
				h = readmodel.Held{Kind: "team:n", At: h.At}
			case 2:
				h.Orders = []string{"第1", "第2", "第7"}
			}
			seen += w.requireHeld(rd, recs, n, []string{"", "sh", "bj"}[i%3], h)
		}
	}
	require.Greater(t, seen, 1000)
	left, err := rd.List(w.context(), w.pool, w.m.Schema("jobs"), readmodel.ListQuery{Held: &readmodel.Held{}, AsOf: 900, Limit: 2})
	require.NoError(t, err)
	rest, err := rd.List(w.context(), w.pool, w.m.Schema("jobs"), readmodel.ListQuery{Held: &readmodel.Held{}, AsOf: 900, Except: []uuid.UUID{left[0].ID}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, left[1:], rest)
	none, err := rd.List(w.context(), w.pool, w.m.Schema("jobs"), readmodel.ListQuery{Held: &readmodel.Held{}, After: []any{"x"}})
	require.NoError(t, err)
	require.Empty(t, none, "an end of a page that is none")
}

func TestStretchesThatAreNotInOrderHaltTheProjector(t *testing.T) {
	t.Parallel()
	m := jobModel
	m.Stretches = func(r jobRow) []readmodel.Stretch { return append(stretchesOfJob(r), stretchesOfJob(r)...) }
	l := newMemLog()
	fill(l, 50, 3)
	w := newWorld(t, l, readmodel.Projection{Name: "jobs", Version: 1, Tables: []readmodel.Table{m}})
	stop := w.run(w.reader(nil))
	require.Eventually(t, func() bool { s := w.m.Status(); return len(s) > 0 && s[0].State == readmodel.Halted }, patience, time.Millisecond)
	require.Contains(t, w.m.Status()[0].HaltedReason, "stretches are not in the order of time")
	require.NoError(t, stop())
}
