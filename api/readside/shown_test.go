package readside

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
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

func TestTKT15ATicketTellsWhatItsRowKnows(t *testing.T) {
	t.Parallel()
	at := func(hour int) *time.Time { return new(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC)) }
	shown := func(row ticket.Row) api.Ticket {
		return sealedTicket(readmodel.Versioned[ticket.Row]{Row: row}, view{}).Ticket
	}
	into := uuid.New()
	got := shown(ticket.Row{
		ServiceZone: "town", FirstLevel: 3, Level: 1, LevelChanges: 2, Solution: "swap", MergedInto: into, PauseReason: "parts", ActiveAgain: true,
		VisitNeededAt: at(1), ArrivalBy: at(2), PausedAt: at(3), ResolvedAt: at(4), ClosedAt: at(5), EndedAt: at(6),
	})
	require.Equal(t, []any{"town", 3, 2, "swap", &into, "parts", true},
		[]any{got.ServiceZone, got.FirstLevel, got.LevelChanges, got.Solution, got.MergedInto, *got.PauseReason, got.ActiveAgain})
	for i, when := range []*domain.Instant{got.VisitNeededAt, got.ArrivalBy, got.PausedAt, got.ResolvedAt, got.ClosedAt, got.EndedAt} {
		require.Equal(t, *at(i + 1), when.Time)
	}
	got = shown(ticket.Row{})
	require.Nil(t, got.MergedInto)
	require.Nil(t, got.PauseReason)
	require.Nil(t, got.EndedAt)
}
