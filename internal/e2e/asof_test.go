package e2e_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
)

func readsideKPIs(r *readModels) api.KPIs { return readside.KPIs{Side: r.side} }

// requireCut imports the first n incidents into a system of their own and
// holds all that it says against what d says as of the end of the n-th.
func requireCut(t *testing.T, d *desk, n int) {
	t.Helper()
	file := cut(t, n)
	part := newDeskLike(t, d.pool)
	part.importLog(t, file, 1)

	streams := map[string]bool{}
	incidents := count(t, file).incidents
	require.Len(t, incidents, n)
	for _, in := range incidents {
		streams[commands.StreamOf("ticket", d.IDs.External("ticket", site, "servicenow", in.number))] = true
	}
	last := int64(0)
	for i, e := range events(t, d.Harness) {
		if streams[e.Stream] {
			last = int64(i) + 1
		}
	}
	require.Less(t, last, d.manager.Head())
	requireSameFigures(t, part.readModels, api.AsOf{}, d.readModels, number(last))
	if n > 1 { // the number before is another past, so the comparison can fail
		require.NotEqual(t, fmt.Sprint(part.list(t, api.AsOf{}, site)), fmt.Sprint(d.list(t, number(last-1), site)))
	}
}

// requireSameFigures compares every row of figures and every ticket of two systems.
func requireSameFigures(t *testing.T, want *readModels, then api.AsOf, got *readModels, at api.AsOf) {
	t.Helper()
	for _, target := range []api.TargetName{api.FirstContact, api.Resolution} {
		for _, by := range []api.SLAGroup{api.SLAGroupNone, api.SLAGroupLevel, api.SLAGroupTeam, api.SLAGroupTechnician} {
			require.Equal(t, want.sla(t, then, target, by, ""), got.sla(t, at, target, by, ""), "%s by %s", target, by)
		}
		for _, grain := range []api.Grain{api.GrainDay, api.GrainMonth} {
			require.Equal(t, want.sla(t, then, target, api.SLAGroupPeriod, grain), got.sla(t, at, target, api.SLAGroupPeriod, grain))
		}
	}
	tickets, others := want.list(t, then, site), got.list(t, at, site)
	require.Len(t, others, len(tickets))
	for n := range tickets {
		require.Equal(t, tickets[n], others[n])
	}
}
