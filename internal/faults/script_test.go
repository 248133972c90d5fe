package faults_test

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// script says what every event of every stream must be, from its place alone; so a checker needs no memory of the writer.
type script struct {
	Writers  int // each has a stream of its own
	MaxBatch int // appends have 1 to MaxBatch events
	MaxBytes int // padding of an event, at most
}

func (s script) stream(writer int) string { return fmt.Sprintf("fl.faults-%d", writer) }

func mix(stream string, revision uint64) uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s/%d", stream, revision)
	return h.Sum32()
}

// size is how many events the append that begins at revision first has.
func (s script) size(stream string, first uint64) uint64 {
	return 1 + uint64(mix(stream, first))%uint64(s.MaxBatch)
}

// line goes through a stream from its start.
type line struct {
	script
	stream string
	next   uint64 // revision
	first  uint64 // of the append that next belongs to
	prev   string // hash of the event before
}

func (s script) line(stream string) *line { return &line{script: s, stream: stream} }

// whole says that the stream does not end within an append.
func (l *line) whole() bool { return l.next == l.first }

// event is the next event.
func (l *line) event() eventschemas.Proposed {
	size := l.size(l.stream, l.first)
	pad := strings.Repeat("x", int(mix(l.stream, l.next)>>8)%(l.MaxBytes+1))
	e := eventschemas.Proposed{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", l.stream, l.next)), Type: "tested.v1",
		Data: fmt.Appendf(nil, `{"stream":%q,"revision":%d,"first":%d,"size":%d,"pad":%q}`, l.stream, l.next, l.first, size, pad),
		Meta: fmt.Appendf(nil, `{"prev":%q}`, l.prev), // AUD-06
	}
	l.prev = eventschemas.ChainHash(eventschemas.Recorded{Stream: l.stream, Revision: l.next, ID: e.ID, Type: e.Type, Data: e.Data, Meta: e.Meta})
	if l.next++; l.next == l.first+size {
		l.first = l.next
	}
	return e
}

// batch is the next append whole.
func (l *line) batch() (first uint64, events []eventschemas.Proposed) {
	first = l.next
	for {
		events = append(events, l.event())
		if l.whole() {
			return first, events
		}
	}
}
