package api

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// The page docs/tools.md says by which request each thing is done: all that it
// names there is, and no command about tools is left out.
func TestTOL01EveryCommandAboutToolsIsOnItsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/tools.md")
	require.NoError(t, err)
	sp, err := readSpec(openAPI)
	require.NoError(t, err)
	var named []string
	for _, m := range regexp.MustCompile("`((?:GET|POST) /v1/[^`?]*)[^`]*`").FindAllStringSubmatch(string(page), -1) {
		named = append(named, m[1])
	}
	routes := slices.Collect(maps.Keys(sp.operations))
	for _, route := range named {
		require.Contains(t, routes, route)
	}
	var doc struct {
		Paths map[string]struct {
			Post *struct{ Tags []string }
		}
	}
	require.NoError(t, yaml.Unmarshal(openAPI, &doc))
	of := strings.Fields("tools approvals exchanges keeping supply losses")
	seen := 0
	for path, on := range doc.Paths {
		if on.Post != nil && slices.Contains(of, on.Post.Tags[0]) {
			require.Contains(t, named, "POST "+path)
			seen++
		}
	}
	require.Greater(t, seen, 80)
}
