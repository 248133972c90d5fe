package api_test

import (
	"encoding/json"
	"fmt"
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
)

// tableRules are a set with a table of entitlements.
const tableRules = `{"site":"hq","kind":"tools","effective_from":"2020-01-01T00:00:00Z","reason":"first","content":` +
	`{"stores":[{"code":"main","name":"总库"}],"kinds":[{"code":"wrench","name":"扳手","category":"hand"},` +
	`{"code":"hoist","name":"葫芦","category":"power","store_kept":true}],"entitlements":[{"post":"fitter","kind":"wrench","count":2}],` +
	`"special_keepers":["shift_leader"],"chases":[{"after_hours":0,"tell":["borrower","store"]},{"after_hours":24,"tell":["manager"]}]}}`

// newTable is newStore at a site with a table of entitlements.
func newTable(t *testing.T) *store {
	t.Helper()
	f := newFixture(t)
	f.site()
	r := f.post("/v1/policies", tableRules, nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	return storeOf(f)
}

// storeOf registers who works at a site with tools.
func storeOf(f *fixture) *store {
	return &store{
		f, f.person("keeper", "storekeeper"), f.person("li", "technician"), f.person("wang", "technician"), f.person("boss", "manager"), map[string]string{},
	}
}

// numbered registers tools of a use and kind and returns their paths.
func (s *store) numbered(use, kind string, numbers ...string) []string {
	s.t.Helper()
	var paths []string
	for _, n := range numbers {
		body := strings.NewReplacer("W-1", n, "wrench", kind, "personal", use).Replace(newTool)
		path, tag := s.tool(body)
		s.tags[path] = tag
		paths = append(paths, path)
	}
	return paths
}

// give sends a command of somebody and returns the answer.
func (s *store) give(by person, path, body string) reply {
	s.t.Helper()
	header := map[string]string{"Idempotency-Key": uuid.NewString()}
	on := path[:strings.LastIndex(path, "/")]
	if tag, ok := s.tags[on]; ok {
		header["If-Match"] = tag
	}
	r := s.do(call{method: http.MethodPost, path: path, body: body, token: by.token, header: header})
	if _, ok := s.tags[on]; ok && r.status == http.StatusOK {
		s.tags[on] = r.header.Get("ETag")
	}
	return r
}

// done sends a command that is to succeed.
func (s *store) done(by person, path, body string) reply {
	s.t.Helper()
	r := s.give(by, path, body)
	require.Less(s.t, r.status, 300, "%s: %s", path, r.body)
	return r
}

// refused sends a command that a rule refuses.
func (s *store) refused(by person, path, body, rule string) api.Problem {
	s.t.Helper()
	before := s.events()
	p := s.give(by, path, body).problem(s.t)
	require.Equal(s.t, rule, p.Rule, path)
	require.Equal(s.t, before, s.events(), path)
	return p
}

func toPerson(p person) string { return `{"kind":"person","who":"` + p.id + `"}` }

func TestTOL15BeyondTheTableAnIssueNeedsApproval(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	paths := s.numbered("personal", "wrench", "W-1", "W-2", "W-3", "W-4")
	issue := `{"to":` + toPerson(s.li) + `}`
	p := s.refused(s.keeper, paths[0]+"/issue", issue, "TOL-15")
	require.Equal(t, "card.beyond_table", p.Key)
	s.done(s.hr(), "/v1/persons/"+s.li.id+"/posts", `{"posts":["fitter"],"since":"2026-03-01T00:00:00Z"}`)
	s.done(s.keeper, paths[0]+"/issue", issue)
	s.done(s.li, paths[0]+"/accept", `{}`)
	s.done(s.keeper, paths[1]+"/issue", issue)
	p = s.refused(s.keeper, paths[2]+"/issue", issue, "TOL-15")
	require.Contains(t, p.Detail, "W-1")
	require.Contains(t, p.Detail, "W-2")
	s.done(s.keeper, paths[2]+"/issue", `{"to":`+toPerson(s.li)+`,`+s.approved("issue", paths[2], toPerson(s.li))+`}`)
	s.done(s.keeper, paths[0]+"/return", `{"store":"main","by":"`+s.li.id+`","condition":"good"}`)
	s.done(s.li, paths[1]+"/refuse", `{"reason":"弯了"}`)
	s.done(s.keeper, paths[3]+"/issue", issue) // one is left of three
	s.refused(s.keeper, paths[0]+"/issue", issue, "TOL-15")
}

// hr is somebody who keeps the directory.
func (s *store) hr() person {
	s.t.Helper()
	return s.person("hr-"+uuid.NewString(), "hr")
}

func TestTOL15TwoIssuesAtOnceDoNotGoBeyondTheTable(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	s.done(s.hr(), "/v1/persons/"+s.li.id+"/posts", `{"posts":["fitter"],"since":"2026-03-01T00:00:00Z"}`)
	var numbers []string
	for n := range 40 {
		numbers = append(numbers, "W-"+string(rune('A'+n%26))+string(rune('a'+n/26)))
	}
	paths := s.numbered("personal", "wrench", numbers...)
	answers := make([]reply, len(paths))
	var all sync.WaitGroup
	for n, path := range paths {
		all.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path+"/issue", strings.NewReader(`{"to":`+toPerson(s.li)+`}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+s.keeper.token)
			r.Header.Set("Idempotency-Key", uuid.NewString())
			r.Header.Set("If-Match", s.tags[path])
			answers[n] = s.serve(r)
		})
	}
	all.Wait()
	won := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			won++
			continue
		}
		require.Equal(t, http.StatusConflict, a.status, a.body)
		require.Contains(t, a.body, "TOL-15")
	}
	require.Equal(t, 2, won)
}

func TestTOL07NobodyLeavesWithOpenCustodyAndNothingGoesToWhoLeft(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	hr := s.hr()
	paths := s.numbered("pool", "wrench", "W-1", "W-2")
	lend := `{"to":` + toPerson(s.li) + `,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"}`
	s.done(s.keeper, paths[0]+"/lend", lend)
	p := s.refused(hr, "/v1/persons/"+s.li.id+"/leave", `{}`, "TOL-07")
	require.Contains(t, p.Detail, "W-1")
	s.done(s.keeper, paths[0]+"/return", `{"store":"main","by":"`+s.li.id+`","condition":"good"}`)
	s.done(hr, "/v1/persons/"+s.li.id+"/leave", `{}`)
	require.Contains(t, s.done(hr, "/v1/persons/"+s.li.id+"/leave", `{}`).body, `"changed":false`)
	require.Equal(t, "card.closed", s.refused(s.keeper, paths[1]+"/lend", lend, "TOL-07").Key)
	s.done(s.keeper, paths[1]+"/lend", strings.ReplaceAll(lend, s.li.id, s.wang.id))
	s.refused(s.li, paths[1]+"/hand-over", `{"to":`+toPerson(s.li)+`}`, "TOL-07")
	s.refused(hr, "/v1/persons/"+s.li.id+"/posts", `{"posts":["fitter"],"since":"2026-03-01T00:00:00Z"}`, "TOL-07")
}

func TestORG04TeamsAndPostsAreFactsWithDates(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	hr := s.hr()
	r := s.post("/v1/teams", `{"site":"hq","external":{"system":"hr","key":"A"},"name":"一班"}`, nil, "hr")
	var team api.Created
	require.NoError(t, json.Unmarshal([]byte(r.body), &team))
	s.done(hr, "/v1/persons/"+s.li.id+"/team", `{"team":"`+team.Id.String()+`","since":"2026-03-01T00:00:00Z"}`)
	require.Contains(t, s.done(hr, "/v1/persons/"+s.li.id+"/team", `{"team":"`+team.Id.String()+`","since":"2026-03-01T00:00:00Z"}`).body, `"changed":false`)
	require.Equal(t, http.StatusUnprocessableEntity, s.give(hr, "/v1/persons/"+s.li.id+"/team", `{"team":"`+uuid.NewString()+`","since":"2026-03-01T00:00:00Z"}`).status)
}

func TestTOL19SpecialToolsAreKeptByTheShiftLeader(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	paths := s.numbered("special", "wrench", "S-1")
	issue := `{"to":` + toPerson(s.li) + `,` + s.approved("issue", paths[0], toPerson(s.li)) + `}`
	s.refused(s.keeper, paths[0]+"/issue", issue, "TOL-19")
	s.done(s.hr(), "/v1/persons/"+s.li.id+"/posts", `{"posts":["shift_leader"],"since":"2026-03-01T00:00:00Z"}`)
	s.done(s.keeper, paths[0]+"/issue", issue)
}

func TestTOL09BookingsDoNotOverlapAndArePickedUp(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	path := s.numbered("pool", "wrench", "W-1")[0]
	book := func(by person, from, until string) string {
		return `{"to":` + toPerson(by) + `,"from":"` + from + `","until":"` + until + `","purpose":"检修","responsible":"` + by.id + `"}`
	}
	first := s.done(s.keeper, path+"/bookings", book(s.li, "2026-03-09T00:00:00Z", "2026-03-11T00:00:00Z"))
	var made api.Created
	require.NoError(t, json.Unmarshal([]byte(first.body), &made))
	s.tags[path] = first.header.Get("ETag")
	s.refused(s.keeper, path+"/bookings", book(s.wang, "2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z"), "TOL-09")
	r := s.done(s.keeper, path+"/bookings", book(s.wang, "2026-03-11T00:00:00Z", "2026-03-12T00:00:00Z"))
	s.tags[path] = r.header.Get("ETag")
	lend := func(to person, until, more string) string {
		return `{"to":` + toPerson(to) + `,"until":"` + until + `","purpose":"检修","responsible":"` + to.id + `"` + more + `}`
	}
	picked := `,"booking":"` + made.Id.String() + `"`
	require.Equal(t, "tool.booked_by", s.refused(s.keeper, path+"/issue", `{"to":`+toPerson(s.li)+`,`+s.approved("issue", path, toPerson(s.li))+`}`, "TOL-09").Key)
	require.Equal(t, "tool.booked_by", s.refused(s.keeper, path+"/lend", lend(s.wang, "2026-03-10T00:00:00Z", ""), "TOL-09").Key)
	require.Equal(t, "tool.booking_of_other", s.refused(s.keeper, path+"/lend", lend(s.wang, "2026-03-10T00:00:00Z", picked), "TOL-09").Key)
	s.done(s.keeper, path+"/lend", lend(s.li, "2026-03-11T00:00:00Z", picked))
	s.refused(s.keeper, path+"/extend", `{"until":"2026-03-11T10:00:00Z","reason":"未完工"}`, "TOL-09")
	s.done(s.keeper, path+"/return", `{"store":"main","by":"`+s.li.id+`","condition":"good"}`)
	short := s.numbered("pool", "wrench", "W-2")[0]
	s.done(s.keeper, short+"/lend", lend(s.li, "2026-03-10T00:00:00Z", ""))
	s.done(s.keeper, short+"/extend", `{"until":"2026-03-12T00:00:00Z","reason":"未完工"}`)
	s.refused(s.keeper, path+"/bookings/cancel", `{"booking":"`+made.Id.String()+`","reason":"停产"}`, "TOL-09")
	var second api.Created
	require.NoError(t, json.Unmarshal([]byte(r.body), &second))
	cancel := `{"booking":"` + second.Id.String() + `","reason":"停产"}`
	s.done(s.keeper, path+"/bookings/cancel", cancel)
	require.Contains(t, s.done(s.keeper, path+"/bookings/cancel", cancel).body, `"changed":false`)
}

func TestTOL09SeveralToolsAreLentAndComeBackInPart(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	paths := s.numbered("pool", "hoist", "H-1", "H-2", "H-3")
	id := func(n int) string { return strings.TrimPrefix(paths[n], "/v1/tools/") }
	s.refused(s.keeper, paths[0]+"/issue", `{"to":`+toPerson(s.li)+`,`+s.approved("issue", paths[0], toPerson(s.li))+`}`, "TOL-10")
	s.done(s.keeper, paths[2]+"/block", `{"reason":"fault"}`)
	terms := `"to":` + toPerson(s.li) + `,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"`
	var out api.ToolOutcomes
	r := s.done(s.keeper, "/v1/tool-loans", `{`+terms+`,"tools":["`+id(0)+`","`+id(1)+`","`+id(2)+`"]}`)
	require.NoError(t, json.Unmarshal([]byte(r.body), &out))
	require.Equal(t, []string{"done", "done", "refused"}, []string{string(out.Outcomes[0].Outcome), string(out.Outcomes[1].Outcome), string(out.Outcomes[2].Outcome)})
	require.Equal(t, "TOL-18", out.Outcomes[2].Rule)
	require.NotEmpty(t, out.Outcomes[2].Text.Zh)
	r = s.done(s.keeper, "/v1/tool-returns", `{"store":"main","by":"`+s.li.id+`","tools":[{"tool":"`+id(1)+`","condition":"worn"}]}`)
	require.NoError(t, json.Unmarshal([]byte(r.body), &out))
	require.Len(t, out.Open, 1)
	require.Equal(t, "H-1", out.Open[0].Number)
	require.NotNil(t, out.Open[0].Until)
}

func TestTOL09WhatBecameOfSeveralToolsCanBeReadByTheAnswersPosition(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	paths := s.numbered("pool", "hoist", "H-1", "H-2")
	id := func(n int) string { return strings.TrimPrefix(paths[n], "/v1/tools/") }
	waited := func(r reply) string {
		require.Equal(t, http.StatusOK, s.get("/v1/tools?min_position="+r.header.Get("Fieldledger-Position"), "storekeeper").status)
		return s.reads.waited
	}
	lend := `{"to":` + toPerson(s.li) + `,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `","tools":["` + id(0) + `","` + id(1) + `"]}`
	require.Equal(t, "fl.tool-"+id(1)+"@1", waited(s.done(s.keeper, "/v1/tool-loans", lend)), "the last one that was written")
	back := `{"store":"main","by":"` + s.li.id + `","tools":[{"tool":"` + id(0) + `","condition":"good"},{"tool":"` + id(1) + `","condition":"good"}]}`
	require.Equal(t, "fl.tool-"+id(1)+"@2", waited(s.done(s.keeper, "/v1/tool-returns", back)))
	box := s.kit("K-9", id(0))
	kit := `{"store":"main","by":"` + s.li.id + `","tools":[{"tool":"` + id(0) + `","condition":"good"}]}`
	require.Equal(t, "fl.tool-"+id(0)+"@2", waited(s.done(s.keeper, box+"/return", kit)), "it was there already")
	refused := s.done(s.keeper, box+"/issue", `{"to":`+toPerson(s.li)+`}`)
	require.Empty(t, refused.header.Get("Fieldledger-Position"), "of no tool anything was written: %s", refused.body)
}

func TestTOL15APersonsCardShowsTheTable(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	s.done(s.hr(), "/v1/persons/"+s.li.id+"/posts", `{"posts":["fitter"],"since":"2026-03-01T00:00:00Z"}`)
	s.reads.tools = []api.Tool{{Site: "hq", Number: "W-9", Kind: "wrench", Standing: "issued", PurchasedOn: "2025-01-10", Use: "personal", Holder: api.Holder{Kind: "person", Who: s.li.id}}}
	r := s.get("/v1/persons/"+s.li.id+"/tools", "storekeeper")
	require.Equal(t, http.StatusOK, r.status, r.body)
	var card api.PersonTools
	require.NoError(t, json.Unmarshal([]byte(r.body), &card))
	require.Equal(t, []api.Entitlement{{Post: "fitter", Kind: "wrench", Count: 2, Issued: []string{"W-9"}}}, card.Entitlements)
	require.Len(t, card.Tools, 1)
	require.Equal(t, http.StatusNotFound, s.get("/v1/persons/"+uuid.NewString()+"/tools", "storekeeper").status)
}

// kit registers a tool box and returns its path.
func (s *store) kit(number string, tools ...string) string {
	s.t.Helper()
	r := s.done(s.keeper, "/v1/tool-kits", `{"site":"hq","number":"`+number+`","name":"电工箱","store":"main","tools":["`+strings.Join(tools, `","`)+`"]}`)
	path := r.header.Get("Location")
	s.tags[path] = r.header.Get("ETag")
	return path
}

func TestTOL05AKitIsGivenOutAndComesBackInPart(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	paths := s.numbered("pool", "wrench", "W-1", "W-2", "W-3")
	id := func(n int) string { return strings.TrimPrefix(paths[n], "/v1/tools/") }
	s.done(s.hr(), "/v1/persons/"+s.li.id+"/posts", `{"posts":["fitter"],"since":"2026-03-01T00:00:00Z"}`)
	box := s.kit("K-1", id(0), id(1))
	require.Equal(t, "claim.number_taken", s.give(s.keeper, "/v1/tool-kits", `{"site":"hq","number":"K-1","name":"n","store":"main","tools":[]}`).problem(t).Key)
	r := s.done(s.keeper, box+"/tools", `{"tool":"`+id(2)+`"}`)
	s.tags[box] = r.header.Get("ETag")
	issue := call{method: http.MethodPost, path: box + "/issue", body: `{"to":` + toPerson(s.li) + `}`, token: s.keeper.token, header: map[string]string{"Idempotency-Key": "once"}}
	var first, again api.ToolOutcomes
	require.NoError(t, json.Unmarshal([]byte(s.do(issue).body), &first))
	require.Equal(t, []string{"done", "done", "refused"}, outcomesOf(first))
	require.Equal(t, "TOL-15", first.Outcomes[2].Rule)
	before := s.events()
	require.NoError(t, json.Unmarshal([]byte(s.do(issue).body), &again))
	require.Equal(t, first, again, "the same request is the same list")
	require.Equal(t, before, s.events())
	for n := range 2 {
		s.tags[paths[n]] = fmt.Sprintf("%q", strconv.FormatInt(first.Outcomes[n].Revision, 10))
		s.done(s.li, paths[n]+"/accept", `{}`)
	}
	r = s.done(s.keeper, box+"/return", `{"store":"main","by":"`+s.li.id+`","tools":[{"tool":"`+id(1)+`","condition":"good"}]}`)
	require.NoError(t, json.Unmarshal([]byte(r.body), &again))
	require.Equal(t, []string{"done"}, outcomesOf(again))
	require.Len(t, again.Open, 1, "what is short is named")
	require.Equal(t, "W-1", again.Open[0].Number)
	s.tags[box+"/tools"] = `"3"` // registered, added, given out, brought back
	s.done(s.keeper, box+"/tools/remove", `{"tool":"`+id(2)+`","reason":"报废"}`)
	s.reads.kits = []api.ToolKit{{Id: uuid.MustParse(strings.TrimPrefix(box, "/v1/tool-kits/")), Site: "hq", Number: "K-1", Tools: []uuid.UUID{}}}
	require.Equal(t, http.StatusOK, s.get("/v1/tool-kits?site=hq", "storekeeper").status)
	require.Equal(t, http.StatusOK, s.get(box, "storekeeper").status)
	require.Equal(t, http.StatusNotFound, s.get("/v1/tool-kits/"+uuid.NewString(), "storekeeper").status)
}

func outcomesOf(o api.ToolOutcomes) []string {
	var out []string
	for _, row := range o.Outcomes {
		out = append(out, string(row.Outcome))
	}
	return out
}

func TestTOL06TheKeysPassWithAShiftAndAShortageIsItsOwn(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	team := s.team("A", s.li)
	paths := s.numbered("shared", "wrench", "W-1", "W-2", "W-3")
	id := func(n int) string { return strings.TrimPrefix(paths[n], "/v1/tools/") }
	for _, p := range paths {
		to := `{"kind":"team","who":"` + team + `"}`
		s.done(s.keeper, p+"/issue", `{"to":`+to+`,`+s.approved("issue", p, to)+`}`)
		require.Equal(t, "tool.not_of_team", s.refused(s.wang, p+"/accept", `{}`, "TOL-06").Key)
		require.Equal(t, "tool.not_of_team", s.refused(s.wang, p+"/refuse", `{"reason":"旧"}`, "TOL-06").Key)
		s.done(s.li, p+"/accept", `{}`)
	}
	check := "/v1/teams/" + team + "/tool-checks"
	body := func(kind, giver, found, damaged, missing string) string {
		list := func(v string) string {
			if v == "" {
				return "[]"
			}
			return `["` + v + `"]`
		}
		if giver != "" {
			giver = `,"giver":"` + giver + `"`
		}
		return `{"kind":"` + kind + `","place":"机房"` + giver + `,"found":` + list(found) + `,"damaged":` + list(damaged) + `,"missing":` + list(missing) + `}`
	}
	p := s.refused(s.wang, check, body("shift", s.li.id, id(0), id(1), ""), "TOL-06")
	require.Equal(t, "card.check_incomplete", p.Key)
	require.Contains(t, p.Detail, "W-3")
	require.Equal(t, "card.same_shift", s.refused(s.li, check, body("shift", s.li.id, id(0), id(1), id(2)), "TOL-06").Key)
	require.Equal(t, "tool.not_of_team", s.refused(s.wang, check, body("shift", s.li.id, id(0), id(1), id(2)), "TOL-06").Key)
	s.joins(team, s.wang)
	shift := call{method: http.MethodPost, path: check, body: body("shift", s.li.id, id(0), id(1), id(2)), token: s.wang.token, header: map[string]string{"Idempotency-Key": "shift"}}
	var out, again api.ToolOutcomes
	require.NoError(t, json.Unmarshal([]byte(s.do(shift).body), &out))
	require.Equal(t, []string{"done", "done"}, outcomesOf(out), "missing is reported, damaged is blocked")
	require.NoError(t, json.Unmarshal([]byte(s.do(shift).body), &again))
	require.Equal(t, out, again)
	s.joins(team, s.boss)
	require.Equal(t, "card.not_on_duty", s.refused(s.boss, check, body("shift", s.li.id, id(0)+`","`+id(1), "", ""), "TOL-06").Key)
	s.done(s.wang, check, body("regular", "", id(0)+`","`+id(1), "", ""))
	stored, err := s.node.ReadStream(t.Context(), "fl.tool-"+id(2), 0)
	require.NoError(t, err)
	reported := stored[len(stored)-1]
	require.Equal(t, "tool.reported_missing.v1", reported.Type)
	require.Contains(t, string(reported.Data), `"on_duty":"`+s.li.id+`"`, "the shift that was on duty answers")
	require.Equal(t, http.StatusOK, s.get("/v1/teams/"+team+"/tools", "storekeeper").status)
}

func TestPOL07TheShippedSetsOfToolsAreTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, set := range []string{"mine", "workshop", "plant", "appliance-service", "power-station"} {
		f.load(set + "/tools.json")
	}
}

// team is the id of a new team and its first members.
func (s *store) team(key string, members ...person) string {
	s.t.Helper()
	r := s.post("/v1/teams", `{"site":"hq","external":{"system":"hr","key":"`+key+`"},"name":"`+key+`"}`, nil, "hr")
	require.Equal(s.t, http.StatusCreated, r.status, r.body)
	id := decodeAs[api.Created](s.t, r).Id.String()
	for _, m := range members {
		s.joins(id, m)
	}
	return id
}

// joins says that somebody is in a team from now on (ORG-04).
func (s *store) joins(team string, who person) {
	s.t.Helper()
	r := s.post("/v1/persons/"+who.id+"/team", `{"team":"`+team+`","since":"`+s.clock.Now().Format(time.RFC3339)+`"}`, nil, "hr")
	require.Equal(s.t, http.StatusOK, r.status, r.body)
}

// strike takes a fact of a tool back once its consequences were seen.
func (s *store) strike(path, revision string) (api.ToolCorrection, reply) {
	s.t.Helper()
	c := decode[api.ToolCorrection](s.t, s.do(call{method: http.MethodGet, path: path + "/strikes/" + revision, token: s.boss.token}))
	return c, s.give(s.boss, path+"/strikes", `{"revision":`+revision+`,"reason":"记错了","second_person":"`+s.keeper.id+`","confirmation":"`+c.Confirmation+`"}`)
}

func TestTOL07AStruckReturnPutsTheToolOntoTheCardAgain(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	hr := s.hr()
	paths := s.numbered("pool", "wrench", "W-1", "W-2")
	lend := `{"to":` + toPerson(s.li) + `,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"}`
	back := `{"store":"main","by":"` + s.li.id + `","condition":"good"}`
	for _, path := range paths {
		s.done(s.keeper, path+"/lend", lend)
		s.done(s.keeper, path+"/return", back)
	}
	s.done(s.keeper, paths[1]+"/lend", lend) // which strikes both entries off the card
	s.done(s.keeper, paths[1]+"/return", back)

	c, r := s.strike(paths[0], "2")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, []api.ToolEntry{{Holder: api.Holder{Kind: "person", Who: s.li.id}}}, c.Cards)
	require.Contains(t, s.refused(hr, "/v1/persons/"+s.li.id+"/leave", `{}`, "TOL-07").Detail, "W-1", "who has it again does not leave with it")
	s.done(s.keeper, paths[0]+"/return", back)
	s.done(hr, "/v1/persons/"+s.li.id+"/leave", `{}`)

	before := s.events()
	c, r = s.strike(paths[1], "4")
	require.True(t, c.Cards[0].Closed, "the preview says so")
	require.Equal(t, []string{"TOL-07", "card.closed"}, []string{r.problem(t).Rule, r.problem(t).Key})
	require.Equal(t, before, s.events())
}

func TestTOL07AFactThatIsEnteredLateAgreesWithTheCard(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	hr := s.hr()
	paths := s.numbered("pool", "wrench", "W-1", "W-2")
	since := s.clock.Now()
	s.clock.Advance(20 * time.Minute)
	for _, path := range paths { // what only marks it
		s.done(s.keeper, path+"/block", `{"reason":"fault"}`)
		s.done(s.keeper, path+"/clear", `{"note":"复查合格"}`)
	}
	late := `{"at":"` + since.Add(time.Minute).Format(time.RFC3339) + `","late_reason":"漏记","to":` + toPerson(s.li) +
		`,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"}`
	s.done(s.keeper, paths[0]+"/lend", late)
	require.Contains(t, s.refused(hr, "/v1/persons/"+s.li.id+"/leave", `{}`, "TOL-07").Detail, "W-1")
	s.done(s.keeper, paths[0]+"/return", `{"store":"main","by":"`+s.li.id+`","condition":"good"}`)
	s.done(hr, "/v1/persons/"+s.li.id+"/leave", `{}`)
	require.Equal(t, "card.closed", s.refused(s.keeper, paths[1]+"/lend", late, "TOL-07").Key, "nor late")
}
