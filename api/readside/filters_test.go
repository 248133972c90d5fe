package readside_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/stocktake"
)

func TestORG01APersonAndATeamAreFoundByTheKeyThatPeopleKnow(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	before := r.settle()
	reg, err := r.App.People.Register(ctx, r.request(), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: "E-77"}, Name: "n", Roles: []string{},
	})
	require.NoError(t, err)
	team, err := r.App.Teams.Register(ctx, r.request(), commands.RegisterTeam{Site: "hq", External: domain.ExternalKey{System: "hr", Key: "T-03"}, Name: "T"})
	require.NoError(t, err)
	now := r.settle()
	persons := func(at api.AsOf, key string) (ids []uuid.UUID) {
		rows, _, _, err := r.side.Persons(ctx, at, []string{"hq"}, key, everything)
		require.NoError(t, err)
		for _, p := range rows {
			ids = append(ids, p.Id)
		}
		return ids
	}
	require.Equal(t, []uuid.UUID{reg.ID}, persons(api.AsOf{}, "E-77"))
	require.Equal(t, []uuid.UUID{reg.ID}, persons(api.AsOf{Number: &now}, "E-77"))
	require.Empty(t, persons(api.AsOf{Number: &before}, "E-77"))
	require.Empty(t, persons(api.AsOf{}, "E-7"), "not a part of it")
	require.Greater(t, len(persons(api.AsOf{}, "")), 1)
	teams, _, _, err := r.side.Teams(ctx, api.AsOf{}, []string{"hq"}, "T-03", everything)
	require.NoError(t, err)
	require.Len(t, teams, 1)
	require.Equal(t, team.ID, teams[0].Id)
	others, _, _, err := r.side.Teams(ctx, api.AsOf{}, []string{"hq"}, "T-04", everything)
	require.NoError(t, err)
	require.Empty(t, others)
}

func TestLOS01LossesAreFoundByTheirDayAndSort(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	r.buys()
	first, day := r.tool("wrench", "W-1"), r.today()
	r.lost(first, false)
	r.Clock.Advance(24 * time.Hour)
	second, next := r.tool("wrench", "W-2"), r.today()
	r.lost(second, false)
	r.settle()
	missing, damage := "missing", "damage"
	for _, c := range []struct {
		filter api.LossFilter
		want   []string
	}{
		{api.LossFilter{}, []string{"W-2", "W-1"}},
		{api.LossFilter{From: &next}, []string{"W-2"}},
		{api.LossFilter{To: &day, Cause: &missing}, []string{"W-1"}},
		{api.LossFilter{From: &day, To: &next}, []string{"W-2", "W-1"}},
		{api.LossFilter{Cause: &damage}, nil},
	} {
		rows, _, _, err := r.side.ListLosses(t.Context(), api.AsOf{}, c.filter, everything)
		require.NoError(t, err)
		var got []string
		for _, row := range rows {
			got = append(got, row.Tool.Number)
		}
		require.Equal(t, c.want, got, "%+v", c.filter)
	}
}

func TestCHK01CountsThatGoOnAreFoundApartFromOthers(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	r.tool("wrench", "W-1")
	r.settle()
	begun, err := r.App.Stocktakes.Start(ctx, r.by(0, "storekeeper"), commands.StartStocktake{Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"}}, r.side)
	require.NoError(t, err)
	count := func(open bool) int {
		r.settle()
		rows, _, _, err := r.side.ListStocktakes(ctx, api.AsOf{}, []string{"hq"}, &open, everything)
		require.NoError(t, err)
		return len(rows)
	}
	require.Equal(t, []int{1, 0}, []int{count(true), count(false)})
	r.did(r.App.Stocktakes.Cancel(ctx, r.by(0, "storekeeper"), begun.ID, commands.ToolReason{Reason: "停电"}))
	require.Equal(t, []int{0, 1}, []int{count(true), count(false)})
}

func TestINS03ReadingsOfATimeAreFound(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	read := func(tenths int) time.Time {
		at := r.Clock.Now()
		r.did(r.App.Climates.Record(t.Context(), r.by(0), commands.RecordClimate{Site: "hq", Store: "main", TenthsC: tenths, HumidityPercent: 50}))
		return at
	}
	read(200)
	from, until := read(210), read(220)
	r.settle()
	rows, _, _, err := r.side.Climate(t.Context(), api.AsOf{}, api.ClimateQuery{Site: "hq", Store: "main", Since: &from, Until: &until}, everything)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, 210, *rows[0].TenthsC)
}
