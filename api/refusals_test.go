package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/internal/auth"
)

// secret is a text that no answer and no log may repeat.
const secret = "13912345678"

func TestWhatIsWrongIsRefusedAndNothingIsWritten(t *testing.T) { //nolint:tparallel // the group must end before events are counted
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	clerk, technician := f.token("clerk"), f.token("technician")
	key := uuid.NewString
	expired, err := f.issuer.Mint("lin", lin, []string{"clerk"}, []string{"*"}, time.Second)
	require.NoError(t, err)
	f.clock.Advance(time.Second)
	other, err := auth.OpenDemo(t.TempDir(), "127.0.0.1:8080", f.clock)
	require.NoError(t, err)
	foreign, err := other.Mint("lin", lin, []string{"clerk"}, []string{"*"}, time.Hour)
	require.NoError(t, err)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(clerk, ".")[1] + "."
	accept := path + "/accept"
	deep := `{"site":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`
	before := f.events()
	f.reads.tickets = []api.SealedTicket{{Ticket: api.Ticket{Id: uuid.MustParse(strings.TrimPrefix(path, "/v1/tickets/")), Site: "hq"}}}

	cases := map[string]struct {
		method, path, body, token string
		header                    map[string]string
		status                    int
		key, pointer              string
	}{
		"malformed JSON":        {path: "/v1/tickets", body: `{"site":`, status: 400, key: "body.not_json"},
		"no JSON":               {path: "/v1/tickets", body: `hello`, status: 400, key: "body.not_json"},
		"no body":               {path: "/v1/tickets", header: map[string]string{"Content-Type": "application/json"}, status: 400, key: "body.not_json"},
		"trailing data":         {path: "/v1/tickets", body: newTicket + `{}`, status: 400, key: "body.trailing"},
		"a field twice":         {path: "/v1/tickets", body: strings.Replace(newTicket, `{`, `{"site":"hq",`, 1), status: 400, key: "body.field_twice"},
		"an unknown field":      {path: "/v1/tickets", body: strings.Replace(newTicket, `{`, `{"status":"closed",`, 1), status: 400, key: "body.unknown_field", pointer: "/status"},
		"a field in other case": {path: "/v1/tickets", body: strings.Replace(newTicket, `"level"`, `"Level"`, 1), status: 400, key: "body.unknown_field", pointer: "/Level"},
		"not UTF-8":             {path: "/v1/tickets", body: strings.Replace(newTicket, "王", "\xff", 1), status: 400, key: "body.not_utf8"},
		"NUL in a text":         {path: "/v1/tickets", body: strings.Replace(newTicket, "王", `\u0000`, 1), status: 400, key: "body.nul"},
		"too deep":              {path: "/v1/tickets", body: deep, status: 400, key: "body.too_deep"},
		"too large":             {path: "/v1/tickets", body: strings.Repeat(" ", 256<<10) + newTicket, status: 413, key: "body.too_large"},
		"wrong content type":    {path: "/v1/tickets", body: newTicket, header: map[string]string{"Content-Type": "text/plain"}, status: 400, key: "body.content_type"},
		"compressed":            {path: "/v1/tickets", body: newTicket, header: map[string]string{"Content-Encoding": "gzip"}, status: 400, key: "body.content_encoding"},
		"wrong type":            {path: "/v1/tickets", body: strings.Replace(newTicket, `"level":2`, `"level":"`+secret+`"`, 1), status: 422, key: "body.invalid", pointer: "/level"},
		"beyond a maximum":      {path: "/v1/tickets", body: strings.Replace(newTicket, `"level":2`, `"level":9`, 1), status: 422, key: "body.invalid", pointer: "/level"},
		"not in an enum":        {path: "/v1/tickets", body: strings.Replace(newTicket, `"phone",`, `"`+secret+`",`, 1), status: 422, key: "body.invalid", pointer: "/channel"},
		"too long":              {path: "/v1/tickets", body: strings.Replace(newTicket, "13800000000", strings.Repeat(secret, 5), 1), status: 422, key: "body.invalid", pointer: "/phone"},
		"missing field":         {path: "/v1/tickets", body: strings.Replace(newTicket, `"kind":"fault",`, ``, 1), status: 422, key: "body.invalid", pointer: "/kind"},
		"no object":             {path: "/v1/tickets", body: `[]`, status: 422, key: "body.invalid"},
		"null":                  {path: "/v1/tickets", body: `null`, status: 422, key: "body.invalid"},
		"a site that is not":    {path: "/v1/tickets", body: strings.Replace(newTicket, `"hq"`, `"nowhere"`, 1), status: 422, key: "site.unknown", pointer: "/site"},
		"a time in the future":  {path: accept, body: `{"at":"2026-03-03T00:00:00Z"}`, header: map[string]string{"If-Match": tag}, status: 422, key: "time.in_future", pointer: "/at"},
		"a bad time":            {path: accept, body: `{"at":"yesterday"}`, header: map[string]string{"If-Match": tag}, status: 422, key: "body.invalid", pointer: "/at"},

		"a rule refuses":       {path: path + "/sign-off", body: `{"signer":"x"}`, header: map[string]string{"If-Match": tag}, status: 409, key: "ticket.not_resolved"},
		"a stale If-Match":     {path: accept, body: `{}`, header: map[string]string{"If-Match": `"99"`}, status: 412, key: "problem.stale"},
		"no If-Match":          {path: accept, body: `{}`, status: 428, key: "problem.precondition_required"},
		"If-Match of anything": {path: accept, body: `{}`, header: map[string]string{"If-Match": "*"}, status: 400, key: "param.if_match"},
		"a weak If-Match":      {path: accept, body: `{}`, header: map[string]string{"If-Match": "W/" + tag}, status: 400, key: "param.if_match"},
		"a list in If-Match":   {path: accept, body: `{}`, header: map[string]string{"If-Match": tag + "," + tag}, status: 400, key: "param.if_match"},
		"If-Match with a plus": {path: accept, body: `{}`, header: map[string]string{"If-Match": `"+1"`}, status: 400, key: "param.if_match"},
		"no Idempotency-Key":   {path: accept, body: `{}`, header: map[string]string{"If-Match": tag, "Idempotency-Key": ""}, status: 400, key: "param.missing"},
		"a key with a blank":   {path: accept, body: `{}`, header: map[string]string{"If-Match": tag, "Idempotency-Key": "a b"}, status: 400, key: "param.invalid"},
		"an unknown id":        {path: "/v1/tickets/" + key() + "/accept", body: `{}`, header: map[string]string{"If-Match": tag}, status: 404, key: "problem.not_found"},
		"a malformed id":       {path: "/v1/tickets/7/accept", body: `{}`, header: map[string]string{"If-Match": tag}, status: 400, key: "param.malformed"},

		"no token":               {path: "/v1/tickets", body: newTicket, token: "-", status: 401, key: "problem.no_token"},
		"an expired token":       {path: "/v1/tickets", body: newTicket, token: expired, status: 401, key: "problem.bad_token"},
		"a forged token":         {path: "/v1/tickets", body: newTicket, token: foreign, status: 401, key: "problem.bad_token"},
		"algorithm none":         {path: "/v1/tickets", body: newTicket, token: none, status: 401, key: "problem.bad_token"},
		"a token in the query":   {path: "/v1/tickets?access_token=" + clerk, body: newTicket, token: "-", status: 401, key: "problem.no_token"},
		"a wrong role":           {path: "/v1/tickets", body: newTicket, token: technician, status: 403, key: "problem.forbidden"},
		"no role":                {path: "/v1/tickets", body: newTicket, token: f.token(), status: 403, key: "problem.forbidden"},
		"a wrong site":           {path: "/v1/tickets", body: newTicket, token: f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"another's ticket":       {path: accept, body: `{}`, header: map[string]string{"If-Match": tag}, token: f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"another's stale ticket": {path: accept, body: `{}`, header: map[string]string{"If-Match": `"99"`}, token: f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"one's own stale ticket": {path: accept, body: `{}`, header: map[string]string{"If-Match": `"99"`}, token: f.tokenAt([]string{"hq"}, "clerk"), status: 412, key: "problem.stale"},
		"policy for all sites":   {path: "/v1/policies", body: `{"kind":"sla","effective_from":"2026-01-01T00:00:00Z","reason":"x","content":{}}`, token: f.tokenAt([]string{"hq"}, "manager"), status: 404, key: "problem.not_found"},

		"an unknown parameter":  {method: "GET", path: "/v1/tickets?colour=red", status: 400, key: "param.unknown"},
		"valid time":            {method: "GET", path: "/v1/tickets?at=2026-01-01T00:00:00Z", status: 400, key: "param.at_not_offered"},
		"a parameter twice":     {method: "GET", path: "/v1/tickets?limit=1&limit=2", status: 400, key: "param.repeated"},
		"a limit of 0":          {method: "GET", path: "/v1/tickets?limit=0", status: 400, key: "param.invalid"},
		"a huge limit":          {method: "GET", path: "/v1/tickets?limit=1000000000", status: 400, key: "param.invalid"},
		"a limit that is none":  {method: "GET", path: "/v1/tickets?limit=ten", status: 400, key: "param.invalid"},
		"a bad boolean":         {method: "GET", path: "/v1/tickets?overdue=1", status: 400, key: "param.invalid"},
		"a bad status":          {method: "GET", path: "/v1/tickets?status=" + secret, status: 400, key: "param.invalid"},
		"a bad as_of":           {method: "GET", path: "/v1/tickets?as_of=tomorrow", status: 400, key: "param.as_of"},
		"an as_of without zone": {method: "GET", path: "/v1/tickets?as_of=2026-03-02T04:00:00", status: 400, key: "param.as_of"},
		"a negative as_of":      {method: "GET", path: "/v1/tickets?as_of=-1", status: 400, key: "param.as_of"},
		"a padded as_of":        {method: "GET", path: "/v1/tickets?as_of=007", status: 400, key: "param.as_of"},
		"a bad cursor":          {method: "GET", path: "/v1/tickets?cursor=AAAA", status: 400, key: "param.cursor"},
		"a bad min_position":    {method: "GET", path: "/v1/tickets?min_position=AAAA", status: 400, key: "param.min_position"},
		"a bad query":           {method: "GET", path: "/v1/tickets?site=%zz", status: 400, key: "param.malformed"},
		"a body on GET":         {method: "GET", path: "/v1/tickets", body: `{}`, status: 400, key: "body.not_taken"},
		"a day that is not":     {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-30&to=2026-03-01&target=resolution", token: f.token("manager"), status: 400, key: "param.day"},
		"a period turned round": {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-02&to=2026-02-01&target=resolution", token: f.token("manager"), status: 400, key: "param.period"},
		"KPI without a site":    {method: "GET", path: "/v1/kpis/sla?from=2026-02-01&to=2026-02-01&target=resolution", token: f.token("manager"), status: 400, key: "param.missing"},
		"KPI of another site":   {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-01&to=2026-02-01&target=resolution", token: f.tokenAt([]string{"north"}, "manager"), status: 404, key: "problem.not_found"},
		"KPI for a technician":  {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-01&to=2026-02-01&target=resolution", token: technician, status: 403, key: "problem.forbidden"},

		"an unknown path":   {method: "GET", path: "/v1/wages", status: 404, key: "problem.no_such_path"},
		"an older version":  {method: "GET", path: "/v0/tickets", status: 404, key: "problem.no_such_path"},
		"a trailing slash":  {method: "GET", path: "/v1/tickets/", status: 404, key: "problem.no_such_path"},
		"a double slash":    {method: "GET", path: "//v1/tickets", status: 404, key: "problem.no_such_path"},
		"a path in capital": {method: "GET", path: "/v1/Tickets", status: 404, key: "problem.no_such_path"},
		"a wrong method":    {method: "DELETE", path: "/v1/tickets", status: 405, key: "problem.method"},
		"TRACE":             {method: "TRACE", path: "/v1/tickets", status: 405, key: "problem.method"},
	}
	t.Run("all", func(t *testing.T) { // returns when all of its own are done
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := *f
				g.t = t
				h := map[string]string{"Idempotency-Key": key()}
				if c.method == "GET" || c.method == "DELETE" || c.method == "TRACE" {
					h = map[string]string{}
				}
				for k, v := range c.header {
					h[k] = v
					if v == "" {
						delete(h, k)
					}
				}
				token := clerk
				switch c.token {
				case "":
				case "-":
					token = ""
				default:
					token = c.token
				}
				method := c.method
				if method == "" {
					method = http.MethodPost
				}
				r := g.do(call{method: method, path: c.path, body: c.body, token: token, header: h})
				require.Equal(t, c.status, r.status, r.body)
				p := r.problem(t)
				require.Equal(t, c.key, p.Key)
				require.Equal(t, c.status, p.Status)
				require.NotEqual(t, p.Key, p.Detail, "a text is missing")
				require.NotContains(t, p.Title, "title.", "a title is missing")
				if c.pointer != "" {
					require.Equal(t, c.pointer, p.Pointer)
					require.NotEmpty(t, p.Errors)
				}
				require.NotContains(t, r.body, secret)
				require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))
				require.Equal(t, "no-store", r.header.Get("Cache-Control"))
				switch c.status {
				case http.StatusUnauthorized:
					require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
				case http.StatusMethodNotAllowed:
					require.Equal(t, "GET, HEAD, POST", r.header.Get("Allow"))
				}
			})
		}
	})
	require.Equal(t, before, f.events())
	require.NotContains(t, f.logs.String(), secret)
	require.NotContains(t, f.logs.String(), clerk)
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
		"/roles uniqueItems ", "/roles/0 enum clerk, director, technician, storekeeper, shift_leader, crew_head, manager, hr, accountant, auditor, admin, customer_link",
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
