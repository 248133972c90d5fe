package readside_test

import (
	"testing"
	"time"

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
