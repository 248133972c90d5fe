package readside_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/projections/losses"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestLOS09ARefundIsToldInTheMonthsThatHadDeductedIt(t *testing.T) {
	t.Parallel()
	found, other := uuid.UUID{1}, uuid.UUID{2}
	line := func(kind losses.Kind, month string, refund int64, entries ...deduction.Entry) readmodel.LogRow[losses.Line] {
		var r readmodel.LogRow[losses.Line]
		r.Row = losses.Line{Kind: kind, Month: month, Entries: entries, RefundFen: refund}
		return r
	}
	of := func(loss uuid.UUID, fen int64) deduction.Entry {
		return deduction.Entry{Loss: loss, Number: "L", AmountFen: fen}
	}
	lines := []readmodel.LogRow[losses.Line]{
		line(losses.Posted, "2026-05", 0, of(found, 1000), of(other, 300)),
		line(losses.Posted, "2026-06", 0, of(found, 2000)),
		line(losses.Corrected, "2026-06", 0, of(found, -500)),
		line(losses.Cancelled, "2026-08", 2500, of(found, -2500)),
	}
	told := func(month string) (out []int64) {
		for _, r := range readside.Refunds(lines, month) {
			require.Equal(t, "2026-08", r.Month, "with whose wage it goes back")
			require.Equal(t, found, r.Loss)
			out = append(out, r.AmountFen)
		}
		return out
	}
	require.Equal(t, []int64{1000}, told("2026-05"))
	require.Equal(t, []int64{1500}, told("2026-06"), "what a correction gave back is not given back again")
	require.Empty(t, told("2026-08"), "that month had deducted nothing")
	lines[3].Row.RefundFen = 2000
	require.Equal(t, []int64{500}, told("2026-05"), "the newest month is given back first")
}
