package archtest_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root      = "../.."
	rulesFile = root + "/docs/rules.md"
	marker    = "\n## Where each rule lives\n"
)

var (
	ruleID  = regexp.MustCompile(`\b(?:POL|ORG|TKT|SLA|VIS|REP|BIL|CON|FUP|CMP|APR|TOL|STK|EXC|LOS|INS|CHK|KNW|PRD|AUD)-\d\d\b`)
	ruleDef = regexp.MustCompile(`(?m)^- ((?:[A-Z]{3})-\d\d) `)
)

// places maps each rule id to the files that name it, code before tests.
func places(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.Contains(path, "internal/archtest/") || strings.HasSuffix(path, ".gen.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		for _, id := range ruleID.FindAllString(string(text), -1) {
			if found[id] == nil {
				found[id] = map[string]bool{}
			}
			found[id][name] = true
		}
		return nil
	})
	require.NoError(t, err)
	out := map[string][]string{}
	for id, files := range found {
		out[id] = slices.SortedFunc(maps.Keys(files), func(a, b string) int {
			ta, tb := strings.HasSuffix(a, "_test.go"), strings.HasSuffix(b, "_test.go")
			if ta != tb {
				if ta {
					return 1
				}
				return -1
			}
			return strings.Compare(a, b)
		})
	}
	return out
}

// table writes the section of docs/rules.md that says where each rule lives.
func table(ids []string, where map[string][]string) string {
	var b strings.Builder
	b.WriteString(marker)
	b.WriteString("\nWritten by `UPDATE=1 go test ./internal/archtest`; a rule without a place has no code yet.\n\n| rule | code | tests |\n|---|---|---|\n")
	for _, id := range ids {
		var code, tests []string
		for _, f := range where[id] {
			link := fmt.Sprintf("[%s](../%s)", f, f)
			if strings.HasSuffix(f, "_test.go") {
				tests = append(tests, link)
			} else {
				code = append(code, link)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", id, strings.Join(code, ", "), strings.Join(tests, ", "))
	}
	return b.String()
}

func TestTheCatalogueSaysWhereEachRuleLives(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(rulesFile)
	require.NoError(t, err)
	catalogue, _, _ := strings.Cut(string(text), marker)
	var ids []string
	for _, m := range ruleDef.FindAllStringSubmatch(catalogue, -1) {
		ids = append(ids, m[1])
	}
	require.Greater(t, len(ids), 100)
	where := places(t)
	for id := range where {
		require.Contains(t, ids, id, "%s is named in %v but not in the catalogue", id, where[id])
	}
	want := strings.TrimRight(catalogue, "\n") + "\n" + table(ids, where)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(rulesFile, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "run UPDATE=1 go test ./internal/archtest")
}
