package client_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// ports are what a process stands on, with what it loses.
type ports func(h *apptest.Harness) commands.Ports

// process is a write side that can be restarted under its callers.
type process struct {
	*apptest.Harness
	ports ports
	fresh bool // a new process for each call: nothing is remembered but what is stored
	mu    sync.RWMutex
	app   *commands.App
	alive context.Context
	kill  context.CancelFunc
}

func (p *process) restart(ctx context.Context) {
	if p.kill != nil {
		p.kill()
	}
	p.mu.Lock() // the calls of the old one have ended
	defer p.mu.Unlock()
	p.app = commands.New(p.ports(p.Harness))
	p.alive, p.kill = context.WithCancel(ctx)
}

func (p *process) deliver(o *orders.Order) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	ctx, cancel := context.WithTimeout(p.alive, patience)
	defer cancel()
	app := p.app
	if p.fresh {
		app = commands.New(p.ports(p.Harness))
	}
	r, err := o.Send(ctx, app)
	if rand.IntN(10) == 0 {
		err = errLost // on its way to the caller
	}
	o.Hear(r, err)
}

var errLost = errors.New("the answer was lost")

const perTicket = 10

// repeat sends every command of n tickets one to five times, one after the
// other or at once, restarts the process now and then, and in the end asks
// once more for each answer with nothing in the way.
func repeat(t *testing.T, h *apptest.Harness, lossy ports, n, restartEvery int) []*orders.Order {
	t.Helper()
	ctx := t.Context()
	p := &process{Harness: h, ports: lossy, fresh: restartEvery == 0}
	p.restart(ctx)
	var all []*orders.Order
	var mu sync.Mutex
	turns := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for turn := range turns {
				mine := orders.Make(h, fmt.Sprintf("ticket-%d", turn), perTicket)
				for _, o := range mine {
					sendOften(p, o)
				}
				h.Clock.Advance(time.Second)
				mu.Lock()
				all = append(all, mine...)
				mu.Unlock()
			}
		})
	}
	for turn := range n {
		turns <- turn
		if restartEvery > 0 && turn%restartEvery == restartEvery-1 {
			p.restart(ctx)
		}
	}
	close(turns)
	workers.Wait()
	calm := commands.New(sound(h))
	for _, o := range all {
		r, err := o.Send(ctx, calm)
		require.NotEmpty(t, orders.Answer(r, err), "%s: %v", o.Op, err)
		o.Hear(r, err)
	}
	return all
}

func sendOften(p *process, o *orders.Order) {
	times := 1 + rand.IntN(5)
	if rand.IntN(4) > 0 {
		for range times {
			p.deliver(o)
		}
		return
	}
	var wg sync.WaitGroup
	for range times {
		wg.Go(func() { p.deliver(o) })
	}
	wg.Wait()
}

// sound are ports that lose nothing.
func sound(h *apptest.Harness) commands.Ports {
	return commands.Ports{Store: h.Store, Outcomes: outcomes.New(h.Pool, h.Clock), Vault: h.Vault, Clock: h.Clock, IDs: h.IDs, Log: h.Log}
}

func TestTKT02ACommandSentUpToFiveTimesWithLostAnswersHasOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	orders.Desk(t, h)
	n := scale.Times(30, 10_000)
	j := orders.Judge(repeat(t, h, losing, n, max(5, n/50)), orders.Effects(t, h))
	t.Logf("fault: lost replies: %s", j)
	require.Zero(t, j.Bad(), "%+v", j)
	require.Positive(t, j.Changed)
	require.Positive(t, j.Held)
	require.Positive(t, j.Refused)
}

// distant are ports whose store is the official client behind a proxy.
func distant(t *testing.T, h *apptest.Harness) (ports, *world) {
	t.Helper()
	proxy, err := tcpproxy.Listen(t.Context(), "tcp", h.Node.Addr())
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	w := &world{t, h.Node, proxy}
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{
		ConnectionString: strings.Replace(h.Node.ConnectionString(), h.Node.Addr(), proxy.Addr(), 1),
		RootCAs:          h.Node.CertPool(), Patience: 80 * time.Millisecond, CallTimeout: 300 * time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, store.Close(ctx))
	})
	return func(h *apptest.Harness) commands.Ports {
		p := sound(h)
		p.Store = store
		return p
	}, w
}

func TestTKT02ACommandWhoseConnectionIsCutHasOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	orders.Desk(t, h)
	through, w := distant(t, h)
	stop := w.disturb()
	n := scale.Times(20, 1_000)
	all := repeat(t, h, through, n, max(5, n/50))
	stop()
	j := orders.Judge(all, orders.Effects(t, h))
	t.Logf("fault: lost replies: %s", j)
	require.Zero(t, j.Bad(), "%+v", j)
	require.Positive(t, j.Changed)
}
