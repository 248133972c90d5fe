// Package pgfault gives fault tests a PostgreSQL of their own that can be
// stopped, killed, put back to an older copy, and cut off by a proxy, while its
// address stays the same.
//
// It is for tests only. The server is durable: what it acknowledged must
// outlive its processes.
package pgfault

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

// within bounds what a server has to do.
const within = time.Minute

// settings make faults come quickly.
var settings = map[string]string{
	"deadlock_timeout": "50ms", "max_connections": "250", "superuser_reserved_connections": "5", "max_wal_size": "64MB", "min_wal_size": "32MB",
}

// Server is a PostgreSQL that can be hurt. Its methods fail the test when they
// cannot do what they are asked for; they are not for concurrent use.
type Server struct {
	tb      testing.TB
	options postgres.Options
	server  *postgres.Server
	proxy   *tcpproxy.Proxy
	copies  int
}

// memory is where folders are in memory, on systems that have it. Killed
// processes lose no more there than on a disk.
const memory = "/dev/shm"

// Start starts a server on a new folder below parent, "" for any place, that
// ends with the test.
func Start(tb testing.TB, parent string) *Server {
	tb.Helper()
	if _, err := os.Stat(memory); parent == "" && err == nil {
		parent = memory
	}
	dir, err := os.MkdirTemp(parent, "fl-fault-")
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, os.RemoveAll(dir)) })
	require.NoError(tb, os.Chmod(dir, 0o711)) //nolint:gosec // the server's user has to get through
	s := &Server{tb: tb, options: postgres.Options{DataDir: filepath.Join(dir, "postgres"), Settings: maps.Clone(settings)}}
	s.Up()
	tb.Cleanup(s.Stop)
	s.proxy, err = tcpproxy.Listen(tb.Context(), "unix", s.socket())
	require.NoError(tb, err)
	tb.Cleanup(s.proxy.Close)
	pool, err := postgres.Open(tb.Context(), s.server.DSN(), postgres.PoolOptions{MaxConns: 1})
	require.NoError(tb, err)
	defer pool.Close()
	require.NoError(tb, postgres.Migrate(tb.Context(), pool))
	return s
}

// Proxy stands between the server and all that use DSN.
func (s *Server) Proxy() *tcpproxy.Proxy { return s.proxy }

// DSN is the address through the proxy. It stays the same.
func (s *Server) DSN() string {
	return fmt.Sprintf("postgres://fieldledger@%s/fieldledger?sslmode=disable", s.proxy.Addr())
}

// Pool opens a pool through the proxy that ends with the test.
func (s *Server) Pool() *pgxpool.Pool {
	s.tb.Helper()
	pool, err := postgres.Open(s.tb.Context(), s.DSN(), postgres.PoolOptions{MaxConns: 12})
	require.NoError(s.tb, err)
	s.tb.Cleanup(pool.Close)
	return pool
}

// Admin runs statements as superuser in our database, past the proxy.
func (s *Server) Admin(statements ...string) {
	s.tb.Helper()
	s.AsAdmin(func(ctx context.Context, conn *pgx.Conn) {
		for _, sql := range statements {
			_, err := conn.Exec(ctx, sql)
			require.NoError(s.tb, err, sql)
		}
	})
}

// Try runs a statement as superuser and returns what went wrong.
func (s *Server) Try(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.server.AdminDSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}

// AsAdmin lends a connection of the superuser in our database, past the proxy.
func (s *Server) AsAdmin(f func(ctx context.Context, conn *pgx.Conn)) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	config, err := pgx.ParseConfig(s.server.AdminDSN())
	require.NoError(s.tb, err)
	config.Database = "fieldledger"
	conn, err := pgx.ConnectConfig(ctx, config)
	require.NoError(s.tb, err)
	defer conn.Close(context.WithoutCancel(ctx))
	f(ctx, conn)
}

// Up starts the server if it does not run; new connections find it.
func (s *Server) Up() {
	s.tb.Helper()
	if s.server != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*within)
	defer cancel()
	server, err := postgres.Start(ctx, s.options)
	require.NoError(s.tb, err)
	s.server = server
	if s.proxy != nil {
		s.proxy.Target("unix", s.socket())
	}
}

// Stop stops the server in order.
func (s *Server) Stop() {
	s.tb.Helper()
	if s.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	require.NoError(s.tb, s.server.Stop(ctx))
	s.server = nil
}

// Kill kills the server's first process, as the machine does when it is out
// of memory.
func (s *Server) Kill() {
	s.tb.Helper()
	require.NoError(s.tb, syscall.Kill(s.pid(), syscall.SIGKILL))
	require.True(s.tb, s.Died(within))
}

// Died reports whether the server ends by itself within a time, and if so
// clears up behind it.
func (s *Server) Died(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-s.server.Died():
		s.tb.Log(err)
	case <-timer.C:
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_ = s.server.Stop(ctx) // it is gone; only its traces are left
	s.server = nil
	return true
}

// Copy copies the data folder of a stopped server.
func (s *Server) Copy() (copied string) {
	s.tb.Helper()
	require.Nil(s.tb, s.server, "the server runs")
	s.copies++
	copied = fmt.Sprintf("%s-copy-%d", s.options.DataDir, s.copies)
	s.copyTree(s.options.DataDir, copied)
	return copied
}

// Restore puts a copy in the place of the data folder of a stopped server.
func (s *Server) Restore(copied string) {
	s.tb.Helper()
	require.Nil(s.tb, s.server, "the server runs")
	require.NoError(s.tb, os.RemoveAll(s.options.DataDir))
	s.copyTree(copied, s.options.DataDir)
}

func (s *Server) copyTree(from, to string) {
	s.tb.Helper()
	out, err := exec.CommandContext(s.tb.Context(), "cp", "-a", from, to).CombinedOutput() //nolint:gosec // paths of this test
	require.NoError(s.tb, err, string(out))
}

func (s *Server) pidFile() []string {
	s.tb.Helper()
	found, err := filepath.Glob(filepath.Join(s.options.DataDir, "*", "data", "postmaster.pid"))
	require.NoError(s.tb, err)
	require.Len(s.tb, found, 1)
	raw, err := os.ReadFile(found[0])
	require.NoError(s.tb, err)
	return strings.Split(string(raw), "\n")
}

func (s *Server) pid() int {
	s.tb.Helper()
	pid, err := strconv.Atoi(s.pidFile()[0])
	require.NoError(s.tb, err)
	return pid
}

func (s *Server) socket() string {
	s.tb.Helper()
	return filepath.Join(s.pidFile()[4], ".s.PGSQL.5432")
}
