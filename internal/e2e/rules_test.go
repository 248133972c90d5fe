package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

// The desk of this test works 08:00 to 18:00 every day and has four hours of
// working time for a resolution. The calls of a day were judged by that.
const (
	openDays    = `{"zone":"UTC","week":{"mon":%[1]s,"tue":%[1]s,"wed":%[1]s,"thu":%[1]s,"fri":%[1]s,"sat":%[1]s,"sun":%[1]s},"days":{%[2]s}}`
	openHours   = `[["08:00","18:00"]]`
	workLimit   = 4 * time.Hour
	startOfWork = 8 * time.Hour
	endOfWork   = 18 * time.Hour
)

// worked is a call and when it was resolved, since midnight; zero: it runs.
type worked struct {
	calledAt, resolvedAt time.Duration
	met, metIfClosed     bool // worked out by hand
}

// callsOfTheDay: what is called on a closed day starts to count at 08:00 of the next.
func callsOfTheDay() []worked {
	return []worked{
		{9 * time.Hour, 10 * time.Hour, true, true},
		{9 * time.Hour, 14 * time.Hour, false, true},
		{10 * time.Hour, 14 * time.Hour, true, true}, // exactly at its due time
		{11 * time.Hour, 15*time.Hour + time.Minute, false, true},
		{12 * time.Hour, 17 * time.Hour, false, true},
		{13 * time.Hour, 40 * time.Hour, false, false},              // control: 16:00 of the next day is eight hours of that alone
		{15*time.Hour + 30*time.Minute, 33 * time.Hour, true, true}, // control: 09:00 of the next day is three and a half hours, or one
		{15 * time.Hour, 0, false, false},                           // control: it runs, and is overdue by either
	}
}

// dueOf works out when a call of the day is due, without the calendar's code.
func dueOf(day time.Time, at time.Duration, closed bool) time.Time {
	from := max(at, startOfWork)
	if closed {
		day, from = day.AddDate(0, 0, 1), startOfWork
	}
	if left := endOfWork - from; left < workLimit {
		return day.AddDate(0, 0, 1).Add(startOfWork + workLimit - left)
	}
	return day.Add(from + workLimit)
}

// rulesWalk is the API as its user drives it, and the day that will be closed.
type rulesWalk struct {
	*served
	t   *testing.T
	n   int
	day time.Time
}

func (w *rulesWalk) send(role string, c call) reply {
	w.t.Helper()
	w.n++
	c.method, c.token, c.key = http.MethodPost, w.token(w.t, role), "key-"+strconv.Itoa(w.n)
	return w.do(w.t, c)
}

func (w *rulesWalk) made(role string, c call) reply {
	w.t.Helper()
	r := w.send(role, c)
	require.Equal(w.t, http.StatusCreated, r.status, r.body)
	return r
}

func read[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(r.body), &v), r.body)
	return v
}

// calendarBody is a version of the calendar, with more members.
func (w *rulesWalk) calendarBody(from time.Time, closed, more string) string {
	return fmt.Sprintf(`{"site":"hq","kind":"calendar","effective_from":"%s","reason":"hours","content":%s%s}`,
		from.Format(time.RFC3339), fmt.Sprintf(openDays, openHours, closed), more)
}

// setUp records the first rules of hq, from long before.
func (w *rulesWalk) setUp() {
	w.t.Helper()
	w.hq(w.t)
	from := w.day.AddDate(0, 0, -30)
	r := w.made("manager", call{path: "/v1/policies", body: w.calendarBody(from, "", "")})
	w.made("manager", call{path: "/v1/policies", body: fmt.Sprintf(`{"site":"hq","kind":"sla","effective_from":"%s","reason":"agreed",
		"content":{"calendar":"%s","targets":[{"level":2,"name":"resolution","clock":"working","limit_s":14400}]}}`,
		from.Format(time.RFC3339), read[api.Created](w.t, r).Id)})
}

func (w *rulesWalk) at(d time.Duration) string { return w.day.Add(d).Format(time.RFC3339) }

// work registers a call and resolves it; it returns the ticket's id and the last answer.
func (w *rulesWalk) work(c worked) (string, reply) {
	w.t.Helper()
	r := w.made("clerk", call{path: "/v1/tickets", body: fmt.Sprintf(
		`{"site":"hq","channel":"phone","kind":"fault","problem":"no_heat","level":2,"customer":"Wang","text":"cold","called_at":"%s"}`, w.at(c.calledAt))})
	id := read[api.Created](w.t, r).Id.String()
	if c.resolvedAt == 0 {
		return id, r
	}
	r = w.send("clerk", call{
		path: "/v1/tickets/" + id + "/resolve", body: fmt.Sprintf(`{"at":"%s"}`, w.at(c.resolvedAt)), match: r.header.Get("ETag"),
	})
	require.Equal(w.t, http.StatusOK, r.status, r.body)
	return id, r
}

func (w *rulesWalk) figures(after reply) []api.SLARow {
	w.t.Helper()
	path := "/v1/kpis/sla?target=resolution&" + w.period()
	return read[api.SLAReport](w.t, w.get(w.t, path, after, "auditor")).Rows
}

func (w *rulesWalk) period() string {
	day := w.day.Format(time.DateOnly)
	return "site=hq&from=" + day + "&to=" + day
}

func (w *rulesWalk) comparison(query string, after reply) api.SLAComparison {
	w.t.Helper()
	return read[api.SLAComparison](w.t, w.get(w.t, "/v1/kpis/sla/comparison?"+w.period()+query, after, "auditor"))
}

// history is every event of the tickets, as bytes.
func (w *rulesWalk) history(ids []string, after reply) []string {
	w.t.Helper()
	var out []string
	for _, id := range ids {
		page := read[api.HistoryPage](w.t, w.get(w.t, "/v1/tickets/"+id+"/history?limit=100", after, "auditor"))
		facts := slices.DeleteFunc(page.Items, func(e api.HistoryEvent) bool { return e.Type == "ticket.escalated.v1" }) // timers go on meanwhile
		b, err := json.Marshal(facts)
		require.NoError(w.t, err)
		out = append(out, string(b))
	}
	return out
}

// TestSLA10AClosedDayDeclaredAfterwardsChangesNoVerdict is the walk of
// docs/rule-changes.md.
func TestSLA10AClosedDayDeclaredAfterwardsChangesNoVerdict(t *testing.T) {
	t.Parallel()
	s := newInstallation(t).withIssuer(t).serve(t)
	w := &rulesWalk{served: s, t: t, day: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -4)}
	w.setUp()
	var ids, differing []string
	var last reply
	judged := map[bool]int64{} // by whether the target was met
	for _, c := range callsOfTheDay() {
		var id string
		id, last = w.work(c)
		ids = append(ids, id)
		judged[c.met]++
		if c.met != c.metIfClosed {
			differing = append(differing, id)
		}
		if c.resolvedAt > 0 { // what was worked out by hand holds by arithmetic too
			require.Equal(t, c.met, !w.day.Add(c.resolvedAt).After(dueOf(w.day, c.calledAt, false)))
			require.Equal(t, c.metIfClosed, !w.day.Add(c.resolvedAt).After(dueOf(w.day, c.calledAt, true)))
		}
	}
	require.Len(t, differing, 3)

	before, events := w.figures(last), w.history(ids, last)
	require.Equal(t, []int64{judged[true], judged[false]}, []int64{before[0].Met, before[0].Breached})
	require.Empty(t, w.comparison("", last).Cases, "the rules that were in force judge as they did")

	last = w.declareClosed(differing)

	require.Equal(t, before, w.figures(last), "no judged verdict changes")
	require.Equal(t, events, w.history(ids, last), "nor any event")
	w.requireCompared("", last, judged, differing)
	w.requireCompared("&calendar_version=2", last, judged, differing)
	require.Empty(t, w.comparison("&calendar_version=1", last).Cases, "the first calendar judges as it did")
	for i, c := range callsOfTheDay() {
		if c.resolvedAt > 0 {
			w.requireExplained(ids[i], c, last)
		}
	}
	s.stop(t)
	require.Regexp(t, `resolution +│ +1 │ +breached, .* │ +met, `, s.run(t, "explain", ids[1], "--now"))
}

// declareClosed records that the day was closed: first the list, then the version (POL-04).
func (w *rulesWalk) declareClosed(differing []string) reply {
	t := w.t
	t.Helper()
	body := func(more string) string {
		return w.calendarBody(w.day, `"`+w.day.Format(time.DateOnly)+`":[]`, more)
	}
	r := w.send("manager", call{path: "/v1/policies", body: body("")})
	require.Equal(t, http.StatusPreconditionRequired, r.status, r.body)
	require.Equal(t, "POL-04", read[api.Problem](t, r).Rule)
	require.Contains(t, read[api.Problem](t, r).Detail, strconv.Itoa(len(differing)))
	r = w.send("manager", call{path: "/v1/policies/preview", body: body("")})
	require.Equal(t, http.StatusOK, r.status, r.body)
	preview := read[api.PolicyPreview](t, r)
	require.EqualValues(t, len(differing), *preview.WouldChange)
	var listed []string
	for _, k := range preview.Cases {
		listed = append(listed, k.TicketId.String())
		require.Equal(t, []api.SLAPart{api.SLAPartBreached, api.SLAPartBreached, api.SLAPartMet}, []api.SLAPart{k.AsJudged.Verdict, k.Without.Verdict, k.With.Verdict})
	}
	require.ElementsMatch(t, differing, listed)
	r = w.send("manager", call{path: "/v1/policies", body: body(fmt.Sprintf(`,"confirmation":"%064d"`, 0))})
	require.Equal(t, http.StatusPreconditionFailed, r.status, r.body)
	return w.made("manager", call{path: "/v1/policies", body: body(`,"confirmation":"` + *preview.Confirmation + `"`)})
}

// requireCompared holds a comparison against what was worked out: both
// percentages, and exactly the cases that differ.
func (w *rulesWalk) requireCompared(query string, after reply, judged map[bool]int64, differing []string) {
	t := w.t
	t.Helper()
	c := w.comparison(query+"&limit=2", after)
	i := slices.IndexFunc(*c.Targets, func(x api.ComparedTarget) bool { return x.Target == api.Resolution })
	both := (*c.Targets)[i]
	total, moved := judged[true]+judged[false], int64(len(differing))
	require.Equal(t, []int64{judged[true], judged[false], total}, []int64{both.AsJudged.Met, both.AsJudged.Breached, both.AsJudged.Total})
	require.Equal(t, []int64{judged[true] + moved, judged[false] - moved, total}, []int64{both.Under.Met, both.Under.Breached, both.Under.Total})
	require.Equal(t, judged[true]*1_000_000/total, *both.AsJudged.MetPpm)
	require.Equal(t, (judged[true]+moved)*1_000_000/total, *both.Under.MetPpm)
	require.Equal(t, moved, *c.Differing)
	var got []string
	for {
		for _, k := range c.Cases {
			got = append(got, k.TicketId.String())
			require.Equal(t, []api.SLAPart{api.SLAPartBreached, api.SLAPartMet}, []api.SLAPart{k.AsJudged.Verdict, k.Under.Verdict})
			require.True(t, k.Under.DueAt.After(k.AsJudged.DueAt.Time))
		}
		if c.Next == nil {
			break
		}
		c = w.comparison(query+"&limit=2&cursor="+*c.Next, after)
	}
	require.ElementsMatch(t, differing, got)
}

// requireExplained holds both judgements of one ticket against what was worked out.
func (w *rulesWalk) requireExplained(id string, c worked, after reply) {
	t := w.t
	t.Helper()
	e := read[api.TicketExplanation](t, w.get(t, "/v1/tickets/"+id+"/explanation?now=true", after, "auditor"))
	i := slices.IndexFunc(e.Verdicts, func(v api.VerdictExplanation) bool { return v.Target == api.Resolution })
	j := slices.IndexFunc(*e.Under, func(v api.VerdictUnder) bool { return v.Target == api.Resolution })
	was, under := e.Verdicts[i], (*e.Under)[j]
	verdicts := map[bool]string{true: "met", false: "breached"}
	require.Equal(t, verdicts[c.met], string(was.Verdict))
	require.Equal(t, verdicts[c.metIfClosed], string(under.Verdict))
	require.Equal(t, dueOf(w.day, c.calledAt, false), was.DueAt.UTC())
	require.Equal(t, dueOf(w.day, c.calledAt, true), under.DueAt.UTC())
	require.Equal(t, []int{1, 2}, []int{was.Calendar.Version, under.Calendar.Version})
}
