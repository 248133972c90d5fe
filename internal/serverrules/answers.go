package serverrules

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func structured(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])), //nolint:gosec // same bits
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])), //nolint:gosec // same bits
	}}}
}

// one reads the one event that the request gives.
func (r request) one() *streams.ReadResp_ReadEvent {
	r.b.Helper()
	messages, err := r.messages()
	require.NoError(r.b, err)
	require.Len(r.b, messages, 1)
	require.NotNil(r.b, messages[0].GetEvent(), r.b.message(messages[0]))
	return messages[0].GetEvent()
}

var appendAnswerRules = []rule{
	{name: "an append answers revision and position of its last event", test: func(b *bench) {
		position, revision := b.stored("s", noStream, "a", "b", "c")
		require.EqualValues(b, 2, revision)
		last := b.ofStream("s").end().back().count(1).one()
		require.Equal(b, position, last.GetEvent().GetCommitPosition())
		require.Equal(b, position, last.GetCommitPosition())
	}},
	{name: "an empty append adds no event and answers where the stream ends", test: func(b *bench) {
		require.Equal(b, "ok none", b.try("s", anyState))
		require.Equal(b, "ok none", b.try("s", noStream))
		require.Equal(b, "not-found=s", b.ofStream("s").says())
		b.stored("s", noStream, "a", "b")
		require.Equal(b, "ok 1", b.try("s", 1))
		require.Equal(b, "ok 1", b.try("s", anyState))
		require.Equal(b, "wrong: at 1, expected 0", b.try("s", 0))
		require.Equal(b, "wrong: at 1, expected no stream", b.try("s", noStream))
		require.Equal(b, "s/0 s/1", b.ofStream("s").says())
	}},
	{name: "an empty append undeletes a softly deleted stream", test: func(b *bench) {
		b.prepare("s", stateDeleted)
		require.Equal(b, "not-found=s", b.ofStream("s").says())
		require.Equal(b, "ok 2", b.try("s", anyState))
		require.Empty(b, b.ofStream("s").says())
		b.stored("s", 2, "x")
		require.Equal(b, "s/3", b.ofStream("s").says())
	}},
	{name: "an event comes back with exactly its three metadata fields and its bytes", test: func(b *bench) {
		before := time.Now() //nolint:forbidigo // compared with the server's time
		e := b.proposed("a")
		e.Metadata["other"], e.Metadata["created"] = "dropped", "7"
		e.Data, e.CustomMetadata = []byte("{ not json\x00"), []byte{0xff, 0}
		require.Equal(b, "ok 0", b.tryAppend("s", noStream, e))
		got := b.ofStream("s").one().GetEvent()
		require.Equal(b, []string{"content-type", "created", "type"}, slices.Sorted(maps.Keys(got.GetMetadata())))
		require.Equal(b, "application/json", got.GetMetadata()["content-type"])
		require.Equal(b, "tested", got.GetMetadata()["type"])
		require.Equal(b, e.GetData(), got.GetData())
		require.Equal(b, e.GetCustomMetadata(), got.GetCustomMetadata())
		require.Equal(b, b.name("s"), string(got.GetStreamIdentifier().GetStreamName()))
		require.Equal(b, got.GetCommitPosition(), got.GetPreparePosition())
		ticks, err := strconv.ParseInt(got.GetMetadata()["created"], 10, 64)
		require.NoError(b, err)
		require.WithinDuration(b, before, time.Unix(ticks/1e7, ticks%1e7*100), time.Hour, "ticks of 100 ns since 1970")
	}},
	{name: "any content type but JSON comes back as an octet stream", test: func(b *bench) {
		for i, given := range []string{"application/json", "", "text/plain", "application/json; charset=utf-8", "Application/Json"} {
			stream := strconv.Itoa(i)
			e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Metadata["content-type"] = given })
			require.Equal(b, "ok 0", b.tryAppend(stream, noStream, e))
			want := "application/octet-stream"
			if i == 0 {
				want = given
			}
			require.Equal(b, want, b.ofStream(stream).one().GetEvent().GetMetadata()["content-type"], given)
		}
	}},
	{name: "ids are taken in either form and given back in the form asked for", test: func(b *bench) {
		id := uuid.New()
		for i, given := range []*shared.UUID{
			structured(id), text(id.String()), text(strings.ToUpper(id.String())), text("{" + id.String() + "}"),
			text("(" + id.String() + ")"), text(strings.ReplaceAll(id.String(), "-", "")),
		} {
			stream := strconv.Itoa(i)
			e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Id = given })
			require.Equal(b, "ok 0", b.tryAppend(stream, noStream, e))
			require.Equal(b, id.String(), b.ofStream(stream).one().GetEvent().GetId().GetString_())
			r := b.ofStream(stream)
			r.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: empty}}
			require.Equal(b, structured(id).GetStructured().String(), r.one().GetEvent().GetId().GetStructured().String())
			r.UuidOption = &streams.ReadReq_Options_UUIDOption{}
			require.NotNil(b, r.one().GetEvent().GetId().GetStructured(), "structured unless asked otherwise")
		}
	}},
	{name: "any name but the empty one is a stream of its own", test: func(b *bench) {
		names := []string{"s", "s\x00", "s\x00\x00\x00\x00\x00\x00\x00\x00", "ss", "工单-1", "s/x?y#z", " s ", "$s"}
		for i, name := range names {
			var ids []string
			for j := range i + 1 {
				ids = append(ids, fmt.Sprint(name, j))
			}
			require.Equal(b, fmt.Sprint("ok ", i), b.try(name, noStream, ids...), name)
		}
		for i, name := range names {
			messages, err := b.ofStream(name).messages()
			require.NoError(b, err)
			require.Len(b, messages, i+1, "%q", name)
		}
	}},
	{name: "a deleted stream of any name is told as such, and the connection lives on", test: func(b *bench) {
		for _, name := range []string{"工单", "s\n", "s\x00", "a;b=c"} {
			require.Equal(b, "ok", b.tombstone(name, noStream), "%q", name)
			require.Regexp(b, "^FailedPrecondition: .*exception=stream-deleted; stream-name=", strings.ReplaceAll(b.try(name, anyState, "a"), "\n", " "), "%q", name)
		}
	}},
}
