package archtest_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// outside finds what a reader of the repository alone could not follow: paths
// of a machine, and papers that are not in it. Decisions are cited as ADRs.
var outside = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`/wo[r]k/`, `\.\./share[d]`, `\bshared/[a-z]+\.md`,
	`\b(?:design|style)\.md\b`, `\bdesign,? section\b`, `\bsections? [\d.]+ of the (?:design|notes|style)`, `\bof the design\b`,
	`(?:^|[\s("'\x60/])notes/`,
}, "|"))

// speaking are the kinds of files that people read.
var speaking = []string{".go", ".md", ".yaml", ".yml", ".sql", ".cedar", ".txtar", ".sh"}

// mentions lists the lines of text that speak of what is outside.
func mentions(name, text string) []string {
	var found []string
	line := 0
	for l := range strings.Lines(text) {
		line++
		if m := outside.FindString(l); m != "" {
			found = append(found, fmt.Sprintf("%s:%d: %s", name, line, strings.TrimSpace(m)))
		}
	}
	return found
}

func TestNothingSpeaksOfWhatIsOutsideTheRepository(t *testing.T) {
	t.Parallel()
	var found []string
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() || d.Name() == "words_test.go": // this file names the words
			return nil
		case !slices.Contains(speaking, filepath.Ext(path)) && d.Name() != "Makefile":
			return nil
		}
		text, err := os.ReadFile(path)
		files++
		found = append(found, mentions(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), string(text))...)
		return err
	})
	require.NoError(t, err)
	require.Greater(t, files, 200)
	require.Empty(t, found)
}

func TestAWordAboutTheOutsideIsFound(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"// see /wo" + "rk/main", "# .." + "/shared/data", "see shared/style.md", "design.md says", "(AUD-01, design section 3)",
		"See section 4 of the design.", "see notes/reliability.md", "`notes/x`",
	} {
		require.Len(t, mentions("x.go", "package x\n"+bad+"\n"), 1, bad)
	}
	require.Empty(t, mentions("x.go", "// by design; network/worker; footnotes/2; ADR 0001; POST /v1/notes\n"))
}
