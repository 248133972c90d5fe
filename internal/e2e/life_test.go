package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// block is a fenced block of a page.
type block struct {
	kind, text string
	line       int
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// blocksOf returns the fenced blocks of a page, in order.
func blocksOf(page string) []block {
	var out []block
	for _, m := range fence.FindAllStringSubmatchIndex(page, -1) {
		out = append(out, block{kind: page[m[2]:m[3]], text: page[m[4]:m[5]], line: 1 + strings.Count(page[:m[0]], "\n")})
	}
	return out
}

// scriptOf is the sh blocks as one script, each of which writes into a file of out.
func scriptOf(blocks []block, out string) string {
	var b strings.Builder
	for i, k := range blocks {
		if k.kind == "sh" {
			fmt.Fprintf(&b, "echo '== line %d' >&2\n{\n%s} > '%s' 2> >(tee -a '%s' >&2)\n", k.line, k.text, answerFile(out, i), answerFile(out, i))
		}
	}
	return b.String()
}

func answerFile(out string, i int) string { return filepath.Join(out, strconv.Itoa(i)) }

// lastAnswer is the last JSON value that a block wrote.
func lastAnswer(t *testing.T, file string) any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var last any
	for {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return last
		} else if err != nil {
			require.NoError(t, err, "%s", text)
		}
		last = v
	}
}

// differs says where an answer is not what the page states; "" if nowhere.
// Members may be left out of the page, elements of a list may not.
func differs(at string, stated, got any) string {
	switch s := stated.(type) {
	case string:
		if s == "…" {
			return ""
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for name, v := range s {
			if d := differs(at+"."+name, v, g[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(s) {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for i, v := range s {
			if d := differs(fmt.Sprintf("%s[%d]", at, i), v, g[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if stated != got {
		return fmt.Sprintf("%s is %v, the page says %v", at, got, stated)
	}
	return ""
}

// The page docs/life-of-a-tool.md is run as it stands, from the plan of demand
// to the last deduction and the scrap heap, and what it states is answered.
func TestLOS08TheLifeOfAToolIsAsItsPageSays(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	require.NoError(t, err)
	page, err := os.ReadFile("../../docs/life-of-a-tool.md")
	require.NoError(t, err)
	blocks := blocksOf(string(page))
	work := t.TempDir()
	clock := filepath.Join(work, "clock")
	require.NoError(t, os.WriteFile(clock, []byte("2026-01-05T09:00:00+08:00\n"), 0o600))
	s := newInstallation(t).listening(t, "demo", "--empty", "--clock", clock, "--listen", "127.0.0.1:0", "--metrics", "")

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "-euo", "pipefail", "-c", scriptOf(blocks, work))
	cmd.Dir, cmd.WaitDelay = "../..", 10*time.Second
	cmd.Env = append(os.Environ(), "URL="+s.url, "CLOCK="+clock, "TMPDIR="+work, "FIELDLEDGER_DATA_DIR="+s.dir,
		"PATH="+filepath.Dir(s.path)+string(os.PathListSeparator)+os.Getenv("PATH"))
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", said, s.out)

	held := 0
	for i, b := range blocks {
		if b.kind != "json" {
			continue
		}
		require.Equal(t, "sh", blocks[i-1].kind, "line %d states an answer to nothing", b.line)
		d := json.NewDecoder(strings.NewReader(b.text))
		d.UseNumber()
		var stated any
		require.NoError(t, d.Decode(&stated), "line %d", b.line)
		require.Empty(t, differs("answer", stated, lastAnswer(t, answerFile(work, i-1))), "line %d of the page", b.line)
		held++
	}
	require.Greater(t, held, 20)
	require.NoError(t, s.end(syscall.SIGTERM), s.out)
	require.NotContains(t, s.out.String(), "level=ERROR")
}
