package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// buckets is how many groups the subjects fall into. Destroying one re-wraps
// the keys of its group only.
const buckets = 256

// bucketOf returns the group of a subject.
func bucketOf(subject uuid.UUID) byte {
	sum := sha256.Sum256(subject[:])
	return sum[0]
}

// bucketKey wraps the keys of the subjects of one bucket.
type bucketKey struct {
	id     int64 // random, so that no two rings name different keys alike
	secret []byte
	aead   tink.AEAD
}

func newBucketKey() (bucketKey, error) {
	var random [8 + keySize]byte
	_, _ = rand.Read(random[:]) // never fails
	return makeBucketKey(random[:])
}

// makeBucketKey reads the stored form: id, then secret.
func makeBucketKey(stored []byte) (bucketKey, error) {
	secret := bytes.Clone(stored[8:])
	aead, err := subtle.NewAESGCM(secret)
	if err != nil {
		return bucketKey{}, fmt.Errorf("use bucket key: %w", err)
	}
	id := int64(binary.BigEndian.Uint64(stored) >> 1)
	return bucketKey{id: id, secret: secret, aead: aead}, nil
}

// ring is all bucket keys: one for each bucket, and a second, newer one while
// the first is being replaced. It is never changed once it is made.
type ring struct {
	id   uuid.UUID // stays when keys are replaced; the database knows it
	keys [buckets][]bucketKey
}

// newRing makes a ring of random keys.
func newRing() (*ring, error) {
	r := &ring{id: uuid.New()}
	for b := range r.keys {
		key, err := newBucketKey()
		if err != nil {
			return nil, err
		}
		r.keys[b] = []bucketKey{key}
	}
	return r, nil
}

// current is the key by which new keys of a bucket are wrapped.
func (r *ring) current(bucket byte) bucketKey {
	keys := r.keys[bucket]
	return keys[len(keys)-1]
}

// find returns the key by which a stored one is wrapped.
func (r *ring) find(bucket byte, id int64) (bucketKey, bool) {
	for _, k := range r.keys[bucket] {
		if k.id == id {
			return k, true
		}
	}
	return bucketKey{}, false
}

// replaced lists the buckets whose old key is still there.
func (r *ring) replaced() []byte {
	var found []byte
	for b, keys := range r.keys {
		if len(keys) > 1 {
			found = append(found, byte(b))
		}
	}
	return found
}

// with returns a ring in which a bucket has a newer key too.
func (r *ring) with(bucket byte, key bucketKey) *ring {
	next := *r
	next.keys[bucket] = append(slices.Clone(r.keys[bucket]), key)
	return &next
}

// without returns a ring in which a bucket has its newest key only.
func (r *ring) without(bucket byte) *ring {
	next := *r
	next.keys[bucket] = []bucketKey{r.current(bucket)}
	return &next
}

const storedKey = 1 + 8 + keySize // bucket, id, secret

var errRing = errors.New("not a ring of bucket keys")

// encode writes the id of the ring and then each key, older before newer.
func (r *ring) encode() []byte {
	out := bytes.Clone(r.id[:])
	for b, keys := range r.keys {
		for _, k := range keys {
			out = append(out, byte(b))
			out = binary.BigEndian.AppendUint64(out, uint64(k.id)<<1) //nolint:gosec // never negative
			out = append(out, k.secret...)
		}
	}
	return out
}

func decodeRing(stored []byte) (*ring, error) {
	if len(stored) < len(uuid.UUID{}) || (len(stored)-len(uuid.UUID{}))%storedKey != 0 {
		return nil, errRing
	}
	r := &ring{id: uuid.UUID(stored[:16])}
	for part := range slices.Chunk(stored[16:], storedKey) {
		key, err := makeBucketKey(part[1:])
		if err != nil {
			return nil, err
		}
		r.keys[part[0]] = append(r.keys[part[0]], key)
	}
	for _, keys := range r.keys {
		if len(keys) < 1 || len(keys) > 2 {
			return nil, errRing
		}
	}
	if !bytes.Equal(r.encode(), stored) { // a ring has one form
		return nil, errRing
	}
	return r, nil
}
