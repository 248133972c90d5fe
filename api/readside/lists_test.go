package readside_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// orders are all orders of a list.
func orders() []api.TicketSort {
	var out []api.TicketSort
	for _, by := range []string{"called_at", "number", "due_at", "updated_at", "level"} {
		out = append(out, api.TicketSort{By: by}, api.TicketSort{By: by, Desc: true})
	}
	return out
}

// filters are lists of every kind.
func filters() map[string]api.TicketFilter {
	yes, no, two, kind, problem := true, false, 2, "a", "pb"
	day, later := domain.Day("2026-03-02"), domain.Day("2026-03-03")
	status := api.TicketStatus("assigned")
	out := map[string]api.TicketFilter{
		"all": {}, "one site": {Sites: []string{"hq"}}, "no site": {Sites: []string{}}, "both sites": {Sites: sites},
		"overdue": {Overdue: &yes}, "not overdue": {Overdue: &no}, "level": {Level: &two}, "kind": {Kind: &kind},
		"problem": {Problem: &problem}, "status": {Status: &status}, "from": {OpenedFrom: &later}, "to": {OpenedTo: &day},
		"technician": {Technician: &people[1]}, "no technician": {Technician: &uuid.Nil}, "no team": {Team: &uuid.Nil},
		"due next, not late": {View: api.TicketViewDueNext, Overdue: &no},
	}
	for _, v := range []api.TicketView{
		api.TicketViewMine, api.TicketViewFollowing, api.TicketViewPaused, api.TicketViewClosed, api.TicketViewOverdue, api.TicketViewDueNext, api.TicketViewUndispatched,
	} {
		out[string(v)] = api.TicketFilter{View: v, Mine: people[0]}
		out[string(v)+" at one site"] = api.TicketFilter{View: v, Mine: people[0], Sites: []string{"north"}}
	}
	return out
}

// list turns the pages of a list. Later pages are as of the first, as the API asks them.
func list(t *testing.T, s *readside.Side, at api.AsOf, f api.TicketFilter, by api.TicketSort, limit int) []api.SealedTicket {
	t.Helper()
	var all []api.SealedTicket
	p := api.Page{Limit: limit}
	for {
		rows, next, snap, err := s.List(t.Context(), at, f, by, p)
		require.NoError(t, err)
		all = append(all, rows...)
		if next == "" {
			return all
		}
		p.After, at = next, api.AsOf{Number: &snap.Number}
	}
}

func TestAUD04EveryListAsOfANumberEqualsAFreshReplayUpToIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(7, 11))
	var ids []uuid.UUID
	for i := range 100 {
		w.Clock.Advance(time.Duration(1+random.IntN(40)) * time.Minute)
		if i < 4 || random.IntN(8) == 0 {
			ids = append(ids, w.register(sites[random.IntN(2)], ticket.Level(1+random.IntN(3)), []string{"a", "b"}[random.IntN(2)]))
			continue
		}
		w.step(random, ids[random.IntN(len(ids))])
		w.follow(i, ids)
	}
	head := w.settle()
	records := w.records(head)
	require.Greater(t, head, int64(60))

	pool, now := pgtest.Pool(t), clock.NewFake(time.Time{})
	fresh := newManager(t, w.Harness, pool)
	freshSide := w.sideOf(pool, fresh, now)
	at, previous, shown := int64(0), eventschemas.Checkpoint{}, map[string]int{}
	for at < head {
		n := min(at+1+random.Int64N(12), head)
		w.apply(t, fresh, records[at:n], previous)
		last := records[n-1]
		previous = eventschemas.Checkpoint{Number: n, Position: last.Position, EventID: last.ID, CreatedMax: last.Created}
		at = n
		snap, err := w.side.At(t.Context(), api.AsOf{Number: &n})
		require.NoError(t, err)
		now.Set(snap.Time.Time)
		for name, f := range filters() {
			by := orders()[random.IntN(10)]
			what := fmt.Sprintf("%s by %v as of %d", name, by, n)
			want := list(t, freshSide, api.AsOf{}, f, by, 500)
			require.Equal(t, want, list(t, w.side, api.AsOf{Number: &n}, f, by, 500), what)
			require.Equal(t, want, list(t, w.side, api.AsOf{Number: &n}, f, by, 1+random.IntN(3)), what+", by pages")
			require.Equal(t, want, list(t, freshSide, api.AsOf{}, f, by, 2), what+", by pages of now")
			shown[name] += len(want)
		}
	}
	for name, n := range shown {
		require.Equal(t, name == "no site", n == 0, "%s: the walk must fill every list", name)
	}
}

// apply gives a manager a page and waits until it has it.
func (w *world) apply(t *testing.T, m *readmodel.Manager, events []eventschemas.Record, previous eventschemas.Checkpoint) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stop := w.run(m, part{eventschemas.Page{Events: events, Previous: previous}})
	require.NoError(t, m.WaitFor(ctx, events[len(events)-1].Number))
	stop()
}

func TestListsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []uuid.UUID
	for i := range 9 {
		w.Clock.Advance(7 * time.Minute)
		ids = append(ids, w.register("hq", ticket.Level(1+i%4), "a")) // level 4 has no target
	}
	w.Clock.Advance(time.Minute)
	_, err := w.App.Tickets.Accept(t.Context(), w.request(), ids[4], nil)
	require.NoError(t, err)
	w.settle()
	key := map[string]func(api.SealedTicket) string{
		"called_at": func(x api.SealedTicket) string { return x.CalledAt.Format(time.RFC3339Nano) },
		"number":    func(x api.SealedTicket) string { return x.Number },
		"level":     func(x api.SealedTicket) string { return strconv.Itoa(x.Level) },
		"due_at": func(x api.SealedTicket) string {
			next := "9999"
			for _, g := range x.Targets {
				if g.ReachedAt == nil && (g.State == api.TargetStateStateRunning || g.State == api.TargetStateStateBreached) {
					next = min(next, g.DueAt.Format(time.RFC3339Nano))
				}
			}
			return next
		},
	}
	for _, by := range orders() {
		rows := list(t, w.side, api.AsOf{}, api.TicketFilter{}, by, 2)
		require.Len(t, rows, len(ids), by)
		if by.By == "updated_at" {
			last := rows[len(rows)-1]
			if by.Desc {
				last = rows[0]
			}
			require.Equal(t, ids[4], last.Id)
			continue
		}
		require.True(t, slices.IsSortedFunc(rows, func(a, b api.SealedTicket) int {
			c := strings.Compare(key[by.By](a), key[by.By](b))
			if by.Desc {
				c = -c
			}
			return cmp.Or(c, slices.Compare(a.Id[:], b.Id[:]))
		}), by)
	}
}

func TestTheBoardShowsWhatEachListIsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, do := t.Context(), w.App.Tickets
	var ids []uuid.UUID
	for range 5 {
		ids = append(ids, w.register("hq", 1, "a"))
	}
	must := func(_ commands.Result, err error) { require.NoError(t, err) }
	must(do.Assign(ctx, w.request(), ids[1], commands.AssignTicket{Technician: people[0]}))
	must(do.Pause(ctx, w.request(), ids[2], commands.PauseTicket{Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.FirstContact, ticket.Resolution}, Evidence: "x"}))
	must(do.Accept(ctx, w.request(), ids[4], nil))
	must(do.Resolve(ctx, w.request(), ids[4], commands.ResolveTicket{Solution: "x"}))
	must(do.Close(ctx, w.request(), ids[4], nil))
	must(do.Follow(ctx, w.request(), ids[0], people[0]))
	must(do.Unfollow(ctx, w.request(), ids[0], people[0]))
	must(do.Follow(ctx, w.request(), ids[2], people[1]))
	for _, person := range people {
		must(do.Follow(ctx, w.request(), ids[4], person))
	}
	w.Clock.Advance(20 * time.Minute) // beyond first contact
	late := w.register("hq", 1, "a")
	w.settle()
	shows := func(f api.TicketFilter, want ...uuid.UUID) {
		t.Helper()
		var got []uuid.UUID
		for _, row := range list(t, w.side, api.AsOf{}, f, api.TicketSort{By: "due_at"}, 500) {
			got = append(got, row.Id)
		}
		require.ElementsMatch(t, want, got)
	}
	no := false
	shows(api.TicketFilter{View: api.TicketViewMine, Mine: people[0]}, ids[1])
	shows(api.TicketFilter{View: api.TicketViewMine, Mine: people[1]})
	shows(api.TicketFilter{View: api.TicketViewFollowing, Mine: people[0]}, ids[4])
	shows(api.TicketFilter{View: api.TicketViewFollowing, Mine: people[1]}, ids[2], ids[4])
	shows(api.TicketFilter{View: api.TicketViewPaused}, ids[2])
	shows(api.TicketFilter{View: api.TicketViewClosed}, ids[4])
	shows(api.TicketFilter{View: api.TicketViewOverdue}, ids[0], ids[1], ids[3])
	shows(api.TicketFilter{View: api.TicketViewUndispatched}, ids[0], ids[2], ids[3], late)
	shows(api.TicketFilter{View: api.TicketViewDueNext}, ids[0], ids[1], ids[3], late)
	shows(api.TicketFilter{View: api.TicketViewDueNext, Overdue: &no}, late)
	due := list(t, w.side, api.AsOf{}, api.TicketFilter{View: api.TicketViewDueNext}, api.TicketSort{By: "due_at"}, 2)
	require.Equal(t, late, due[3].Id, "the next one first")
}

func TestACursorKeepsTheTimeByWhichTicketsAreLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.register("hq", 1, "a")
	}
	w.settle()
	w.Clock.Advance(20 * time.Minute) // late by now, not as of the last event
	rows, next, snap, err := w.side.List(t.Context(), api.AsOf{}, api.TicketFilter{View: api.TicketViewOverdue}, api.TicketSort{By: "number"}, api.Page{Limit: 2})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	rows, _, _, err = w.side.List(t.Context(), api.AsOf{Number: &snap.Number}, api.TicketFilter{View: api.TicketViewOverdue}, api.TicketSort{By: "number"}, api.Page{Limit: 2, After: next})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	for _, bad := range []string{"{", `["a"]`, `["a","b","c"]`, `["T-1","2026-03-02T00:00:00Z","x"]`, `["T-1","today","` + people[0].String() + `"]`} {
		_, _, _, err = w.side.List(t.Context(), api.AsOf{}, api.TicketFilter{}, api.TicketSort{By: "number"}, api.Page{Limit: 2, After: bad})
		require.ErrorIs(t, err, api.ErrBadCursor, bad)
	}
}
