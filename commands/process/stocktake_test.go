package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/processtest"
)

// shelf is a store of a world: its tools, and custody by the log itself.
type shelf struct {
	t *testing.T
	w *processtest.World
}

func (s shelf) as(key, person, role string) commands.Request {
	r := request(key)
	r.Actor.Person, r.Actor.Subject, r.Actor.Roles = person, person, []string{role}
	return r
}

// tools folds every tool up to a log number.
func (s shelf) tools(asOf int64) map[uuid.UUID]stocktake.Known {
	states, revisions := map[string]tool.State{}, map[string]int64{}
	for _, rec := range s.w.Records(s.t, asOf) {
		if e, ok := rec.Event.(tool.Event); ok {
			states[rec.Stream] = tool.Evolve(states[rec.Stream], e)
			revisions[rec.Stream] = int64(rec.Revision)
		}
	}
	out := map[uuid.UUID]stocktake.Known{}
	for stream, st := range states {
		id := uuid.MustParse(strings.TrimPrefix(stream, "fl.tool-"))
		out[id] = stocktake.Known{Tool: id, Number: st.Number, Holder: st.Holder, Home: st.Home, Revision: revisions[stream]}
	}
	return out
}

func (s shelf) Head(context.Context, string, int64) (int64, error) {
	return int64(len(s.w.Records(s.t, 1<<40))), nil
}

func (s shelf) Expected(_ context.Context, _ string, scope stocktake.Scope, asOf int64) ([]stocktake.Expected, error) {
	var out []stocktake.Expected
	for _, k := range s.tools(asOf) {
		if scope.Covers(k.Holder) {
			out = append(out, stocktake.Expected{Tool: k.Tool, Number: k.Number, Holder: k.Holder})
		}
	}
	slices.SortFunc(out, func(a, b stocktake.Expected) int { return strings.Compare(a.Number, b.Number) })
	return out, nil
}

func (s shelf) Known(_ context.Context, _ string, numbers []string, asOf int64) ([]stocktake.Known, error) {
	var out []stocktake.Known
	for _, k := range s.tools(asOf) {
		if slices.Contains(numbers, k.Number) {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s shelf) Elsewhere(context.Context, string, []string, int64) (map[string][]string, error) {
	return nil, nil
}

func (s shelf) person(key string) string {
	s.t.Helper()
	reg, err := s.w.App.People.Register(s.t.Context(), request("person "+key), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: key}, Name: key, Roles: []string{},
	})
	require.NoError(s.t, err)
	return reg.ID.String()
}

// fill enters a site with stores, people and tools W-1 to W-6; W-5 is li's, W-6
// is in the yard.
func (s shelf) fill() {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := s.w.App.Sites.Register(ctx, request("site"), commands.RegisterSite{Code: "hq", Name: "hq", Zone: "Asia/Shanghai"})
	require.NoError(s.t, err)
	for kind, content := range map[policy.Kind]string{
		policy.KindTools:   `{"stores":[{"code":"main","name":"main"},{"code":"yard","name":"yard"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"}]}`,
		policy.KindKeeping: `{"stocktake_months":1,"climate":{"low_tenths_c":-150,"high_tenths_c":350,"humidity_percent":80},"checks":[],"places":[]}`,
	} {
		_, err = s.w.App.Policies.Record(ctx, request("policy "+string(kind)), commands.RecordPolicy{
			Site: "hq", Kind: kind, EffectiveFrom: processtest.Start.Add(-time.Hour), Reason: "first", Content: json.RawMessage(content),
		})
		require.NoError(s.t, err)
	}
	li := s.person("li")
	for n := range 6 {
		in := commands.RegisterTool{
			Site: "hq", Number: fmt.Sprintf("W-%d", n+1), Kind: "wrench", Name: "wrench", PurchasedOn: "2025-01-01", Use: tool.Personal, Store: "main",
		}
		if n == 5 {
			in.Store = "yard"
		}
		if n == 4 {
			in.Holder = &tool.Holder{Kind: tool.Person, Who: li}
		}
		_, err = s.w.App.Tools.Register(ctx, request("tool "+in.Number), in)
		require.NoError(s.t, err)
	}
}

func (s shelf) id(number string) uuid.UUID {
	s.t.Helper()
	for id, k := range s.tools(1 << 40) {
		if k.Number == number {
			return id
		}
	}
	require.Fail(s.t, "no tool "+number)
	return uuid.Nil
}

// count finds W-1, W-2 broken, W-3 and W-4 missing, li's W-5 and the yard's W-6
// in the main store,
// and has it signed; W-4 is given out before anybody acts on it.
func (s shelf) count(key string) {
	s.t.Helper()
	ctx, do := s.t.Context(), s.w.App.Stocktakes
	li, wang, zhao := s.person("li"), s.person("wang"), s.person("zhao")
	reg, err := do.Start(ctx, s.as("start "+key, wang, "storekeeper"), commands.StartStocktake{
		Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"},
	}, s)
	require.NoError(s.t, err)
	_, err = do.Scan(ctx, s.as("scan "+key, li, "technician"), reg.ID, commands.ScanTools{Scans: []commands.ScanTool{
		{Number: "W-1", Condition: stocktake.Sound},
		{Number: "W-2", Condition: stocktake.Broken},
		{Number: "W-5", Condition: stocktake.Sound},
		{Number: "W-6", Condition: stocktake.Sound},
	}})
	require.NoError(s.t, err)
	_, err = do.Count(ctx, s.as("count "+key, wang, "storekeeper"), reg.ID, nil, s)
	require.NoError(s.t, err)
	st, err := do.Find(ctx, commands.Request{}, reg.ID)
	require.NoError(s.t, err)
	require.Equal(s.t, []int{1, 1, 2, 2}, []int{st.Result.Found, st.Result.Damaged, st.Result.Missing, st.Result.Unexpected})
	_, err = s.w.App.Tools.Issue(ctx, s.as("issue "+key, wang, "storekeeper"), s.id("W-4"), commands.IssueTool{To: tool.Holder{Kind: tool.Person, Who: li}})
	require.NoError(s.t, err)
	_, err = do.Sign(ctx, s.as("sign "+key, wang, "storekeeper"), reg.ID, commands.SignStocktake{As: stocktake.Storekeeper, Digest: st.Result.Digest})
	require.NoError(s.t, err)
	_, err = do.Sign(ctx, s.as("sign "+key, zhao, "manager"), reg.ID, commands.SignStocktake{As: stocktake.Manager, Digest: st.Result.Digest})
	require.NoError(s.t, err)
}

func counting(t *testing.T) processtest.Subject {
	t.Helper()
	return processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return process.Stocktake{Stocktakes: w.App.Stocktakes, Tools: w.App.Tools}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			shelf{t, w}.fill()
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			shelf{t, w}.count("a")
		},
		Want: []string{"accepted", "accepted", "accepted", "refused CHK-01", "accepted"}, // W-4 was given out since; W-6 is moved from the yard
	}
}

func TestCHK01EachDifferenceIsCorrectedOnceWhateverDies(t *testing.T) { // CHK-01
	t.Parallel()
	processtest.Exercise(t, counting(t))
}
