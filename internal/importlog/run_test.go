package importlog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

func unpackedSample(t *testing.T) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(importlog.Sample()))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	return plain
}

// someLines is the header and the first n rows of the sample.
func someLines(t *testing.T, n int) []byte {
	t.Helper()
	lines := bytes.SplitAfterN(unpackedSample(t), []byte("\n"), n+2)
	return bytes.Join(lines[:n+1], nil)
}

func TestTheSampleGivesTheFiguresOfAnIndependentCount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.imports(t, importlog.Sample(), importlog.SampleMapping())

	require.Equal(t, 22890, first.Rows)
	require.Equal(t, 3201, first.Tickets)
	require.Equal(t, map[string]int{
		"Active": 7190, "New": 5697, "Resolved": 3351, "Closed": 3214, "Awaiting User Info": 3211,
		"Awaiting Problem": 174, "Awaiting Vendor": 48, "Awaiting Evidence": 3, "-100": 2,
	}, first.ByStatus)
	require.Equal(t, map[importlog.Reason]int{importlog.RepeatedKey: 5, importlog.UnknownStatus: 2}, first.Refused)
	require.Equal(t, map[importlog.Reason]int{importlog.RepeatedKey: 5, importlog.OlderRow: 1, importlog.UnknownStatus: 2}, first.Found)
	require.Equal(t, 6331, first.WithoutCreationTime)
	require.Equal(t, 67, first.Teams)
	require.Equal(t, 156, first.Technicians)
	require.Equal(t, 1776, first.Callers)
	require.Empty(t, first.Unmapped)
	require.Zero(t, first.Known)
	var lines []int
	for _, f := range first.RefusedRows {
		lines = append(lines, f.Line)
	}
	require.Equal(t, []int{332, 348, 358, 360, 441, 22887, 22888}, lines)

	before := d.history(t)
	for _, events := range before {
		for _, e := range events {
			require.NotContains(t, e, "Caller ", "a customer's name must be sealed")
		}
	}
	again := d.imports(t, importlog.Sample(), importlog.SampleMapping())
	require.Zero(t, again.Events, "importing twice adds nothing")
	require.Zero(t, again.Imported)
	require.Equal(t, first.Refused, again.Refused)
	require.Equal(t, before, d.history(t))
}

func TestALongerLogAddsWhatIsNew(t *testing.T) {
	t.Parallel()
	part, whole := newDesk(t), newDesk(t)
	part.imports(t, someLines(t, 731), importlog.SampleMapping()) // ends within a ticket
	more := part.imports(t, someLines(t, 1500), importlog.SampleMapping())
	whole.imports(t, someLines(t, 1500), importlog.SampleMapping())
	require.Positive(t, more.Imported)
	require.Positive(t, more.Known)
	require.Equal(t, withoutClaims(whole.history(t)), withoutClaims(part.history(t)))
}

// withoutClaims returns ids and types of all events but the source's claims:
// those stand on the row that was the ticket's last in the log.
func withoutClaims(history map[string][]string) map[string][]string {
	out := map[string][]string{}
	for stream, events := range history {
		for _, e := range events {
			if words := strings.Fields(e); words[1] != "ticket.source_verdict_recorded.v1" {
				out[stream] = append(out[stream], words[0]+" "+words[1])
			}
		}
	}
	return out
}

func TestAnImportThatWasStoppedGoesOn(t *testing.T) {
	t.Parallel()
	log := someLines(t, 3000)
	calm, broken := newDesk(t), newDesk(t)
	calm.imports(t, log, importlog.SampleMapping())

	for stop := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		var appends atomic.Int64
		broken.store.watch(func(string) error {
			if appends.Add(1) == int64(3+70*stop) {
				cancel()
			}
			return nil
		})
		_, err := importlog.Run(ctx, broken.options(t, log, importlog.SampleMapping()))
		cancel()
		require.ErrorIs(t, err, context.Canceled)
	}
	broken.store.watch(nil)
	last := broken.imports(t, log, importlog.SampleMapping())
	require.Positive(t, last.Known)
	require.Positive(t, last.Imported)
	require.Equal(t, calm.history(t), broken.history(t))
}

func TestAStoreThatIsAwayForAMomentIsTriedAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var appends atomic.Int64
	d.store.watch(func(string) error {
		if appends.Add(1)%10 == 0 {
			return commands.ErrUnavailable
		}
		return nil
	})
	report := d.imports(t, someLines(t, 300), importlog.SampleMapping())
	require.Equal(t, 300, report.Rows)

	d.store.watch(func(string) error { return commands.ErrStorageFull })
	_, err := importlog.Run(t.Context(), d.options(t, someLines(t, 600), importlog.SampleMapping()))
	require.ErrorIs(t, err, commands.ErrStorageFull)
}

func TestProgressGrowsToTheRowsOfTheLog(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.options(t, someLines(t, 500), importlog.SampleMapping())
	last := 0
	o.Progress = func(rows, total int) {
		require.Greater(t, rows, last)
		require.Equal(t, 500, total)
		last = rows
	}
	_, err := importlog.Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 500, last)
}
