// Package yardstick serves EventStoreDB's protocol for streams as fast as it
// can be served, for measuring what a real node costs beside it: appends are
// only written to a file, many with one fsync, and every subscription gets one
// prepared message again and again.
//
// It keeps nothing that could be read back and checks no revision. Nothing but
// benchmarks may use it.
package yardstick

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Server is a running yardstick, without TLS on a free loopback port. Its
// methods are safe for concurrent use.
type Server struct {
	streams.UnimplementedStreamsServer
	file     *os.File
	listener net.Listener
	server   *grpc.Server
	running  sync.WaitGroup
	appends  chan pendingAppend
	stop     chan struct{}
	events   int // that a subscription gets
	event    *streams.ReadResp
}

type pendingAppend struct {
	record []byte
	done   chan error
}

// Open listens and appends to the file path. A subscription gets events times
// an event of size bytes, then caught up.
func Open(ctx context.Context, path string, events, size int) (*Server, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, fmt.Errorf("open yardstick: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), f.Close())
	}
	s := &Server{
		file: f, listener: listener, server: newServer(), appends: make(chan pendingAppend, 1024), stop: make(chan struct{}),
		events: events, event: preparedEvent(size),
	}
	streams.RegisterStreamsServer(s.server, s)
	s.running.Go(s.commit)
	s.running.Go(func() { _ = s.server.Serve(listener) }) // ends with Close
	return s, nil
}

// newServer allows the client's pings, which come every 10 s.
func newServer() *grpc.Server {
	return grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
}

// ConnectionString is for the official client.
func (s *Server) ConnectionString() string {
	return "esdb://" + s.listener.Addr().String() + "?tls=false"
}

// Close ends all calls and closes the file.
func (s *Server) Close() error {
	s.server.Stop()
	close(s.stop)
	s.running.Wait()
	return s.file.Close()
}

// commit writes all appends that wait and syncs them once.
func (s *Server) commit() {
	var buffer []byte
	for {
		var batch []pendingAppend
		select {
		case a := <-s.appends:
			batch = append(batch, a)
		case <-s.stop:
			return
		}
	more:
		for len(batch) < cap(s.appends) {
			select {
			case a := <-s.appends:
				batch = append(batch, a)
			default:
				break more
			}
		}
		buffer = buffer[:0]
		for _, a := range batch {
			buffer = append(buffer, a.record...)
		}
		_, err := s.file.Write(buffer)
		err = errors.Join(err, s.file.Sync())
		for _, a := range batch {
			a.done <- err
		}
	}
}

// Append writes the events of one call and answers when they are synced.
func (s *Server) Append(call streams.Streams_AppendServer) error {
	first, err := call.Recv()
	if err != nil {
		return err
	}
	a := pendingAppend{done: make(chan error, 1)}
	n := uint64(0)
	for ; ; n++ {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		a.record = append(append(a.record, m.GetProposedMessage().GetData()...), m.GetProposedMessage().GetCustomMetadata()...)
	}
	s.appends <- a
	if err := <-a.done; err != nil {
		return err
	}
	last := first.GetOptions().GetRevision() + n
	if first.GetOptions().GetNoStream() != nil {
		last = n - 1
	}
	return call.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: last},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: 1, PreparePosition: 1}},
	}}})
}

// Read gives subscriptions their events; it has no streams.
func (s *Server) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	if stream := req.GetOptions().GetStream(); stream != nil {
		return call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: stream.GetStreamIdentifier()},
		}})
	}
	err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
	}})
	if err != nil {
		return err
	}
	prepared := &grpc.PreparedMsg{}
	if err := prepared.Encode(call, s.event); err != nil {
		return err
	}
	for range s.events {
		if err := call.SendMsg(prepared); err != nil {
			return err
		}
	}
	if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}); err != nil {
		return err
	}
	<-call.Context().Done()
	return call.Context().Err()
}

// preparedEvent is one event of our form.
func preparedEvent(size int) *streams.ReadResp {
	id := uuid.New()
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: 1},
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{MostSignificantBits: 1, LeastSignificantBits: 1}}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("fl.bench-" + id.String())},
			CommitPosition:   1, PreparePosition: 1,
			Metadata:       map[string]string{"type": "bench.v1", "content-type": "application/json", "created": "17000000000000000"},
			CustomMetadata: []byte(`{}`), Data: make([]byte, size),
		},
	}}}
}
