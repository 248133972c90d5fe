package readside_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// strike takes the newest event of a type back and returns the number before it.
func (r *toolRoom) strike(typ string) int64 {
	r.t.Helper()
	head := r.settle()
	var of eventschemas.Recorded
	for _, rec := range r.records(head) {
		if rec.Type == typ {
			of = rec.Recorded
		}
	}
	require.NotEmpty(r.t, of.Stream, typ)
	stored, err := r.Store.ReadStream(r.t.Context(), of.Stream, 0)
	require.NoError(r.t, err)
	last := stored[len(stored)-1]
	env, err := eventschemas.DecodeEnvelope(of.Meta)
	require.NoError(r.t, err)
	kind, data, hash, err := eventschemas.Encode(record.Struck{Revision: of.Revision, EventID: of.ID, Reason: "wrong", SecondPerson: r.people[1]})
	require.NoError(r.t, err)
	env.Command.ID, env.SchemaHash, env.Prev = uuid.New(), hash, eventschemas.ChainHash(last)
	meta, err := env.Encode()
	require.NoError(r.t, err)
	_, err = r.Store.Append(r.t.Context(), of.Stream, int64(last.Revision), []eventschemas.Proposed{{ID: uuid.New(), Type: kind, Data: data, Meta: meta}})
	require.NoError(r.t, err)
	r.settle()
	return head
}

func TestAUD02WhatWasStruckLeavesTheListsOfKeepingFromTheStrikeOn(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	id := r.tool("gloves", "G-1")
	r.tool("gloves", "G-2")
	of := commands.PlanOf{Site: "hq", Kind: "gloves"}
	r.did(r.App.InspectionPlans.Set(ctx, r.by(0), commands.SetInspectionPlan{PlanOf: of, Purpose: inspectionplan.Random, Reason: "yearly"}))
	r.Clock.Advance(32 * 24 * 3600e9)
	r.did(r.App.InspectionPlans.Check(ctx, r.by(0), commands.CheckTools{PlanOf: of, Purpose: inspectionplan.Random, Tools: []inspectionplan.Finding{{Tool: id, Number: "G-1", Good: true}}}))
	r.did(r.App.Climates.Record(ctx, r.by(0), commands.RecordClimate{Site: "hq", Store: "main", TenthsC: 400, HumidityPercent: 50, Note: "fan on"}))
	r.settle()
	reg, err := r.App.Stocktakes.Start(ctx, r.by(0), commands.StartStocktake{Site: "hq", Scope: stocktake.Scope{Kind: "store", Who: "main"}}, r.side)
	require.NoError(t, err)
	r.did(r.App.Stocktakes.Scan(ctx, r.by(1), reg.ID, commands.ScanTools{Scans: []commands.ScanTool{{Number: "G-1", Condition: stocktake.Sound}}}))
	r.settle()
	r.did(r.App.Stocktakes.Count(ctx, r.by(0), reg.ID, nil, r.side))

	worn := r.tool("wrench", "W-1")
	r.give(worn, 2)
	r.back(worn, 2, tool.Worn)

	lists := map[string]func(api.AsOf) int{ // by the type that is a row of each
		"climate.deviated.v1": func(at api.AsOf) int {
			rows, _, _, err := r.side.Climate(ctx, at, api.ClimateQuery{Site: "hq", Store: "main", Deviations: true}, everything)
			require.NoError(t, err)
			return len(rows)
		},
		"stocktake.scanned.v1": func(at api.AsOf) int {
			c, _, err := r.side.Stocktake(ctx, at, reg.ID)
			require.NoError(t, err)
			return c.Scanners[0].Scans
		},
		"stocktake.differed.v1": func(at api.AsOf) int {
			rows, _, _, err := r.side.StocktakeDifferences(ctx, at, reg.ID, everything)
			require.NoError(t, err)
			return len(rows)
		},
		"tool.returned.v1": func(at api.AsOf) int {
			_, facts, _, err := r.side.ToolStatistics(ctx, at, "hq", string(r.today()[:7]))
			require.NoError(t, err)
			return len(facts)
		},
		"inspection.checked.v1": func(at api.AsOf) int { // what was checked is not due
			rows, _, _, err := r.side.DueChecks(ctx, at, api.DueQuery{Site: "hq", Purpose: api.KeepingDuePurposeRandom, Kind: new("gloves")}, everything)
			require.NoError(t, err)
			return 2 - len(rows)
		},
	}
	for typ, list := range lists {
		r.settle()
		require.Equal(t, 1, list(api.AsOf{}), typ)
		before := r.strike(typ)
		require.Equal(t, 0, list(api.AsOf{}), "%s does not count any more", typ)
		require.Equal(t, 1, list(api.AsOf{Number: &before}), "%s as known before", typ)
	}
	for _, s := range r.manager.Status() {
		require.Empty(t, s.HaltedReason, s.Projection)
	}
}
