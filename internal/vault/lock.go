package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lockSubjects serializes destroying with making keys and search tokens:
// makers share it, so none of them can miss a destruction or wrap a key by
// one that is about to go. The file of bucket keys changes under it only.
const lockSubjects = 5_127_604_883_319_402

// unlockWithin bounds how long giving a lock back may take.
const unlockWithin = 5 * time.Second

// share makes tx a maker until its end.
func share(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock_shared($1)`, int64(lockSubjects))
	return err
}

// shared runs f in a transaction of a maker, with the ring as it is on disk:
// it stays so until the end of f.
func (v *Vault) shared(ctx context.Context, f func(tx pgx.Tx, r *ring) error) error {
	return pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := share(ctx, tx); err != nil {
			return err
		}
		r, err := v.file.read()
		if err != nil {
			return err
		}
		v.ring.Store(r)
		return f(tx, r)
	})
}

// alone runs f while no other process makes or destroys a key. f may end
// several transactions, on conn only: the pool may have no other one to give.
func (v *Vault) alone(ctx context.Context, f func(ctx context.Context, conn *pgxpool.Conn) error) (err error) {
	conn, err := v.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(lockSubjects)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, giveBack(ctx, conn)) }()
	unlock, err := v.file.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return f(ctx, conn)
}

// giveBack ends the lock, if need be with the connection.
func giveBack(ctx context.Context, conn *pgxpool.Conn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockWithin)
	defer cancel()
	if conn.Conn().IsClosed() {
		return nil // and so is the lock
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, int64(lockSubjects)); err != nil {
		return errors.Join(fmt.Errorf("unlock keys: %w", err), conn.Conn().Close(ctx))
	}
	return nil
}
