package vault

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// errUnwrap says that a ring does not open a stored key.
var errUnwrap = errors.New("no bucket key opens it")

// wrapped is a subject's keyset as it is stored.
type wrapped struct {
	subject uuid.UUID
	by      int64 // id of the bucket key
	keyset  []byte
}

// wrap seals a keyset by its bucket's current key, bound to its subject.
func wrap(r *ring, subject uuid.UUID, handle *keyset.Handle) (wrapped, error) {
	key := r.current(bucketOf(subject))
	var b bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), key.aead, subject[:]); err != nil {
		return wrapped{}, fmt.Errorf("wrap key of %s: %w", subject, err)
	}
	return wrapped{subject: subject, by: key.id, keyset: b.Bytes()}, nil
}

// open returns the keyset; errUnwrap if r has not the key, or it does not fit.
func (w wrapped) open(r *ring) (*keyset.Handle, error) {
	key, ok := r.find(bucketOf(w.subject), w.by)
	if !ok {
		return nil, fmt.Errorf("unwrap key of %s: %w: %w", w.subject, errUnwrap, ErrWrongKeys)
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(w.keyset)), key.aead, w.subject[:])
	if err != nil {
		return nil, fmt.Errorf("unwrap key of %s: %w: %w", w.subject, errUnwrap, err)
	}
	return handle, nil
}
