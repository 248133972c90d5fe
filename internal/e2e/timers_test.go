package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// agree enters hq and what it agrees on for level 2: wall clocks, so that
// shares of a limit are easily told.
func (d *desk) agree(t *testing.T, targets ...policy.SLATarget) {
	t.Helper()
	_, err := d.App.Sites.Register(t.Context(), d.Request("site"), newSite)
	require.NoError(t, err)
	week := d.policy(t, policy.KindCalendar, calendar.Content{Zone: newSite.Zone, Week: calendar.Week{Mon: []calendar.Hours{{"08:00", "18:00"}}}})
	d.policy(t, policy.KindSLA, policy.SLA{Calendar: week, Targets: targets})
}

// eightHours is a resolution within eight hours of the clock on the wall.
var eightHours = policy.SLATarget{Level: 2, Name: "resolution", Clock: "wall", LimitS: 8 * 3600}

// called registers a call at hq.
func (d *desk) called(t *testing.T, key string) uuid.UUID {
	t.Helper()
	reg, err := d.App.Tickets.Register(t.Context(), d.Request(key), commands.RegisterTicket{
		Site: "hq", Channel: ticket.Phone, Kind: "fault", Level: 2, Customer: "Wang",
	})
	require.NoError(t, err)
	return reg.ID
}

// process is the write side of another process on the same data.
func (d *desk) process() *commands.App {
	return commands.New(commands.Ports{
		Store: d.Store, Outcomes: d.outcomes(), Vault: d.Vault, Clock: d.Clock, IDs: d.IDs, Log: d.Log,
	})
}

func (d *desk) outcomes() *outcomes.Store { return outcomes.New(d.Pool, d.Clock) }

// timers runs a scheduler with a write side of its own; stop ends it.
func (d *desk) timers(t *testing.T) (s *timer.Scheduler, stop func()) {
	t.Helper()
	s, err := timer.New(timer.Options{Name: "escalation", Steps: d.side.Steps(d.process().Tickets), Clock: d.Clock, Log: d.Log, Calm: time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	running := true
	stop = func() {
		if running {
			running = false
			cancel()
			require.NoError(t, <-ended)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

// escalations are those that the card of a ticket shows.
func (d *desk) escalations(t *testing.T, id uuid.UUID) []string {
	t.Helper()
	card, _, err := d.side.Get(t.Context(), api.AsOf{}, id)
	require.NoError(t, err)
	var out []string
	for _, e := range card.Escalations {
		out = append(out, fmt.Sprintf("%s %d %s after %s", e.Target, e.Percent, e.To, e.PastAt.Sub(apptest.Start)))
	}
	return out
}

// escalate moves the clock on from the start and waits for what a ticket then shows.
func (d *desk) escalate(t *testing.T, after time.Duration, id uuid.UUID, want ...string) {
	t.Helper()
	d.settle(t, d.Harness)
	d.Clock.Set(apptest.Start.Add(after))
	require.Eventually(t, func() bool { return len(d.escalations(t, id)) >= len(want) }, patience, 5*time.Millisecond, "%v", want)
	d.settle(t, d.Harness)
	require.Equal(t, want, d.escalations(t, id))
}

func TestSLA08EachStepIsTakenOnceByWhicheverOfTwoProcessesAndAfterARestart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.agree(t, eightHours)
	id := d.called(t, "call")
	d.settle(t, d.Harness)
	one, stopOne := d.timers(t)
	two, _ := d.timers(t)
	const first, second, third = "resolution 75 technician after 6h0m0s", "resolution 100 director after 8h0m0s", "resolution 150 manager after 12h0m0s"
	d.escalate(t, 6*time.Hour-time.Minute, id)
	d.escalate(t, 6*time.Hour, id, first)
	d.escalate(t, 8*time.Hour, id, first, second)
	stopOne()
	three, _ := d.timers(t)
	d.escalate(t, 13*time.Hour, id, first, second, third)

	for _, s := range []*timer.Scheduler{one, two, three} { // each has looked and found nothing more
		require.Zero(t, s.Status().Refused)
	}
	require.GreaterOrEqual(t, one.Status().Taken+two.Status().Taken+three.Status().Taken, int64(3), "the store answers a repeat as the first")
	before := len(events(t, d.Harness))
	d.rebuild(t, d.reader)
	d.settle(t, d.Harness)
	require.Empty(t, d.verify(t))
	require.Len(t, events(t, d.Harness), before, "a rebuild fires nothing")

	history, _, _, err := d.side.History(t.Context(), api.AsOf{}, id, api.Page{Limit: 50})
	require.NoError(t, err)
	told := 0
	for _, e := range history {
		if e.Type == "ticket.escalated.v1" {
			told++
			require.Equal(t, "system", e.Actor.Person)
		}
	}
	require.Equal(t, 3, told)
	require.Equal(t, 1, d.overdue(t), "SLA-13 breached from the due time")
}

// overdue counts the tickets of hq that are late.
func (d *desk) overdue(t *testing.T) int {
	t.Helper()
	late := true
	rows, _, _, err := d.side.List(t.Context(), api.AsOf{}, api.TicketFilter{Sites: []string{"hq"}, Overdue: &late}, api.TicketSort{By: "number"}, api.Page{Limit: 9})
	require.NoError(t, err)
	return len(rows)
}

func TestSLA13ATargetIsBreachedFromItsDueTimeThoughNoTimerRan(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.agree(t, eightHours)
	d.called(t, "call")
	d.settle(t, d.Harness)
	d.Clock.Set(apptest.Start.Add(8*time.Hour - time.Millisecond))
	require.Zero(t, d.overdue(t))
	d.Clock.Set(apptest.Start.Add(8 * time.Hour))
	require.Equal(t, 1, d.overdue(t))
}

func TestSLA08APauseAnotherLevelAnEndAndAStrikeMoveOrDropTheSteps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.agree(t, eightHours, policy.SLATarget{Level: 1, Name: "resolution", Clock: "wall", LimitS: 4 * 3600})
	do, ctx := d.App.Tickets, t.Context()
	paused, raised, done, struck, still := d.called(t, "paused"), d.called(t, "raised"), d.called(t, "done"), d.called(t, "struck"), d.called(t, "still")
	at := func(after time.Duration) { d.Clock.Set(apptest.Start.Add(after)) }
	at(time.Hour)
	for _, id := range []uuid.UUID{paused, struck, still} {
		_, err := do.Pause(ctx, d.Request("pause"+id.String()), id, commands.PauseTicket{Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.Resolution}})
		require.NoError(t, err)
	}
	_, err := do.ChangeLevel(ctx, d.Request("level"), raised, commands.ChangeTicketLevel{Level: 1, Reason: "all stand"})
	require.NoError(t, err)
	_, err = do.Resolve(ctx, d.Request("resolve"), done, commands.ResolveTicket{})
	require.NoError(t, err)
	at(2 * time.Hour)
	for _, id := range []uuid.UUID{paused, struck} {
		_, err := do.Resume(ctx, d.Request("resume"+id.String()), id, nil)
		require.NoError(t, err)
	}
	d.strike(t, struck, "ticket.paused.v1")
	d.timers(t)
	d.escalate(t, 3*time.Hour, raised, "resolution 0 leadership_group after 0s", "resolution 75 technician after 3h0m0s") // TKT-12
	d.escalate(t, 6*time.Hour, struck, "resolution 75 technician after 6h0m0s")                                           // as if there had been no pause
	require.Empty(t, d.escalations(t, paused))
	d.escalate(t, 7*time.Hour, paused, "resolution 75 technician after 7h0m0s")
	require.Empty(t, d.escalations(t, done))
	require.Empty(t, d.escalations(t, still))

	d.strike(t, struck, "ticket.escalated.v1") // what was told stays told
	d.escalate(t, 7*time.Hour+time.Minute, struck)
	d.escalate(t, 8*time.Hour, struck, "resolution 100 director after 8h0m0s")
	require.Equal(t, 2, strings.Count(fmt.Sprint(history(t, d.Harness)[commands.StreamOf("ticket", struck)]), "ticket.escalated.v1"))
	require.Empty(t, d.verify(t))
	d.rebuild(t, d.reader)
}

func TestSLA08NothingIsSentForAnImport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s, _ := d.timers(t)
	d.Clock.Set(time.Date(2016, 3, 20, 0, 0, 0, 0, time.UTC)) // many clocks run
	d.importLog(t, cut(t, 200), 4)
	d.Clock.Set(apptest.Start)
	own := d.calledElsewhere(t)
	d.escalate(t, 100*time.Hour, own, "resolution 75 technician after 6h0m0s", "resolution 100 director after 8h0m0s", "resolution 150 manager after 12h0m0s")
	require.EqualValues(t, 3, s.Status().Taken)
	require.Zero(t, s.Status().Idle+s.Status().Refused)
}

// calledElsewhere registers a call at hq beside what was imported.
func (d *desk) calledElsewhere(t *testing.T) uuid.UUID {
	t.Helper()
	d.agree(t, eightHours)
	return d.called(t, "call")
}

func TestSLA08ThreeStepsWithinSecondsOverAKillAndARebuild(t *testing.T) {
	t.Parallel()
	i := newInstallation(t).withIssuer(t)
	s := i.serve(t)
	s.hq(t)
	s.agree(t, 4)
	r := s.do(t, call{method: http.MethodPost, path: "/v1/tickets", token: s.token(t, "clerk"), key: "call", body: newTicket})
	require.Equal(t, http.StatusCreated, r.status, r.body)
	path := r.header.Get("Location")
	require.Eventually(t, func() bool { return len(s.escalations(t, path, r)) > 0 }, patience, 20*time.Millisecond)
	require.Error(t, s.end(syscall.SIGKILL))

	s = i.serve(t)
	require.Eventually(t, func() bool { return len(s.escalations(t, path, r)) == 3 }, patience, 20*time.Millisecond)
	want := []api.EscalationTo{"technician", "director", "manager"}
	for n, e := range s.escalations(t, path, r) {
		require.Equal(t, want[n], e.To)
		require.Equal(t, []int{75, 100, 150}[n], e.Percent)
		require.False(t, e.At.Before(e.PastAt.Time))
	}
	s.stop(t)
	stored := i.eventsNow(t)
	require.NotContains(t, i.run(t, "rebuild"), "DIFFERENT")
	require.Equal(t, stored, i.eventsNow(t))
	s = i.serve(t)
	require.Len(t, s.escalations(t, path, r), 3)
	page := s.get(t, path+"/history?limit=50", r, "clerk")
	require.Equal(t, 3, strings.Count(page.body, `"ticket.escalated.v1"`))
	s.stop(t)
}

// agree records hours and a resolution limit of level 2 for hq.
func (s *served) agree(t *testing.T, limitS int) {
	t.Helper()
	var registered struct{ ID uuid.UUID }
	hours := `{"zone":"Asia/Shanghai","week":{"mon":[["08:00","18:00"]],"tue":[],"wed":[],"thu":[],"fri":[],"sat":[],"sun":[]},"days":{}}`
	require.NoError(t, json.Unmarshal([]byte(s.recordPolicy(t, policy.KindCalendar, "2020-01-01T00:00:00.000Z", hours).body), &registered))
	s.recordPolicy(t, policy.KindSLA, "2020-01-01T00:00:00.000Z", fmt.Sprintf(
		`{"calendar":%q,"targets":[{"level":2,"name":"resolution","clock":"wall","limit_s":%d}]}`, registered.ID, limitS))
}

// recordPolicy records a version of a policy of hq.
func (s *served) recordPolicy(t *testing.T, kind policy.Kind, from, content string) reply {
	t.Helper()
	r := s.do(t, call{
		method: http.MethodPost, path: "/v1/policies", token: s.token(t, "manager"), key: uuid.NewString(),
		body: fmt.Sprintf(`{"site":"hq","kind":%q,"effective_from":%q,"reason":"test","content":%s}`, kind, from, content),
	})
	require.Equal(t, http.StatusCreated, r.status, r.body)
	return r
}

func (s *served) escalations(t *testing.T, path string, after reply) []api.Escalation {
	t.Helper()
	var card api.Ticket
	require.NoError(t, json.Unmarshal([]byte(s.get(t, path, after, "clerk").body), &card))
	return card.Escalations
}
