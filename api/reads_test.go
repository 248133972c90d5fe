package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/fieldledger/fieldledger/domain"
)

var subject = uuid.MustParse("33333333-3333-4333-8333-333333333333")

// shown puts n tickets into the read side and returns their ids.
func (f *fixture) shown(n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	at := domain.At(noon)
	for i := range ids {
		ids[i] = uuid.NewSHA1(subject, []byte(strconv.Itoa(i)))
		f.reads.tickets = append(f.reads.tickets, api.SealedTicket{
			Ticket: api.Ticket{
				Id: ids[i], Site: "hq", Number: fmt.Sprintf("T-%d", i), Channel: "phone", Kind: "fault", Level: 2, Status: "registered",
				Cycle: 1, CalledAt: at, OpenedOn: "2026-03-02", Revision: 4,
				Targets:     []api.TargetState{{Target: "resolution", Cycle: 1, State: "running", Clock: "working", StartAt: at, DueAt: &at}},
				Escalations: []api.Escalation{{Target: "resolution", Cycle: 1, Percent: 75, To: "technician", At: at, PastAt: at}},
			},
			Customer: f.vault.seal(subject, commands.FieldName, "王小明"),
			Phone:    f.vault.seal(subject, commands.FieldPhone, "13800000000"),
		})
	}
	return ids
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.body)
	var v T
	require.NoError(t, json.Unmarshal([]byte(r.body), &v))
	return v
}

func TestAUD04EveryReadTakesAMoment(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.shown(1)[0].String()
	f.reads.head = 900
	for _, path := range []string{
		"/v1/tickets", "/v1/tickets/" + id, "/v1/tickets/" + id + "/history", "/v1/tickets/" + id + "/explanation",
		"/v1/persons", "/v1/teams", "/v1/sites", "/v1/head",
		"/v1/kpis/sla?site=hq&from=2026-03-01&to=2026-03-31&target=resolution",
		"/v1/kpis/sla/explanation?site=hq&from=2026-03-01&to=2026-03-31&target=resolution&measure=met",
		"/v1/kpis/tickets?site=hq&from=2026-03-01&to=2026-03-31&group_by=kind", "/v1/kpis/tickets?from=2026-03-01&to=2026-03-31",
		"/v1/kpis/tickets/explanation?site=hq&from=2026-03-01&to=2026-03-31&measure=handled&group_by=kind&value=fault",
		"/v1/kpis/sla/comparison?site=hq&from=2026-03-01&to=2026-03-31",
	} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		ask := func(query string) api.AsOf {
			f.reads.asked = api.AsOf{}
			r := f.get(path+query, "director")
			require.Equal(t, http.StatusOK, r.status, r.body)
			return f.reads.asked
		}
		require.Equal(t, int64(120), *ask(sep + "as_of=120").Number, path)
		if !strings.Contains(path, id+"/") { // those pin the number that the ticket was found at
			require.Equal(t, api.AsOf{}, ask(""), path)
			require.Equal(t, noon, *ask(sep + "as_of=" + url.QueryEscape("2026-03-02T12:00:00+08:00")).Time, path)
		}
	}
	f.reads.err = fmt.Errorf("ask: %w", api.ErrBeyond)
	r := f.get("/v1/tickets?as_of=100000", "director")
	require.Equal(t, http.StatusConflict, r.status)
	require.Equal(t, "1", r.header.Get("Retry-After"))
}

func TestAWriteIsReadByItsPosition(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	r := f.post("/v1/tickets", newTicket, nil, "clerk")
	token := r.header.Get("Fieldledger-Position")
	require.Equal(t, http.StatusOK, f.get("/v1/tickets?min_position="+token, "clerk").status)
	id := strings.TrimPrefix(r.header.Get("Location"), "/v1/tickets/")
	require.Equal(t, "fl.ticket-"+id+"@"+strings.Trim(r.header.Get("ETag"), `"`), f.reads.waited)
	broken := "A" + token[1:]
	if broken == token {
		broken = "B" + token[1:]
	}
	require.Equal(t, http.StatusBadRequest, f.get("/v1/tickets?min_position="+broken, "clerk").status)
}

func TestPagesGoOnAsOfTheFirstOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.shown(5)
	f.reads.head = 700
	first := decode[api.TicketPage](t, f.get("/v1/tickets?limit=2&status=registered&site=hq", "clerk"))
	require.Len(t, first.Items, 2)
	require.NotNil(t, first.Next)
	require.Equal(t, []string{"hq"}, f.reads.filter.Sites)
	require.Equal(t, api.TicketSort{By: "called_at", Desc: true}, f.reads.sort)
	f.reads.head = 999 // the log goes on
	second := decode[api.TicketPage](t, f.get("/v1/tickets?limit=2&status=registered&site=hq&cursor="+*first.Next, "clerk"))
	require.Equal(t, int64(700), *f.reads.asked.Number)
	require.Equal(t, int64(700), second.AsOf.Number)
	require.Equal(t, "T-2", second.Items[0].Number)
	third := decode[api.TicketPage](t, f.get("/v1/tickets?limit=2&status=registered&site=hq&cursor="+*second.Next, "clerk"))
	require.Len(t, third.Items, 1)
	require.Nil(t, third.Next)

	wang, err := f.issuer.Mint("wang", lin, []string{"clerk"}, []string{"*"}, time.Hour)
	require.NoError(t, err)
	cursor := *first.Next
	for name, c := range map[string]call{
		"another's":        {path: "/v1/tickets?limit=2&status=registered&site=hq&cursor=" + cursor, token: wang},
		"another filter":   {path: "/v1/tickets?limit=2&status=closed&site=hq&cursor=" + cursor, token: f.token("clerk")},
		"another list":     {path: "/v1/persons?site=hq&cursor=" + cursor, token: f.token("clerk")},
		"another moment":   {path: "/v1/tickets?limit=2&status=registered&site=hq&as_of=5&cursor=" + cursor, token: f.token("clerk")},
		"changed":          {path: "/v1/tickets?limit=2&status=registered&site=hq&cursor=" + cursor[:len(cursor)-3] + "AAA", token: f.token("clerk")},
		"cut":              {path: "/v1/tickets?limit=2&status=registered&site=hq&cursor=" + cursor[:len(cursor)-4], token: f.token("clerk")},
		"of no known kind": {path: "/v1/tickets?limit=2&status=registered&site=hq&cursor=%21%21", token: f.token("clerk")},
	} {
		c.method = http.MethodGet
		r := f.do(c)
		require.Equal(t, http.StatusBadRequest, r.status, name)
		require.Equal(t, "param.cursor", r.problem(t).Key, name)
	}
}

func TestListsAreNarrowedToTheCallersSites(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.tokenAt([]string{"hq", "north"}, "clerk")
	for _, path := range []string{"/v1/tickets", "/v1/persons", "/v1/teams", "/v1/sites"} {
		r := f.do(call{method: "GET", path: path, token: token})
		require.Equal(t, http.StatusOK, r.status, r.body)
		require.Equal(t, []string{"hq", "north"}, f.reads.filter.Sites, path)
		r = f.do(call{method: "GET", path: path, token: f.tokenAt(nil, "clerk")})
		require.Equal(t, http.StatusOK, r.status, r.body)
		require.Equal(t, []string{}, f.reads.filter.Sites, "none is not all: "+path)
	}
	require.Equal(t, http.StatusNotFound, f.do(call{method: "GET", path: "/v1/tickets?site=south", token: token}).status)
	id := f.shown(1)[0].String()
	south := f.tokenAt([]string{"south"}, "clerk")
	for _, path := range []string{"", "/history", "/explanation"} {
		unseen := f.do(call{method: "GET", path: "/v1/tickets/" + id + path, token: south})
		missing := f.do(call{method: "GET", path: "/v1/tickets/" + uuid.NewString() + path, token: south})
		require.Equal(t, http.StatusNotFound, unseen.status)
		require.Equal(t, missing.body, unseen.body)
	}
}

func TestAUD08PersonalFieldsAreOpenedForThoseWhoMayAndTheLookIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.shown(2)[0]
	path := "/v1/tickets/" + id.String()
	masked := decode[api.Ticket](t, f.get(path, "auditor"))
	require.Equal(t, api.Personal{Masked: true}, masked.Customer)
	require.Equal(t, api.Personal{}, masked.Text, "what is not there is not masked")
	require.Empty(t, f.accesses.looks)

	open := decode[api.Ticket](t, f.get(path, "clerk"))
	require.Equal(t, "王小明", *open.Customer.Value)
	require.Equal(t, "13800000000", *open.Phone.Value)
	require.Equal(t, []api.Access{{Actor: lin.String(), Subject: subject, Purpose: "getTicket", Target: path}}, f.accesses.looks)

	f.accesses.err = errors.New("disk full")
	r := f.get(path, "clerk")
	require.Equal(t, http.StatusInternalServerError, r.status)
	require.NotContains(t, r.body, "王小明")
	f.accesses.err = nil

	r = f.do(call{method: "DELETE", path: "/v1/subjects/" + subject.String() + "?reason=asked+for", token: f.token("admin"), header: map[string]string{"Idempotency-Key": "e1"}})
	require.Equal(t, http.StatusNoContent, r.status, r.body)
	require.Equal(t, []string{lin.String() + ": asked for"}, f.vault.reasons)
	erased := decode[api.Ticket](t, f.get(path, "clerk"))
	require.Equal(t, api.Personal{Subject: &subject, Erased: true}, erased.Customer)
	require.NotContains(t, f.logs.String(), "王小明")
}

func TestAUD02HistoryTellsEventsWithTheirPersonalFieldsByRight(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.shown(1)[0]
	sealed, err := json.Marshal(map[string]any{
		"at": "2026-03-02T04:00:00.000Z", "level": 2, "customer": f.vault.seal(subject, commands.FieldName, "王小明"),
		"signer": domain.Sealed{}, "other": f.vault.seal(subject, "other", "13800000000"),
		"deep": []any{map[string]any{"phone": f.vault.seal(subject, commands.FieldPhone, "13911111111")}},
	})
	require.NoError(t, err)
	strike := int64(9)
	f.reads.events = []api.SealedEvent{{
		HistoryEvent: api.HistoryEvent{
			Number: 7, EventId: subject, Type: "ticket.registered.v1", OccurredAt: domain.At(noon), RecordedAt: domain.At(noon),
			Source: &api.EventSource{System: "desk", Row: "1"}, StruckBy: &strike,
		},
		Sealed: sealed,
	}}
	f.reads.events[0].Actor.Roles = []string{"clerk"}
	path := "/v1/tickets/" + id.String() + "/history"
	r := f.get(path, "clerk")
	page := decode[api.HistoryPage](t, r)
	require.Equal(t, int64(9), *page.Items[0].StruckBy)
	whose := `"subject":"` + subject.String() + `"`
	require.JSONEq(t, `{"at":"2026-03-02T04:00:00.000Z","level":2,
		"customer":{`+whose+`,"value":"王小明","masked":false,"erased":false},"signer":{"subject":null,"value":null,"masked":false,"erased":false},
		"other":{"subject":null,"value":null,"masked":true,"erased":false},
		"deep":[{"phone":{`+whose+`,"value":"13911111111","masked":false,"erased":false}}]}`, string(page.Items[0].Data))
	require.NotContains(t, r.body, "ciphertext")
	r = f.get(path, "auditor")
	require.NotContains(t, r.body, "王小明")
	require.NotContains(t, r.body, "ciphertext")
}

func TestAUD05FiguresAreExplained(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	month := "2026-03"
	for range 5 {
		f.reads.rows = append(f.reads.rows, api.SLARow{Period: &month, Met: 3, GrossS: 100, PausedS: 40, NetS: 60})
		f.reads.facts = append(f.reads.facts, api.SLAFact{Number: 4, EventId: subject, TicketId: subject, Delta: 20})
	}
	const query = "?site=hq&from=2026-03-01&to=2026-03-31&target=resolution"
	one := decode[api.SLAReport](t, f.get("/v1/kpis/sla"+query+"&group_by=period&grain=month&limit=3", "manager"))
	require.Len(t, one.Rows, 3)
	two := decode[api.SLAReport](t, f.get("/v1/kpis/sla"+query+"&group_by=period&grain=month&limit=3&cursor="+*one.Next, "manager"))
	require.Len(t, two.Rows, 2)
	require.Nil(t, two.Next)
	facts := decode[api.SLAExplanation](t, f.get("/v1/kpis/sla/explanation"+query+"&measure=gross_s&limit=2", "manager"))
	require.Equal(t, int64(100), facts.Sum)
	require.Len(t, facts.Facts, 2)
	require.NotNil(t, facts.Next)
}

func TestTKT23StatisticsAreOfSitesThatTheCallerSees(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const days = "from=2026-03-01&to=2026-03-31"
	report := decode[api.StatisticsReport](t, f.get("/v1/kpis/tickets?site=hq&limit=1&group_by=period&grain=day&"+days, "manager"))
	require.Len(t, report.Rows, 1)
	require.NotNil(t, report.Next)
	require.Equal(t, http.StatusForbidden, f.get("/v1/kpis/tickets?"+days, "technician").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/kpis/tickets?from=2026-03-31&to=2026-03-01", "manager").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/kpis/tickets/explanation?site=hq&measure=cases&from=2026-03-31&to=2026-03-01", "manager").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/kpis/tickets/explanation?site=hq&measure=satisfaction&"+days, "manager").status)
	other, err := f.issuer.Mint("wang", lin, []string{"manager"}, []string{"north"}, 1e12)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, f.do(call{method: "GET", path: "/v1/kpis/tickets?site=hq&" + days, token: other}).status)
}

func TestAUD05AVerdictIsExplainedByEventsAndSpans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.shown(1)[0]
	at := domain.At(noon)
	ref := api.EventRef{Number: 3, EventId: subject, Revision: 1, Type: "ticket.judged.v1", OccurredAt: at}
	f.reads.verdicts = []api.VerdictExplanation{{
		Target: "resolution", Cycle: 1, Verdict: "met", Event: ref, Clock: "working", StartAt: at, ReachedAt: &at, GrossS: 60, PausedS: 0, NetS: 60,
		Spans: []api.Span{{From: at, To: domain.At(noon.Add(time.Minute)), Kind: "counted", Seconds: 60}}, Inputs: []api.EventRef{ref},
		Policy: &api.PolicyRef{Id: subject, Version: 1, Hash: "ab"}, AddsUp: true,
	}}
	r := f.get("/v1/tickets/"+id.String()+"/explanation?as_of=44", "auditor")
	require.Equal(t, "44", r.header.Get("Fieldledger-As-Of"))
	require.Len(t, decode[api.TicketExplanation](t, r).Verdicts, 1)
}

func TestTheDirectoryIsListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	keys := []api.ExternalKey{{System: "hr", Key: "1"}}
	f.reads.persons = []api.SealedPerson{{
		Person: api.Person{Id: subject, Site: "hq", External: keys, Roles: []string{"technician"}, Postings: []api.PersonPosting{}, Moves: []api.PersonMove{}},
		Name:   f.vault.seal(subject, commands.FieldName, "李师傅"),
	}}
	f.reads.teams = []api.Team{{Id: subject, Site: "hq", Code: "T-1", Name: "一组", External: keys}}
	f.reads.sites = []api.Site{{Id: subject, Code: "hq", Name: "总部", Zone: "Asia/Shanghai", PolicySets: []api.SitePolicySet{}}}
	require.Equal(t, "李师傅", *decode[api.PersonPage](t, f.get("/v1/persons", "director")).Items[0].Name.Value)
	require.True(t, decode[api.PersonPage](t, f.get("/v1/persons", "hr")).Items[0].Name.Masked)
	require.Equal(t, "一组", decode[api.TeamPage](t, f.get("/v1/teams", "director")).Items[0].Name)
	require.Equal(t, "hq", decode[api.SitePage](t, f.get("/v1/sites", "director")).Items[0].Code)
}
