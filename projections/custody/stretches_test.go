package custody_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestTOL03EveryInstantIsOfOneStretchAndTheSameAsTheRowSays(t *testing.T) {
	t.Parallel()
	zero := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := custody.Row{Number: "W-1"}
	for i, minute := range []int{0, 10, 10, 20, 20, 20, 30} { // moved on at once, twice
		r.Custody = append(r.Custody, custody.Span{From: domain.At(zero.Add(time.Duration(minute) * time.Minute)), Holder: string(rune('a' + i))})
	}
	stretches := custody.Table().Stretches(r)
	require.Len(t, stretches, 4)
	require.Equal(t, readmodel.Forever, stretches[3].To)
	for s := -60; s < 3000; s += 30 {
		at := zero.Add(time.Duration(s) * time.Second)
		span, ok := r.At(at)
		var found []string
		for _, x := range stretches {
			require.Equal(t, "W-1", x.Order)
			if !x.From.After(at) && x.To.After(at) {
				found = append(found, x.Holder)
			}
		}
		if !ok {
			require.Empty(t, found)
			continue
		}
		require.Equal(t, []string{span.Holder}, found, "after %d s", s)
	}
}
