package readside

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/losses"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// refundsOf returns what of a month's deductions went back, by the events that
// say so, in order (LOS-09, AUD-05).
func (s *Side) refundsOf(ctx context.Context, v view, person uuid.UUID, month string) ([]api.DeductionRefund, error) {
	lines, err := s.loss.lines.List(ctx, v.q, v.schema, readmodel.LogQuery{
		Where: "person = $1 AND kind IN ('posted', 'corrected', 'cancelled')", Args: []any{person}, AsOf: v.number,
	})
	return refunds(lines, month), err
}

// refunds gives each refund back to the months that had deducted it, the newest
// first as the account does, and returns those of one month.
func refunds(lines []readmodel.LogRow[losses.Line], month string) []api.DeductionRefund {
	var out []api.DeductionRefund
	taken := map[uuid.UUID]map[string]int64{} // by loss and month: deducted, and not given back
	for _, l := range lines {
		for _, e := range l.Row.Entries {
			if taken[e.Loss] == nil {
				taken[e.Loss] = map[string]int64{}
			}
			of := taken[e.Loss]
			if l.Row.Kind != losses.Cancelled {
				of[l.Row.Month] += e.AmountFen
				continue
			}
			rest := l.Row.RefundFen
			for _, m := range newestFirst(of) {
				back := min(rest, of[m])
				of[m], rest = of[m]-back, rest-back
				if m == month && back > 0 {
					out = append(out, api.DeductionRefund{Event: lossEvent(l, l.Row.Actor), Loss: e.Loss, Number: e.Number, Month: l.Row.Month, AmountFen: back})
				}
			}
		}
	}
	return out
}

func newestFirst(of map[string]int64) []string {
	out := make([]string, 0, len(of))
	for m := range of {
		out = append(out, m)
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}
