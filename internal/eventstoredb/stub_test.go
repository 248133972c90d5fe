package eventstoredb_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// stub is a node that a test can make misbehave. Without hooks it accepts
// every append, has no streams, and confirms subscriptions.
type stub struct {
	streams.UnimplementedStreamsServer
	address string
	server  *grpc.Server

	onAppend func(ctx context.Context, options *streams.AppendReq_Options, events []*streams.AppendReq_ProposedMessage) (*streams.AppendResp, error)
	onRead   func(request *streams.ReadReq, out streams.Streams_ReadServer) error
}

// start listens on address, or a free port if it is empty, until stop or the
// end of the test.
func (n *stub) start(t *testing.T, address string) *stub {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	var listener net.Listener
	require.Eventually(t, func() bool {
		var err error
		listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		return err == nil
	}, patience, time.Millisecond)
	n.address = listener.Addr().String()
	n.server = grpc.NewServer()
	streams.RegisterStreamsServer(n.server, n)
	served := make(chan struct{})
	server := n.server
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	return n
}

// stop cuts all connections.
func (n *stub) stop() { n.server.Stop() }

func (n *stub) Append(call streams.Streams_AppendServer) error {
	first, err := call.Recv()
	if err != nil {
		return err
	}
	var events []*streams.AppendReq_ProposedMessage
	for {
		next, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		events = append(events, next.GetProposedMessage())
	}
	if n.onAppend == nil {
		return call.SendAndClose(stored(first.GetOptions(), len(events)))
	}
	answer, err := n.onAppend(call.Context(), first.GetOptions(), events)
	if err != nil {
		return err
	}
	return call.SendAndClose(answer)
}

// stored is the answer to an append that was stored.
func stored(options *streams.AppendReq_Options, events int) *streams.AppendResp {
	last := options.GetRevision() + uint64(events)
	if options.GetNoStream() != nil {
		last--
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: last},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{}},
	}}}
}

func (n *stub) Read(request *streams.ReadReq, out streams.Streams_ReadServer) error {
	if n.onRead != nil {
		return n.onRead(request, out)
	}
	return notFoundOrConfirm(request, out)
}

func notFoundOrConfirm(request *streams.ReadReq, out streams.Streams_ReadServer) error {
	if stream := request.GetOptions().GetStream(); stream != nil {
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: &shared.StreamIdentifier{StreamName: stream.StreamIdentifier.StreamName}},
		}})
	}
	err := out.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "stub"},
	}})
	if err != nil {
		return err
	}
	err = out.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
	if err != nil {
		return err
	}
	<-out.Context().Done()
	return out.Context().Err()
}

// isPing says whether request is the adapter's own question for the node.
func isPing(request *streams.ReadReq) bool {
	return string(request.GetOptions().GetStream().GetStreamIdentifier().GetStreamName()) == "fieldledger-ping"
}

// open opens a store on address without TLS, closed at the end of the test.
func open(t *testing.T, address string, change ...func(*eventstoredb.Options)) *eventstoredb.Store {
	t.Helper()
	options := eventstoredb.Options{ConnectionString: "esdb://" + address + "?tls=false"}
	if testing.Verbose() {
		options.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	for _, f := range change {
		f(&options)
	}
	s, err := eventstoredb.Open(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, s.Close(ctx))
	})
	return s
}

// within is a context that ends after d, at the latest with the test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// one returns one complete event.
func one() []eventschemas.Proposed {
	return []eventschemas.Proposed{{
		ID: uuid.New(), Type: "stub.happened.v1", Data: []byte(`{}`), Meta: []byte(`{"site":"north"}`),
	}}
}

// calls runs f in n goroutines, again and again, until stop is called, which
// waits for them, or until the test ends.
func calls(t *testing.T, n int, f func(worker, round int)) (stop func()) {
	t.Helper()
	end := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range n {
		wg.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-end:
					return
				default:
					f(worker, round)
				}
			}
		})
	}
	stop = sync.OnceFunc(func() {
		close(end)
		wg.Wait()
	})
	t.Cleanup(stop)
	return stop
}
