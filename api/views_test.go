package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
)

// another is a token of another person than lin.
func (f *fixture) another(sites []string, roles ...string) string {
	f.t.Helper()
	token, err := f.issuer.Mint("wang", uuid.MustParse("22222222-2222-4222-8222-222222222222"), roles, sites, time.Hour)
	require.NoError(f.t, err)
	return token
}

// write sends a command with a fresh key, unless the key is given, and If-Match unless that is "".
func (f *fixture) write(method, path, body, token, ifMatch, key string) reply {
	f.t.Helper()
	h := map[string]string{"Idempotency-Key": key}
	if key == "" {
		h["Idempotency-Key"] = uuid.NewString()
	}
	if ifMatch != "" {
		h["If-Match"] = ifMatch
	}
	return f.do(call{method: method, path: path, body: body, token: token, header: h})
}

// idOf returns the id of the view that an answer to a save names.
func idOf(r reply) uuid.UUID {
	return uuid.MustParse(strings.TrimPrefix(r.header.Get("Location"), "/v1/views/"))
}

const waiting = `{"name":"等配件","shared_with":"hq","filter":{"level":"1","status":"paused"},"sort":"due_at"}`

func TestTKT15AViewIsSavedChangedAndDeletedByItsOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.token("auditor")
	save := func(body, key string) reply { return f.write(http.MethodPost, "/v1/views", body, token, "", key) }
	saved := save(waiting, "save")
	require.Equal(t, http.StatusCreated, saved.status, saved.body)
	require.Equal(t, `"0"`, saved.header.Get("ETag"))
	path := saved.header.Get("Location")
	id := idOf(saved)
	require.Equal(t, "/v1/views/"+id.String(), path)
	require.Equal(t, saved, save(waiting, "save"), "TKT-02")
	require.Contains(t, save(waiting, "").body, `"changed":false`)
	require.Equal(t, "problem.key_reused", save(`{"name":"等配件","filter":{}}`, "save").problem(t).Key)
	taken := save(`{"name":"等配件","filter":{}}`, "")
	require.Equal(t, http.StatusConflict, taken.status)
	require.Equal(t, "view.exists", taken.problem(t).Key)
	require.NotEqual(t, path, save(`{"name":"other","filter":{}}`, "").header.Get("Location"))
	require.NotEqual(t, path, f.write(http.MethodPost, "/v1/views", waiting, f.another([]string{"hq"}, "clerk"), "", "").header.Get("Location"), "a name is a person's own")

	const alone = `{"filter":{"status":"paused"}}`
	require.Equal(t, http.StatusPreconditionRequired, f.write(http.MethodPut, path, alone, token, "", "").status)
	require.Equal(t, http.StatusPreconditionFailed, f.write(http.MethodPut, path, alone, token, `"3"`, "").status)
	changed := f.write(http.MethodPut, path, alone, token, `"0"`, "change")
	require.Equal(t, http.StatusOK, changed.status, changed.body)
	require.Equal(t, `"1"`, changed.header.Get("ETag"))
	require.False(t, decode[api.Changed](t, f.write(http.MethodPut, path, alone, token, `"1"`, "")).Changed, "TKT-02")
	events, err := f.node.ReadStream(t.Context(), "fl.view-"+id.String(), 0)
	require.NoError(t, err)
	require.JSONEq(t, `{"at":"2026-03-02T04:00:00.000Z","owner":"`+lin.String()+`","name":"等配件","shared_with":"",
		"filter":[{"name":"status","value":"paused"}],"order":""}`, string(events[1].Data))

	require.Equal(t, http.StatusPreconditionRequired, f.write(http.MethodDelete, path, "", token, "", "").status)
	require.Equal(t, http.StatusPreconditionFailed, f.write(http.MethodDelete, path, "", token, `"0"`, "").status)
	deleted := f.write(http.MethodDelete, path, "", token, `"1"`, "delete")
	require.Equal(t, http.StatusOK, deleted.status, deleted.body)
	require.Equal(t, deleted, f.write(http.MethodDelete, path, "", token, `"1"`, "delete"), "TKT-02")
	require.False(t, decode[api.Changed](t, f.write(http.MethodDelete, path, "", token, `"2"`, "")).Changed)
	require.Equal(t, "view.deleted", f.write(http.MethodPut, path, alone, token, `"2"`, "").problem(t).Key)
	require.Equal(t, path, save(`{"name":"等配件","filter":{}}`, "").header.Get("Location"), "the name is free again")
}

func TestTKT15AnothersViewIsNotThereUnlessItIsShared(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const private = `{"name":"x","filter":{}}`
	token := f.token("clerk")
	here, there := f.another([]string{"hq"}, "director"), f.another([]string{"north"}, "director")
	view := func(body string) string {
		r := f.write(http.MethodPost, "/v1/views", body, token, "", "")
		require.Equal(t, http.StatusCreated, r.status, r.body)
		return r.header.Get("Location")
	}
	alone, shared := view(private), view(waiting)
	require.Equal(t, http.StatusNotFound, f.write(http.MethodPost, "/v1/views", waiting, there, "", "").status, "it is shared where one may see")
	before := f.events()
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		body := ""
		if method == http.MethodPut {
			body = `{"filter":{}}`
		}
		missing := f.write(method, "/v1/views/"+uuid.NewString(), body, here, `"0"`, "")
		require.Equal(t, http.StatusNotFound, missing.status)
		require.Equal(t, missing.body, f.write(method, alone, body, here, `"0"`, "").body)
		require.Equal(t, missing.body, f.write(method, shared, body, there, `"0"`, "").body)
		refused := f.write(method, shared, body, here, `"0"`, "")
		require.Equal(t, http.StatusConflict, refused.status, refused.body)
		require.Equal(t, "view.not_owner", refused.problem(t).Key)
	}
	require.Equal(t, http.StatusNotFound, f.write(http.MethodPut, alone, `{"filter":{},"shared_with":"hq"}`, f.tokenAt([]string{"north"}, "clerk"), `"0"`, "").status)
	require.Equal(t, before, f.events())
	require.Equal(t, http.StatusForbidden, f.write(http.MethodPost, "/v1/views", private, f.token("customer_link"), "", "").status)

	hq := "hq"
	f.reads.views = []api.SavedView{
		{Id: uuid.MustParse(strings.TrimPrefix(alone, "/v1/views/")), Owner: lin, Name: "x", Filter: map[string]string{}},
		{Id: uuid.MustParse(strings.TrimPrefix(shared, "/v1/views/")), Owner: lin, Name: "等配件", SharedWith: &hq, Filter: map[string]string{"status": "paused"}, Revision: 4},
	}
	look := func(path, token string) reply { return f.do(call{method: http.MethodGet, path: path, token: token}) }
	r := look(shared+"?as_of=7", here)
	require.Equal(t, "等配件", decode[api.SavedView](t, r).Name)
	require.Equal(t, `"4"`, r.header.Get("ETag"))
	require.Equal(t, "7", r.header.Get("Fieldledger-As-Of"))
	require.Equal(t, http.StatusOK, look(alone, f.tokenAt([]string{"north"}, "clerk")).status, "the owner's own, wherever they are")
	for _, path := range []string{"/v1/views/" + uuid.NewString(), alone} {
		require.Equal(t, http.StatusNotFound, look(path, here).status)
		require.Equal(t, http.StatusNotFound, look("/v1/tickets?saved="+strings.TrimPrefix(path, "/v1/views/"), here).status)
	}
	require.Equal(t, http.StatusNotFound, look(shared, there).status)
	require.Equal(t, http.StatusNotFound, look("/v1/tickets?saved="+strings.TrimPrefix(shared, "/v1/views/"), there).status)
	require.Equal(t, http.StatusOK, look("/v1/tickets?saved="+strings.TrimPrefix(shared, "/v1/views/"), here).status)

	page := decode[api.SavedViewPage](t, look("/v1/views?limit=1", here))
	require.Len(t, page.Items, 1)
	require.Equal(t, []string{"hq"}, f.reads.filter.Sites)
	require.NotEqual(t, lin, f.reads.filter.Mine)
	require.Len(t, decode[api.SavedViewPage](t, look("/v1/views?limit=1&cursor="+*page.Next, here)).Items, 1)
	require.Equal(t, http.StatusBadRequest, look("/v1/views?limit=1&cursor="+*page.Next, token).status, "of another caller")
}

func TestTKT15AFilterIsCheckedAsTheListWouldBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.tokenAt([]string{"hq"}, "clerk")
	own := f.write(http.MethodPost, "/v1/views", `{"name":"own","filter":{}}`, token, "", "").header.Get("Location")
	before := f.events()
	for filter, pointer := range map[string]string{
		`{"status":"open"}`: "/filter/status", `{"level":"5"}`: "/filter/level", `{"level":"one"}`: "/filter/level", `{"overdue":"1"}`: "/filter/overdue",
		`{"technician":"me"}`: "/filter/technician", `{"view":"all"}`: "/filter/view", `{"opened_from":"2026-02-30"}`: "/filter/opened_from",
		`{"colour":"red"}`: "/filter/colour", `{"at":"2026-01-01T00:00:00Z"}`: "/filter/at", `{"a/b~":"x"}`: "/filter/a~1b~0", `{"site":"north"}`: "/filter/site",
		`{"as_of":"1"}`: "/filter/as_of", `{"limit":"5"}`: "/filter/limit", `{"cursor":"x"}`: "/filter/cursor", `{"min_position":"x"}`: "/filter/min_position",
		`{"saved":"` + lin.String() + `"}`: "/filter/saved", `{"sort":"number"}`: "/filter/sort", `{"status":"paused","level":"0"}`: "/filter/level",
	} {
		for _, r := range []reply{
			f.write(http.MethodPost, "/v1/views", `{"name":"x","filter":`+filter+`}`, token, "", ""),
			f.write(http.MethodPut, own, `{"filter":`+filter+`}`, token, `"0"`, ""),
		} {
			require.Equal(t, http.StatusUnprocessableEntity, r.status, filter+r.body)
			p := r.problem(t)
			require.Equal(t, "view.filter_invalid", p.Key)
			require.Equal(t, "TKT-15", p.Rule)
			require.Equal(t, pointer, p.Pointer)
			require.Equal(t, pointer, p.Errors[0].Pointer)
			require.NotEmpty(t, p.Errors[0].Detail)
		}
	}
	many := map[string]string{}
	for i := range 21 {
		many[strconv.Itoa(i)] = "x"
	}
	tooMany, err := json.Marshal(many)
	require.NoError(t, err)
	for body, pointer := range map[string]string{
		`{"name":"","filter":{}}`: "/name", `{"name":" x","filter":{}}`: "/name", `{"name":"x\ny","filter":{}}`: "/name", `{"name":"　x","filter":{}}`: "/name",
		`{"filter":{}}`: "/name", `{"name":"x"}`: "/filter", `{"name":"x","filter":{"level":1}}`: "/filter/level", `{"name":"x","filter":` + string(tooMany) + `}`: "/filter",
		`{"name":"x","filter":{},"sort":"id"}`: "/sort", `{"name":"x","filter":{},"shared_with":"HQ"}`: "/shared_with", `{"name":"x","filter":{"kind":""}}`: "/filter/kind",
	} {
		r := f.write(http.MethodPost, "/v1/views", body, token, "", "")
		require.Equal(t, http.StatusUnprocessableEntity, r.status, body+r.body)
		require.Equal(t, pointer, r.problem(t).Pointer, body)
	}
	require.Equal(t, before, f.events())
}

// viewed puts a view of lin's where the list of tickets finds it.
func (f *fixture) viewed(filter map[string]string, sort string) string {
	v := api.SavedView{Id: subject, Owner: lin, Name: "x", Filter: filter}
	if sort != "" {
		v.Sort = &sort
	}
	f.reads.views = []api.SavedView{v}
	return "/v1/tickets?saved=" + subject.String()
}

func TestTKT15ASavedViewGivesTheListItsFilterAndOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	paused, two, no := api.TicketStatusPaused, 2, false
	path := f.viewed(map[string]string{
		"status": "paused", "level": "2", "overdue": "false", "site": "hq", "technician": subject.String(), "opened_from": "2026-03-01", "kind": "a b&c", "view": "mine",
	}, "-number")
	r := f.get(path, "clerk")
	require.Equal(t, http.StatusOK, r.status, r.body)
	got := f.reads.filter
	require.Equal(t, "2026-03-01", string(*got.OpenedFrom))
	require.Equal(t, "a b&c", *got.Kind)
	require.Equal(t, subject, *got.Technician)
	got.OpenedFrom, got.Kind, got.Technician = nil, nil, nil
	require.Equal(t, api.TicketFilter{Sites: []string{"hq"}, View: api.TicketViewMine, Mine: lin, Status: &paused, Level: &two, Overdue: &no}, got)
	require.Equal(t, api.TicketSort{By: "number", Desc: true}, f.reads.sort)

	require.Equal(t, http.StatusOK, f.get(path+"&level=2&problem=no_heat&as_of=7&sort=level", "clerk").status)
	require.Equal(t, "no_heat", *f.reads.filter.Problem, "narrower")
	require.Equal(t, api.TicketSort{By: "level"}, f.reads.sort, "another order is no contradiction")
	require.Equal(t, int64(7), *f.reads.asked.Number)
	for _, other := range []string{"level=1", "status=closed", "view=closed", "site=north"} {
		r := f.get(path+"&"+other, "clerk")
		require.Equal(t, http.StatusBadRequest, r.status, other)
		p := r.problem(t)
		require.Equal(t, "param.saved_otherwise", p.Key)
		name, _, _ := strings.Cut(other, "=")
		require.Equal(t, name, p.Errors[0].Parameter)
	}
	require.Equal(t, http.StatusOK, f.get(f.viewed(map[string]string{"view": "due_next"}, ""), "clerk").status)
	require.Equal(t, api.TicketSort{By: "due_at"}, f.reads.sort, "the list's own order")
}

func TestTKT15AViewThatNoLongerFitsTheListSaysSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, filter := range map[string]map[string]string{
		"status": {"status": "sleeping"}, "colour": {"colour": "red", "status": "paused"}, "level": {"level": "9"}, "opened_to": {"opened_to": "2026-02-30"},
		"site": {"site": "north"}, "limit": {"limit": "5"},
	} {
		r := f.do(call{method: http.MethodGet, path: f.viewed(filter, ""), token: f.tokenAt([]string{"hq"}, "clerk")})
		require.Equal(t, http.StatusConflict, r.status, name+r.body)
		p := r.problem(t)
		require.Equal(t, "view.stale", p.Key, name)
		require.Equal(t, "TKT-15", p.Rule)
		require.Equal(t, name, p.Errors[0].Parameter)
		require.Contains(t, p.Detail, name)
	}
	path := f.viewed(map[string]string{}, "colour")
	require.Equal(t, "view.stale", f.get(path, "clerk").problem(t).Key)
	require.Equal(t, http.StatusOK, f.get(path+"&sort=number", "clerk").status, "an order that is not used cannot be stale")
}

func TestTKT15ACursorEndsWithTheViewThatItWasGivenUnder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.shown(5)
	path := f.viewed(map[string]string{"status": "paused"}, "number")
	page := decode[api.TicketPage](t, f.get(path+"&limit=2", "clerk"))
	next := path + "&limit=2&cursor=" + url.QueryEscape(*page.Next)
	require.Equal(t, http.StatusOK, f.get(next, "clerk").status)
	for _, change := range []func(){
		func() { f.viewed(map[string]string{"status": "paused"}, "level") },
		func() { f.viewed(map[string]string{"status": "closed"}, "number") },
		func() { f.viewed(map[string]string{"status": "paused", "level": "1"}, "number") },
		func() { f.viewed(map[string]string{}, "number") },
	} {
		change()
		r := f.get(next, "clerk")
		require.Equal(t, http.StatusBadRequest, r.status, r.body)
		require.Equal(t, "param.cursor", r.problem(t).Key)
	}
	f.viewed(map[string]string{"status": "paused"}, "number")
	f.reads.views[0].Name, f.reads.views[0].Revision = "renamed", 9
	require.Equal(t, http.StatusOK, f.get(next, "clerk").status, "what it shows is the same")
	f.reads.views = nil
	require.Equal(t, http.StatusNotFound, f.get(next, "clerk").status)
}

func TestAUD04ASavedViewCanBeAppliedRightAfterItWasSaved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	saved := f.write(http.MethodPost, "/v1/views", waiting, f.token("clerk"), "", "")
	path := "/v1/tickets?saved=" + subject.String() + "&min_position=" + saved.header.Get("Fieldledger-Position")
	require.Equal(t, http.StatusNotFound, f.get(path, "clerk").status)
	require.Equal(t, "fl.view-"+idOf(saved).String()+"@0", f.reads.waited, "before the view is looked for")
	f.viewed(map[string]string{"status": "paused"}, "")
	require.Equal(t, http.StatusOK, f.get(path, "clerk").status)
	f.reads.err = commands.ErrUnavailable
	require.Equal(t, http.StatusServiceUnavailable, f.get("/v1/tickets?saved="+subject.String(), "clerk").status)
	require.Equal(t, http.StatusServiceUnavailable, f.get("/v1/views", "clerk").status)
}
