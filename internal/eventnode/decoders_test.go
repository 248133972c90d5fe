package eventnode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// What is read as a stored event is written and read back as it was, and none
// of its parts reaches beyond what was read.
func FuzzRecord(f *testing.F) {
	f.Add(uint64(64), record{
		number: 1, revision: 2, created: 17_000_000_000_000_000, id: uuid.Max, json: true,
		stream: []byte("fl.ticket-1"), kind: []byte("ticket.closed.v1"), data: []byte(`{}`), meta: []byte(`{"v":1}`),
	}.encode(nil))
	f.Add(uint64(math.MaxUint64), bytes.Repeat([]byte{0xff}, fixedSize+10))
	f.Add(uint64(0), make([]byte, fixedSize+3))
	f.Fuzz(func(t *testing.T, position uint64, value []byte) {
		r, err := decodeRecord(position, value)
		if err != nil {
			require.ErrorIs(t, err, errRecord)
			return
		}
		require.LessOrEqual(t, fixedSize+3+len(r.stream)+len(r.kind)+len(r.data)+len(r.meta), len(value))
		for _, part := range [][]byte{r.stream, r.kind, r.data, r.meta} {
			require.Equal(t, len(part), cap(part), "an append to a part writes into the next")
		}
		again, err := decodeRecord(position, r.encode(nil))
		require.NoError(t, err)
		require.Equal(t, r.encode(nil), again.encode(nil))
		require.Equal(t, r.createdAt(), again.createdAt())
	})
}

// Only an entry that was written whole is read, and those that follow each
// other are: a damaged byte costs nothing, for there is a second copy.
func FuzzSidecar(f *testing.F) {
	h := Head{Events: 7, EventID: uuid.Max}
	h.Position.Commit, h.Position.Prepare = 640, 640
	older := sidecarEntry{sequence: 4, run: 9, heads: heads{certain: h, coming: h}}.encode(nil)
	newer := sidecarEntry{sequence: 5, run: 9, heads: heads{certain: h, coming: h, batch: []byte("a batch")}}.encode(nil)
	file := make([]byte, 2*copyBytes)
	for _, start := range []int{0, copyBytes} {
		copy(file[start:], older)
		copy(file[start+len(older):], newer)
	}
	f.Add(older, uint32(copyBytes+20), byte(1))
	f.Add(newer, uint32(3), byte(0x80))
	f.Add(newer[:100], uint32(blockBytes), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint32, flip byte) {
		entries, half := newestEntries(data)
		for _, e := range entries {
			require.True(t, bytes.Contains(data, e.encode(nil)[:entryBytes+len(e.batch)+4]))
		}
		require.LessOrEqual(t, half, int64(1))
		torn := bytes.Clone(file)
		torn[int(at)%len(torn)] ^= flip
		entries, half = newestEntries(torn)
		require.Zero(t, half)
		require.Len(t, entries, 2)
		require.Equal(t, older, entries[0].encode(nil))
		require.Equal(t, newer, entries[1].encode(nil))
	})
}

// Whatever metadata says, no count is negative and no time wraps round; and
// cutting a stream keeps what else is there.
func FuzzMetadata(f *testing.F) {
	for _, s := range []string{
		`{"$maxCount":3,"$maxAge":60,"$tb":2,"$acl":{"$r":["a"]},"x":1}`, `{"$tb":9223372036854775807}`, `{"$maxAge":9223372036854775807}`,
		`{"$maxCount":-1}`, `{"$maxCount":1.5}`, `{"$tb":"1"}`, `{"$tmp":1}`, `{"$acl":{"$x":"a"}}`, `null`, `[]`, ``,
	} {
		f.Add(true, []byte(s), int64(5))
	}
	f.Fuzz(func(t *testing.T, isJSON bool, data []byte, last int64) {
		last = max(-1, last%maxRevision)
		m := parseMetadata(isJSON, data)
		require.GreaterOrEqual(t, min(m.truncateBefore, m.maxCount, m.maxAgeSeconds), int64(0))
		require.GreaterOrEqual(t, m.lowest(last), int64(0))
		require.LessOrEqual(t, m.oldest(17_000_000_000_000_000), int64(17_000_000_000_000_000))
		hasTruncation(isJSON, data)
		cut, ok := withTruncateBefore(isJSON, data, last+1)
		if !ok {
			return
		}
		var before, after map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(data, &before))
		require.NoError(t, json.Unmarshal(cut, &after))
		before["$tb"] = after["$tb"]
		require.Len(t, after, len(before))
	})
}

// A filter is refused or usable: its window is at least one event, and so is
// its checkpoint if there is one.
func FuzzFilter(f *testing.F) {
	for _, o := range []*streams.ReadReq_Options_FilterOptions{
		{
			Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
				StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{"fl."}},
			},
			Window: &streams.ReadReq_Options_FilterOptions_Max{Max: 32}, CheckpointIntervalMultiplier: 1,
		},
		{
			Filter: &streams.ReadReq_Options_FilterOptions_EventType{
				EventType: &streams.ReadReq_Options_FilterOptions_Expression{Regex: "^[^$].*"},
			},
			Window: &streams.ReadReq_Options_FilterOptions_Count{}, CheckpointIntervalMultiplier: math.MaxUint32,
		},
		{
			Filter: &streams.ReadReq_Options_FilterOptions_EventType{EventType: &streams.ReadReq_Options_FilterOptions_Expression{}},
			Window: &streams.ReadReq_Options_FilterOptions_Max{Max: math.MaxUint32}, CheckpointIntervalMultiplier: math.MaxUint32,
		},
		{},
	} {
		b, err := proto.Marshal(o)
		require.NoError(f, err)
		f.Add(b, []byte("fl.ticket-1"), []byte("ticket.closed.v1"))
	}
	f.Fuzz(func(t *testing.T, message, stream, kind []byte) {
		var o streams.ReadReq_Options_FilterOptions
		if proto.Unmarshal(message, &o) != nil {
			return
		}
		wanted, w, err := filterOf(&o)
		if err != nil {
			return
		}
		require.Positive(t, w.considered)
		require.Equal(t, o.GetCheckpointIntervalMultiplier() > 0, w.checkpoint > 0)
		r := record{stream: stream, kind: kind}
		wanted(r)
		isInternal(r)
	})
}

// An id that is read, in whichever form, is told in both forms and read again.
func FuzzID(f *testing.F) {
	for _, s := range []string{
		"6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a", "{6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a}", " (6a1f0a4e1c1b4a539f0e0d4f7c1e2b3a) ", "(", "",
	} {
		f.Add(s, int64(1), int64(-1))
	}
	f.Fuzz(func(t *testing.T, text string, most, least int64) {
		forms := []*shared.UUID{
			{Value: &shared.UUID_String_{String_: text}},
			{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{MostSignificantBits: most, LeastSignificantBits: least}}},
		}
		for _, form := range forms {
			id, ok := parseID(form)
			if !ok {
				continue
			}
			for _, asText := range []bool{true, false} {
				again, ok := parseID(protoID(id, asText))
				require.True(t, ok)
				require.Equal(t, id, again)
			}
		}
	})
}

// No stream's keys lie among another's, and its revisions are in order.
func FuzzKeys(f *testing.F) {
	f.Add("a", "ab", uint64(1), uint64(2), uint64(64))
	f.Add("a\x00\x00\x00\x00\x00\x00\x00\x01", "a", uint64(0), uint64(math.MaxUint64), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, one, other string, low, high, position uint64) {
		low, high = min(low, high), max(low, high)
		first, last := streamKey(nil, one, low), streamKey(nil, one, high)
		require.Equal(t, low, revisionOf(first))
		require.Equal(t, low < high, bytes.Compare(first, last) < 0)
		require.Equal(t, position, positionOf(eventKey(nil, position)))
		if one == other {
			return
		}
		foreign := streamKey(nil, other, position)
		require.False(t, bytes.Compare(foreign, streamKey(nil, one, 0)) >= 0 && bytes.Compare(foreign, streamKey(nil, one, math.MaxUint64)) <= 0)
		require.NotEqual(t, headKey(nil, one), headKey(nil, other))
	})
}

// Only the administrator's own name and password are let in.
func FuzzCredentials(f *testing.F) {
	a := newAuthenticator("secret")
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, s := range []string{basic("admin:secret"), basic("admin:"), basic("admin"), basic("ops:secret"), "Basic ", "Bearer x", "", "Basic ===="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", header))
		known, err := a.authenticate(ctx)
		if known {
			require.NoError(t, err)
			decoded, err := base64.StdEncoding.DecodeString(header[len("Basic "):])
			require.NoError(t, err)
			require.Equal(t, "admin:secret", string(decoded))
		}
		if err = a.allowed(ctx, "/"+streams.Streams_ServiceDesc.ServiceName+"/Read"); !known {
			require.Error(t, err)
		}
	})
}
