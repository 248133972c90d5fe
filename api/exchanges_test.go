package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
)

// spares are the tools in store, in the order in which a test puts them there.
type spares struct{ list []commands.Spare }

func (s *spares) Spares(_ context.Context, _ string, _ exchange.Model, _ domain.Day, limit int) ([]commands.Spare, error) {
	return s.list[:min(limit, len(s.list))], nil
}

// counter is a store where tools are exchanged.
type counter struct {
	*store
	app    *commands.App
	spares *spares
}

func newCounter(t *testing.T, rules string) *counter {
	t.Helper()
	c := &counter{spares: &spares{}}
	f := newFixture(t, func(d *api.Deps) {
		c.app = d.App
		d.App.Exchanges.Connect(c.spares, nil)
	})
	f.site()
	r := f.post("/v1/policies", strings.Replace(toolRules, `"issue_approval":"manager"`, `"issue_approval":"manager"`+rules, 1), nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	c.store = &store{
		fixture: f, keeper: f.person("keeper", "storekeeper"), li: f.person("li", "technician"), wang: f.person("wang", "technician"), boss: f.person("boss", "manager"),
		tags: map[string]string{},
	}
	return c
}

const asking = `,"exchange_approval":"manager"`

func lastOf(path string) uuid.UUID { return uuid.MustParse(path[strings.LastIndex(path, "/")+1:]) }

// of registers a tool that somebody has.
func (c *counter) of(number string, holder person) uuid.UUID {
	body := strings.Replace(newTool, "W-1", number, 1)
	path, _ := c.tool(body[:len(body)-1] + `,"holder":{"kind":"person","who":"` + holder.id + `"}}`)
	return lastOf(path)
}

// spare registers a tool in store.
func (c *counter) spare(number string) uuid.UUID {
	path, _ := c.tool(strings.Replace(newTool, "W-1", number, 1))
	c.spares.list = append(c.spares.list, commands.Spare{Tool: lastOf(path), Number: number})
	return lastOf(path)
}

func (c *counter) apply(by person, body string) reply {
	c.t.Helper()
	return c.do(call{method: http.MethodPost, path: "/v1/exchanges", body: body, token: by.token, header: map[string]string{"Idempotency-Key": uuid.NewString()}})
}

// applied opens an exchange of a tool of li's.
func (c *counter) applied(tool uuid.UUID) (path, tag string) {
	c.t.Helper()
	r := c.apply(c.li, `{"tool":"`+tool.String()+`","reason":"扳口磨损"}`)
	require.Equal(c.t, http.StatusCreated, r.status, r.body)
	return r.header.Get("Location"), r.header.Get("ETag")
}

// keep does what the process manager does after a choice.
func (c *counter) keep(path string, tools ...uuid.UUID) {
	c.t.Helper()
	id := lastOf(path)
	for _, tool := range tools {
		_, err := c.app.Exchanges.KeepTool(c.t.Context(), commands.Request{Actor: commands.System("test"), Key: uuid.NewString()}, tool, id, c.clock.Now())
		require.NoError(c.t, err)
	}
	_, err := c.app.Exchanges.Reserve(c.t.Context(), commands.Request{Actor: commands.System("test"), Key: uuid.NewString()}, id, c.clock.Now())
	require.NoError(c.t, err)
}

const scrapped = `{"outcome":"no_repair_value","scrap_note":"扳口断裂","human_fault":true,"finding":"当锤子使用"}`

func TestEXC01AnOldToolIsExchangedForANewOne(t *testing.T) {
	t.Parallel()
	c := newCounter(t, asking)
	old, spare := c.of("W-1", c.li), c.spare("W-2")
	require.Equal(t, "EXC-01", c.apply(c.wang, `{"tool":"`+old.String()+`","reason":"旧"}`).problem(t).Rule)
	require.Equal(t, http.StatusNotFound, c.apply(c.li, `{"tool":"`+uuid.NewString()+`","reason":"旧"}`).status)
	path, tag := c.applied(old)
	bring := `{"store":"main","giver":"` + c.li.id + `"}`
	c.run(path, tag, []order{
		{c.keeper, "surrender", bring, "EXC-01"},
		{c.boss, "approve", `{}`, ""},
		{c.li, "withdraw", `{}`, "EXC-01"},
		{c.wang, "withdraw", `{"reason":"旧"}`, "EXC-01"},
		{c.keeper, "surrender", `{"store":"main","giver":"` + uuid.NewString() + `"}`, "ORG-01"},
		{c.keeper, "surrender", bring, ""},
		{c.keeper, "choose", `{}`, "EXC-06"},
		{c.keeper, "inspect", scrapped, ""},
		{c.keeper, "choose", `{"replacement":"` + uuid.NewString() + `"}`, "EXC-01"},
		{c.keeper, "choose", `{}`, ""},
		{c.li, "complete", `{}`, "EXC-06"},
	})
	c.keep(path, old, spare)
	tag = `"6"`
	tools := "/v1/tools/" + old.String()
	c.run(tools, `"1"`, []order{{c.keeper, "return", `{"store":"main","by":"` + c.li.id + `","condition":"worn"}`, "EXC-06"}})
	c.run(path, tag, []order{
		{c.wang, "complete", `{}`, "TOL-04"},
		{c.li, "complete", `{}`, ""},
		{c.boss, "cancel", `{"reason":"太晚"}`, "EXC-06"},
	})
	hr, leave := c.person("hr", "hr"), "/v1/persons/"+c.li.id+"/leave"
	c.refused(hr, leave, `{}`, "TOL-07")
	for _, tool := range []uuid.UUID{old, spare} {
		_, err := c.app.Exchanges.SettleTool(t.Context(), commands.Request{Actor: commands.System("test"), Key: uuid.NewString()}, tool, lastOf(path), c.clock.Now())
		require.NoError(t, err)
	}
	require.Contains(t, c.refused(hr, leave, `{}`, "TOL-07").Detail, "W-2")
}

func TestEXC02WhatCanBeUsedOrRepairedIsNotExchanged(t *testing.T) {
	t.Parallel()
	c := newCounter(t, asking)
	path, tag := c.applied(c.of("W-1", c.li))
	c.run(path, tag, []order{{c.boss, "refuse", `{"reason":"仍可使用"}`, ""}, {c.boss, "approve", `{}`, "EXC-01"}})
	c = newCounter(t, "")
	c.spare("W-2")
	for _, outcome := range []string{`{"outcome":"usable"}`, `{"outcome":"repairable","repairer":"R1"}`} {
		path, tag := c.applied(c.of("W-1"+outcome[12:15], c.li))
		c.run(path, tag, []order{
			{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, ""},
			{c.keeper, "inspect", outcome, ""},
			{c.keeper, "choose", `{}`, "EXC-06"},
		})
	}
}

func TestEXC03AWornButSoundToolIsProposedFirst(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "")
	old := c.of("W-1", c.li)
	path, tag := c.applied(old)
	c.run(path, tag, []order{
		{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, ""},
		{c.keeper, "inspect", scrapped, ""},
		{c.keeper, "choose", `{}`, "EXC-01"}, // there is none
	})
	fresh := c.spare("W-2")
	c.spares.list = append([]commands.Spare{{Tool: uuid.New(), Number: "W-9", Used: true}}, c.spares.list...)
	c.run(path, `"3"`, []order{
		{c.keeper, "choose", `{"replacement":"` + fresh.String() + `"}`, "EXC-03"},
		{c.keeper, "choose", `{"replacement":"` + fresh.String() + `","declined":"刻度不清"}`, ""},
	})
}

func TestEXC06NothingIsIssuedForALossThatIsNotSettled(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "")
	c.spare("W-2")
	old := c.of("W-1", c.li)
	c.run("/v1/tools/"+old.String(), `"0"`, []order{{c.li, "missing", `{"lost_at":"2026-03-02T03:00:00Z","place":"二号水仓"}`, ""}})
	loss := uuid.New()
	r := c.apply(c.li, `{"tool":"`+old.String()+`","reason":"掉入水仓","instead_of_loss":"`+loss.String()+`"}`)
	require.Equal(t, http.StatusCreated, r.status, r.body)
	path := r.header.Get("Location")
	c.run(path, r.header.Get("ETag"), []order{
		{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, "EXC-06"},
		{c.keeper, "choose", `{}`, "EXC-06"},
	})
	c.app.Exchanges.Connect(c.spares, settled{loss, old})
	c.run(path, `"0"`, []order{{c.keeper, "choose", `{}`, ""}})
}

// settled is the one loss that is, of a tool.
type settled struct{ loss, tool uuid.UUID }

func (s settled) Settled(_ context.Context, loss, tool uuid.UUID) (bool, error) {
	return s == settled{loss, tool}, nil
}

func (s settled) Give(context.Context, commands.Call, uuid.UUID, uuid.UUID, uuid.UUID) error {
	return nil
}

func TestEXC07AnotherModelNeedsApproval(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "")
	old := c.of("W-1", c.li)
	r := c.apply(c.li, `{"tool":"`+old.String()+`","reason":"新机组","wanted":{"kind":"wrench","spec":"30 mm"}}`)
	require.Equal(t, http.StatusCreated, r.status, r.body)
	c.spare("W-2")
	c.run(r.header.Get("Location"), r.header.Get("ETag"), []order{
		{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, "EXC-01"},
		{c.boss, "approve", `{}`, ""},
		{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, ""},
		{c.keeper, "inspect", scrapped, ""},
		{c.keeper, "choose", `{}`, "EXC-07"},
	})
}

// race has 64 clients send one of two commands each, all with the ETag they
// saw; who comes too late looks again and asks once more. It returns how many
// did each. first says who is started first.
func (c *counter) race(path string, seen int, commands [2]order, first int) (one, two int) {
	c.t.Helper()
	answers := make([]reply, 64)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() {
			answers[n] = c.send(path, seen, commands[(n+first)%2])
			if answers[n].status == http.StatusPreconditionFailed {
				answers[n] = c.send(path, seen+1, commands[(n+first)%2])
			}
		})
	}
	all.Wait()
	var did [2]int
	for n, a := range answers {
		switch {
		case a.status == http.StatusOK && strings.Contains(a.body, `"changed":true`):
			did[(n+first)%2]++
		case a.status == http.StatusOK: // it held already
		default:
			require.Equal(c.t, http.StatusConflict, a.status, a.body)
			require.Contains(c.t, a.body, "EXC-0")
		}
	}
	return did[0], did[1]
}

func (c *counter) send(path string, seen int, o order) reply {
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, path+"/"+o.command, strings.NewReader(o.body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+o.by.token)
	r.Header.Set("Idempotency-Key", uuid.NewString())
	r.Header.Set("If-Match", strconv.Quote(strconv.Itoa(seen)))
	return c.serve(r)
}

func TestEXC01OfSixtyFourWhoApproveAndWithdrawThereIsOneOutcome(t *testing.T) {
	t.Parallel()
	c := newCounter(t, asking)
	approved := 0
	for n := range 12 {
		path, _ := c.applied(c.of("W-"+string(rune('A'+n)), c.li))
		before := c.events()
		one, two := c.race(path, 0, [2]order{{c.boss, "approve", `{}`, ""}, {c.li, "withdraw", `{}`, ""}}, n%2)
		require.Equal(t, 1, one+two)
		require.Equal(t, before+1, c.events())
		approved += one
	}
	t.Logf("approved %d times, withdrawn %d times", approved, 12-approved)
}

func TestEXC06OfSixtyFourWhoSignAndWithdrawThereIsOneOutcome(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "")
	signed := 0
	for n := range 12 {
		number := "W-" + string(rune('A'+n))
		c.spares.list = nil
		old, spare := c.of(number, c.li), c.spare(number+"2")
		path, tag := c.applied(old)
		c.run(path, tag, []order{
			{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, ""},
			{c.keeper, "inspect", scrapped, ""},
			{c.keeper, "choose", `{}`, ""},
		})
		c.keep(path, old, spare)
		before := c.events()
		one, two := c.race(path, 5, [2]order{{c.li, "complete", `{}`, ""}, {c.keeper, "cancel", `{"reason":"太重"}`, ""}}, n%2)
		require.Equal(t, 1, one+two)
		require.LessOrEqual(t, c.events()-before, 2, "the outcome, and at most one line on the keeper's card")
		signed += one
	}
	t.Logf("signed %d times, withdrawn %d times", signed, 12-signed)
}

func TestExchangesAreListedAndShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 3 {
		f.reads.exchanges = append(f.reads.exchanges, api.Exchange{
			Id: uuid.New(), Site: "hq", Revision: 4, Status: "inspected", Applicant: lin.String(), Keeper: api.Holder{Kind: "person", Who: lin.String()},
			Old: api.ExchangeTool{Id: uuid.New(), Number: "W-1"}, Wanted: api.ExchangeModel{Kind: "wrench"}, AppliedAt: domain.At(noon), Outcome: "no_repair_value",
		})
	}
	tool := uuid.New()
	r := f.get("/v1/exchanges?site=hq&status=inspected&limit=2&tool="+tool.String(), "auditor")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, tool, *f.reads.swaps.Tool)
	require.Equal(t, api.ExchangeStatus("inspected"), *f.reads.swaps.Status)
	var page api.ExchangePage
	require.NoError(t, json.Unmarshal([]byte(r.body), &page))
	require.Len(t, page.Items, 2)
	require.NotNil(t, page.Next)
	card := f.get("/v1/exchanges/"+f.reads.exchanges[1].Id.String(), "technician")
	require.Equal(t, http.StatusOK, card.status, card.body)
	require.Equal(t, `"4"`, card.header.Get("ETag"))
	require.Equal(t, http.StatusNotFound, f.get("/v1/exchanges/"+uuid.NewString(), "technician").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/exchanges?status=lost", "technician").status)

	f.reads.spares = []api.ExchangeSpare{{Id: tool, Number: "W-9", Worn: true}}
	r = f.get("/v1/exchanges/"+f.reads.exchanges[1].Id.String()+"/spares", "storekeeper")
	require.Equal(t, http.StatusOK, r.status, r.body)
	var proposed api.ExchangeSpares
	require.NoError(t, json.Unmarshal([]byte(r.body), &proposed))
	require.Equal(t, f.reads.spares, proposed.Items)
	require.Equal(t, http.StatusNotFound, f.get("/v1/exchanges/"+uuid.NewString()+"/spares", "storekeeper").status)
}

// moved brings an exchange of li's tool to its completion; nothing of it is settled.
func (c *counter) moved(old, spare uuid.UUID) (path string) {
	c.t.Helper()
	path, tag := c.applied(old)
	c.run(path, tag, []order{
		{c.boss, "approve", `{}`, ""},
		{c.keeper, "surrender", `{"store":"main","giver":"` + c.li.id + `"}`, ""},
		{c.keeper, "inspect", scrapped, ""},
		{c.keeper, "choose", `{}`, ""},
	})
	c.keep(path, old, spare)
	c.run(path, `"6"`, []order{{c.li, "complete", `{}`, ""}})
	return path
}

func (c *counter) settle(path string, tools ...uuid.UUID) {
	c.t.Helper()
	for _, tool := range tools {
		_, err := c.app.Exchanges.SettleTool(c.t.Context(), commands.Request{Actor: commands.System("test"), Key: uuid.NewString()}, tool, lastOf(path), c.clock.Now())
		require.NoError(c.t, err)
	}
}

func TestEXC06WhatAnExchangeHasMovedCountsWithItsNewHolderBeforeItIsSettled(t *testing.T) {
	t.Parallel()
	c := newCounter(t, asking)
	old, spare, third := c.of("W-1", c.li), c.spare("W-2"), c.of("W-3", c.li)
	path := c.moved(old, spare)
	names := func() []string {
		body := `{"store":"main","by":"` + c.li.id + `","tools":[{"tool":"` + third.String() + `","condition":"good"}]}`
		out := []string{}
		for _, o := range decode[api.ToolOutcomes](t, c.done(c.keeper, "/v1/tool-returns", body)).Open {
			out = append(out, o.Number)
		}
		return out
	}
	before := names()
	leave := c.refused(c.person("hr", "hr"), "/v1/persons/"+c.li.id+"/leave", `{}`, "TOL-07").Detail
	require.Contains(t, leave, "W-2")
	require.NotContains(t, leave, "W-1", "it is the store's")
	c.settle(path, old, spare)
	require.Equal(t, []string{"W-2"}, before)
	require.Equal(t, before, names(), "settling changes no answer")
}

func TestEXC06HalfOfAnExchangeIsNotStruckAlone(t *testing.T) {
	t.Parallel()
	c := newCounter(t, asking)
	old, spare := c.of("W-1", c.li), c.spare("W-2")
	path := c.moved(old, spare)
	c.settle(path, old, spare)
	for _, tool := range []uuid.UUID{old, spare} {
		of := "/v1/tools/" + tool.String() + "/strikes"
		for _, revision := range []string{"1", "2"} { // kept, exchanged
			p := c.do(call{method: http.MethodGet, path: of + "/" + revision, token: c.boss.token}).problem(t)
			require.Equal(t, []string{"EXC-06", "record.half_elsewhere"}, []string{p.Rule, p.Key})
		}
		before := c.events()
		r := c.do(call{
			method: http.MethodPost, path: of, token: c.boss.token, header: map[string]string{"Idempotency-Key": uuid.NewString(), "If-Match": `"2"`},
			body: `{"revision":2,"reason":"记错了","second_person":"` + c.keeper.id + `","confirmation":"` + strings.Repeat("0", 64) + `"}`,
		})
		p := r.problem(t)
		require.Equal(t, []string{"EXC-06", "record.half_elsewhere"}, []string{p.Rule, p.Key})
		require.Equal(t, before, c.events())
	}
}
