package readside_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// equip gives hq a store and registers who takes tools.
func (w *world) equip() []tool.Holder {
	w.t.Helper()
	_, err := w.App.Policies.Record(w.t.Context(), w.request(), commands.RecordPolicy{
		Site: "hq", Kind: policy.KindTools, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first",
		Content: json.RawMessage(`{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"}]}`),
	})
	require.NoError(w.t, err)
	holders := []tool.Holder{{Kind: tool.Store, Who: "main"}, {Kind: tool.Nobody}}
	for n := range 2 {
		reg, err := w.App.People.Register(w.t.Context(), w.request(), commands.RegisterPerson{
			Site: "hq", External: domain.ExternalKey{System: "hr", Key: strconv.Itoa(n)}, Name: "n", Roles: []string{},
		})
		require.NoError(w.t, err)
		holders = append(holders, tool.Holder{Kind: tool.Person, Who: reg.ID.String()})
	}
	return holders
}

// as is a request of a person.
func (w *world) as(person string) commands.Request {
	r := w.request()
	r.Actor.Person = person
	return r
}

// useTool does something to a tool; what a rule refuses changes nothing.
func (w *world) useTool(random *rand.Rand, id uuid.UUID, people []tool.Holder) {
	w.t.Helper()
	ctx, do := w.t.Context(), w.App.Tools
	who := people[random.IntN(len(people))]
	r := w.as(who.Who)
	var err error
	switch random.IntN(7) {
	case 0, 1:
		_, err = do.Issue(ctx, r, id, commands.IssueTool{To: who})
	case 2:
		_, err = do.Accept(ctx, r, id, nil)
	case 3:
		_, err = do.Return(ctx, r, id, commands.ReturnTool{Store: "main", By: who.Who, Condition: tool.Worn})
	case 4:
		_, err = do.HandOver(ctx, r, id, commands.HandOverTool{To: who})
	case 5:
		_, err = do.ReportMissing(ctx, r, id, commands.MissingTool{LostAt: w.Clock.Now(), Place: "sump"})
	case 6:
		_, err = do.Find(ctx, r, id, commands.FoundTool{Store: "main"})
	}
	var refused *domain.RuleError
	if err != nil && !errors.As(err, &refused) {
		require.NoError(w.t, err)
	}
}

// heldThen says who had which tool at a time by the events up to a number,
// folded by nothing but their own words.
func heldThen(log []eventschemas.Record, to int64, at time.Time) map[string]tool.Holder {
	held := map[string]tool.Holder{}
	number := map[string]string{}
	for _, rec := range log {
		if rec.Number > to {
			break
		}
		var when domain.Instant
		var holder tool.Holder
		switch e := rec.Event.(type) {
		case tool.Registered:
			number[rec.Stream] = e.Number
			when, holder = e.At, e.Holder
		case tool.Accepted:
			when, holder = e.At, e.Holder
		case tool.HandedOver:
			when, holder = e.At, e.Holder
		case tool.Lent:
			when, holder = e.At, e.Holder
		case tool.Returned:
			when, holder = e.At, tool.Holder{Kind: tool.Store, Who: e.Store}
		case tool.Found:
			when, holder = e.At, tool.Holder{Kind: tool.Store, Who: e.Store}
		case tool.ReportedMissing:
			when, holder = e.At, tool.Holder{Kind: tool.Nobody}
		default:
			continue
		}
		if !when.After(at) {
			held[number[rec.Stream]] = holder
		}
	}
	return held
}

func TestCHK03WhoHadWhichToolIsKnownInBothSensesOfTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	random := rand.New(rand.NewPCG(3, 14))
	var ids []uuid.UUID
	for n := range 12 {
		reg, err := w.App.Tools.Register(t.Context(), w.request(), commands.RegisterTool{
			Site: "hq", Number: fmt.Sprintf("W-%02d", n), Kind: "wrench", Name: "w", PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main",
		})
		require.NoError(t, err)
		ids = append(ids, reg.ID)
	}
	start := w.Clock.Now()
	for range 300 {
		w.Clock.Advance(time.Duration(random.IntN(90)) * time.Minute)
		w.useTool(random, ids[random.IntN(len(ids))], holders[2:])
	}
	end := w.Clock.Now()
	head := w.settle()
	log := w.records(head)
	seen := 0
	for range 60 {
		n := 1 + random.Int64N(head)
		at := start.Add(time.Duration(random.Int64N(int64(end.Sub(start)))))
		want := heldThen(log, n, at)
		holder := holders[random.IntN(len(holders))]
		var numbers []string
		for _, number := range slices.Sorted(maps.Keys(want)) {
			if want[number] == holder {
				numbers = append(numbers, number)
			}
		}
		var got []string
		for after := ""; ; {
			rows, next, snap, err := w.side.ListTools(t.Context(), api.AsOf{Number: &n}, api.ToolFilter{Sites: []string{"hq"}, Holder: &holder, HeldAt: &at}, api.Page{After: after, Limit: 2})
			require.NoError(t, err)
			require.Equal(t, n, snap.Number)
			for _, row := range rows {
				got = append(got, row.Number)
				card, _, err := w.side.Tool(t.Context(), api.AsOf{Number: &n}, row.Id, &at)
				require.NoError(t, err)
				require.Equal(t, row.Holder, card.Tool.Holder)
				require.Equal(t, api.HolderKind(holder.Kind), row.Holder.Kind)
			}
			if after = next; next == "" {
				break
			}
		}
		seen += len(got)
		require.Equal(t, numbers, got, "as of %d at %s", n, at)
	}
	require.Greater(t, seen, 60)
	for _, holder := range holders { // as it stands now
		rows, _, _, err := w.side.ListTools(t.Context(), api.AsOf{}, api.ToolFilter{Holder: &holder}, api.Page{Limit: 50})
		require.NoError(t, err)
		count := 0
		for _, h := range heldThen(log, head, end) {
			if h == holder {
				count++
			}
		}
		require.Len(t, rows, count)
	}
}
