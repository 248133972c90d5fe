package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// differing puts a comparison into the read side: resolutions that are met
// instead of breached.
func (f *fixture) differing(n int) {
	due := domain.At(noon)
	c := api.Comparison{AskedAt: noon, Differing: int64(n), Digest: fmt.Sprintf("list of %d", n)}
	for i := range n {
		side := func(p ticket.Part) *ticket.Case {
			return &ticket.Case{Target: ticket.Resolution, Cycle: 1, Part: p, Judged: ticket.Judged{
				StartAt: due, DueAt: &due, Spans: []ticket.Span{{From: due, To: domain.At(noon.Add(time.Minute)), Kind: ticket.Counted}},
			}}
		}
		k := api.DifferingCase{Site: "hq", TicketID: uuid.NewSHA1(subject, []byte{byte(i)}), Number: fmt.Sprintf("T-%d", i), Record: side(ticket.PartBreached)}
		k.Before, k.After = side(ticket.PartBreached), side(ticket.PartMet)
		c.Cases = append(c.Cases, k)
	}
	c.Targets = []api.TargetFigures{{
		Target: api.Resolution, Before: api.PartCounts{ticket.PartMet: 1, ticket.PartBreached: 2},
		After: api.PartCounts{ticket.PartMet: 3}, Differing: int64(n),
	}}
	f.reads.comparison = c
}

const compareMarch = "/v1/kpis/sla/comparison?site=hq&from=2026-03-01&to=2026-03-31"

func TestSLA10APeriodIsComparedUnderChosenVersions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	f.policy("calendar", `{"zone":"UTC","week":{"mon":[["08:00","18:00"]]},"days":{}}`)
	f.differing(2)
	page := decode[api.SLAComparison](t, f.get(compareMarch+"&calendar_version=1&spans=true&limit=1", "auditor"))
	require.Equal(t, int64(2), *page.Differing)
	require.Equal(t, 1, page.Calendar.Version)
	require.Nil(t, page.Policy)
	require.Equal(t, int64(333_333), *(*page.Targets)[0].AsJudged.MetPpm)
	require.Equal(t, int64(1_000_000), *(*page.Targets)[0].Under.MetPpm)
	require.Equal(t, int64(3), (*page.Targets)[0].AsJudged.Total)
	require.Len(t, page.Cases, 1)
	require.Equal(t, api.SLAPartBreached, page.Cases[0].AsJudged.Verdict)
	require.Equal(t, api.SLAPartMet, page.Cases[0].Under.Verdict)
	require.Len(t, page.Cases[0].Under.Spans, 1)
	require.Equal(t, "hq", f.reads.compared.Sites[0].Site)
	require.Nil(t, f.reads.compared.Sites[0].Before, "as judged")
	require.Equal(t, 1, f.reads.compared.Sites[0].After.Calendar.Version)

	second := decode[api.SLAComparison](t, f.get(compareMarch+"&calendar_version=1&spans=true&limit=1&cursor="+*page.Next, "auditor"))
	require.Nil(t, second.Targets)
	require.Nil(t, second.Differing)
	require.Nil(t, second.Next)
	require.Equal(t, "T-1", second.Cases[0].Number)
	f.differing(0)
	f.policy("calendar", `{"zone":"UTC","week":{"tue":[["08:00","18:00"]]},"days":{}}`)
	r := f.get(compareMarch+"&calendar_version=1&spans=true&limit=1&cursor="+*page.Next, "auditor")
	require.Equal(t, http.StatusBadRequest, r.status, "the rules are others: the list would not go on")
	require.Equal(t, "param.cursor", r.problem(t).Key)

	f.differing(2)
	now := decode[api.SLAComparison](t, f.get(compareMarch+"&target=resolution", "manager"))
	require.Nil(t, now.Calendar)
	require.Empty(t, now.Cases[0].Under.Spans)
	require.Equal(t, api.Resolution, f.reads.compared.Target)
	require.Equal(t, http.StatusForbidden, f.get(compareMarch, "technician").status)
	require.Equal(t, http.StatusBadRequest, f.get(compareMarch+"&calendar_version=7", "auditor").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/kpis/sla/comparison?site=hq&from=2026-03-31&to=2026-03-01", "auditor").status)
}

func TestPOL04ALateVersionIsConfirmedAgainstTheListOfWhatItWouldChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	late := `{"site":"hq","kind":"calendar","effective_from":"2026-03-01T00:00:00Z","reason":"闭店","content":{"zone":"UTC","week":{"mon":[["08:00","18:00"]]},"days":{}}%s}`
	draft, key := fmt.Sprintf(late, ""), map[string]string{"Idempotency-Key": "closed-day"}
	f.differing(3)
	before := f.events()

	r := f.post("/v1/policies", draft, key, "manager")
	require.Equal(t, http.StatusPreconditionRequired, r.status, r.body)
	require.Equal(t, "POL-04", r.problem(t).Rule)
	require.Contains(t, r.problem(t).Detail, "3 cases")
	preview := decode[api.PolicyPreview](t, f.post("/v1/policies/preview?limit=2", draft, nil, "manager"))
	require.True(t, preview.Late && preview.Changed)
	require.Equal(t, 1, preview.Version)
	require.Equal(t, int64(3), *preview.WouldChange)
	require.Len(t, preview.Cases, 2)
	require.Equal(t, api.SLAPartBreached, preview.Cases[0].AsJudged.Verdict)
	require.Equal(t, api.SLAPartBreached, preview.Cases[0].Without.Verdict)
	require.Equal(t, api.SLAPartMet, preview.Cases[0].With.Verdict)
	rest := decode[api.PolicyPreview](t, f.post("/v1/policies/preview?limit=2&cursor="+*preview.Next, draft, nil, "manager"))
	require.Len(t, rest.Cases, 1)
	require.Nil(t, rest.Confirmation)
	other := f.post("/v1/policies/preview?limit=2&cursor="+*preview.Next, fmt.Sprintf(late, `,"approver":"x"`), nil, "manager")
	require.Equal(t, http.StatusBadRequest, other.status, "the cursor is of another draft's list")
	require.Equal(t, before, f.events(), "nothing is recorded")

	confirmed := fmt.Sprintf(late, `,"confirmation":"`+*preview.Confirmation+`"`)
	f.differing(4)
	r = f.post("/v1/policies", confirmed, key, "manager")
	require.Equal(t, http.StatusPreconditionFailed, r.status, r.body)
	require.Equal(t, "POL-04", r.problem(t).Rule)
	require.Contains(t, r.problem(t).Detail, "4 cases")
	require.Equal(t, before, f.events())
	f.differing(3)
	r = f.post("/v1/policies", confirmed, key, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	require.Equal(t, before+1, f.events())
	f.differing(0)
	again := f.post("/v1/policies", confirmed, key, "manager")
	require.Equal(t, r.body, again.body, "the same request answers alike, whatever the list is by now")
	require.Equal(t, before+1, f.events())

	f.differing(5)
	same := decode[api.PolicyPreview](t, f.post("/v1/policies/preview", draft, nil, "manager"))
	require.False(t, same.Changed)
	require.Empty(t, f.reads.compared.Sites, "what is so already changes nothing")
	var changed map[string]any
	require.NoError(t, json.Unmarshal([]byte(draft), &changed))
	changed["effective_from"] = noon.Add(time.Hour).Format(time.RFC3339)
	b, err := json.Marshal(changed)
	require.NoError(t, err)
	require.False(t, decode[api.PolicyPreview](t, f.post("/v1/policies/preview", string(b), nil, "manager")).Late)
	require.Equal(t, http.StatusCreated, f.post("/v1/policies", string(b), nil, "manager").status, "what takes effect later needs no list")
	require.Equal(t, http.StatusForbidden, f.post("/v1/policies/preview", draft, nil, "auditor").status)
	require.Equal(t, http.StatusUnprocessableEntity, f.post("/v1/policies/preview", `{"site":"hq","kind":"calendar","effective_from":"2026-03-01T00:00:00Z","reason":"r","content":{"zone":"Mars"}}`, nil, "manager").status)
}
