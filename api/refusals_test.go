package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// secret is a text that no answer and no log may repeat.
const secret = "13912345678"

// refusal is a request that is refused.
type refusal struct {
	method, path, body, token string // POST; token "" means a clerk's, "-" none
	header                    map[string]string
	more                      map[string]string // headers that come once more
	status                    int
	key, pointer, rule        string
}

// place is what refusals are about: a site with a ticket.
type place struct {
	f                 *fixture
	path, tag, accept string // of the ticket
	clerk, technician string // tokens
}

func newPlace(t *testing.T) *place {
	t.Helper()
	f := newFixture(t)
	f.site()
	p := &place{f: f, clerk: f.token("clerk"), technician: f.token("technician")}
	p.path, p.tag = f.ticket()
	p.accept = p.path + "/accept"
	f.shown(2)
	f.reads.tickets[0].Id = uuid.MustParse(strings.TrimPrefix(p.path, "/v1/tickets/"))
	return p
}

// types are the problems by status, where a status has one.
var types = map[int]string{
	400: "malformed", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method", 409: "refused",
	412: "stale", 413: "too_large", 428: "precondition_required",
}

// foreign are words of libraries, of SQL, of our own code and of files. No answer has them.
var foreign = []string{
	"json:", "jsonschema", "unmarshal", "strconv", "invalid character", "unexpected eof", "oidc", "jwt", "jose", "uuid:", "invalid uuid",
	"pgx", "sqlstate", "select ", "insert ", "relation", "syntax error", "goroutine", "runtime", "panic", ".go", "github.com", "mux",
	"pebble", "eventnode", "esdb", "grpc", "context deadline", "http:", "mime:", "rm_ticket", "fl.ticket", "/home/", "/tmp/", "0x",
}

func TestWhatIsWrongIsRefusedAndNothingIsWritten(t *testing.T) { //nolint:tparallel // the group must end before events are counted
	t.Parallel()
	p := newPlace(t)
	f := p.f
	cases := map[string]refusal{}
	for theme, table := range map[string]map[string]refusal{
		"body": p.bodies(), "text": p.texts(), "number": p.numbers(), "time": p.times(), "header": p.headers(), "token": p.tokens(),
		"query": p.queries(), "path": p.paths(),
	} {
		for name, c := range table {
			cases[theme+": "+name] = c
		}
	}
	require.GreaterOrEqual(t, len(cases), 120)
	before := f.events()
	t.Run("all", func(t *testing.T) { // returns when all of its own are done
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := *f
				g.t = t
				c.check(t, &g, p.clerk)
			})
		}
	})
	require.Equal(t, before, f.events())
	require.NotContains(t, f.logs.String(), secret)
	require.NotContains(t, f.logs.String(), p.clerk)
}

// check sends a refusal and holds its answer against what must be in it and what must not.
func (c refusal) check(t *testing.T, f *fixture, clerk string) {
	t.Helper()
	r := f.do(c.call(clerk))
	require.Equal(t, c.status, r.status, r.body)
	p := r.problem(t)
	require.Equal(t, c.key, p.Key, r.body)
	require.Equal(t, c.status, p.Status)
	require.NotEqual(t, p.Key, p.Detail, "a text is missing")
	require.NotContains(t, p.Title, "title.", "a title is missing")
	require.True(t, strings.HasPrefix(p.Type, "urn:fieldledger:problem:"), p.Type)
	if one, ok := types[c.status]; ok {
		require.Equal(t, "urn:fieldledger:problem:"+one, p.Type)
	}
	require.Equal(t, c.pointer, p.Pointer)
	if c.rule != "" {
		require.Equal(t, c.rule, p.Rule)
	}
	if c.status == http.StatusUnprocessableEntity {
		require.NotEmpty(t, p.Errors)
	}
	clean(t, r)
	switch c.status {
	case http.StatusUnauthorized:
		require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
	case http.StatusMethodNotAllowed:
		require.NotEmpty(t, r.header.Get("Allow"))
	}
}

// clean sees that an answer tells nothing that it must not.
func clean(t *testing.T, r reply) {
	t.Helper()
	require.NotContains(t, r.body, secret)
	require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	for _, word := range foreign {
		require.NotContains(t, strings.ToLower(r.body), word)
	}
}

// call is the request of a refusal.
func (c refusal) call(clerk string) call {
	out := call{method: c.method, path: c.path, body: c.body, token: c.token, header: map[string]string{}, more: c.more}
	switch out.method {
	case "":
		out.method = http.MethodPost
		fallthrough
	case http.MethodPost:
		out.header["Idempotency-Key"] = uuid.NewString()
	}
	maps.Copy(out.header, c.header)
	for name, v := range c.header {
		if v == "" {
			delete(out.header, name)
		}
	}
	switch c.token {
	case "":
		out.token = clerk
	case "-":
		out.token = ""
	}
	return out
}

// paths are wrong paths and methods.
func (p *place) paths() map[string]refusal {
	return map[string]refusal{
		"an unknown path":             {method: "GET", path: "/v1/wages", status: 404, key: "problem.no_such_path"},
		"an older version":            {method: "GET", path: "/v0/tickets", status: 404, key: "problem.no_such_path"},
		"a trailing slash":            {method: "GET", path: "/v1/tickets/", status: 404, key: "problem.no_such_path"},
		"a double slash":              {method: "GET", path: "//v1/tickets", status: 404, key: "problem.no_such_path"},
		"a path in capital":           {method: "GET", path: "/v1/Tickets", status: 404, key: "problem.no_such_path"},
		"a wrong method":              {method: "DELETE", path: "/v1/tickets", status: 405, key: "problem.method"},
		"TRACE":                       {method: "TRACE", path: "/v1/tickets", status: 405, key: "problem.method"},
		"PUT":                         {method: "PUT", path: p.path, body: `{}`, status: 405, key: "problem.method"},
		"PATCH":                       {method: "PATCH", path: p.path, body: `{}`, status: 405, key: "problem.method"},
		"DELETE of a ticket":          {method: "DELETE", path: p.path, status: 405, key: "problem.method"},
		"OPTIONS":                     {method: "OPTIONS", path: "/v1/tickets", status: 405, key: "problem.method"},
		"GET of a command":            {method: "GET", path: p.accept, status: 405, key: "problem.method"},
		"POST to a figure":            {path: "/v1/kpis/sla", body: `{}`, status: 405, key: "problem.method"},
		"a method in small":           {method: "get", path: "/v1/tickets", status: 405, key: "problem.method"},
		"a method of its own":         {method: "PURGE", path: "/v1/tickets", status: 405, key: "problem.method"},
		"a dot in the path":           {method: "GET", path: "/v1/./tickets", status: 404, key: "problem.no_such_path"},
		"two dots in the path":        {method: "GET", path: "/v1/teams/../tickets", status: 404, key: "problem.no_such_path"},
		"two dots, encoded":           {method: "GET", path: "/v1/teams/%2e%2e/tickets", status: 404, key: "problem.no_such_path"},
		"an encoded slash":            {method: "GET", path: "/v1%2ftickets", status: 404, key: "problem.no_such_path"},
		"a NUL in the path":           {method: "GET", path: "/v1/tickets%00", status: 404, key: "problem.no_such_path"},
		"a file":                      {method: "GET", path: "/etc/passwd", status: 404, key: "problem.no_such_path"},
		"the debug pages":             {method: "GET", path: "/debug/pprof/", status: 404, key: "problem.no_such_path"},
		"the metrics":                 {method: "GET", path: "/metrics", status: 404, key: "problem.no_such_path"},
		"an id with braces":           {method: "GET", path: "/v1/tickets/%7B" + lin.String() + "%7D", status: 400, key: "param.invalid"},
		"an id without hyphens":       {method: "GET", path: "/v1/tickets/" + strings.ReplaceAll(lin.String(), "-", ""), status: 400, key: "param.invalid"},
		"an id as a URN":              {method: "GET", path: "/v1/tickets/urn:uuid:" + lin.String(), status: 400, key: "param.invalid"},
		"SQL as an id":                {method: "GET", path: "/v1/tickets/1'%20OR%20'1'='1", status: 400, key: "param.invalid"},
		"an id that is no UTF-8":      {method: "GET", path: "/v1/tickets/%ff", status: 400, key: "param.invalid"},
		"an id with a NUL":            {method: "GET", path: "/v1/tickets/" + lin.String() + "%00", status: 400, key: "param.invalid"},
		"a subject with a path in it": {method: "DELETE", path: "/v1/subjects/..%2f..%2fvault?reason=x", token: p.f.token("admin"), header: map[string]string{"Idempotency-Key": "e"}, status: 400, key: "param.invalid"},
	}
}

func TestTwoAuthorizationHeadersAreNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := newRequest(t, "GET", "/v1/head")
	r.Header.Add("Authorization", "Bearer "+f.token("clerk"))
	r.Header.Add("Authorization", "Bearer "+f.token("admin"))
	require.Equal(t, http.StatusUnauthorized, f.serve(r).status)
	r.Header.Set("Authorization", "bearer "+f.token("clerk"))
	require.Equal(t, http.StatusOK, f.serve(r).status)
	r.Header.Set("Authorization", "Basic "+f.token("clerk"))
	require.Equal(t, http.StatusUnauthorized, f.serve(r).status)
}

func TestFaultsAreToldByPlaceAndLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.post("/v1/persons", `{"site":"HQ!","external":{"system":""},"name":"`+strings.Repeat("李", 201)+`","roles":["king","clerk","clerk"]}`, nil, "hr")
	p := r.problem(t)
	require.Equal(t, 422, p.Status)
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer+" "+e.Keyword+" "+e.Limit)
	}
	require.Equal(t, []string{
		"/external/key required ", "/external/system minLength 1", "/name maxLength 200",
		"/roles uniqueItems ", "/roles/0 enum clerk, director, technician, storekeeper, shift_leader, crew_head, manager, hr, accountant, auditor, admin, gm, department_head, leader_in_charge, board_member, deputy_mine_director, equipment, process, inspection, purchasing, workshop_head, customer_link",
		"/site pattern ^[a-z0-9][a-z0-9_-]{0,31}$",
	}, got)
	require.NotContains(t, r.body, "king")
}

func TestProblemsSpeakTheCallersLanguage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	text := func(lang string) string {
		r := f.do(call{method: "GET", path: "/v1/head", header: map[string]string{"Accept-Language": lang}})
		var p struct{ Detail, Title string }
		require.NoError(t, json.Unmarshal([]byte(r.body), &p))
		return p.Title + p.Detail
	}
	require.NotEqual(t, text("en"), text("zh-CN,zh;q=0.9"))
	require.Equal(t, text("en"), text("fr"))
}
