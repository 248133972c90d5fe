package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

const (
	versionTable = "fieldledger.schema_version"
	// migrationLock is held while a migration runs. The database counts such
	// locks by number; this one means nothing else.
	migrationLock = 4_630_216_907_113_551
	latest        = -1
)

// Migrate brings the tables outside of read-model generations to the newest
// version. Several processes may call it at once: one works, the others wait.
// A database that is newer than this binary is an error and is not touched.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	return migrateTo(ctx, conn.Conn(), latest)
}

// MigrateTo brings the tables to version n, up or down; 0 removes them all
// with everything in them. Waits like Migrate.
func MigrateTo(ctx context.Context, conn *pgx.Conn, n int) error {
	if n < 0 {
		return fmt.Errorf("migrate to version %d: there is none below 0", n)
	}
	return migrateTo(ctx, conn, n)
}

func migrateTo(ctx context.Context, conn *pgx.Conn, n int) (err error) {
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer func() { err = errors.Join(err, unlockMigrations(ctx, conn)) }()
	if _, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS fieldledger"); err != nil {
		return fmt.Errorf("create schema: %w", err)
	}
	migrator, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	if err := migrator.LoadMigrations(files); err != nil {
		return fmt.Errorf("load migrations: %w", err)
	}
	if n == latest {
		n = len(migrator.Migrations)
	}
	if n > len(migrator.Migrations) {
		return fmt.Errorf("migrate to version %d: the newest is %d", n, len(migrator.Migrations))
	}
	if err := migrator.MigrateTo(ctx, int32(n)); err != nil { //nolint:gosec // at most the number of files
		return fmt.Errorf("migrate to version %d: %w", n, err)
	}
	return nil
}

// unlockMigrations gives the lock back even when ctx has ended; if it cannot,
// the connection is broken and the lock with it.
func unlockMigrations(ctx context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("unlock migrations: %w", err)
	}
	return nil
}

// MigrationsDigest names the set of migrations that this binary carries: 16
// hexadecimal digits that change with any of them. Tests name their template
// database by it.
func MigrationsDigest() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrationFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := migrationFiles.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", path, len(raw))
		sum.Write(raw)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
