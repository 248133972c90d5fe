package readside_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/projections"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 60 * time.Second

// sites are those of every world.
var sites = []string{"hq", "north"}

// world is a write side with read models that follow it.
type world struct {
	*apptest.Harness
	t       *testing.T
	manager *readmodel.Manager
	side    *readside.Side
	keys    int
}

func newManager(t *testing.T, h *apptest.Harness, pool *pgxpool.Pool) *readmodel.Manager {
	t.Helper()
	m, err := readmodel.New(readmodel.Options{
		Pool: pool, Log: h.Log, Clock: h.Clock, Projections: projections.All(),
	})
	require.NoError(t, err)
	require.NoError(t, m.Ensure(t.Context()))
	require.NoError(t, m.Refresh(t.Context()))
	return m
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Harness: apptest.New(t), t: t}
	w.manager = newManager(t, w.Harness, w.Pool)
	w.side = w.sideOf(w.Pool, w.manager, w.Clock)
	w.run(w.manager, w.reader())
	for _, site := range sites {
		w.setUp(site)
	}
	return w
}

func (w *world) sideOf(pool *pgxpool.Pool, m *readmodel.Manager, clock commands.Clock) *readside.Side {
	w.t.Helper()
	s, err := readside.New(readside.Parts{
		Pool: pool, Manager: m, Streams: w.Store, Log: w.Store, Clock: clock, Ping: func(context.Context) error { return nil },
	})
	require.NoError(w.t, err)
	return s
}

func (w *world) reader() *catchup.Reader {
	w.t.Helper()
	r, err := catchup.New(catchup.Options{Log: w.Store, Streams: w.Store, Start: w.manager.Start, Logger: w.Log})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, r.Close()) })
	return r
}

// run applies what sub delivers until the test ends, or stop.
func (w *world) run(m *readmodel.Manager, sub message.Subscriber) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, sub) }()
	done := false
	stop = func() {
		if !done {
			done = true
			cancel()
			require.NoError(w.t, <-ended)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

// request is a fresh one of a clerk.
func (w *world) request() commands.Request {
	w.keys++
	return w.Request(fmt.Sprintf("key-%d", w.keys))
}

// setUp enters a site with office hours and targets.
func (w *world) setUp(site string) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.App.Sites.Register(ctx, w.request(), commands.RegisterSite{Code: site, Name: site, Zone: "Asia/Shanghai"})
	require.NoError(w.t, err)
	record := func(kind policy.Kind, content string) {
		_, err := w.App.Policies.Record(ctx, w.request(), commands.RecordPolicy{
			Site: site, Kind: kind, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first", Content: json.RawMessage(content),
		})
		require.NoError(w.t, err)
	}
	const day = `[["08:00","18:00"]]`
	record(policy.KindCalendar, `{"zone":"Asia/Shanghai","week":{"mon":`+day+`,"tue":`+day+`,"wed":`+day+`,"thu":`+day+`,"fri":`+day+`,"sat":[],"sun":[]},"days":{}}`)
	calendar := w.IDs.Policy(site, "calendar").String()
	record(policy.KindSLA, `{"calendar":"`+calendar+`","targets":[
		{"level":1,"name":"first_contact","clock":"wall","limit_s":900},{"level":1,"name":"resolution","clock":"wall","limit_s":7200},
		{"level":2,"name":"first_contact","clock":"working","limit_s":3600},{"level":2,"name":"resolution","clock":"working","limit_s":14400},
		{"level":3,"name":"resolution","clock":"working","limit_s":28800}]}`)
}

// register opens a ticket.
func (w *world) register(site string, level ticket.Level, kind string) uuid.UUID {
	w.t.Helper()
	at := w.Clock.Now()
	reg, err := w.App.Tickets.Register(w.t.Context(), w.request(), commands.RegisterTicket{
		Site: site, CalledAt: &at, Channel: ticket.Phone, Kind: kind, Problem: "p" + kind, Level: level, Customer: "Wang Xiaoming",
	})
	require.NoError(w.t, err)
	return reg.ID
}

var people = []uuid.UUID{
	uuid.MustParse("11111111-1111-4111-8111-111111111111"), uuid.MustParse("22222222-2222-4222-8222-222222222222"),
}

// step does something to a ticket; what a rule refuses changes nothing.
func (w *world) step(random *rand.Rand, id uuid.UUID) {
	w.t.Helper()
	ctx, do, r := w.t.Context(), w.App.Tickets, w.request()
	var err error
	switch random.IntN(10) {
	case 0, 1:
		_, err = do.Accept(ctx, r, id, nil)
	case 2:
		_, err = do.Assign(ctx, r, id, commands.AssignTicket{Technician: people[random.IntN(2)]})
	case 3:
		_, err = do.Assign(ctx, r, id, commands.AssignTicket{Team: people[random.IntN(2)]})
	case 4:
		_, err = do.ChangeLevel(ctx, r, id, commands.ChangeTicketLevel{Level: ticket.Level(1 + random.IntN(3)), Reason: "seen"})
	case 5:
		_, err = do.Pause(ctx, r, id, commands.PauseTicket{Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.Resolution}, Evidence: "pump"})
	case 6:
		_, err = do.Resume(ctx, r, id, nil)
	case 7:
		_, err = do.Resolve(ctx, r, id, commands.ResolveTicket{Solution: "pump"})
	case 8:
		if _, err = do.Resolve(ctx, w.request(), id, commands.ResolveTicket{Solution: "pump"}); err == nil {
			_, err = do.Close(ctx, r, id, nil)
		}
	case 9:
		_, err = do.Reopen(ctx, r, id, commands.ReopenTicket{Reason: "cold again"})
	}
	var refused *domain.RuleError
	var invalid *domain.InvalidError
	if err != nil && !errors.As(err, &refused) && !errors.As(err, &invalid) {
		require.NoError(w.t, err)
	}
}

// follow has a person follow a ticket, or follow another no longer, now and then.
func (w *world) follow(i int, ids []uuid.UUID) {
	w.t.Helper()
	do := w.App.Tickets.Follow
	switch {
	case i%15 == 14:
		do = w.App.Tickets.Unfollow
	case i%4 != 0:
		return
	}
	_, err := do(w.t.Context(), w.request(), ids[i%len(ids)], people[i%3%2])
	require.NoError(w.t, err)
}

// settle waits until the read models have everything, and returns the last number.
func (w *world) settle() int64 {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	head := int64(w.Node.Head().Events)
	require.NoError(w.t, w.manager.WaitFor(ctx, head))
	return head
}

// records reads the log up to a number.
func (w *world) records(to int64) []eventschemas.Record {
	w.t.Helper()
	var out []eventschemas.Record
	require.NoError(w.t, w.reader().Scan(w.t.Context(), eventschemas.Checkpoint{}, to, func(p eventschemas.Page) error {
		out = append(out, p.Events...)
		return nil
	}))
	return out
}

// part is a subscriber that delivers one page and then nothing.
type part struct {
	page eventschemas.Page
}

// Close does nothing.
func (part) Close() error { return nil }

// Subscribe delivers the page.
func (p part) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		msg := message.NewMessage("", nil)
		msg.SetContext(eventschemas.WithPage(ctx, p.page))
		select {
		case out <- msg:
		case <-ctx.Done():
			return
		}
		<-ctx.Done()
	}()
	return out, nil
}
