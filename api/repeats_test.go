package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

func TestTKT02TwentyEqualRequestsAtOnceHaveOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	token := f.token("director")
	twenty := func(path, body, key, ifMatch string) reply {
		h := map[string]string{"Idempotency-Key": key}
		if ifMatch != "" {
			h["If-Match"] = ifMatch
		}
		replies := make([]reply, 20)
		var wg sync.WaitGroup
		for i := range replies {
			wg.Go(func() {
				replies[i] = f.do(call{method: http.MethodPost, path: path, body: body, token: token, header: h})
			})
		}
		wg.Wait()
		for _, r := range replies {
			require.Equal(t, replies[0].status, r.status, r.body)
			require.Equal(t, replies[0].body, r.body)
			require.Equal(t, replies[0].header, r.header)
		}
		return replies[0]
	}
	created := twenty("/v1/tickets", newTicket, "call-1", "")
	require.Equal(t, http.StatusCreated, created.status, created.body)
	before := f.events()
	path := created.header.Get("Location")
	accepted := twenty(path+"/accept", `{}`, "accept-1", created.header.Get("ETag"))
	require.Equal(t, http.StatusOK, accepted.status, accepted.body)
	require.Greater(t, f.events(), before)
	before = f.events()
	twenty(path+"/accept", `{}`, "accept-1", created.header.Get("ETag"))
	held := twenty(path+"/accept", `{}`, "accept-2", accepted.header.Get("ETag"))
	require.Contains(t, held.body, `"changed":false`)
	refused := twenty(path+"/sign-off", `{"signer":"x"}`, "sign-1", accepted.header.Get("ETag"))
	require.Equal(t, http.StatusConflict, refused.status)
	require.Equal(t, before, f.events())

	again := f.do(call{method: http.MethodPost, path: "/v1/tickets", body: newTicket, token: token, header: map[string]string{"Idempotency-Key": "call-1"}})
	require.Equal(t, created, again)
	require.Equal(t, before, f.events())
}

func TestTKT02AKeyNamesOneBodyOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	key := map[string]string{"Idempotency-Key": "call-1"}
	require.Equal(t, http.StatusCreated, f.post("/v1/tickets", newTicket, key, "clerk").status)
	before := f.events()
	r := f.post("/v1/tickets", strings.Replace(newTicket, `"level":2`, `"level":3`, 1), key, "clerk")
	require.Equal(t, http.StatusUnprocessableEntity, r.status)
	require.Equal(t, "problem.key_reused", r.problem(t).Key)
	require.Equal(t, before, f.events())
	// Spelling is not the request: the same fields in another order are the same.
	same := strings.Replace(newTicket, `{"site":"hq",`, ` { "site" : "hq" , `, 1)
	require.Equal(t, http.StatusCreated, f.post("/v1/tickets", same, key, "clerk").status)
	require.Equal(t, before, f.events())
}

func TestKeysOfTwoCallersAreTwoRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	header := map[string]string{"Idempotency-Key": "call-1"}
	one := f.post("/v1/tickets", newTicket, header, "clerk")
	other, err := f.issuer.Mint("wang", lin, []string{"clerk"}, []string{"hq"}, 1e12)
	require.NoError(t, err)
	two := f.do(call{method: http.MethodPost, path: "/v1/tickets", body: newTicket, token: other, header: header})
	require.Equal(t, http.StatusCreated, two.status)
	require.NotEqual(t, one.body, two.body)
}

func TestTheDirectoryAndPoliciesAreWritten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	person := `{"site":"hq","external":{"system":"hr","key":"E-1"},"name":"李师傅","roles":["technician"]}`
	r := f.post("/v1/persons", person, nil, "hr")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	require.Equal(t, http.StatusConflict, f.post("/v1/persons", person, nil, "hr").status, "one person a key")
	team := `{"site":"hq","external":{"system":"hr","key":"T-1"},"name":"一组"}`
	first, second := f.post("/v1/teams", team, nil, "hr"), f.post("/v1/teams", team, nil, "hr")
	require.Equal(t, http.StatusCreated, first.status, first.body)
	require.Contains(t, first.body, `"changed":true`)
	require.Contains(t, second.body, `"changed":false`)

	const calendar = `{"site":"hq","kind":"calendar","effective_from":"2026-01-01T00:00:00Z","reason":"全年","approver":"22222222-2222-4222-8222-222222222222",
		"content":{"zone":"Asia/Shanghai","week":{"mon":[["08:30","22:00"]]},"days":{}}}`
	r = f.post("/v1/policies", calendar, nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	r = f.post("/v1/policies", strings.Replace(calendar, "22:00", "25:00", 1), nil, "manager")
	require.Equal(t, http.StatusUnprocessableEntity, r.status, r.body)
	require.Contains(t, r.problem(t).Pointer, "/content/week/mon")
	list := f.get("/v1/policies?site=hq&kind=calendar", "auditor")
	require.Equal(t, http.StatusOK, list.status, list.body)
	require.Contains(t, list.body, `"08:30"`)
}

func TestAUD02AnEventIsStruckByASecondPersonsWord(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	r := f.post(path+"/accept", `{}`, map[string]string{"If-Match": tag}, "clerk")
	require.Equal(t, http.StatusOK, r.status, r.body)
	tag = r.header.Get("ETag")
	person := func(key string) uuid.UUID {
		r := f.post("/v1/persons", `{"site":"hq","external":{"system":"hr","key":"`+key+`"},"name":"李"}`, nil, "hr")
		var c api.Created
		require.NoError(t, json.Unmarshal([]byte(r.body), &c))
		return c.Id
	}
	first, second := person("E-1"), person("E-2")
	token, err := f.issuer.Mint("li", first, []string{"director"}, []string{"hq"}, time.Hour)
	require.NoError(t, err)
	strike := func(by string) reply {
		return f.do(call{
			method: http.MethodPost, path: path + "/strikes", token: token,
			body:   `{"revision":1,"reason":"记错","second_person":"` + by + `"}`,
			header: map[string]string{"If-Match": tag, "Idempotency-Key": "strike-" + by},
		})
	}
	r = strike(first.String())
	require.Equal(t, http.StatusConflict, r.status, r.body)
	require.Equal(t, "AUD-02", r.problem(t).Rule)
	r = strike(lin.String())
	require.Equal(t, http.StatusUnprocessableEntity, r.status, r.body)
	r = strike(second.String())
	require.Equal(t, http.StatusOK, r.status, r.body)
}
