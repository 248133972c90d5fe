package view_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/view"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var (
	now  = domain.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	lin  = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	wang = uuid.MustParse("22222222-2222-4222-8222-222222222222")
)

// waiting is a view of Lin's, with changes.
func waiting(change ...func(*view.Saved)) view.Saved {
	s := view.Saved{
		At: now, Owner: lin, Name: "waiting", SharedWith: "hq", Order: "-due_at",
		Filter: []view.Param{{Name: "level", Value: "1"}, {Name: "status", Value: "paused"}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func given(all ...view.Event) []view.Event { return all }

func often(n int) []view.Event {
	var out []view.Event
	for i := range n {
		out = append(out, waiting(func(s *view.Saved) { s.Order = strconv.Itoa(i) }))
	}
	return out
}

func TestSavingAView(t *testing.T) {
	t.Parallel()
	alone := func(s *view.Saved) { s.SharedWith = "" }
	plain := func(s *view.Saved) { s.Filter, s.Order = []view.Param{}, "" }
	bad := func(c func(*view.Saved)) view.Command { return view.Save(waiting(c)) }
	many := make([]view.Param, 21)
	for i := range many {
		many[i] = view.Param{Name: string(rune('a' + i)), Value: "x"}
	}
	decidertest.Run(t, view.Decide, view.Evolve, []decidertest.Case[view.Command, view.Event]{
		{Name: "TKT-15 a view is saved", When: view.Save(waiting()), Then: given(waiting())},
		{
			Name: "TKT-15 a view without a filter has an empty one", When: view.Save(waiting(plain, func(s *view.Saved) { s.Filter = nil })),
			Then: given(waiting(plain)),
		},
		{Name: "TKT-02 the same view again changes nothing", Given: given(waiting()), When: view.Save(waiting(func(s *view.Saved) { s.At = domain.At(now.Add(time.Hour)) }))},
		{Name: "TKT-15 one name is one view", Given: given(waiting()), When: view.Save(waiting(plain)), Refused: "TKT-15", Key: "view.exists"},
		{Name: "TKT-15 a name is free once its view is deleted", Given: given(waiting(), view.Deleted{At: now}), When: view.Save(waiting(plain)), Then: given(waiting(plain))},
		{
			Name: "TKT-15 a name stays its owner's", Given: given(waiting(), view.Deleted{At: now}),
			When: view.Save(waiting(func(s *view.Saved) { s.Owner = wang })), Refused: "TKT-15", Key: "view.not_owner",
		},
		{Name: "TKT-15 a view is shared no longer", Given: given(waiting()), When: view.Change(waiting(alone)), Then: given(waiting(alone))},
		{
			Name: "TKT-15 a change leaves the name", Given: given(waiting()),
			When: view.Change(waiting(plain, func(s *view.Saved) { s.Name = "" })), Then: given(waiting(plain)),
		},
		{Name: "TKT-02 a change to what it is changes nothing", Given: given(waiting()), When: view.Change(waiting())},
		{
			Name: "TKT-15 only its owner changes a view", Given: given(waiting()),
			When: view.Change(waiting(func(s *view.Saved) { s.Owner = wang })), Refused: "TKT-15", Key: "view.not_owner",
		},
		{Name: "TKT-15 a deleted view is not changed", Given: given(waiting(), view.Deleted{At: now}), When: view.Change(waiting()), Refused: "TKT-15", Key: "view.deleted"},
		{Name: "TKT-15 a stream stays short", Given: often(900), When: view.Change(waiting()), Refused: "TKT-15", Key: "view.too_many_changes"},
		{Name: "TKT-15 one change less is taken", Given: often(899), When: view.Change(waiting()), Then: given(waiting())},

		{Name: "AUD-01 a save has a time", When: bad(func(s *view.Saved) { s.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "TKT-15 a view has an owner", When: bad(func(s *view.Saved) { s.Owner = uuid.Nil }), Invalid: "/owner"},
		{Name: "TKT-15 a view has a name", When: bad(func(s *view.Saved) { s.Name = "" }), Invalid: "/name"},
		{Name: "TKT-15 a name has no space round it", When: bad(func(s *view.Saved) { s.Name = "waiting " }), Invalid: "/name"},
		{Name: "TKT-15 a name is short", When: bad(func(s *view.Saved) { s.Name = strings.Repeat("等", 101) }), Invalid: "/name"},
		{Name: "TKT-15 a filter is short", When: bad(func(s *view.Saved) { s.Filter = many }), Invalid: "/filter", Key: "view.filter_too_long"},
		{
			Name: "TKT-15 a parameter is given once", When: bad(func(s *view.Saved) { s.Filter = []view.Param{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}} }),
			Invalid: "/filter", Key: "view.filter_disordered",
		},
		{
			Name: "TKT-15 parameters are in order", When: bad(func(s *view.Saved) { s.Filter = []view.Param{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}} }),
			Invalid: "/filter", Key: "view.filter_disordered",
		},
		{Name: "TKT-15 a parameter has a name", When: bad(func(s *view.Saved) { s.Filter = []view.Param{{Value: "1"}} }), Invalid: "/filter"},
		{
			Name: "TKT-15 a value is short", When: bad(func(s *view.Saved) { s.Filter = []view.Param{{Name: "kind", Value: strings.Repeat("等", 201)}} }),
			Invalid: "/filter/kind",
		},
	})
}

func TestDeletingAView(t *testing.T) {
	t.Parallel()
	decidertest.Run(t, view.Decide, view.Evolve, []decidertest.Case[view.Command, view.Event]{
		{Name: "TKT-15 a view is deleted", Given: given(waiting()), When: view.Delete{At: now, Owner: lin}, Then: given(view.Deleted{At: now})},
		{Name: "TKT-02 a view is deleted once", Given: given(waiting(), view.Deleted{At: now}), When: view.Delete{At: now, Owner: lin}},
		{Name: "TKT-15 only its owner deletes a view", Given: given(waiting()), When: view.Delete{At: now, Owner: wang}, Refused: "TKT-15", Key: "view.not_owner"},
		{Name: "AUD-01 a deletion has a time", Given: given(waiting()), When: view.Delete{Owner: lin}, Invalid: "/at"},
	})
}
