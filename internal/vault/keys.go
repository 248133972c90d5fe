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
	gone, err := erased(ctx, v.pool, subject)
	switch {
	case err != nil:
		return err
	case gone:
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

// load reads and unwraps the keys that exist. If the ring in memory is of
// no use any more, it is read again.
func (v *Vault) load(ctx context.Context, subjects []uuid.UUID, epoch uint64) (map[uuid.UUID]*subjectKey, error) {
	if r := v.ring.Load(); r != nil {
		found, err := v.read(ctx, v.pool, r, subjects, epoch)
		if !errors.Is(err, errUnwrap) {
			return found, err
		}
	}
	var found map[uuid.UUID]*subjectKey
	err := v.shared(ctx, func(tx pgx.Tx, r *ring) (err error) {
		found, err = v.read(ctx, tx, r, subjects, epoch)
		return err
	})
	return found, err
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const readKeys = `
-- The keys of some subjects.
SELECT subject, wrapped_by, keyset FROM vault.subject_key WHERE subject = ANY(@subjects)`

func (v *Vault) read(ctx context.Context, db querier, r *ring, subjects []uuid.UUID, epoch uint64) (map[uuid.UUID]*subjectKey, error) {
	rows, err := db.Query(ctx, readKeys, pgx.NamedArgs{"subjects": subjects})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	found := make(map[uuid.UUID]*subjectKey)
	var w wrapped
	_, err = pgx.ForEachRow(rows, []any{&w.subject, &w.by, &w.keyset}, func() error {
		handle, err := w.open(r)
		if err != nil {
			return err
		}
		primitive, err := aead.New(handle)
		if err != nil {
			return fmt.Errorf("use key of %s: %w", w.subject, err)
		}
		found[w.subject] = &subjectKey{id: keyID(handle), aead: primitive}
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
INSERT INTO vault.subject_key (subject, key_id, bucket, wrapped_by, keyset, created_at)
SELECT s.subject, s.key_id, s.bucket, s.wrapped_by, s.keyset, @now
FROM unnest(@subjects::uuid[], @ids::text[], @buckets::smallint[], @by::bigint[], @keysets::bytea[])
    AS s (subject, key_id, bucket, wrapped_by, keyset)
WHERE NOT EXISTS (SELECT FROM vault.destroyed_subject d WHERE d.subject = s.subject)
ON CONFLICT DO NOTHING`

// create makes keys, which are on disk when it returns, and returns what is
// stored: another process may have been first. Subjects are in order, so that
// two makers do not wait for each other in a circle.
func (v *Vault) create(ctx context.Context, subjects []uuid.UUID, epoch uint64) (map[uuid.UUID]*subjectKey, error) {
	handles := make([]*keyset.Handle, len(subjects))
	ids := make([]string, len(subjects))
	for i, subject := range subjects {
		var err error
		if handles[i], err = keyset.NewHandle(aead.AES256GCMKeyTemplate()); err != nil {
			return nil, fmt.Errorf("generate key of %s: %w", subject, err)
		}
		ids[i] = keyID(handles[i])
	}
	err := v.shared(ctx, func(tx pgx.Tx, r *ring) error {
		groups, by, keysets := make([]int16, len(subjects)), make([]int64, len(subjects)), make([][]byte, len(subjects))
		for i, subject := range subjects {
			w, err := wrap(r, subject, handles[i])
			if err != nil {
				return err
			}
			groups[i], by[i], keysets[i] = int16(bucketOf(subject)), w.by, w.keyset
		}
		_, err := tx.Exec(ctx, makeKeys, pgx.NamedArgs{
			"subjects": subjects, "ids": ids, "buckets": groups, "by": by, "keysets": keysets, "now": v.clock.Now(),
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return v.load(ctx, subjects, epoch)
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
	if v.keys.checked(now, destroyed) {
		v.ring.Store(nil) // it may hold a key that is no more
	}
	return nil
}

const isDestroyed = `
-- Whether a subject was erased.
SELECT true FROM vault.destroyed_subject WHERE subject = @subject`

func erased(ctx context.Context, db querier, subject uuid.UUID) (bool, error) {
	var erased bool
	err := db.QueryRow(ctx, isDestroyed, pgx.NamedArgs{"subject": subject}).Scan(&erased)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("look for destroyed key: %w", err)
	}
	return erased, nil
}
