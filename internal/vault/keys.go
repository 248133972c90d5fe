package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// chunk is how many keys one transaction makes.
const chunk = 1000

// lockSubjects serializes destroying with making keys and search tokens:
// makers share it, so none of them can miss a destruction.
const lockSubjects = 5_127_604_883_319_402

// key returns the key of subject, from memory if it may still be used from
// there. It makes the key if make says so; else a missing one is ErrNotFound.
func (v *Vault) key(ctx context.Context, subject uuid.UUID, create bool) (*subjectKey, error) {
	if err := v.refresh(ctx); err != nil {
		return nil, err
	}
	key, epoch := v.keys.get(subject)
	if key != nil {
		return key, nil
	}
	found, err := v.load(ctx, []uuid.UUID{subject}, epoch)
	if err != nil {
		return nil, err
	}
	if found[subject] != nil {
		return found[subject], nil
	}
	if create {
		if found, err = v.create(ctx, []uuid.UUID{subject}, epoch); err != nil || found[subject] != nil {
			return found[subject], err
		}
	}
	return nil, v.missing(ctx, subject)
}

// missing tells a destroyed key from one that never was.
func (v *Vault) missing(ctx context.Context, subject uuid.UUID) error {
	erased, err := v.erased(ctx, subject)
	switch {
	case err != nil:
		return err
	case erased:
		return ErrErased
	}
	return ErrNotFound
}

// Prepare makes the keys of many subjects in few transactions, so that Seal
// finds them in memory. Those that have a key or were erased are left alone.
// More subjects than the cache holds is right, but saves less.
func (v *Vault) Prepare(ctx context.Context, subjects []uuid.UUID) error {
	if err := v.refresh(ctx); err != nil {
		return fmt.Errorf("prepare keys: %w", err)
	}
	wanted := slices.Clone(subjects)
	slices.SortFunc(wanted, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	wanted = slices.Compact(wanted)
	for part := range slices.Chunk(wanted, chunk) {
		if err := v.prepare(ctx, part); err != nil {
			return fmt.Errorf("prepare keys: %w", err)
		}
	}
	return nil
}

func (v *Vault) prepare(ctx context.Context, subjects []uuid.UUID) error {
	_, epoch := v.keys.get(uuid.Nil)
	missing := slices.DeleteFunc(slices.Clone(subjects), func(s uuid.UUID) bool {
		key, _ := v.keys.get(s)
		return key != nil
	})
	if len(missing) == 0 {
		return nil
	}
	found, err := v.load(ctx, missing, epoch)
	if err != nil {
		return err
	}
	missing = slices.DeleteFunc(missing, func(s uuid.UUID) bool { return found[s] != nil })
	if len(missing) > 0 {
		_, err = v.create(ctx, missing, epoch)
	}
	return err
}

const readKeys = `
-- The keys of some subjects.
SELECT subject, keyset FROM vault.subject_key WHERE subject = ANY(@subjects)`

// load reads and unwraps the keys that exist.
func (v *Vault) load(ctx context.Context, subjects []uuid.UUID, epoch uint64) (map[uuid.UUID]*subjectKey, error) {
	rows, err := v.pool.Query(ctx, readKeys, pgx.NamedArgs{"subjects": subjects})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return v.collect(rows, epoch)
}

func (v *Vault) collect(rows pgx.Rows, epoch uint64) (map[uuid.UUID]*subjectKey, error) {
	found := make(map[uuid.UUID]*subjectKey)
	var subject uuid.UUID
	var wrapped []byte
	_, err := pgx.ForEachRow(rows, []any{&subject, &wrapped}, func() error {
		key, err := v.unwrap(subject, wrapped)
		if err != nil {
			return err
		}
		found[subject] = key
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	for subject, key := range found {
		v.keys.put(subject, key, epoch)
	}
	return found, nil
}

const makeKeys = `
-- No key for a destroyed subject, ever; and the first of two makers wins.
INSERT INTO vault.subject_key (subject, key_id, keyset, created_at)
SELECT s.subject, s.key_id, s.keyset, @now
FROM unnest(@subjects::uuid[], @ids::text[], @keysets::bytea[]) AS s (subject, key_id, keyset)
WHERE NOT EXISTS (SELECT FROM vault.destroyed_subject d WHERE d.subject = s.subject)
ON CONFLICT DO NOTHING`

// create makes keys, which are on disk when it returns, and returns what is
// stored: another process may have been first. Subjects are in order, so that
// two makers do not wait for each other in a circle.
func (v *Vault) create(ctx context.Context, subjects []uuid.UUID, epoch uint64) (map[uuid.UUID]*subjectKey, error) {
	ids, keysets := make([]string, len(subjects)), make([][]byte, len(subjects))
	for i, subject := range subjects {
		var err error
		if ids[i], keysets[i], err = v.generate(subject); err != nil {
			return nil, err
		}
	}
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock_shared($1)`, int64(lockSubjects)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, makeKeys, pgx.NamedArgs{
			"subjects": subjects, "ids": ids, "keysets": keysets, "now": v.clock.Now(),
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return v.load(ctx, subjects, epoch)
}

// generate returns a new keyset wrapped by the master key, and the id of its key.
func (v *Vault) generate(subject uuid.UUID) (id string, wrapped []byte, err error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", nil, fmt.Errorf("generate key of %s: %w", subject, err)
	}
	var b bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), v.master, subject[:]); err != nil {
		return "", nil, fmt.Errorf("wrap key of %s: %w", subject, err)
	}
	return keyID(handle), b.Bytes(), nil
}

func (v *Vault) unwrap(subject uuid.UUID, wrapped []byte) (*subjectKey, error) {
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), v.master, subject[:])
	if err != nil {
		return nil, fmt.Errorf("unwrap key of %s: %w", subject, err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use key of %s: %w", subject, err)
	}
	return &subjectKey{id: keyID(handle), aead: primitive}, nil
}

func keyID(h *keyset.Handle) string {
	return strconv.FormatUint(uint64(h.KeysetInfo().GetPrimaryKeyId()), 10)
}

const countDestroyed = `
-- Only grows: another count than before means that a key was destroyed.
SELECT count(*) FROM vault.destroyed_subject`

// refresh forgets all keys if any was destroyed since the last look, which
// is repeated when it is older than Options.Recheck.
func (v *Vault) refresh(ctx context.Context) error {
	now := v.clock.Now()
	if !v.keys.stale(now, v.recheck) {
		return nil
	}
	var destroyed int64
	if err := v.pool.QueryRow(ctx, countDestroyed).Scan(&destroyed); err != nil {
		return fmt.Errorf("look for destroyed keys: %w", err)
	}
	v.keys.checked(now, destroyed)
	return nil
}

const isDestroyed = `
-- Whether a subject was erased.
SELECT true FROM vault.destroyed_subject WHERE subject = @subject`

func (v *Vault) erased(ctx context.Context, subject uuid.UUID) (bool, error) {
	var erased bool
	err := v.pool.QueryRow(ctx, isDestroyed, pgx.NamedArgs{"subject": subject}).Scan(&erased)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("look for destroyed key: %w", err)
	}
	return erased, nil
}
