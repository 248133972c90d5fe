package eventnode

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Expected revisions below zero.
const (
	expectNoStream int64 = -1
	expectAny      int64 = -2
	expectExists   int64 = -4
)

// errKept refuses what would hide or remove events of this program.
var errKept = errors.New("streams whose name starts with " + ownPrefix +
	" keep all their events: delete, tombstone and truncating metadata are refused")

// wrongVersionError says that the stream is not at the expected revision.
type wrongVersionError struct {
	stream           string
	expected, actual int64
}

func (e *wrongVersionError) Error() string {
	return fmt.Sprintf("stream %s: expected version %d, actual version %d", e.stream, e.expected, e.actual)
}

// streamDeletedError says that the stream is tombstoned, or softly deleted where it should exist.
type streamDeletedError struct{ stream string }

func (e *streamDeletedError) Error() string {
	return fmt.Sprintf("Event stream '%s' is deleted.", e.stream)
}

type writeKind int

const (
	kindAppend writeKind = iota
	kindDelete
	kindTombstone
)

// newEvent is an event to be stored.
type newEvent struct {
	id         uuid.UUID
	kind       string
	json       bool
	data, meta []byte
}

// writeResult answers a write. Revision is the newest of the write, -1 for
// none; position is where that is stored, if visible.
type writeResult struct {
	revision    int64
	position    uint64
	hasPosition bool
}

// decide applies one request to the batch in hand: it answers from what is
// stored, or stores, or refuses and changes nothing. The order of the checks
// is the original's: the first that matches wins.
func (c *committer) decide(b *commitBatch, r *writeRequest) (writeResult, error) {
	state, err := c.state(r.stream)
	if err != nil {
		return writeResult{}, err
	}
	if state.tombstoned {
		return writeResult{}, &streamDeletedError{stream: r.stream}
	}
	deleted := state.metadata.deleted()
	if r.expected == expectExists {
		switch {
		case deleted:
			return writeResult{}, &streamDeletedError{stream: r.stream}
		case state.last < 0 && !state.hasMetadata:
			return writeResult{}, r.wrong(-1)
		}
	}
	switch r.kind {
	case kindDelete:
		return c.decideDelete(b, r, state)
	case kindTombstone:
		return c.decideTombstone(b, r, state)
	case kindAppend:
	}
	switch {
	case r.expected == expectAny || r.expected == expectExists:
		return c.decideAny(b, r, state)
	case r.expected < state.last:
		return c.decideOlder(b, r, state)
	case r.expected > state.last:
		return writeResult{}, r.wrong(state.last)
	}
	return c.write(b, r, state)
}

// decideAny recognises a repeated append without an exact revision by the ids of its events.
func (c *committer) decideAny(b *commitBatch, r *writeRequest, state *streamState) (writeResult, error) {
	if len(r.events) == 0 {
		return c.write(b, r, state)
	}
	var last idEntry
	for i, e := range r.events {
		entry, known := c.ids.find(r.stream, e.id)
		switch {
		case !known && i == 0:
			return c.write(b, r, state)
		case !known:
			return writeResult{}, r.wrong(state.last)
		}
		last = entry
	}
	return c.repeated(b, r.stream, state, last.revision, last.position), nil
}

// decideOlder recognises a repeated append by the events that follow the expected revision.
func (c *committer) decideOlder(b *commitBatch, r *writeRequest, state *streamState) (writeResult, error) {
	if len(r.events) == 0 {
		return writeResult{}, r.wrong(state.last)
	}
	var position uint64
	for i, e := range r.events {
		id, at, found, err := c.storedID(b, r.stream, r.expected+1+int64(i))
		if err != nil {
			return writeResult{}, err
		}
		if !found || id != e.id {
			if i == 0 && r.expected == expectNoStream && state.metadata.deleted() {
				return c.write(b, r, state)
			}
			return writeResult{}, r.wrong(state.last)
		}
		position = at
	}
	return c.repeated(b, r.stream, state, r.expected+int64(len(r.events)), position), nil
}

// repeated answers a repeated append; the position is left out if the event is hidden.
func (c *committer) repeated(b *commitBatch, stream string, state *streamState, revision int64, position uint64) writeResult {
	metadata := state.metadata
	if _, isMeta := originalOf(stream); isMeta {
		metadata = metadataOfMetadata
	}
	visible := revision >= metadata.lowest(state.last)
	if oldest := metadata.oldest(b.created); visible && oldest > 0 {
		r, found, err := c.storage.event(position)
		visible = err != nil || !found || r.created >= oldest
	}
	return writeResult{revision: revision, position: position, hasPosition: visible}
}

// write stores the events of an append.
func (c *committer) write(b *commitBatch, r *writeRequest, state *streamState) (writeResult, error) {
	original, isMeta := originalOf(r.stream)
	for _, e := range r.events {
		if isMeta && isOwn(r.stream) && hasTruncation(e.json, e.data) {
			return writeResult{}, errKept
		}
	}
	if b.full != nil {
		return writeResult{}, b.full
	}
	if isMeta {
		return c.writeMetadata(b, r, state, original)
	}
	if state.metadata.deleted() { // read now what is needed below: nothing may fail once the first event is in the batch
		if _, err := c.state(metaStreamOf(r.stream)); err != nil {
			return writeResult{}, err
		}
	}
	first := state.last + 1
	result := c.store(b, r.stream, state, r.events)
	if state.metadata.deleted() { // recreate
		if data, ok := withTruncateBefore(state.metadataFlag, state.metadataJSON, first); ok {
			_, err := c.putMetadata(b, r.stream, state, data)
			return result, err
		}
	}
	return result, nil
}

// writeMetadata stores events of a metadata stream. On a softly deleted
// stream that undeletes it: its revisions go on behind the hidden ones.
func (c *committer) writeMetadata(b *commitBatch, r *writeRequest, state *streamState, original string) (writeResult, error) {
	o, err := c.state(original)
	if err != nil {
		return writeResult{}, err
	}
	wasDeleted := o.metadata.deleted()
	result := c.store(b, r.stream, state, r.events)
	if len(r.events) == 0 {
		return result, nil
	}
	newest := r.events[len(r.events)-1]
	o.setMetadata(newest.json, newest.data)
	if data, ok := withTruncateBefore(newest.json, newest.data, o.last+1); ok && wasDeleted {
		_, err := c.putMetadata(b, original, o, data)
		return result, err
	}
	return result, nil
}

// putMetadata writes metadata of the node's own making for stream.
func (c *committer) putMetadata(b *commitBatch, stream string, state *streamState, data []byte) (writeResult, error) {
	name := metaStreamOf(stream)
	meta, err := c.state(name)
	if err != nil {
		return writeResult{}, err
	}
	result := c.store(b, name, meta, []newEvent{{id: uuid.New(), kind: metadataType, json: true, data: data}})
	state.setMetadata(true, data)
	return result, nil
}
