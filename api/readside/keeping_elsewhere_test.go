package readside_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Who scans a tool of another site is told whose it is, of that site's code
// alone; a number that this site has, too, is this site's.
func TestCHK01AToolOfAnotherSiteNamesThatSite(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	r.tool("wrench", "W-1")
	for _, site := range []string{"south", "north"} {
		_, err := r.App.Sites.Register(ctx, r.request(), commands.RegisterSite{Code: site, Name: site, Zone: "Asia/Shanghai"})
		require.NoError(t, err)
		_, err = r.App.Policies.Record(ctx, r.request(), commands.RecordPolicy{
			Site: site, Kind: policy.KindTools, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first",
			Content: json.RawMessage(`{"stores":[{"code":"yard","name":"yard"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"}]}`),
		})
		require.NoError(t, err)
		for _, number := range []string{"W-1", "N-1"} {
			_, err = r.App.Tools.Register(ctx, r.request(), commands.RegisterTool{
				Site: site, Number: number, Kind: "wrench", Name: "w", PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "yard",
			})
			require.NoError(t, err)
		}
	}
	r.settle()
	count, err := r.App.Stocktakes.Start(ctx, r.by(0, "storekeeper"), commands.StartStocktake{Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfSite}}, r.side)
	require.NoError(t, err)
	r.did(r.App.Stocktakes.Scan(ctx, r.by(1), count.ID, commands.ScanTools{Scans: []commands.ScanTool{
		{Number: "W-1", Condition: stocktake.Broken}, {Number: "N-1", Condition: stocktake.Sound}, {Number: "X-1", Condition: stocktake.Sound},
	}}))
	r.did(r.App.Stocktakes.Count(ctx, r.by(0, "storekeeper"), count.ID, nil, r.side))
	number := r.settle()
	rows, _, _, err := r.side.StocktakeDifferences(ctx, api.AsOf{Number: &number}, count.ID, everything)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, api.StocktakeDifference{
		Kind: "unknown", Number: "N-1", Holder: api.Holder{Kind: "nobody"}, Scanner: r.people[1], BelongsTo: &[]string{"north", "south"},
	}, rows[0], "neither the tool nor who has it there")
	require.Nil(t, rows[1].BelongsTo, "W-1 is this site's")
	require.Nil(t, rows[2].BelongsTo, "X-1 is nobody's")
	others, err := r.side.Elsewhere(ctx, "hq", []string{"W-1"}, number)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"W-1": {"north", "south"}}, others, "not the asking one")
	url, token := r.serve()
	sheet := page(t, url+"/v1/forms/stocktake-sheet/"+count.ID.String()+"?lang=en", token("hq"))
	require.Contains(t, sheet.body, "site north site south")
	require.NotContains(t, sheet.body, "yard")
}
