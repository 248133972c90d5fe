package readside_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// eventually waits until f holds.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	require.Eventually(t, f, patience, 2*time.Millisecond, what)
}

func pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

func between(least, most time.Duration) time.Duration { return least + rand.N(most-least) }

// codes counts the SQLSTATEs that were logged.
type codes struct {
	mu   sync.Mutex
	seen map[string]int
}

var sqlState = regexp.MustCompile(`SQLSTATE ([0-9A-Z]{5})`)

// Write counts what a line of the log names.
func (c *codes) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range sqlState.FindAllSubmatch(p, -1) {
		c.seen[string(m[1])]++
	}
	return len(p), nil
}

func (c *codes) of(code string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[code]
}

func (c *codes) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.seen)
}

// pageWithin is short, so that what hangs is given up within the test.
const pageWithin = 2 * time.Second

// trail is a projection that keeps every event, so that one can see which
// came, how often, and in what order.
var trail = readmodel.Projection{Name: "trail", Version: 1, Tables: []readmodel.Table{readmodel.Log[struct{}]{
	Name: "trail", Row: func(eventschemas.Record) (*struct{}, error) { return &struct{}{}, nil },
}}}

var projections = []readmodel.Projection{ticket.Projection(), directory.Projection(), trail}

// newManager makes a manager of the read models of k, as a new process would.
func (k *keeper) newManager(pool *pgxpool.Pool) *readmodel.Manager {
	k.Helper()
	m, err := readmodel.New(readmodel.Options{
		Pool: pool, Log: k.log, Clock: k.h.Clock, PageWithin: k.within, Projections: projections,
	})
	require.NoError(k, err)
	return m
}

// keeper keeps read models as the program does, and begins again when they
// end, as whoever watches over the program does.
type keeper struct {
	*testing.T
	h      *apptest.Harness
	source commands.Log // where events come from
	pool   *pgxpool.Pool
	log    *slog.Logger
	codes  *codes
	change func(*catchup.Options)
	within time.Duration

	mu      sync.Mutex
	manager *readmodel.Manager
	ends    []error
}

func newKeeper(t *testing.T, h *apptest.Harness, source commands.Log, pool *pgxpool.Pool) *keeper {
	t.Helper()
	c := &codes{seen: map[string]int{}}
	return &keeper{T: t, h: h, source: source, pool: pool, within: pageWithin, codes: c, log: slog.New(slog.NewTextHandler(c, nil))}
}

// start keeps read models until the test ends, or stop.
func (k *keeper) start() (stop func()) {
	k.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	k.set(k.newManager(k.pool))
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if err := k.once(ctx); err != nil && ctx.Err() == nil {
				k.mu.Lock()
				k.ends = append(k.ends, err)
				k.mu.Unlock()
				pause(20 * time.Millisecond)
				k.set(k.newManager(k.pool))
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	k.Cleanup(stop)
	return stop
}

func (k *keeper) once(ctx context.Context) error {
	reader, err := k.reader()
	if err != nil {
		return err
	}
	defer reader.Close()
	return k.present().Run(ctx, reader)
}

func (k *keeper) reader() (*catchup.Reader, error) {
	o := catchup.Options{
		Log: k.source, Streams: k.h.Store, Start: k.present().Start, Logger: k.log,
		PageEvents: 50, Idle: 5 * time.Millisecond, MaxBackoff: 50 * time.Millisecond, DrainWithin: time.Second,
	}
	if k.change != nil {
		k.change(&o)
	}
	return catchup.New(o)
}

func (k *keeper) set(m *readmodel.Manager) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.manager = m
}

func (k *keeper) present() *readmodel.Manager {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.manager
}

// failures are the ends of the keeping that were not asked for.
func (k *keeper) failures() []error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]error(nil), k.ends...)
}

// settled reports whether every projection has the whole log.
func (k *keeper) settled(head int64) bool {
	all := k.present().Status()
	for _, s := range all {
		if s.Number != head || s.State != readmodel.Active {
			return false
		}
	}
	return len(all) == len(projections)
}

func (k *keeper) settle() {
	k.Helper()
	head := int64(len(logOf(k.T, k.h)))
	if !waitFor(func() bool { return k.settled(head) }) {
		k.Fatalf("the log has %d events, the read models are at %+v, %v", head, k.present().Status(), k.failures())
	}
}

func waitFor(f func() bool) bool {
	for limit := time.Now().Add(patience); time.Now().Before(limit); pause(2 * time.Millisecond) {
		if f() {
			return true
		}
	}
	return false
}

func (k *keeper) digests() map[string]string {
	out := map[string]string{}
	for _, s := range k.present().Status() {
		out[s.Projection] = s.Digest
	}
	return out
}

// logOf returns our events in log order, past every proxy.
func logOf(t *testing.T, h *apptest.Harness) []eventschemas.Recorded {
	t.Helper()
	var all []eventschemas.Recorded
	_, err := h.Node.Scan(context.Background(), eventschemas.Position{}, "fl.", func(e eventschemas.Recorded) error {
		all = append(all, e)
		return nil
	})
	require.NoError(t, err)
	return all
}

// requireEqualToAReplay holds settled read models against an undisturbed
// replay of the log into a database of its own, and their tables against
// their digests.
func (k *keeper) requireEqualToAReplay() {
	k.Helper()
	k.settle()
	calm := newKeeper(k.T, k.h, k.h.Node, pgtest.Pool(k.T))
	calm.change = func(o *catchup.Options) { o.PageEvents = 2_000 }
	stop := calm.start()
	calm.settle()
	require.Equal(k, calm.digests(), k.digests())
	stop()
	require.Equal(k, k.logged(), k.trailed(), "every event once, in order")
	reader, err := k.reader()
	require.NoError(k, err)
	defer reader.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := k.present().Verify(ctx, readmodel.VerifyOptions{Pages: reader})
	require.NoError(k, err)
	require.Len(k, all, len(projections))
	for _, v := range all {
		require.True(k, v.Equal, "%+v", v.Differences)
	}
}

func (k *keeper) logged() (out []string) {
	k.Helper()
	for _, e := range logOf(k.T, k.h) {
		out = append(out, fmt.Sprintf("%s@%d %s", e.Stream, e.Revision, e.ID))
	}
	return out
}

// trailed is what the trail holds, in order of log number.
func (k *keeper) trailed() (out []string) {
	k.Helper()
	rows, err := k.pool.Query(context.Background(), "SELECT number, stream, revision, event_id FROM "+k.present().Schema("trail")+".trail ORDER BY number")
	require.NoError(k, err)
	var number, revision int64
	var stream string
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&number, &stream, &revision, &id}, func() error {
		out = append(out, fmt.Sprintf("%s@%d %s", stream, revision, id))
		require.EqualValues(k, len(out), number)
		return nil
	})
	require.NoError(k, err)
	return out
}

// load sends commands all the time, each until it is answered.
type load struct {
	app     *commands.App
	stop    chan struct{}
	running sync.WaitGroup
	told    atomic.Int64 // definite answers
	failed  atomic.Int64 // sends that said that nobody knows, or to ask again

	mu   sync.Mutex
	sent []*orders.Order // those that were answered
}

var loads atomic.Int64 // gives each load ticket names of its own

func newLoad(t *testing.T, h *apptest.Harness, workers int, each time.Duration) *load {
	t.Helper()
	l := &load{app: h.App, stop: make(chan struct{})}
	run := loads.Add(1)
	for w := range workers {
		l.running.Go(func() {
			for turn := 0; ; turn++ {
				for _, o := range orders.Make(h, fmt.Sprintf("load-%d-%d-%d", run, w, turn), 6) {
					if !l.deliver(o) {
						return
					}
					h.Clock.Advance(time.Millisecond)
					pause(each)
				}
			}
		})
	}
	return l
}

// deliver sends an order until it is answered; false if the load is over. An
// order under way is answered before that.
func (l *load) deliver(o *orders.Order) bool {
	select {
	case <-l.stop:
		return false
	default:
	}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		r, err := o.Send(ctx, l.app)
		cancel()
		o.Hear(r, err)
		if orders.Answer(r, err) != "" {
			l.mu.Lock()
			l.sent = append(l.sent, o)
			l.mu.Unlock()
			l.told.Add(1)
			return true
		}
		l.failed.Add(1)
		pause(2 * time.Millisecond)
	}
}

func (l *load) end() []*orders.Order {
	close(l.stop)
	l.running.Wait()
	return l.sent
}
