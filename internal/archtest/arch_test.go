package archtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const module = "github.com/fieldledger/fieldledger"

// layers says for each folder which folders of ours it may import. The longest
// matching folder decides. Test files are free.
var layers = map[string][]string{
	"domain":                {"domain"},
	"eventschemas":          {"domain", "eventschemas"},
	"commands":              {"domain", "eventschemas", "commands"},
	"projections/readmodel": {"domain", "eventschemas", "projections/readmodel"},
	"projections":           {"domain", "eventschemas", "projections"},
	"api":                   {"domain", "eventschemas", "commands", "projections", "api"},
	"internal":              {"domain", "eventschemas", "commands", "internal"},
	"cmd":                   {"domain", "eventschemas", "commands", "projections", "api", "internal", "cmd", "deploy/policies"},
	"deploy/policies":       {}, // files that the program carries
	// Helpers of tests may use what they test.
	"internal/e2e": {"domain", "eventschemas", "commands", "projections", "api", "internal", "cmd"},
}

// only names the packages that may import a dependency.
var only = map[string][]string{
	"github.com/EventStore/EventStore-Client-Go/v4/esdb": {"internal/eventstoredb"},
	"github.com/cockroachdb/pebble/v2":                   {"internal/eventnode"},
	"github.com/gorilla/mux":                             {"api"},
}

// impure are the standard packages that the domain must not touch.
var impure = []string{"net", "os", "log", "database", "math/rand", "crypto/rand", "sync", "context"}

// excepted are impure packages that one folder may import all the same.
var excepted = map[string][]string{
	"domain/calendar": {"sync"}, // keeps parsed zones; what it answers does not depend on it
}

type pkg struct {
	ImportPath, Doc string
	Imports         []string
	GoFiles         []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "list", "-json=ImportPath,Doc,Imports,GoFiles", module+"/...")
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			require.NotEmpty(t, all)
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func folder(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func under(dir string, prefixes []string) bool {
	for _, p := range prefixes {
		if dir == p || strings.HasPrefix(dir, p+"/") {
			return true
		}
	}
	return false
}

func allowed(dir string) ([]string, bool) {
	for d := dir; d != "." && d != ""; d = path.Dir(d) {
		if a, ok := layers[d]; ok {
			return a, true
		}
	}
	return nil, false
}

// violations lists what is wrong with one package.
func violations(p pkg) []string {
	dir := folder(p.ImportPath)
	layer, ok := allowed(dir)
	if !ok {
		return []string{dir + " is in no layer"}
	}
	var bad []string
	for _, imp := range p.Imports {
		switch own := strings.HasPrefix(imp, module+"/"); {
		case own && !under(folder(imp), layer):
			bad = append(bad, dir+" must not import "+folder(imp))
		case !own && under(dir, []string{"domain"}) && under(imp, impure) && !slices.Contains(excepted[dir], imp):
			bad = append(bad, dir+" is pure and must not import "+imp)
		}
		if owners, ok := only[imp]; ok && !under(dir, owners) {
			bad = append(bad, dir+" must not import "+imp)
		}
	}
	return bad
}

func TestImportsFollowTheLayers(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		require.Empty(t, violations(p), p.ImportPath)
	}
}

func TestAForbiddenImportIsFound(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/domain/x", Imports: []string{"net/http"}}))
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/domain/x", Imports: []string{"sync"}}))
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/domain/calendar", Imports: []string{"os"}}))
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/domain/x", Imports: []string{module + "/commands"}}))
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/internal/x", Imports: []string{module + "/projections/ticket"}}))
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/api", Imports: []string{"github.com/cockroachdb/pebble/v2"}}))
	require.NotEmpty(t, violations(pkg{ImportPath: module + "/misc"}))
}

func TestEveryPackageHasADocComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 {
			require.NotEmpty(t, p.Doc, p.ImportPath)
		}
	}
}
