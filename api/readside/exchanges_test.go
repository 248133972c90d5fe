package readside_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// swap is an exchange of one tool for another, brought to its completion step
// by step: what the process manager does is done by hand, so that it may stop anywhere.
type swap struct {
	*world
	id, old, spare uuid.UUID
	keeper, store  tool.Holder
	boss           string
	keptAt, doneAt time.Time
}

// wrench registers a tool of a model.
func (w *world) wrench(number, spec string, holder *tool.Holder) uuid.UUID {
	w.t.Helper()
	reg, err := w.App.Tools.Register(w.t.Context(), w.request(), commands.RegisterTool{
		Site: "hq", Number: number, Kind: "wrench", Name: "w", Spec: spec, PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main", Holder: holder,
	})
	require.NoError(w.t, err)
	return reg.ID
}

// reserve brings an exchange of old for spare to where both are kept.
func (w *world) reserve(holders []tool.Holder, old, spare uuid.UUID) *swap {
	w.t.Helper()
	s := &swap{world: w, old: old, spare: spare, keeper: holders[2], store: holders[0], boss: holders[3].Who}
	ctx, do := w.t.Context(), w.App.Exchanges
	w.Clock.Advance(10 * time.Minute)
	reg, err := do.Apply(ctx, w.as(s.keeper.Who), commands.ApplyExchange{Tool: old, Reason: "worn"})
	require.NoError(w.t, err)
	s.id = reg.ID
	s.must(do.Surrender(ctx, w.as(s.boss), s.id, commands.SurrenderTool{Store: "main", Giver: s.keeper.Who}))
	s.must(do.Inspect(ctx, w.as(s.boss), s.id, commands.InspectExchange{Outcome: exchange.NoValue, ScrapNote: "jaw off"}))
	s.settle()
	s.must(do.Choose(ctx, w.as(s.boss), s.id, commands.ChooseReplacement{Replacement: &spare, Declined: "too heavy"}))
	s.keptAt = w.Clock.Now()
	for _, id := range []uuid.UUID{old, spare} {
		s.must(do.KeepTool(ctx, w.request(), id, s.id, s.keptAt))
	}
	s.must(do.Reserve(ctx, w.request(), s.id, s.keptAt))
	return s
}

func (s *swap) must(_ commands.Result, err error) {
	s.t.Helper()
	require.NoError(s.t, err)
}

// complete moves both tools; both are marked before their own streams have it.
func (s *swap) complete() {
	s.t.Helper()
	s.Clock.Advance(10 * time.Minute)
	s.doneAt = s.Clock.Now()
	s.Clock.Advance(10 * time.Minute)
	s.must(s.App.Tools.Block(s.t.Context(), s.request(), s.spare, commands.BlockTool{Reason: tool.BlockQuality})) // later than the completion
	s.must(s.App.Exchanges.Complete(s.t.Context(), s.as(s.keeper.Who), s.id, &s.doneAt))
	s.Clock.Advance(10 * time.Minute)
	s.must(s.App.Tools.Block(s.t.Context(), s.request(), s.old, commands.BlockTool{Reason: tool.BlockFault}))
	s.Clock.Advance(10 * time.Minute)
}

func (s *swap) settleTool(id uuid.UUID) {
	s.t.Helper()
	s.must(s.App.Exchanges.SettleTool(s.t.Context(), s.request(), id, s.id, s.doneAt))
}

// holders asks for who has both tools, by their cards and by every list, and
// holds each answer against the others. at is nil for as it stands then. It
// returns all that was answered.
func (s *swap) holders(n int64, at *time.Time) (old, spare tool.Holder, all string) {
	s.t.Helper()
	ctx, as := s.t.Context(), api.AsOf{Number: &n}
	if n == 0 {
		as = api.AsOf{}
	}
	var answers []any
	has := func(id uuid.UUID) tool.Holder {
		card, _, err := s.side.Tool(ctx, as, id, at)
		require.NoError(s.t, err)
		answers = append(answers, card)
		return tool.Holder{Kind: tool.HolderKind(card.Tool.Holder.Kind), Who: card.Tool.Holder.Who}
	}
	old, spare = has(s.old), has(s.spare)
	for _, h := range []tool.Holder{s.keeper, s.store, {Kind: tool.Person}, {Kind: tool.Store}} {
		rows, _, _, err := s.side.ListTools(ctx, as, api.ToolFilter{Sites: []string{"hq"}, Holder: &h, HeldAt: at}, api.Page{Limit: 50})
		require.NoError(s.t, err)
		answers = append(answers, rows)
		for id, has := range map[uuid.UUID]tool.Holder{s.old: old, s.spare: spare} {
			want := has.Kind == h.Kind && (h.Who == "" || has.Who == h.Who)
			listed := slices.ContainsFunc(rows, func(row api.Tool) bool { return row.Id == id })
			require.Equal(s.t, want, listed, "as of %d at %v: %s is with %v, asked for %v", n, at, id, has, h)
		}
	}
	if at == nil {
		s.standing(as, old, spare)
	}
	b, err := json.Marshal(answers)
	require.NoError(s.t, err)
	return old, spare, string(b)
}

// standing holds the lists by standing against who has the tools.
func (s *swap) standing(as api.AsOf, old, spare tool.Holder) {
	s.t.Helper()
	for _, standing := range []api.ToolStanding{"issued", "in_store"} {
		rows, _, _, err := s.side.ListTools(s.t.Context(), as, api.ToolFilter{Standing: &standing}, api.Page{Limit: 50})
		require.NoError(s.t, err)
		for id, has := range map[uuid.UUID]tool.Holder{s.old: old, s.spare: spare} {
			listed := slices.ContainsFunc(rows, func(row api.Tool) bool { return row.Id == id })
			require.Equal(s.t, (has.Kind == tool.Person) == (standing == "issued"), listed)
		}
	}
}

// walk asks as of every number since both tools were there, and at every
// instant around whatever happened. It returns every answer by number and instant.
func (s *swap) walk(completed int64) map[string]string {
	s.t.Helper()
	head := s.settle()
	log := s.records(head)
	answers := map[string]string{}
	there := int64(0)
	var instants []time.Time
	for _, rec := range log {
		if rec.Stream == commands.StreamOf("tool", s.old) || rec.Stream == commands.StreamOf("tool", s.spare) {
			if _, ok := rec.Event.(tool.Registered); ok {
				there = rec.Number
				instants = nil
			}
		}
		for _, d := range []time.Duration{-time.Millisecond, 0, time.Millisecond} {
			instants = append(instants, rec.Envelope.OccurredAt.Add(d))
		}
	}
	slices.SortFunc(instants, time.Time.Compare)
	instants = slices.CompactFunc(instants, time.Time.Equal)
	instants = slices.DeleteFunc(instants, func(t time.Time) bool { return t.Before(s.keptAt.Add(-time.Millisecond)) })
	for n := there; n <= head+1; n++ {
		number := n
		if n > head {
			number = 0 // now
		}
		for i := -1; i < len(instants); i++ {
			var at *time.Time
			if i >= 0 {
				at = &instants[i]
			}
			old, spare, all := s.holders(number, at)
			moved := completed > 0 && n >= completed && (at == nil || !at.Before(s.doneAt))
			want := [2]tool.Holder{s.keeper, s.store}
			if moved {
				want = [2]tool.Holder{s.store, s.keeper}
			}
			require.Equal(s.t, want, [2]tool.Holder{old, spare}, "as of %d of %d at %v: together, whole or not at all", number, head, at)
			if number > 0 {
				answers[fmt.Sprint(number, at)] = all
			}
		}
	}
	return answers
}

// number is that of the last event of a type.
func (s *swap) number(typ string) int64 {
	s.t.Helper()
	out := int64(0)
	for _, rec := range s.records(s.settle()) {
		if rec.Type == typ {
			out = rec.Number
		}
	}
	return out
}

func TestEXC06NoMomentPastOrPresentShowsTheTwoToolsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	w.App.Exchanges.Connect(w.side, nil)
	old, spare := w.wrench("W-1", "27 mm", &holders[2]), w.wrench("W-2", "27 mm", nil)
	w.wrench("W-3", "27 mm", nil)
	s := w.reserve(holders, old, spare)
	s.walk(0)
	s.complete()
	completed := s.number("exchange.completed.v1")

	// Killed here, it is all the same.
	before := s.walk(completed)
	s.settleTool(old)
	between := s.walk(completed)
	s.settleTool(spare)
	s.must(w.App.Exchanges.Settle(t.Context(), w.request(), s.id, s.doneAt))
	after := s.walk(completed)
	for _, earlier := range []map[string]string{before, between} {
		require.Greater(t, len(earlier), 100)
		for key, answer := range earlier {
			if later, asked := after[key]; asked {
				require.Equal(t, answer, later, "what was known then is answered as it was: %s", key)
			}
		}
	}
	card, _, err := w.side.Tool(t.Context(), api.AsOf{}, old, nil)
	require.NoError(t, err)
	require.Nil(t, card.Tool.KeptBy)
	require.True(t, card.Tool.Surrendered)
}

func TestEXC06WhatIsWithdrawnMovedAtNoMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	w.App.Exchanges.Connect(w.side, nil)
	old, spare := w.wrench("W-1", "27 mm", &holders[2]), w.wrench("W-2", "27 mm", nil)
	s := w.reserve(holders, old, spare)
	s.must(w.App.Exchanges.Cancel(t.Context(), w.as(s.boss), s.id, commands.ToolReason{Reason: "too heavy"}))
	s.walk(0)
	now := w.Clock.Now()
	for _, id := range []uuid.UUID{old, spare} {
		s.must(w.App.Exchanges.ReleaseTool(t.Context(), w.request(), id, s.id, now))
		s.walk(0)
	}
	x, _, err := w.side.Exchange(t.Context(), api.AsOf{}, s.id)
	require.NoError(t, err)
	require.Equal(t, "too heavy", x.EndReason)
	require.Equal(t, api.ExchangeStatus("withdrawn"), x.Status)
}

func TestEXC03TheToolsInStoreAreProposedWornOnesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	w.App.Exchanges.Connect(w.side, nil)
	ctx := t.Context()
	worn := w.wrench("W-9", "27 mm", &holders[3])
	_, err := w.App.Tools.Return(ctx, w.request(), worn, commands.ReturnTool{Store: "main", By: holders[3].Who, Condition: tool.Worn})
	require.NoError(t, err)
	old, fresh := w.wrench("W-1", "27 mm", &holders[2]), w.wrench("W-2", "27 mm", nil)
	w.wrench("W-3", "30 mm", nil) // another model
	blocked := w.wrench("W-4", "27 mm", nil)
	_, err = w.App.Tools.Block(ctx, w.request(), blocked, commands.BlockTool{Reason: tool.BlockFault})
	require.NoError(t, err)
	w.settle()
	ask := func() []commands.Spare {
		spares, err := w.side.Spares(ctx, "hq", exchange.Model{Kind: "wrench", Spec: "27 mm"}, "2026-03-02", 9)
		require.NoError(t, err)
		return spares
	}
	require.Equal(t, []commands.Spare{{Tool: worn, Number: "W-9", Used: true}, {Tool: fresh, Number: "W-2"}}, ask())
	s := w.reserve(holders, old, fresh)
	n := w.settle()
	as := func(n int64) []api.ExchangeSpare {
		spares, err := w.side.ExchangeSpares(ctx, api.AsOf{Number: &n}, s.id)
		require.NoError(t, err)
		return spares
	}
	require.Equal(t, []api.ExchangeSpare{{Id: worn, Number: "W-9", Worn: true}}, as(n))
	require.Equal(t, []api.ExchangeSpare{{Id: worn, Number: "W-9", Worn: true}, {Id: fresh, Number: "W-2"}}, as(s.number("exchange.replacement_chosen.v1")))
	require.Equal(t, []commands.Spare{{Tool: worn, Number: "W-9", Used: true}}, ask(), "what is kept is not proposed")
}

func TestExchangesAreListedAsOfAnyNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	ctx := t.Context()
	var ids []uuid.UUID
	var tools []uuid.UUID
	for n := range 5 {
		id := w.wrench(fmt.Sprint("W-", n), "27 mm", &holders[2])
		reg, err := w.App.Exchanges.Apply(ctx, w.as(holders[2].Who), commands.ApplyExchange{Tool: id, Reason: "worn"})
		require.NoError(t, err)
		ids, tools = append(ids, reg.ID), append(tools, id)
		w.Clock.Advance(time.Minute)
	}
	before := w.settle()
	_, err := w.App.Exchanges.Withdraw(ctx, w.as(holders[2].Who), ids[1], commands.ToolReason{})
	require.NoError(t, err)
	w.settle()
	list := func(at api.AsOf, f api.ExchangeFilter) []uuid.UUID {
		var out []uuid.UUID
		for after := ""; ; {
			rows, next, _, err := w.side.ListExchanges(ctx, at, f, api.Page{After: after, Limit: 2})
			require.NoError(t, err)
			for _, row := range rows {
				out = append(out, row.Id)
			}
			if after = next; next == "" {
				return out
			}
		}
	}
	approved := api.ExchangeStatus("approved")
	require.Equal(t, ids, list(api.AsOf{}, api.ExchangeFilter{}))
	require.Equal(t, []uuid.UUID{ids[0], ids[2], ids[3], ids[4]}, list(api.AsOf{}, api.ExchangeFilter{Sites: []string{"hq"}, Status: &approved}))
	require.Equal(t, ids, list(api.AsOf{Number: &before}, api.ExchangeFilter{Status: &approved}))
	require.Equal(t, ids[3:4], list(api.AsOf{}, api.ExchangeFilter{Tool: &tools[3]}))
	require.Empty(t, list(api.AsOf{}, api.ExchangeFilter{Sites: []string{}}))
	_, _, _, err = w.side.ListExchanges(ctx, api.AsOf{}, api.ExchangeFilter{}, api.Page{After: `["x","` + ids[0].String() + `"]`, Limit: 2})
	require.ErrorIs(t, err, api.ErrBadCursor)
	_, _, err = w.side.Exchange(ctx, api.AsOf{}, uuid.New())
	require.ErrorIs(t, err, commands.ErrNotFound)
}
