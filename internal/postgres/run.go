package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// errBusy says that traces of an earlier server are still there.
var errBusy = errors.New("traces of an earlier server")

// run starts the server process and waits until it accepts connections. A
// start that meets what a dead server left behind is repeated for a while.
func run(ctx context.Context, bin Binaries, id identity, cluster string, opts Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	socket, err := claimSocketFolder()
	if err != nil {
		return nil, fmt.Errorf("make socket folder: %w", err)
	}
	if err := id.own(socket.path); err != nil {
		return nil, errors.Join(err, socket.remove())
	}
	retryUntil := time.NewTimer(retryFor)
	defer retryUntil.Stop()
	for {
		if err := dropReusedPidFile(cluster); err != nil {
			return nil, errors.Join(fmt.Errorf("drop pid file: %w", err), socket.remove())
		}
		s, err := runOnce(ctx, bin, id, cluster, socket, opts)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, errBusy) {
			return nil, errors.Join(err, socket.remove())
		}
		select {
		case <-time.After(20 * pollEvery):
		case <-retryUntil.C:
			return nil, errors.Join(err, socket.remove())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err, socket.remove())
		}
	}
}

func runOnce(ctx context.Context, bin Binaries, id identity, cluster string, socket *claimed, opts Options) (*Server, error) {
	log, from, err := openLog(filepath.Join(filepath.Dir(cluster), logFile))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the server has its own handle
	args := []string{"-D", cluster, "-k", socket.path}
	settings := serverSettings(opts)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	// The server must outlive ctx, which bounds the start alone.
	cmd := id.command(context.WithoutCancel(ctx), filepath.Join(bin.Dir, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	s := &Server{
		socketDir: socket.path, log: opts.Log, died: make(chan error, 1), stopping: make(chan struct{}),
		cmd: cmd, gone: make(chan struct{}), socket: socket,
	}
	folders := []string{socket.path}
	if opts.Temporary {
		folders = append(folders, opts.DataDir)
	}
	s.guard, err = startWatchdog(cmd.Process.Pid, folders)
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Signal(syscall.SIGINT), cmd.Wait())
	}
	go s.watch()
	if err := s.awaitReady(ctx, cluster); err != nil {
		if tail := readFrom(log.Name(), from); tail != "" {
			err = fmt.Errorf("%w: %s", err, tail)
			if strings.Contains(tail, "already exists") || strings.Contains(tail, "still in use") {
				err = fmt.Errorf("%w: %w", errBusy, err)
			}
		}
		close(s.stopping)
		return nil, errors.Join(err, s.interrupt(context.WithoutCancel(ctx)), s.guard.dismiss())
	}
	return s, nil
}

// watch collects the process and tells of an end that nobody asked for.
func (s *Server) watch() {
	s.exit = s.cmd.Wait()
	close(s.gone)
	select {
	case <-s.stopping:
	default:
		_ = s.guard.dismiss() // its process number may become another's; Stop tells the error
		s.died <- fmt.Errorf("postgres ended by itself: %w", cmpErr(s.exit, errors.New("exit status 0")))
	}
}

func cmpErr(err, fallback error) error {
	if err != nil {
		return err
	}
	return fallback
}

// awaitReady waits until the pid file of this very process says ready.
func (s *Server) awaitReady(ctx context.Context, cluster string) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.gone:
			return fmt.Errorf("postgres did not start: %w", cmpErr(s.exit, errors.New("exit status 0")))
		case <-ctx.Done():
			return fmt.Errorf("wait for postgres: %w", ctx.Err())
		case <-tick.C:
			if p, err := readPidFile(cluster); err == nil && p.ready && p.pid == s.cmd.Process.Pid {
				return nil
			}
		}
	}
}

func serverSettings(opts Options) map[string]string {
	settings := map[string]string{
		"listen_addresses":        "",
		"port":                    "5432",
		"unix_socket_permissions": "0700",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"jit":                     "off",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		"log_statement":           "none",
		// A statement's values can be personal data: they stay out of the log.
		"log_min_error_statement":           "panic",
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
		"max_connections":                   "100",
	}
	if opts.Mode == Test {
		maps.Copy(settings, map[string]string{
			"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
			"wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off",
			"max_connections": "300",
		})
	}
	maps.Copy(settings, opts.Settings)
	return settings
}

// openLog opens the server's log for appending and returns its present size.
// A log that has grown large is put aside first.
func openLog(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	var size int64
	if err == nil {
		size = info.Size()
	}
	if size > maxLogBytes {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, fmt.Errorf("put log aside: %w", err)
		}
		size = 0
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // our data folder
	if err != nil {
		return nil, 0, fmt.Errorf("open log: %w", err)
	}
	return f, size, nil
}

// readFrom returns what was written to the log since offset, at most its last 2 KiB.
func readFrom(path string, offset int64) string {
	f, err := os.Open(path) //nolint:gosec // our data folder
	if err != nil {
		return ""
	}
	defer f.Close() // only read
	raw, err := io.ReadAll(io.NewSectionReader(f, offset, maxLogBytes))
	if err != nil {
		return ""
	}
	if len(raw) > 2048 {
		raw = raw[len(raw)-2048:]
	}
	return strings.TrimSpace(string(raw))
}
