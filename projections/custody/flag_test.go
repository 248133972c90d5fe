package custody_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/custody"
)

func TestTOL08AnExceptionIsShownWithReasonAndApprovalAndGoesWithItsStrike(t *testing.T) {
	t.Parallel()
	at := func(hour int) domain.Instant { return domain.At(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC)) }
	li, wang := tool.Holder{Kind: tool.Person, Who: "li"}, tool.Holder{Kind: tool.Person, Who: "wang"}
	approval := uuid.New()
	events := []tool.Event{
		tool.Registered{At: at(1), Number: "W-1", Use: tool.Personal, Home: "main", Holder: li},
		tool.HandedOver{At: at(2), From: li, Holder: wang, By: "wang", Reason: "急用", ApprovedBy: "boss", Approval: &approval, Exception: true},
		tool.ReportedMissing{At: at(3), LostAt: at(3), Place: "sump", By: "li", From: wang, Other: true},
	}
	records := func(revisions ...uint64) []eventschemas.Record {
		var out []eventschemas.Record
		for _, n := range revisions {
			out = append(out, eventschemas.Record{Recorded: eventschemas.Recorded{Revision: n}, Event: events[n]})
		}
		return out
	}
	row, err := custody.Refold(records(0, 1, 2))
	require.NoError(t, err)
	require.True(t, row.Flagged)
	require.Equal(t, custody.Span{
		From: at(2), Holder: "person:wang", Revision: 1, Flag: "exception", By: "wang", Reason: "急用", ApprovedBy: "boss", Approval: &approval,
	}, row.Custody[1])
	require.Equal(t, custody.Span{From: at(3), Holder: "nobody", Revision: 2, Flag: "other", By: "li"}, row.Custody[2])
	row, err = custody.Refold(records(0))
	require.NoError(t, err)
	require.False(t, row.Flagged, "what is struck flags nothing (AUD-02)")
	require.Empty(t, row.Custody[0].Flag)
}
