package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/auth"
)

const (
	newTool   = `{"site":"hq","number":"W-1","kind":"wrench","name":"扳手","price_fen":3500,"purchased_on":"2025-01-10","use":"personal","store":"main"}`
	toolRules = `{"site":"hq","kind":"tools","effective_from":"2020-01-01T00:00:00Z","reason":"first","content":` +
		`{"stores":[{"code":"main","name":"总库"},{"code":"yard","name":"料场"}],"kinds":[{"code":"wrench","name":"扳手","category":"hand","life_months":36},` +
		`{"code":"gloves","name":"绝缘手套","category":"safety","inspect_months":6}],"issue_approval":"manager","passing":"forbidden"}}`
)

// person is somebody registered, with a token.
type person struct{ id, token string }

func (f *fixture) person(name string, roles ...string) person {
	f.t.Helper()
	r := f.post("/v1/persons", `{"site":"hq","external":{"system":"hr","key":"`+name+`"},"name":"`+name+`"}`, nil, "hr")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	var created api.Created
	require.NoError(f.t, json.Unmarshal([]byte(r.body), &created))
	token, err := f.issuer.Mint(name, created.Id, roles, []string{auth.AllSites}, time.Hour)
	require.NoError(f.t, err)
	return person{created.Id.String(), token}
}

// store is a site with tools, their keeper and two technicians.
type store struct {
	*fixture
	keeper, li, wang, boss person
	tags                   map[string]string // ETags of tools by path
}

func newStore(t *testing.T) *store {
	t.Helper()
	f := newFixture(t)
	f.site()
	r := f.post("/v1/policies", toolRules, nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	return storeOf(f)
}

func (s *store) tool(body string) (path, tag string) {
	s.t.Helper()
	r := s.do(call{method: http.MethodPost, path: "/v1/tools", body: body, token: s.keeper.token, header: map[string]string{"Idempotency-Key": uuid.NewString()}})
	require.Equal(s.t, http.StatusCreated, r.status, r.body)
	return r.header.Get("Location"), r.header.Get("ETag")
}

// order is a command that a person gives on a tool; rule "" is success.
type order struct {
	by                  person
	command, body, rule string
}

func (s *store) run(path, tag string, orders []order) {
	s.t.Helper()
	for _, o := range orders {
		before := s.events()
		r := s.do(call{method: http.MethodPost, path: path + "/" + o.command, body: o.body, token: o.by.token, header: map[string]string{
			"Idempotency-Key": uuid.NewString(), "If-Match": tag,
		}})
		if o.rule != "" {
			require.Equal(s.t, o.rule, r.problem(s.t).Rule, "%s: %s", o.command, r.body)
			require.Equal(s.t, before, s.events(), o.command)
			continue
		}
		require.Equal(s.t, http.StatusOK, r.status, "%s: %s", o.command, r.body)
		require.Contains(s.t, r.body, `"changed":true`, o.command)
		tag = r.header.Get("ETag")
	}
}

func TestTOL04ToolsAreIssuedSignedForAndReturned(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path, tag := s.tool(newTool)
	toLi := `{"kind":"person","who":"` + s.li.id + `"}`
	toWang := `{"kind":"person","who":"` + s.wang.id + `"}`
	issued := func(to string) string { return `,` + s.approved("issue", path, to) + `}` }
	s.run(path, tag, []order{
		{s.keeper, "issue", `{"to":` + toLi + `}`, "TOL-16"},
		{s.keeper, "issue", `{"to":` + toLi + issued(toLi), ""},
		{s.wang, "accept", `{}`, "TOL-04"},
		{s.li, "refuse", `{"reason":"弯了"}`, ""},
		{s.keeper, "issue", `{"to":` + toLi + issued(toLi), ""},
		{s.li, "accept", `{}`, ""},
		{s.keeper, "issue", `{"to":` + toWang + issued(toWang), "TOL-14"},
		{s.wang, "hand-over", `{"to":` + toWang + `}`, "TOL-08"},
		{s.wang, "hand-over", `{"to":` + toWang + `,"reason":"抢险",` + s.approved("hand_over", path, toWang) + `}`, ""},
		{s.keeper, "return", `{"store":"yard","by":"` + s.wang.id + `","condition":"damaged"}`, ""},
		{s.keeper, "issue", `{"to":` + toLi + issued(toLi), "TOL-18"},
		{s.keeper, "repair", `{"repairer":"R1"}`, ""},
		{s.keeper, "return", `{"store":"main","condition":"good"}`, ""},
		{s.keeper, "clear", `{"note":"已修"}`, ""},
		{s.keeper, "lend", `{"to":` + toLi + `,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"}`, ""},
		{s.li, "missing", `{"lost_at":"2026-03-02T03:00:00Z","place":"二号水仓","circumstances":"掉入水仓"}`, ""},
		{s.keeper, "found", `{"store":"main"}`, ""},
		{s.keeper, "block", `{"reason":"quality"}`, ""},
		{s.keeper, "scrap", `{"reason":"磨损"}`, "STK-12"},
		{s.keeper, "scrap", `{"reason":"磨损",` + s.approved("scrap", path, "") + `}`, ""},
	})
}

func TestINS02WhatIsNotInspectedIsNotGivenOut(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path, tag := s.tool(strings.Replace(strings.Replace(newTool, "wrench", "gloves", 1), "W-1", "G-1", 1))
	issue := `{"to":` + toPerson(s.li) + `,` + s.approved("issue", path, toPerson(s.li)) + `}`
	s.run(path, tag, []order{
		{s.keeper, "issue", issue, "INS-02"},
		{s.keeper, "inspections", `{"on":"2026-03-01","passed":false}`, ""},
		{s.keeper, "issue", issue, "TOL-18"},
		{s.keeper, "inspections", `{"on":"2026-03-02","passed":true,"label":"A1"}`, ""},
		{s.keeper, "issue", issue, ""},
	})
}

func TestTOL01ANumberIsOneTool(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.tool(newTool)
	send := func(body string) reply {
		return s.do(call{method: http.MethodPost, path: "/v1/tools", body: body, token: s.keeper.token, header: map[string]string{"Idempotency-Key": uuid.NewString()}})
	}
	require.Equal(t, "claim.number_taken", send(newTool).problem(t).Key)
	wrong := strings.Replace(strings.Replace(newTool, "wrench", "spoon", 1), "W-1", "W-2", 1)
	require.Equal(t, "/kind", send(wrong).problem(t).Pointer)
	require.Equal(t, http.StatusCreated, send(strings.Replace(newTool, "W-1", "W-2", 1)).status, "a tool that was refused does not keep its number")
	f := newFixture(t)
	f.site()
	require.Equal(t, "POL-08", f.post("/v1/tools", newTool, nil, "storekeeper").problem(t).Rule)
}

func TestTOL14OfTwoHundredWhoWantOneToolOneGetsIt(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path, tag := s.tool(newTool)
	const clients = 200
	people := make([]person, clients) // each wants it for somebody else
	for n := range people {
		people[n] = s.person("fitter-"+strconv.Itoa(n), "technician")
	}
	answers := make([]reply, clients)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			body := `{"to":{"kind":"person","who":"` + people[n].id + `"},"purpose":"检修","until":"2026-03-09T04:00:00Z","responsible":"` + people[n].id + `"}`
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path+"/lend", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+s.keeper.token)
			r.Header.Set("Idempotency-Key", uuid.NewString())
			r.Header.Set("If-Match", tag)
			answers[n] = s.serve(r)
		})
	}
	all.Wait()
	won := slices.IndexFunc(answers, func(a reply) bool { return a.status == http.StatusOK })
	require.GreaterOrEqual(t, won, 0, answers[0].body)
	for n, a := range answers {
		if n != won {
			p := a.problem(t)
			require.Equal(t, []any{http.StatusConflict, "TOL-14"}, []any{a.status, p.Rule}, a.body)
			require.Equal(t, "The tool is lent; it is with: person fitter-"+strconv.Itoa(won)+".", p.Detail, "who has it is named")
		}
	}
	require.Equal(t, "problem.stale", s.do(call{
		method: http.MethodPost, path: path + "/lend", token: s.keeper.token, header: map[string]string{"Idempotency-Key": "again", "If-Match": tag},
		body: `{"to":` + toPerson(people[won]) + `,"purpose":"检修","until":"2026-03-09T04:00:00Z","responsible":"` + people[won].id + `"}`,
	}).problem(t).Key, "to who has it nothing is named")
}

func TestToolsAreListedAndShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for n := range 3 {
		f.reads.tools = append(f.reads.tools, api.Tool{
			Id: uuid.New(), Site: "hq", Revision: 4, Number: "W-" + string(rune('1'+n)), PurchasedOn: "2025-01-10", Use: "personal", Standing: "issued",
			Holder: api.Holder{Kind: "person", Who: lin.String()}, Since: domain.At(noon),
		})
	}
	r := f.get("/v1/tools?site=hq&holder_kind=person&holder="+lin.String()+"&at=2026-03-01T00:00:00Z&limit=2&inspection_before=2026-03-02", "auditor")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, tool.Holder{Kind: tool.Person, Who: lin.String()}, *f.reads.narrow.Holder)
	require.Equal(t, noon.Add(-28*time.Hour), *f.reads.narrow.HeldAt)
	var page api.ToolPage
	require.NoError(t, json.Unmarshal([]byte(r.body), &page))
	require.Len(t, page.Items, 2)
	require.NotNil(t, page.Next)
	card := f.get("/v1/tools/"+f.reads.tools[1].Id.String()+"?at=2026-03-02T04:00:00Z", "technician")
	require.Equal(t, http.StatusOK, card.status, card.body)
	require.Equal(t, `"4"`, card.header.Get("ETag"))
	require.Equal(t, http.StatusNotFound, f.get("/v1/tools/"+uuid.NewString(), "technician").status)
	for _, wrong := range []string{"holder=x", "at=yesterday", "holder_kind=dog", "inspection_before=2026-02-30"} {
		require.Equal(t, http.StatusBadRequest, f.get("/v1/tools?"+wrong, "technician").status, wrong)
	}
}
