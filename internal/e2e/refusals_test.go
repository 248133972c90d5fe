package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestABadRequestGetsTheRightStatusAndWritesNothing(t *testing.T) { //nolint:tparallel // the subtests work on one system, in order
	t.Parallel()
	s := newInstallation(t).withIssuer(t).serve(t)
	s.opened(t)
	s.hq(t)
	clerk := s.token(t, "clerk")
	register := func(body, token, key string) call {
		return call{method: http.MethodPost, path: "/v1/tickets", body: body, token: token, key: key}
	}
	first := s.do(t, register(newTicket, clerk, "first"))
	require.Equal(t, http.StatusCreated, first.status, first.body)
	before := s.headNumber(t, first)
	second := s.do(t, register(newTicket, clerk, "second"))
	require.Equal(t, http.StatusCreated, second.status, second.body)
	after := s.headNumber(t, second)
	perTicket := after - before
	require.Positive(t, perTicket)

	path, tag := second.header.Get("Location"), second.header.Get("ETag")
	accept := func(path, match, token string) call {
		return call{method: http.MethodPost, path: path + "/accept", body: "{}", token: token, key: uuid.NewString(), match: match}
	}
	for _, c := range []struct {
		name   string
		call   call
		status int
	}{
		{"malformed JSON", register(newTicket[:40], clerk, "k"), http.StatusBadRequest},
		{"no JSON object", register(`[1]`, clerk, "k"), http.StatusUnprocessableEntity},
		{"two JSON texts", register(newTicket+newTicket, clerk, "k"), http.StatusBadRequest},
		{"a field twice", register(strings.Replace(newTicket, `"level":2`, `"level":2,"level":3`, 1), clerk, "k"), http.StatusBadRequest},
		{"an unknown field", register(strings.Replace(newTicket, `"level"`, `"urgent":true,"level"`, 1), clerk, "k"), http.StatusBadRequest},
		{"a wrong type", register(strings.Replace(newTicket, `"level":2`, `"level":"2"`, 1), clerk, "k"), http.StatusUnprocessableEntity},
		{"a value out of range", register(strings.Replace(newTicket, `"level":2`, `"level":9`, 1), clerk, "k"), http.StatusUnprocessableEntity},
		{"an unknown site", register(strings.Replace(newTicket, `"hq"`, `"elsewhere"`, 1), clerk, "k"), http.StatusUnprocessableEntity},
		{"no Idempotency-Key", register(newTicket, clerk, ""), http.StatusBadRequest},
		{"no token", register(newTicket, "", "k"), http.StatusUnauthorized},
		{"a forged token", register(newTicket, forged(clerk), "k"), http.StatusUnauthorized},
		{"a wrong role", register(newTicket, s.token(t, "accountant"), "k"), http.StatusForbidden},
		{"another site's token", register(newTicket, s.tokenAt(t, []string{"branch"}, "clerk"), "k"), http.StatusNotFound},
		{"an unknown id", accept("/v1/tickets/"+uuid.NewString(), `"0"`, clerk), http.StatusNotFound},
		{"no id at all", accept("/v1/tickets/42", `"0"`, clerk), http.StatusBadRequest},
		{"a stale If-Match", accept(path, `"7"`, clerk), http.StatusPreconditionFailed},
		{"no If-Match", accept(path, "", clerk), http.StatusPreconditionRequired},
		{"a malformed If-Match", accept(path, "0", clerk), http.StatusBadRequest},
		{"a ticket that the token may not see", accept(path, tag, s.tokenAt(t, []string{"branch"}, "clerk")), http.StatusNotFound},
		{"an unknown path", call{method: http.MethodPost, path: "/v1/nothing", body: "{}", token: clerk, key: "k"}, http.StatusNotFound},
		{"a method that the path has not", call{method: http.MethodDelete, path: path, token: clerk, key: "k"}, http.StatusMethodNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.do(t, c.call)
			require.Equal(t, c.status, r.status, r.body)
			require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
			require.NotContains(t, r.body, "Wang", "a problem never repeats a rejected value")
			require.Equal(t, after, s.headNumber(t, second))
		})
	}
	// A write that came late would show up before that of the next ticket.
	third := s.do(t, register(newTicket, clerk, "third"))
	require.Equal(t, http.StatusCreated, third.status)
	require.Equal(t, after+perTicket, s.headNumber(t, third))
	good := s.do(t, accept(path, tag, clerk))
	require.Equal(t, http.StatusOK, good.status, "the same request without a fault is taken")
	s.stop(t)
}

// forged is a token whose signature does not fit.
func forged(token string) string {
	last := "A"
	if strings.HasSuffix(token[:len(token)-1], last) {
		last = "B"
	}
	return token[:len(token)-2] + last + token[len(token)-1:]
}
