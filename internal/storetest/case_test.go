package storetest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/storetest"
)

func run(t *testing.T, cases ...storetest.Case) []storetest.Result {
	t.Helper()
	var results []storetest.Result
	require.NoError(t, storetest.Run(t.Context(), cases, func(r storetest.Result) { results = append(results, r) }))
	return results
}

func TestACaseThatFailsSaysWhatWasExpectedAndSeen(t *testing.T) {
	t.Parallel()
	got := run(t,
		storetest.Case{Name: "holds", Run: func(storetest.T) {}},
		storetest.Case{Name: "differs", Own: true, Run: func(t storetest.T) {
			require.Equal(t, "ok 1", "ok 2", "a %s", "reason")
			panic("not reached")
		}},
		storetest.Case{Name: "panics", Quiet: true, Run: func(storetest.T) { panic("broken client") }},
	)
	require.Equal(t, []storetest.Result{
		{Name: "holds", Passed: true},
		{Name: "differs", Own: true, Seen: "Not equal:\nexpected: \"ok 1\"\nactual  : \"ok 2\"\na reason"},
		{Name: "panics", Quiet: true, Seen: "panicked: broken client"},
	}, got)
}

func TestCleanupsRunLastFirstAfterTheContextHasEnded(t *testing.T) {
	t.Parallel()
	var order []string
	got := run(t, storetest.Case{Run: func(t storetest.T) {
		ctx := t.Context()
		t.Cleanup(func() { order = append(order, "first") })
		t.Cleanup(func() { order = append(order, "second", ctx.Err().Error()) })
		t.FailNow()
	}})
	require.Equal(t, "failed without a word", got[0].Seen)
	require.Equal(t, []string{"second", "context canceled", "first"}, order)
}

func TestARunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ran := 0
	one := storetest.Case{Run: func(storetest.T) { ran++; cancel() }}
	err := storetest.Run(ctx, []storetest.Case{one, one}, func(storetest.Result) {})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, ran)
}
