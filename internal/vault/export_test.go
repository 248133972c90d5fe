package vault

import (
	"bytes"

	"github.com/google/uuid"
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
