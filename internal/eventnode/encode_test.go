package eventnode

import (
	"math"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

func TestAnEncodedEventIsTheMessageOfTheProtocol(t *testing.T) {
	t.Parallel()
	for _, textIDs := range []bool{false, true} {
		m := newMessenger(nil, nil, false, textIDs)
		for _, r := range []record{
			{position: 64, id: uuid.Max, stream: []byte("fl.工单"), kind: []byte("t"), json: true, data: []byte(`{}`), meta: []byte(`{"a":1}`), created: 1, revision: 7},
			{position: math.MaxInt64, revision: maxRevision, id: uuid.UUID{15: 1}, kind: []byte(tombstoneType), stream: []byte("s")},
			{position: 300, id: uuid.UUID{0: 128}, stream: []byte("s"), kind: []byte("t"), data: make([]byte, 100_000), created: math.MaxInt64},
		} {
			want := &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
				Event: m.recorded(r), Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.position},
			}}}
			got := &streams.ReadResp{}
			require.NoError(t, proto.Unmarshal(m.encoder.event(r), got))
			require.Empty(t, got.ProtoReflect().GetUnknown())
			require.True(t, proto.Equal(want, got), "%v\n%v", want, got)
		}
	}
}
