package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/internal/postgres"
)

// ServerEnv names the variable with the address of a server to use instead of
// starting one.
const ServerEnv = "FIELDLEDGER_TEST_POSTGRES"

const (
	startWithin  = 2 * time.Minute // may include fetching binaries
	callWithin   = time.Minute
	closeWithin  = 10 * time.Second
	poolMaxConns = 8
	templateLock = 7_305_518_222_640_917 // held while the template is made
)

// shared is the server of this test process.
var shared struct {
	once   sync.Once
	err    error
	server *postgres.Server
	admin  *pgxpool.Pool // may create databases
	owner  string        // role that owns the databases; empty for the admin's own

	templateOnce sync.Once
	template     string
	templateErr  error
}

// Pool returns a pool on a migrated database of the test's own. Both are gone
// when the test has ended.
func Pool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return openPool(tb, DSN(tb))
}

// Empty is Pool without any migration.
func Empty(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return openPool(tb, EmptyDSN(tb))
}

// DSN returns the address of a migrated database of the test's own, dropped
// when the test has ended.
func DSN(tb testing.TB) string {
	tb.Helper()
	start(tb)
	shared.templateOnce.Do(func() { shared.template, shared.templateErr = makeTemplate() })
	if shared.templateErr != nil {
		tb.Fatalf("make template database: %v", shared.templateErr)
	}
	return newDatabase(tb, shared.template)
}

// EmptyDSN is DSN without any migration.
func EmptyDSN(tb testing.TB) string {
	tb.Helper()
	start(tb)
	return newDatabase(tb, "template0")
}

// Main is Run, and exits. Call it from TestMain. Without it the server still
// ends with the process.
func Main(m *testing.M, leaks ...goleak.Option) { os.Exit(Run(m, leaks...)) }

// Run runs the tests of a package, stops the server, fails when goroutines
// are left, and returns the exit code.
func Run(m *testing.M, leaks ...goleak.Option) int {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: %v\n", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(leaks...); err != nil {
			fmt.Fprintf(os.Stderr, "pgtest: %v\n", err)
			code = 1
		}
	}
	return code
}

func start(tb testing.TB) {
	tb.Helper()
	shared.once.Do(func() { shared.err = startServer() })
	if shared.err != nil {
		tb.Fatalf("start test database server: %v", shared.err)
	}
}

func startServer() error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	external := os.Getenv(ServerEnv)
	server, err := postgres.Start(ctx, postgres.Options{
		ExternalURL: external, Mode: postgres.Test, Temporary: external == "",
	})
	if err != nil {
		return err
	}
	if external == "" {
		shared.owner = "fieldledger"
	}
	admin, err := postgres.Open(ctx, server.AdminDSN(), postgres.PoolOptions{AppName: "pgtest", MaxConns: poolMaxConns})
	if err != nil {
		return errors.Join(err, server.Stop(ctx))
	}
	shared.server, shared.admin = server, admin
	return nil
}

func stop() error {
	if shared.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	defer cancel()
	shared.admin.Close()
	return shared.server.Stop(ctx)
}

// makeTemplate migrates a database once for all processes that use the server
// and carry the same migrations. It gets its name when it is complete.
func makeTemplate() (_ string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	defer cancel()
	digest, err := postgres.MigrationsDigest()
	if err != nil {
		return "", err
	}
	name, building := "fl_template_"+digest, "fl_building_"+digest
	conn, err := shared.admin.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return "", fmt.Errorf("lock template: %w", err)
	}
	defer func() {
		_, unlockErr := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(templateLock))
		err = errors.Join(err, unlockErr)
	}()
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		return "", fmt.Errorf("look for template: %w", err)
	}
	if exists {
		return name, nil
	}
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+building+" WITH (FORCE)"); err != nil {
		return "", fmt.Errorf("drop unfinished template: %w", err)
	}
	if err := create(ctx, building, "template0"); err != nil {
		return "", err
	}
	if err := migrate(ctx, building); err != nil {
		return "", err
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+name); err != nil {
		return "", fmt.Errorf("name template: %w", err)
	}
	return name, nil
}

func migrate(ctx context.Context, database string) error {
	dsn, err := address(database)
	if err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, dsn, postgres.PoolOptions{AppName: "pgtest", MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.Migrate(ctx, pool)
}

func newDatabase(tb testing.TB, template string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	defer cancel()
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	name := "fl_test_" + hex.EncodeToString(random)
	if err := create(ctx, name, template); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), callWithin)
		defer cancel()
		if _, err := shared.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop test database: %v", err)
		}
	})
	dsn, err := address(name)
	if err != nil {
		tb.Fatalf("address of test database: %v", err)
	}
	return dsn
}

// create clones a template by copying files, which is quickest, if the server can.
func create(ctx context.Context, name, template string) error {
	sql := "CREATE DATABASE " + name + " TEMPLATE " + template
	if shared.owner != "" {
		sql += " OWNER " + shared.owner
	}
	_, err := shared.admin.Exec(ctx, sql+" STRATEGY file_copy")
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "42601" { // PostgreSQL 14 knows no strategy
		_, err = shared.admin.Exec(ctx, sql)
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// address is the DSN of a database on the shared server, for its owner.
func address(database string) (string, error) {
	u, err := url.Parse(shared.server.DSN())
	if err != nil || u.Scheme == "" {
		cfg, parseErr := pgx.ParseConfig(shared.server.DSN())
		if parseErr != nil {
			return "", fmt.Errorf("read address of test server: %w", parseErr)
		}
		// The last of two equal keywords counts.
		return cfg.ConnString() + " dbname=" + database, nil
	}
	u.Path = "/" + database
	return u.String(), nil
}

func openPool(tb testing.TB, dsn string) *pgxpool.Pool {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	defer cancel()
	pool, err := postgres.Open(ctx, dsn, postgres.PoolOptions{AppName: tb.Name(), MaxConns: poolMaxConns})
	if err != nil {
		tb.Fatalf("open test database: %v", err)
	}
	tb.Cleanup(func() {
		closed := make(chan struct{})
		go func() {
			pool.Close()
			close(closed)
		}()
		limit := time.NewTimer(closeWithin)
		defer limit.Stop()
		select {
		case <-closed:
		case <-limit.C:
			tb.Errorf("a connection of the test database was not released")
		}
	})
	return pool
}
