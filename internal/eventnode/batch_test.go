package eventnode_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// rawClient speaks the protocol itself, for what the official client never sends.
func rawClient(t *testing.T, n *eventnode.Node) streams.StreamsClient {
	t.Helper()
	conn, err := grpc.NewClient(n.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return streams.NewStreamsClient(conn)
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

func expectUnset(*streams.BatchAppendReq_Options) {}

func TestBatchAppendAnswersEachAppendOfACall(t *testing.T) {
	t.Parallel()
	_, n, _ := insecureClient(t)
	call, err := rawClient(t, n).BatchAppend(testContext(t))
	require.NoError(t, err)
	chunked, single, repeated, conflict, bad, ignored := eventID("k1"), eventID("k2"), eventID("k3"), eventID("k4"), eventID("k5"), eventID("k6")
	send := func(key uuid.UUID, o *streams.BatchAppendReq_Options, final bool, names ...string) {
		require.NoError(t, call.Send(&streams.BatchAppendReq{
			CorrelationId: textID(key), Options: o, ProposedMessages: batchMessages(names...), IsFinal: final,
		}))
	}
	answers := map[string]*streams.BatchAppendResp{}
	receive := func() {
		m, err := call.Recv()
		require.NoError(t, err)
		answers[m.GetCorrelationId().GetString_()] = m
	}
	send(chunked, batchOptions("s", expectNone), false, "a")
	send(ignored, nil, true, "z") // no options, no append: ignored
	send(single, batchOptions("other", expectNone), true, "o")
	send(chunked, nil, true, "b", "c")
	receive()
	receive()
	send(repeated, batchOptions("s", expectNone), true, "a", "b", "c")
	send(conflict, batchOptions("s", expectNone), true, "x")
	send(bad, batchOptions("s", expectUnset), true, "y")
	require.NoError(t, call.CloseSend())
	for range 3 {
		receive()
	}
	_, err = call.Recv()
	require.ErrorContains(t, err, "EOF")

	require.Equal(t, uint64(2), answers[chunked.String()].GetSuccess().GetCurrentRevision())
	require.Equal(t, "s", string(answers[chunked.String()].GetStreamIdentifier().GetStreamName()))
	require.Equal(t, uint64(0), answers[single.String()].GetSuccess().GetCurrentRevision())
	require.Equal(t, answers[chunked.String()].GetSuccess().String(), answers[repeated.String()].GetSuccess().String())
	e := answers[conflict.String()].GetError()
	require.Equal(t, codes.AlreadyExists, codes.Code(e.GetCode()))
	wrong := &shared.WrongExpectedVersion{}
	require.NoError(t, e.GetDetails()[0].UnmarshalTo(wrong))
	require.Equal(t, uint64(2), wrong.GetCurrentStreamRevision())
	require.Equal(t, codes.InvalidArgument, codes.Code(answers[bad.String()].GetError().GetCode()))
	require.Equal(t, uint64(4), n.Head().Events)
}

func TestMalformedAppendsAreRefusedAndStoreNothing(t *testing.T) {
	t.Parallel()
	_, n, _ := insecureClient(t)
	raw := rawClient(t, n)
	options := func(stream string, set func(*streams.AppendReq_Options)) *streams.AppendReq {
		o := &streams.AppendReq_Options{
			StreamIdentifier:       named(stream),
			ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}},
		}
		set(o)
		return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
	}
	plain := func(*streams.AppendReq_Options) {}
	message := func(change func(*streams.AppendReq_ProposedMessage)) *streams.AppendReq {
		m := &streams.AppendReq_ProposedMessage{
			Id: textID(eventID("a")), Metadata: map[string]string{"type": "t", "content-type": "application/json"},
		}
		change(m)
		return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: m}}
	}
	good := message(func(*streams.AppendReq_ProposedMessage) {})
	for name, tc := range map[string]struct {
		code codes.Code
		send []*streams.AppendReq
	}{
		"no options":        {codes.Unknown, []*streams.AppendReq{good}},
		"options twice":     {codes.Unknown, []*streams.AppendReq{options("s", plain), good, options("s", plain)}},
		"expectation unset": {codes.InvalidArgument, []*streams.AppendReq{options("s", func(o *streams.AppendReq_Options) { o.ExpectedStreamRevision = nil }), good}},
		"no name":           {codes.Unknown, []*streams.AppendReq{options("", plain), good}},
		"half a name":       {codes.Unknown, []*streams.AppendReq{options("$$", plain), good}},
		"revision too high": {codes.Unknown, []*streams.AppendReq{options("s", func(o *streams.AppendReq_Options) {
			o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: 1 << 63}
		}), good}},
		"no id":   {codes.Unknown, []*streams.AppendReq{options("s", plain), good, message(func(m *streams.AppendReq_ProposedMessage) { m.Id = nil })}},
		"zero id": {codes.Unknown, []*streams.AppendReq{options("s", plain), good, message(func(m *streams.AppendReq_ProposedMessage) { m.Id = textID(uuid.Nil) })}},
		"no type": {codes.InvalidArgument, []*streams.AppendReq{options("s", plain), good, message(func(m *streams.AppendReq_ProposedMessage) { delete(m.Metadata, "type") })}},
		"no content type": {codes.InvalidArgument, []*streams.AppendReq{options("s", plain), good, message(func(m *streams.AppendReq_ProposedMessage) {
			delete(m.Metadata, "content-type")
		})}},
		"empty type": {codes.Unknown, []*streams.AppendReq{options("s", plain), good, message(func(m *streams.AppendReq_ProposedMessage) { m.Metadata["type"] = "" })}},
	} {
		call, err := raw.Append(testContext(t))
		require.NoError(t, err)
		for _, m := range tc.send {
			require.NoError(t, call.Send(m))
		}
		_, err = call.CloseAndRecv()
		require.Equal(t, tc.code, status.Code(err), "%s: %v", name, err)
	}
	require.Zero(t, n.Head().Events)
}

func TestNewerClientsLearnTheBoundsOfAStream(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	prepare(t, c, "s", "softly deleted, last 2")
	raw := rawClient(t, n)
	read := func(from uint64) []string {
		call, err := raw.Read(testContext(t), &streams.ReadReq{Options: &streams.ReadReq_Options{
			StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
				StreamIdentifier: named("s"), RevisionOption: &streams.ReadReq_Options_StreamOptions_Revision{Revision: from},
			}},
			CountOption:   &streams.ReadReq_Options_Count{Count: 10},
			FilterOption:  &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
			UuidOption:    &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}},
			ControlOption: &streams.ReadReq_Options_ControlOption{Compatibility: 1},
		}})
		require.NoError(t, err)
		return messages(t, call)
	}
	require.Equal(t, []string{"not found s"}, read(0))
	appendTo(t, c, "s", anyRevision, event("x"))
	require.Equal(t, []string{"first 3", "event " + eventID("x").String(), "last 3"}, read(0))
	require.Equal(t, []string{"event " + eventID("x").String(), "last 3"}, read(3))
	require.Equal(t, []string{"last 3"}, read(4))
	require.Equal(t, []string{"first 4", "last 3"}, read(9))
}

func messages(t *testing.T, call streams.Streams_ReadClient) []string {
	t.Helper()
	out := []string{}
	for {
		m, err := call.Recv()
		if err != nil {
			require.ErrorContains(t, err, "EOF")
			return out
		}
		switch c := m.GetContent().(type) {
		case *streams.ReadResp_Event:
			out = append(out, "event "+c.Event.GetEvent().GetId().GetString_())
		case *streams.ReadResp_FirstStreamPosition:
			out = append(out, fmt.Sprintf("first %d", c.FirstStreamPosition))
		case *streams.ReadResp_LastStreamPosition:
			out = append(out, fmt.Sprintf("last %d", c.LastStreamPosition))
		case *streams.ReadResp_StreamNotFound_:
			out = append(out, "not found "+string(c.StreamNotFound.GetStreamIdentifier().GetStreamName()))
		default:
			out = append(out, fmt.Sprintf("%T", c))
		}
	}
}

func TestACallerThatHasGoneGetsItsContextsError(t *testing.T) {
	t.Parallel()
	_, n, _ := insecureClient(t)
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	_, err := n.Append(ctx, "s", -1, proposedEvents("a"))
	require.ErrorIs(t, err, context.Canceled)
}
