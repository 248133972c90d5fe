package eventnode

import (
	"bytes"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/protobuf/encoding/protowire"
)

// linkType is the type of an event that stands for another one.
const linkType = "$>"

// messenger turns records into the messages of one read call.
type messenger struct {
	storage *storage
	clock   func() int64 // ticks
	resolve bool         // follow links
	live    bool         // a live event is delivered even if its stream hides it
	encoder encoder
}

func newMessenger(s *storage, clock func() int64, resolve, textIDs bool) *messenger {
	return &messenger{storage: s, clock: clock, resolve: resolve, encoder: encoder{textIDs: textIDs}}
}

// message is the answer for r, in a form that can be sent. The record's bytes are copied.
func (m *messenger) message(r record, visible uint64) (any, error) {
	if !m.resolve || string(r.kind) != linkType {
		return m.encoder.event(r), nil
	}
	target, isLink, err := m.target(r, visible)
	if err != nil {
		return nil, err
	}
	if !isLink && !m.live {
		return m.encoder.event(r), nil
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.position}, Link: m.recorded(r), Event: target,
	}}}, nil
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
		Id: protoID(r.id, m.encoder.textIDs), StreamIdentifier: &shared.StreamIdentifier{StreamName: bytes.Clone(r.stream)},
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

// resumePoint is where a subscription could be resumed: a revision or a
// position. Without known it is before everything.
type resumePoint struct {
	known    bool
	revision bool // at is a revision
	at       uint64
}

// Field numbers of a caught-up message, for which the client's protocol has no names yet.
const (
	caughtUpTime     = 1
	caughtUpRevision = 2
	caughtUpPosition = 3
)

// caughtUpMessage tells the time, in ticks, and where to resume.
func caughtUpMessage(now int64, resume resumePoint) *streams.ReadResp {
	at := timeOf(now)
	var stamp, position []byte
	stamp = protowire.AppendVarint(protowire.AppendTag(stamp, 1, protowire.VarintType), uint64(at.Unix()))       //nolint:gosec // same bits
	stamp = protowire.AppendVarint(protowire.AppendTag(stamp, 2, protowire.VarintType), uint64(at.Nanosecond())) //nolint:gosec // not negative
	raw := protowire.AppendBytes(protowire.AppendTag(nil, caughtUpTime, protowire.BytesType), stamp)
	switch {
	case !resume.known:
	case resume.revision:
		raw = protowire.AppendVarint(protowire.AppendTag(raw, caughtUpRevision, protowire.VarintType), resume.at)
	default:
		for _, field := range []protowire.Number{1, 2} { // commit and prepare
			position = protowire.AppendVarint(protowire.AppendTag(position, field, protowire.VarintType), resume.at)
		}
		raw = protowire.AppendBytes(protowire.AppendTag(raw, caughtUpPosition, protowire.BytesType), position)
	}
	m := &streams.ReadResp_CaughtUp{}
	m.ProtoReflect().SetUnknown(raw)
	return &streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: m}}
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
	messages []any
	bytes    int
}

const (
	maxOutboxMessages = 128
	maxOutboxBytes    = 64 << 10
)

func (o *outbox) add(m any, size int) {
	o.messages = append(o.messages, m)
	o.bytes += size
}

func (o *outbox) full() bool {
	return len(o.messages) >= maxOutboxMessages || o.bytes >= maxOutboxBytes
}

// flush sends and forgets what was collected.
func (o *outbox) flush(call streams.Streams_ReadServer) error {
	for _, m := range o.messages {
		if err := call.SendMsg(m); err != nil {
			return err
		}
	}
	clear(o.messages)
	o.messages, o.bytes = o.messages[:0], 0
	return nil
}
