package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/postgres"
)

const (
	within = 30 * time.Second
	// A watchdog asks at once and gets harsh after 15 s: sooner than that
	// shows that it asked.
	askedWithin = 13 * time.Second
)

func startServer(t *testing.T, opts postgres.Options) *postgres.Server {
	t.Helper()
	server, err := postgres.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

func exec1(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func query1(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var answer string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

// dataDir is a folder that another user can reach but only its owner can enter.
func dataDir(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("/tmp", "fl-test-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(parent) })
	require.NoError(t, os.Chmod(parent, 0o711))
	return filepath.Join(parent, "postgres")
}

func ended(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestEveryIdentityThatWorksHereKeepsDataThroughARestart(t *testing.T) {
	t.Parallel()
	bin, _, err := postgres.Resolve(t.Context(), postgres.Options{})
	require.NoError(t, err)
	identities := postgres.Identities(t.Context(), bin)
	require.NotEmpty(t, identities)
	for _, identity := range identities {
		t.Run(identity, func(t *testing.T) {
			t.Parallel()
			opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Durable}.As(identity)
			server := startServer(t, opts)
			exec1(t, server.DSN(), "CREATE TABLE kept AS SELECT 'safe'::text AS word")
			require.NoError(t, server.Stop(t.Context()))
			require.NoDirExists(t, server.SocketDir())
			require.True(t, ended(server.Pid()))

			again := startServer(t, opts)
			require.Equal(t, "safe", query1(t, again.DSN(), "SELECT word FROM kept"))
		})
	}
}

func TestADataFolderGoesFromOneIdentityToAnother(t *testing.T) {
	t.Parallel()
	bin, _, err := postgres.Resolve(t.Context(), postgres.Options{})
	require.NoError(t, err)
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Test}
	identities := postgres.Identities(t.Context(), bin)
	for _, identity := range append(identities, identities[0]) {
		server := startServer(t, opts.As(identity))
		exec1(t, server.DSN(), "CREATE TABLE IF NOT EXISTS kept ()")
		require.NoError(t, server.Stop(t.Context()))
	}
}

func TestTheServerIsPrivateAndItsRoleIsNoSuperuser(t *testing.T) {
	t.Parallel()
	server := startServer(t, postgres.Options{Mode: postgres.Test, Temporary: true})
	require.Empty(t, query1(t, server.DSN(), "SHOW listen_addresses"))
	require.Equal(t, "false", query1(t, server.DSN(), "SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user"))
	require.Equal(t, "UTF8 C on", query1(t, server.DSN(),
		"SELECT concat_ws(' ', pg_encoding_to_char(encoding), datcollate, current_setting('data_checksums')) FROM pg_database WHERE datname = current_database()"))
	info, err := os.Stat(server.SocketDir())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	exec1(t, server.DSN(), "CREATE SCHEMA rm_ticket_v1_g1")
}

func TestASecondStartOnTheFolderUsesTheRunningServerAndDoesNotStopIt(t *testing.T) {
	t.Parallel()
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Test}
	first := startServer(t, opts)
	second := startServer(t, opts)
	require.Equal(t, first.DSN(), second.DSN())
	require.NoError(t, second.Stop(t.Context()))
	require.Equal(t, "1", query1(t, first.DSN(), "SELECT 1::text"))

	third := startServer(t, opts)
	require.NoError(t, first.Stop(t.Context()))
	select {
	case err := <-third.Died():
		require.Error(t, err)
	case <-time.After(within):
		require.Fail(t, "the user of a server was not told of its end")
	}
}

func TestTwoStartsAtOnceShareOneServer(t *testing.T) {
	t.Parallel()
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Test}
	type started struct {
		server *postgres.Server
		err    error
	}
	answers := make(chan started, 2)
	for range 2 {
		go func() {
			server, err := postgres.Start(t.Context(), opts)
			answers <- started{server, err}
		}()
	}
	first, second := <-answers, <-answers
	require.NoError(t, first.err)
	require.NoError(t, second.err)
	require.Equal(t, first.server.DSN(), second.server.DSN())
	require.NoError(t, first.server.Stop(t.Context()))
	require.NoError(t, second.server.Stop(t.Context()))
}

func TestAServerThatEndsByItselfIsReportedAndTheNextStartIsClean(t *testing.T) {
	t.Parallel()
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Durable}
	server := startServer(t, opts)
	exec1(t, server.DSN(), "CREATE TABLE kept AS SELECT 'safe'::text AS word")
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGKILL))
	select {
	case err := <-server.Died():
		require.ErrorContains(t, err, "killed")
		require.True(t, ended(server.WatchdogPid()), "a watchdog must not outlive what it watches: the number may be given again")
	case <-time.After(within):
		require.Fail(t, "the end of the server was not reported")
	}
	require.NoError(t, server.Stop(t.Context()))
	again := startServer(t, opts)
	require.Equal(t, "safe", query1(t, again.DSN(), "SELECT word FROM kept"))
}

func TestStopCutsOpenConnections(t *testing.T) {
	t.Parallel()
	server := startServer(t, postgres.Options{Mode: postgres.Test, Temporary: true})
	conn, err := pgx.Connect(t.Context(), server.DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, server.Stop(t.Context()))
	require.NoError(t, server.Stop(t.Context()), "a second stop answers as the first")
	require.Error(t, conn.Ping(t.Context()))
}

func TestAFolderWithDataOfAnotherBuildIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "pg14-other", "data"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pg14-other", "data", "PG_VERSION"), []byte("14\n"), 0o600))
	_, err := postgres.Start(t.Context(), postgres.Options{DataDir: dir})
	var mismatch *postgres.BuildMismatchError
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, "pg14-other", mismatch.Has)
}

func TestAFailedStartShowsTheEndOfTheLogAndLeavesNothing(t *testing.T) {
	t.Parallel()
	_, err := postgres.Start(t.Context(), postgres.Options{
		DataDir: dataDir(t), Mode: postgres.Test, Settings: map[string]string{"shared_buffers": "nonsense"},
	})
	require.ErrorContains(t, err, `invalid value for parameter "shared_buffers"`)
}

func TestAnInterruptedInitdbIsNotTakenForADatabase(t *testing.T) {
	t.Parallel()
	bin, _, err := postgres.Resolve(t.Context(), postgres.Options{})
	require.NoError(t, err)
	dir := dataDir(t)
	half := filepath.Join(dir, bin.Build, "new-1")
	require.NoError(t, os.MkdirAll(half, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600))
	startServer(t, postgres.Options{DataDir: dir, Mode: postgres.Test})
	require.NoDirExists(t, half)
}

func TestAPidFileWhoseNumberBelongsToAnotherProcessDoesNotHinderAStart(t *testing.T) {
	t.Parallel()
	bin, _, err := postgres.Resolve(t.Context(), postgres.Options{})
	require.NoError(t, err)
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Test}
	server := startServer(t, opts)
	cluster := filepath.Join(opts.DataDir, bin.Build, "data")
	pidFile := filepath.Join(cluster, "postmaster.pid")
	raw, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	require.NoError(t, server.Stop(t.Context()))

	other := exec.Command("sleep", "60")
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		other.Process.Kill()
		other.Wait()
	})
	_, rest, _ := strings.Cut(string(raw), "\n")
	require.NoError(t, os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s", other.Process.Pid, rest), 0o600))
	again := startServer(t, opts)
	require.Equal(t, "1", query1(t, again.DSN(), "SELECT 1::text"))
}

func TestAStartWaitsForAServerThatIsJustGoing(t *testing.T) {
	t.Parallel()
	bin, _, err := postgres.Resolve(t.Context(), postgres.Options{})
	require.NoError(t, err)
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Test}
	require.NoError(t, startServer(t, opts).Stop(t.Context()))
	cluster := filepath.Join(opts.DataDir, bin.Build, "data")

	going := exec.Command("sleep", "60")
	going.Dir = cluster // as a server's process has it
	require.NoError(t, going.Start())
	t.Cleanup(func() {
		going.Process.Kill()
		going.Wait()
	})
	pidFile := fmt.Sprintf("%d\n%s\n0\n5432\n/nowhere\n\n0 0\nstopping\n", going.Process.Pid, cluster)
	require.NoError(t, os.WriteFile(filepath.Join(cluster, "postmaster.pid"), []byte(pidFile), 0o600))
	answer := make(chan error, 1)
	go func() {
		server, err := postgres.Start(t.Context(), opts)
		if err == nil {
			err = server.Stop(t.Context())
		}
		answer <- err
	}()
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(filepath.Join(opts.DataDir, bin.Build, "postgres.log"))
		return err == nil && strings.Contains(string(log), "already exists")
	}, within, 10*time.Millisecond)
	require.NoError(t, going.Process.Kill())
	going.Wait()
	require.NoError(t, <-answer)
}

func TestSocketFoldersOfDeadProcessesAreSwept(t *testing.T) {
	t.Parallel()
	left, err := os.MkdirTemp("", "flpg-")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(left, "owner"), nil, 0o600))
	held := startServer(t, postgres.Options{Mode: postgres.Test, Temporary: true})
	startServer(t, postgres.Options{Mode: postgres.Test, Temporary: true})
	require.NoDirExists(t, left)
	require.DirExists(t, held.SocketDir())
}

// owner is another process that has started a server.
type owner struct {
	cmd             *exec.Cmd
	server, watcher int
	socketDir       string
}

func startOwner(t *testing.T, dir string) owner {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownerEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	o := owner{cmd: cmd}
	_, err = fmt.Sscan(line, &o.server, &o.watcher, &o.socketDir)
	require.NoError(t, err)
	return o
}

func (o owner) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, o.cmd.Process.Kill())
	o.cmd.Wait()
}

func TestAServerWhoseOwnerIsKilledStopsAndTheNextStartIsClean(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	owner := startOwner(t, dir)
	guest := startServer(t, postgres.Options{DataDir: dir})
	exec1(t, guest.DSN(), "CREATE TABLE kept AS SELECT 'safe'::text AS word")
	require.NoError(t, guest.Stop(t.Context()))

	owner.kill(t)
	require.Eventually(t, func() bool { return ended(owner.server) }, askedWithin, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		_, err := os.Stat(owner.socketDir)
		return os.IsNotExist(err)
	}, within, 10*time.Millisecond)
	again := startServer(t, postgres.Options{DataDir: dir})
	require.Equal(t, "safe", query1(t, again.DSN(), "SELECT word FROM kept"))
}

func TestAStartRightAfterTheOwnerWasKilledDoesNotUseTheServerThatIsAboutToGo(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	owner := startOwner(t, dir)
	owner.kill(t)
	server := startServer(t, postgres.Options{DataDir: dir})
	require.NotEqual(t, owner.server, server.Pid())
	require.Equal(t, "1", query1(t, server.DSN(), "SELECT 1::text"))
}

func TestAServerWhoseOwnerAndWatchdogAreKilledIsReplacedByTheNextStart(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	owner := startOwner(t, dir)
	require.NoError(t, syscall.Kill(owner.watcher, syscall.SIGKILL))
	owner.kill(t)
	require.False(t, ended(owner.server), "nobody is left to stop it")
	server := startServer(t, postgres.Options{DataDir: dir})
	require.True(t, ended(owner.server))
	require.Equal(t, "1", query1(t, server.DSN(), "SELECT 1::text"))
}

func TestRootDoesNotTakeTheDataOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // only root could
	}
	bin, _, err := postgres.Resolve(t.Context(), postgres.Options{})
	require.NoError(t, err)
	opts := postgres.Options{DataDir: dataDir(t), Mode: postgres.Test}
	require.NoError(t, startServer(t, opts).Stop(t.Context()))
	require.NoError(t, os.Chown(filepath.Join(opts.DataDir, bin.Build, "data"), 4242, 4242))
	_, err = postgres.Start(t.Context(), opts)
	require.ErrorContains(t, err, "belongs to user 4242")
}

func TestCtrlCReachesNeitherTheServerNorItsWatchdog(t *testing.T) {
	t.Parallel()
	server := startServer(t, postgres.Options{Mode: postgres.Test, Temporary: true})
	for _, pid := range []int{server.Pid(), server.WatchdogPid()} {
		group, err := syscall.Getpgid(pid)
		require.NoError(t, err)
		require.Equal(t, pid, group, "a process group of its own, so not the terminal's")
	}
}

func TestASocketPathStaysShortWhereTheTemporaryFolderIsDeep(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 60), strings.Repeat("e", 60))
	require.NoError(t, os.MkdirAll(deep, 0o700))
	t.Setenv("TMPDIR", deep)
	server := startServer(t, postgres.Options{DataDir: dataDir(t), Mode: postgres.Test})
	require.Equal(t, "1", query1(t, server.DSN(), "SELECT 1::text"))
}
