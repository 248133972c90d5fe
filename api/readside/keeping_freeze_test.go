package readside_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func TestCHK01AListIsFrozenOnceTheReadModelsHaveWhatWasStoredBeforeItWasAskedFor(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	behind := r.sideOf(r.Pool, newManager(t, r.Harness, r.Pool), r.Clock) // it applies nothing of what comes
	for _, n := range []string{"W-1", "W-2", "W-3"} {
		r.tool("wrench", n)
	}
	ask := commands.StartStocktake{Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"}}
	by := r.by(0)
	last := int64(r.Node.Head().Events)
	_, err := r.App.Stocktakes.Start(ctx, by, ask, behind)
	require.ErrorIs(t, err, api.ErrBeyond, "a list that may be too short is not frozen")
	require.Equal(t, last, int64(r.Node.Head().Events), "and leaves nothing")

	reg, err := r.App.Stocktakes.Start(ctx, by, ask, r.side) // nobody has waited for the read models
	require.NoError(t, err, "asked again with the same key it goes on")
	stored, err := r.Store.ReadStream(ctx, reg.Stream, 0)
	require.NoError(t, err)
	rec, err := eventschemas.NewRecord(stored[0], 1)
	require.NoError(t, err)
	started := rec.Event.(stocktake.Started)
	require.Equal(t, 3, started.Expected)
	require.GreaterOrEqual(t, started.AsOf, last, "the number it was frozen at")
}
