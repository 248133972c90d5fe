package simulate_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/simulate"
)

const (
	li   = "29dfadd9-0b47-570e-b81e-298136c1fb94"
	boss = "2957fb73-779f-5e72-b394-95a34142acea"
	hr   = "69e61c25-595f-58aa-9ee7-d393fc287523"
	loss = "a3540a0b-80ca-59bc-9729-4f9e52fbd027"
)

// fact is an event of the n-th hour of 2026.
func fact(t *testing.T, hour int, stream, kind, actor, data string) simulate.Fact {
	t.Helper()
	at := simulate.First().Add(time.Duration(hour) * time.Hour).UTC().Format(time.RFC3339)
	f, err := simulate.Read(eventschemas.Recorded{
		Stream: stream, Type: kind, Revision: uint64(hour), Data: []byte(data),
		Meta: fmt.Appendf(nil, `{"site":"mine","actor":{"person":%q},"occurred_at":%q,"recorded_at":%q}`, actor, at, at),
	})
	require.NoError(t, err)
	return f
}

// year is a small log in which all holds.
func year(t *testing.T) (*simulate.World, []simulate.Fact) {
	t.Helper()
	w := simulate.NewWorld(simulate.Plan{Sets: []string{"mine"}, Seed: 1})
	w.Sites = []*simulate.Site{{
		Code: "mine", Minimum: 200_000, Kinds: []simulate.Kind{{Code: "gloves", InspectMonths: 6}},
		People: []*simulate.Person{{ID: li, Site: "mine", Wages: map[string][]simulate.Wage{"2026-01": {{At: simulate.First(), Fen: 300_000}}}}},
	}}
	tool, account, lost := "fl.tool-1", "fl.deduction-account-"+li+"-2026", "fl.loss-"+loss
	return w, []simulate.Fact{
		fact(t, 1, tool, "tool.registered.v1", boss, `{"kind":"gloves","holder":{"kind":"store","who":"main"}}`),
		fact(t, 2, tool, "tool.inspected.v1", boss, `{"on":"2026-01-01","passed":true,"next":"2026-07-01"}`),
		fact(t, 3, tool, "tool.issued.v1", boss, `{"to":{"kind":"person","who":"li"}}`),
		fact(t, 4, tool, "tool.accepted.v1", li, `{"holder":{"kind":"person","who":"li"}}`),
		fact(t, 5, tool, "tool.returned.v1", boss, `{"from":{"kind":"person","who":"li"},"store":"main"}`),
		fact(t, 6, "fl.stock-1-1", "stock.opened.v1", boss, `{"lots":[{"lot":"L","condition":"new","pieces":2}]}`),
		fact(t, 7, "fl.stock-1-1", "stock.received.v1", boss, `{"lot":"L","condition":"new","pieces":1}`),
		fact(t, 8, "fl.stock-1-1", "stock.issued.v1", boss, `{"taken":[{"lot":"L","condition":"new","pieces":2}]}`),
		fact(t, 9, "fl.stock-1-1", "stock.adjusted.v1", boss, `{"lot":"L","condition":"new","delta":-1}`),
		fact(t, 10, lost, "loss.proposed.v1", boss, `{"by":"`+boss+`","amount_fen":70000}`),
		fact(t, 11, lost, "loss.approved.v1", hr, `{"by":"`+hr+`","amount_fen":70000,"shares":[{"person":"`+li+`","amount_fen":70000}]}`),
		fact(t, 12, account, "deduction.entered.v1", "system", `{"loss":"`+loss+`","amount_fen":70000}`),
		fact(t, 13, account, "deduction.posted.v1", hr, `{"month":"2026-01","entries":[{"loss":"`+loss+`","amount_fen":60000}],"taken_fen":60000}`),
		fact(t, 14, account, "deduction.cancelled.v1", "system", `{"loss":"`+loss+`","cancelled_fen":10000,"refund_fen":60000}`),
	}
}

// failing are the names of the checks that found faults.
func failing(w *simulate.World, facts []simulate.Fact) []string {
	var out []string
	for _, r := range simulate.Check(w, facts) {
		if len(r.Faults) > 0 {
			out = append(out, r.Name)
		}
	}
	return out
}

func TestAUD05EachCheckHoldsOfWhatIsRightAndFailsOfWhatIsCorrupted(t *testing.T) {
	t.Parallel()
	w, facts := year(t)
	require.Empty(t, failing(w, facts))
	for _, r := range simulate.Check(w, facts)[:6] {
		require.Positive(t, r.Looked, r.Name)
	}
	for _, c := range []struct {
		name, check, from, to string
	}{
		{"TOL-03 given back by who had it not", "custody", `"from":{"kind":"person","who":"li"}`, `"from":{"kind":"person","who":"wang"}`},
		{"STK-05 one piece more than there is", "stock", `"delta":-1`, `"delta":-2`},
		{"INS-02 good until yesterday", "inspection", `"next":"2026-07-01"`, `"next":"2025-12-31"`},
		{"INS-02 failed", "inspection", `"passed":true`, `"passed":false`},
		{"LOS-08 a fen more is owed than was approved", "instalments", `"amount_fen":70000,"loss"`, `"amount_fen":70001,"loss"`},
		{"LOS-08 more deducted than is owed", "instalments", `"cancelled_fen":10000`, `"cancelled_fen":10001`},
		{"LOS-08 a fen above a fifth", "wages", `60000`, `60001`},
		{"LOS-08 a sum that is none", "wages", `"taken_fen":60000`, `"taken_fen":59999`},
		{"LOS-07 approved by who proposed it", "approvals", `"by":"` + hr + `"`, `"by":"` + boss + `"`},
		{"LOS-07 approved by who pays", "approvals", `"by":"` + hr + `"`, `"by":"` + li + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, facts := year(t)
			changed := false
			for i, f := range facts {
				text, err := json.Marshal(f.Data)
				require.NoError(t, err)
				damaged := strings.ReplaceAll(string(text), c.from, c.to)
				changed = changed || damaged != string(text)
				facts[i].Data = fact(t, 0, f.Stream, f.Type, "", damaged).Data
			}
			require.True(t, changed, "nothing was corrupted")
			require.Contains(t, failing(w, facts), c.check)
		})
	}
}

func TestTOL03AToolIsRegisteredOnceAndGivenOutFromAStoreOnly(t *testing.T) {
	t.Parallel()
	w, facts := year(t)
	require.Equal(t, []string{"custody"}, failing(w, append(slices.Clone(facts), facts[0])))
	require.Contains(t, failing(w, slices.Insert(slices.Clone(facts), 4, facts[2])), "custody")
	require.Contains(t, failing(w, facts[2:]), "custody", "before it was registered")
	w.Custody = []string{"two have it"}
	require.Equal(t, []string{"custody"}, failing(w, facts))
}

func TestINS02AStruckInspectionIsNone(t *testing.T) {
	t.Parallel()
	w, facts := year(t)
	struck := fact(t, 2, "fl.tool-1", "record.struck.v1", boss, `{"revision":2}`)
	require.Equal(t, []string{"inspection"}, failing(w, slices.Insert(facts, 2, struck)))
}

func TestLOS08AMonthLeavesTheMinimumWage(t *testing.T) {
	t.Parallel()
	w, facts := year(t)
	w.Sites[0].Minimum = 240_001
	require.Equal(t, []string{"wages"}, failing(w, facts))
}

func TestWhatIsForbiddenAndWasAcceptedIsAFault(t *testing.T) {
	t.Parallel()
	w, facts := year(t)
	w.Slipped = []string{"TOL-04: accepted"}
	require.Equal(t, []string{"refusals"}, failing(w, facts))
}

func TestEveryTypeOfTheToolSideThatDidNotOccurIsNamed(t *testing.T) {
	t.Parallel()
	_, facts := year(t)
	missing := simulate.Missing(simulate.Counts(facts))
	require.Contains(t, missing, "tool.lent.v1")
	require.NotContains(t, missing, "tool.issued.v1")
	require.NotContains(t, missing, "ticket.closed.v1", "the desk's own")
}
