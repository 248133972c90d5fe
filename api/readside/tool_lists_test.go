package readside_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// acts runs a process manager until it has nothing to do.
func (w *world) acts(m process.Manager) {
	w.t.Helper()
	r, err := process.New(process.Options{
		Ports: commands.Ports{Store: w.Store, Outcomes: outcomes.New(w.Pool, w.Clock), Vault: w.Vault, Clock: w.Clock, IDs: w.IDs, Log: w.Log}, Clock: w.Clock, Inbox: w.side.Inbox(), Manager: m,
	})
	require.NoError(w.t, err)
	for busy := true; busy; {
		w.settle()
		busy, err = r.Step(w.t.Context())
		require.NoError(w.t, err)
	}
	w.settle()
}

func TestTOL12And13WhatBecameOfEachToolIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	li, boss := holders[2], holders[3]
	recalls := &process.Recall{Tools: w.side, Commands: w.App.Tools, Recalls: w.App.Recalls}
	issues := &process.Annual{Tools: w.side, Commands: w.App.Tools, Issues: w.App.Annual}
	w.acts(recalls) // from here on
	w.acts(issues)
	ctx := t.Context()
	for n := range 3 {
		_, err := w.App.Tools.Register(ctx, w.request(), commands.RegisterTool{
			Site: "hq", Number: string(rune('A' + n)), Kind: "wrench", Name: "w", Batch: []string{"1", "1", "2"}[n], PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main",
		})
		require.NoError(t, err)
	}
	_, err := w.App.Annual.List(ctx, w.as(li.Who), commands.ListAnnualIssue{Site: "hq", Year: 2026, List: "crew", Rows: []annual.Row{{To: li, Kind: "wrench", Count: 1}}})
	require.NoError(t, err)
	_, err = w.App.Annual.Approve(ctx, w.as(boss.Who), "hq", 2026, "crew")
	require.NoError(t, err)
	before := w.settle()
	w.acts(issues)
	issued, _, err := w.side.AnnualIssue(ctx, api.AsOf{}, "hq", 2026)
	require.NoError(t, err)
	require.Len(t, issued.Lists, 1)
	require.Len(t, issued.Lists[0].Decisions, 1)
	require.Equal(t, api.ToolDecisionResult("done"), issued.Lists[0].Decisions[0].Result)
	then, _, err := w.side.AnnualIssue(ctx, api.AsOf{Number: &before}, "hq", 2026)
	require.NoError(t, err)
	require.Empty(t, then.Lists[0].Decisions, "as of before nothing is decided")
	_, _, err = w.side.AnnualIssue(ctx, api.AsOf{}, "hq", 2025)
	require.ErrorIs(t, err, commands.ErrNotFound)

	rows, _, _, err := w.side.ListTools(ctx, api.AsOf{}, api.ToolFilter{}, api.Page{Limit: 5})
	require.NoError(t, err)
	_, err = w.App.Tools.Accept(ctx, w.as(li.Who), rows[0].Id, nil)
	require.NoError(t, err)
	w.Clock.Advance(time.Minute)
	reg, err := w.App.Recalls.Report(ctx, w.as(li.Who), commands.ReportRecall{Site: "hq", Batch: "1", Report: "jaws crack"})
	require.NoError(t, err)
	w.acts(recalls)
	seen, _, err := w.side.Recall(ctx, api.AsOf{}, reg.ID)
	require.NoError(t, err)
	require.Len(t, seen.Tools, 2)
	require.Equal(t, api.RecallProgress{Tools: 2, Blocked: 2, WithPeople: 1, Back: 1}, seen.Progress)
	require.Equal(t, li.Who, seen.Tools[0].Decision.Holder.Who, "who had it when it was reported")
	_, err = w.App.Tools.Return(ctx, w.request(), rows[0].Id, commands.ReturnTool{Store: "main", By: li.Who, Condition: tool.Good})
	require.NoError(t, err)
	_, err = w.App.Tools.Clear(ctx, w.as(boss.Who), rows[1].Id, commands.ClearTool{})
	require.NoError(t, err)
	w.settle()
	seen, _, err = w.side.Recall(ctx, api.AsOf{}, reg.ID)
	require.NoError(t, err)
	require.Equal(t, api.RecallProgress{Tools: 2, Blocked: 1, Back: 2}, seen.Progress)
}

// Every recall of a site with how far it has come: the same figures as each has
// by itself, now and as of every number.
func TestTOL12AllRecallsOfASiteSayHowFarTheyHaveCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := w.equip()
	li, boss := people[2], people[3]
	manager := &process.Recall{Tools: w.side, Commands: w.App.Tools, Recalls: w.App.Recalls}
	w.acts(manager) // from here on
	ctx := t.Context()
	tools := make([]uuid.UUID, 5)
	for n := range tools {
		reg, err := w.App.Tools.Register(ctx, w.request(), commands.RegisterTool{
			Site: "hq", Number: string(rune('A' + n)), Kind: "wrench", Name: "w", Batch: []string{"1", "1", "1", "1", "2"}[n], PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main",
		})
		require.NoError(t, err)
		tools[n] = reg.ID
	}
	did := func(_ commands.Result, err error) { require.NoError(t, err) }
	for _, n := range []int{0, 1} {
		did(w.App.Tools.Issue(ctx, w.request(), tools[n], commands.IssueTool{To: li}))
		did(w.App.Tools.Accept(ctx, w.as(li.Who), tools[n], nil))
	}
	report := func(in commands.ReportRecall) uuid.UUID {
		w.Clock.Advance(time.Minute)
		in.Site, in.Report = "hq", "jaws crack"
		reg, err := w.App.Recalls.Report(ctx, w.as(li.Who), in)
		require.NoError(t, err)
		w.acts(manager)
		return reg.ID
	}
	first := w.settle() + 1
	batch, one, kind := report(commands.ReportRecall{Batch: "1"}), report(commands.ReportRecall{Tool: tools[4].String()}), report(commands.ReportRecall{Kind: "wrench", Batch: "2"})
	did(w.App.Tools.Return(ctx, w.request(), tools[0], commands.ReturnTool{Store: "main", By: li.Who, Condition: tool.Good}))
	did(w.App.Tools.Clear(ctx, w.as(boss.Who), tools[0], commands.ClearTool{}))
	did(w.App.Tools.ReportMissing(ctx, w.as(li.Who), tools[1], commands.MissingTool{LostAt: w.Clock.Now(), Place: "pit"}))
	did(w.App.Recalls.Close(ctx, w.as(boss.Who), one, "a single one"))
	last := w.settle()

	list := func(at api.AsOf, f api.RecallFilter, p api.Page) ([]api.RecallSummary, string) {
		rows, next, _, err := w.side.ListRecalls(ctx, at, f, p)
		require.NoError(t, err)
		return rows, next
	}
	ids := func(f api.RecallFilter) []uuid.UUID {
		out := []uuid.UUID{}
		rows, next := list(api.AsOf{}, f, everything)
		require.Empty(t, next)
		for _, r := range rows {
			out = append(out, r.Id)
		}
		return out
	}
	rows, _ := list(api.AsOf{}, api.RecallFilter{Sites: []string{"hq"}}, everything)
	require.Equal(t, api.RecallProgress{Tools: 4, Blocked: 3, Back: 3, Gone: 1}, rows[0].Progress)
	require.Equal(t, []api.RecallStatus{"open", "closed", "open"}, []api.RecallStatus{rows[0].Status, rows[1].Status, rows[2].Status})
	require.Equal(t, "a single one", rows[1].Finding)
	for n := first; n <= last; n++ {
		as := api.AsOf{Number: &n}
		rows, _ := list(as, api.RecallFilter{}, everything)
		require.NotEmpty(t, rows)
		for _, r := range rows {
			alone, _, err := w.side.Recall(ctx, as, r.Id)
			require.NoError(t, err)
			require.Equal(t, alone.Progress, r.Progress, "as of %d", n)
			require.Equal(t, alone.ClosedAt, r.ClosedAt)
		}
	}
	then, _ := list(api.AsOf{Number: &first}, api.RecallFilter{}, everything)
	require.Len(t, then, 1)
	require.Zero(t, then[0].Progress.Tools, "nothing was decided yet")

	require.Equal(t, []uuid.UUID{batch, one, kind}, ids(api.RecallFilter{}), "the oldest first")
	require.Equal(t, []uuid.UUID{batch, kind}, ids(api.RecallFilter{Status: new(api.RecallStatusOpen)}))
	require.Equal(t, []uuid.UUID{one}, ids(api.RecallFilter{Status: new(api.RecallStatusClosed)}))
	require.Equal(t, []uuid.UUID{batch}, ids(api.RecallFilter{Batch: new("1")}))
	require.Equal(t, []uuid.UUID{kind}, ids(api.RecallFilter{Kind: new("wrench"), Batch: new("2")}))
	require.Empty(t, ids(api.RecallFilter{Sites: []string{"north"}}))
	require.Empty(t, ids(api.RecallFilter{Sites: []string{}}))
	var paged []uuid.UUID
	for after := ""; ; {
		rows, next := list(api.AsOf{}, api.RecallFilter{}, api.Page{After: after, Limit: 1})
		require.Len(t, rows, 1)
		paged = append(paged, rows[0].Id)
		if after = next; after == "" {
			break
		}
	}
	require.Equal(t, []uuid.UUID{batch, one, kind}, paged)
	_, _, _, err := w.side.ListRecalls(ctx, api.AsOf{}, api.RecallFilter{}, api.Page{After: "x", Limit: 1})
	require.ErrorIs(t, err, api.ErrBadCursor)
}
