package readside_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// standing returns the events up to a number that no strike up to it names,
// in the order in which they happened.
func standing(log []eventschemas.Record, to int64) []eventschemas.Record {
	var out []eventschemas.Record
	struck := map[uuid.UUID]bool{}
	for _, rec := range log {
		if rec.Number > to {
			break
		}
		if s, ok := rec.Event.(record.Struck); ok {
			struck[s.EventID] = true
			continue
		}
		out = append(out, rec)
	}
	out = slices.DeleteFunc(out, func(rec eventschemas.Record) bool { return struck[rec.ID] })
	slices.SortStableFunc(out, func(a, b eventschemas.Record) int { return a.Envelope.OccurredAt.Compare(b.Envelope.OccurredAt.Time) })
	return out
}

func TestTOL03StrikesAndLateFactsChangeWhatHeldThenAndNotWhatWasKnownThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	random := rand.New(rand.NewPCG(7, 21))
	var ids []uuid.UUID
	for n := range 5 {
		reg, err := w.App.Tools.Register(t.Context(), w.request(), commands.RegisterTool{
			Site: "hq", Number: fmt.Sprintf("W-%02d", n), Kind: "wrench", Name: "w", PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main",
		})
		require.NoError(t, err)
		ids = append(ids, reg.ID)
	}
	start := w.Clock.Now()
	for n := range 900 {
		w.Clock.Advance(time.Duration(random.IntN(90)) * time.Minute)
		id, who := ids[random.IntN(len(ids))], holders[2+random.IntN(2)]
		switch random.IntN(11) {
		case 0, 1, 2:
			w.lateUse(random, id, who)
		case 3:
			w.strikeSome(random, id, holders)
		case 4: // what is found may be lost again
			w.find(id)
		case 5, 6: // what moves nothing contradicts no late fact
			w.mark(id, n)
		default:
			w.useTool(random, id, holders[2:])
		}
	}
	end := w.Clock.Now()
	head := w.settle()
	log := w.records(head)
	type question struct {
		n  int64
		at time.Time
	}
	var asked []question
	late, struck := 0, 0
	for _, rec := range log {
		if _, ok := rec.Event.(record.Struck); ok {
			struck++
		}
		if l, ok := rec.Event.(eventschemas.Late); ok && l.EnteredLate() {
			late++
			at := rec.Envelope.OccurredAt.Time
			asked = append(asked, question{rec.Number, at}, question{rec.Number - 1, at}, question{head, at})
		}
	}
	require.GreaterOrEqual(t, late, 8)
	require.Greater(t, struck, 15)
	for range 80 {
		asked = append(asked, question{1 + random.Int64N(head), start.Add(time.Duration(random.Int64N(int64(end.Sub(start)))))})
	}
	for _, q := range asked {
		n, at := q.n, q.at
		known := standing(log, n)
		want := heldThen(known, n, at)
		got := map[string]tool.Holder{}
		for _, kind := range []tool.HolderKind{tool.Store, tool.Person, tool.Nobody} {
			rows, _, _, err := w.side.ListTools(t.Context(), api.AsOf{Number: &n}, api.ToolFilter{Holder: &tool.Holder{Kind: kind}, HeldAt: &at}, api.Page{Limit: 50})
			require.NoError(t, err)
			for _, row := range rows {
				got[row.Number] = tool.Holder{Kind: tool.HolderKind(row.Holder.Kind), Who: row.Holder.Who}
			}
		}
		require.Equal(t, want, got, "as of %d at %s", n, at)
	}
}

// lateUse enters something afterwards; what a rule refuses changes nothing.
func (w *world) lateUse(random *rand.Rand, id uuid.UUID, who tool.Holder) {
	w.t.Helper()
	at := w.Clock.Now().Add(-time.Duration(random.IntN(15*60)) * time.Minute)
	r := w.as(who.Who)
	r.LateReason = "the book was not at hand"
	var err error
	switch random.IntN(10) {
	case 8, 9:
		_, err = w.App.Tools.Block(w.t.Context(), r, id, commands.BlockTool{At: &at, Reason: tool.BlockQuality})
	case 0, 4, 5:
		_, err = w.App.Tools.Lend(w.t.Context(), r, id, commands.LendTool{At: &at, To: who, Until: at.Add(time.Hour), Purpose: "p", Responsible: who.Who})
	case 1:
		_, err = w.App.Tools.Return(w.t.Context(), r, id, commands.ReturnTool{At: &at, Store: "main", By: who.Who, Condition: tool.Good})
	case 2, 6, 7:
		_, err = w.App.Tools.HandOver(w.t.Context(), r, id, commands.HandOverTool{At: &at, To: who})
	case 3:
		_, err = w.App.Tools.ReportMissing(w.t.Context(), r, id, commands.MissingTool{At: &at, LostAt: at, Place: "sump"})
	}
	var refused *domain.RuleError
	if err != nil && !errors.As(err, &refused) {
		require.NoError(w.t, err)
	}
}

// strikeSome strikes an event of a tool, but not its registration.
func (w *world) strikeSome(random *rand.Rand, id uuid.UUID, holders []tool.Holder) {
	w.t.Helper()
	in := commands.StrikeEvent{Revision: 1 + random.Uint64N(20), Reason: "wrong tool", SecondPerson: holders[2].Who}
	_, err := w.App.Strikes.StrikeTool(w.t.Context(), w.as(holders[3].Who), id, in, func(commands.ToolCorrection) error { return nil })
	var refused *domain.RuleError
	if err != nil && !errors.As(err, &refused) {
		require.NoError(w.t, err)
	}
}

func (w *world) find(id uuid.UUID) {
	w.t.Helper()
	_, err := w.App.Tools.Find(w.t.Context(), w.request(), id, commands.FoundTool{Store: "main"})
	var refused *domain.RuleError
	if err != nil && !errors.As(err, &refused) {
		require.NoError(w.t, err)
	}
}

func (w *world) mark(id uuid.UUID, n int) {
	w.t.Helper()
	var err error
	if n%2 == 0 {
		_, err = w.App.Tools.Block(w.t.Context(), w.request(), id, commands.BlockTool{Reason: tool.BlockFault})
	} else {
		_, err = w.App.Tools.Clear(w.t.Context(), w.request(), id, commands.ClearTool{})
	}
	require.NoError(w.t, err)
}
