package commands_test

import (
	"encoding/json"
	"sync"
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

// desk registers a site with office hours and targets.
func desk(t *testing.T, h *apptest.Harness) {
	t.Helper()
	ctx := t.Context()
	_, err := h.App.Sites.Register(ctx, h.Request("site"), commands.RegisterSite{Code: "desk", Name: "Desk", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	hours := `[["08:00","18:00"]]`
	record := func(kind policy.Kind, content string) {
		_, err := h.App.Policies.Record(ctx, h.Request("policy-"+string(kind)), commands.RecordPolicy{
			Site: "desk", Kind: kind, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first", Content: json.RawMessage(content),
		})
		require.NoError(t, err)
	}
	record(policy.KindCalendar, `{"zone":"Asia/Shanghai","week":{"mon":`+hours+`,"tue":`+hours+`,"wed":`+hours+`,"thu":`+hours+`,"fri":`+hours+`,"sat":[],"sun":[]},"days":{}}`)
	record(policy.KindSLA, `{"calendar":"`+h.IDs.Policy("desk", "calendar").String()+`","targets":[
		{"level":3,"name":"first_contact","clock":"working","limit_s":3600},
		{"level":3,"name":"resolution","clock":"working","limit_s":28800}]}`)
}

func call(h *apptest.Harness) commands.RegisterTicket {
	at := h.Clock.Now()
	return commands.RegisterTicket{
		Site: "desk", CalledAt: &at, Channel: ticket.Phone, Kind: "fault", Level: 3,
		Customer: "Wang Xiaoming", Phone: "13800000000", Text: "the pump stands",
	}
}

func events(t *testing.T, h *apptest.Harness, stream string) []eventschemas.Recorded {
	t.Helper()
	got, err := h.Store.ReadStream(t.Context(), stream, 0)
	require.NoError(t, err)
	return got
}

func TestTheSameRequestTwentyTimesAtOnceAndAfterARestartHasOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	in := call(h)
	send := func() (commands.RegisteredTicket, error) {
		return h.App.Tickets.Register(t.Context(), h.Request("call-1"), in)
	}
	answers := make([]commands.RegisteredTicket, 20)
	errs := make([]error, 20)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i], errs[i] = send() })
	}
	wg.Wait()
	h.Restart(t)
	again, err := send()
	require.NoError(t, err)
	for i, a := range answers {
		require.NoError(t, errs[i])
		require.Equal(t, again.ID, a.ID)
		require.Equal(t, again.Revision, a.Revision)
		require.Equal(t, again.Number, a.Number)
	}
	require.NotEmpty(t, again.Number)
	require.Len(t, events(t, h, again.Stream), 1)
}

func TestTheSameKeyWithAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	in := call(h)
	first, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), in)
	require.NoError(t, err)
	in.Text = "another text"
	_, err = h.App.Tickets.Register(t.Context(), h.Request("call-1"), in)
	require.ErrorIs(t, err, commands.ErrKeyReused)
	require.Len(t, events(t, h, first.Stream), 1)
}

func TestTheSameKeyOfAnotherActorIsAnotherCommand(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	a, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), call(h))
	require.NoError(t, err)
	other := h.Request("call-1")
	other.Actor.Subject = "other"
	b, err := h.App.Tickets.Register(t.Context(), other, call(h))
	require.NoError(t, err)
	require.NotEqual(t, a.ID, b.ID)
}

func TestARefusalIsAnsweredAlikeEvenWhenItsReasonIsGone(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	reg, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), call(h))
	require.NoError(t, err)
	early := func() error {
		_, err := h.App.Tickets.Close(t.Context(), h.Request("close-1"), reg.ID, nil)
		return err
	}
	var rule *domain.RuleError
	require.ErrorAs(t, early(), &rule)
	require.Equal(t, "TKT-06", rule.Rule)
	_, err = h.App.Tickets.Resolve(t.Context(), h.Request("resolve-1"), reg.ID, commands.ResolveTicket{})
	require.NoError(t, err)
	h.Restart(t)
	var second *domain.RuleError
	require.ErrorAs(t, early(), &second)
	require.Equal(t, rule.Key, second.Key)
}

func TestAStaleRevisionChangesNothing(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	reg, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), call(h))
	require.NoError(t, err)
	_, err = h.App.Tickets.Accept(t.Context(), h.Request("accept-1"), reg.ID, nil)
	require.NoError(t, err)
	before := len(events(t, h, reg.Stream))
	r := h.Request("resolve-1")
	r.Expected = new(int64(0))
	_, err = h.App.Tickets.Resolve(t.Context(), r, reg.ID, commands.ResolveTicket{})
	var stale *commands.StaleError
	require.ErrorAs(t, err, &stale)
	require.Len(t, events(t, h, reg.Stream), before)
}

func TestAnUnknownTicketAndATicketOfAnotherSiteAreNotFound(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	_, err := h.App.Tickets.Accept(t.Context(), h.Request("a"), uuid.New(), nil)
	require.ErrorIs(t, err, commands.ErrNotFound)
	reg, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), call(h))
	require.NoError(t, err)
	r := h.Request("b")
	r.Sites = []string{"elsewhere"}
	r.Expected = new(int64(7)) // a stale revision does not tell that it is there
	_, err = h.App.Tickets.Accept(t.Context(), r, reg.ID, nil)
	require.ErrorIs(t, err, commands.ErrNotFound)
}

func TestEveryEventIsChainedAndNamesItsCommandAndPolicies(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	reg, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), call(h))
	require.NoError(t, err)
	h.Clock.Advance(30 * time.Minute)
	_, err = h.App.Tickets.Resolve(t.Context(), h.Request("resolve-1"), reg.ID, commands.ResolveTicket{Note: "changed the seal"})
	require.NoError(t, err)
	stored := events(t, h, reg.Stream)
	prev := ""
	for _, e := range stored {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		require.NoError(t, err)
		require.NoError(t, env.Validate())
		require.Equal(t, prev, env.Prev)
		require.NotContains(t, string(e.Data)+string(e.Meta), "Wang")
		require.NotContains(t, string(e.Data)+string(e.Meta), "seal")
		prev = eventschemas.ChainHash(e)
	}
	env, err := eventschemas.DecodeEnvelope(stored[0].Meta)
	require.NoError(t, err)
	require.Len(t, env.Policies, 2) // the targets and their calendar
	require.Equal(t, "ticket.register", env.Command.Type)
}

func TestAStruckResolutionIsTakenBackWithItsJudgement(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	second, err := h.App.People.Register(t.Context(), h.Request("p"), commands.RegisterPerson{
		Site: "desk", External: domain.ExternalKey{System: "hr", Key: "7"}, Name: "Li", Roles: []string{"director"},
	})
	require.NoError(t, err)
	reg, err := h.App.Tickets.Register(t.Context(), h.Request("call-1"), call(h))
	require.NoError(t, err)
	done, err := h.App.Tickets.Resolve(t.Context(), h.Request("resolve-1"), reg.ID, commands.ResolveTicket{})
	require.NoError(t, err)
	strike := commands.StrikeEvent{Revision: 1, Reason: "wrong ticket", SecondPerson: second.ID.String()}
	res, err := h.App.Strikes.Strike(t.Context(), h.Request("strike-1"), "ticket", reg.ID, strike)
	require.NoError(t, err)
	require.Greater(t, res.Revision, done.Revision)
	_, err = h.App.Tickets.Accept(t.Context(), h.Request("accept-1"), reg.ID, nil) // open again
	require.NoError(t, err)

	strike.SecondPerson = uuid.NewString()
	_, err = h.App.Strikes.Strike(t.Context(), h.Request("strike-2"), "ticket", reg.ID, strike)
	var invalid *domain.InvalidError
	require.ErrorAs(t, err, &invalid)
}

func TestTwoPersonsUnderOneKeyAreRefused(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	in := commands.RegisterPerson{Site: "desk", External: domain.ExternalKey{System: "hr", Key: "7"}, Name: "Li"}
	_, err := h.App.People.Register(t.Context(), h.Request("p1"), in)
	require.NoError(t, err)
	_, err = h.App.People.Register(t.Context(), h.Request("p2"), in)
	var rule *domain.RuleError
	require.ErrorAs(t, err, &rule)
}

func TestNumbersAreDrawnOnceEach(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	seen := map[string]bool{}
	for range 3 {
		reg, err := h.App.Tickets.Register(t.Context(), h.Request(uuid.NewString()), call(h))
		require.NoError(t, err)
		ev, err := eventschemas.Decode("ticket.registered.v1", events(t, h, reg.Stream)[0].Data)
		require.NoError(t, err)
		seen[ev.(ticket.Registered).Number] = true
		h.Restart(t) // each process takes a block of its own
	}
	require.Equal(t, map[string]bool{"T2026-000001": true, "T2026-000101": true, "T2026-000201": true}, seen)
}
