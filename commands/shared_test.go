package commands_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// overtaken is a store on which another process does something just before an append.
type overtaken struct {
	commands.EventStore
	before func()
}

func (o *overtaken) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	if f := o.before; f != nil {
		o.before = nil
		f()
	}
	return o.EventStore.Append(ctx, stream, expected, events)
}

func TestAUD06TheChainHoldsWhenTwoProcessesSendOneCommandAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	reg, err := h.App.Tickets.Register(t.Context(), h.Request("call"), call(h))
	require.NoError(t, err)
	h.Clock.Advance(9 * time.Hour)
	store := &overtaken{EventStore: h.Store}
	late := commands.New(commands.Ports{Store: store, Outcomes: outcomes.New(h.Pool, h.Clock), Vault: h.Vault, Clock: h.Clock, IDs: h.IDs, Log: h.Log})
	send := func(app *commands.App) commands.Result {
		res, err := app.Tickets.EscalateIfDue(t.Context(), commands.Request{Actor: commands.System("timer"), Key: "1"}, reg.ID,
			commands.EscalateTicket{Target: ticket.Resolution, Percent: 75})
		require.NoError(t, err)
		return res
	}
	store.before = func() {
		h.Clock.Advance(time.Second)
		require.True(t, send(h.App).Changed)
	}
	require.True(t, send(late).Changed, "it decided before the other had stored")
	_, err = late.Tickets.Accept(t.Context(), h.Request("accept"), reg.ID, nil)
	require.NoError(t, err)

	prev := ""
	for _, e := range events(t, h, reg.Stream) {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		require.NoError(t, err)
		require.Equal(t, prev, env.Prev, "%s at revision %d", e.Type, e.Revision)
		prev = eventschemas.ChainHash(e)
	}
	require.Len(t, events(t, h, reg.Stream), 4, "registered, escalated once, accepted, judged")
}
