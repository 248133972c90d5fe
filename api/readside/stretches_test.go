package readside_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// maybeSwap brings an exchange as far as the rules let it; nil if not to its completion.
func (w *world) maybeSwap(holders []tool.Holder, old, spare uuid.UUID) *swap {
	w.t.Helper()
	s := &swap{world: w, old: old, spare: spare, keeper: holders[2], store: holders[0], boss: holders[3].Who}
	ctx, do := w.t.Context(), w.App.Exchanges
	allowed := func(_ commands.Result, err error) bool {
		var refused *domain.RuleError
		if err != nil && !errors.As(err, &refused) {
			require.NoError(w.t, err)
		}
		return err == nil
	}
	reg, err := do.Apply(ctx, w.as(s.keeper.Who), commands.ApplyExchange{Tool: old, Reason: "worn"})
	if !allowed(commands.Result{}, err) {
		return nil
	}
	s.id = reg.ID
	done := allowed(do.Surrender(ctx, w.as(s.boss), s.id, commands.SurrenderTool{Store: "main", Giver: s.keeper.Who})) &&
		allowed(do.Inspect(ctx, w.as(s.boss), s.id, commands.InspectExchange{Outcome: exchange.NoValue, ScrapNote: "jaw off"}))
	if done {
		w.settle()
		s.keptAt = w.Clock.Now()
		done = allowed(do.Choose(ctx, w.as(s.boss), s.id, commands.ChooseReplacement{Replacement: &spare, Declined: "too heavy"})) &&
			allowed(do.KeepTool(ctx, w.request(), old, s.id, s.keptAt)) && allowed(do.KeepTool(ctx, w.request(), spare, s.id, s.keptAt)) &&
			allowed(do.Reserve(ctx, w.request(), s.id, s.keptAt))
	}
	s.doneAt = w.Clock.Now()
	if done && allowed(do.Complete(ctx, w.as(s.keeper.Who), s.id, &s.doneAt)) {
		return s
	}
	allowed(do.Cancel(ctx, w.as(s.boss), s.id, commands.ToolReason{Reason: "too heavy"}))
	for _, id := range []uuid.UUID{old, spare} {
		allowed(do.ReleaseTool(ctx, w.request(), id, s.id, w.Clock.Now()))
	}
	return nil
}

// bring brings a tool into the store, and on to a person if one is named, as
// far as the rules let it.
func (w *world) bring(id uuid.UUID, holders []tool.Holder, to *tool.Holder) {
	w.t.Helper()
	ctx, do := w.t.Context(), w.App.Tools
	try := func(_ commands.Result, err error) {
		var refused *domain.RuleError
		if err != nil && !errors.As(err, &refused) {
			require.NoError(w.t, err)
		}
	}
	w.find(id)
	try(do.Clear(ctx, w.request(), id, commands.ClearTool{}))
	for _, h := range holders[2:] {
		try(do.Accept(ctx, w.as(h.Who), id, nil))
		try(do.Return(ctx, w.request(), id, commands.ReturnTool{Store: "main", By: h.Who, Condition: tool.Good}))
	}
	if to != nil {
		try(do.Issue(ctx, w.request(), id, commands.IssueTool{To: *to}))
		try(do.Accept(ctx, w.as(to.Who), id, nil))
	}
}

// heldPlainly says who had which tool at a time, and since when, by the events
// up to a number as they stand: whoever was named last had it.
func heldPlainly(log []eventschemas.Record, to int64, at time.Time) map[string]tool.Holder {
	held, number := map[string]tool.Holder{}, map[string]string{}
	for _, rec := range log {
		if e, ok := rec.Event.(tool.Registered); ok {
			number[rec.Stream] = e.Number
		}
	}
	for _, rec := range standing(log, to) {
		moves := map[string]tool.Holder{} // by stream
		switch e := rec.Event.(type) {
		case tool.Registered:
			moves[rec.Stream] = e.Holder
		case tool.Accepted:
			moves[rec.Stream] = e.Holder
		case tool.HandedOver:
			moves[rec.Stream] = e.Holder
		case tool.Lent:
			moves[rec.Stream] = e.Holder
		case tool.Returned:
			moves[rec.Stream] = tool.Holder{Kind: tool.Store, Who: e.Store}
		case tool.Found:
			moves[rec.Stream] = tool.Holder{Kind: tool.Store, Who: e.Store}
		case tool.ReportedMissing:
			moves[rec.Stream] = tool.Holder{Kind: tool.Nobody}
		case exchange.Completed: // both, whatever their own streams say
			for _, m := range e.Moves {
				moves[commands.StreamOf("tool", m.Tool)] = m.To
			}
		}
		for stream, holder := range moves {
			if !rec.Envelope.OccurredAt.After(at) {
				held[number[stream]] = holder
			}
		}
	}
	return held
}

// toolsOf are the numbers of those that a holder had.
func toolsOf(held map[string]tool.Holder, h tool.Holder) []string {
	out := []string{}
	for _, number := range slices.Sorted(maps.Keys(held)) {
		if held[number] == h {
			out = append(out, number)
		}
	}
	return out
}

// pages asks for all pages of what a holder had: the tools, and the ledger of
// the day. It returns the numbers of both and all that was answered.
func (w *world) pages(s *readside.Side, n int64, at *time.Time, on *domain.Day, h tool.Holder) (tools, ledger []string, all string) {
	w.t.Helper()
	as := api.AsOf{Number: &n}
	var answers []any
	tools, ledger = []string{}, []string{}
	for after := ""; ; {
		rows, next, _, err := s.ListTools(w.t.Context(), as, api.ToolFilter{Sites: []string{"hq"}, Holder: &h, HeldAt: at}, api.Page{After: after, Limit: 2})
		require.NoError(w.t, err)
		for _, row := range rows {
			tools = append(tools, row.Number)
		}
		answers = append(answers, rows)
		if after = next; next == "" {
			break
		}
	}
	for after := ""; ; {
		page, _, err := s.LedgerPage(w.t.Context(), as, api.LedgerQuery{Site: "hq", Holder: h, On: on, After: after, Limit: 2})
		require.NoError(w.t, err)
		for _, row := range page.Rows {
			ledger = append(ledger, row.Number)
		}
		answers = append(answers, page.Rows)
		if after = page.More; after == "" {
			break
		}
	}
	b, err := json.Marshal(answers)
	require.NoError(w.t, err)
	return tools, ledger, string(b)
}

func TestAUD04PagesOfAnyDayAsKnownAtAnyNumberAreThoseOfAPlainFold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	w.App.Exchanges.Connect(w.side, nil)
	random := rand.New(rand.NewPCG(41, 2))
	var ids []uuid.UUID
	for n := range 16 {
		ids = append(ids, w.wrench(fmt.Sprintf("W-%02d", n), "27 mm", nil))
	}
	start := w.Clock.Now()
	var open []*swap
	for n := range 800 {
		w.Clock.Advance(time.Duration(random.IntN(90)) * time.Minute)
		id, who := ids[random.IntN(len(ids))], holders[2+random.IntN(2)]
		switch random.IntN(16) {
		case 0, 1, 8, 9:
			w.lateUse(random, id, who)
		case 2:
			w.strikeSome(random, id, holders)
		case 3:
			w.find(id)
		case 4:
			w.mark(id, n)
		case 5, 6:
			other := ids[random.IntN(len(ids))]
			if other == id || len(open) == 2 {
				continue
			}
			w.bring(id, holders, &holders[2])
			w.bring(other, holders, nil)
			if s := w.maybeSwap(holders, id, other); s != nil {
				open = append(open, s)
			}
		case 7: // its own stream has it after all
			if len(open) > 0 {
				open[0].settleTool(open[0].old)
				open[0].settleTool(open[0].spare)
				open[0].must(w.App.Exchanges.Settle(t.Context(), w.request(), open[0].id, open[0].doneAt))
				open = open[1:]
			}
		default:
			w.useTool(random, id, holders[2:])
		}
	}
	end := w.Clock.Now()
	head := w.settle()
	log := w.records(head)
	zone, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)

	type question struct {
		n  int64
		at *time.Time
	}
	var asked []question
	late, struck, swapped := 0, 0, 0
	for _, rec := range log {
		at := rec.Envelope.OccurredAt.Time
		switch e := rec.Event.(type) {
		case record.Struck:
			struck++
			asked = append(asked, question{rec.Number, nil}, question{rec.Number - 1, nil})
		case exchange.Completed:
			swapped++
			before := at.Add(-time.Millisecond)
			asked = append(asked, question{rec.Number - 1, &at}, question{rec.Number, &at}, question{rec.Number, &before}, question{rec.Number, nil}, question{rec.Number + 3, nil})
		case eventschemas.Late:
			if e.EnteredLate() {
				late++
				asked = append(asked, question{rec.Number, &at}, question{rec.Number - 1, &at}, question{head, &at})
			}
		}
	}
	t.Logf("%d late, %d struck, %d exchanged", late, struck, swapped)
	for _, n := range []int{late, struck, swapped} {
		require.GreaterOrEqual(t, n, 4)
	}
	for range 40 {
		at := start.Add(time.Duration(random.Int64N(int64(end.Sub(start)))))
		asked = append(asked, question{1 + random.Int64N(head), &at})
	}
	random.Shuffle(len(asked), func(i, j int) { asked[i], asked[j] = asked[j], asked[i] })
	asked = asked[:min(len(asked), 50)]
	seen := 0
	answer := func(s *readside.Side, check bool) (all []string) {
		for _, q := range asked {
			n := min(max(1, q.n), head)
			at, on, until := end, (*domain.Day)(nil), end
			if q.at != nil {
				at, on = *q.at, new(domain.DayOf(*q.at, zone))
				until, err = time.ParseInLocation(time.DateOnly, string(*on), zone)
				require.NoError(t, err)
				until = until.AddDate(0, 0, 1).Add(-time.Millisecond)
			}
			for _, h := range holders {
				tools, ledger, text := w.pages(s, n, q.at, on, h)
				all = append(all, text)
				if check {
					require.Equal(t, toolsOf(heldPlainly(log, n, at), h), tools, "as of %d at %v: %v", n, q.at, h)
					require.Equal(t, toolsOf(heldPlainly(log, n, until), h), ledger, "as of %d on %v: %v", n, on, h)
					seen += len(tools) + len(ledger)
				}
			}
		}
		return all
	}
	first := answer(w.side, true)
	require.Greater(t, seen, 300)
	for range 40 {
		w.Clock.Advance(time.Duration(random.IntN(90)) * time.Minute)
		w.useTool(random, ids[random.IntN(len(ids))], holders[2:])
	}
	w.settle()
	require.Equal(t, first, answer(w.side, false), "asked again, to the byte")

	reports, err := w.manager.Rebuild(t.Context(), readmodel.RebuildOptions{Pages: w.reader(), Projections: []string{"custody", "keeping"}})
	require.NoError(t, err)
	for _, r := range reports {
		require.True(t, r.Equal, "%s: live and rebuilt have one digest", r.Projection)
		require.NoError(t, w.manager.CutOver(t.Context(), w.reader(), r.Projection, r.Generation))
	}
	require.Equal(t, first, answer(w.sideOf(w.Pool, w.manager, w.Clock), false), "rebuilt, to the byte")
}
