package readside_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// numbersOf lists the numbers of the tools that a filter finds as of a moment.
func (w *world) numbersOf(at api.AsOf, f api.ToolFilter) []string {
	w.t.Helper()
	rows, _, _, err := w.side.ListTools(w.t.Context(), at, f, api.Page{Limit: 50})
	require.NoError(w.t, err)
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Number)
	}
	return out
}

func TestTOL08WhatIsFlaggedOfferedAndOutOfUseIsFoundNowAndAsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := w.equip()[2:]
	li, wang := people[0], people[1]
	ctx, do := t.Context(), w.App.Tools
	ids := map[string]uuid.UUID{}
	for number, use := range map[string]tool.Use{"W-1": tool.Personal, "W-2": tool.Pool, "W-3": tool.Personal, "W-4": tool.Personal} {
		reg, err := do.Register(ctx, w.request(), commands.RegisterTool{
			Site: "hq", Number: number, Kind: "wrench", Name: "w", PurchasedOn: "2025-01-10", Use: use, Store: "main",
		})
		require.NoError(t, err)
		ids[number] = reg.ID
	}
	run := func(_ commands.Result, err error) {
		t.Helper()
		require.NoError(t, err)
		w.Clock.Advance(time.Minute)
	}
	for _, number := range []string{"W-1", "W-3"} {
		run(do.Issue(ctx, w.request(), ids[number], commands.IssueTool{To: li}))
		run(do.Accept(ctx, w.as(li.Who), ids[number], nil))
	}
	before := w.settle()
	run(do.Return(ctx, w.request(), ids["W-1"], commands.ReturnTool{Store: "main", By: wang.Who, Condition: tool.Good}))
	run(do.HandOver(ctx, w.as(wang.Who), ids["W-3"], commands.HandOverTool{To: wang, Reason: "急用"}))
	run(do.ReportFault(ctx, w.as(li.Who), ids["W-3"], commands.ReportToolFault{Note: "裂纹"}))
	run(do.Issue(ctx, w.request(), ids["W-4"], commands.IssueTool{To: wang}))
	now := w.settle()

	yes, no := true, false
	pool := api.ToolUse("pool")
	who := uuid.MustParse(wang.Who)
	for _, c := range []struct {
		filter    api.ToolFilter
		then, now []string
	}{
		{api.ToolFilter{Flagged: &yes}, []string{}, []string{"W-1", "W-3"}},
		{api.ToolFilter{Flagged: &no}, []string{"W-1", "W-2", "W-3", "W-4"}, []string{"W-2", "W-4"}},
		{api.ToolFilter{Blocked: &yes}, []string{}, []string{"W-3"}},
		{api.ToolFilter{Blocked: &no, Use: &pool}, []string{"W-2"}, []string{"W-2"}},
		{api.ToolFilter{Use: &pool}, []string{"W-2"}, []string{"W-2"}},
		{api.ToolFilter{OfferedTo: &who}, []string{}, []string{"W-4"}},
	} {
		require.Equal(t, c.now, w.numbersOf(api.AsOf{}, c.filter), "%+v", c.filter)
		require.Equal(t, c.now, w.numbersOf(api.AsOf{Number: &now}, c.filter), "%+v", c.filter)
		require.Equal(t, c.then, w.numbersOf(api.AsOf{Number: &before}, c.filter), "%+v", c.filter)
	}

	card, _, err := w.side.Tool(ctx, api.AsOf{}, ids["W-1"], nil)
	require.NoError(t, err)
	last := card.Custody[len(card.Custody)-1]
	require.Equal(t, []string{"other", wang.Who}, []string{string(last.Flag), last.By}, "who brought it is not who had it")
	card, _, err = w.side.Tool(ctx, api.AsOf{}, ids["W-3"], nil)
	require.NoError(t, err)
	last = card.Custody[len(card.Custody)-1]
	require.Equal(t, []string{"", wang.Who, "急用"}, []string{string(last.Flag), last.By, last.Reason})
}
