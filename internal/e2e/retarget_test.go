package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain/policy"
	domainprocess "github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

// retargets runs the manager with a write side of its own until the test ends.
func (d *desk) retargets(t *testing.T) *retargeter {
	t.Helper()
	app := d.process()
	rests := &restingClock{Waker: d.Clock}
	r, err := process.New(process.Options{
		Ports: commands.Ports{Store: d.Store, Outcomes: d.outcomes(), Vault: d.Vault, Clock: d.Clock, IDs: d.IDs, Log: d.Log},
		Clock: rests, Inbox: d.side.Inbox(), Batch: 2, Longest: 20 * time.Millisecond,
		Manager: process.Retarget{Tickets: d.side, Commands: app.Tickets, Policies: app.Policies},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		done <- r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-finished
	})
	return &retargeter{ended: done, clock: rests}
}

// retargeter is a running manager of retargets.
type retargeter struct {
	ended <-chan error
	clock *restingClock
	over  bool
}

// restingClock counts how often a manager had nothing more to do.
type restingClock struct {
	commands.Waker
	rests atomic.Int64
}

// Wake is what a manager asks for before it rests.
func (c *restingClock) Wake(at time.Time) (<-chan struct{}, func()) {
	c.rests.Add(1)
	return c.Waker.Wake(at)
}

// rested waits until the manager has looked at everything that there is by now
// and found nothing to do, or has been fenced.
func (r *retargeter) rested(t *testing.T) {
	t.Helper()
	twice := r.clock.rests.Load() + 2 // the first may be of a look that had begun before
	require.Eventually(t, func() bool {
		select {
		case err := <-r.ended:
			require.ErrorIs(t, err, domainprocess.ErrFenced)
			r.over = true
		default:
		}
		return r.over || r.clock.rests.Load() >= twice
	}, patience, 5*time.Millisecond)
}

// version records a version of the SLA of hq, for level 2.
func (d *desk) version(t *testing.T, key string, hours int, from time.Time, more string) {
	t.Helper()
	_, err := d.App.Policies.Record(t.Context(), d.Request(key), commands.RecordPolicy{
		Site: "hq", Kind: policy.KindSLA, EffectiveFrom: from, Reason: key, Content: json.RawMessage(fmt.Sprintf(
			`{"calendar":%q,"targets":[{"level":2,"name":"resolution","clock":"wall","limit_s":%d}]%s}`, d.IDs.Policy("hq", "calendar"), hours*3600, more)),
	})
	require.NoError(t, err)
}

// due is how long after the start the resolution of a ticket is due.
func (d *desk) due(t *testing.T, id uuid.UUID) time.Duration {
	t.Helper()
	card, _, err := d.side.Get(t.Context(), api.AsOf{}, id)
	require.NoError(t, err)
	require.Equal(t, api.Resolution, card.Targets[1].Target)
	return card.Targets[1].DueAt.Sub(apptest.Start)
}

const toRunning = `,"applies_to":"running"`

func TestPOL03AVersionThatSaysSoTakesRunningClocksOverWhenItComesIntoForce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.agree(t, eightHours)
	d.version(t, "before", 6, apptest.Start, toRunning) // before the manager first starts
	var open []uuid.UUID
	for n := range 5 {
		open = append(open, d.called(t, strconv.Itoa(n)))
	}
	closed := d.called(t, "closed")
	_, err := d.App.Tickets.Resolve(t.Context(), d.Request("resolve"), closed, commands.ResolveTicket{})
	require.NoError(t, err)
	d.settle(t, d.Harness)
	one := d.retargets(t)
	d.await(t, "process.opened.v1", 1)

	d.Clock.Advance(time.Hour)
	d.version(t, "silent", 10, d.Clock.Now(), "")
	d.version(t, "ahead", 4, d.Clock.Now().Add(time.Hour), toRunning)
	d.await(t, "process.noticed.v1", 1)
	require.Equal(t, 6*time.Hour, d.due(t, open[0]), "nothing for the silent one, nor before its time")
	after := d.called(t, "after") // by the silent one: within 10 hours of the second hour
	d.settle(t, d.Harness)
	d.Clock.Advance(time.Hour + 5*time.Second)
	d.await(t, "process.recorded.v1", 4) // 2, 2, 2 and none
	for _, id := range open {
		require.Equal(t, 4*time.Hour, d.due(t, id), "counted from the call")
	}
	require.Equal(t, 5*time.Hour, d.due(t, after), "open when it came into force")
	require.Equal(t, 6*time.Hour, d.due(t, closed), "what was judged stays")
	require.Equal(t, 6, strings.Count(fmt.Sprint(history(t, d.Harness)), "ticket.retargeted.v1"))

	two := d.retargets(t)
	d.version(t, "now", 3, d.Clock.Now(), toRunning)
	require.Eventually(t, func() bool {
		return strings.Count(fmt.Sprint(history(t, d.Harness)), "process.recorded.v1") >= 8
	}, patience, 5*time.Millisecond)
	d.settle(t, d.Harness)
	require.Equal(t, 3*time.Hour, d.due(t, open[0]))
	require.Equal(t, 12, strings.Count(fmt.Sprint(history(t, d.Harness)), "ticket.retargeted.v1"), "once a ticket, whichever of the two it was")
	one.rested(t)
	two.rested(t)
	stored := len(events(t, d.Harness))
	d.rebuild(t, d.reader)
	require.Empty(t, d.verify(t))
	require.Len(t, events(t, d.Harness), stored, "a rebuild sets nothing off")
}

// await waits until so many events of a type are stored and applied.
func (d *desk) await(t *testing.T, kind string, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Count(fmt.Sprint(history(t, d.Harness)), kind) == n }, patience, 5*time.Millisecond, kind)
	d.settle(t, d.Harness)
}

func TestPOL03TheProgramTakesOpenTicketsOver(t *testing.T) {
	t.Parallel()
	s := newInstallation(t).withIssuer(t).serve(t)
	s.hq(t)
	s.agree(t, 8*3600)
	s.opened(t)
	r := s.do(t, call{method: http.MethodPost, path: "/v1/tickets", token: s.token(t, "clerk"), key: "call", body: newTicket})
	require.Equal(t, http.StatusCreated, r.status, r.body)
	path := r.header.Get("Location")
	limit := func() int64 {
		var card api.Ticket
		require.NoError(t, json.Unmarshal([]byte(s.get(t, path, r, "clerk").body), &card))
		return card.Targets[1].LimitS
	}
	require.EqualValues(t, 8*3600, limit())
	var calendar struct{ ID uuid.UUID }
	hours := s.recordPolicy(t, policy.KindCalendar, "2020-01-02T00:00:00.000Z",
		`{"zone":"Asia/Shanghai","week":{"mon":[["09:00","18:00"]],"tue":[],"wed":[],"thu":[],"fri":[],"sat":[],"sun":[]},"days":{}}`)
	require.NoError(t, json.Unmarshal([]byte(hours.body), &calendar))
	s.recordPolicy(t, policy.KindSLA, "2020-01-02T00:00:00.000Z", fmt.Sprintf(
		`{"calendar":%q,"targets":[{"level":2,"name":"resolution","clock":"wall","limit_s":14400}]%s}`, calendar.ID, toRunning))
	require.Eventually(t, func() bool { return limit() == 14400 }, patience, 20*time.Millisecond)
	page := s.get(t, path+"/history?limit=50", r, "clerk")
	require.Equal(t, 1, strings.Count(page.body, `"ticket.retargeted.v1"`))
	require.Equal(t, 2, strings.Count(page.body, `"resolution"`), "both due times are kept")
	s.stop(t)
}

// managers is how many process managers the program has; each opens a stream
// of its own when it first starts.
const managers = 9

// opened waits until the process managers of a new installation have first started.
func (s *served) opened(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		r := s.do(t, call{method: http.MethodGet, path: "/v1/head", token: s.token(t, "auditor")})
		return r.status == http.StatusOK && read[api.Snapshot](t, r).Number >= managers
	}, patience, 10*time.Millisecond)
}
