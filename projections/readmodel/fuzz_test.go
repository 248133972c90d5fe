package readmodel_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// However PostgreSQL writes a json column, the digest counts one form of it:
// that form is its own, and nothing that the type does not have gets into it.
func FuzzJSONColumn(f *testing.F) {
	for _, s := range []string{`{"b": [1, 2], "a": "x"}`, `{"a":"\u00e9","b":null}`, `{"c":1}`, `{} {}`, `[]`, `null`, `{"a":"` + "\xff" + `"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		once, err := readmodel.CanonicalJSON(stored)
		if err != nil {
			return
		}
		require.True(t, json.Valid([]byte(once)))
		twice, err := readmodel.CanonicalJSON(once)
		require.NoError(t, err)
		require.Equal(t, once, twice)
	})
}

// Two lists of values have the same bytes only if they are the same.
func FuzzCanonicalValues(f *testing.F) {
	f.Add("a", "b", int64(1), []byte{2}, "ab", "", int64(1), []byte{2})
	f.Add("s", "", int64(0), []byte{}, "", "s", int64(0), []byte{})
	f.Fuzz(func(t *testing.T, a, b string, n int64, raw []byte, a2, b2 string, n2 int64, raw2 []byte) {
		one, other := readmodel.CanonicalValues(a, b, n, raw), readmodel.CanonicalValues(a2, b2, n2, raw2)
		same := a == a2 && b == b2 && n == n2 && string(raw) == string(raw2)
		require.Equal(t, same, string(one) == string(other))
	})
}
