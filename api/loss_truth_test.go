package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func (a *accounting) system() commands.Request {
	return commands.Request{Key: uuid.NewString(), Actor: commands.System("test")}
}

// approve takes a loss of 35.00 yuan to its approval.
func (a *accounting) approve35(path, tag string) {
	a.t.Helper()
	a.run(path, tag, []order{
		{a.boss, "finding", `{"reason":"遗忘"}`, ""},
		{a.keeper, "assessment", `{}`, ""},
		{a.boss, "proposal", `{}`, ""},
		{a.zhao, "approval", `{"amount_fen":3500,"proposal":3}`, ""},
	})
}

// strikes strikes a fact of a tool and answers what came of it, preview first.
func (a *accounting) strikes(tool uuid.UUID, revision, tag string) (preview, done reply) {
	a.t.Helper()
	path := "/v1/tools/" + tool.String() + "/strikes"
	preview = a.do(call{method: http.MethodGet, path: path + "/" + revision, token: a.boss.token})
	confirmation := strings.Repeat("0", 64)
	if preview.status == http.StatusOK {
		confirmation = decodeAs[api.ToolCorrection](a.t, preview).Confirmation
	}
	return preview, a.do(call{
		method: http.MethodPost, path: path, token: a.boss.token, header: map[string]string{"Idempotency-Key": uuid.NewString(), "If-Match": tag},
		body: `{"revision":` + revision + `,"reason":"记错了","second_person":"` + a.keeper.id + `","confirmation":"` + confirmation + `"}`,
	})
}

func TestAUD02AReportIsNotStruckWhileSomebodyPaysForItsLoss(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	path, tag := a.lost("personal")
	for _, stand := range []string{"open", "approved"} {
		preview, done := a.strikes(a.missing, "1", `"1"`)
		for _, r := range []reply{preview, done} {
			p := r.problem(t)
			require.Equal(t, []string{"AUD-02", "record.loss_stands"}, []string{p.Rule, p.Key}, "%s: %s", stand, r.body)
		}
		if stand == "open" {
			a.approve35(path, tag)
		}
	}
	list := decodeAs[api.LossConsequences](t, a.get(path+"/consequences", "manager"))
	a.run(path, `"4"`, []order{
		{a.boss, "correction", `{"reason":"工具在箱内","consequences":"` + list.Digest + `"}`, ""},
		{a.hr, "correction-confirmation", `{"consequences":"` + list.Digest + `"}`, ""},
	})
	_, done := a.strikes(a.missing, "1", `"1"`)
	require.Equal(t, http.StatusOK, done.status, done.body)
}

func TestLOS01AStruckReportOpensNoLoss(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	path, tag := a.tool(strings.Replace(newTool, `"use":"personal"`, `"use":"personal","holder":{"kind":"person","who":"`+a.li.id+`"}`, 1))
	a.run(path, tag, []order{{a.li, "missing", `{"lost_at":"2026-03-02T03:00:00Z","place":"二号水仓"}`, ""}})
	id := lastOf(path)
	_, done := a.strikes(id, "1", `"1"`)
	require.Equal(t, http.StatusOK, done.status, done.body)
	_, err := a.app.Losses.Open(t.Context(), a.system(), commands.OpenLoss{Tool: id, Revision: 1})
	require.ErrorIs(t, err, commands.ErrNotFound)
}

func TestLOS12WhoNeverHadAToolDoesNotPayForItsDamage(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "workshop")
	path, tag := a.tool(strings.Replace(newTool, `"use":"personal"`, `"use":"pool"`, 1))
	loan := func(to person) string {
		return `{"to":{"kind":"person","who":"` + to.id + `"},"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + to.id + `"}`
	}
	a.run(path, tag, []order{{a.keeper, "lend", loan(a.wang), ""}}) // by mistake: it never left the store
	_, done := a.strikes(lastOf(path), "1", `"1"`)
	require.Equal(t, http.StatusOK, done.status, done.body)
	r := a.do(call{
		method: http.MethodPost, path: "/v1/losses", token: a.keeper.token, header: map[string]string{"Idempotency-Key": uuid.NewString()},
		body: `{"tool":"` + lastOf(path).String() + `","damaged_at":"2026-03-02T04:00:00Z","place":"泵房","circumstances":"摔落","basis_fen":400}`,
	})
	require.Equal(t, http.StatusCreated, r.status, r.body)
	a.run(r.header.Get("Location"), r.header.Get("ETag"), []order{
		{a.boss, "finding", `{"reason":"摔落"}`, "LOS-05"}, // nobody had it
		{a.boss, "finding", `{"reason":"摔落","payers":[{"person":"` + a.li.id + `","weight":1}]}`, ""},
	})
}

func TestLOS12ADamageThatIsReportedLateIsWhosHadItThen(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "workshop")
	path, tag := a.tool(strings.Replace(newTool, `"use":"personal"`, `"use":"pool"`, 1))
	loan := func(to person) string {
		return `{"to":{"kind":"person","who":"` + to.id + `"},"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + to.id + `"}`
	}
	a.run(path, tag, []order{{a.keeper, "lend", loan(a.li), ""}})
	then := a.clock.Now().Add(time.Minute)
	a.clock.Advance(30 * time.Minute)
	a.run(path, `"1"`, []order{{a.keeper, "return", `{"store":"main","by":"` + a.li.id + `","condition":"good"}`, ""}, {a.keeper, "lend", loan(a.wang), ""}})
	for at, who := range map[time.Time]person{then: a.li, a.clock.Now(): a.wang} {
		r := a.do(call{
			method: http.MethodPost, path: "/v1/losses", token: a.keeper.token, header: map[string]string{"Idempotency-Key": uuid.NewString()},
			body: `{"tool":"` + lastOf(path).String() + `","damaged_at":"` + at.Format(time.RFC3339) + `","place":"泵房","circumstances":"摔落","basis_fen":400}`,
		})
		require.Equal(t, http.StatusCreated, r.status, r.body)
		a.run(r.header.Get("Location"), r.header.Get("ETag"), []order{{a.boss, "finding", `{"reason":"摔落","payers":[{"person":"` + who.id + `","weight":1}]}`, ""}})
	}
}

// instead applies for a tool in place of a lost one and has it chosen and kept.
func (a *accounting) instead(loss uuid.UUID, spares *spares, number string) (path, tag string) {
	a.t.Helper()
	toolPath, _ := a.tool(strings.Replace(newTool, "W-1", number, 1))
	spares.list = []commands.Spare{{Tool: lastOf(toolPath), Number: number}}
	r := a.do(call{
		method: http.MethodPost, path: "/v1/exchanges", token: a.li.token, header: map[string]string{"Idempotency-Key": uuid.NewString()},
		body: `{"tool":"` + a.missing.String() + `","reason":"掉入水仓","instead_of_loss":"` + loss.String() + `"}`,
	})
	require.Equal(a.t, http.StatusCreated, r.status, r.body)
	path = r.header.Get("Location")
	a.run(path, r.header.Get("ETag"), []order{{a.keeper, "choose", `{}`, ""}})
	_, err := a.app.Exchanges.KeepTool(a.t.Context(), a.system(), lastOf(toolPath), lastOf(path), a.clock.Now())
	require.NoError(a.t, err)
	_, err = a.app.Exchanges.Reserve(a.t.Context(), a.system(), lastOf(path), a.clock.Now())
	require.NoError(a.t, err)
	return path, `"2"`
}

func TestEXC06OneLossGivesOneToolAndNoneOnceItIsFoundOrTakenBack(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(a *accounting, loss, first string){
		"another exchange gave one": func(a *accounting, _, first string) { a.run(first, `"2"`, []order{{a.li, "complete", `{}`, ""}}) },
		"the tool is found": func(a *accounting, _, _ string) {
			a.run("/v1/tools/"+a.missing.String(), `"1"`, []order{{a.keeper, "found", `{"store":"main"}`, ""}})
		},
		"the loss is taken back": func(a *accounting, loss, _ string) {
			list := decodeAs[api.LossConsequences](a.t, a.get(loss+"/consequences", "manager"))
			a.run(loss, `"4"`, []order{
				{a.boss, "correction", `{"reason":"工具在箱内","consequences":"` + list.Digest + `"}`, ""},
				{a.hr, "correction-confirmation", `{"consequences":"` + list.Digest + `"}`, ""},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccounting(t, "mine")
			stock := &spares{}
			a.app.Exchanges.Connect(stock, a.app.Losses)
			path, tag := a.lost("personal")
			a.approve35(path, tag)
			first, _ := a.instead(lastOf(path), stock, "N-1")
			second, at := a.instead(lastOf(path), stock, "N-2")
			meanwhile(a, path, first)
			a.run(second, at, []order{{a.li, "complete", `{}`, "EXC-06"}})
		})
	}
}

func TestEXC06AnExchangeThatIsWithdrawnLeavesTheToolToTheNext(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	stock := &spares{}
	a.app.Exchanges.Connect(stock, a.app.Losses)
	path, tag := a.lost("personal")
	a.approve35(path, tag)
	first, at := a.instead(lastOf(path), stock, "N-1")
	call := commands.Call{
		ID: uuid.New(), Digest: strings.Repeat("0", 64), Site: "hq", OccurredAt: domain.At(a.clock.Now()),
		Actor: eventschemas.Actor{Person: a.li.id, Issuer: "test", Subject: "li", Roles: []string{}},
	}
	require.NoError(t, a.app.Losses.Give(t.Context(), call, lastOf(path), a.missing, lastOf(first)), "and the program dies before the exchange is complete")
	second, then := a.instead(lastOf(path), stock, "N-2")
	a.run(second, then, []order{{a.li, "complete", `{}`, "EXC-06"}})
	a.run(first, at, []order{{a.keeper, "cancel", `{"reason":"太重"}`, ""}})
	a.run(second, then, []order{{a.li, "complete", `{}`, ""}})
}

func TestLOS09WhatWasFoundLongAgoGoesBackWithAWageThatIsNotPaidYet(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	a.minimum()
	_, _, id := a.paid()
	require.EqualValues(t, 1000, a.wages("li", "2026-03", "201000").TakenFen)
	a.clock.Advance(70 * 24 * time.Hour) // 11 May
	_, err := a.app.Deductions.Cancel(t.Context(), a.system(), noon.Add(time.Hour), commands.CancelDebt{
		Site: "hq", Person: a.li.id, Loss: id, How: "found", Refund: true, // in March, as is entered now
	})
	require.NoError(t, err)
	stored, err := a.node.ReadStream(t.Context(), commands.AccountStream(a.li.id, 2026), 0)
	require.NoError(t, err)
	rec, err := eventschemas.NewRecord(stored[len(stored)-1], 0)
	require.NoError(t, err)
	require.Equal(t, deduction.Month("2026-05"), rec.Event.(deduction.Cancelled).Month)
	require.EqualValues(t, 1000, rec.Event.(deduction.Cancelled).RefundFen)
}

func TestLOS05WhoWasOnDutyAnswersAndDecidesNothing(t *testing.T) {
	t.Parallel()
	a := newAccounting(t, "mine")
	r := a.post("/v1/teams", `{"site":"hq","external":{"system":"hr","key":"A"},"name":"一班"}`, nil, "hr")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	team := decodeAs[api.Created](t, r).Id.String()
	path, _ := a.tool(strings.Replace(newTool, `"use":"personal"`, `"use":"shared","holder":{"kind":"team","who":"`+team+`"}`, 1))
	by := a.system()
	by.Actor.Person = a.wang.id
	_, err := a.app.Tools.ReportMissing(t.Context(), by, lastOf(path), commands.MissingTool{LostAt: noon, Place: "机房", OnDuty: a.boss.id})
	require.NoError(t, err)
	res, err := a.app.Losses.Open(t.Context(), a.system(), commands.OpenLoss{Tool: lastOf(path), Revision: 1})
	require.NoError(t, err)
	shift := `{"reason":"当班短缺","payers":[{"person":"` + a.li.id + `","weight":1},{"person":"` + a.wang.id + `","weight":1}]}`
	a.run("/v1/losses/"+res.Stream[len("fl.loss-"):], `"0"`, []order{
		{a.boss, "finding", shift, "LOS-07"}, // the boss was on duty
		{a.zhao, "finding", shift, ""},
		{a.keeper, "assessment", `{}`, ""},
		{a.boss, "proposal", `{}`, "LOS-07"},
	})
}

// An exchange and the report of a loss of the same tool: whoever is first, the
// other is refused, and the tool never has two ends (EXC-06, LOS-01).
func TestEXC06AnExchangeAndALossOfTheSameToolExcludeEachOther(t *testing.T) {
	t.Parallel()
	const gone = `{"lost_at":"2026-03-02T03:30:00Z","place":"二号水仓"}`
	for name, lossFirst := range map[string]bool{"the loss first": true, "the exchange first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, "")
			old, spare := c.of("W-1", c.li), c.spare("W-2")
			path, tag := c.applied(old)
			c.run(path, tag, []order{
				{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, ""},
				{c.keeper, "inspect", `{"outcome":"no_repair_value","scrap_note":"扳口断裂"}`, ""},
				{c.keeper, "choose", `{}`, ""},
			})
			tool := "/v1/tools/" + old.String()
			if !lossFirst {
				c.keep(path, old, spare)
				c.run(tool, `"1"`, []order{{c.li, "missing", gone, "EXC-06"}})
				c.run(path, `"4"`, []order{{c.li, "complete", `{}`, ""}})
				return
			}
			c.run(tool, `"0"`, []order{{c.li, "missing", gone, ""}})
			by := commands.Request{Actor: commands.System("test"), Key: uuid.NewString()}
			_, err := c.app.Exchanges.KeepTool(t.Context(), by, old, lastOf(path), c.clock.Now())
			require.ErrorContains(t, err, "EXC-06")
			by.Key = uuid.NewString()
			_, err = c.app.Exchanges.Reserve(t.Context(), by, lastOf(path), c.clock.Now())
			require.NoError(t, err)
			c.run(path, `"4"`, []order{{c.li, "complete", `{}`, "EXC-06"}})
		})
	}
}
