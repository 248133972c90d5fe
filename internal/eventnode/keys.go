package eventnode

import (
	"encoding/binary"
	"math"
	"strings"
)

// The key space. Every name is length-prefixed, so no stream name can reach
// into another's range, and there is no hash that could collide.
//
//	'e' position            the event itself
//	'h' name                the stream's head
//	's' len name revision   position of that revision
const (
	eventSpace  = 'e'
	headSpace   = 'h'
	streamSpace = 's'
)

// maxRevision is the revision of a tombstone, and "truncate everything" in metadata.
const maxRevision = math.MaxInt64

// ownPrefix starts the names of streams that keep all their events for ever.
const ownPrefix = "fl."

// metaPrefix starts the name of a metadata stream.
const metaPrefix = "$$"

func eventKey(dst []byte, position uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, eventSpace), position)
}

func headKey(dst []byte, stream string) []byte {
	return append(append(dst, headSpace), stream...)
}

func streamKey(dst []byte, stream string, revision uint64) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, streamSpace), uint32(len(stream))) //nolint:gosec // a name is far below 4 GiB: messages are limited to 16 MiB
	dst = append(dst, stream...)
	return binary.BigEndian.AppendUint64(dst, revision)
}

// revisionOf reads the revision at the end of a stream key.
func revisionOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// positionOf reads the position of an event key.
func positionOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[1:]) }

// metaStreamOf names the stream that holds the metadata of stream.
func metaStreamOf(stream string) string { return metaPrefix + stream }

// originalOf returns the stream whose metadata the stream name holds.
func originalOf(name string) (string, bool) {
	return strings.CutPrefix(name, metaPrefix)
}

// isOwn tells whether stream, or the stream whose metadata it holds, keeps all its events.
func isOwn(stream string) bool {
	original, _ := originalOf(stream)
	return strings.HasPrefix(original, ownPrefix)
}
