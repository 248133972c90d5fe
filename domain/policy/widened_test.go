package policy_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func faultsOf(t *testing.T, kind policy.Kind, content string) []string {
	t.Helper()
	_, err := policy.Decide(policy.State{}, record(kind, content))
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	var got []string
	for _, e := range joined.Unwrap() {
		fault, ok := errors.AsType[*domain.InvalidError](e)
		require.True(t, ok)
		got = append(got, fault.Pointer+" "+fault.Rule)
	}
	return got
}

func TestFaultsOfArrivalAndEscalation(t *testing.T) { // SLA-02, SLA-08, TKT-11, POL-03
	t.Parallel()
	require.Equal(t, []string{
		"/content/applies_to POL-03",
		"/content/targets/0/from TKT-11", "/content/targets/0/agreed_arrival SLA-02",
		"/content/targets/1/from TKT-11",
		"/content/targets/3 SLA-01",
		"/content/escalation/1/percent SLA-08", "/content/escalation/1/to SLA-08",
	}, faultsOf(t, policy.KindSLA, `{"calendar":"00000000-0000-0000-0000-0000000000ca","applies_to":"all","targets":[
		{"level":1,"name":"resolution","clock":"wall","limit_s":1,"from":"call","agreed_arrival":"replaces"},
		{"level":1,"name":"arrival","clock":"wall","limit_s":1,"from":"lunch"},
		{"level":1,"name":"arrival","clock":"wall","limit_s":1,"zone":"town","from":"visit_needed","agreed_arrival":"recorded"},
		{"level":1,"name":"arrival","clock":"wall","limit_s":1,"zone":"town"},
		{"level":1,"name":"remote_resolution","clock":"wall","limit_s":1},
		{"level":1,"name":"next_update","clock":"wall","limit_s":1}],
		"escalation":[{"percent":80,"to":"director"},{"percent":80,"to":"cook"}]}`))
}

func TestFaultsOfCodeLists(t *testing.T) { // TKT-03
	t.Parallel()
	require.Equal(t, []string{"/content/kinds/1/code TKT-03", "/content/solutions/0/code TKT-03"},
		faultsOf(t, policy.KindCodes, `{"kinds":[{"code":"a","name":"A"},{"code":"a","name":"B"}],"solutions":[{"name":"C"}]}`))
}

func TestACodeHasANameInBothLanguages(t *testing.T) { // TKT-03
	t.Parallel()
	require.Equal(t, []string{"/content/kinds/0/name_zh TKT-03", "/content/problems/0/name TKT-03"},
		faultsOf(t, policy.KindCodes, `{"kinds":[{"code":"a","name":"A"}],"problems":[{"code":"b","name_zh":"乙"}],"solutions":[{"code":"c","name":"C","name_zh":"丙"}]}`))
}

func TestAListThatIsEmptyAllowsEveryCode(t *testing.T) { // TKT-03
	t.Parallel()
	require.True(t, policy.Allows(nil, "x"))
	require.True(t, policy.Allows([]policy.Code{{Code: "x"}}, "x"))
	require.False(t, policy.Allows([]policy.Code{{Code: "x"}}, "y"))
	raw, err := json.Marshal(policy.Codes{})
	require.NoError(t, err)
	require.JSONEq(t, `{"kinds":[],"problems":[],"solutions":[]}`, string(raw))
}

func TestWhatNamesTheZoneGoesBeforeWhatNamesNone(t *testing.T) { // SLA-11
	t.Parallel()
	s := policy.SLA{Targets: []policy.SLATarget{
		{Level: 1, Name: "arrival", LimitS: 1}, {Level: 1, Name: "arrival", Zone: "town", LimitS: 2}, {Level: 2, Name: "arrival", Zone: "town", LimitS: 3},
	}}
	for _, c := range []struct {
		level int
		zone  string
		want  int64
	}{{1, "", 1}, {1, "suburb", 1}, {1, "town", 2}, {2, "town", 3}, {2, "suburb", 0}, {3, "town", 0}} {
		got, ok := s.Target(c.level, c.zone, "arrival")
		require.Equal(t, c.want, got.LimitS, c)
		require.Equal(t, c.want > 0, ok, c)
	}
	require.Equal(t, policy.DefaultLadder(), s.Escalation(2, "resolution"))
}
