package readside_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// walked is a world with random tickets at both sites, and their ids.
func walked(t *testing.T, steps int) (*world, []uuid.UUID) {
	t.Helper()
	w := newWorld(t)
	return w, w.walk(rand.New(rand.NewPCG(3, 17)), nil, steps)
}

// walk goes on with random tickets.
func (w *world) walk(random *rand.Rand, ids []uuid.UUID, steps int) []uuid.UUID {
	w.t.Helper()
	for range steps {
		w.Clock.Advance(time.Duration(1+random.IntN(90)) * time.Minute)
		if len(ids) < 4 || random.IntN(6) == 0 {
			ids = append(ids, w.register(sites[random.IntN(2)], ticket.Level(1+random.IntN(3)), "a"))
			continue
		}
		w.step(random, ids[random.IntN(len(ids))])
	}
	return ids
}

// amend records a version of hq.
func (w *world) amend(kind policy.Kind, from time.Time, content string) {
	w.t.Helper()
	_, err := w.App.Policies.Record(w.t.Context(), w.request(), commands.RecordPolicy{
		Site: "hq", Kind: kind, EffectiveFrom: from, Reason: "late", Content: json.RawMessage(content),
	})
	require.NoError(w.t, err)
}

// amendLate records what the tickets of hq were not judged by.
func (w *world) amendLate() {
	w.t.Helper()
	const day = `[["09:00","17:00"]]`
	w.amend(policy.KindCalendar, time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC),
		`{"zone":"Asia/Shanghai","week":{"mon":`+day+`,"tue":`+day+`,"wed":`+day+`,"thu":`+day+`,"fri":`+day+`,"sat":[],"sun":[]},"days":{"2026-03-03":[]}}`)
	w.amend(policy.KindSLA, time.Date(2026, 3, 3, 16, 0, 0, 0, time.UTC), `{"calendar":"`+w.IDs.Policy("hq", "calendar").String()+`","targets":[
		{"level":1,"name":"first_contact","clock":"wall","limit_s":7200},{"level":1,"name":"resolution","clock":"wall","limit_s":60},
		{"level":2,"name":"next_update","clock":"working","limit_s":3600},{"level":2,"name":"resolution","clock":"working","limit_s":144000},
		{"level":3,"name":"first_contact","clock":"working","limit_s":1800}]}`)
}

func (w *world) book(site string) *policy.Book {
	w.t.Helper()
	book, err := w.App.Policies.Book(w.t.Context(), site)
	require.NoError(w.t, err)
	return book
}

// compared turns the pages of a comparison; the figures are those of the first.
func (w *world) compared(at api.AsOf, q api.ComparisonQuery, limit int) api.Comparison {
	w.t.Helper()
	p := api.Page{Limit: limit}
	first, snap, err := w.side.Compare(w.t.Context(), at, q, p)
	require.NoError(w.t, err)
	require.LessOrEqual(w.t, len(first.Cases), limit)
	for next := first.Next; next != ""; {
		p.After = next
		page, _, err := w.side.Compare(w.t.Context(), api.AsOf{Number: &snap.Number}, q, p)
		require.NoError(w.t, err)
		require.NotEmpty(w.t, page.Cases)
		require.Nil(w.t, page.Targets)
		first.Cases = append(first.Cases, page.Cases...)
		next = page.Next
	}
	return first
}

var period = api.ComparisonQuery{From: "2026-03-01", To: "2026-03-31"}

func ofHQ(rules api.Rules) api.ComparisonQuery {
	q := period
	q.Sites = []api.SiteRules{{Site: "hq", After: rules}}
	return q
}

// line names a case by what differs.
func line(id uuid.UUID, d ticket.Differing) string {
	part := func(c *ticket.Case) string {
		if c == nil {
			return "nothing"
		}
		return fmt.Sprintf("%s due %v", c.Part, c.Judged.DueAt)
	}
	of := d.Either()
	return fmt.Sprintf("%s %s %d @%d: %s -> %s", id, of.Target, of.Cycle, of.Judged.StartedBy(), part(d.Before), part(d.After))
}

func lines(c api.Comparison) []string {
	out := []string{}
	for _, k := range c.Cases {
		out = append(out, line(k.TicketID, k.Differing))
	}
	return out
}

// requireFigures holds both sides of a comparison against the figures of the
// read model, and the list against what they differ by (SLA-09).
func requireFigures(t *testing.T, w *world, at api.AsOf, c api.Comparison) {
	t.Helper()
	var differing int64
	for _, f := range c.Targets {
		rows, _, err := w.side.SLA(t.Context(), at, api.SLAQuery{
			Site: "hq", From: period.From, To: period.To, Target: f.Target, GroupBy: api.SLAGroupNone,
		})
		require.NoError(t, err)
		var row api.SLARow
		if len(rows) > 0 {
			row = rows[0]
		}
		got := []int64{}
		moved := api.PartCounts{}
		for _, part := range ticket.Parts() {
			got = append(got, f.Before[part])
			moved[part] = f.Before[part]
		}
		require.Equal(t, []int64{row.Met, row.Breached, row.Running, row.Withdrawn, row.NoTarget}, got, f.Target)
		for _, k := range c.Cases {
			if of := k.Either(); api.TargetName(of.Target) != f.Target {
				continue
			}
			if k.Before != nil {
				moved[k.Before.Part]--
			}
			if k.After != nil {
				moved[k.After.Part]++
			}
		}
		for _, part := range ticket.Parts() {
			require.Equal(t, f.After[part], moved[part], "%s %s", f.Target, part)
		}
		differing += f.Differing
	}
	require.Equal(t, differing, c.Differing)
	require.Len(t, c.Cases, int(differing))
}

func TestSLA10AComparisonListsExactlyWhatEachTicketSays(t *testing.T) {
	t.Parallel()
	w, ids := walked(t, 300)
	head := w.settle()
	before := w.compared(api.AsOf{}, ofHQ(api.Rules{Book: w.book("hq")}), 500)
	require.Empty(t, before.Cases, "the rules that were in force judge as they did")
	requireFigures(t, w, api.AsOf{}, before)

	w.amendLate()
	w.settle()
	rules := api.Rules{Book: w.book("hq")}
	c := w.compared(api.AsOf{}, ofHQ(rules), 500)
	requireFigures(t, w, api.AsOf{}, c)
	require.Equal(t, before.Targets[0].Before, c.Targets[0].Before, "what was judged stays")

	want := w.expected(ids)
	require.Greater(t, len(want), 20)
	require.Equal(t, want, lines(c))

	for _, limit := range []int{1, 7} {
		paged := w.compared(api.AsOf{}, ofHQ(rules), limit)
		require.Equal(t, want, lines(paged), limit)
		require.Equal(t, c.Digest, paged.Digest)
		require.Equal(t, c.Targets, paged.Targets)
	}
	one := ofHQ(rules)
	one.Target = api.Resolution
	resolution := w.compared(api.AsOf{}, one, 5)
	require.Len(t, resolution.Targets, 1)
	require.Equal(t, c.Targets[3], resolution.Targets[0])
	require.Less(t, len(resolution.Cases), len(c.Cases))
	for n := int64(40); n < head; n += 37 { // AUD-04
		at := api.AsOf{Number: &n}
		past := w.compared(at, ofHQ(rules), 9)
		requireFigures(t, w, at, past)
	}

	ids = w.walk(rand.New(rand.NewPCG(5, 23)), ids, 100) // what comes is judged by the new versions
	w.settle()
	c = w.compared(api.AsOf{}, ofHQ(rules), 500)
	requireFigures(t, w, api.AsOf{}, c)
	require.Equal(t, w.expected(ids), lines(c))
}

// expected are the lines of a comparison with what holds now, ticket by ticket.
func (w *world) expected(ids []uuid.UUID) []string {
	w.t.Helper()
	var want []string
	for _, id := range w.byCall(ids) {
		stored, err := w.Store.ReadStream(w.t.Context(), commands.StreamOf("ticket", id), 0)
		require.NoError(w.t, err)
		events, err := commands.TicketEvents(stored)
		require.NoError(w.t, err)
		under, err := w.App.Tickets.JudgeUnder(w.t.Context(), w.Request(""), id, commands.Versions{})
		require.NoError(w.t, err)
		for _, d := range ticket.Differences(ticket.CasesOnRecord(events, w.Clock.Now()), under) {
			want = append(want, line(id, d))
		}
	}
	return want
}

// byCall returns those of the tickets that are at hq, in the order of the calls.
func (w *world) byCall(ids []uuid.UUID) []uuid.UUID {
	w.t.Helper()
	var at []api.SealedTicket
	for _, id := range ids {
		k, _, err := w.side.Get(w.t.Context(), api.AsOf{}, id)
		require.NoError(w.t, err)
		if k.Site == "hq" {
			at = append(at, k)
		}
	}
	slices.SortFunc(at, func(a, b api.SealedTicket) int {
		return cmp.Or(a.CalledAt.Compare(b.CalledAt.Time), cmp.Compare(a.Id.String(), b.Id.String()))
	})
	out := make([]uuid.UUID, len(at))
	for i, k := range at {
		out[i] = k.Id
	}
	return out
}

func TestPOL04APreviewListsWhatADraftWouldChangeAndNothingElse(t *testing.T) {
	t.Parallel()
	w, _ := walked(t, 250)
	head := w.settle()
	draft := func(from time.Time, content string) commands.Draft {
		d, err := w.App.Policies.Draft(t.Context(), w.Request(""), commands.RecordPolicy{
			Site: "hq", Kind: policy.KindCalendar, EffectiveFrom: from, Reason: "closed", Content: json.RawMessage(content),
		})
		require.NoError(t, err)
		return d
	}
	const closed = `{"zone":"Asia/Shanghai","week":{"mon":[],"tue":[],"wed":[],"thu":[["08:00","18:00"]],"fri":[],"sat":[],"sun":[]},"days":{}}`
	from := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	d := draft(from, closed)
	require.True(t, d.Changed && d.Late)
	q, err := api.PreviewQuery(t.Context(), w.App.Policies, w.side, d)
	require.NoError(t, err)
	c := w.compared(api.AsOf{}, q, 3)
	require.NotEmpty(t, c.Cases)
	require.Equal(t, head, w.settle(), "nothing is recorded")
	for _, k := range c.Cases {
		require.Equal(t, "hq", k.Site)
		require.False(t, k.Either().Judged.StartAt.Before(from), "SLA-04 a clock that started before it goes by another version")
		require.Equal(t, k.Before.Part, k.Record.Part)
	}
	whole := q
	whole.Since = time.Time{}
	require.Equal(t, lines(c), lines(w.compared(api.AsOf{}, whole, 500)), "what is left out would not change")
	again := w.compared(api.AsOf{}, q, 500)
	require.Equal(t, api.Confirmation(d, c), api.Confirmation(d, again))
	require.NotEqual(t, api.Confirmation(d, c), api.Confirmation(draft(from.Add(time.Second), closed), again))

	w.amend(policy.KindCalendar, from, closed)
	w.settle()
	require.Equal(t, lines(c), lines(w.compared(api.AsOf{}, ofHQ(api.Rules{Book: w.book("hq")}), 500)), "it changes what was listed")

	later := draft(w.Clock.Now().Add(time.Hour), closed)
	require.False(t, later.Late)
	q, err = api.PreviewQuery(t.Context(), w.App.Policies, w.side, later)
	require.NoError(t, err)
	require.Empty(t, w.compared(api.AsOf{}, q, 5).Cases)
	same := draft(from, closed)
	require.False(t, same.Changed, "TKT-02")
	q, err = api.PreviewQuery(t.Context(), w.App.Policies, w.side, same)
	require.NoError(t, err)
	require.Empty(t, q.Sites)
}

func TestPOL06ADraftForEverySiteIsListedForEachThatMayFollowIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle()
	d, err := w.App.Policies.Draft(t.Context(), w.Request(""), commands.RecordPolicy{
		Kind: policy.KindCalendar, EffectiveFrom: w.Clock.Now(), Reason: "r", Content: json.RawMessage(`{"zone":"UTC","week":{"mon":[["08:00","18:00"]]},"days":{}}`),
	})
	require.NoError(t, err)
	q, err := api.PreviewQuery(t.Context(), w.App.Policies, w.side, d)
	require.NoError(t, err)
	var codes []string
	for _, s := range q.Sites {
		codes = append(codes, s.Site)
	}
	require.ElementsMatch(t, sites, codes)
	r := w.Request("")
	r.Sites = []string{"hq"}
	_, err = w.App.Policies.Draft(t.Context(), r, commands.RecordPolicy{Kind: policy.KindCalendar})
	require.ErrorIs(t, err, commands.ErrNotFound)
}

func TestACursorOfAComparisonIsReadStrictly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, after := range []string{"x", `{"s":-1}`, `{"s":7}`} {
		w.settle()
		_, _, err := w.side.Compare(t.Context(), api.AsOf{}, ofHQ(api.Rules{}), api.Page{Limit: 1, After: after})
		require.ErrorIs(t, err, api.ErrBadCursor, after)
	}
}
