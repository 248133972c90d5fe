package readside_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
)

// distant is the official client on h's node, through a proxy.
func distant(t *testing.T, h *apptest.Harness) (*eventstoredb.Store, *tcpproxy.Proxy) {
	t.Helper()
	proxy, err := tcpproxy.Listen(t.Context(), "tcp", h.Node.Addr())
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{
		ConnectionString: strings.Replace(h.Node.ConnectionString(), h.Node.Addr(), proxy.Addr(), 1),
		RootCAs:          h.Node.CertPool(), Patience: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, store.Close(ctx))
	})
	return store, proxy
}

// drop ends the subscription in one of several ways.
func drop(p *tcpproxy.Proxy) {
	switch rand.IntN(4) {
	case 0:
		p.Cut()
	case 1: // in the middle of an event
		p.Set(tcpproxy.Fault{ToClient: tcpproxy.Way{CutAfter: 1 + rand.IntN(30_000)}})
		pause(between(5*time.Millisecond, 50*time.Millisecond))
	case 2:
		p.Down()
		pause(between(time.Millisecond, 50*time.Millisecond))
	case 3:
		p.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
		pause(between(time.Millisecond, 100*time.Millisecond))
		p.Cut()
	}
	p.Set(tcpproxy.Fault{})
}

// dropped keeps read models through a subscription that is dropped again and
// again while commands come in.
func dropped(t *testing.T, drops int, change func(source *eventstoredb.Store, o *catchup.Options)) *keeper {
	t.Helper()
	h := apptest.New(t)
	orders.Desk(t, h)
	source, proxy := distant(t, h)
	k := newKeeper(t, h, source, h.Pool)
	k.change = func(o *catchup.Options) { change(source, o) }
	k.start()
	l := newLoad(t, h, 2, 3*time.Millisecond)
	for range drops {
		drop(proxy)
		require.NoError(t, proxy.Up(t.Context()))
		pause(between(20*time.Millisecond, 200*time.Millisecond))
	}
	l.end()
	return k
}

func TestDroppedSubscriptionsLoseDoubleAndReorderNothing(t *testing.T) {
	t.Parallel()
	drops := scale.Times(15, 1_000)
	k := dropped(t, drops, func(*eventstoredb.Store, *catchup.Options) {})
	k.requireEqualToAReplay()
	require.Empty(t, k.failures())
	t.Logf("fault: subscription dropped: %d drops, %d events", drops, k.present().Head())
}

// reseeking is a log whose followers, when they begin again, begin one event
// too late: what came last before the drop is taken as had.
type reseeking struct {
	commands.Log
}

// Follow goes on after the event that comes after the last one.
func (l *reseeking) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	skip := after != eventschemas.Position{}
	return l.Log.Follow(ctx, after, prefix, func(e eventschemas.Recorded) error {
		if skip {
			skip = false
			return nil
		}
		return event(e)
	}, caughtUp)
}

func TestTheReplayTellsASubscriptionThatSkips(t *testing.T) {
	t.Parallel()
	k := dropped(t, 10, func(source *eventstoredb.Store, o *catchup.Options) { o.Log = &reseeking{Log: source} })
	head := int64(len(logOf(t, k.h)))
	pause(300 * time.Millisecond) // it has had time to come to the end
	require.False(t, k.settled(head), "an event was left out, and nobody saw it")
}
