package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func TestEveryOperationNeedsATokenButTwo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.reads.health = api.Health{Status: "ok", Store: "ok", Postgres: "ok"}
	b, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	open := map[string]bool{"GET /v1/health": true, "GET /v1/openapi.yaml": true}
	path, n := "", 0
	for _, m := range regexp.MustCompile(`(?m)^  (/v1/.*):$|^    (get|post|put|patch|delete):$`).FindAllStringSubmatch(string(b), -1) {
		if m[1] != "" {
			path = m[1]
			continue
		}
		n++
		method := strings.ToUpper(m[2])
		r := f.do(call{method: method, path: strings.ReplaceAll(path, "{id}", subject.String())})
		want := http.StatusUnauthorized
		if open[method+" "+path] {
			want = http.StatusOK
		}
		require.Equal(t, want, r.status, method+" "+path)
	}
	require.Equal(t, 213, n)
}

func TestHealthTellsOfAHaltedProjection(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.reads.health = api.Health{Status: "degraded", Store: "ok", Postgres: "ok", Projections: []api.ProjectionHealth{{Name: "ticket", Version: 1, Generation: 1, State: "halted", Number: 7, Behind: 3, HaltedBefore: new(int64(8))}}}
	r := f.do(call{method: "GET", path: "/v1/health"})
	require.Equal(t, http.StatusOK, r.status)
	require.Contains(t, r.body, "halted")
	f.reads.health = api.Health{Status: "down", Store: "down", Postgres: "ok"}
	require.Equal(t, http.StatusServiceUnavailable, f.do(call{method: "GET", path: "/v1/health"}).status)
}

func TestTheContractIsServedAsItIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(b), f.do(call{method: "GET", path: "/v1/openapi.yaml"}).body)
	ok, errs := contract().ValidateDocument()
	require.True(t, ok, "%v", errs)
	require.NotContains(t, string(b), "const:")
}

func TestHeadAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.shown(1)[0].String()
	get := f.get("/v1/tickets/"+id, "clerk")
	head := f.do(call{method: "HEAD", path: "/v1/tickets/" + id, token: f.token("clerk")})
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.body)
	require.Equal(t, `"4"`, head.header.Get("ETag"))
	require.Equal(t, get.header, head.header)
}

func TestAPanicIsA500AndGoesToTheLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.reads.panics = true
	r := f.get("/v1/tickets/"+subject.String(), "clerk")
	require.Equal(t, http.StatusInternalServerError, r.status)
	require.Equal(t, "problem.internal", r.problem(t).Key)
	require.NotContains(t, r.body, "bug")
	require.Contains(t, f.logs.String(), `"msg":"panic"`)
}

func TestACauseIsForTheLogOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.reads.err = errors.New("relation rm_ticket_v1_g1.ticket does not exist")
	r := f.get("/v1/tickets", "clerk")
	require.Equal(t, http.StatusInternalServerError, r.status)
	require.NotContains(t, r.body, "rm_ticket")
	require.Contains(t, f.logs.String(), "rm_ticket")
}

func TestWhatCannotBeServedNowSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct {
		err error
		key string
	}{
		{commands.ErrUnavailable, "problem.unavailable"},
		{commands.ErrStorageFull, "problem.storage_full"},
		{commands.ErrBusy, "problem.busy"},
		{commands.ErrUnknownOutcome, "problem.unknown_outcome"},
		{context.DeadlineExceeded, "problem.timeout"},
	} {
		f.reads.err = c.err
		r := f.get("/v1/tickets", "clerk")
		require.Equal(t, http.StatusServiceUnavailable, r.status)
		require.Equal(t, c.key, r.problem(t).Key)
		require.NotEmpty(t, r.header.Get("Retry-After"))
	}
}

func TestADatabaseThatIsAwayIsNoInternalError(t *testing.T) {
	t.Parallel()
	away := errors.New("dial unix: connection refused")
	f := newFixture(t, func(d *api.Deps) { d.Unavailable = func(err error) bool { return errors.Is(err, away) } })
	f.reads.err = fmt.Errorf("list tickets: %w", away)
	r := f.get("/v1/tickets", "clerk")
	require.Equal(t, http.StatusServiceUnavailable, r.status)
	require.NotEmpty(t, r.header.Get("Retry-After"))
	require.Equal(t, "problem.unavailable", r.problem(t).Key)
	require.NotContains(t, r.body, "unix")
	f.reads.err = errors.New("something else")
	require.Equal(t, http.StatusInternalServerError, f.get("/v1/tickets", "clerk").status)
}

func TestACallerWhoAsksTooOftenIsLimitedAloneAndForAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *api.Deps) { d.Rate, d.Burst = 1, 3 })
	for range 3 {
		require.Equal(t, http.StatusOK, f.get("/v1/head", "clerk").status)
	}
	r := f.get("/v1/head", "clerk")
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "1", r.header.Get("Retry-After"))
	other, err := f.issuer.Mint("wang", lin, []string{"clerk"}, []string{"*"}, 1e12)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, f.do(call{method: "GET", path: "/v1/head", token: other}).status)
	f.clock.Advance(1e9)
	require.Equal(t, http.StatusOK, f.get("/v1/head", "clerk").status)
}

func TestRequestsAreCountedByOperationAndStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.get("/v1/head", "clerk")
	f.get("/v1/head", "customer_link")
	f.get("/v1/wages", "clerk")
	families, err := f.registry.Gather()
	require.NoError(t, err)
	var seen []string
	for _, m := range families[0].GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			labels = append(labels, l.GetValue())
		}
		seen = append(seen, strings.Join(labels, " "))
	}
	slices.Sort(seen)
	require.Equal(t, []string{"getHead 200", "getHead 403", "none 404"}, seen)
	require.Equal(t, "fieldledger_http_request_duration_seconds", families[0].GetName())
}

func TestAUD01AnEventTellsWhoGaveTheCommandAndByWhichPolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for header, want := range map[string]string{
		trace: trace, "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01": "", "nonsense\"": "",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": "",
	} {
		r := f.post("/v1/tickets", newTicket, map[string]string{"Traceparent": header}, "clerk")
		require.Equal(t, http.StatusCreated, r.status, r.body)
		id := strings.TrimPrefix(r.header.Get("Location"), "/v1/tickets/")
		events, err := f.node.ReadStream(t.Context(), "fl.ticket-"+id, 0)
		require.NoError(t, err)
		env, err := eventschemas.DecodeEnvelope(events[0].Meta)
		require.NoError(t, err)
		require.Equal(t, lin.String(), env.Actor.Person)
		require.Equal(t, "desk_runs_tickets", env.Actor.Policy)
		require.Equal(t, []string{"clerk"}, env.Actor.Roles)
		require.Equal(t, want, env.Traceparent)
	}
}

func TestTheAPINamesWhatItIsNotGiven(t *testing.T) {
	t.Parallel()
	_, err := api.New(api.Deps{Secret: make([]byte, 32)})
	require.ErrorContains(t, err, "is missing")
	_, err = api.New(api.Deps{})
	require.ErrorContains(t, err, "secret has 0 bytes")
}
