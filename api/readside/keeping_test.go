package readside_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/outcomes"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// toolRoom is a world with a store and people.
type toolRoom struct {
	*world
	people []string
}

func newToolRoom(t *testing.T) *toolRoom {
	t.Helper()
	r := &toolRoom{world: newWorld(t)}
	for kind, content := range map[policy.Kind]string{
		policy.KindTools: `{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"},` +
			`{"code":"gloves","name":"gloves","category":"safety","inspect_months":6}]}`,
		policy.KindKeeping: `{"stocktake_months":1,"climate":{"low_tenths_c":-150,"high_tenths_c":350,"humidity_percent":80},` +
			`"checks":[{"kind":"","purpose":"random","months":1,"sample":2}],` +
			`"places":[{"code":"S-01","store":"main","kinds":["gloves"],"conditions":"dry","conditions_zh":"干燥","keeper_needed":true,"rack":false}]}`,
	} {
		_, err := r.App.Policies.Record(t.Context(), r.request(), commands.RecordPolicy{
			Site: "hq", Kind: kind, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first", Content: json.RawMessage(content),
		})
		require.NoError(t, err)
	}
	for n := range 4 {
		reg, err := r.App.People.Register(t.Context(), r.request(), commands.RegisterPerson{
			Site: "hq", External: domain.ExternalKey{System: "hr", Key: strconv.Itoa(n)}, Name: "n", Roles: []string{},
		})
		require.NoError(t, err)
		r.people = append(r.people, reg.ID.String())
	}
	return r
}

func (r *toolRoom) by(n int, roles ...string) commands.Request {
	q := r.as(r.people[n])
	q.Actor.Subject, q.Actor.Roles = r.people[n], roles
	return q
}

func (r *toolRoom) tool(kind, number string) uuid.UUID {
	r.t.Helper()
	reg, err := r.App.Tools.Register(r.t.Context(), r.by(0), commands.RegisterTool{
		Site: "hq", Number: number, Kind: kind, Name: kind, PriceFen: 1250, PurchasedOn: "2025-01-01", Use: tool.Shared, Store: "main",
	})
	require.NoError(r.t, err)
	return reg.ID
}

// did holds that something was done, and lets an hour pass.
func (r *toolRoom) did(_ commands.Result, err error) {
	r.t.Helper()
	require.NoError(r.t, err)
	r.Clock.Advance(time.Hour)
}

// give gives a tool to a person who signs for it.
func (r *toolRoom) give(id uuid.UUID, n int) {
	r.t.Helper()
	r.did(r.App.Tools.Issue(r.t.Context(), r.by(0), id, commands.IssueTool{To: tool.Holder{Kind: tool.Person, Who: r.people[n]}}))
	r.did(r.App.Tools.Accept(r.t.Context(), r.by(n), id, nil))
}

func (r *toolRoom) back(id uuid.UUID, n int, c tool.Condition) {
	r.t.Helper()
	r.did(r.App.Tools.Return(r.t.Context(), r.by(0), id, commands.ReturnTool{Store: "main", By: r.people[n], Condition: c}))
}

func (r *toolRoom) today() domain.Day {
	zone, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(r.t, err)
	return domain.DayOf(r.Clock.Now(), zone)
}

func (r *toolRoom) inspect(id uuid.UUID, next domain.Day, passed bool) {
	r.t.Helper()
	r.did(r.App.Tools.Inspect(r.t.Context(), r.by(0), id, commands.InspectTool{On: r.today(), Passed: passed, Next: next, Label: "A-1"}))
}

var everything = api.Page{Limit: 500}

// A count by eight scanners at once: the list is frozen, tools go on moving by
// the book, and what is wrong is corrected once two persons have signed.
func TestCHK01ACountByEightScannersAtOnce(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	const tools, scanners = 1203, 8
	ids := make([]uuid.UUID, tools)
	for n := range tools {
		ids[n] = r.tool("wrench", fmt.Sprintf("W-%04d", n))
	}
	r.give(ids[1200], 1) // li has it: not on the list
	r.settle()
	begun, err := r.App.Stocktakes.Start(ctx, r.by(0, "storekeeper"), commands.StartStocktake{
		Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"},
	}, r.side)
	require.NoError(t, err)
	require.Equal(t, int64(3), begun.Revision, "three parts of the list")
	r.give(ids[1201], 2) // moved by the book while it is counted
	var g sync.WaitGroup
	errs := make([]error, scanners)
	requests := make([][]commands.Request, scanners)
	for n := range scanners {
		for range 4 {
			q := r.by(0)
			q.Actor.Person = uuid.NewSHA1(uuid.Nil, []byte{byte(n)}).String()
			requests[n] = append(requests[n], q)
		}
	}
	for n := range scanners {
		g.Go(func() {
			var scans []commands.ScanTool
			for k := n; k < 1200; k += scanners {
				condition := stocktake.Sound
				if k == 7 {
					condition = stocktake.Broken
				}
				if k != 8 { // missing
					scans = append(scans, commands.ScanTool{Number: fmt.Sprintf("W-%04d", k), Condition: condition})
				}
			}
			for i, q := range requests[n] {
				part := scans[i*len(scans)/4 : (i+1)*len(scans)/4]
				for range 2 { // sent twice, it counts once
					if _, err := r.App.Stocktakes.Scan(ctx, q, begun.ID, commands.ScanTools{Scans: part}); err != nil {
						errs[n] = err
						return
					}
				}
			}
		})
	}
	g.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	r.did(r.App.Stocktakes.Scan(ctx, r.by(3), begun.ID, commands.ScanTools{Scans: []commands.ScanTool{
		{Number: "W-1200", Condition: stocktake.Sound, Place: "shelf 3"}, {Number: "W-0000", Condition: stocktake.Sound}, {Number: "X-1", Condition: stocktake.Sound},
	}}))
	r.did(r.App.Stocktakes.Count(ctx, r.by(0, "storekeeper"), begun.ID, nil, r.side))
	r.settle()
	shown, _, err := r.side.Stocktake(ctx, api.AsOf{}, begun.ID)
	require.NoError(t, err)
	x := shown.Result
	require.Equal(t, []int{1198, 2, 1, 1, 1, 1, 1}, []int{x.Found, x.Missing, x.Damaged, x.Unexpected, x.Moved, x.Unknown, x.Twice})
	require.Len(t, shown.Scanners, scanners+1)
	_, err = r.App.Stocktakes.Scan(ctx, r.by(3), begun.ID, commands.ScanTools{Scans: []commands.ScanTool{{Number: "W-0008", Condition: stocktake.Sound}}})
	require.ErrorContains(t, err, "CHK-01", "what comes too late is not taken for counted")

	r.did(r.App.Stocktakes.Sign(ctx, r.by(0, "storekeeper"), begun.ID, commands.SignStocktake{As: stocktake.Storekeeper, Digest: x.Digest}))
	r.did(r.App.Stocktakes.Sign(ctx, r.by(3, "manager"), begun.ID, commands.SignStocktake{As: stocktake.Manager, Digest: x.Digest}))
	before := r.settle()
	r.manage()
	r.settle()
	items, _, _, err := r.side.StocktakeDifferences(ctx, api.AsOf{}, begun.ID, everything)
	require.NoError(t, err)
	outcomes := map[string]string{}
	for _, d := range items {
		outcomes[d.Number] = string(d.Kind)
		if d.Outcome != nil {
			outcomes[d.Number] += " " + string(*d.Outcome)
		}
	}
	require.Equal(t, map[string]string{
		"W-0007": "damaged accepted", "W-0008": "missing accepted", "W-1200": "unexpected accepted", "W-1201": "moved", "W-1202": "missing accepted", "X-1": "unknown",
	}, outcomes)
	for number, want := range map[int]api.ToolStanding{8: "missing", 1200: "in_store", 1201: "issued", 7: "in_store"} {
		card, _, err := r.side.Tool(ctx, api.AsOf{}, ids[number], nil)
		require.NoError(t, err)
		require.Equal(t, want, card.Tool.Standing, number)
	}
	old, _, _, err := r.side.StocktakeDifferences(ctx, api.AsOf{Number: &before}, begun.ID, everything)
	require.NoError(t, err)
	require.Nil(t, old[0].Outcome, "as of a number before the corrections there is no outcome")
	listed, _, _, err := r.side.ListStocktakes(ctx, api.AsOf{}, []string{"hq"}, nil, everything)
	require.NoError(t, err)
	require.Equal(t, api.StocktakePhase("closed"), listed[0].Phase)
}

// manage runs the process manager of counts as one that had begun before
// everything: its inputs are all.
func (r *toolRoom) manage() {
	r.t.Helper()
	ports := commands.Ports{Store: r.Store, Outcomes: outcomes.New(r.Pool, r.Clock), Vault: r.Vault, Clock: r.Clock, IDs: r.IDs, Log: r.Log}
	manager, err := process.New(process.Options{
		Ports: ports, Clock: r.Clock, Inbox: fromStart{r.side.Inbox()}, Manager: process.Stocktake{Stocktakes: r.App.Stocktakes, Tools: r.App.Tools},
	})
	require.NoError(r.t, err)
	for busy := true; busy; {
		busy, err = manager.Step(r.t.Context())
		require.NoError(r.t, err)
	}
}

// fromStart is an inbox whose head is nothing the first time that it is asked.
type fromStart struct {
	process.Inbox
}

func (f fromStart) Head() (int64, bool) { return 0, true }

// The auditor's question: which safety tools were in use past inspection in a
// quarter, as custody was then and as it is known by now.
func TestINS02WhichToolsWereInUsePastTheirDay(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	first := r.today()
	after := func(days int) domain.Day {
		d, err := time.Parse(time.DateOnly, string(first))
		require.NoError(t, err)
		return domain.Day(d.AddDate(0, 0, days).Format(time.DateOnly))
	}
	late, good, never := r.tool("gloves", "G-1"), r.tool("gloves", "G-2"), r.tool("wrench", "W-1")
	r.inspect(late, after(10), true)
	r.inspect(good, after(90), true)
	for _, id := range []uuid.UUID{late, good, never} {
		r.give(id, 1)
	}
	r.Clock.Advance(20 * 24 * time.Hour)
	r.settle()

	due, _, _, err := r.side.DueChecks(ctx, api.AsOf{}, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeInspection, InUse: true}, everything)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, api.KeepingDueStateOverdue, due[0].State)
	r.did(r.App.InspectionPlans.CallBack(ctx, r.by(0), commands.PlanOf{Site: "hq", Kind: "gloves"}, r.side))
	again, err := r.App.InspectionPlans.CallBack(ctx, r.by(0), commands.PlanOf{Site: "hq", Kind: "gloves"}, r.side)
	require.NoError(t, err)
	require.False(t, again.Changed, "who was told is not told again")
	r.settle()
	due, _, _, err = r.side.DueChecks(ctx, api.AsOf{}, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeInspection, InUse: true}, everything)
	require.NoError(t, err)
	require.NotNil(t, due[0].CalledBackAt)
	known := r.settle()
	r.back(late, 1, tool.Good)
	back := r.today()
	end := r.settle()

	ask := func(at api.AsOf, from, to domain.Day) []api.KeepingLapse {
		rows, _, _, err := r.side.LapsedUse(ctx, at, api.LapseQuery{Site: "hq", From: from, To: to, Category: new("safety")}, everything)
		require.NoError(t, err)
		return rows
	}
	rows := ask(api.AsOf{}, first, after(80))
	require.Len(t, rows, 1)
	x := rows[0].Stretches
	require.Len(t, x, 1)
	require.Equal(t, []string{string(after(11)), string(back), string(after(10))}, []string{x[0].From, x[0].To, *x[0].LastDay})
	require.Equal(t, r.people[1], x[0].Holder.Who)
	require.False(t, x[0].GoesOn)
	events := map[uuid.UUID]string{}
	for _, rec := range r.records(end) {
		events[rec.ID] = rec.Type
	}
	var types []string
	for _, e := range x[0].Events {
		types = append(types, events[e.Event])
	}
	require.Equal(t, []string{"tool.accepted.v1", "tool.inspected.v1", "tool.returned.v1"}, types, "the events that say so")
	require.Empty(t, ask(api.AsOf{}, first, after(10)))
	require.Equal(t, rows, ask(api.AsOf{}, first, after(100)), "what has not come yet has not happened")
	before := ask(api.AsOf{Number: &known}, first, after(80))
	require.True(t, before[0].Stretches[0].GoesOn, "as known before the return it goes on")
}

func TestINS06WhatFailedIsMovedOutOfTheToolRoom(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	late, sound := r.tool("gloves", "G-1"), r.tool("gloves", "G-2")
	r.inspect(sound, "2030-01-01", true)
	r.inspect(late, "", false)
	r.settle()
	failed, _, _, err := r.side.DueChecks(ctx, api.AsOf{}, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeMoveOut}, everything)
	require.NoError(t, err)
	require.Len(t, failed, 1, "failed, and still in the tool room")
	require.Equal(t, late, failed[0].Tool)
	r.did(r.App.Tools.SendToRepair(ctx, r.by(0), late, commands.RepairTool{Repairer: "R1"}))
	r.settle()
	failed, _, _, err = r.side.DueChecks(ctx, api.AsOf{}, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeMoveOut}, everything)
	require.NoError(t, err)
	require.Empty(t, failed)
}

func TestINS08DueByPlanIsWhatWasNotCheckedInThePeriod(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	var ids []uuid.UUID
	for n := range 5 {
		ids = append(ids, r.tool("gloves", fmt.Sprintf("G-%d", n)))
	}
	ask := func() ([]api.KeepingDue, error) {
		r.settle()
		rows, _, _, err := r.side.DueChecks(ctx, api.AsOf{}, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeRandom, Kind: new("gloves")}, everything)
		return rows, err
	}
	_, err := ask()
	require.ErrorContains(t, err, "POL-08", "there is no plan")
	of := commands.PlanOf{Site: "hq", Kind: "gloves"}
	r.did(r.App.InspectionPlans.Set(ctx, r.by(0), commands.SetInspectionPlan{PlanOf: of, Purpose: inspectionplan.Random, Reason: "yearly"}))
	rows, err := ask()
	require.NoError(t, err)
	require.Empty(t, rows, "the first period has just begun")
	r.Clock.Advance(32 * 24 * time.Hour)
	r.did(r.App.InspectionPlans.Place(ctx, r.by(0), commands.PlaceTools{PlanOf: of, Place: "S-01", Keeper: r.people[2], Tools: []inspectionplan.Lying{{Tool: ids[0], Number: "G-0"}}}))
	rows, err = ask()
	require.NoError(t, err)
	require.Len(t, rows, 2, "the sample")
	again, err := ask()
	require.NoError(t, err)
	require.Equal(t, rows, again, "nobody draws another one")
	var found []inspectionplan.Finding
	for n, id := range ids[:4] {
		found = append(found, inspectionplan.Finding{Tool: id, Number: fmt.Sprintf("G-%d", n), Good: true})
	}
	r.did(r.App.InspectionPlans.Check(ctx, r.by(0), commands.CheckTools{PlanOf: of, Purpose: inspectionplan.Random, Tools: found}))
	rows, err = ask()
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "G-4", rows[0].Number)
	plans, _, _, err := r.side.InspectionPlans(ctx, api.AsOf{}, nil, everything)
	require.NoError(t, err)
	require.Equal(t, 1, plans[0].Placed)
	r.did(r.App.Climates.Record(ctx, r.by(0), commands.RecordClimate{Site: "hq", Store: "main", TenthsC: 400, HumidityPercent: 50, Note: "fan on"}))
	r.settle()
	notes, _, _, err := r.side.Climate(ctx, api.AsOf{}, api.ClimateQuery{Site: "hq", Store: "main", Deviations: true}, everything)
	require.NoError(t, err)
	require.Len(t, notes, 1)
	require.Equal(t, "fan on", notes[0].Note)
}

func TestCHK02TheMonthAddsUpFromItsEvents(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	a, b := r.tool("wrench", "W-1"), r.tool("wrench", "W-2")
	month := string(r.today()[:7])
	r.give(a, 1)
	r.back(a, 1, tool.Worn)
	r.did(r.App.Tools.ReportMissing(ctx, r.by(1), b, commands.MissingTool{LostAt: r.Clock.Now(), Place: "sump"}))
	r.did(r.App.Tools.Find(ctx, r.by(0), b, commands.FoundTool{Store: "main"}))
	r.settle()
	rows, facts, _, err := r.side.ToolStatistics(ctx, api.AsOf{}, "hq", month)
	require.NoError(t, err)
	require.Len(t, facts, 3)
	require.Equal(t, []api.KeepingStatisticsRow{{Kind: "wrench", Lost: 1, Found: 1, Worn: 1, LostFen: 1250}}, rows)
	rows, _, _, err = r.side.ToolStatistics(ctx, api.AsOf{}, "hq", "2001-01")
	require.NoError(t, err)
	require.Empty(t, rows)
}

// A page of a past day, as known by a number, is the same after more events
// and after a rebuild.
func TestCHK03ALedgerPageComesBackAsItWas(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	var ids []uuid.UUID
	for n := range 6 {
		ids = append(ids, r.tool([]string{"wrench", "gloves"}[n%2], fmt.Sprintf("T-%d", n)))
	}
	r.inspect(ids[1], "", true)
	r.give(ids[0], 1)
	r.give(ids[1], 1)
	day := r.today()
	r.Clock.Advance(48 * time.Hour)
	r.back(ids[0], 1, tool.Good)
	number := r.settle()
	li := tool.Holder{Kind: tool.Person, Who: r.people[1]}
	ask := func(s *readside.Side, holder tool.Holder, on *domain.Day) []string {
		page, _, err := s.LedgerPage(ctx, api.AsOf{Number: &number}, api.LedgerQuery{Site: "hq", Holder: holder, On: on, Limit: 500})
		require.NoError(t, err)
		var out []string
		for _, row := range page.Rows {
			out = append(out, fmt.Sprint(row.Number, row.Holder, row.Since.UTC(), row.LastDay))
		}
		return out
	}
	main := tool.Holder{Kind: tool.Store, Who: "main"}
	then, now, store := ask(r.side, li, &day), ask(r.side, li, nil), ask(r.side, main, &day)
	require.Len(t, then, 2)
	require.Len(t, now, 1)
	require.Len(t, store, 4)
	r.back(ids[1], 1, tool.Good)
	r.give(ids[2], 1)
	r.settle()
	require.Equal(t, [][]string{then, now, store}, [][]string{ask(r.side, li, &day), ask(r.side, li, nil), ask(r.side, main, &day)})

	reports, err := r.manager.Rebuild(ctx, readmodel.RebuildOptions{Pages: r.reader(), Projections: []string{"keeping"}})
	require.NoError(t, err)
	require.True(t, reports[0].Equal, "live and rebuilt have one digest")
	side := r.sideOf(r.Pool, r.manager, r.Clock)
	require.Equal(t, [][]string{then, now, store}, [][]string{ask(side, li, &day), ask(side, li, nil), ask(side, main, &day)})
	card, _, err := r.side.LedgerPage(ctx, api.AsOf{}, api.LedgerQuery{Site: "hq", Tool: ids[0], Limit: 500})
	require.NoError(t, err)
	require.Len(t, card.Rows, 3, "store, person, store")
}

func TestCHK04OurLedgerIsAllThatIsNotScrapped(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	for n := range 4 {
		r.tool("wrench", fmt.Sprintf("W-%d", n))
	}
	old := r.tool("wrench", "W-9")
	approved := r.approved(commands.RequestApproval{Act: approval.Scrap, Tools: []uuid.UUID{old}})
	r.did(r.App.Tools.Scrap(ctx, r.by(0), old, commands.ScrapTool{Reason: "worn", Approval: approved}))
	r.settle()
	reg, err := r.App.LedgerChecks.Compare(ctx, r.by(1), commands.CompareLedgers{
		Site: "hq", With: ledgercheck.Finance, Reference: "assets", Entries: []ledgercheck.Entry{
			{Number: "W-0", PriceFen: 1250}, {Number: "W-1", PriceFen: 1300}, {Number: "W-2", PriceFen: 1250}, {Number: "A-1", PriceFen: 100},
		},
	}, r.side)
	require.NoError(t, err)
	r.did(r.App.LedgerChecks.Settle(ctx, r.by(1), reg.ID, commands.SettleLedgerItem{Number: "W-1", How: "freight"}))
	r.settle()
	c, _, err := r.side.LedgerComparison(ctx, api.AsOf{}, reg.ID)
	require.NoError(t, err)
	require.Equal(t, []int{4, 4, 2, 2}, []int{c.Ours, c.Theirs, c.Agree, c.Open})
	kinds := map[string]api.KeepingItemKind{}
	for _, i := range c.Items {
		kinds[i.Number] = i.Kind
	}
	require.Equal(t, map[string]api.KeepingItemKind{"A-1": "only_theirs", "W-1": "price", "W-3": "only_ours"}, kinds)
	all, _, _, err := r.side.LedgerComparisons(ctx, api.AsOf{}, []string{"hq"}, everything)
	require.NoError(t, err)
	require.Len(t, all, 1)
}
