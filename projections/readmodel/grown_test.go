package readmodel_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestAListGoesOnWhereTheOtherIsItsBeginning(t *testing.T) {
	t.Parallel()
	text := func(list []string) string {
		b, err := json.Marshal(list)
		require.NoError(t, err)
		return string(b)
	}
	r := rand.New(rand.NewPCG(1, 2))
	elements := []string{"", "a", "a,", "]", `"`, "[", "ab", "，"}
	goesOn := 0
	for range 20_000 {
		before, after := make([]string, r.IntN(4)), make([]string, r.IntN(5))
		for i := range before {
			before[i] = elements[r.IntN(len(elements))]
		}
		for i := range after {
			after[i] = elements[r.IntN(len(elements))]
		}
		if r.IntN(3) == 0 {
			after = append(slices.Clone(before), after...)
		}
		want := len(after) >= len(before) && slices.Equal(after[:len(before)], before)
		require.Equal(t, want, readmodel.GoesOn(text(before), text(after)), "%v, %v", before, after)
		if want {
			goesOn++
		}
	}
	require.Greater(t, goesOn, 6_000)
	require.False(t, readmodel.GoesOn("null", "[]"))
	require.False(t, readmodel.GoesOn("[]", "null"))
	require.False(t, readmodel.GoesOn("[1]", "[12]"))
}

func TestAClosedVersionSaysHowMuchOfTheNextListWasItsOwn(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 600, 11)
	w := newWorld(t, l)
	w.project(nil)
	count := func(kind string) int {
		n, err := strconv.Atoi(w.text("SELECT count(*)::text FROM " + w.m.Schema("jobs") + ".job_history WHERE jsonb_typeof(moves) = '" + kind + "'")[0])
		require.NoError(t, err)
		return n
	}
	short, long := count("number"), count("array")
	require.Positive(t, long, "a strike leaves a list that does not go on")
	require.Greater(t, short, 5*long)
	w.verified()
}
