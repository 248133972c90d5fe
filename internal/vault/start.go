package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// start finds the ring, or makes the first one, and ends what was interrupted.
func (v *Vault) start(ctx context.Context, conn *pgxpool.Conn) error {
	r, err := v.find(ctx, conn)
	if err != nil {
		return err
	}
	if err := check(ctx, conn, r); err != nil {
		return err
	}
	r, err = v.settle(ctx, conn, r)
	v.ring.Store(r)
	return err
}

const readRing = `
-- Which ring of bucket keys is this database's; null before the first start of a vault.
SELECT vault_keys FROM fieldledger.installation`

const nameRing = `
-- Once and for all.
UPDATE fieldledger.installation SET vault_keys = @id WHERE vault_keys IS NULL`

// find reads the ring. It is made once: a folder without it is the wrong
// folder, for nothing else opens the keys that were wrapped by it.
func (v *Vault) find(ctx context.Context, conn *pgxpool.Conn) (*ring, error) {
	var known *uuid.UUID
	if err := conn.QueryRow(ctx, readRing).Scan(&known); err != nil {
		return nil, fmt.Errorf("read name of bucket keys: %w", err)
	}
	if err := v.file.sweep(); err != nil {
		return nil, err
	}
	r, err := v.file.read()
	switch {
	case errors.Is(err, fs.ErrNotExist) && known != nil:
		return nil, fmt.Errorf("%w: %w", ErrWrongKeys, err)
	case errors.Is(err, fs.ErrNotExist):
		if r, err = newRing(); err != nil {
			return nil, err
		}
		if err := v.file.write(r); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if known == nil {
		if _, err := conn.Exec(ctx, nameRing, pgx.NamedArgs{"id": r.id}); err != nil {
			return nil, fmt.Errorf("name bucket keys: %w", err)
		}
		return r, nil
	}
	if *known != r.id {
		return nil, fmt.Errorf("%s: %w", v.file.path, ErrWrongKeys)
	}
	return r, nil
}

const readWrappers = `
-- Every bucket key that is in use.
SELECT DISTINCT bucket, wrapped_by FROM vault.subject_key`

// check refuses an outdated ring: a bucket key that is in use is not in it.
func check(ctx context.Context, conn *pgxpool.Conn, r *ring) error {
	rows, err := conn.Query(ctx, readWrappers)
	if err != nil {
		return fmt.Errorf("read names of bucket keys: %w", err)
	}
	var bucket int16
	var by int64
	_, err = pgx.ForEachRow(rows, []any{&bucket, &by}, func() error {
		if _, ok := r.find(byte(bucket), by); !ok { //nolint:gosec // the column's check bounds it
			return fmt.Errorf("the key of bucket %d is outdated: %w", bucket, ErrWrongKeys)
		}
		return nil
	})
	return err
}
