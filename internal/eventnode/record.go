package eventnode

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// errRecord says that a stored event cannot be read.
var errRecord = errors.New("stored event is malformed")

const (
	flagJSON = 1 << 0
	// fixedSize is what a record holds before its first name: flags, id, created, number, revision.
	fixedSize = 1 + 16 + 8 + 8 + 8
	// framing is what one event takes in the log beside its value, so that
	// positions rise like offsets and are never mistaken for a count.
	framing = 16
	// firstPosition is the position of the first event; below it is "before everything".
	firstPosition = 64
)

// record is one stored event. Its byte slices may be views into memory of the
// storage that lives only as long as the callback that got it; see clone.
type record struct {
	position uint64
	number   uint64 // dense count of all events of the node, from 1
	revision uint64
	created  int64 // 100 ns ticks since 1970, UTC
	id       uuid.UUID
	json     bool
	stream   []byte
	kind     []byte
	data     []byte
	meta     []byte
}

// end is the first position behind the record.
func (r record) end() uint64 {
	return r.position + framing + fixedSize + uint64(len(r.stream)+len(r.kind)+len(r.data)+len(r.meta))
}

func (r record) encode(dst []byte) []byte {
	var flags byte
	if r.json {
		flags |= flagJSON
	}
	dst = append(dst, flags)
	dst = append(dst, r.id[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.created)) //nolint:gosec // same bits both ways
	dst = binary.LittleEndian.AppendUint64(dst, r.number)
	dst = binary.LittleEndian.AppendUint64(dst, r.revision)
	for _, part := range [][]byte{r.stream, r.kind, r.data} {
		dst = binary.AppendUvarint(dst, uint64(len(part)))
		dst = append(dst, part...)
	}
	return append(dst, r.meta...)
}

// decodeRecord returns a view of value.
func decodeRecord(position uint64, value []byte) (record, error) {
	if len(value) < fixedSize {
		return record{}, errRecord
	}
	r := record{
		position: position,
		json:     value[0]&flagJSON != 0,
		created:  int64(binary.LittleEndian.Uint64(value[17:])), //nolint:gosec // same bits both ways
		number:   binary.LittleEndian.Uint64(value[25:]),
		revision: binary.LittleEndian.Uint64(value[33:]),
	}
	copy(r.id[:], value[1:17])
	rest := value[fixedSize:]
	for _, part := range [...]*[]byte{&r.stream, &r.kind, &r.data} {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) { //nolint:gosec // Uvarint reads no more than there is
			return record{}, errRecord
		}
		end := n + int(size) //nolint:gosec // bounded by len(rest) above
		*part = rest[n:end:end]
		rest = rest[end:]
	}
	r.meta = slices.Clip(rest)
	return r, nil
}

func (r record) createdAt() time.Time { return timeOf(r.created) }

// recorded is the event as the rest of the program sees it. It keeps r's bytes.
func (r record) recorded(names *names) eventschemas.Recorded {
	return eventschemas.Recorded{
		Stream: names.stream(r.stream), Revision: r.revision, ID: r.id, Type: names.kind(r.kind),
		Data: r.data, Meta: r.meta, Created: r.createdAt(),
		Position: eventschemas.Position{Commit: r.position, Prepare: r.position},
	}
}

func ticksOf(t time.Time) int64    { return t.Unix()*1e7 + int64(t.Nanosecond())/100 }
func timeOf(ticks int64) time.Time { return time.Unix(ticks/1e7, ticks%1e7*100).UTC() }

// names turns the bytes of names into strings; event types repeat, so they are kept.
type names struct {
	kinds map[string]string
	last  string
}

const maxKinds = 4096

func (n *names) kind(b []byte) string {
	if s, ok := n.kinds[string(b)]; ok {
		return s
	}
	if n.kinds == nil || len(n.kinds) >= maxKinds {
		n.kinds = map[string]string{}
	}
	s := string(b)
	n.kinds[s] = s
	return s
}

func (n *names) stream(b []byte) string {
	if n.last != string(b) {
		n.last = string(b)
	}
	return n.last
}

// arena copies values into few large blocks.
type arena struct{ free []byte }

const arenaBlock = 64 << 10

func (a *arena) clone(value []byte) []byte { return append(a.take(len(value)), value...) }

// take returns an empty slice with room for size bytes.
func (a *arena) take(size int) []byte {
	if size > len(a.free) {
		if size > arenaBlock/4 {
			return make([]byte, 0, size)
		}
		a.free = make([]byte, arenaBlock)
	}
	out := a.free[:0:size]
	a.free = a.free[size:]
	return out
}

// clone copies r's bytes into a.
func (r record) clone(a *arena) record {
	r.stream, r.kind, r.data, r.meta = a.clone(r.stream), a.clone(r.kind), a.clone(r.data), a.clone(r.meta)
	return r
}
