package importlog_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

// BenchmarkReadRows reads the sample and puts its rows into our words, without
// importing them; rows/s is of one core.
func BenchmarkReadRows(b *testing.B) {
	m, err := importlog.ParseMapping(importlog.SampleMapping())
	require.NoError(b, err)
	rows := 0
	for b.Loop() {
		n, err := importlog.ReadAll(bytes.NewReader(importlog.Sample()), m)
		require.NoError(b, err)
		rows += n
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
