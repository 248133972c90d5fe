package serverrules

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// batch is a running BatchAppend call.
type batch struct {
	b    *bench
	call streams.Streams_BatchAppendClient
	keys map[string]string // names of correlation ids
}

func (b *bench) batch() *batch {
	b.Helper()
	call, err := b.streams.BatchAppend(b.ctx)
	require.NoError(b, err)
	return &batch{b: b, call: call, keys: map[string]string{}}
}

// options are those of an append with a minute of time.
func (b *bench) batchOptions(stream string, expected int64) *streams.BatchAppendReq_Options {
	o := &streams.BatchAppendReq_Options{
		StreamIdentifier: identifier(b.name(stream)),
		DeadlineOption:   &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(time.Minute)},
	}
	switch expected {
	case noStream:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
	case anyState:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_Any{Any: &emptypb.Empty{}}
	case exists:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamExists{StreamExists: &emptypb.Empty{}}
	case unset:
	default:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: uint64(expected)} //nolint:gosec // a revision
	}
	return o
}

// send sends one chunk of the append named key.
func (c *batch) send(key string, o *streams.BatchAppendReq_Options, final bool, names ...string) {
	c.b.Helper()
	m := &streams.BatchAppendReq{CorrelationId: text(c.b.id(key).String()), Options: o, IsFinal: final}
	for _, n := range names {
		e := c.b.proposed(n)
		m.ProposedMessages = append(m.ProposedMessages, &streams.BatchAppendReq_ProposedMessage{
			Id: e.GetId(), Data: e.GetData(), CustomMetadata: e.GetCustomMetadata(), Metadata: e.GetMetadata(),
		})
	}
	c.keys[c.b.id(key).String()] = key
	require.NoError(c.b, c.call.Send(m))
}

// answer takes the next answer: "key: …".
func (c *batch) answer() string {
	c.b.Helper()
	m, err := c.call.Recv()
	if err != nil {
		return c.b.failed(c.call.Trailer(), err)
	}
	id := m.GetCorrelationId().GetString_()
	if s := m.GetCorrelationId().GetStructured(); s != nil {
		id = uuidOf(s).String()
	}
	return c.keys[id] + ": " + c.b.batched(m)
}

func (b *bench) batched(m *streams.BatchAppendResp) string {
	if s := m.GetSuccess(); s != nil {
		out := "ok none"
		if _, ok := s.GetCurrentRevisionOption().(*streams.BatchAppendResp_Success_CurrentRevision); ok {
			out = fmt.Sprintf("ok %d", s.GetCurrentRevision())
		}
		if s.GetPosition() == nil {
			out += ", no position"
		}
		return out + " in " + b.short(string(m.GetStreamIdentifier().GetStreamName()))
	}
	e := m.GetError()
	if len(e.GetDetails()) != 1 {
		return fmt.Sprintf("%d %s with %d details", e.GetCode(), e.GetMessage(), len(e.GetDetails()))
	}
	out := fmt.Sprintf("%d %s %s", e.GetCode(), e.GetMessage(), e.GetDetails()[0].GetTypeUrl())
	detail, err := e.GetDetails()[0].UnmarshalNew()
	if err != nil {
		return out
	}
	switch d := detail.(type) {
	case *shared.WrongExpectedVersion:
		out += fmt.Sprintf(" at %d", d.GetCurrentStreamRevision())
		if d.GetCurrentNoStream() != nil {
			out += " (none)"
		}
	case *shared.MaximumAppendSizeExceeded:
		out += fmt.Sprintf(" %d", d.GetMaxAppendSize())
	case *shared.StreamDeleted:
		out += " " + b.short(string(d.GetStreamIdentifier().GetStreamName()))
	}
	return out
}

func uuidOf(s *shared.UUID_Structured) uuid.UUID {
	var id uuid.UUID
	for i := range 8 {
		id[i] = byte(uint64(s.GetMostSignificantBits()) >> (56 - 8*i))    //nolint:gosec // a byte of it
		id[8+i] = byte(uint64(s.GetLeastSignificantBits()) >> (56 - 8*i)) //nolint:gosec // a byte of it
	}
	return id
}

const detail = " type.googleapis.com/event_store.client."

var batchRules = []rule{
	{name: "batch append: an append may come in chunks, and ends with the final one", test: func(b *bench) {
		c := b.batch()
		c.send("k", b.batchOptions("s", noStream), false, "a")
		c.send("k", nil, false, "b", "c")
		c.send("k", b.batchOptions("other", anyState), true, "d") // later options are ignored
		require.Equal(b, "k: ok 3 in s", c.answer())
		require.Equal(b, "s/0 s/1 s/2 s/3", b.ofStream("s").says())
		require.Equal(b, "not-found=other", b.ofStream("other").says())
	}},
	{name: "batch append: chunks of an unknown append are ignored", test: func(b *bench) {
		c := b.batch()
		c.send("unknown", nil, true, "x")
		c.send("k", b.batchOptions("s", noStream), true, "a")
		require.Equal(b, "k: ok 0 in s", c.answer())
	}},
	{name: "batch append: appends of one call are decided like single ones", test: func(b *bench) {
		c := b.batch()
		for _, step := range []struct {
			expected int64
			id, want string
		}{
			{noStream, "a", "k: ok 0 in s"},
			{noStream, "a", "k: ok 0 in s"},
			{noStream, "b", "k: 6 WrongExpectedVersion" + detail + "WrongExpectedVersion at 0"},
			{7, "b", "k: 6 WrongExpectedVersion" + detail + "WrongExpectedVersion at 0"},
			{0, "b", "k: ok 1 in s"},
			{exists, "b", "k: ok 1 in s"},
			{anyState, "c", "k: ok 2 in s"},
		} {
			c.send("k", b.batchOptions("s", step.expected), true, step.id)
			require.Equal(b, step.want, c.answer(), "%d %s", step.expected, step.id)
		}
		c.send("k", b.batchOptions("none", 3), true, "x")
		require.Equal(b, "k: 6 WrongExpectedVersion"+detail+"WrongExpectedVersion at 0 (none)", c.answer())
	}},
	{name: "batch append: what is deleted, malformed or too large is an answer, and the call goes on", test: func(b *bench) {
		require.Equal(b, "ok", b.tombstone("gone", noStream))
		c := b.batch()
		c.send("k", b.batchOptions("gone", anyState), true, "a")
		require.Equal(b, "k: 5 StreamDeleted"+detail+"StreamDeleted gone", c.answer())
		c.send("k", b.batchOptions("s", unset), true, "a")
		require.Equal(b, "k: 3 BadRequest"+detail+"BadRequest", c.answer())
		o := b.batchOptions("s", anyState)
		o.StreamIdentifier = nil
		c.send("k", o, true, "a")
		if b.target.TLS == nil { // else the name is refused first
			require.Equal(b, "k: 3 BadRequest"+detail+"BadRequest", c.answer())
		} else {
			require.Regexp(b, "^k: ", c.answer())
		}
		large := &streams.BatchAppendReq{CorrelationId: text(b.id("k").String()), Options: b.batchOptions("s", anyState)}
		large.ProposedMessages = append(large.ProposedMessages, &streams.BatchAppendReq_ProposedMessage{
			Id: text(uuid.NewString()), Data: make([]byte, 1<<20), Metadata: b.proposed("x").GetMetadata(),
		})
		require.NoError(b, c.call.Send(large))
		require.Equal(b, "k: 3 MaximumAppendSizeExceeded"+detail+"MaximumAppendSizeExceeded 1048576", c.answer())
		c.send("k", nil, true, "b") // forgotten after a size error
		for _, change := range []func(*streams.BatchAppendReq_ProposedMessage){
			func(e *streams.BatchAppendReq_ProposedMessage) { e.Metadata = nil },
			func(e *streams.BatchAppendReq_ProposedMessage) { e.Id = text("wrong") },
		} {
			bad := &streams.BatchAppendReq{CorrelationId: text(b.id("k").String()), Options: b.batchOptions("s", anyState), IsFinal: true}
			e := &streams.BatchAppendReq_ProposedMessage{Id: text(uuid.NewString()), Metadata: b.proposed("x").GetMetadata()}
			change(e)
			bad.ProposedMessages = append(bad.ProposedMessages, e)
			require.NoError(b, c.call.Send(bad))
			require.Equal(b, "k: 3 BadRequest"+detail+"BadRequest", c.answer())
		}
		c.send("k", b.batchOptions("s", noStream), true, "a")
		require.Equal(b, "k: ok 0 in s", c.answer())
	}},
	{name: "batch append: a deadline that has passed is a timeout", test: func(b *bench) {
		c := b.batch()
		o := b.batchOptions("s", anyState)
		o.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(0)}
		c.send("k", o, true, "a")
		require.Equal(b, "k: 4 Timeout"+detail+"Timeout", c.answer())
		o.DeadlineOption = &streams.BatchAppendReq_Options_Deadline_21_10_0{Deadline_21_10_0: timestamppb.New(time.Unix(1, 0))}
		c.send("k", o, true, "a")
		require.Equal(b, "k: 4 Timeout"+detail+"Timeout", c.answer())
		require.Equal(b, "not-found=s", b.ofStream("s").says())
	}},
	{name: "batch append: an append that is not finished in time is a timeout and forgotten", test: func(b *bench) {
		c := b.batch()
		o := b.batchOptions("s", anyState)
		o.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(50 * time.Millisecond)}
		c.send("k", o, false, "a")
		require.Equal(b, "k: 4 Timeout"+detail+"Timeout", c.answer(), "nothing more has to come")
		c.send("k", nil, true, "b")
		c.send("k", b.batchOptions("s", noStream), true, "c")
		require.Equal(b, "k: ok 0 in s", c.answer())
	}},
	{name: "batch append: all that was submitted is answered after the client has closed its side", test: func(b *bench) {
		const appends = 50
		c := b.batch()
		for i := range appends {
			c.send(strconv.Itoa(i), b.batchOptions(strconv.Itoa(i), noStream), true, "a")
		}
		require.NoError(b, c.call.CloseSend())
		seen := map[string]bool{}
		for range appends {
			seen[c.answer()] = true
		}
		for i := range appends {
			require.Contains(b, seen, fmt.Sprintf("%d: ok 0 in %d", i, i))
		}
		_, err := c.call.Recv()
		require.ErrorIs(b, err, io.EOF)
	}},
}
