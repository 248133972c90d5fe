package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/fieldledger/fieldledger/internal/messages" // part of the program that no test here imports
	"github.com/fieldledger/fieldledger/internal/pgtest"
)

// workFolder holds the compiled program until the tests have ended.
var workFolder string

func TestMain(m *testing.M) {
	var err error
	if workFolder, err = os.MkdirTemp("", "fieldledger-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := pgtest.Run(m)
	if err := os.RemoveAll(workFolder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// compiled is the path of the program, built once. The sources of its main
// package are read as well, so that go test does not take an old result for
// a new program.
var compiled = sync.OnceValues(func() (string, error) {
	sources, err := filepath.Glob("../../cmd/fieldledger/*.go")
	if err != nil || len(sources) == 0 {
		return "", fmt.Errorf("find the program's sources: %w", err)
	}
	for _, source := range sources {
		if _, err := os.ReadFile(source); err != nil {
			return "", fmt.Errorf("read the program's sources: %w", err)
		}
	}
	path := filepath.Join(workFolder, "fieldledger")
	out, err := exec.Command("go", "build", "-o", path, "github.com/fieldledger/fieldledger/cmd/fieldledger").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build fieldledger: %w: %s", err, out)
	}
	return path, nil
})
