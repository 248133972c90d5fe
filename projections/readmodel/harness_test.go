package readmodel_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 60 * time.Second

type world struct {
	*testing.T
	log  *memLog
	pool *pgxpool.Pool
	m    *readmodel.Manager
}

func newManager(t *testing.T, pool *pgxpool.Pool, ps ...readmodel.Projection) *readmodel.Manager {
	t.Helper()
	if len(ps) == 0 {
		ps = []readmodel.Projection{jobs, feeds}
	}
	m, err := readmodel.New(readmodel.Options{
		Pool: pool, Projections: ps, Log: slog.New(slog.DiscardHandler), Clock: clock.NewFake(zero), RebuildBytes: 50_000,
	})
	require.NoError(t, err)
	return m
}

func newWorld(t *testing.T, l *memLog, ps ...readmodel.Projection) *world {
	t.Helper()
	pool := pgtest.Pool(t)
	return &world{T: t, log: l, pool: pool, m: newManager(t, pool, ps...)}
}

func (w *world) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.Cleanup(cancel)
	return ctx
}

func (w *world) reader(change func(*catchup.Options)) *catchup.Reader {
	w.Helper()
	o := catchup.Options{Log: w.log, Streams: w.log, Start: w.m.Start, Logger: slog.New(slog.DiscardHandler), Decode: decode}
	if change != nil {
		change(&o)
	}
	r, err := catchup.New(o)
	require.NoError(w, err)
	return r
}

// run applies the log as sub delivers it, until stop.
func (w *world) run(sub message.Subscriber) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.m.Run(ctx, sub) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	w.Cleanup(func() { require.NoError(w, stop()) })
	return stop
}

// project applies the whole log and stops.
func (w *world) project(change func(*catchup.Options)) {
	w.Helper()
	stop := w.run(w.reader(change))
	require.NoError(w, w.m.WaitFor(w.context(), int64(len(w.log.all))))
	require.NoError(w, stop())
}

func (w *world) digests() map[string]string {
	out := map[string]string{}
	for _, s := range w.m.Status() {
		out[s.Projection] = s.Digest
	}
	return out
}

// cuts is a subscriber that delivers a log in pages of given sizes, the last
// size again and again.
type cuts struct {
	records []eventschemas.Record
	sizes   []int
}

// records reads the whole log, decoded.
func (w *world) records() []eventschemas.Record {
	w.Helper()
	var out []eventschemas.Record
	err := w.reader(nil).Scan(w.context(), eventschemas.Checkpoint{}, int64(len(w.log.all)), func(p eventschemas.Page) error {
		out = append(out, p.Events...)
		return nil
	})
	require.NoError(w, err)
	return out
}

func (c *cuts) Close() error { return nil }

func (c *cuts) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		var previous eventschemas.Checkpoint
		for rest, i := c.records, 0; len(rest) > 0; i++ {
			n := min(c.sizes[min(i, len(c.sizes)-1)], len(rest))
			page := eventschemas.Page{Events: rest[:n], Previous: previous}
			msg := message.NewMessage("", nil)
			msg.SetContext(eventschemas.WithPage(ctx, page))
			select {
			case out <- msg:
			case <-ctx.Done():
				return
			}
			select {
			case <-msg.Acked():
			case <-msg.Nacked():
				return
			case <-ctx.Done():
				return
			}
			for _, e := range rest[:n] {
				previous = eventschemas.Checkpoint{Number: e.Number, Position: e.Position, EventID: e.ID, CreatedMax: e.Created}
			}
			rest = rest[n:]
		}
		<-ctx.Done()
	}()
	return out, nil
}
