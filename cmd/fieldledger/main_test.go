package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// TestMain makes this test program the command fieldledger of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fieldledger": main})
}

// TestScripts runs testdata/script/*.txtar; UPDATE=1 rewrites what they
// compare with. No script sees the settings of the person who runs it.
func TestScripts(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("fieldledger")
	require.NoError(t, err)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = filepath.Join(os.TempDir(), "fieldledger-cache")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			e.Setenv("XDG_CACHE_HOME", cache) // fetched PostgreSQL binaries are fetched once
			e.Setenv("FIELDLEDGER_PG_BIN", os.Getenv("FIELDLEDGER_PG_BIN"))
			e.Setenv("BIN", filepath.Dir(program))
			return os.MkdirAll(home, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program and asks for its exit code, which may be one of
// several: exits 2 fieldledger serve, exits 0,3 fieldledger doctor.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	default:
		ts.Check(err)
	}
	if !slices.Contains(strings.Split(args[0], ","), strconv.Itoa(got)) {
		ts.Fatalf("exit code %d, not %s", got, args[0])
	}
}
