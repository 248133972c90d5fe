package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// watchdogScript waits for a word from us. End of file without it means that
// we are gone: the server is asked to stop, later more firmly, and the
// folders that only we used are removed.
const watchdogScript = `
trap "" INT TERM HUP
read -r word
[ "$word" = ok ] && exit 0
kill -INT "$0" 2>/dev/null
tries=0
while kill -0 "$0" 2>/dev/null && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
	[ $tries -eq 150 ] && kill -QUIT "$0" 2>/dev/null
done
rm -rf -- "$@"
`

// watchdog is a shell that outlives us by as long as the server needs to stop.
type watchdog struct {
	cmd  *exec.Cmd
	pipe *os.File
	once sync.Once
	err  error
}

func startWatchdog(pid int, folders []string) (*watchdog, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make watchdog pipe: %w", err)
	}
	defer read.Close() // the shell has its own handle
	args := append([]string{"-c", watchdogScript, strconv.Itoa(pid)}, folders...)
	cmd := exec.CommandContext(context.Background(), "/bin/sh", args...) //nolint:gosec // constant script
	cmd.Stdin = read
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start watchdog: %w", err), write.Close())
	}
	return &watchdog{cmd: cmd, pipe: write}, nil
}

// dismiss ends the watchdog without consequence, when the server is gone.
// Repeated calls return the first one's answer.
func (w *watchdog) dismiss() error {
	w.once.Do(func() {
		_, err := w.pipe.WriteString("ok\n")
		w.err = errors.Join(err, w.pipe.Close())
		limit := time.AfterFunc(watchdogWait, func() { _ = w.cmd.Process.Kill() })
		defer limit.Stop()
		if err := w.cmd.Wait(); err != nil {
			w.err = errors.Join(w.err, fmt.Errorf("end watchdog: %w", err))
		}
	})
	return w.err
}

// abandon leaves a server that did not stop in time to the watchdog.
func (w *watchdog) abandon() error {
	w.once.Do(func() { w.err = errors.Join(w.pipe.Close(), w.cmd.Process.Release()) })
	return w.err
}
