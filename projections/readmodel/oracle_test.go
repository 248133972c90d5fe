package readmodel_test

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// oracle folds the log up to a number the plain way: every stream afresh,
// without the events that are struck by then.
func oracle(recs []eventschemas.Record, n int64) map[uuid.UUID]jobRow {
	streams := map[string][]eventschemas.Record{}
	struck := map[uuid.UUID]bool{}
	for _, r := range recs {
		if r.Number > n {
			break
		}
		if s, ok := r.Event.(record.Struck); ok {
			struck[s.EventID] = true
			continue
		}
		streams[r.Stream] = append(streams[r.Stream], r)
	}
	out := map[uuid.UUID]jobRow{}
	for stream, rs := range streams {
		var row jobRow
		for _, r := range rs {
			if !struck[r.ID] {
				row, _ = evolveJob(row, r)
			}
		}
		if row.Status != "" {
			_, id := readmodel.StreamKey(stream)
			out[id] = row
		}
	}
	return out
}

// oracleCells sums the contributions of the oracle's rows by a dimension.
func oracleCells(rows map[uuid.UUID]jobRow, sites map[uuid.UUID]string, dim func(jobDims) string, month bool) map[[3]string][]int64 {
	out := map[[3]string][]int64{}
	for id, row := range rows {
		for _, c := range contributeJob(row) {
			period := string(c.Day)
			if month {
				period = period[:8] + "01"
			}
			k := [3]string{sites[id], period, dim(c.Dims.(jobDims))}
			if out[k] == nil {
				out[k] = make([]int64, 3)
			}
			for i, v := range c.Values {
				out[k][i] += v
			}
		}
	}
	return out
}

func sitesOf(recs []eventschemas.Record) map[uuid.UUID]string {
	out := map[uuid.UUID]string{}
	for _, r := range recs {
		_, id := readmodel.StreamKey(r.Stream)
		out[id] = r.Envelope.Site
	}
	return out
}
