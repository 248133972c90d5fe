package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// Refusals. Every other error means that the vault could not be asked.
var (
	// ErrErased says that the subject's key was destroyed: the value is gone for good.
	ErrErased = commands.ErrErased
	// ErrNotFound says that no key opens the value: it was sealed elsewhere,
	// for another field, or is damaged.
	ErrNotFound = fmt.Errorf("no key opens this value: %w", commands.ErrNotFound)
)

// Faults of an installation.
var (
	// ErrWrongMasterKey says that the bucket keys are sealed by another master key.
	ErrWrongMasterKey = errors.New("the master key is not the one of the bucket keys")
	// ErrWrongKeys says that the file of bucket keys is missing, outdated or
	// another database's. Nothing of it is made anew: the right one must be found.
	ErrWrongKeys = errors.New("the bucket keys are not the ones of this database")
)

// Options tune a Vault; all but Dir may be zero.
type Options struct {
	Dir       string        // folder of the bucket keys, which all processes on the database share
	CacheSize int           // unwrapped keys held in memory; 0 for 10,000
	Recheck   time.Duration // how long a key destroyed by another process may live on here; 0 for 5 s
}

// Vault seals and opens personal fields. Safe for concurrent use; it starts
// no goroutine and needs no closing.
type Vault struct {
	pool    *pgxpool.Pool
	clock   commands.Clock
	file    *ringFile
	ring    atomic.Pointer[ring] // as last read; nil for none
	digest  []byte               // key of Digest
	search  []byte               // key of search tokens
	keys    *cache
	recheck time.Duration
}

var _ commands.Vault = (*Vault)(nil)

// Open returns a vault over a migrated database. The first one makes the
// bucket keys; each one brings to its end what a crash has interrupted.
// ErrWrongMasterKey and ErrWrongKeys if master or the folder do not belong to
// the database.
func Open(ctx context.Context, pool *pgxpool.Pool, master Key, clock commands.Clock, o Options) (*Vault, error) {
	if o.Dir == "" {
		return nil, errors.New("the folder of the bucket keys is not named")
	}
	_, macKey, err := Installation(ctx, pool)
	if err != nil {
		return nil, err
	}
	v := &Vault{pool: pool, clock: clock, recheck: o.Recheck}
	if v.recheck == 0 {
		v.recheck = 5 * time.Second
	}
	if v.keys, err = newCache(o.CacheSize); err != nil {
		return nil, err
	}
	sealer, err := subtle.NewAESGCM(master.secret[:])
	if err != nil {
		return nil, fmt.Errorf("use master key: %w", err)
	}
	v.file = &ringFile{path: filepath.Join(o.Dir, KeysFile), master: sealer}
	if v.digest, err = master.derive(macKey, "digest"); err != nil {
		return nil, err
	}
	if v.search, err = master.derive(macKey, "search"); err != nil {
		return nil, err
	}
	if err := v.alone(ctx, v.start); err != nil {
		return nil, fmt.Errorf("open bucket keys: %w", err)
	}
	return v, nil
}

// Seal encrypts plaintext for one field of subject; "" gives the zero Sealed.
// A new subject's key is on disk before Seal returns. ErrErased if it was
// destroyed: no second one is ever made.
func (v *Vault) Seal(ctx context.Context, subject uuid.UUID, field, plaintext string) (domain.Sealed, error) {
	if plaintext == "" {
		return domain.Sealed{}, nil
	}
	key, err := v.key(ctx, subject, true)
	if err != nil {
		return domain.Sealed{}, fmt.Errorf("seal for %s: %w", subject, err)
	}
	ciphertext, err := key.aead.Encrypt([]byte(plaintext), associated(subject, field)) // AUD-07
	if err != nil {
		return domain.Sealed{}, fmt.Errorf("seal for %s: %w", subject, err)
	}
	return domain.Sealed{Subject: subject, Key: key.id, Ciphertext: ciphertext}, nil
}

// Open decrypts a value that was sealed for field; the zero Sealed gives "".
// ErrErased and ErrNotFound are the only refusals.
func (v *Vault) Open(ctx context.Context, sealed domain.Sealed, field string) (string, error) {
	if sealed.IsZero() {
		return "", nil
	}
	key, err := v.key(ctx, sealed.Subject, false)
	if err != nil {
		return "", fmt.Errorf("open value of %s: %w", sealed.Subject, err)
	}
	plain, err := key.aead.Decrypt(sealed.Ciphertext, associated(sealed.Subject, field))
	if err != nil {
		return "", fmt.Errorf("open value of %s: %w", sealed.Subject, ErrNotFound)
	}
	return string(plain), nil
}

// Digest is the keyed SHA-256 of a canonical request body, hex: equal bodies
// have equal digests, and without the key nobody can try bodies.
func (v *Vault) Digest(canonical []byte) string {
	mac := hmac.New(sha256.New, v.digest)
	mac.Write(canonical)
	return hex.EncodeToString(mac.Sum(nil))
}

// associated binds a ciphertext to its subject and field.
func associated(subject uuid.UUID, field string) []byte {
	return append(bytes.Clone(subject[:]), field...)
}
