package readside_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// The plant's own policy of keeping says every six months; the process
// department checks, and what it has not checked for so long is listed.
func TestINS09ToolingIsDueForTheProcessDepartment(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	for kind, content := range map[policy.Kind]string{
		policy.KindTools:   `{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"die","name":"die","category":"tooling"},{"code":"wrench","name":"wrench","category":"hand"}]}`,
		policy.KindKeeping: `{"stocktake_months":1,"climate":{"low_tenths_c":-150,"high_tenths_c":350,"humidity_percent":80},"checks":[{"kind":"","purpose":"quality","months":6,"sample":0}],"places":[]}`,
	} {
		_, err := r.App.Policies.Record(ctx, r.request(), commands.RecordPolicy{Site: "hq", Kind: kind, EffectiveFrom: r.Clock.Now(), Reason: "S13 3.1", Content: json.RawMessage(content)})
		require.NoError(t, err)
	}
	r.Clock.Advance(time.Hour)
	dies := []uuid.UUID{r.tool("die", "D-1"), r.tool("die", "D-2")}
	of := commands.PlanOf{Site: "hq", Kind: "die"}
	_, err := r.App.InspectionPlans.Set(ctx, r.by(0, "process"), commands.SetInspectionPlan{PlanOf: commands.PlanOf{Site: "hq", Kind: "wrench"}, Purpose: inspectionplan.Quality, Reason: "S13"})
	require.ErrorContains(t, err, "INS-09")
	r.did(r.App.InspectionPlans.Set(ctx, r.by(0, "process"), commands.SetInspectionPlan{PlanOf: of, Purpose: inspectionplan.Quality, Reason: "S13"}))
	due := func() []string {
		r.settle()
		rows, _, _, err := r.side.DueChecks(ctx, api.AsOf{}, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeQuality, Kind: new("die")}, everything)
		require.NoError(t, err)
		out := []string{}
		for _, d := range rows {
			out = append(out, d.Number)
		}
		return out
	}
	require.Empty(t, due())
	r.Clock.Advance(190 * 24 * time.Hour)
	require.Equal(t, []string{"D-1", "D-2"}, due())
	checked := commands.CheckTools{PlanOf: of, Purpose: inspectionplan.Quality, Tools: []inspectionplan.Finding{{Tool: dies[0], Number: "D-1", Found: "worn edge", Settled: "ground at once"}}}
	_, err = r.App.InspectionPlans.Check(ctx, r.by(1, "storekeeper", "equipment"), checked)
	require.ErrorContains(t, err, "INS-09", "another department")
	r.did(r.App.InspectionPlans.Check(ctx, r.by(1, "process"), checked))
	require.Equal(t, []string{"D-2"}, due())
	r.Clock.Advance(190 * 24 * time.Hour)
	require.Equal(t, []string{"D-1", "D-2"}, due(), "periodically")
}
