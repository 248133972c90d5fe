package eventnode

import (
	"encoding/binary"
	"strconv"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// encodedEvent is a read message with an event, as it goes over the wire. To
// build it from the stored bytes costs a small part of what the protocol's
// own messages cost, which decides how fast $all can be read.
type encodedEvent []byte

// codec is the protocol's own, and passes on what is encoded already.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Marshal encodes one message.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if e, ok := v.(encodedEvent); ok {
		return mem.BufferSlice{mem.SliceBuffer(e)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// encoder encodes events one after the other. Its scratch memory is reused;
// what it returns is not.
type encoder struct {
	textIDs bool
	body    []byte
	part    []byte
	blocks  arena
}

// Fields of the protocol's messages.
const (
	respEvent      = 1 // ReadResp: event
	readEvent      = 1 // ReadEvent: event, commit_position
	readCommit     = 3
	recordID       = 1 // RecordedEvent
	recordStream   = 2
	recordRevision = 3
	recordPrepare  = 4
	recordCommit   = 5
	recordMetadata = 6
	recordCustom   = 7
	recordData     = 8
	streamName     = 3 // StreamIdentifier
	idStructured   = 1 // UUID: structured (two halves), string
	idText         = 2
)

// event encodes r as an event that is no link.
func (e *encoder) event(r record) encodedEvent {
	e.recorded(r)
	inner := protowire.SizeTag(readEvent) + protowire.SizeBytes(len(e.body)) +
		protowire.SizeTag(readCommit) + protowire.SizeVarint(r.position)
	out := e.blocks.take(protowire.SizeTag(respEvent) + protowire.SizeBytes(inner))
	out = protowire.AppendVarint(protowire.AppendTag(out, respEvent, protowire.BytesType), uint64(inner)) //nolint:gosec // a size
	out = appendField(out, readEvent, e.body)
	return appendNumber(out, readCommit, r.position)
}

// recorded leaves the RecordedEvent of r in body.
func (e *encoder) recorded(r record) {
	e.identity(r)
	b := appendField(e.body[:0], recordID, e.part)
	e.part = appendField(e.part[:0], streamName, r.stream)
	b = appendField(b, recordStream, e.part)
	b = appendNumber(b, recordRevision, r.revision)
	b = appendNumber(b, recordPrepare, r.position)
	b = appendNumber(b, recordCommit, r.position)
	contentType := contentBinary
	if r.json {
		contentType = contentJSON
	}
	b = e.entry(b, keyType, r.kind)
	b = e.entry(b, keyContentType, []byte(contentType))
	var ticks [20]byte
	b = e.entry(b, keyCreated, strconv.AppendInt(ticks[:0], r.created, 10))
	if len(r.meta) > 0 {
		b = appendField(b, recordCustom, r.meta)
	}
	if len(r.data) > 0 {
		b = appendField(b, recordData, r.data)
	}
	e.body = b
}

// identity leaves the UUID of r in part.
func (e *encoder) identity(r record) {
	if e.textIDs {
		e.part = appendField(e.part[:0], idText, []byte(r.id.String()))
		return
	}
	var halves [22]byte
	h := appendNumber(halves[:0], 1, binary.BigEndian.Uint64(r.id[:8]))
	h = appendNumber(h, 2, binary.BigEndian.Uint64(r.id[8:]))
	e.part = appendField(e.part[:0], idStructured, h)
}

// entry appends one entry of the metadata map.
func (e *encoder) entry(dst []byte, key string, value []byte) []byte {
	e.part = protowire.AppendString(protowire.AppendTag(e.part[:0], 1, protowire.BytesType), key)
	e.part = appendField(e.part, 2, value)
	return appendField(dst, recordMetadata, e.part)
}

func appendField(dst []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), value)
}

func appendNumber(dst []byte, number protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), value)
}
