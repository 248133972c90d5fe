package e2e_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

// TestTheSample imports the whole sample in the order of the file and holds
// everything that it says against a naive count.
func TestTheSample(t *testing.T) { //nolint:tparallel // the subtests work on one system, in order
	t.Parallel()
	want := count(t, unpacked(t))
	d := newDesk(t)
	report := d.importLog(t, importlog.Sample(), 1)

	t.Run("the report has the figures of a naive count", func(t *testing.T) { requireReport(t, want, report) })
	t.Run("the figures are those of a naive count", func(t *testing.T) { requireFigures(t, want, d.readModels) })
	t.Run("AUD-05 every figure is the sum of its facts", func(t *testing.T) { requireExplained(t, d.readModels) })
	t.Run("AUD-05 the spans of every judgement add up", func(t *testing.T) { requireSpans(t, d.readModels) })
	t.Run("AUD-04 as of a number is what an import cut there says", func(t *testing.T) {
		for _, n := range []int{1, 300, 2000} {
			requireCut(t, d, n)
		}
	})
	t.Run("the figures stay after a rebuild and a cut-over", func(t *testing.T) {
		require.Empty(t, d.verify(t))
		d.rebuild(t, newReader(t, d.Harness, d.manager, func(o *catchup.Options) { o.PageEvents, o.Decoders = 777, 2 }))
		require.Empty(t, d.verify(t))
		requireFigures(t, want, d.readModels)
		requireExplained(t, d.readModels)
		requireCut(t, d, 300)
	})
}

func requireReport(t *testing.T, want *log, got importlog.Report) {
	t.Helper()
	require.Equal(t, want.rows, got.Rows)
	require.Equal(t, want.states, got.ByStatus)
	require.Equal(t, want.withoutCreation, got.WithoutCreationTime)
	require.Equal(t, map[importlog.Reason]int{
		importlog.RepeatedKey: want.repeated, importlog.OlderRow: want.older, importlog.UnknownStatus: want.unknown,
	}, got.Found)
	require.Equal(t, len(want.teams), got.Teams)
	require.Equal(t, len(want.persons), got.Technicians)
	require.Equal(t, len(want.callers), got.Callers)
	require.Equal(t, len(want.incidents), got.Tickets)
}

// groups are the ways to divide the figures, and where an incident belongs.
func groups(t *testing.T, r *readModels) map[api.SLAGroup]func(*incident) string {
	t.Helper()
	teams, persons := externals(t, r)
	known := func(ids map[string]uuid.UUID, key string) string {
		if key == "?" {
			return uuid.Nil.String()
		}
		require.Contains(t, ids, key)
		return ids[key].String()
	}
	return map[api.SLAGroup]func(*incident) string{
		api.SLAGroupNone:       func(*incident) string { return "" },
		api.SLAGroupPeriod:     func(in *incident) string { return in.month },
		api.SLAGroupLevel:      func(in *incident) string { return strconv.Itoa(in.level) },
		api.SLAGroupTeam:       func(in *incident) string { return known(teams, in.team) },
		api.SLAGroupTechnician: func(in *incident) string { return known(persons, in.person) },
	}
}

// externals maps the names of the source to ids.
func externals(t *testing.T, r *readModels) (teams, persons map[string]uuid.UUID) {
	t.Helper()
	teams, persons = map[string]uuid.UUID{}, map[string]uuid.UUID{}
	allTeams, _, _, err := r.side.Teams(t.Context(), api.AsOf{}, nil, "", api.Page{Limit: 500})
	require.NoError(t, err)
	for _, x := range allTeams {
		teams[x.External[0].Key] = x.Id
	}
	allPersons, _, _, err := r.side.Persons(t.Context(), api.AsOf{}, nil, "", api.Page{Limit: 500})
	require.NoError(t, err)
	for _, x := range allPersons {
		persons[x.External[0].Key] = x.Id
	}
	return teams, persons
}

// requireFigures compares every row of figures with a naive count.
func requireFigures(t *testing.T, l *log, r *readModels) {
	t.Helper()
	for by, of := range groups(t, r) {
		want := map[string]api.SLARow{}
		for _, in := range l.incidents {
			want[of(in)] = in.into(want[of(in)])
		}
		got := map[string]api.SLARow{}
		for _, x := range r.sla(t, api.AsOf{}, api.Resolution, by, api.GrainMonth) {
			key := keyOf(x)
			x.Period, x.Technician, x.Team, x.Level = nil, nil, nil, nil
			require.LessOrEqual(t, x.Cases, x.Met+x.Breached+x.Running+x.Withdrawn+x.NoTarget) // SLA-09; a cycle has one
			x.Met, x.Breached, x.Running, x.Withdrawn, x.NoTarget = 0, 0, 0, 0, 0
			if x != (api.SLARow{}) { // others had the ticket before
				got[key] = x
			}
		}
		require.Equal(t, want, got, by)
	}
	totals := r.sla(t, api.AsOf{}, api.Resolution, api.SLAGroupNone, "")[0]
	for measure, n := range measures(totals) {
		if measure != "running" && measure != "no_target" {
			require.Positive(t, n, "the sample shows no %s", measure)
		}
	}
	require.Greater(t, totals.WithinNet, totals.WithinGross)
	require.Greater(t, totals.LevelEverChanged, totals.LevelChanged)
}

func keyOf(x api.SLARow) string {
	switch {
	case x.Period != nil:
		return *x.Period
	case x.Technician != nil:
		return x.Technician.String()
	case x.Team != nil:
		return x.Team.String()
	case x.Level != nil:
		return strconv.Itoa(*x.Level)
	}
	return ""
}

// into adds an incident to a row of figures.
func (in *incident) into(x api.SLARow) api.SLARow {
	one := map[bool]int64{true: 1}
	x.Cases++
	x.FirstResolved += one[in.resolved]
	x.NeverResolved += one[!in.resolved]
	x.ActiveAgain += one[in.again]
	x.GrossS += in.gross
	x.PausedS += in.paused
	x.NetS += in.gross - in.paused
	x.WithinGross += one[in.withinGross]
	x.WithinNet += one[in.withinNet]
	x.LevelChanged += one[in.differs]
	x.LevelEverChanged += one[in.ever]
	x.Reassigned3 += one[in.reassigned3]
	x.ClosedWithoutSourceResolution += one[in.unresolved]
	x.SourceMet += one[in.met]
	x.SourceBreached += one[in.breached]
	return x
}

// measures are all figures of a row.
func measures(x api.SLARow) map[api.Measure]int64 {
	return map[api.Measure]int64{
		"met": x.Met, "breached": x.Breached, "running": x.Running, "withdrawn": x.Withdrawn, "no_target": x.NoTarget,
		"cases": x.Cases, "first_resolved": x.FirstResolved, "never_resolved": x.NeverResolved, "active_again": x.ActiveAgain,
		"gross_s": x.GrossS, "paused_s": x.PausedS, "net_s": x.NetS, "within_gross": x.WithinGross, "within_net": x.WithinNet,
		"level_changed": x.LevelChanged, "level_ever_changed": x.LevelEverChanged, "reassigned_3": x.Reassigned3,
		"closed_without_source_resolution": x.ClosedWithoutSourceResolution,
		"source_met":                       x.SourceMet, "source_breached": x.SourceBreached,
	}
}

// requireExplained explains every figure of the smallest and the largest level
// and of a technician, and adds up the facts and their spans.
func requireExplained(t *testing.T, r *readModels) {
	t.Helper()
	for _, target := range []api.TargetName{api.FirstContact, api.Resolution} {
		rows := r.sla(t, api.AsOf{}, target, api.SLAGroupLevel, "")
		people := r.sla(t, api.AsOf{}, target, api.SLAGroupTechnician, "")
		slices.SortFunc(people, func(a, b api.SLARow) int { return cmp.Compare(b.Cases, a.Cases) })
		for _, x := range []api.SLARow{rows[0], rows[3], people[5]} {
			for measure, want := range measures(x) {
				cell := api.SLACell{
					Site: site, From: "2016-01-01", To: "2017-12-31", Target: target,
					Technician: x.Technician, Level: x.Level, Measure: measure,
				}
				require.Equal(t, want, explained(t, r, cell), "%s of %s", measure, keyOf(x))
			}
		}
	}
}

// explained adds up the facts of a cell, page by page.
func explained(t *testing.T, r *readModels, cell api.SLACell) int64 {
	t.Helper()
	page := api.Page{Limit: 500}
	var sum int64
	for {
		facts, _, err := readsideKPIs(r).Explain(t.Context(), api.AsOf{}, cell, page)
		require.NoError(t, err)
		for _, f := range facts.Facts {
			require.NotZero(t, f.Delta)
			sum += f.Delta
			requireSpansOf(t, cell.Measure, f)
		}
		if facts.Next == "" {
			require.Equal(t, facts.Sum, sum)
			return sum
		}
		page.After = facts.Next
	}
}

// requireSpansOf holds the seconds of a judgement against its spans.
func requireSpansOf(t *testing.T, measure api.Measure, f api.SLAFact) {
	t.Helper()
	if len(f.Spans) == 0 {
		return
	}
	seconds := map[api.Measure]int64{}
	for _, sp := range f.Spans {
		seconds["gross_s"] += sp.Seconds
		if sp.Kind == "paused" {
			seconds["paused_s"] += sp.Seconds
		} else {
			seconds["net_s"] += sp.Seconds
		}
	}
	if want, ok := seconds[measure]; ok {
		require.Equal(t, want, f.Delta, "%s of ticket %s", measure, f.TicketId)
	}
}

// requireSpans adds up the spans of the judgements of a few dozen tickets.
func requireSpans(t *testing.T, r *readModels) {
	t.Helper()
	all := r.list(t, api.AsOf{}, site)
	judged, paused := 0, 0
	for i := 0; i < len(all); i += 40 {
		verdicts, _, err := r.side.Explain(t.Context(), api.AsOf{}, all[i].Id)
		require.NoError(t, err)
		for _, v := range verdicts {
			judged++
			require.True(t, v.AddsUp)
			require.NotEmpty(t, v.Inputs)
			var sums [2]int64
			for _, sp := range v.Spans {
				which := 0
				if sp.Kind == "paused" {
					which, paused = 1, paused+1
				}
				sums[which] += int64(sp.To.Sub(sp.From.Time).Seconds())
			}
			require.Equal(t, [3]int64{v.NetS, v.PausedS, v.GrossS}, [3]int64{sums[0], sums[1], sums[0] + sums[1]})
		}
	}
	require.Greater(t, judged, 100)
	require.Positive(t, paused)
}
