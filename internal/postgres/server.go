package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
)

const (
	adminRole = "postgres"    // made by initdb, used to make the other
	appRole   = "fieldledger" // no superuser; owns the database of the same name

	clusterFolder = "data"
	logFile       = "postgres.log"

	pollEvery    = 10 * time.Millisecond
	lockWithin   = 30 * time.Second
	retryFor     = 10 * time.Second // a dead server's traces can stay that long
	startWithin  = 60 * time.Second // recovery after a crash takes its time
	stopWithin   = 15 * time.Second // then SIGQUIT
	quitWithin   = 15 * time.Second
	maxLogBytes  = 16 << 20
	attachPoll   = 200 * time.Millisecond
	watchdogWait = 5 * time.Second
)

// Server is a running PostgreSQL: one that we started, one that was found
// alive in our data folder, or an external one. Safe for concurrent use.
type Server struct {
	socketDir string // empty for an external server
	url       string
	log       *slog.Logger
	died      chan error

	// Only of a server that we started.
	cmd      *exec.Cmd
	gone     chan struct{} // closed when the process has ended
	exit     error         // of the process; read after gone
	guard    *watchdog
	socket   *claimed
	lock     *flock.Flock
	data     *claimed // folder of a temporary server, removed after the stop
	stopOnce sync.Once
	stopErr  error
	stopping chan struct{} // closed when Stop begins
}

// Start finds binaries and runs a server on the data folder, or takes the
// external one. A server that is already alive in the folder is used and left
// running by Stop: only the process that started it stops it. Errors:
// *NotFoundError when there is no PostgreSQL, *BuildMismatchError when the
// folder holds data of another build, else what went wrong with the end of the
// server's log.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	bin, _, err := Resolve(ctx, opts)
	if err != nil {
		return nil, err
	}
	return StartBinaries(ctx, bin, opts)
}

// StartBinaries is Start with binaries that Resolve has found before.
func StartBinaries(ctx context.Context, bin Binaries, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	if bin.URL != "" {
		return &Server{url: bin.URL, log: opts.Log, died: make(chan error), stopping: make(chan struct{})}, nil
	}
	if opts.Temporary {
		return startTemporary(ctx, bin, opts)
	}
	if opts.DataDir == "" {
		return nil, errors.New("start postgres: no data folder given")
	}
	return startIn(ctx, bin, opts)
}

func startTemporary(ctx context.Context, bin Binaries, opts Options) (*Server, error) {
	if opts.DataDir != "" {
		return nil, errors.New("start postgres: a temporary server chooses its data folder")
	}
	data, err := claimDataFolder()
	if err != nil {
		return nil, fmt.Errorf("make temporary data folder: %w", err)
	}
	opts.DataDir = data.path
	s, err := startIn(ctx, bin, opts)
	if err != nil {
		return nil, errors.Join(err, data.remove())
	}
	s.data = data
	return s, nil
}

func startIn(ctx context.Context, bin Binaries, opts Options) (*Server, error) {
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := lockFolder(ctx, opts.DataDir)
	if err != nil {
		return nil, err
	}
	defer lock.Close() // the lock ends with the file
	if err := checkBuild(opts.DataDir, bin); err != nil {
		return nil, err
	}
	cluster := filepath.Join(opts.DataDir, bin.Build, clusterFolder)
	if s, err := attach(ctx, cluster, opts); s != nil || err != nil {
		return s, err
	}
	id, err := findIdentity(ctx, bin, opts.identity)
	if err != nil {
		return nil, err
	}
	if err := initialize(ctx, bin, id, cluster, opts); err != nil {
		return nil, err
	}
	if err := id.takeOver(opts.DataDir, cluster); err != nil {
		return nil, err
	}
	s, err := run(ctx, bin, id, cluster, opts)
	if err != nil {
		return nil, err
	}
	s.lock = flock.New(lock.Path())
	if err := prepareDatabase(ctx, s.AdminDSN()); err != nil {
		return nil, errors.Join(err, s.stop(context.WithoutCancel(ctx)))
	}
	opts.Log.InfoContext(ctx, "postgres started", "version", bin.Version, "source", string(bin.Source),
		"identity", id.name, "data_dir", cluster, "pid", s.cmd.Process.Pid)
	return s, nil
}

// lockFolder lets one process at a time start or stop a server in the folder.
func lockFolder(ctx context.Context, dataDir string) (*flock.Flock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockWithin)
	defer cancel()
	lock := flock.New(filepath.Join(dataDir, "lock"))
	if _, err := lock.TryLockContext(ctx, pollEvery); err != nil {
		return nil, fmt.Errorf("lock data folder %s: %w", dataDir, err)
	}
	return lock, nil
}

// attach takes the server that lives in the folder, if one does. One whose
// owner was killed is about to go and is not taken: its end is awaited.
func attach(ctx context.Context, cluster string, opts Options) (*Server, error) {
	p, err := readPidFile(cluster)
	if err != nil || !p.alive() {
		return nil, nil // no server is no error
	}
	if isAbandoned(p.socketDir) {
		if !interrupt(p) {
			return nil, fmt.Errorf("postgres process %d in %s, left by a killed process, does not stop", p.pid, cluster)
		}
		return nil, nil // no server is no error
	}
	if !p.ready || !answers(ctx, p.socketDir) {
		return nil, nil // it goes, and the start waits for that
	}
	s := &Server{socketDir: p.socketDir, log: opts.Log, died: make(chan error, 1), stopping: make(chan struct{}), gone: make(chan struct{})}
	opts.Log.InfoContext(ctx, "postgres is already running", "data_dir", cluster, "pid", p.pid)
	go s.watchAttached(p)
	return s, nil
}

// answers tells whether a server listens in the folder.
func answers(ctx context.Context, socketDir string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, socketURL(socketDir, adminRole, "postgres"))
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

func (s *Server) watchAttached(p pidFile) {
	defer close(s.gone)
	tick := time.NewTicker(attachPoll)
	defer tick.Stop()
	for {
		select {
		case <-s.stopping:
			return
		case <-tick.C:
			if !p.alive() {
				s.died <- errors.New("postgres was stopped by the process that had started it")
				return
			}
		}
	}
}

// DSN is the address of our database for a role without special rights, or
// the external address.
func (s *Server) DSN() string {
	if s.url != "" {
		return s.url
	}
	return socketURL(s.socketDir, appRole, appRole)
}

// AdminDSN is the address of the maintenance database for the superuser, or
// the external address. For tests, repair and measurements only.
func (s *Server) AdminDSN() string {
	if s.url != "" {
		return s.url
	}
	return socketURL(s.socketDir, adminRole, "postgres")
}

func socketURL(socketDir, role, database string) string {
	query := url.Values{"host": {socketDir}, "port": {"5432"}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Host: "", Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// Died receives one error if the server ends without Stop. It stays silent for
// an external server: its pool tells.
func (s *Server) Died() <-chan error { return s.died }

// Stop ends the server that Start started and returns when it is gone: within
// 15 s by cutting its connections, then by SIGQUIT, after which the next start
// recovers from the log. It is never killed harder. A server that was found
// running, or is external, is left alone. Close pools before. Repeated calls
// return the first one's answer.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		close(s.stopping)
		switch {
		case s.cmd != nil:
			s.stopErr = s.stopLocked(ctx)
		case s.gone != nil:
			<-s.gone
		}
	})
	return s.stopErr
}

// stopLocked holds the folder's lock, so that nobody attaches to a server
// that is about to go.
func (s *Server) stopLocked(ctx context.Context) error {
	lockCtx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if ok, _ := s.lock.TryLockContext(lockCtx, pollEvery); ok {
		defer s.lock.Close() // the lock ends with the file
	}
	return s.stop(ctx)
}

func (s *Server) stop(ctx context.Context) error {
	if err := s.interrupt(ctx); err != nil {
		return errors.Join(err, s.guard.abandon()) // it goes on, and removes the folders
	}
	err := errors.Join(s.guard.dismiss(), s.socket.remove())
	if s.data != nil {
		err = errors.Join(err, s.data.remove())
	}
	s.log.InfoContext(ctx, "postgres stopped")
	return err
}

func (s *Server) interrupt(ctx context.Context) error {
	for _, step := range []struct {
		signal syscall.Signal
		within time.Duration
	}{{syscall.SIGINT, stopWithin}, {syscall.SIGQUIT, quitWithin}} {
		if err := s.cmd.Process.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal postgres: %w", err)
		}
		limit := time.NewTimer(step.within)
		defer limit.Stop()
		select {
		case <-s.gone:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("stop postgres: %w", ctx.Err())
		case <-limit.C:
		}
	}
	return errors.New("postgres did not stop")
}
