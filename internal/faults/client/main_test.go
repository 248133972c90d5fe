package client_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
	"github.com/fieldledger/fieldledger/internal/pgtest"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(bareEnv); address != "" {
		os.Exit(bareClient(address))
	}
	pgtest.Main(m)
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

// world is a node in memory behind a proxy.
type world struct {
	*testing.T
	node  *eventnode.Node
	proxy *tcpproxy.Proxy
}

func newWorld(t *testing.T) *world {
	t.Helper()
	node, err := eventnode.Open(t.Context(), eventnode.Options{Clock: clock.System{}, Insecure: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close(context.WithoutCancel(t.Context()))) })
	proxy, err := tcpproxy.Listen(t.Context(), "tcp", node.Addr())
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	return &world{t, node, proxy}
}

// open opens a store that reaches the node through the proxy.
func (w *world) open(patient time.Duration, change ...func(*eventstoredb.Options)) *eventstoredb.Store {
	w.Helper()
	options := eventstoredb.Options{ConnectionString: "esdb://" + w.proxy.Addr() + "?tls=false", Patience: patient}
	for _, c := range change {
		c(&options)
	}
	s, err := eventstoredb.Open(w.Context(), options)
	require.NoError(w, err)
	w.Cleanup(func() {
		w.proxy.Set(tcpproxy.Fault{})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(w, s.Close(ctx))
	})
	return s
}

// disturb does harm to the connections now and then, until stop is called.
func (w *world) disturb() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer w.proxy.Set(tcpproxy.Fault{})
		for {
			if !pause(end, between(2*time.Millisecond, 40*time.Millisecond)) {
				return
			}
			harm(w.proxy)
			if !pause(end, between(time.Millisecond, 20*time.Millisecond)) {
				return
			}
			w.proxy.Set(tcpproxy.Fault{})
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// harm begins one fault of a random kind.
func harm(p *tcpproxy.Proxy) {
	some := func() int { return 1 + rand.IntN(400) }
	switch rand.IntN(7) {
	case 0:
		p.Cut()
	case 1: // the request is cut in the middle
		p.Set(tcpproxy.Fault{ToServer: tcpproxy.Way{CutAfter: some()}})
	case 2: // the answer is cut in the middle: the node has stored
		p.Set(tcpproxy.Fault{ToClient: tcpproxy.Way{CutAfter: some()}})
	case 3:
		p.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
	case 4: // the answers are held and then lost
		p.Set(tcpproxy.Fault{ToClient: tcpproxy.Way{Hold: true}})
		pause(nil, between(time.Millisecond, 10*time.Millisecond))
		p.Cut()
	case 5:
		p.Set(tcpproxy.Both(tcpproxy.Way{Delay: 3 * time.Millisecond}))
	case 6:
		p.Set(tcpproxy.Fault{ToServer: tcpproxy.Way{BytesPerSecond: 20_000}})
	}
}

// pause lets time pass; false if end comes before.
func pause(end <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-end:
		return false
	}
}

func between(least, most time.Duration) time.Duration { return least + rand.N(most-least) }

// event is complete and carries a label.
func event(label string) eventschemas.Proposed {
	return eventschemas.Proposed{
		ID: uuid.New(), Type: "fault.test.v1", Data: []byte(`"` + label + `"`), Meta: []byte(`{"site":"north"}`),
	}
}

// anyRevision is a store without its guard: it stores at whatever revision
// the stream has, and says that it was the expected one.
type anyRevision struct{ commands.EventStore }

// Append appends without looking at the revision.
func (s anyRevision) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	at := expected
	for {
		_, err := s.EventStore.Append(ctx, stream, at, events)
		conflict := new(commands.ConflictError)
		if !errors.As(err, &conflict) {
			return expected + int64(len(events)), err
		}
		at = conflict.Actual
	}
}
