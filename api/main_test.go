package api_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain also fails when goroutines are left, or when all tests have run and
// an operation was never answered with one of its success statuses.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if all() && code == 0 {
		missing, table := seen.against("openapi.yaml")
		if testing.Verbose() {
			fmt.Print(table)
		}
		if len(missing) > 0 {
			fmt.Fprintf(os.Stderr, "never answered: %s\n", strings.Join(missing, ", "))
			code = 1
		}
	}
	os.Exit(code)
}

// all reports whether every test was to run.
func all() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

// answers are the operations and statuses that the tests have seen, as the
// API's own metrics count them.
type answers struct {
	mu     sync.Mutex
	counts map[string]uint64 // by "getHead 200"
}

var seen = &answers{counts: map[string]uint64{}}

func (a *answers) add(t *testing.T, registry *prometheus.Registry) {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			a.counts[labels["operation"]+" "+labels["status"]] += m.GetHistogram().GetSampleCount()
		}
	}
}

// against lists which success statuses of a contract were never seen, and all
// that were seen.
func (a *answers) against(contract string) (missing []string, table string) {
	b, err := os.ReadFile(contract)
	if err != nil {
		return []string{err.Error()}, ""
	}
	operation := ""
	for _, m := range regexp.MustCompile(`(?m)^      operationId: (\w+)$|^        '(\d{3})':$`).FindAllStringSubmatch(string(b), -1) {
		if m[1] != "" {
			operation = m[1]
			continue
		}
		if key := operation + " " + m[2]; a.counts[key] == 0 {
			missing = append(missing, key)
		}
	}
	var lines strings.Builder
	for _, key := range slices.Sorted(maps.Keys(a.counts)) {
		fmt.Fprintf(&lines, "%6d %s\n", a.counts[key], key)
	}
	return missing, lines.String()
}

func TestAnOperationThatWasNeverAnsweredIsFound(t *testing.T) {
	t.Parallel()
	a := &answers{counts: map[string]uint64{"getHealth 200": 3}}
	missing, table := a.against("openapi.yaml")
	require.Contains(t, missing, "getHealth 503")
	require.Contains(t, missing, "registerTicket 201")
	require.NotContains(t, missing, "getHealth 200")
	require.Equal(t, "     3 getHealth 200\n", table)
	missing, _ = a.against("nothing.yaml")
	require.Len(t, missing, 1)
}
