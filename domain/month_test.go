package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
)

func TestAMonthIsWrittenInOneWay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026-01", "2026-12", "0001-01"} {
		require.True(t, domain.IsMonth(text), text)
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", " 2026-01", "2026-01 ", "2026/01", "+026-01", "２０２６-01"} {
		require.False(t, domain.IsMonth(text), text)
	}
	from, to, ok := domain.MonthIn("2026-02", time.FixedZone("", 8*3600))
	require.True(t, ok)
	require.Equal(t, "2026-01-31T16:00:00Z 2026-02-28T16:00:00Z", from.UTC().Format(time.RFC3339)+" "+to.UTC().Format(time.RFC3339))
}
