package api

import (
	"maps"
	"slices"
	"testing"

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
