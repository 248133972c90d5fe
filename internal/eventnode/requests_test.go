package eventnode_test

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// notAMessage is what the library answers to bytes that are no message.
const notAMessage = "grpc: failed to unmarshal the received message"

// wireCall is one call whose messages are bytes. It ends when what was stored
// has been sent, or after some answers.
type wireCall struct {
	ctx    context.Context
	cancel context.CancelFunc
	frames [][]byte

	mu   sync.Mutex
	sent int
}

func (c *wireCall) SetHeader(metadata.MD) error  { return nil }
func (c *wireCall) SendHeader(metadata.MD) error { return nil }
func (c *wireCall) SetTrailer(metadata.MD)       {}
func (c *wireCall) Context() context.Context     { return c.ctx }

func (c *wireCall) SendMsg(m any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent++; c.sent > 200 {
		c.cancel()
	}
	if r, ok := m.(*streams.ReadResp); ok && r.GetCaughtUp() != nil {
		c.cancel()
	}
	b, err := eventnode.Encode(m)
	if _, read := m.(proto.Message); err == nil && !read { // it is written without the protocol's own types
		err = proto.Unmarshal(b, &streams.ReadResp{})
	}
	return err
}

func (c *wireCall) RecvMsg(m any) error {
	if len(c.frames) == 0 {
		return io.EOF
	}
	frame := c.frames[0]
	c.frames = c.frames[1:]
	if err := proto.Unmarshal(frame, m.(proto.Message)); err != nil {
		return status.Errorf(codes.Internal, "%s: %v", notAMessage, err) // as the library answers by itself
	}
	return nil
}

// frames cuts bytes into messages, each after its length.
func frames(b []byte) [][]byte {
	var out [][]byte
	for len(b) >= 2 && len(out) < 64 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		out, b = append(out, b[2:2+n]), b[2+n:]
	}
	return out
}

func laidOut(tb testing.TB, messages ...proto.Message) []byte {
	tb.Helper()
	var b []byte
	for _, m := range messages {
		raw, err := proto.Marshal(m)
		require.NoError(tb, err)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(raw))), raw...)
	}
	return b
}

func textID(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
}

func named(stream string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

func batchMessages(names ...string) []*streams.BatchAppendReq_ProposedMessage {
	out := []*streams.BatchAppendReq_ProposedMessage{}
	for _, name := range names {
		out = append(out, &streams.BatchAppendReq_ProposedMessage{
			Id: textID(eventID(name)), Data: []byte(`{}`),
			Metadata: map[string]string{"type": "tested", "content-type": "application/json"},
		})
	}
	return out
}

func batchOptions(stream string, expected func(*streams.BatchAppendReq_Options)) *streams.BatchAppendReq_Options {
	o := &streams.BatchAppendReq_Options{
		StreamIdentifier: named(stream),
		DeadlineOption:   &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(time.Minute)},
	}
	expected(o)
	return o
}

func expectNone(o *streams.BatchAppendReq_Options) {
	o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
}

// fuzzed is the node that requests are sent to. A new one takes its place
// after some, so that none grows for ever.
type fuzzed struct {
	mu    sync.Mutex
	node  *eventnode.Node
	calls int
}

func (f *fuzzed) next(tb testing.TB) *eventnode.Node {
	tb.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls++; f.calls%20_000 == 0 {
		f.close(tb)
	}
	if f.node == nil {
		n, err := tryOpen(eventnode.Options{Insecure: true, MaxAppendBytes: 1 << 16})
		require.NoError(tb, err)
		_, err = n.Append(testContext(tb), "s", -1, proposedEvents("one", "two", "three"))
		require.NoError(tb, err)
		f.node = n
	}
	return f.node
}

func (f *fuzzed) close(tb testing.TB) {
	tb.Helper()
	if f.node != nil {
		closeNode(tb, f.node)
		f.node = nil
	}
}

// serve calls a method with frames, and returns its status.
func serve(ctx context.Context, n *eventnode.Node, method uint8, messages [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := &wireCall{ctx: ctx, cancel: cancel, frames: messages}
	s := n.Streams()
	switch method % 5 {
	case 0:
		return s.Append(&grpc.GenericServerStream[streams.AppendReq, streams.AppendResp]{ServerStream: c})
	case 1:
		return s.BatchAppend(&grpc.GenericServerStream[streams.BatchAppendReq, streams.BatchAppendResp]{ServerStream: c})
	case 2:
		var m streams.ReadReq
		if c.RecvMsg(&m) != nil {
			return nil
		}
		return s.Read(&m, &grpc.GenericServerStream[streams.ReadReq, streams.ReadResp]{ServerStream: c})
	case 3:
		var m streams.DeleteReq
		if c.RecvMsg(&m) != nil {
			return nil
		}
		_, err := s.Delete(ctx, &m)
		return err
	}
	var m streams.TombstoneReq
	if c.RecvMsg(&m) != nil {
		return nil
	}
	_, err := s.Tombstone(ctx, &m)
	return err
}

// Whatever bytes a client sends, the call ends with a status that the original
// knows, the node goes on, and its log never gets shorter.
func FuzzRequests(f *testing.F) {
	addRequests(f)
	shared := &fuzzed{}
	f.Cleanup(func() { shared.close(f) })
	f.Fuzz(func(t *testing.T, method uint8, b []byte) {
		n := shared.next(t)
		before := n.Head().Events
		err := serve(t.Context(), n, method, frames(b))
		require.NotContains(t, []codes.Code{codes.DeadlineExceeded, codes.Unavailable, codes.ResourceExhausted, codes.Unimplemented}, status.Code(err), "%v", err)
		if status.Code(err) == codes.Internal {
			require.ErrorContains(t, err, notAMessage, "only the library says this")
		}
		require.NoError(t, n.Err())
		require.GreaterOrEqual(t, n.Head().Events, before)
	})
}

func addRequests(f *testing.F) {
	f.Helper()
	none := &shared.Empty{}
	message := &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id: textID(eventID("x")), Data: []byte(`{"a":1}`), Metadata: map[string]string{"type": "tested", "content-type": "application/json"},
	}}}
	options := &streams.AppendReq_Options{StreamIdentifier: named("s"), ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: none}}
	f.Add(uint8(0), laidOut(f, &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: options}}, message))
	f.Add(uint8(0), laidOut(f, message))
	batch := batchOptions("t", expectNone)
	f.Add(uint8(1), laidOut(f, &streams.BatchAppendReq{
		CorrelationId: textID(eventID("c")), Options: batch, ProposedMessages: batchMessages("y"), IsFinal: true,
	}))
	f.Add(uint8(1), laidOut(f, &streams.BatchAppendReq{CorrelationId: textID(eventID("c")), Options: batch}))
	text := &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: none}}
	of := &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
		StreamIdentifier: named("s"), RevisionOption: &streams.ReadReq_Options_StreamOptions_Start{Start: none},
	}}
	all := &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: none}}}
	at := &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Position{
		Position: &streams.ReadReq_Options_Position{CommitPosition: 64, PreparePosition: 64},
	}}}
	filter := &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
			StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{"s"}},
		},
		Window: &streams.ReadReq_Options_FilterOptions_Max{Max: 1}, CheckpointIntervalMultiplier: 1,
	}}
	plain := &streams.ReadReq_Options_NoFilter{NoFilter: none}
	follow := &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	count := &streams.ReadReq_Options_Count{Count: math.MaxInt64}
	for _, o := range []*streams.ReadReq_Options{
		{StreamOption: of, CountOption: count, FilterOption: plain, UuidOption: text, ControlOption: &streams.ReadReq_Options_ControlOption{Compatibility: 1}},
		{StreamOption: of, CountOption: follow, FilterOption: plain, UuidOption: text, ResolveLinks: true},
		{StreamOption: all, CountOption: count, FilterOption: filter, UuidOption: text, ReadDirection: streams.ReadReq_Options_Backwards},
		{StreamOption: all, CountOption: follow, FilterOption: filter, UuidOption: text},
		{StreamOption: at, CountOption: follow, FilterOption: plain, UuidOption: text},
		{StreamOption: at, CountOption: count, FilterOption: plain, UuidOption: text},
		{},
	} {
		f.Add(uint8(2), laidOut(f, &streams.ReadReq{Options: o}))
	}
	f.Add(uint8(3), laidOut(f, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier: named("t"), ExpectedStreamRevision: &streams.DeleteReq_Options_Any{Any: none},
	}}))
	f.Add(uint8(4), laidOut(f, &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
		StreamIdentifier: named("fl.x"), ExpectedStreamRevision: &streams.TombstoneReq_Options_StreamExists{StreamExists: none},
	}}))
}
