package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// room is the tool room's read side: what it has is what a test puts there.
type room struct {
	expected  []stocktake.Expected
	known     []stocktake.Known
	elsewhere map[string][]string
	overdue   []inspectionplan.Overdue
	counts    []api.Stocktake
	due       api.DueQuery
	page      api.LedgerQuery
	gone      []demand.Line
	answers   string
	rows      []api.LedgerRow
}

var seenAt = api.Snapshot{Number: 7}

func (r *room) Head(context.Context, string, int64) (int64, error) { return 7, nil }

func (r *room) Expected(context.Context, string, stocktake.Scope, int64) ([]stocktake.Expected, error) {
	return r.expected, nil
}

func (r *room) Known(context.Context, string, []string, int64) ([]stocktake.Known, error) {
	return r.known, nil
}

func (r *room) Elsewhere(context.Context, string, []string, int64) (map[string][]string, error) {
	return r.elsewhere, nil
}

func (r *room) Overdue(context.Context, string, string, domain.Day) (int64, []inspectionplan.Overdue, error) {
	return 7, r.overdue, nil
}

func (r *room) Stocktake(_ context.Context, at api.AsOf, id uuid.UUID) (api.Stocktake, api.Snapshot, error) {
	for _, c := range r.counts {
		if c.Id == id {
			return c, snapshotOf(at), nil
		}
	}
	return api.Stocktake{}, seenAt, commands.ErrNotFound
}

func (r *room) ListStocktakes(_ context.Context, _ api.AsOf, _ []string, _ *bool, p api.Page) ([]api.Stocktake, string, api.Snapshot, error) {
	rows, next := cut(r.counts, p)
	return rows, next, seenAt, nil
}

func (r *room) StocktakeDifferences(context.Context, api.AsOf, uuid.UUID, api.Page) ([]api.StocktakeDifference, string, api.Snapshot, error) {
	return []api.StocktakeDifference{
		{Kind: "missing", Number: "W-1", Holder: api.Holder{Kind: "store", Who: "main"}},
		{Kind: "unknown", Number: "N-1", Holder: api.Holder{Kind: "nobody"}, BelongsTo: &[]string{"north", "south"}},
	}, "", seenAt, nil
}

func (r *room) InspectionPlans(context.Context, api.AsOf, []string, api.Page) ([]api.KeepingPlanView, string, api.Snapshot, error) {
	return []api.KeepingPlanView{{Site: "hq", Kind: "wrench", Plans: []api.KeepingPlanLine{{Purpose: "random", Months: 1, From: "2026-03-02"}}}}, "", seenAt, nil
}

func (r *room) DueChecks(_ context.Context, _ api.AsOf, q api.DueQuery, _ api.Page) ([]api.KeepingDue, string, api.Snapshot, error) {
	r.due = q
	return []api.KeepingDue{{Number: "W-1", Holder: api.Holder{Kind: "store", Who: "main"}, State: "never"}}, "", seenAt, nil
}

func (r *room) LapsedUse(context.Context, api.AsOf, api.LapseQuery, api.Page) ([]api.KeepingLapse, string, api.Snapshot, error) {
	return []api.KeepingLapse{{Number: "G-1", Stretches: []api.KeepingStretch{{
		Holder: api.Holder{Kind: "person", Who: lin.String()}, From: "2026-01-05", To: "2026-01-07",
		Events: []api.KeepingEvidence{{What: "custody", At: domain.At(noon)}},
	}}}}, "", seenAt, nil
}

func (r *room) Climate(context.Context, api.AsOf, api.ClimateQuery, api.Page) ([]api.KeepingReading, string, api.Snapshot, error) {
	return []api.KeepingReading{{At: domain.At(noon), Store: "main", TenthsC: new(215), HumidityPercent: new(55)}}, "", seenAt, nil
}

func (r *room) ToolStatistics(context.Context, api.AsOf, string, string) ([]api.KeepingStatisticsRow, []api.KeepingFact, api.Snapshot, error) {
	return []api.KeepingStatisticsRow{{Kind: "wrench", Lost: 1}}, []api.KeepingFact{{Kind: "wrench", What: "lost", At: domain.At(noon)}}, seenAt, nil
}

func (r *room) LedgerPage(_ context.Context, _ api.AsOf, q api.LedgerQuery) (api.LedgerPage, api.Snapshot, error) {
	r.page = q
	if q.After != "" {
		return api.LedgerPage{}, seenAt, nil
	}
	return api.LedgerPage{SiteName: "总部", Zone: time.FixedZone("", 8*3600), Rows: r.rows, More: "W-9"}, seenAt, nil
}

// store enters a site with a store, a kind and the policy of keeping.
func (f *fixture) store() {
	f.t.Helper()
	f.site()
	for kind, content := range map[string]string{
		"tools": `{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"},{"code":"wire","name":"wire","category":"safety","inspect_months":6}]}`,
		"keeping": `{"stocktake_months":1,"climate":{"low_tenths_c":-150,"high_tenths_c":350,"humidity_percent":80},"checks":[{"kind":"","purpose":"random","months":1,"sample":20}],` +
			`"places":[{"code":"E-07","store":"main","kinds":["wire"],"conditions":"dry","conditions_zh":"干燥","keeper_needed":false,"rack":true}]}`,
	} {
		r := f.post("/v1/policies", `{"site":"hq","kind":"`+kind+`","effective_from":"2026-01-01T00:00:00Z","reason":"first","content":`+content+`}`, nil, "manager")
		require.Equal(f.t, http.StatusCreated, r.status, r.body)
	}
}

// ok sends a command that must be carried out.
func (f *fixture) ok(path, body, tag string, roles ...string) reply {
	f.t.Helper()
	h := map[string]string{}
	if tag != "" {
		h["If-Match"] = tag
	}
	r := f.post(path, body, h, roles...)
	require.Equal(f.t, http.StatusOK, r.status, r.body)
	return r
}

func TestCHK01ACountFromItsListToTwoSignatures(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store()
	here := tool.Holder{Kind: tool.Store, Who: "main"}
	f.reads.room.expected = []stocktake.Expected{{Tool: uuid.UUID{1}, Number: "W-1", Holder: here}, {Tool: uuid.UUID{2}, Number: "W-2", Holder: here}}
	start := f.post("/v1/stocktakes", `{"site":"hq","scope":{"kind":"store","who":"main"}}`, map[string]string{"Idempotency-Key": "start"}, "storekeeper")
	require.Equal(t, http.StatusCreated, start.status, start.body)
	again := f.post("/v1/stocktakes", `{"site":"hq","scope":{"kind":"store","who":"main"}}`, map[string]string{"Idempotency-Key": "start"}, "storekeeper")
	require.Equal(t, start.body, again.body)
	path := start.header.Get("Location")
	f.ok(path+"/scans", `{"scans":[{"number":"W-1","condition":"sound"}]}`, "", "technician")
	f.ok(path+"/scans", `{"scans":[{"number":"W-9","condition":"sound","place":"shelf 3"}]}`, "", "technician")
	tag := f.ok(path+"/results", `{}`, "", "storekeeper").header.Get("ETag")
	require.Equal(t, http.StatusConflict, f.post(path+"/scans", `{"scans":[{"number":"W-2","condition":"sound"}]}`, nil, "technician").status)
	tag = f.ok(path+"/recounts", `{"numbers":["W-2"],"reason":"look again"}`, tag, "storekeeper").header.Get("ETag")
	require.NotEmpty(t, tag)
	f.ok(path+"/scans", `{"scans":[{"number":"W-2","condition":"damaged"}]}`, "", "technician")
	tag = f.ok(path+"/results", `{}`, "", "storekeeper").header.Get("ETag")

	id := uuid.MustParse(strings.TrimPrefix(path, "/v1/stocktakes/"))
	events, err := f.node.ReadStream(t.Context(), "fl.stocktake-"+id.String(), 0)
	require.NoError(t, err)
	var result stocktake.Counted
	for _, e := range events {
		if e.Type == "stocktake.counted.v1" {
			require.NoError(t, json.Unmarshal(e.Data, &result))
		}
	}
	require.Equal(t, []int{1, 0, 1, 1}, []int{result.Found, result.Missing, result.Damaged, result.Unknown})
	body := func(as string) string { return `{"as":"` + as + `","digest":"` + result.Digest + `"}` }
	r := f.post(path+"/signatures", body("manager"), map[string]string{"If-Match": tag}, "storekeeper")
	require.Equal(t, "stock.not_signer", r.problem(t).Key)
	tag = f.ok(path+"/signatures", body("storekeeper"), tag, "storekeeper").header.Get("ETag")
	r = f.post(path+"/signatures", body("manager"), map[string]string{"If-Match": tag}, "manager")
	require.Equal(t, "stock.same_person", r.problem(t).Key, "the same person under another role")

	f.reads.room.counts = []api.Stocktake{{
		Id: id, Site: "hq", Scope: api.StocktakeScope{Kind: "store"}, Phase: "counted", StartedAt: domain.At(noon), NextBy: "2026-04-02",
		Scanners: []api.StocktakeScanner{}, Signatures: map[string]string{},
	}}
	require.Equal(t, http.StatusOK, f.get(path, "auditor").status)
	require.Equal(t, http.StatusOK, f.get("/v1/stocktakes?site=hq", "auditor").status)
	require.Equal(t, http.StatusOK, f.get(path+"/differences", "auditor").status)
	require.Equal(t, http.StatusNotFound, f.get("/v1/stocktakes/"+subject.String(), "auditor").status)
	f.ok(path+"/cancel", `{"reason":"fire drill"}`, tag, "manager")
}

func TestINS01PlansChecksRecallsAndPlaces(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store()
	const of = `{"site":"hq","kind":"wire",`
	wire := func(number string) (id, tag string) {
		r := f.post("/v1/tools", `{"site":"hq","number":"`+number+`","kind":"wire","name":"wire","price_fen":1,"purchased_on":"2026-01-05","use":"shared","store":"main"}`, nil, "storekeeper")
		require.Equal(t, http.StatusCreated, r.status, r.body)
		return strings.TrimPrefix(r.header.Get("Location"), "/v1/tools/"), r.header.Get("ETag")
	}
	named := func(id, number string) string { return `"tools":[{"tool":"` + id + `","number":"` + number + `"` }
	seven, tag := wire("E-07")
	eight, _ := wire("E-08")
	f.ok("/v1/inspection-plans", of+`"purpose":"random","reason":"yearly plan"}`, "", "manager")
	r := f.post("/v1/inspection-plans", of+`"purpose":"quality","reason":"yearly plan"}`, nil, "manager")
	require.Equal(t, "POL-08", r.problem(t).Rule, "nobody gave a period, and there is none to go by")
	f.ok("/v1/inspection-plans/checks", of+`"purpose":"random",`+named(seven, "E-07")+`,"good":true}]}`, "", "storekeeper")
	f.reads.room.overdue = []inspectionplan.Overdue{{Tool: subject, Number: "E-07", LastDay: "2026-01-01", Told: tool.Holder{Kind: tool.Person, Who: lin.String()}}}
	require.Contains(t, f.ok("/v1/inspection-plans/recalls", of[:len(of)-1]+`}`, "", "storekeeper").body, `"changed":true`)
	require.Contains(t, f.ok("/v1/inspection-plans/recalls", of[:len(of)-1]+`}`, "", "storekeeper").body, `"changed":false`)
	f.reads.room.overdue[0].LastDay = "" // it failed while in use: there is no last day (INS-02)
	require.Contains(t, f.ok("/v1/inspection-plans/recalls", of[:len(of)-1]+`}`, "", "storekeeper").body, `"changed":true`)
	f.ok("/v1/inspection-plans/places", of+`"place":"E-07",`+named(seven, "E-07")+`}]}`, "", "storekeeper")
	for key, tools := range map[string]string{
		"inspect.rack_number":    named(eight, "E-08"),
		"inspect.number_differs": named(eight, "E-07"), // it does not become the rack's by being called so
		"inspect.tool_of_others": named(subject.String(), "E-07"),
		"inspect.tool_twice":     named(eight, "E-08") + `},{"tool":"` + eight + `","number":"E-08"`,
	} {
		r = f.post("/v1/inspection-plans/places", of+`"place":"E-07",`+tools+`}]}`, nil, "storekeeper")
		require.Equal(t, []string{"INS-04", key}, []string{r.problem(t).Rule, r.problem(t).Key})
	}
	f.ok("/v1/tools/"+seven+"/inspections", `{"on":"2026-03-01","passed":false}`, tag, "storekeeper")
	r = f.post("/v1/inspection-plans/places", of+`"place":"E-07",`+named(seven, "E-07")+`}]}`, nil, "storekeeper")
	require.Equal(t, "INS-06", r.problem(t).Rule, "what failed is moved out")
	r = f.post("/v1/inspection-plans/checks", of+`"purpose":"random","on":"2027-01-01",`+named(seven, "E-07")+`,"good":true}]}`, nil, "storekeeper")
	require.Equal(t, "tool.inspected_ahead", r.problem(t).Key)
	f.ok("/v1/inspection-plans/ended", of+`"purpose":"random","reason":"none left"}`, "", "manager")
	require.Equal(t, http.StatusOK, f.get("/v1/inspection-plans", "auditor").status)
	require.Equal(t, http.StatusOK, f.get("/v1/inspections/due?site=hq&purpose=inspection&by=2026-03-31&in_use=true", "auditor").status)
	require.True(t, f.reads.room.due.InUse)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/inspections/due?site=hq&purpose=random", "auditor").status)
	require.Equal(t, http.StatusOK, f.get("/v1/inspections/lapsed?site=hq&from=2026-01-01&to=2026-03-31", "auditor").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/inspections/lapsed?site=hq&from=2026-04-01&to=2026-03-31", "auditor").status)
}

func TestINS03ClimateIsRecordedAndRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store()
	f.ok("/v1/climate", `{"site":"hq","store":"main","tenths_c":-163,"humidity_percent":81,"note":"heater on"}`, "", "storekeeper")
	require.Equal(t, http.StatusOK, f.get("/v1/climate?site=hq&store=main", "auditor").status)
	require.Equal(t, 3, func() int {
		events, err := f.node.ReadStream(t.Context(), "fl.climate-hq.main-2026-03", 0)
		require.NoError(t, err)
		return len(events)
	}(), "the reading, and a note of cold and one of damp")
}

func TestCHK02AndCHK03FiguresAndPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.Equal(t, http.StatusOK, f.get("/v1/statistics/tools?site=hq&month=2026-03", "manager").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/statistics/tools?site=hq&month=2026-13", "manager").status)
	f.reads.room.rows = []api.LedgerRow{{
		Number: "W-1", Name: "<b>扳手</b>", Kind: "wrench", PriceFen: 135050, Holder: tool.Holder{Kind: tool.Store, Who: "main"}, Since: noon, LastDay: "2026-09-02",
	}}
	const of = "/v1/ledgers/page?site=hq&holder_kind=store&holder=main&on=2026-03-02&as_of=7"
	zh := f.get(of, "auditor")
	require.Equal(t, http.StatusOK, zh.status, zh.body)
	require.Equal(t, "text/html", zh.header.Get("Content-Type"))
	require.Contains(t, zh.body, "工器具台账")
	require.Contains(t, zh.body, "&lt;b&gt;扳手", "a name is text, whatever it holds")
	require.Contains(t, zh.body, "1350.50")
	require.Contains(t, zh.body, "2026-03-02 12:00", "in the site's zone")
	require.Contains(t, zh.body, "W-9", "where it goes on")
	require.Equal(t, zh.body, f.get(of, "auditor").body)
	require.Contains(t, f.get(of+"&lang=en", "auditor").body, "Tool ledger")
	require.Contains(t, f.get("/v1/ledgers/page?site=hq&lang=en&tool="+subject.String(), "auditor").body, "Tool card")
	require.Equal(t, http.StatusBadRequest, f.get("/v1/ledgers/page?site=hq", "auditor").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/ledgers/page?site=hq&holder=main", "auditor").status)
}

func (r *room) Entries(context.Context, string, int64) ([]ledgercheck.Entry, error) {
	return []ledgercheck.Entry{{Number: "W-1", Tool: subject, PriceFen: 100}}, nil
}

func (r *room) LedgerComparison(_ context.Context, _ api.AsOf, id uuid.UUID) (api.KeepingComparison, api.Snapshot, error) {
	return api.KeepingComparison{Id: id, Site: "hq", With: "finance", ComparedAt: domain.At(noon), Items: []api.KeepingItem{{Kind: "price", Number: "W-1"}}}, seenAt, nil
}

func (r *room) LedgerComparisons(ctx context.Context, at api.AsOf, _ []string, _ api.Page) ([]api.KeepingComparison, string, api.Snapshot, error) {
	c, _, err := r.LedgerComparison(ctx, at, subject)
	return []api.KeepingComparison{c}, "", seenAt, err
}

func TestCHK04ADifferenceIsAnOpenItem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	r := f.post("/v1/ledgers/comparisons", `{"site":"hq","with":"finance","reference":"assets","entries":[{"number":"W-1","price_fen":250}]}`, nil, "accountant")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	path := r.header.Get("Location")
	f.ok(path+"/settlements", `{"number":"W-1","how":"invoice says 1.00"}`, "", "accountant")
	p := f.post(path+"/settlements", `{"number":"W-2","how":"?"}`, nil, "accountant").problem(t)
	require.Equal(t, "CHK-04", p.Rule)
	require.Equal(t, http.StatusOK, f.get(path, "auditor").status)
	require.Equal(t, http.StatusOK, f.get("/v1/ledgers/comparisons", "auditor").status)
}

func TestPOL07ThePoliciesOfKeepingThatAreShippedHold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, set := range []string{"every-site", "mine", "workshop", "plant", "appliance-service", "power-station"} {
		f.load(set + "/keeping.json")
	}
}
