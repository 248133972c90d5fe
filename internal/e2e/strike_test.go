package e2e_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

var newSite = commands.RegisterSite{Code: "hq", Name: "headquarters", Zone: "Asia/Shanghai"}

// resolvedTicket is a ticket at hq that was accepted and resolved.
func (d *desk) resolvedTicket(t *testing.T) uuid.UUID {
	t.Helper()
	ctx := t.Context()
	_, err := d.App.Sites.Register(ctx, d.Request("site"), newSite)
	require.NoError(t, err)
	week := d.policy(t, policy.KindCalendar, calendar.Content{
		Zone: newSite.Zone, Week: calendar.Week{Mon: []calendar.Hours{{"08:00", "18:00"}}},
	})
	d.policy(t, policy.KindSLA, policy.SLA{Calendar: week, Targets: []policy.SLATarget{
		{Level: 2, Name: "resolution", Clock: "wall", LimitS: 8 * 3600},
	}})
	reg, err := d.App.Tickets.Register(ctx, d.Request("call"), commands.RegisterTicket{
		Site: "hq", Channel: ticket.Phone, Kind: "fault", Level: 2, Customer: "Wang",
	})
	require.NoError(t, err)
	d.Clock.Advance(time.Hour)
	_, err = d.App.Tickets.Accept(ctx, d.Request("accept"), reg.ID, nil)
	require.NoError(t, err)
	d.Clock.Advance(time.Hour)
	_, err = d.App.Tickets.Resolve(ctx, d.Request("resolve"), reg.ID, commands.ResolveTicket{})
	require.NoError(t, err)
	d.settle(t, d.Harness)
	return reg.ID
}

// policy records the first version of a policy of hq.
func (d *desk) policy(t *testing.T, kind policy.Kind, content any) uuid.UUID {
	t.Helper()
	raw, err := json.Marshal(content)
	require.NoError(t, err)
	reg, err := d.App.Policies.Record(t.Context(), d.Request(string(kind)), commands.RecordPolicy{
		Site: "hq", Kind: kind, EffectiveFrom: apptest.Start, Reason: "test", Content: raw,
	})
	require.NoError(t, err)
	return reg.ID
}

// revision of the event of a type in a ticket's stream.
func (d *desk) revision(t *testing.T, id uuid.UUID, kind string) uint64 {
	t.Helper()
	all, err := d.Store.ReadStream(t.Context(), commands.StreamOf("ticket", id), 0)
	require.NoError(t, err)
	for _, e := range all {
		if e.Type == kind {
			return e.Revision
		}
	}
	t.Fatalf("ticket has no %s", kind)
	return 0
}

func (d *desk) strike(t *testing.T, id uuid.UUID, kind string) {
	t.Helper()
	second, err := d.App.People.Register(t.Context(), d.Request("second"), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: "2"}, Name: "Qian",
	})
	require.NoError(t, err)
	d.settle(t, d.Harness)
	before := d.manager.Head()
	_, err = d.App.Strikes.Strike(t.Context(), d.Request("strike "+kind), "ticket", id, commands.StrikeEvent{
		Revision: d.revision(t, id, kind), Reason: "wrong ticket", SecondPerson: second.ID.String(),
	})
	require.NoError(t, err)
	d.settle(t, d.Harness)
	require.Greater(t, d.manager.Head(), before)
}

// figuresOfHQ are the sums of the site.
func (d *desk) figuresOfHQ(t *testing.T, at api.AsOf) api.SLARow {
	t.Helper()
	rows, _, err := d.side.SLA(t.Context(), at, api.SLAQuery{
		Site: "hq", From: "2026-01-01", To: "2026-12-31", Target: api.Resolution, GroupBy: api.SLAGroupNone,
	})
	require.NoError(t, err)
	if len(rows) == 0 {
		return api.SLARow{}
	}
	require.Len(t, rows, 1)
	return rows[0]
}

func TestAUD02AStruckEventIsGoneFromTheStrikeOnAndStaysBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.resolvedTicket(t)
	d.strike(t, id, "ticket.resolved.v1")
	now := d.manager.Head()
	struck := int64(0) // number of the first strike
	for i, e := range events(t, d.Harness) {
		if e.Type == "record.struck.v1" && struck == 0 {
			struck = int64(i) + 1
		}
	}
	require.Positive(t, struck)

	for _, c := range []struct {
		at       int64
		status   api.TicketStatus
		resolved int64
		state    api.TargetStateState
	}{
		{struck - 1, api.TicketStatusResolved, 1, api.TargetStateStateMet},
		{now, api.TicketStatusAccepted, 0, api.TargetStateStateRunning},
	} {
		card, _, err := d.side.Get(t.Context(), number(c.at), id)
		require.NoError(t, err)
		require.Equal(t, c.status, card.Status)
		require.Equal(t, c.state, card.Targets[1].State)
		require.Equal(t, c.resolved == 1, card.Targets[1].ReachedAt != nil)
		list := d.list(t, number(c.at), "hq")
		require.Len(t, list, 1)
		require.Equal(t, c.status, list[0].Status)
		status := api.TicketStatusResolved
		filtered, _, _, err := d.side.List(t.Context(), number(c.at), api.TicketFilter{Sites: []string{"hq"}, Status: &status}, api.TicketSort{By: "number"}, api.Page{Limit: 9})
		require.NoError(t, err)
		require.Len(t, filtered, int(c.resolved))
		figures := d.figuresOfHQ(t, number(c.at))
		require.EqualValues(t, 1, figures.Cases)
		require.Equal(t, c.resolved, figures.FirstResolved)
		require.Equal(t, c.resolved, figures.Met)
		require.Equal(t, 1-c.resolved, figures.Running)
		require.Equal(t, c.resolved*7200, figures.GrossS)
	}
	history, _, _, err := d.side.History(t.Context(), number(now), id, api.Page{Limit: 50})
	require.NoError(t, err)
	var marked []string
	for _, e := range history {
		if e.StruckBy != nil {
			require.GreaterOrEqual(t, *e.StruckBy, struck)
			marked = append(marked, e.Type)
		}
	}
	require.Equal(t, []string{"ticket.resolved.v1", "ticket.judged.v1"}, marked, "the history still shows it, as struck")
	require.Empty(t, d.verify(t))
	d.rebuild(t, d.reader)
}

func TestAUD02ATicketWhoseRegistrationIsStruckIsNowhereFromThenOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.resolvedTicket(t)
	before := d.manager.Head()
	d.strike(t, id, "ticket.registered.v1")

	_, _, err := d.side.Get(t.Context(), api.AsOf{}, id)
	require.ErrorIs(t, err, commands.ErrNotFound)
	require.Empty(t, d.list(t, api.AsOf{}, "hq"))
	require.Equal(t, api.SLARow{}, d.figuresOfHQ(t, api.AsOf{}))
	card, _, err := d.side.Get(t.Context(), number(before), id)
	require.NoError(t, err)
	require.Equal(t, api.TicketStatusResolved, card.Status)
	require.Len(t, d.list(t, number(before), "hq"), 1)
	require.EqualValues(t, 1, d.figuresOfHQ(t, number(before)).Cases)
	require.Empty(t, d.verify(t))
	d.rebuild(t, d.reader)
}
