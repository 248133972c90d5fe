package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

// policy records a version for hq and returns the policy's id.
func (f *fixture) policy(kind, content string) uuid.UUID {
	f.t.Helper()
	body := fmt.Sprintf(`{"site":"hq","kind":"%s","effective_from":"2026-01-01T00:00:00Z","reason":"试行","approver":"22222222-2222-4222-8222-222222222222","content":%s}`, kind, content)
	r := f.post("/v1/policies", body, nil, "manager")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	var created api.Created
	require.NoError(f.t, json.Unmarshal([]byte(r.body), &created))
	return created.Id
}

func TestSLA10AVerdictIsShownUnderAChosenVersionBesideTheOneOnRecord(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	const hours = `{"zone":"Asia/Shanghai","week":{"mon":[["00:00","%s"]]},"days":{}}`
	calendar := f.policy("calendar", fmt.Sprintf(hours, "24:00"))
	f.policy("calendar", fmt.Sprintf(hours, "12:30"))
	for _, limit := range []int{2 * 3600, 4 * 3600} {
		f.policy("sla", fmt.Sprintf(`{"calendar":"%s","targets":[{"level":2,"name":"resolution","clock":"working","limit_s":%d}]}`, calendar, limit))
	}
	path, tag := f.ticket()
	f.clock.Advance(3 * time.Hour)
	f.run(path, tag, []commandOn{{command: "resolve", body: `{}`}}, "director")
	id := uuid.MustParse(strings.TrimPrefix(path, "/v1/tickets/"))
	f.reads.tickets = []api.SealedTicket{{Ticket: api.Ticket{Id: id, Site: "hq"}}}

	under := func(query string) *[]api.VerdictUnder {
		r := f.get(path+"/explanation"+query, "auditor")
		require.Equal(t, http.StatusOK, r.status, r.body)
		return decode[api.TicketExplanation](t, r).Under
	}
	resolution := func(query string) api.VerdictUnder {
		for _, v := range *under(query) {
			if v.Target == api.Resolution {
				return v
			}
		}
		require.Fail(t, "no resolution", query)
		return api.VerdictUnder{}
	}
	require.Nil(t, under(""))
	first, second := resolution("?policy_version=1&calendar_version=1"), resolution("?policy_version=2&calendar_version=1")
	require.Equal(t, api.SLAPartBreached, first.Verdict, "3 hours of 2")
	require.Equal(t, api.SLAPartMet, second.Verdict, "3 hours of 4")
	require.Equal(t, []int{1, 2, 1}, []int{first.Policy.Version, second.Policy.Version, second.Calendar.Version})
	require.Equal(t, int64(3*3600), first.NetS)
	require.Len(t, first.Spans, 1)
	half := resolution("?policy_version=1")
	require.Equal(t, api.SLAPartMet, half.Verdict, "half an hour by the hours in force")
	require.Equal(t, int64(1800), half.NetS)
	require.Equal(t, half.NetS, resolution("?calendar_version=2").NetS)

	for query, key := range map[string]string{
		"?policy_version=3": "param.version", "?calendar_version=9": "param.version", "?policy_version=0": "param.invalid",
		"?policy_version=1&as_of=3": "param.as_of_versions",
	} {
		r := f.get(path+"/explanation"+query, "auditor")
		require.Equal(t, http.StatusBadRequest, r.status, query)
		require.Equal(t, key, r.problem(t).Key, query)
		require.NotEqual(t, key, r.problem(t).Detail, "a text is missing")
	}
}
