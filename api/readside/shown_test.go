package readside

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

func TestSLA01ATicketTellsOfTheTargetsThatAreAgreed(t *testing.T) {
	t.Parallel()
	names := func(row ticket.Row) []api.TargetName {
		var out []api.TargetName
		for _, s := range sealedTicket(readmodel.Versioned[ticket.Row]{Row: row}, view{}).Targets {
			require.True(t, s.Target.Valid())
			out = append(out, s.Target)
		}
		return out
	}
	require.Equal(t, []api.TargetName{api.FirstContact, api.Resolution}, names(ticket.Row{Status: string(domainticket.StatusMerged)}))
	agreed := ticket.Clock{Cycle: 1, Running: true, Agreed: true}
	row := ticket.Row{FirstContact: agreed, Remote: agreed, Arrival: agreed, Resolution: agreed, Update: agreed}
	require.Equal(t, []api.TargetName{api.FirstContact, api.RemoteResolution, api.Arrival, api.Resolution, api.NextUpdate}, names(row))
	row.Arrival.Agreed, row.Remote = false, ticket.Clock{Cycle: 0, Agreed: true}
	require.Equal(t, []api.TargetName{api.FirstContact, api.Resolution, api.NextUpdate}, names(row))
}
