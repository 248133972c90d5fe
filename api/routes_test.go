package api

import (
	"maps"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"
)

func TestRoutesAndContractAreOneList(t *testing.T) {
	t.Parallel()
	sp, err := readSpec(openAPI)
	require.NoError(t, err)
	var routes []string
	s := &Server{spec: sp}
	require.NoError(t, s.router().Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := r.GetPathTemplate()
		require.NoError(t, err)
		methods, err := r.GetMethods()
		require.NoError(t, err)
		for _, m := range methods {
			routes = append(routes, m+" "+path)
		}
		return nil
	}))
	slices.Sort(routes)
	require.Equal(t, slices.Sorted(maps.Keys(sp.operations)), routes)
}

// now are the reads that answer of what is now, by their nature.
var now = map[string]bool{
	"listPolicies": true, "listCodes": true, "streamChanges": true,
	"previewToolStrike": true, "previewLossCorrection": true, // what they would change
	"listExchangeSpares": true, // what can be given out
}

func TestEveryWriteSaysWhereItCanBeRead(t *testing.T) {
	t.Parallel()
	type write struct {
		ID        string `yaml:"operationId"`
		Responses map[string]struct{ Headers map[string]any }
	}
	var doc struct {
		Paths map[string]struct{ Post, Put, Delete *write }
	}
	require.NoError(t, yaml.Unmarshal(openAPI, &doc))
	seen := 0
	for path, on := range doc.Paths {
		for _, op := range []*write{on.Post, on.Put, on.Delete} {
			if op == nil || op.ID == "previewPolicy" || op.ID == "eraseSubject" { // of which no read model tells
				continue
			}
			for status, r := range op.Responses {
				if status[0] == '2' {
					require.Contains(t, r.Headers, "Fieldledger-Position", "%s: %s", path, op.ID)
					seen++
				}
			}
		}
	}
	require.Greater(t, seen, 100)
}

func TestEveryListHasPagesAndEveryWriteAKey(t *testing.T) {
	t.Parallel()
	sp, err := readSpec(openAPI)
	require.NoError(t, err)
	for route, op := range sp.operations {
		names := map[string]param{}
		for _, p := range op.Params {
			names[p.Name] = p
		}
		if (op.Body != nil || route[:6] == "DELETE") && op.ID != "previewPolicy" { // which records nothing
			require.True(t, names["Idempotency-Key"].Required, route)
		}
		_, limit := names["limit"]
		_, cursor := names["cursor"]
		require.Equal(t, limit, cursor, route)
		if op.Body == nil && !op.Open && route[:6] != "DELETE" && !now[op.ID] {
			require.Contains(t, names, "as_of", route)
			require.Contains(t, names, "min_position", route)
		}
	}
}
