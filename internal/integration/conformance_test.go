package integration_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/integration"
	"github.com/fieldledger/fieldledger/internal/pgtest"
)

// nodeDir and nodeAddr name the variables that make this test program an event node.
const (
	nodeDir  = "FIELDLEDGER_TEST_NODE_DIR"
	nodeAddr = "FIELDLEDGER_TEST_NODE_ADDR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(nodeDir); dir != "" {
		if err := serveNode(dir, os.Getenv(nodeAddr)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m, // but for what the suite itself never ends
		goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill/internal/subscriber.(*multiplier).Subscribe.func2"),
		goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill/internal/subscriber.(*multiplier).Subscribe.func3"),
		goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill/pubsub/tests.TestReconnect.func2"))
}

func serveNode(dir, address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n, err := eventnode.Open(ctx, eventnode.Options{Clock: clock.System{}, Dir: dir, Listen: address, Insecure: true, ReserveBytes: -1})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-n.Done():
	}
	return n.Close(context.WithoutCancel(ctx))
}

// nodeProcess is an event node in a process of its own, which is started again
// each time it ends.
type nodeProcess struct {
	dir, address, pidFile string

	mu      sync.Mutex
	command *exec.Cmd
	starts  int
	ended   bool
}

func startNode(t *testing.T) *nodeProcess {
	t.Helper()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dir := t.TempDir()
	if memory, err := os.MkdirTemp("/dev/shm", "fieldledger-test-"); err == nil { // a killed process loses nothing there
		dir = memory
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(memory)) })
	}
	p := &nodeProcess{dir: filepath.Join(dir, "events"), address: free.Addr().String(), pidFile: filepath.Join(dir, "pid")}
	require.NoError(t, free.Close())
	require.NoError(t, p.start())
	var watching sync.WaitGroup
	watching.Go(p.watch)
	t.Cleanup(func() {
		p.mu.Lock()
		p.ended = true
		_ = p.command.Process.Signal(syscall.SIGTERM)
		p.mu.Unlock()
		watching.Wait()
	})
	return p
}

func (p *nodeProcess) start() error {
	p.command = exec.Command(os.Args[0])
	p.command.Env = append(os.Environ(), nodeDir+"="+p.dir, nodeAddr+"="+p.address)
	p.command.Stderr = os.Stderr
	if err := p.command.Start(); err != nil {
		return err
	}
	p.starts++
	return os.WriteFile(p.pidFile, []byte(strconv.Itoa(p.command.Process.Pid)), 0o600)
}

// watch starts the node again until the test ends.
func (p *nodeProcess) watch() {
	for {
		_ = p.command.Wait()
		p.mu.Lock()
		if p.ended || p.start() != nil {
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

func (p *nodeProcess) started() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.starts
}

// restart is the command that ends the node's process without a warning.
func (p *nodeProcess) restart() []string {
	return []string{"sh", "-c", "kill -9 $(cat " + p.pidFile + ")"}
}

func fromTheBeginning(context.Context, string) (eventschemas.Checkpoint, error) {
	return eventschemas.Checkpoint{}, nil
}

// pubSub makes publishers and subscribers of one store.
func pubSub(store *eventstoredb.Store) tests.PubSubConstructor {
	return func(t *testing.T) (message.Publisher, message.Subscriber) {
		t.Helper()
		sub, err := catchup.NewEvents(catchup.EventOptions{
			Log: store, Start: fromTheBeginning, Logger: slog.New(slog.DiscardHandler), Message: integration.Message,
			MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond,
			DrainWithin: 100 * time.Millisecond, // the suite leaves messages without an answer
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, sub.Close()) }) // it does not close every one
		return integration.NewPublisher(store), sub
	}
}

// strict are the flags of a replayed log: every subscriber gets everything, in
// order, from durable streams.
func strict() tests.Features {
	return tests.Features{
		GuaranteedOrder: true, GuaranteedOrderWithSingleSubscriber: true, Persistent: true, NewSubscriberReceivesOldMessages: true,
	}
}

func openStore(t *testing.T, address string) *eventstoredb.Store {
	t.Helper()
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{ConnectionString: "esdb://" + address + "?tls=false"})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, store.Close(ctx))
	})
	return store
}

// Watermill's own suite, with a node that is killed and started again. Under
// the race detector the test below kills it instead.
func TestPublisherAndEventsPassWatermillsSuite(t *testing.T) {
	node := startNode(t)
	plain := pubSub(openStore(t, node.address))
	features, starts := strict(), 1
	if !raceEnabled {
		features.RestartServiceCommand, starts = node.restart(), 3
	}
	t.Run("suite", func(t *testing.T) {
		tests.TestPubSub(t, features, func(t *testing.T) (message.Publisher, message.Subscriber) {
			t.Helper()
			p, s := plain(t)
			if !strings.Contains(t.Name(), "TestReconnect") {
				return p, s
			}
			w := newPolite(p, s)
			return w, w
		}, nil)
	})
	require.Equal(t, starts, node.started())
}

// Ten suites at once; with STRESS_TEST_COUNT set, as many, and of full length.
func TestPublisherAndEventsPassWatermillsStressTest(t *testing.T) {
	features := strict()
	features.ForceShort = os.Getenv("STRESS_TEST_COUNT") == ""
	node := startNode(t)
	store := openStore(t, node.address)
	t.Run("stress", func(t *testing.T) { tests.TestPubSubStressTest(t, features, pubSub(store), nil) })
	require.Equal(t, 1, node.started())
}
