package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const examples = "../../internal/importlog/testdata/"

func TestADryRunPrintsTheReportAndOpensNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for _, c := range []struct{ log, mapping, want string }{
		{"repair.xes", "repair.yaml", "Repair+suspend"},
		{"workorders_zh.csv", "workorders_zh.yaml", "等待配件"},
	} {
		var out, errs bytes.Buffer
		code := run([]string{"--data-dir", dir, "import", "--dry-run", "--mapping", examples + c.mapping, examples + c.log}, &out, &errs)
		require.Zero(t, code, errs.String())
		require.Contains(t, out.String(), c.want)
		require.Contains(t, out.String(), "rows imported")
	}
	_, err := os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist, "no data folder is made")
}

func TestADryRunNamesEachFaultOfTheMapping(t *testing.T) {
	t.Parallel()
	mapping, err := os.ReadFile(examples + "repair.yaml")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(file, bytes.Replace(mapping, []byte("team: org:group"), []byte("team: org:gruppe"), 1), 0o600))
	var out, errs bytes.Buffer
	require.Equal(t, exitFault, run([]string{"import", "--dry-run", "--mapping", file, examples + "repair.xes"}, &out, &errs))
	require.Contains(t, errs.String(), `line 14 column 9: columns.team: no event of the log has the attribute "org:gruppe"`)
	require.Empty(t, out.String())
}

func TestADryRunOfAListOfToolsPrintsTheReportAndOpensNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"--data-dir", dir, "import", "tools", "--dry-run", "--lang", "zh"}, &out, &errs), errs.String())
	require.Contains(t, out.String(), "持有工具的人员")
	require.Contains(t, out.String(), "GJ-0045")
	_, err := os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist, "no data folder is made")
	require.Equal(t, exitFault, run([]string{"import", "tools", "--dry-run", "--mapping", examples + "repair.yaml"}, &out, &errs))
	require.Contains(t, errs.String(), "columns.ticket: unknown key")
}
