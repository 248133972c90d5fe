package eventstoredb

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// generation is one client, from its first call to its Close. Once it is
// retired no call begins on it; those under way may end.
//
// The client starts to look for a node anew when a call asks it for a
// connection after another has failed. If it finds none it dies with callers
// stuck inside, and it forgets the old connection without closing it. Neither
// may happen, so no call may enter the client after a failure: the client
// logs a failure before it takes note of it (observe), and the entry lock
// makes that moment wait for the calls that are on their way in.
type generation struct {
	client *esdb.Client
	log    *slog.Logger
	slots  chan struct{} // one for each call under way
	jobs   chan func()   // taken by workers that have nothing to do

	entry sync.RWMutex // read-held by a call until it has its connection

	live   context.Context // ends when the generation retires; its cause says why
	retire context.CancelCauseFunc
	calls  context.Context // ends when calls still under way are cut off
	cut    context.CancelFunc

	mu      sync.Mutex
	running int
	idle    chan struct{} // closed when retired and nothing runs
}

func newGeneration(config esdb.Configuration, maxCalls int, log *slog.Logger) (*generation, error) {
	g := &generation{log: log, slots: make(chan struct{}, maxCalls), jobs: make(chan func()), idle: make(chan struct{})}
	g.live, g.retire = context.WithCancelCause(context.Background())
	g.calls, g.cut = context.WithCancel(context.Background())
	config.Logger = g.observe
	client, err := esdb.NewClient(&config)
	if err != nil {
		g.retire(err)
		g.cut()
		return nil, fmt.Errorf("make event store client: %w", err)
	}
	g.client = client
	return g, nil
}

// observe is the client's logger. The client calls it with the error alone
// when a call or subscription has failed, before it acts on the failure.
func (g *generation) observe(level, format string, args ...any) {
	g.log.Debug("event store client", "level", level, "text", fmt.Sprintf(format, args...))
	if level != esdb.LogError || len(args) != 1 {
		return
	}
	if err, ok := args[0].(error); ok && status.Code(err) == codes.Unavailable {
		g.retire(err)
		g.entry.Lock()         // wait for the calls on their way in;
		defer g.entry.Unlock() // later ones see that the generation is retired
	}
}

// do runs job in a worker. Workers stay for the next job, since a call needs a
// deep stack that a fresh goroutine has to grow first; they end with the generation.
func (g *generation) do(job func()) {
	select {
	case g.jobs <- job:
	default:
		go g.work(job)
	}
}

func (g *generation) work(job func()) {
	for {
		job()
		select {
		case job = <-g.jobs:
		case <-g.live.Done():
			return
		}
	}
}

// begin counts a call in; false means that the generation is retired.
func (g *generation) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live.Err() != nil {
		return false
	}
	g.running++
	return true
}

// more counts one more call in for a caller that has begun.
func (g *generation) more() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running++
}

// end counts a call out.
func (g *generation) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.signal()
}

// signal closes idle if the generation is over. The caller holds mu.
func (g *generation) signal() {
	if g.running > 0 || g.live.Err() == nil {
		return
	}
	select {
	case <-g.idle:
	default:
		close(g.idle)
	}
}

// Limits of a retired generation.
const (
	abandonAfter = time.Minute            // calls still under way are cut off
	cutGrace     = 250 * time.Millisecond // then the client is closed under those that hang
)

// reap closes the client of a retired generation when its calls have ended,
// at the latest after abandonAfter or when force is closed.
func (g *generation) reap(force <-chan struct{}) {
	g.mu.Lock()
	g.signal()
	g.mu.Unlock()
	if !g.waitIdle(abandonAfter, force) {
		g.cut()
		g.waitIdle(cutGrace, nil)
	}
	g.cut()
	// Calls that hang in the client panic now, in their own workers.
	if err := g.client.Close(); err != nil {
		g.log.Warn("close event store client", "error", err)
	}
}

// waitIdle says whether the last call ended within limit and before stop.
func (g *generation) waitIdle(limit time.Duration, stop <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-g.idle:
		return true
	case <-timer.C:
	case <-stop:
	}
	return false
}
