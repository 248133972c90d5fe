package readmodel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// MarkEvery is the distance of marks in log numbers: 4,096, 8,192, ...
const MarkEvery = 4_096

// markAfter returns the mark that ends the stretch that number lies in.
func markAfter(number int64) int64 { return (number + MarkEvery - 1) / MarkEvery * MarkEvery }

// Digest is a multiset hash: the lane-wise sum modulo 2^64 of the SHA-256 of
// each element's canonical bytes. Order does not matter. It finds faults, not forgers.
type Digest struct {
	Count int64
	Lanes [4]uint64
}

func (d *Digest) add(h [sha256.Size]byte) {
	d.Count++
	for i := range d.Lanes {
		d.Lanes[i] += binary.BigEndian.Uint64(h[i*8:])
	}
}

// Bytes returns the 32 bytes of the lanes.
func (d Digest) Bytes() []byte {
	b := make([]byte, 0, sha256.Size)
	for _, l := range d.Lanes {
		b = binary.BigEndian.AppendUint64(b, l)
	}
	return b
}

// String returns the lanes in hex.
func (d Digest) String() string { return hex.EncodeToString(d.Bytes()) }

func digestFrom(count int64, b []byte) (Digest, error) {
	d := Digest{Count: count}
	if len(b) != sha256.Size {
		return d, fmt.Errorf("a digest has 32 bytes, not %d", len(b))
	}
	for i := range d.Lanes {
		d.Lanes[i] = binary.BigEndian.Uint64(b[i*8:])
	}
	return d, nil
}

// element is one thing that a digest counts: a version, the end of a row, a
// fact or a row of a log. Elements are only ever added.
type element struct {
	table   string
	id      uuid.UUID
	number  int64 // from
	ordinal int64
	hash    [sha256.Size]byte
	// For people, set only when somebody collects: the table that holds it and its key there.
	place string
	older string // the table that holds it once something newer is there
	key   string
}

// hashOf is the hash of an element's canonical bytes.
func hashOf(buf []byte, table string, values ...[]any) (sum [sha256.Size]byte, scratch []byte) {
	buf = appendCanonical(buf[:0], table)
	for _, vs := range values {
		for _, v := range vs {
			buf = appendCanonical(buf, v)
		}
	}
	return sha256.Sum256(buf), buf
}

// buckets is the number of key ranges, by the first byte of the stream's id.
const buckets = 256

// tableDigest is the running digest of a table, in whole and by key range.
type tableDigest struct {
	running Digest
	buckets [buckets]Digest
	dirty   [buckets]bool
}

type markDigest struct {
	mark  int64
	table string
	Digest
}

// digester adds elements and notes the digest at each mark that it passes.
type digester struct {
	tables  map[string]*tableDigest
	names   []string // in order
	number  int64    // every element up to here is added
	marks   []markDigest
	collect func(element) // for Verify, else nil
}

func newDigester(names []string) *digester {
	d := &digester{tables: map[string]*tableDigest{}, names: names}
	for _, n := range names {
		d.tables[n] = &tableDigest{}
	}
	return d
}

func (d *digester) add(e element) {
	t := d.tables[e.table]
	t.running.add(e.hash)
	t.buckets[e.id[0]].add(e.hash)
	t.dirty[e.id[0]] = true
	if d.collect != nil {
		d.collect(e)
	}
}

// advance notes the digests at the marks up to number; every element up to
// number must have been added, and none after it.
func (d *digester) advance(number int64) {
	for m := markAfter(d.number + 1); m <= number; m += MarkEvery {
		for _, n := range d.names {
			d.marks = append(d.marks, markDigest{mark: m, table: n, Digest: d.tables[n].running})
		}
	}
	d.number = number
}

// total is the digest of all tables, by name.
func (d *digester) total() string {
	h := sha256.New()
	for _, n := range d.names {
		t := d.tables[n].running
		fmt.Fprintf(h, "%s %d %s\n", n, t.Count, t)
	}
	return hex.EncodeToString(h.Sum(nil))
}
