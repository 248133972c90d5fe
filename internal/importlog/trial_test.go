package importlog_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

func TestADryRunReportsWhatAnImportDoesAndWritesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		file, mapping []byte
	}{
		{"sample", importlog.Sample(), importlog.SampleMapping()},
		{"XES", testdata(t, "repair.xes"), testdata(t, "repair.yaml")},
		{"Chinese", testdata(t, "workorders_zh.csv"), testdata(t, "workorders_zh.yaml")},
		{"no policy", logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;-", "A;1;2026-01-05 10:00;done;high;g;w;c;fax;-"), smallMapping(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := importlog.ParseMapping(c.mapping)
			require.NoError(t, err)
			dry, err := importlog.Run(t.Context(), importlog.Options{Source: bytes.NewReader(c.file), Mapping: m, DryRun: true, Clock: now})
			require.NoError(t, err, "without an App nothing can be written")
			live := newDesk(t).imports(t, c.file, c.mapping)
			dry.Seconds, live.Seconds = 0, 0
			require.Equal(t, live, dry)
			require.Positive(t, dry.Events)
		})
	}
}

func TestADryRunNamesTheFaultsOfAMapping(t *testing.T) {
	t.Parallel()
	m, err := importlog.ParseMapping(smallMapping(t))
	require.NoError(t, err)
	_, err = importlog.Run(t.Context(), importlog.Options{Source: bytes.NewReader([]byte("case;seq\n")), Mapping: m, DryRun: true})
	var faults *importlog.MappingError
	require.ErrorAs(t, err, &faults)
}
