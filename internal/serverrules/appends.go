package serverrules

import (
	"context"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
)

// States that a stream can be in before an append. The live and the deleted
// one have events 0, 1 and 2.
const (
	stateNone       = "a stream that does not exist"
	stateMetadata   = "a stream with metadata only"
	stateLive       = "a live stream at 2"
	stateDeleted    = "a softly deleted stream at 2"
	stateTombstoned = "a tombstoned stream"
)

func (b *bench) prepare(stream, state string) {
	b.Helper()
	switch state {
	case stateNone:
		return
	case stateMetadata:
		b.setMetadata(stream, `{"colour":"blue"}`)
		return
	}
	b.stored(stream, noStream, "0", "1", "2")
	switch state {
	case stateDeleted:
		require.Equal(b, "ok", b.softDelete(stream, 2))
	case stateTombstoned:
		require.Equal(b, "ok", b.tombstone(stream, anyState))
	}
}

// decision is one row of the table of expected revisions.
type decision struct {
	state    string
	expected int64
	ids      string // 0, 1 and 2 are known, others are new
	want     string
}

var decisions = map[string][]decision{
	"any": {
		{stateNone, anyState, "x y", "ok 1"},
		{stateMetadata, anyState, "x", "ok 0"},
		{stateLive, anyState, "x", "ok 3"},
		{stateDeleted, anyState, "x", "ok 3"},
		{stateTombstoned, anyState, "x", deletedError("s")},
	},
	"no stream": {
		{stateNone, noStream, "x", "ok 0"},
		{stateMetadata, noStream, "x", "ok 0"},
		{stateLive, noStream, "x", "wrong: at 2, expected no stream"},
		{stateDeleted, noStream, "x", "ok 3"},
		{stateTombstoned, noStream, "x", deletedError("s")},
	},
	"stream exists": {
		{stateNone, exists, "x", "wrong: at none, expected exists"},
		{stateMetadata, exists, "x", "ok 0"},
		{stateLive, exists, "x", "ok 3"},
		{stateDeleted, exists, "x", deletedError("s")},
		{stateTombstoned, exists, "x", deletedError("s")},
	},
	"a revision": {
		{stateNone, 0, "x", "wrong: at none, expected 0"},
		{stateMetadata, 0, "x", "wrong: at none, expected 0"},
		{stateLive, 2, "x", "ok 3"},
		{stateLive, 1, "x", "wrong: at 2, expected 1"},
		{stateLive, 3, "x", "wrong: at 2, expected 3"},
		{stateDeleted, 2, "x", "ok 3"},
		{stateDeleted, 1, "x", "wrong: at 2, expected 1"},
		{stateDeleted, 3, "x", "wrong: at 2, expected 3"},
		{stateTombstoned, 2, "x", deletedError("s")},
	},
	"repeats under any": {
		{stateLive, anyState, "0 1 2", "ok 2"},
		{stateLive, anyState, "0 1", "ok 1"},
		{stateLive, anyState, "1 2", "ok 2"},
		{stateLive, anyState, "2", "ok 2"},
		{stateLive, anyState, "2 0", "ok 0"},
		{stateLive, anyState, "0 2", "ok 2"},
		{stateLive, anyState, "0 x", "wrong: at 2, expected any"},
		{stateLive, anyState, "x 0", "ok 4"},
		{stateDeleted, anyState, "0", "ok 0, no position"},
		{stateDeleted, anyState, "0 1 2", "ok 2, no position"},
		{stateDeleted, anyState, "0 x", "wrong: at 2, expected any"},
	},
	"repeats under stream exists": {
		{stateLive, exists, "0 1 2", "ok 2"},
		{stateLive, exists, "1", "ok 1"},
		{stateLive, exists, "2 1", "ok 1"},
		{stateLive, exists, "0 x", "wrong: at 2, expected exists"},
		{stateLive, exists, "x 0", "ok 4"},
		{stateDeleted, exists, "0", deletedError("s")},
	},
	"repeats under no stream": {
		{stateLive, noStream, "0 1 2", "ok 2"},
		{stateLive, noStream, "0 1", "ok 1"},
		{stateLive, noStream, "0", "ok 0"},
		{stateLive, noStream, "1", "wrong: at 2, expected no stream"},
		{stateLive, noStream, "0 2", "wrong: at 2, expected no stream"},
		{stateLive, noStream, "0 x", "wrong: at 2, expected no stream"},
		{stateLive, noStream, "0 1 2 x", "wrong: at 2, expected no stream"},
		{stateDeleted, noStream, "0", "ok 0, no position"},
		{stateDeleted, noStream, "0 x", "wrong: at 2, expected no stream"},
		{stateDeleted, noStream, "1", "ok 3"},
	},
	"repeats under a revision": {
		{stateLive, 0, "1 2", "ok 2"},
		{stateLive, 0, "1", "ok 1"},
		{stateLive, 1, "2", "ok 2"},
		{stateLive, 0, "2", "wrong: at 2, expected 0"},
		{stateLive, 1, "1", "wrong: at 2, expected 1"},
		{stateLive, 1, "2 x", "wrong: at 2, expected 1"},
		{stateLive, 0, "1 x", "wrong: at 2, expected 0"},
		{stateLive, 2, "0", "ok 3"},
		{stateLive, 2, "2 1 0", "ok 5"},
		{stateLive, 3, "2", "wrong: at 2, expected 3"},
		{stateDeleted, 0, "1", "ok 1, no position"},
		{stateDeleted, 0, "x", "wrong: at 2, expected 0"},
	},
}

// table tests decisions; what is refused or known must store nothing.
func table(name string) func(b *bench) {
	return func(b *bench) {
		for _, d := range decisions[name] {
			each := *b
			each.prefix += uuid.NewString() + "-"
			each.prepare("s", d.state)
			before := each.ofStream("s").end().back().count(1).says()
			got := each.try("s", d.expected, strings.Fields(d.ids)...)
			require.Equal(b, d.want, got, "%s; ids %s", d.state, d.ids)
			grows := strings.HasPrefix(got, "ok") && got > "ok 2" && !strings.Contains(got, "no position")
			if !grows && d.state != stateNone && d.state != stateMetadata {
				require.Equal(b, before, each.ofStream("s").end().back().count(1).says(), "%s; ids %s: nothing is stored", d.state, d.ids)
			}
		}
	}
}

var appendRules = []rule{
	{name: "append expecting any", test: table("any")},
	{name: "append expecting no stream", test: table("no stream")},
	{name: "append expecting that the stream exists", test: table("stream exists")},
	{name: "append expecting a revision", test: table("a revision")},
	{name: "repeated ids under any: whole, part, other order, with new ones", test: table("repeats under any")},
	{name: "repeated ids under stream exists", test: table("repeats under stream exists")},
	{name: "repeated ids under no stream: whole, part, with new ones", test: table("repeats under no stream")},
	{name: "repeated ids under a revision: there, elsewhere, beyond the end", test: table("repeats under a revision")},
	{name: "a repeat answers the position of the first time", test: func(b *bench) {
		first, _ := b.stored("s", noStream, "a", "b")
		b.stored("s", 1, "c")
		for _, expected := range []int64{noStream, anyState} {
			again, revision := b.stored("s", expected, "a", "b")
			require.Equal(b, first, again)
			require.EqualValues(b, 1, revision)
		}
		require.Equal(b, "s/0 s/1 s/2", b.ofStream("s").says())
	}},
	{name: "a numbered repeat is known by what is stored, hidden or not", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c")
		b.setMetadata("s", `{"$tb":2}`)
		require.Equal(b, "ok 1, no position", b.try("s", noStream, "a", "b"))
		require.Equal(b, "ok 2", b.try("s", 1, "c"))
		b.setMetadata("s", `{"$maxCount":1}`)
		require.Equal(b, "ok 1, no position", b.try("s", 0, "b"))
		require.Equal(b, "ok 1, no position", b.try("s", anyState, "b"))
	}},
	{name: "two equal ids in one append are both stored", test: func(b *bench) {
		require.Equal(b, "ok 1", b.try("s", noStream, "a", "a"))
		require.Equal(b, "s/0 s/1", b.ofStream("s").says())
	}},
	{name: "an id is known in its own stream only", test: func(b *bench) {
		require.Equal(b, "ok 0", b.try("s", anyState, "a"))
		require.Equal(b, "ok 0", b.try("other", anyState, "a"))
		require.Equal(b, "ok 0", b.try("s", anyState, "a"))
		require.Equal(b, "s/0", b.ofStream("s").says())
	}},
	{name: "2^64-1 is the older way to say no stream", test: func(b *bench) {
		require.Equal(b, "ok 0", b.said(b.send(b.ctx, olderNoStream(b), b.request(b.proposed("a")))))
		require.Equal(b, "wrong: at 0, expected no stream", b.said(b.send(b.ctx, olderNoStream(b), b.request(b.proposed("b")))))
	}},
	{name: "requires-leader is ignored by a single node", test: func(b *bench) {
		for i, value := range []string{"true", "false", "perhaps"} {
			ctx := metadata.AppendToOutgoingContext(b.ctx, "requires-leader", value)
			require.Equal(b, "ok 0", b.said(b.send(ctx, appendOptions(b.name(value), noStream), b.request(b.proposed(value)))), i)
		}
	}},
	{name: "the same append many times at once is stored once", test: func(b *bench) {
		const callers = 20
		answers := make(chan string, callers)
		for range callers {
			go func() {
				answers <- b.said(b.send(b.ctx, appendOptions(b.name("s"), noStream), b.request(b.proposed("a")), b.request(b.proposed("b"))))
			}()
		}
		for range callers {
			require.Equal(b, "ok 1", <-answers)
		}
		require.Equal(b, "s/0 s/1", b.ofStream("s").says())
	}},
}

func (b *bench) request(e *streams.AppendReq_ProposedMessage) *streams.AppendReq {
	return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: e}}
}

func olderNoStream(b *bench) *streams.AppendReq {
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
		StreamIdentifier:       identifier(b.name("s")),
		ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: 1<<64 - 1},
	}}}
}

// changed is a well-formed event with one thing changed.
func (b *bench) changed(change func(*streams.AppendReq_ProposedMessage)) *streams.AppendReq_ProposedMessage {
	e := b.proposed(uuid.NewString())
	change(e)
	return e
}

const missingKey = "; exception=missing-required-metadata-property; required-metadata-properties=type,content-type"

var appendFaultRules = []rule{
	{name: "an append begins with its options", test: func(b *bench) {
		for _, requests := range [][]*streams.AppendReq{{}, {b.request(b.proposed("a"))}, {{}}} {
			require.Equal(b, fault, b.said(b.send(b.ctx, requests...)))
		}
	}},
	{name: "options come once", test: func(b *bench) {
		o := appendOptions(b.name("s"), noStream)
		require.Equal(b, fault, b.said(b.send(b.ctx, o, b.request(b.proposed("a")), o)))
		require.Equal(b, "not-found=s", b.ofStream("s").says())
	}},
	{name: "an expected revision is required", test: func(b *bench) {
		require.Regexp(b, "^InvalidArgument: [^;]*$", b.try("s", unset, "a"))
	}},
	{name: "a revision beyond the greatest is a fault", test: func(b *bench) {
		require.Equal(b, fault, b.said(b.send(b.ctx, &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
			StreamIdentifier:       identifier(b.name("s")),
			ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: 1 << 63},
		}}}, b.request(b.proposed("a")))))
	}},
	{name: "streams without a name and without an original are refused", test: func(b *bench) {
		require.Equal(b, fault, b.try("$$", anyState, "a"))
		if b.target.TLS == nil {
			require.Equal(b, fault, b.try("", anyState, "a"))
		}
	}},
	{name: "type and content type are required, and looked for in this order", test: func(b *bench) {
		for key, want := range map[string]string{
			"type":         "InvalidArgument: Required Metadata Property 'type' is missing" + missingKey,
			"content-type": "InvalidArgument: Required Metadata Property 'content-type' is missing" + missingKey,
		} {
			e := b.changed(func(e *streams.AppendReq_ProposedMessage) { delete(e.Metadata, key) })
			require.Equal(b, want, b.tryAppend("s", noStream, b.proposed("a"), e))
		}
		none := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Metadata = nil })
		require.Contains(b, b.tryAppend("s", noStream, none), "'type'")
		require.Equal(b, "not-found=s", b.ofStream("s").says(), "the whole append is refused")
	}},
	{name: "ids and types that are missing or empty are faults", test: func(b *bench) {
		for name, change := range map[string]func(*streams.AppendReq_ProposedMessage){
			"no id":      func(e *streams.AppendReq_ProposedMessage) { e.Id = nil },
			"empty id":   func(e *streams.AppendReq_ProposedMessage) { e.Id = &shared.UUID{} },
			"zero id":    func(e *streams.AppendReq_ProposedMessage) { e.Id = structured(uuid.Nil) },
			"wrong id":   func(e *streams.AppendReq_ProposedMessage) { e.Id = text("wrong") },
			"urn id":     func(e *streams.AppendReq_ProposedMessage) { e.Id = text(uuid.New().URN()) },
			"empty type": func(e *streams.AppendReq_ProposedMessage) { e.Metadata["type"] = "" },
		} {
			require.Equal(b, fault, b.tryAppend("s", noStream, b.proposed("a"), b.changed(change)), name)
		}
		require.Equal(b, "not-found=s", b.ofStream("s").says())
	}},
	{name: "an append of exactly the greatest size is stored, one byte more is refused", test: func(b *bench) {
		const limit = 1 << 20
		sized := func(bytes int) *streams.AppendReq_ProposedMessage {
			return b.changed(func(e *streams.AppendReq_ProposedMessage) {
				e.Data, e.CustomMetadata, e.Metadata["type"] = make([]byte, bytes-4-6), make([]byte, 4), "ttt"
			})
		}
		want := "InvalidArgument: Maximum Append Size of 1048576 Exceeded.; exception=maximum-append-size-exceeded; maximum-append-size=1048576"
		require.Equal(b, want, b.tryAppend("s", noStream, sized(limit+1)))
		require.Equal(b, want, b.tryAppend("s", noStream, sized(limit/2), sized(limit/2+1)))
		require.Equal(b, "not-found=s", b.ofStream("s").says())
		require.Equal(b, "ok 0", b.tryAppend("s", noStream, sized(limit)))
		require.Equal(b, "ok 2", b.tryAppend("s", 0, sized(limit/2), sized(limit/2)))
	}},
	{name: "a type counts two bytes for each of its UTF-16 units", test: func(b *bench) {
		const limit = 1 << 20
		e := b.changed(func(e *streams.AppendReq_ProposedMessage) {
			e.Metadata["type"] = "工单🔧" // four units
			e.Data, e.CustomMetadata = make([]byte, limit-8), nil
		})
		require.Equal(b, "ok 0", b.tryAppend("s", noStream, e))
		e.Data, e.Id = make([]byte, limit-7), text(uuid.NewString())
		require.Contains(b, b.tryAppend("s", 0, e), "maximum-append-size-exceeded")
	}},
	{name: "a message above the receive limit is refused", test: func(b *bench) {
		e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Data = make([]byte, 16_777_216) })
		require.Regexp(b, "^ResourceExhausted: ", b.tryAppend("s", noStream, e))
		require.Equal(b, "ok 0", b.try("s", noStream, "a"), "the connection lives on")
	}},
	{name: "a call that is cancelled before it is complete stores nothing", test: func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		call, err := b.streams.Append(ctx)
		require.NoError(b, err)
		require.NoError(b, call.Send(appendOptions(b.name("s"), noStream)))
		require.NoError(b, call.Send(b.request(b.proposed("a"))))
		cancel()
		_, err = call.CloseAndRecv()
		require.Error(b, err)
		require.Equal(b, "not-found=s", b.ofStream("s").says())
	}},
}

func text(id string) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: id}}
}
