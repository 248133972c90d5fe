package vault

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Buckets is how many groups of subjects there are.
const Buckets = buckets

// BucketOf returns the group of a subject.
func BucketOf(subject uuid.UUID) byte { return bucketOf(subject) }

// KeepsReadKey reports whether a key that was read from the database before
// other ran is still kept in memory afterwards.
func (v *Vault) KeepsReadKey(subject uuid.UUID, other func()) bool {
	_, epoch := v.keys.get(subject)
	other()
	v.keys.put(subject, &subjectKey{}, epoch)
	key, _ := v.keys.get(subject)
	return key != nil
}

// Interrupt lets f decide at each step of a replacement whether it goes on.
func (v *Vault) Interrupt(f func() error) { v.file.fault = f }

// Secrets returns every 32 bytes in a file, as it stands and unsealed by
// master, that could be a key.
func Secrets(master Key, file []byte) [][]byte {
	texts := [][]byte{file}
	if sealer, err := subtle.NewAESGCM(master.secret[:]); err == nil {
		if plain, err := sealer.Decrypt(file, []byte(ringLabel)); err == nil {
			texts = append(texts, plain)
		}
	}
	secrets := [][]byte{master.secret[:]}
	for _, text := range texts {
		for i := 0; i+keySize <= len(text); i++ {
			secrets = append(secrets, text[i:i+keySize])
		}
	}
	return secrets
}

// Unwraps reports whether secret opens a stored keyset.
func Unwraps(secret []byte, subject uuid.UUID, stored []byte) bool {
	key, err := subtle.NewAESGCM(secret)
	if err != nil {
		return false
	}
	_, err = keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(stored)), key, subject[:])
	return err == nil
}

// NewRingBytes returns a new ring of keys in its stored form.
func NewRingBytes(tb testing.TB) []byte {
	tb.Helper()
	r, err := newRing()
	if err != nil {
		tb.Fatal(err)
	}
	return r.encode()
}

// RewriteRing reads a stored ring and writes it again.
func RewriteRing(stored []byte) ([]byte, error) {
	r, err := decodeRing(stored)
	if err != nil {
		return nil, err
	}
	return r.encode(), nil
}

// WrapNew makes a keyset for subject and returns the id of the bucket key and
// the keyset as stored.
func WrapNew(tb testing.TB, ring []byte, subject uuid.UUID) (by int64, stored []byte) {
	tb.Helper()
	r, err := decodeRing(ring)
	if err != nil {
		tb.Fatal(err)
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		tb.Fatal(err)
	}
	w, err := wrap(r, subject, handle)
	if err != nil {
		tb.Fatal(err)
	}
	return w.by, w.keyset
}

// Unwrap opens a stored keyset with a ring in its stored form.
func Unwrap(ring []byte, subject uuid.UUID, by int64, stored []byte) error {
	r, err := decodeRing(ring)
	if err != nil {
		return err
	}
	_, err = wrapped{subject: subject, by: by, keyset: stored}.open(r)
	return err
}
