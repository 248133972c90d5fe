package commands_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

func register(t *testing.T, h *apptest.Harness, key string) commands.Registered {
	t.Helper()
	reg, err := h.App.Tickets.Register(t.Context(), h.Request(key), call(h))
	require.NoError(t, err)
	return reg.Registered
}

func decoded(t *testing.T, h *apptest.Harness, stream string) []any {
	t.Helper()
	var out []any
	for _, e := range events(t, h, stream) {
		ev, err := eventschemas.Decode(e.Type, e.Data)
		require.NoError(t, err)
		out = append(out, ev)
	}
	return out
}

func TestAStruckPauseHasTheResolutionJudgedAgain(t *testing.T) { // SLA-05
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	ctx := t.Context()
	second, err := h.App.People.Register(ctx, h.Request("p"), commands.RegisterPerson{
		Site: "desk", External: domain.ExternalKey{System: "hr", Key: "7"}, Name: "Li", Roles: []string{"director"},
	})
	require.NoError(t, err)
	reg := register(t, h, "call-1")
	h.Clock.Advance(time.Minute)
	_, err = h.App.Tickets.Pause(ctx, h.Request("pause"), reg.ID, commands.PauseTicket{Reason: ticket.WaitingParts})
	require.NoError(t, err)
	h.Clock.Advance(9 * 24 * time.Hour)
	_, err = h.App.Tickets.Resolve(ctx, h.Request("resolve"), reg.ID, commands.ResolveTicket{})
	require.NoError(t, err)
	strike := func() commands.Result {
		res, err := h.App.Strikes.Strike(ctx, h.Request("strike"), "ticket", reg.ID, commands.StrikeEvent{
			Revision: 1, Reason: "it never stood", SecondPerson: second.ID.String(),
		})
		require.NoError(t, err)
		return res
	}
	first := strike()
	all := decoded(t, h, reg.Stream)
	last, ok := all[len(all)-1].(ticket.Judged)
	require.True(t, ok)
	require.Equal(t, ticket.Resolution, last.Target)
	require.Equal(t, ticket.Breached, last.Verdict)
	require.Equal(t, ticket.CauseStrike, last.Cause)
	require.Equal(t, ticket.Met, all[*last.Replaces].(ticket.Judged).Verdict, "the first verdict stays on record")
	require.EqualValues(t, len(all)-1, first.Revision)
	h.Restart(t)
	again := strike()
	require.Equal(t, first.Revision, again.Revision)
	require.Len(t, events(t, h, reg.Stream), len(all), "asking again changes nothing")
}

func TestAFactEnteredLateIsJudgedAndBothVerdictsStand(t *testing.T) { // SLA-05
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	ctx := t.Context()
	reg := register(t, h, "call-1")
	called := h.Clock.Now()
	h.Clock.Advance(8 * 24 * time.Hour)
	_, err := h.App.Tickets.Resolve(ctx, h.Request("resolve"), reg.ID, commands.ResolveTicket{})
	require.NoError(t, err)
	_, err = h.App.Tickets.AcceptLate(ctx, h.Request("late"), reg.ID, commands.LateFact{At: called.Add(time.Minute), Reason: "was on the telephone"})
	require.NoError(t, err)
	all := decoded(t, h, reg.Stream)
	last, ok := all[len(all)-1].(ticket.Judged)
	require.True(t, ok)
	require.Equal(t, ticket.FirstContact, last.Target)
	require.Equal(t, ticket.Met, last.Verdict)
	require.Equal(t, ticket.CauseLateFact, last.Cause)
}

func TestADuplicateGoesIntoATicketThatIsThere(t *testing.T) { // TKT-17
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	ctx := t.Context()
	one, two := register(t, h, "call-1"), register(t, h, "call-2")
	_, err := h.App.Tickets.Merge(ctx, h.Request("m1"), one.ID, commands.MergeTicket{Into: uuid.New()})
	var invalid *domain.InvalidError
	require.ErrorAs(t, err, &invalid)
	_, err = h.App.Tickets.Merge(ctx, h.Request("m2"), one.ID, commands.MergeTicket{Into: one.ID})
	require.ErrorAs(t, err, &invalid)
	_, err = h.App.Tickets.Merge(ctx, h.Request("m3"), two.ID, commands.MergeTicket{Into: one.ID})
	require.NoError(t, err)
	var rule *domain.RuleError
	_, err = h.App.Tickets.Merge(ctx, h.Request("m4"), one.ID, commands.MergeTicket{Into: two.ID})
	require.ErrorAs(t, err, &rule, "two tickets do not go into each other")
	_, err = h.App.Tickets.Withdraw(ctx, h.Request("w"), one.ID, commands.EndTicket{Reason: "works again"})
	require.NoError(t, err)
	_, err = h.App.Tickets.Reject(ctx, h.Request("r"), one.ID, commands.EndTicket{Reason: "not ours"})
	require.ErrorAs(t, err, &rule)
}

func TestATicketIsJudgedUnderAVersionThatCameLater(t *testing.T) { // SLA-10
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	ctx := t.Context()
	reg := register(t, h, "call-1")
	h.Clock.Advance(9 * 24 * time.Hour)
	_, err := h.App.Tickets.Resolve(ctx, h.Request("resolve"), reg.ID, commands.ResolveTicket{})
	require.NoError(t, err)
	before := len(events(t, h, reg.Stream))
	_, err = h.App.Policies.Record(ctx, h.Request("later"), commands.RecordPolicy{
		Site: "desk", Kind: policy.KindSLA, EffectiveFrom: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "longer",
		Content: json.RawMessage(`{"calendar":"` + h.IDs.Policy("desk", "calendar").String() + `","targets":[{"level":3,"name":"resolution","clock":"working","limit_s":3600000}]}`),
	})
	require.NoError(t, err)
	versions, err := h.App.Policies.Versions(ctx, "desk")
	require.NoError(t, err)
	verdict := func(n int) ticket.Verdict {
		var v commands.Versions
		for _, r := range versions {
			if r.Version.Kind == policy.KindSLA && r.Version.Version == n {
				v.SLA = &domain.PolicyRef{ID: r.ID, Version: n, Hash: r.Version.Hash}
			}
		}
		judged, err := h.App.Tickets.JudgeUnder(ctx, h.Request(""), reg.ID, v)
		require.NoError(t, err)
		for _, c := range judged {
			if c.Target == ticket.Resolution {
				return c.Judged.Verdict
			}
		}
		require.Fail(t, "no verdict on the resolution")
		return ""
	}
	require.Equal(t, ticket.Breached, verdict(1))
	require.Equal(t, ticket.Met, verdict(2))
	require.Equal(t, ticket.Met, verdict(0), "the book as it is now")
	require.Len(t, events(t, h, reg.Stream), before, "nothing is recorded")
	_, err = h.App.Tickets.JudgeUnder(ctx, h.Request(""), uuid.New(), commands.Versions{})
	require.ErrorIs(t, err, commands.ErrNotFound)
	r := h.Request("")
	r.Sites = []string{"elsewhere"}
	_, err = h.App.Tickets.JudgeUnder(ctx, r, reg.ID, commands.Versions{})
	require.ErrorIs(t, err, commands.ErrNotFound)
}

func TestNotesAreSealedAndUpdatesMoveTheClock(t *testing.T) { // SLA-01, AUD-07
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	ctx := t.Context()
	reg := register(t, h, "call-1")
	_, err := h.App.Tickets.AddNote(ctx, h.Request("n1"), reg.ID, commands.AddNote{Text: "door code 1234"})
	require.NoError(t, err)
	_, err = h.App.Tickets.AddNote(ctx, h.Request("n2"), reg.ID, commands.AddNote{Text: "told him so", ToCustomer: true})
	require.NoError(t, err)
	for _, e := range events(t, h, reg.Stream) {
		require.NotContains(t, string(e.Data)+string(e.Meta), "1234")
		require.NotContains(t, string(e.Data)+string(e.Meta), "told him")
	}
	all := decoded(t, h, reg.Stream)
	require.IsType(t, ticket.NoteAdded{}, all[1])
	require.IsType(t, ticket.Updated{}, all[2])
}
