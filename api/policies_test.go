package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

var gao = uuid.MustParse("99999999-9999-4999-8999-999999999999")

// as sends a command as an account of a person.
func (f *fixture) as(account string, person uuid.UUID, role, path, body string) reply {
	f.t.Helper()
	token, err := f.issuer.Mint(account, person, []string{role}, []string{"*"}, time.Hour)
	require.NoError(f.t, err)
	return f.do(call{method: http.MethodPost, path: path, body: body, token: token, header: map[string]string{"Idempotency-Key": uuid.NewString()}})
}

// load records a policy as it is in a file, or in a text, and returns its id.
func (f *fixture) load(body string) uuid.UUID {
	f.t.Helper()
	if strings.HasSuffix(body, ".json") {
		b, err := os.ReadFile("../deploy/policies/" + body)
		require.NoError(f.t, err)
		body = string(b)
	}
	r := f.post("/v1/policies", body, nil, "manager")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	return decodeAs[api.Created](f.t, r).Id
}

func decodeAs[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(r.body), &v), r.body)
	return v
}

// siteWith enters a site that follows a set.
func (f *fixture) siteWith(code, set string) {
	f.t.Helper()
	r := f.post("/v1/sites", fmt.Sprintf(`{"code":%q,"name":%q,"zone":"Asia/Shanghai"}`, code, code), nil, "admin")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	path := "/v1/sites/" + decodeAs[api.Created](f.t, r).Id.String() + "/policy-set"
	r = f.post(path, fmt.Sprintf(`{"set":%q,"effective_from":"2026-01-01T00:00:00Z","reason":"总部决定"}`, set), nil, "admin")
	require.Equal(f.t, http.StatusOK, r.status, r.body)
	require.True(f.t, decodeAs[api.Changed](f.t, r).Changed)
}

const hours = `{"zone":"Asia/Shanghai","week":{"mon":[["08:00","18:00"]],"tue":[["08:00","18:00"]],"wed":[["08:00","18:00"]]},"days":{}}`

func calendarOfSet(set string) string {
	return fmt.Sprintf(`{"set":%q,"kind":"calendar","effective_from":"2026-01-01T00:00:00Z","reason":"总部","content":%s}`, set, hours)
}

// arrivalDue registers a call of level 3 and returns when somebody has to be there.
func (f *fixture) arrivalDue(site, zone string) string {
	f.t.Helper()
	body := strings.NewReplacer(`"hq"`, `"`+site+`"`, `"level":2`, `"level":3,"service_zone":"`+zone+`"`).Replace(newTicket)
	r := f.post("/v1/tickets", body, nil, "clerk")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	path, tag := r.header.Get("Location"), r.header.Get("ETag")
	r = f.post(path+"/visit-needed", `{}`, map[string]string{"If-Match": tag}, "clerk")
	require.Equal(f.t, http.StatusOK, r.status, r.body)
	stored, err := f.node.ReadStream(f.t.Context(), "fl.ticket-"+strings.TrimPrefix(path, "/v1/tickets/"), 0)
	require.NoError(f.t, err)
	due := ""
	for _, e := range stored {
		ev, err := eventschemas.Decode(e.Type, e.Data)
		require.NoError(f.t, err)
		var targets []ticket.Target
		switch ev := ev.(type) {
		case ticket.Registered:
			targets = ev.Targets
		case ticket.VisitNeeded:
			targets = ev.Targets
		}
		for _, target := range targets {
			if target.Name == ticket.Arrival {
				due = target.DueAt.In(time.FixedZone("", 8*3600)).Format("Mon 15:04")
			}
		}
	}
	return due
}

func (f *fixture) approve(id uuid.UUID, body string) reply {
	f.t.Helper()
	return f.as("gao", gao, "gm", "/v1/policies/"+id.String()+"/approval", body)
}

func TestPOL06SitesGoByTheRegulationsOfTheirOwnSetsSideBySide(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, file := range []string{"software-vendor/calendar.json", "software-vendor/sla.json", "dealer/sla.json"} {
		f.load(file)
	}
	f.load(calendarOfSet("dealer"))
	for _, id := range []uuid.UUID{f.load("appliance-service/sla.json"), f.load(calendarOfSet("appliance-service"))} {
		require.Equal(t, http.StatusOK, f.approve(id, `{"version":1}`).status)
	}
	for code, set := range map[string]string{"soft": "software-vendor", "home": "appliance-service", "cars": "dealer", "own": "our-own"} {
		f.siteWith(code, set)
	}
	// It is Monday noon.
	require.Equal(t, "Tue 12:00", f.arrivalDue("soft", "town"), "24 elapsed hours from the finding (S1)")
	require.Equal(t, "Mon 18:00", f.arrivalDue("home", "town"), "6 working hours from the call (S4-19)")
	require.Equal(t, "Tue 09:00", f.arrivalDue("home", "suburb"), "7 working hours from the call (S4-19)")
	require.Equal(t, "Mon 18:00", f.arrivalDue("home", "moon"), "who knows where")
	require.Equal(t, "Tue 09:00", f.arrivalDue("cars", "suburb"))
	require.Empty(t, f.arrivalDue("own", "town"), "nothing was agreed there")
	// A site's own version goes before its set's.
	f.load(`{"site":"cars","kind":"sla","effective_from":"2026-01-01T00:00:00Z","reason":"自定","content":{"targets":[{"level":3,"name":"arrival","clock":"wall","limit_s":60}]}}`)
	require.Equal(t, "Mon 12:01", f.arrivalDue("cars", "suburb"))
	require.Equal(t, "Tue 09:00", f.arrivalDue("home", "suburb"))
}

func TestPOL09AVersionOfApplianceServiceIsInForceFromTheGMsApprovalAndPublicationOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	calendar, sla := f.load(calendarOfSet("appliance-service")), f.load("appliance-service/sla.json")
	f.siteWith("home", "appliance-service")
	require.Empty(t, f.arrivalDue("home", "town"), "a draft agrees nothing")
	path := "/v1/policies/" + sla.String() + "/approval"

	require.Equal(t, http.StatusForbidden, f.as("lin", lin, "clerk", path, `{"version":1}`).status)
	for name, r := range map[string]reply{
		"policy.same_person":     f.as("lin-as-gm", lin, "gm", path, `{"version":1}`), // another account of the author
		"policy.gm_only":         f.as("gao", gao, "manager", path, `{"version":1}`),
		"policy.version_unknown": f.approve(sla, `{"version":2}`),
	} {
		require.Equal(t, name, r.problem(t).Key)
		require.Contains(t, []int{http.StatusConflict, http.StatusUnprocessableEntity}, r.status)
		require.NotEqual(t, name, r.problem(t).Detail, "a text is missing")
	}
	require.Equal(t, http.StatusNotFound, f.approve(uuid.New(), `{"version":1}`).status)
	require.Empty(t, f.arrivalDue("home", "town"))

	r := f.approve(sla, `{"version":1,"published_at":"2026-03-02T05:00:00Z"}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.True(t, decodeAs[api.Changed](t, r).Changed)
	require.False(t, decodeAs[api.Changed](t, f.approve(sla, `{"version":1}`)).Changed, "TKT-02")
	require.Empty(t, f.arrivalDue("home", "town"), "approved, and not published yet")
	f.clock.Advance(time.Hour)

	// Now the targets are in force and their calendar is not: POL-08 names it.
	body := strings.Replace(newTicket, `"hq"`, `"home"`, 1)
	r = f.post("/v1/tickets", body, nil, "clerk")
	require.Equal(t, http.StatusConflict, r.status, r.body)
	require.Equal(t, "POL-08", r.problem(t).Rule)
	require.Equal(t, "No calendar policy is in force for site home or its policy set appliance-service; load one, or have its draft approved.", r.problem(t).Detail)
	require.Equal(t, http.StatusOK, f.approve(calendar, `{"version":1}`).status)
	require.Equal(t, "Tue 09:00", f.arrivalDue("home", "town"))

	list := decodeAs[api.PolicyPage](t, f.get("/v1/policies?kind=sla&site=home", "clerk"))
	require.Len(t, list.Items, 1)
	v := list.Items[0]
	require.Equal(t, []any{"appliance-service", "", sla, gao.String(), lin.String(), api.PolicyVersionApproval("general_manager")},
		[]any{v.Set, v.Site, v.Id, v.Approver, v.Author, v.Approval})
	require.Equal(t, "2026-03-02T05:00:00Z", v.InForceFrom.Format(time.RFC3339))
	require.Equal(t, "2026-03-02T04:00:00Z", v.ApprovedAt.Format(time.RFC3339))
	f.load(strings.Replace(calendarOfSet("appliance-service"), "08:00", "07:00", 1))
	drafts := decodeAs[api.PolicyPage](t, f.get("/v1/policies?kind=calendar&set=appliance-service", "clerk")).Items
	require.Len(t, drafts, 2)
	require.Nil(t, drafts[1].InForceFrom)
	require.Nil(t, drafts[1].ApprovedAt)

	// Nor does a version of the site's own go round the GM.
	f.load(`{"site":"home","kind":"sla","effective_from":"2020-01-01T00:00:00Z","reason":"自定","content":{"targets":[{"level":3,"name":"arrival","clock":"wall","limit_s":60}]}}`)
	require.Equal(t, "Tue 09:00", f.arrivalDue("home", "town"))
}

func TestPOL06WhoSeesSomeSitesOnlyDoesNotRecordForOthersNorForASet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.load(calendarOfSet("appliance-service"))
	token, err := f.issuer.Mint("gao", gao, []string{"manager", "gm"}, []string{"hq"}, time.Hour)
	require.NoError(t, err)
	for path, body := range map[string]string{
		"/v1/policies": calendarOfSet("dealer"),
		"/v1/policies/" + id.String() + "/approval": `{"version":1}`,
	} {
		r := f.do(call{method: http.MethodPost, path: path, body: body, token: token, header: map[string]string{"Idempotency-Key": uuid.NewString()}})
		require.Equal(t, http.StatusNotFound, r.status, path+r.body)
	}
	for _, query := range []string{"kind=sla", "kind=sla&site=hq&set=dealer"} {
		r := f.get("/v1/policies?"+query, "clerk")
		require.Equal(t, http.StatusBadRequest, r.status)
		require.Equal(t, "param.site_or_set", r.problem(t).Key)
	}
}

func TestTKT03CodesAreListedWithTheirNamesAndNoOthersAreTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	none := decodeAs[api.CodeLists](t, f.get("/v1/codes?site=hq", "clerk"))
	require.Nil(t, none.Version)
	require.Empty(t, none.Kinds)
	f.load("every-site/codes.json")
	lists := decodeAs[api.CodeLists](t, f.get("/v1/codes?site=hq", "clerk"))
	require.Len(t, lists.Kinds, 14)
	require.Equal(t, api.Code{Code: "fault", Name: "Fault", NameZh: "故障"}, lists.Kinds[2])
	require.Equal(t, 1, lists.Version.Version)
	require.Equal(t, http.StatusCreated, f.post("/v1/tickets", newTicket, nil, "clerk").status)
	r := f.post("/v1/tickets", strings.Replace(newTicket, `"fault"`, `"wish"`, 1), nil, "clerk")
	require.Equal(t, http.StatusUnprocessableEntity, r.status)
	require.Equal(t, []string{"TKT-03", "/kind"}, []string{r.problem(t).Rule, r.problem(t).Pointer})

	f.load(`{"site":"hq","kind":"codes","effective_from":"2026-02-01T00:00:00Z","reason":"自定","content":{"kinds":[{"code":"wish","name":"Wish","name_zh":"愿望"}],
		"problems":[{"code":"no_heat","name":"No heat","name_zh":"不热"}],"solutions":[{"code":"refilled","name":"Refilled","name_zh":"补水"}]}}`)
	require.Len(t, decodeAs[api.CodeLists](t, f.get("/v1/codes?site=hq&at=2026-01-15T00:00:00Z", "clerk")).Kinds, 14)
	own := decodeAs[api.CodeLists](t, f.get("/v1/codes?site=hq", "clerk"))
	require.Equal(t, []api.Code{{Code: "wish", Name: "Wish", NameZh: "愿望"}}, own.Kinds)
	require.Len(t, own.Solutions, 1)
	r = f.post("/v1/tickets", strings.NewReplacer(`"fault"`, `"wish"`, `"no_heat"`, `"no_light"`).Replace(newTicket), nil, "clerk")
	require.Equal(t, "/problem", r.problem(t).Pointer)
	r = f.post("/v1/tickets", strings.Replace(newTicket, `"fault"`, `"wish"`, 1), nil, "clerk")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	path, tag := r.header.Get("Location"), r.header.Get("ETag")
	r = f.post(path+"/resolve", `{"solution":"prayer"}`, map[string]string{"If-Match": tag}, "director")
	require.Equal(t, []string{"TKT-03", "/solution"}, []string{r.problem(t).Rule, r.problem(t).Pointer})
	require.Equal(t, http.StatusOK, f.post(path+"/resolve", `{"solution":"refilled"}`, map[string]string{"If-Match": tag}, "director").status)

	r = f.post("/v1/policies", `{"site":"hq","kind":"codes","effective_from":"2026-02-01T00:00:00Z","reason":"自定","content":{"kinds":[{"code":"wish","name":"Wish"}]}}`, nil, "manager")
	require.Equal(t, http.StatusUnprocessableEntity, r.status)
	require.Equal(t, "/content/kinds/0/name_zh", r.problem(t).Errors[0].Pointer)
}

func TestORG03HealthAlarmsInDecemberUntilTheNoticeIsIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	f.siteWith("plain", "our-own")
	f.reads.health = api.Health{Status: "ok", Store: "ok", Postgres: "ok"}
	f.reads.sites = []api.Site{{Id: subject, Code: "hq", Zone: "Asia/Shanghai"}, {Id: gao, Code: "plain", Zone: "Asia/Shanghai"}}
	const with = `{"zone":"Asia/Shanghai","week":{"mon":[["08:00","18:00"]]},"days":{"2026-10-01":[]%s}}`
	record := func(site, content string) {
		f.load(fmt.Sprintf(`{"site":%q,"kind":"calendar","effective_from":"2026-01-01T00:00:00Z","reason":"x","content":%s}`, site, content))
	}
	record("hq", fmt.Sprintf(with, ""))
	record("plain", hours) // keeps no holidays
	alarms := func() []api.Alarm {
		r := f.do(call{method: "GET", path: "/v1/health"})
		require.Equal(t, http.StatusOK, r.status)
		h := decodeAs[api.Health](t, r)
		require.Equal(t, api.HealthStatusOk, h.Status)
		return h.Alarms
	}
	f.clock.Advance(time.Date(2026, 11, 30, 15, 59, 59, 0, time.UTC).Sub(noon)) // the last second of November there
	require.Empty(t, alarms())
	f.clock.Advance(time.Second)
	got := alarms()
	require.Len(t, got, 1)
	require.Equal(t, []any{2027, 1, "ORG-03"}, []any{got[0].Year, got[0].Sites, got[0].Rule})
	require.Equal(t, "The working calendar has no days of 2027 yet; import the yearly notice. Sites concerned: 1.", got[0].Text.En)
	require.Contains(t, got[0].Text.Zh, "2027")
	record("hq", fmt.Sprintf(with, `,"2027-01-01":[]`))
	require.Empty(t, alarms())

	f.reads.err = errors.New("no directory")
	h := decodeAs[api.Health](t, f.do(call{method: "GET", path: "/v1/health"}))
	require.Equal(t, api.HealthStatusDegraded, h.Status, "that nothing is known is not that nothing is wrong")
}
