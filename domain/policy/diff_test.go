package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/policy"
)

func TestPOL01TheDifferencesOfTwoContentsAreToldByPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words, before, after string
		want                 []policy.Change
	}{
		{"POL-01 equal contents do not differ, in whatever order", `{"a":1,"b":[1,2]}`, `{"b":[1,2],"a":1}`, nil},
		{
			"POL-01 a target is named by level, name and zone, so that one put in between moves nothing",
			`{"targets":[{"level":1,"name":"arrival","zone":"town","limit_s":1},{"level":2,"name":"arrival","limit_s":2}]}`,
			`{"targets":[{"level":1,"name":"resolution","limit_s":9},{"level":2,"name":"arrival","limit_s":3},{"level":1,"name":"arrival","zone":"town","limit_s":1}]}`,
			[]policy.Change{
				{"/targets[level=1,name=resolution]", "", `{"level":1,"limit_s":9,"name":"resolution"}`},
				{"/targets[level=2,name=arrival]/limit_s", "2", "3"},
			},
		},
		{
			"ORG-03 days come, go and change", `{"days":{"2026-01-01":[],"2026-01-02":[["08:00","18:00"]]}}`, `{"days":{"2026-01-02":[["09:00","18:00"]],"2027-01-01":[]}}`,
			[]policy.Change{{"/days/2026-01-01", "[]", ""}, {"/days/2026-01-02/0/0", `"08:00"`, `"09:00"`}, {"/days/2027-01-01", "", "[]"}},
		},
		{
			"TKT-03 a code is named by itself", `{"kinds":[{"code":"a","name":"A"},{"code":"b","name":"<B>"}]}`, `{"kinds":[{"code":"b","name":"B"}]}`,
			[]policy.Change{{"/kinds[code=a]", `{"code":"a","name":"A"}`, ""}, {"/kinds[code=b]/name", `"<B>"`, `"B"`}},
		},
		{"POL-01 entries that are not told apart go by their place", `{"x":[{"code":"a"},{"code":"a"}]}`, `{"x":[{"code":"a"}]}`, []policy.Change{{"/x/1", `{"code":"a"}`, ""}}},
		{"POL-01 another kind of value is a change", `{"a/b":[1]}`, `{"a/b":{"x":1}}`, []policy.Change{{"/a~1b", "[1]", `{"x":1}`}}},
	} {
		got, err := policy.Diff(json.RawMessage(c.before), json.RawMessage(c.after))
		require.NoError(t, err, c.words)
		require.Equal(t, c.want, got, c.words)
	}
	_, err := policy.Diff(json.RawMessage(`{`), json.RawMessage(`{}`))
	require.Error(t, err)
}
