package vault

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const recordDestroyed = `
-- Stays for ever, so that no new key is made.
INSERT INTO vault.destroyed_subject (subject, destroyed_at, reason)
VALUES (@subject, @now, @reason) ON CONFLICT DO NOTHING`

const deleteKey = `
-- Erases every value that was sealed for the subject.
DELETE FROM vault.subject_key WHERE subject = @subject`

const deleteTokens = `
-- Nothing finds the subject by name any more.
DELETE FROM vault.search_token WHERE subject = @subject`

// Destroy erases a subject for good: its key and search tokens go, and no new
// key is ever made for it, whether or not it had one (AUD-07). PostgreSQL may
// keep the bytes of the deleted row for a while; the bucket key that would
// open them is replaced and overwritten before Destroy returns.
//
// Doing it again changes nothing, and ends what an error left undone. What it
// was for goes into reason; no personal data there. Copies of the database
// and the bucket keys that were made before keep the key.
func (v *Vault) Destroy(ctx context.Context, subject uuid.UUID, reason string) error {
	err := v.alone(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		r, err := v.file.read()
		if err != nil {
			return err
		}
		if r, err = v.settle(ctx, conn, r); err != nil {
			return err
		}
		gone, err := erased(ctx, conn, subject)
		if err != nil || gone {
			return err
		}
		return v.destroy(ctx, conn, r, subject, reason)
	})
	v.ring.Store(nil) // the next use reads what is left
	v.keys.purge()    // AUD-07; even after an error: the commit may have been made
	if err != nil {
		return fmt.Errorf("destroy key of %s: %w", subject, err)
	}
	return nil
}

// destroy gives the subject's bucket a second key, moves all but the subject
// to it, and lets the first one go (AUD-07). Whatever step is the last one
// before a crash, the ring on disk opens every key in the database, and
// settle does the rest.
func (v *Vault) destroy(ctx context.Context, conn *pgxpool.Conn, r *ring, subject uuid.UUID, reason string) error {
	bucket := bucketOf(subject)
	key, err := newBucketKey()
	if err != nil {
		return err
	}
	if err := v.file.reached(); err != nil {
		return err
	}
	r = r.with(bucket, key)
	if err := v.file.write(r); err != nil {
		return err
	}
	_, err = v.replace(ctx, conn, r, bucket, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"subject": subject, "now": v.clock.Now(), "reason": reason}
		for _, sql := range []string{recordDestroyed, deleteKey, deleteTokens} {
			if _, err := tx.Exec(ctx, sql, args); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// settle lets every old bucket key go whose replacement was interrupted. Its
// new key may be the one of a subject that is to be destroyed, so destroying
// starts with a fresh one after it.
func (v *Vault) settle(ctx context.Context, conn *pgxpool.Conn, r *ring) (*ring, error) {
	for _, bucket := range r.replaced() {
		var err error
		if r, err = v.replace(ctx, conn, r, bucket, func(pgx.Tx) error { return nil }); err != nil {
			return nil, fmt.Errorf("replace key of bucket %d: %w", bucket, err)
		}
	}
	return r, nil
}

// replace moves a bucket from its old key in r to its new one, after first in
// the same transaction, and then writes the ring without the old one.
func (v *Vault) replace(ctx context.Context, conn *pgxpool.Conn, r *ring, bucket byte, first func(pgx.Tx) error) (*ring, error) {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		if err := rewrap(ctx, tx, r, bucket); err != nil {
			return err
		}
		return v.file.reached()
	})
	if err != nil {
		return nil, err
	}
	if err := v.file.reached(); err != nil {
		return nil, err
	}
	r = r.without(bucket)
	return r, v.file.write(r)
}

const readOld = `
-- The keys of a bucket that are not wrapped by its new key.
SELECT subject, wrapped_by, keyset FROM vault.subject_key
WHERE bucket = @bucket AND wrapped_by <> @by`

const writeNew = `
-- The same keys, wrapped by the new one.
UPDATE vault.subject_key k SET keyset = n.keyset, wrapped_by = @by
FROM unnest(@subjects::uuid[], @keysets::bytea[]) AS n (subject, keyset)
WHERE k.subject = n.subject`

// rewrap wraps all keys of a bucket by its new key.
func rewrap(ctx context.Context, tx pgx.Tx, r *ring, bucket byte) error {
	by := r.current(bucket).id
	rows, err := tx.Query(ctx, readOld, pgx.NamedArgs{"bucket": int16(bucket), "by": by})
	if err != nil {
		return fmt.Errorf("read keys of bucket %d: %w", bucket, err)
	}
	var subjects []uuid.UUID
	var keysets [][]byte
	var old wrapped
	_, err = pgx.ForEachRow(rows, []any{&old.subject, &old.by, &old.keyset}, func() error {
		handle, err := old.open(r)
		if err != nil {
			return err
		}
		w, err := wrap(r, old.subject, handle)
		if err != nil {
			return err
		}
		subjects, keysets = append(subjects, w.subject), append(keysets, w.keyset)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read keys of bucket %d: %w", bucket, err)
	}
	if _, err := tx.Exec(ctx, writeNew, pgx.NamedArgs{"by": by, "subjects": subjects, "keysets": keysets}); err != nil {
		return fmt.Errorf("write keys of bucket %d: %w", bucket, err)
	}
	return nil
}
