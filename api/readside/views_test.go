package readside_test

import (
	"cmp"
	"fmt"
	"maps"
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
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/pgtest"
)

// views turns the pages of the list of a person's views.
func (w *world) views(s *readside.Side, at api.AsOf, person uuid.UUID, sites []string, limit int) []api.SavedView {
	w.t.Helper()
	all, p := []api.SavedView{}, api.Page{Limit: limit}
	for {
		rows, next, snap, err := s.Views(w.t.Context(), at, person, sites, p)
		require.NoError(w.t, err)
		all = append(all, rows...)
		if next == "" {
			return all
		}
		p.After, at = next, api.AsOf{Number: &snap.Number}
	}
}

// shelf is what the views should be: those of both persons, by id.
type shelf map[uuid.UUID]api.SavedView

// of lists what a person at sites sees.
func (s shelf) of(person uuid.UUID, sites []string) []api.SavedView {
	out := []api.SavedView{}
	for _, v := range s {
		if v.Owner == person || v.SharedWith != nil && (sites == nil || slices.Contains(sites, *v.SharedWith)) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b api.SavedView) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), slices.Compare(a.Id[:], b.Id[:]))
	})
	return out
}

// saved does something to a view of a person's and puts what came of it on the shelf.
func (w *world) saved(random *rand.Rand, s shelf) {
	w.t.Helper()
	ctx, owner := w.t.Context(), people[random.IntN(2)]
	name := fmt.Sprint("v", random.IntN(4))
	id := w.IDs.View(owner, name)
	_, there := s[id]
	if there && random.IntN(3) == 0 {
		_, err := w.App.Views.Delete(ctx, w.request(), id, owner)
		require.NoError(w.t, err)
		delete(s, id)
		return
	}
	v := api.SavedView{Id: id, Owner: owner, Name: name, Filter: map[string]string{"level": strconv.Itoa(w.keys)}}
	content := commands.ViewContent{Filter: v.Filter}
	if site := []string{"", "hq", "north"}[random.IntN(3)]; site != "" {
		v.SharedWith, content.SharedWith = &site, site
	}
	if random.IntN(2) == 0 {
		v.Sort, content.Order = new("number"), "number"
	}
	var res commands.Result
	var err error
	if there {
		res, err = w.App.Views.Change(ctx, w.request(), id, owner, content)
	} else {
		var reg commands.Registered
		reg, err = w.App.Views.Save(ctx, w.request(), owner, commands.SaveView{Name: name, ViewContent: content})
		require.Equal(w.t, id, reg.ID)
		res = reg.Result
	}
	require.NoError(w.t, err)
	v.Revision = res.Revision
	s[id] = v
}

func TestTKT15SavedViewsAsOfANumberAreThoseOfThatMomentAndOfAFreshReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(3, 5))
	begin := w.settle()
	then := map[int64]shelf{begin: {}}
	now := shelf{}
	for range 60 {
		w.Clock.Advance(time.Minute)
		w.saved(random, now)
		then[int64(w.Node.Head().Events)] = maps.Clone(now)
	}
	head := w.settle()
	records := w.records(head)
	pool := pgtest.Pool(t)
	fresh := newManager(t, w.Harness, pool)
	freshSide := w.sideOf(pool, fresh, clock.NewFake(time.Time{}))
	at, previous, shown := int64(0), eventschemas.Checkpoint{}, 0
	for _, n := range slices.Sorted(maps.Keys(then)) {
		w.apply(t, fresh, records[at:n], previous)
		last := records[n-1]
		previous = eventschemas.Checkpoint{Number: n, Position: last.Position, EventID: last.ID, CreatedMax: last.Created}
		at = n
		for _, seen := range [][]string{nil, {}, {"hq"}, {"hq", "north"}} {
			want := then[n].of(people[0], seen)
			what := fmt.Sprintf("at %v as of %d", seen, n)
			require.Equal(t, want, w.views(w.side, api.AsOf{Number: &n}, people[0], seen, 500), what)
			require.Equal(t, want, w.views(w.side, api.AsOf{Number: &n}, people[0], seen, 2), what+", by pages")
			require.Equal(t, want, w.views(freshSide, api.AsOf{}, people[0], seen, 500), what+", replayed")
			shown += len(want)
		}
		for _, owner := range people {
			for i := range 4 {
				id := w.IDs.View(owner, fmt.Sprint("v", i))
				got, _, err := w.side.View(t.Context(), api.AsOf{Number: &n}, id)
				want, there := then[n][id]
				if !there {
					require.ErrorIs(t, err, commands.ErrNotFound)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}
	}
	require.Equal(t, head, at)
	require.Greater(t, shown, 300, "the walk must fill the lists")
	_, _, _, err := w.side.Views(t.Context(), api.AsOf{}, people[0], nil, api.Page{Limit: 2, After: `["a"]`})
	require.ErrorIs(t, err, api.ErrBadCursor)
}
