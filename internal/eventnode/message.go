package eventnode

import (
	"bytes"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// linkType is the type of an event that stands for another one.
const linkType = "$>"

// messenger turns records into the messages of one read call.
type messenger struct {
	storage *storage
	clock   func() int64 // ticks
	resolve bool         // follow links
	textIDs bool
	live    bool // a live event is delivered even if its stream hides it
}

// message is the answer for r. The record's bytes are copied.
func (m *messenger) message(r record, visible uint64) (*streams.ReadResp, error) {
	e := &streams.ReadResp_ReadEvent{Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.position}}
	own := m.recorded(r)
	switch {
	case !m.resolve || string(r.kind) != linkType:
		e.Event = own
	default:
		target, isLink, err := m.target(r, visible)
		if err != nil {
			return nil, err
		}
		if isLink || m.live {
			e.Link, e.Event = own, target
		} else {
			e.Event = own
		}
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: e}}, nil
}

// target reads the event that the link r names; nil if it cannot be read.
// isLink is false if r's data does not have the form of a link.
func (m *messenger) target(r record, visible uint64) (event *streams.ReadResp_ReadEvent_RecordedEvent, isLink bool, err error) {
	number, stream, ok := bytes.Cut(r.data, []byte("@"))
	revision, err := strconv.ParseInt(string(number), 10, 64)
	if !ok || err != nil || revision < 0 {
		return nil, false, nil
	}
	name := string(stream)
	v, err := m.storage.view(name, visible, m.clock())
	if err != nil || v.tombstoned || v.missing() || revision > v.last {
		return nil, true, err
	}
	err = m.storage.scanStream(name, uint64(revision), uint64(revision), visible, false, func(t record) (bool, error) {
		if !v.hides(t) {
			event = m.recorded(t)
		}
		return false, nil
	})
	return event, true, err
}

func (m *messenger) recorded(r record) *streams.ReadResp_ReadEvent_RecordedEvent {
	contentType := contentBinary
	if r.json {
		contentType = contentJSON
	}
	return &streams.ReadResp_ReadEvent_RecordedEvent{
		Id: protoID(r.id, m.textIDs), StreamIdentifier: &shared.StreamIdentifier{StreamName: bytes.Clone(r.stream)},
		StreamRevision: r.revision, CommitPosition: r.position, PreparePosition: r.position,
		Metadata: map[string]string{
			keyType: string(r.kind), keyContentType: contentType, keyCreated: strconv.FormatInt(r.created, 10),
		},
		CustomMetadata: bytes.Clone(r.meta), Data: bytes.Clone(r.data),
	}
}

func checkpointMessage(position uint64) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
		CommitPosition: position, PreparePosition: position,
	}}}
}

func caughtUpMessage() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}
}

func confirmationMessage(id string) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: id},
	}}
}

func notFoundMessage(stream string) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
	}}}
}

// outbox collects messages under one access to the storage, so that a slow
// client never holds the storage while it reads. It is bounded in number and bytes.
type outbox struct {
	messages []*streams.ReadResp
	bytes    int
}

const (
	maxOutboxMessages = 512
	maxOutboxBytes    = 1 << 20
)

func (o *outbox) add(m *streams.ReadResp, size int) {
	o.messages = append(o.messages, m)
	o.bytes += size
}

func (o *outbox) full() bool {
	return len(o.messages) >= maxOutboxMessages || o.bytes >= maxOutboxBytes
}

// flush sends and forgets what was collected.
func (o *outbox) flush(call streams.Streams_ReadServer) error {
	for _, m := range o.messages {
		if err := call.Send(m); err != nil {
			return err
		}
	}
	clear(o.messages)
	o.messages, o.bytes = o.messages[:0], 0
	return nil
}
