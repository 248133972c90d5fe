package importlog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

func mappingOf(f *testing.F, path string) *importlog.Mapping {
	f.Helper()
	file, err := os.ReadFile(path)
	require.NoError(f, err)
	m, err := importlog.ParseMapping(file)
	require.NoError(f, err)
	return m
}

// tries a log: it cannot be read on, or every row is accounted for.
func tries(t *testing.T, file []byte, m *importlog.Mapping) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	report, err := importlog.Run(ctx, importlog.Options{Source: bytes.NewReader(file), Mapping: m, DryRun: true, Workers: 1, Clock: now})
	require.NoError(t, ctx.Err(), "it takes no end")
	if err == nil {
		require.NoError(t, report.Check())
	}
}

// FuzzXES looks for input that brings the reader down or keeps it for ever.
func FuzzXES(f *testing.F) {
	file, err := os.ReadFile("testdata/repair.xes")
	require.NoError(f, err)
	m := mappingOf(f, "testdata/repair.yaml")
	f.Add(file)
	f.Add([]byte(`<log><trace><event/></trace></log>`))
	f.Fuzz(func(t *testing.T, file []byte) { tries(t, file, m) })
}

// FuzzCSV does the same with rows.
func FuzzCSV(f *testing.F) {
	m := mappingOf(f, "testdata/small.yaml")
	f.Add(logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;-", `A;2;2026-01-05 10:00;done;low;"g ""x""";w;c;web;-`))
	f.Add(logOf(`A;1;2026-03-29 02:30;open;high;"g`, `"`, "B;1;2026-01-05 09:00;open;;;;;;"))
	f.Add([]byte("\xef\xbb\xbf" + header))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Fuzz(func(t *testing.T, file []byte) { tries(t, file, m) })
}

// Every row of a file is told, as a row or a fault, and a row has as many
// fields as the header or says why not.
func FuzzRows(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\n y\"\n\n2\n"), byte(','), byte('"'))
	f.Add([]byte("a;b\r\n'1''';2"), byte(';'), byte('\''))
	f.Fuzz(func(t *testing.T, file []byte, comma, quote byte) {
		if comma == quote || comma == '\n' || quote == '\n' {
			return // no mapping has these
		}
		next := importlog.Rows(bytes.NewReader(file), comma, quote)
		fields := 0
		for line := 0; ; {
			at, row, fault, err := next()
			if errors.Is(err, io.EOF) {
				return
			}
			require.NoError(t, err)
			require.Greater(t, at, line)
			if line = at; fault != "" {
				continue
			}
			if fields == 0 {
				fields = len(row)
			}
			require.Len(t, row, fields)
		}
	})
}

// A mapping file is refused with faults that have a place, or can be used.
func FuzzMapping(f *testing.F) {
	for _, path := range []string{"testdata/small.yaml", "testdata/repair.yaml", "testdata/workorders_zh.yaml", "servicenow.yaml"} {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(file)
	}
	for _, s := range []string{"", "---\n---\n", "a: &a [*a]", "a: {<<: *b}", "? []\n: 1", "\t", "!!binary x", "version: 1\nversion: 1", "#", "--- \n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := importlog.ParseMapping(file)
		if err != nil {
			faults := &importlog.MappingError{}
			require.ErrorAs(t, err, &faults)
			require.NotEmpty(t, faults.Faults)
			for _, fault := range faults.Faults {
				require.Positive(t, fault.Line)
				require.NotEmpty(t, fault.Text)
			}
			return
		}
		tries(t, []byte(header+"A;1;2026-01-05 09:00;open;high;g;w;c;tel;-\n"), m)
	})
}

// A time is refused, or is an instant that a day's clock shows.
func FuzzTimes(f *testing.F) {
	f.Add("2006-01-02 15:04", "2026-03-29 02:30", "Europe/Berlin")
	f.Add("2/1/2006 15:04", "5/1/2026 09:00", "UTC")
	f.Add(time.RFC3339, "2026-01-05T09:00:00+14:00", "")
	f.Add("Mon Jan 2 15:04:05 2006", "", "-03:00")
	f.Fuzz(func(t *testing.T, layout, text, zone string) {
		read, err := importlog.TimeReader(layout, zone)
		if err != nil {
			return
		}
		at, err := read(text)
		if err != nil {
			require.True(t, at.IsZero())
			return
		}
		require.Equal(t, time.UTC, at.Location())
	})
}
