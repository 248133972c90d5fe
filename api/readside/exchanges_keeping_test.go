package readside_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// atRest is what the room says of who has two tools, in every list of tools at
// rest, as of a number.
func (r *toolRoom) atRest(s *swap, n int64) []string {
	r.t.Helper()
	ctx, as := r.t.Context(), api.AsOf{Number: &n}
	var out []string
	say := func(what string, id uuid.UUID, more ...any) {
		if id == s.old || id == s.spare {
			out = append(out, fmt.Sprintln(append([]any{what, id == s.old}, more...)...))
		}
	}
	for _, scope := range []stocktake.Scope{{Kind: stocktake.OfStore, Who: "main"}, {Kind: stocktake.OfSite}} {
		rows, err := r.side.Expected(ctx, "hq", scope, n)
		require.NoError(r.t, err)
		for _, x := range rows {
			say("expected "+string(scope.Kind), x.Tool, x.Holder)
		}
	}
	known, err := r.side.Known(ctx, "hq", []string{"G-1", "G-2"}, n)
	require.NoError(r.t, err)
	for _, x := range known {
		say("known", x.Tool, x.Holder)
	}
	for _, used := range []bool{true, false} {
		q := api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeInspection, InUse: used, By: new(r.today())}
		rows, _, _, err := r.side.DueChecks(ctx, as, q, everything)
		require.NoError(r.t, err)
		for _, x := range rows {
			say("due", x.Tool, used, x.Holder)
		}
	}
	lapses, _, _, err := r.side.LapsedUse(ctx, as, api.LapseQuery{Site: "hq", From: "2020-01-01", To: r.today()}, everything)
	require.NoError(r.t, err)
	for _, x := range lapses {
		for _, st := range x.Stretches {
			say("lapsed", x.Tool, st.Holder, st.From, st.To, st.GoesOn, st.Events[len(st.Events)-1].At, len(st.Events))
		}
	}
	recalls, _, _, err := r.side.ListRecalls(ctx, as, api.RecallFilter{}, everything)
	require.NoError(r.t, err)
	require.Len(r.t, recalls, 2)
	for _, x := range recalls {
		out = append(out, fmt.Sprintln("recalled", x.Tool == s.old.String(), x.Progress.Tools, "with", x.Progress.WithPeople, "back", x.Progress.Back))
	}
	for _, h := range []tool.Holder{s.keeper, s.store} {
		page, _, err := r.side.LedgerPage(ctx, as, api.LedgerQuery{Site: "hq", Holder: h, Limit: 50})
		require.NoError(r.t, err)
		for _, x := range page.Rows {
			out = append(out, fmt.Sprintln("ledger", x.Number, x.Holder, x.Since.UTC(), x.LastDay))
		}
	}
	for _, id := range []uuid.UUID{s.old, s.spare} {
		page, _, err := r.side.LedgerPage(ctx, as, api.LedgerQuery{Site: "hq", Tool: id, Limit: 50})
		require.NoError(r.t, err)
		for _, x := range page.Rows {
			out = append(out, fmt.Sprintln("ledger of one", x.Number, x.Holder, x.Since.UTC()))
		}
		found, err := r.side.ToolsAsOf(ctx, n, process.ToolQuery{Site: "hq", ID: id}, 9)
		require.NoError(r.t, err)
		for _, x := range found {
			say("found", x.ID, x.Holder)
		}
	}
	return out
}

// Between the completion and the moment when the tools' own streams have it,
// no list of tools at rest shows one of the two as moved and the other not.
func TestEXC06ToolsAtRestAreReadThroughAnExchangeThatIsNotSettled(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	r.App.Exchanges.Connect(r.side, nil)
	holders := []tool.Holder{{Kind: tool.Store, Who: "main"}, {Kind: tool.Nobody}, {Kind: tool.Person, Who: r.people[1]}, {Kind: tool.Person, Who: r.people[2]}}
	old, spare, other := r.tool("gloves", "G-1"), r.tool("gloves", "G-2"), r.tool("gloves", "G-3")
	first, err := time.Parse(time.DateOnly, string(r.today()))
	require.NoError(t, err)
	r.inspect(old, domain.Day(first.AddDate(0, 0, 1).Format(time.DateOnly)), true)
	for _, id := range []uuid.UUID{spare, other} {
		r.inspect(id, r.today()[:4]+"-12-31", true)
	}
	r.give(old, 1)
	r.Clock.Set(first.Add(10*24*time.Hour + 8*time.Hour)) // the morning of a day past its last one
	for _, id := range []uuid.UUID{old, spare} {
		reg, err := r.App.Recalls.Report(t.Context(), r.by(1), commands.ReportRecall{Site: "hq", Tool: id.String(), Report: "cracks"})
		require.NoError(t, err)
		r.did(r.App.Recalls.Record(t.Context(), r.by(0), reg.ID, 1, []tool.Decision{{Tool: id.String(), Holder: holders[0], Result: tool.Done}}))
	}
	r.tool("wrench", "W-9")
	before := r.settle()
	s := r.reserve(holders, old, spare)
	s.complete()
	completed := s.number("exchange.completed.v1")
	unsettled := r.settle()
	s.settleTool(spare)
	half := r.settle()
	s.settleTool(old)
	s.must(r.App.Exchanges.Settle(t.Context(), r.request(), s.id, s.doneAt))
	settled := r.settle()
	apart := r.atRest(s, before)
	moved := r.atRest(s, settled)
	require.NotEqual(t, apart, moved)
	require.Contains(t, fmt.Sprint(apart), "due true true")
	require.NotContains(t, fmt.Sprint(moved), "due true true", "nobody uses it")
	require.Contains(t, fmt.Sprint(apart), "lapsed true")
	require.Contains(t, fmt.Sprint(apart), "recalled true 1 with 1 back 0")
	require.Contains(t, fmt.Sprint(moved), "recalled true 1 with 0 back 1")
	for n := before; n < completed; n++ {
		require.Equal(t, apart, r.atRest(s, n), "as of %d, before the completion", n)
	}
	for n := completed; n <= settled; n++ {
		require.Equal(t, moved, r.atRest(s, n), "as of %d: completed at %d, marked until %d, one settled at %d, both at %d", n, completed, unsettled, half, settled)
	}
	head := r.side.Manager.Head()
	n, overdue, err := r.side.Overdue(t.Context(), "hq", "gloves", r.today())
	require.NoError(t, err)
	require.Equal(t, head, n)
	require.Empty(t, overdue)
}
