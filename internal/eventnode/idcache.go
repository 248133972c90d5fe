package eventnode

import "github.com/google/uuid"

// idCacheSize is about what the original keeps (8 MiB).
const idCacheSize = 90_000

// idCache remembers the ids of the newest events, so that an append without
// an exact expected revision can be recognised when it is repeated. It is in
// memory only and a best effort, as in the original: appends that must be
// idempotent name their expected revision.
type idCache struct {
	entries map[uuid.UUID]idEntry
	ring    []uuid.UUID // oldest first from next on, once full
	next    int
}

type idEntry struct {
	stream   string
	revision int64
	position uint64
}

func newIDCache() *idCache { return &idCache{entries: map[uuid.UUID]idEntry{}} }

// find returns where stream has id.
func (c *idCache) find(stream string, id uuid.UUID) (idEntry, bool) {
	e, ok := c.entries[id]
	return e, ok && e.stream == stream
}

// add keeps the first use of an id; later uses do not replace it.
func (c *idCache) add(id uuid.UUID, e idEntry) {
	if _, ok := c.entries[id]; ok {
		return
	}
	if len(c.ring) < idCacheSize {
		c.ring = append(c.ring, id)
	} else {
		delete(c.entries, c.ring[c.next])
		c.ring[c.next] = id
		c.next = (c.next + 1) % idCacheSize
	}
	c.entries[id] = e
}
