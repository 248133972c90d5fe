package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

func TestTKT15AViewIsSavedSharedAppliedChangedAndStillThereAsOfThen(t *testing.T) {
	t.Parallel()
	s := newInstallation(t).withIssuer(t).serve(t)
	s.opened(t)
	s.hq(t)
	clerk := s.token(t, "clerk")
	for i, level := range []string{"2", "1", "1", "1"} {
		body := strings.Replace(newTicket, `"level":2`, `"level":`+level, 1)
		r := s.do(t, call{method: http.MethodPost, path: "/v1/tickets", body: body, token: clerk, key: fmt.Sprintf("ticket-%d", i)})
		require.Equal(t, http.StatusCreated, r.status, r.body)
	}
	saved := s.do(t, call{
		method: http.MethodPost, path: "/v1/views", token: clerk, key: "save",
		body: `{"name":"一级故障","shared_with":"hq","filter":{"level":"1"},"sort":"-number"}`,
	})
	require.Equal(t, http.StatusCreated, saved.status, saved.body)
	path := saved.header.Get("Location")
	list := "/v1/tickets?saved=" + strings.TrimPrefix(path, "/v1/views/")
	colleague, err := s.issuer.Mint("wang", uuid.NewSHA1(uuid.Nil, []byte("wang")), []string{"technician"}, []string{"hq"}, time.Hour)
	require.NoError(t, err)
	look := func(path string) reply { return s.do(t, call{method: http.MethodGet, path: path, token: colleague}) }
	page := func(r reply) api.TicketPage {
		t.Helper()
		require.Equal(t, http.StatusOK, r.status, r.body)
		var p api.TicketPage
		require.NoError(t, json.Unmarshal([]byte(r.body), &p))
		return p
	}
	first := page(look(list + "&limit=2&min_position=" + url.QueryEscape(saved.header.Get("Fieldledger-Position"))))
	require.Len(t, first.Items, 2)
	require.Greater(t, first.Items[0].Number, first.Items[1].Number)
	next := list + "&limit=2&cursor=" + url.QueryEscape(*first.Next)
	require.Len(t, page(look(next)).Items, 1)
	require.Len(t, page(look(list+"&status=registered")).Items, 3, "narrower")

	changed := s.do(t, call{method: http.MethodPut, path: path, body: `{"filter":{"level":"2"},"shared_with":"hq"}`, token: clerk, key: "change", match: saved.header.Get("ETag")})
	require.Equal(t, http.StatusOK, changed.status, changed.body)
	after := "&min_position=" + url.QueryEscape(changed.header.Get("Fieldledger-Position"))
	require.Len(t, page(look(list+after)).Items, 1)
	require.Equal(t, http.StatusBadRequest, look(next).status, "pages of two contents do not mix")
	then := look(fmt.Sprintf("/v1/views?as_of=%d", first.AsOf.Number))
	require.Contains(t, then.body, `"level":"1"`)
	require.Contains(t, look("/v1/views").body, `"level":"2"`)

	deleted := s.do(t, call{method: http.MethodDelete, path: path, token: clerk, key: "delete", match: changed.header.Get("ETag")})
	require.Equal(t, http.StatusOK, deleted.status, deleted.body)
	require.Equal(t, http.StatusNotFound, look(list+"&min_position="+url.QueryEscape(deleted.header.Get("Fieldledger-Position"))).status)
	require.Contains(t, look(fmt.Sprintf("/v1/views?as_of=%d", first.AsOf.Number)).body, "一级故障")
	s.stop(t)
}
