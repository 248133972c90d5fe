package api_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// accounting is a store whose losses are paid for.
type accounting struct {
	*store
	app            *commands.App
	hr, head, zhao person
	missing        uuid.UUID // the tool that was lost last
}

func newAccounting(t *testing.T, set string) *accounting {
	t.Helper()
	a := &accounting{}
	f := newFixture(t, func(d *api.Deps) { a.app = d.App })
	f.siteWith("hq", set)
	r := f.post("/v1/policies", toolRules, nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	a.store = &store{
		fixture: f, keeper: f.person("keeper", "storekeeper"), li: f.person("li", "technician"), wang: f.person("wang", "technician"), boss: f.person("boss", "manager"),
		tags: map[string]string{},
	}
	a.hr, a.head, a.zhao = f.person("hr", "hr"), f.person("head", "crew_head"), f.person("zhao", "manager")
	id := f.load(set + "/compensation.json")
	require.Equal(t, http.StatusOK, f.approve(id, `{"version":1}`).status)
	return a
}

// lost is a tool that somebody has and that is reported missing; its loss is
// opened as the process manager would.
func (a *accounting) lost(use string) (path, tag string) {
	a.t.Helper()
	number := "L-" + uuid.NewString()[:8]
	body := strings.Replace(strings.Replace(newTool, "W-1", number, 1), `"use":"personal"`, `"use":"`+use+`","holder":{"kind":"person","who":"`+a.li.id+`"}`, 1)
	toolPath, toolTag := a.tool(body)
	a.run(toolPath, toolTag, []order{{a.li, "missing", `{"lost_at":"2026-03-02T03:00:00Z","place":"二号水仓","circumstances":"掉入水仓"}`, ""}})
	id := uuid.MustParse(toolPath[len("/v1/tools/"):])
	a.missing = id
	res, err := a.app.Losses.Open(a.t.Context(), commands.Request{Key: number, Actor: commands.System("test")}, commands.OpenLoss{Tool: id, Revision: 1})
	require.NoError(a.t, err)
	return "/v1/losses/" + res.Stream[len("fl.loss-"):], `"0"`
}

func TestLOS07ALossIsFoundAssessedProposedAndApprovedByOthers(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	path, tag := a.lost("personal")
	a.run(path, tag, []order{
		{a.boss, "finding", `{"reason":"遗忘","payers":[{"person":"` + a.wang.id + `","weight":1}]}`, "LOS-05"},
		{a.boss, "finding", `{"reason":"遗忘","witnesses":["` + lin.String() + `"]}`, "ORG-01"},
		{a.boss, "finding", `{"reason":"遗忘","witnesses":["` + a.wang.id + `"]}`, ""},
		{a.keeper, "assessment", `{}`, ""},
		{a.boss, "proposal", `{}`, ""},
		{a.boss, "approval", `{"amount_fen":3500,"proposal":3}`, "LOS-07"},
		{a.zhao, "approval", `{"amount_fen":3499,"proposal":3}`, "LOS-07"},
		{a.zhao, "approval", `{"amount_fen":3500,"proposal":2}`, "LOS-07"},
		{a.boss, "proposal-withdrawal", `{}`, ""},
		{a.zhao, "approval", `{"amount_fen":3500,"proposal":3}`, "LOS-07"},
		{a.boss, "proposal", `{}`, ""},
		{a.zhao, "approval", `{"amount_fen":3500,"proposal":5}`, ""},
		{a.boss, "waiver", `{"second_person":"` + a.boss.id + `","reason":"水灾"}`, "LOS-11"},
		{a.boss, "waiver", `{"second_person":"` + a.zhao.id + `","reason":"水灾"}`, ""},
	})
	require.Equal(t, http.StatusForbidden, a.do(call{
		method: http.MethodPost, path: path + "/approval", body: `{"amount_fen":3500,"proposal":5}`, token: a.li.token, header: map[string]string{"Idempotency-Key": "x", "If-Match": `"7"`},
	}).status, "who pays has no right to it at all")
}

func TestLOS07TheSamePersonUnderAnotherAccountIsTheSamePerson(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	path, tag := a.lost("personal")
	a.run(path, tag, []order{{a.boss, "finding", `{"reason":"遗忘"}`, ""}, {a.keeper, "assessment", `{}`, ""}, {a.boss, "proposal", `{}`, ""}})
	for account, who := range map[string]person{"boss.private": a.boss, "li.office": a.li} {
		r := a.do(call{
			method: http.MethodPost, path: path + "/approval", body: `{"amount_fen":3500,"proposal":3}`,
			token: a.minted(account, who, "hr"), header: map[string]string{"Idempotency-Key": uuid.NewString(), "If-Match": `"3"`},
		})
		require.Equal(t, "LOS-07", r.problem(t).Rule, "%s: %s", account, r.body)
	}
}

// minted is a token of a person's other account.
func (a *accounting) minted(account string, who person, roles ...string) string {
	a.t.Helper()
	token, err := a.issuer.Mint(account, uuid.MustParse(who.id), roles, []string{"*"}, time.Hour)
	require.NoError(a.t, err)
	return token
}

func TestLOS02ACertificateExcusesAndLOS10PointsAreGiven(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	path, tag := a.lost("special")
	a.run(path, tag, []order{
		{a.boss, "finding", `{"on_duty":true,"reason":"掉入水仓","payers":[{"person":"` + a.li.id + `","weight":1}]}`, ""},
		{a.head, "certificate", `{"certificate":"C-7"}`, ""},
		{a.boss, "points", `{"person":"` + a.wang.id + `","circumstances":"停工"}`, ""},
	})
	id := uuid.MustParse(path[len("/v1/losses/"):])
	for loss, tool := range map[uuid.UUID]uuid.UUID{id: a.missing, uuid.New(): a.missing} {
		settled, err := a.app.Losses.Settled(t.Context(), loss, tool)
		require.NoError(t, err)
		require.Equal(t, loss == id, settled)
	}
	settled, err := a.app.Losses.Settled(t.Context(), id, uuid.New())
	require.NoError(t, err)
	require.False(t, settled, "of another tool")
}

func TestLOS06OneOfTwoWaysOfReplacement(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "workshop")
	path, tag := a.lost("personal")
	a.run(path, tag, []order{
		{a.boss, "finding", `{"reason":"遗忘"}`, ""},
		{a.keeper, "replacement", `{"number":"W-9","same":false}`, "LOS-06"},
		{a.keeper, "replacement", `{"number":"W-9","same":true}`, ""},
		{a.keeper, "requisition", `{"cost_fen":3600}`, "LOS-06"},
	})
	path, tag = a.lost("personal")
	a.run(path, tag, []order{
		{a.boss, "finding", `{"reason":"遗忘"}`, ""},
		{a.keeper, "requisition", `{"cost_fen":3600}`, ""},
		{a.keeper, "replacement", `{"number":"W-9","same":true}`, "LOS-06"},
	})
}

func TestLOS12ADamageIsReportedAndPaidWithItsRepair(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "workshop")
	body := strings.Replace(newTool, `"use":"personal"`, `"use":"pool","holder":{"kind":"person","who":"`+a.li.id+`"}`, 1)
	toolPath, _ := a.tool(body)
	report := func(tool, basis string) reply {
		return a.do(call{
			method: http.MethodPost, path: "/v1/losses", token: a.li.token, header: map[string]string{"Idempotency-Key": uuid.NewString()},
			body: `{"tool":"` + tool + `","damaged_at":"2026-03-02T04:00:00Z","place":"泵房","circumstances":"摔落","basis_fen":` + basis + `}`,
		})
	}
	require.Equal(t, http.StatusNotFound, report(uuid.NewString(), "400").status)
	require.Equal(t, "/basis_fen", report(toolPath[len("/v1/tools/"):], "3501").problem(t).Pointer)
	r := report(toolPath[len("/v1/tools/"):], "400")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	a.run(r.header.Get("Location"), r.header.Get("ETag"), []order{
		{a.boss, "finding", `{"reason":"摔落"}`, ""},
		{a.keeper, "assessment", `{}`, ""},
		{a.boss, "proposal", `{}`, ""},
		{a.zhao, "approval", `{"amount_fen":400,"proposal":3}`, ""},
	})
}

// paid takes a loss to its approval and enters it in the account, as the process manager would.
func (a *accounting) paid() (path, tag string, id uuid.UUID) {
	a.t.Helper()
	path, tag = a.lost("personal")
	a.run(path, tag, []order{
		{a.boss, "finding", `{"reason":"遗忘"}`, ""},
		{a.keeper, "assessment", `{}`, ""},
		{a.boss, "proposal", `{}`, ""},
		{a.zhao, "approval", `{"amount_fen":3500,"proposal":3}`, ""},
	})
	id = uuid.MustParse(path[len("/v1/losses/"):])
	_, err := a.app.Deductions.Enter(a.t.Context(), commands.Request{Key: path, Actor: commands.System("test")}, noon, commands.EnterDebt{
		Site: "hq", Person: a.li.id, Loss: id, Number: "L", AmountFen: 3500,
	})
	require.NoError(a.t, err)
	return path, `"4"`, id
}

func (a *accounting) minimum() {
	a.t.Helper()
	r := a.post("/v1/policies", `{"site":"hq","kind":"compensation","effective_from":"2026-01-01T00:00:00Z","reason":"local","content":{"method":"original_price","floor_ppm":50000,`+
		`"payers":{"personal":"holder","shared":"shift","special":"shift_leader","pool":"holder"},"hr_above_fen":100000,"cap_ppm":200000,"minimum_wage_fen":200000,"points":50}}`, nil, "manager")
	require.Equal(a.t, http.StatusCreated, r.status, r.body)
	require.Equal(a.t, http.StatusOK, a.approve(decodeAs[api.Created](a.t, r).Id, `{"version":1}`).status)
}

func (a *accounting) wages(key, month, fen string) api.PayrollResult {
	a.t.Helper()
	r := a.post("/v1/payroll/wages", `{"site":"hq","system":"hr","wages":[{"person_key":"`+key+`","month":"`+month+`","wage_fen":`+fen+`}]}`, nil, "accountant")
	require.Equal(a.t, http.StatusOK, r.status, r.body)
	row := decodeAs[api.PayrollResults](a.t, r).Rows[0]
	reached := row.Result == "posted" || row.Result == "unchanged"
	require.Equal(a.t, reached, r.header.Get("Fieldledger-Position") != "", "one's own write can be read")
	return row
}

func TestLOS08WagesArePostedOnceAndCorrected(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	require.EqualValues(t, "unknown_person", a.wages("nobody", "2026-03", "300000").Result)
	require.EqualValues(t, "no_account", a.wages("li", "2026-03", "300000").Result)
	a.paid()
	a.clock.Advance(time.Minute)
	require.Equal(t, "POL-08", a.wages("li", "2026-03", "300000").Rule, "the set says no minimum wage")
	a.minimum()
	require.EqualValues(t, "refused", a.wages("li", "2026-04", "300000").Result, "a month that has not begun")
	first := a.wages("li", "2026-03", "202000")
	require.EqualValues(t, "posted", first.Result)
	require.EqualValues(t, 2000, first.TakenFen, "and 2,000 yuan are left")
	require.EqualValues(t, 1500, first.OpenFen)
	before := a.events()
	require.EqualValues(t, "unchanged", a.wages("li", "2026-03", "202000").Result)
	require.Equal(t, before, a.events())
	again := a.wages("li", "2026-03", "201000")
	require.EqualValues(t, "posted", again.Result)
	require.EqualValues(t, 1000, again.TakenFen, "another wage of the month makes the difference")
	require.EqualValues(t, "posted", a.wages("li", "2026-03", "202000").Result, "and back again")
}

func TestAUD02AWronglyBookedLossIsTakenBackAfterItsConsequencesWereListed(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	a.minimum()
	path, tag, _ := a.paid()
	a.wages("li", "2026-03", "201000")
	list := func() api.LossConsequences {
		return decodeAs[api.LossConsequences](t, a.get(path+"/consequences", "manager"))
	}
	seen := list()
	require.Equal(t, []api.LossAccountConsequence{{Person: a.li.id, CancelledFen: 2500, RefundFen: 1000}}, seen.Accounts)
	ask := func(digest string) string { return `{"reason":"工具在箱内","consequences":"` + digest + `"}` }
	yes := func(digest string) string { return `{"consequences":"` + digest + `"}` }
	a.run(path, tag, []order{
		{a.boss, "correction", ask("something else"), "AUD-02"},
		{a.boss, "correction", ask(seen.Digest), ""},
		{a.boss, "correction-confirmation", yes(seen.Digest), "AUD-02"},
	})
	a.wages("li", "2026-03", "202000") // meanwhile more was deducted
	now := list()
	require.NotEqual(t, seen.Digest, now.Digest)
	a.run(path, `"5"`, []order{
		{a.hr, "correction-confirmation", yes(seen.Digest), "AUD-02"},
		{a.hr, "correction-confirmation", yes(now.Digest), "AUD-02"},
		{a.boss, "correction", ask(now.Digest), ""},
		{a.hr, "correction-confirmation", yes(now.Digest), ""},
	})
	require.Equal(t, http.StatusNotFound, a.get("/v1/losses/"+uuid.NewString()+"/consequences", "manager").status)
}

func TestLOS07OfSixtyFourWhoApproveOrWithdrawOneIsHeard(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	path, tag := a.lost("personal")
	a.run(path, tag, []order{{a.boss, "finding", `{"reason":"遗忘"}`, ""}, {a.keeper, "assessment", `{}`, ""}, {a.boss, "proposal", `{}`, ""}})
	answers := make([]reply, 64)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() {
			who, command, body := a.zhao, "approval", `{"amount_fen":3500,"proposal":3}`
			if n%2 == 0 {
				who, command, body = a.boss, "proposal-withdrawal", `{}`
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path+"/"+command, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+who.token)
			r.Header.Set("Idempotency-Key", strconv.Itoa(n))
			r.Header.Set("If-Match", `"3"`)
			answers[n] = a.serve(r)
		})
	}
	all.Wait()
	won := 0
	for _, r := range answers {
		if r.status == http.StatusOK {
			won++
			continue
		}
		require.Equal(t, http.StatusPreconditionFailed, r.status, r.body)
	}
	require.Equal(t, 1, won)
}

func TestLossesAreShownToWhomTheyConcern(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	at := domain.At(noon)
	secret := func(field, text string) domain.Sealed {
		s, err := f.vault.Seal(t.Context(), uuid.UUID{15: 1}, field, text)
		require.NoError(t, err)
		return s
	}
	for n := range 3 {
		f.reads.losses.cards = append(f.reads.losses.cards, api.SealedLoss{
			Loss: api.Loss{
				Id: uuid.New(), Site: "hq", Revision: 4, Number: strconv.Itoa(n), Cause: "missing", Status: "open", LostOn: "2026-03-02", ReportedAt: at, LostAt: at,
				Tool: api.LossTool{PurchasedOn: "2025-01-10"}, Finding: &api.LossFinding{At: at, Payers: []api.LossPart{}, Witnesses: []string{}},
				Points: &api.LossPoints{At: at},
			},
			Persons: []string{map[bool]string{true: lin.String(), false: "another"}[n == 0]}, Circumstances: secret(commands.FieldText, "掉入水仓"),
			Reason: secret(commands.FieldText, "遗忘"), Production: secret(commands.FieldText, "停工"),
		})
	}
	own, other := "/v1/losses/"+f.reads.losses.cards[0].Id.String(), "/v1/losses/"+f.reads.losses.cards[1].Id.String()
	card := f.get(own, "technician")
	require.Equal(t, http.StatusOK, card.status, card.body)
	require.Equal(t, "掉入水仓", *decodeAs[api.Loss](t, card).Circumstances.Value)
	require.Equal(t, http.StatusNotFound, f.get(other, "technician").status, "another's is not to be seen")
	require.Equal(t, http.StatusOK, f.get(other, "auditor").status)
	page := f.get("/v1/losses?site=hq&limit=2", "manager")
	require.Equal(t, http.StatusOK, page.status, page.body)
	require.Len(t, decodeAs[api.LossPage](t, page).Items, 2)
	require.Nil(t, f.reads.losses.filter.Person)
	require.Equal(t, http.StatusOK, f.get("/v1/losses?status=open", "technician").status)
	require.Equal(t, lin, *f.reads.losses.filter.Person, "a technician lists the own ones")
	require.Equal(t, http.StatusNotFound, f.get("/v1/losses?person="+uuid.NewString(), "technician").status)
}

func TestAUD08AWageIsShownToWhoMaySeeItAndTheLookIsRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	at := domain.At(noon)
	wage, err := f.vault.Seal(t.Context(), lin, commands.FieldWage, "300000")
	require.NoError(t, err)
	f.reads.losses.account = &api.SealedAccount{
		Site: "hq", OpenFen: 100, Debts: []api.DeductionDebt{{From: "2026-03"}},
		Lines: []api.SealedLine{
			{Wage: wage, DeductionLine: api.DeductionLine{
				Event: api.LossEvent{OccurredAt: at, RecordedAt: at}, Kind: "posted", Month: "2026-06", Entries: []api.DeductionEntry{{AmountFen: 3500}}, CapPpm: 200_000, MinimumFen: 250_000,
			}},
			{DeductionLine: api.DeductionLine{
				Event: api.LossEvent{OccurredAt: at, RecordedAt: at}, Kind: "cancelled", Month: "2026-06", Entries: []api.DeductionEntry{{AmountFen: -500}}, RefundFen: 500,
			}},
		},
	}
	another := "/v1/persons/" + uuid.NewString() + "/deductions"
	own := "/v1/persons/" + lin.String() + "/deductions"
	require.Equal(t, http.StatusNotFound, f.get(another, "technician").status)
	first := func(path string, roles ...string) api.DeductionLine {
		r := f.get(path, roles...)
		require.Equal(t, http.StatusOK, r.status, r.body)
		return decodeAs[api.DeductionAccount](t, r).Lines[0]
	}
	masked := first(another, "auditor")
	require.True(t, masked.Wage.Masked)
	require.Nil(t, masked.CapFen, "the cap tells the wage")
	require.Empty(t, f.accesses.looks, "nothing was seen")
	for _, seen := range []api.DeductionLine{first(own, "technician"), first(another, "accountant")} {
		require.Equal(t, "300000", *seen.Wage.Value)
		require.EqualValues(t, 50_000, *seen.CapFen, "60,000 would leave less than the minimum")
	}
	require.Len(t, f.accesses.looks, 2)
	why := f.get(own+"/explanation?month=2026-06", "technician")
	require.Equal(t, http.StatusOK, why.status, why.body)
	explained := decodeAs[api.DeductionExplanation](t, why)
	require.EqualValues(t, 3500, explained.DeductedFen)
	require.EqualValues(t, 500, explained.RefundedFen)
	require.Equal(t, http.StatusBadRequest, f.get(own+"/explanation?month=June", "technician").status)
	f.reads.losses.payroll = []api.PayrollLine{{Person: lin, PersonKey: "1001", Month: "2026-06", Kind: "deduction", AmountFen: 3500, LossNumber: "L", PostedAt: at}}
	r := f.get("/v1/payroll/deductions?site=hq&month=2026-06&system=hr", "hr")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, http.StatusForbidden, f.get("/v1/payroll/deductions?site=hq&month=2026-06&system=hr", "manager").status)
}
