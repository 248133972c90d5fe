package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

const newTicket = `{"site":"hq","channel":"phone","kind":"fault","problem":"no_heat","level":2,"customer":"Wang"}`

// headNumber is the log number once the write of a reply can be seen.
func (s *served) headNumber(tb testing.TB, after reply) int64 {
	tb.Helper()
	var snap api.Snapshot
	require.NoError(tb, json.Unmarshal([]byte(s.get(tb, "/v1/head", after, "clerk").body), &snap))
	return snap.Number
}

// twenty sends a request 20 times at once and returns the answer that all got.
func (s *served) twenty(t *testing.T, c call) reply {
	t.Helper()
	replies, errs := make([]reply, 20), make([]error, 20)
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() { replies[i], errs[i] = s.send(t.Context(), c) })
	}
	wg.Wait()
	for i := range replies {
		require.NoError(t, errs[i])
		require.Equal(t, replies[0], replies[i])
	}
	return replies[0]
}

func TestTKT02TheSameRequestHasOneEffectAndOneAnswerAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	s := newInstallation(t).withIssuer(t).serve(t)
	s.opened(t)
	s.hq(t)
	desk := s.token(t, "director")
	register := call{method: http.MethodPost, path: "/v1/tickets", body: newTicket, token: desk, key: "call-1"}
	registered := s.twenty(t, register)
	require.Equal(t, http.StatusCreated, registered.status, registered.body)
	path := registered.header.Get("Location")
	accept := call{method: http.MethodPost, path: path + "/accept", body: "{}", token: desk, key: "accept-1", match: registered.header.Get("ETag")}
	accepted := s.twenty(t, accept)
	require.Equal(t, http.StatusOK, accepted.status, accepted.body)
	refuse := call{method: http.MethodPost, path: path + "/sign-off", body: `{"signer":"Wang"}`, token: desk, key: "sign-1", match: accepted.header.Get("ETag")}
	refused := s.twenty(t, refuse)
	require.Equal(t, http.StatusConflict, refused.status, refused.body)
	again := map[*call]reply{&register: registered, &accept: accepted, &refuse: refused}
	before := s.headNumber(t, accepted)

	for _, end := range []func(){
		func() { s.stop(t) },
		func() { require.Error(t, s.end(syscall.SIGKILL)) },
	} {
		end()
		s = s.serve(t)
		for c, want := range again {
			require.Equal(t, want, s.twenty(t, *c))
		}
		other := register
		other.body = strings.Replace(newTicket, `"level":2`, `"level":3`, 1)
		r := s.twenty(t, other)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, r.body)
		require.Contains(t, r.body, "problem.key_reused")
		require.Equal(t, before, s.headNumber(t, accepted))
		var list api.TicketPage
		require.NoError(t, json.Unmarshal([]byte(s.get(t, "/v1/tickets?site=hq", accepted, "clerk").body), &list))
		require.Len(t, list.Items, 1)
	}
	s.stop(t)
	require.Contains(t, s.run(t, "verify"), "equal")
}
