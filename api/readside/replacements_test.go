package readside_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// buys lets hq scrap, buy and judge losses, and returns the unit that asks.
func (r *toolRoom) buys() string {
	r.t.Helper()
	ctx := r.t.Context()
	for kind, path := range map[policy.Kind]string{policy.KindPurchasing: "appliance-service/purchasing.json", policy.KindCompensation: "workshop/compensation.json"} {
		raw, err := os.ReadFile("../../deploy/policies/" + path)
		require.NoError(r.t, err)
		var file struct{ Content json.RawMessage }
		require.NoError(r.t, json.Unmarshal([]byte(strings.Replace(string(raw), `"good_cause"`, `"certificate"`, 1)), &file)) // both excuses are asked about
		reg, err := r.App.Policies.Record(ctx, r.by(0), commands.RecordPolicy{
			Site: "hq", Kind: kind, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first", Content: file.Content,
		})
		require.NoError(r.t, err)
		_, err = r.App.Policies.Approve(ctx, r.by(3, "manager"), reg.ID, commands.ApprovePolicy{Version: 1})
		require.NoError(r.t, err)
	}
	r.Clock.Advance(time.Hour)
	team, err := r.App.Teams.Register(ctx, r.request(), commands.RegisterTeam{Site: "hq", External: domain.ExternalKey{System: "hr", Key: "T"}, Name: "T"})
	require.NoError(r.t, err)
	return team.ID.String()
}

// lost reports a tool missing and opens its loss, which is judged as on duty.
func (r *toolRoom) lost(id uuid.UUID, onDuty bool) {
	r.t.Helper()
	ctx := r.t.Context()
	res, err := r.App.Tools.ReportMissing(ctx, r.by(1), id, commands.MissingTool{LostAt: r.Clock.Now(), Place: "sump"})
	require.NoError(r.t, err)
	r.did(r.App.Losses.Open(ctx, r.by(0), commands.OpenLoss{Tool: id, Revision: uint64(res.Revision)}))
	if onDuty {
		r.settle()
		rows, _, _, err := r.side.ListLosses(ctx, api.AsOf{}, api.LossFilter{Tool: &id}, everything)
		require.NoError(r.t, err)
		r.did(r.App.Losses.Find(ctx, r.by(2, "manager"), rows[0].Id, commands.LossFinding{OnDuty: true, Reason: "fell into the sump"}))
	}
}

// takenBack takes the loss of a tool back, before its report is struck (AUD-02).
func (r *toolRoom) takenBack(id uuid.UUID) {
	r.t.Helper()
	ctx := r.t.Context()
	r.settle()
	rows, _, _, err := r.side.ListLosses(ctx, api.AsOf{}, api.LossFilter{Tool: &id}, everything)
	require.NoError(r.t, err)
	list, err := r.App.Losses.Consequences(ctx, r.by(2, "manager"), rows[0].Id)
	require.NoError(r.t, err)
	r.did(r.App.Losses.RequestCorrection(ctx, r.by(2, "manager"), rows[0].Id, commands.CorrectLoss{Reason: "wrong number", Consequences: list.Digest()}))
	r.did(r.App.Losses.ConfirmCorrection(ctx, r.by(3, "hr"), rows[0].Id, commands.ConfirmLossCorrection{Consequences: list.Digest()}))
}

// What a month has cost is stated by kind and cause, is bought together by one
// plan, and says the same whenever it is asked as of one number.
func TestCHK02ReplacementsOfAMonthAreBoughtTogether(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	unit := r.buys()
	ctx, month := t.Context(), string(r.today()[:7])
	var ids []uuid.UUID
	for _, number := range []string{"W-1", "W-2", "W-3", "W-4", "W-5"} {
		ids = append(ids, r.tool("wrench", number))
	}
	gloves := r.tool("gloves", "G-1")
	r.give(ids[0], 1)
	r.lost(ids[0], true)
	r.lost(ids[1], false)
	r.did(r.App.Tools.Find(ctx, r.by(0), ids[1], commands.FoundTool{Store: "main"})) // it is there again
	r.give(ids[3], 1)
	r.back(ids[3], 1, tool.Worn) // still good for use
	end, err := r.App.Scraps.Request(ctx, r.by(0), commands.RequestScrap{Site: "hq", Tool: ids[2], Cause: scrap.WornOut, Reason: "worn"})
	require.NoError(t, err)
	r.did(r.App.Scraps.Approve(ctx, r.by(2, "manager"), end.ID, nil))
	r.did(r.App.Scraps.End(ctx, r.by(0), end.ID, r.people[2]))
	r.did(r.App.Scraps.Settle(ctx, r.by(0), end.ID))
	r.lost(gloves, false)
	number := r.settle()

	at := api.AsOf{Number: &number}
	ask := func(at api.AsOf) api.ToolReplacements {
		r.settle()
		out, err := r.side.ToolReplacements(ctx, at, "hq", month)
		require.NoError(t, err)
		return out
	}
	bytesOf := func() []string {
		rows, facts, _, err := r.side.ToolStatistics(ctx, at, "hq", month)
		require.NoError(t, err)
		var out []string
		for _, v := range []any{rows, facts, ask(at)} {
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			out = append(out, string(raw))
		}
		return out
	}
	first := bytesOf()
	_, facts, _, err := r.side.ToolStatistics(ctx, at, "hq", month)
	require.NoError(t, err)
	causes := map[string]string{}
	types := map[uuid.UUID]string{}
	for _, rec := range r.records(number) {
		types[rec.ID] = rec.Type
	}
	for _, f := range facts {
		causes[f.Number+" "+string(f.What)] = f.Cause
		require.NotEmpty(t, types[f.Event], "a fact names the event that it comes from")
	}
	require.Equal(t, map[string]string{
		"W-1 lost": "on_duty", "W-2 lost": "", "W-2 found": "", "W-3 scrapped": "worn_out", "W-4 worn": "", "G-1 lost": "",
	}, causes)
	lines := ask(at).Lines
	require.Len(t, lines, 2)
	require.Equal(t, []any{"gloves", int64(1), int64(1)}, []any{lines[0].Kind, lines[0].Count, lines[0].Left})
	require.Equal(t, []any{"wrench", int64(2), int64(2), int64(2500)}, []any{lines[1].Kind, lines[1].Count, lines[1].Left, lines[1].PriceFen})
	require.Equal(t, []string{"tool.reported_missing.v1", "tool.scrapped.v1"}, []string{types[lines[1].Tools[0].Event], types[lines[1].Tools[1].Event]})

	plan := commands.PlanReplacements{Site: "hq", Unit: unit, Month: month, Part: 1}
	_, err = r.App.Demands.PlanReplacements(ctx, r.by(0), commands.PlanReplacements{Site: "hq", Unit: unit, Month: month, Part: 2}, r.side)
	require.ErrorContains(t, err, "CHK-02", "one part after the other")
	q := r.by(0)
	begun, err := r.App.Demands.PlanReplacements(ctx, q, plan, r.side)
	require.NoError(t, err)
	again, err := r.App.Demands.PlanReplacements(ctx, q, plan, r.side)
	require.NoError(t, err)
	require.Equal(t, begun.ID, again.ID, "the same request is one plan")
	_, err = r.App.Demands.PlanReplacements(ctx, r.by(1), plan, r.side)
	require.Error(t, err, "and so are two that ask for the same")
	for _, l := range ask(api.AsOf{}).Lines {
		require.Zero(t, l.Left)
		require.Equal(t, begun.ID, *l.Tools[0].Plan)
	}
	shown, _, err := r.side.Demand(ctx, api.AsOf{}, begun.ID)
	require.NoError(t, err)
	require.Equal(t, month, shown.For)
	require.Equal(t, month+": 1 lost, 1 scrapped", shown.Lines[1].Reason)
	r.did(r.App.Demands.Approve(ctx, r.by(2, "manager"), begun.ID, nil))
	_, err = r.App.Purchases.Request(ctx, r.by(0), commands.RequestPurchase{
		Site: "hq", Unit: unit, Variant: policy.ToolVariant, Code: "wrench", Name: "w", Count: 2, Reason: "r", Demand: &begun.ID, Line: 1,
	})
	require.NoError(t, err, "what is planned is bought")

	r.lost(ids[4], false) // known after the plan
	now := ask(api.AsOf{})
	require.Equal(t, []int64{3, 1}, []int64{now.Lines[1].Count, now.Lines[1].Left})
	plan.Part = 2
	second, err := r.App.Demands.PlanReplacements(ctx, r.by(0), plan, r.side)
	require.NoError(t, err)
	require.Len(t, ask(api.AsOf{}).Plans, 2)
	r.did(r.App.Demands.Reject(ctx, r.by(2, "manager"), second.ID, commands.Reasoned{Reason: "found soon"}))
	require.EqualValues(t, 1, ask(api.AsOf{}).Lines[1].Left, "a rejected plan replaces nothing")
	r.takenBack(ids[4])
	r.did(r.App.Strikes.StrikeTool(ctx, r.by(0), ids[4], commands.StrikeEvent{Revision: 1, Reason: "wrong number", SecondPerson: r.people[3]},
		func(commands.ToolCorrection) error { return nil }))
	require.EqualValues(t, 2, ask(api.AsOf{}).Lines[1].Count, "what was struck did not happen")
	require.Equal(t, first, bytesOf(), "as of its number a month is the same for ever")
}
