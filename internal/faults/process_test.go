package faults_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// limit is how long anything may take before it counts as hanging.
const limit = 30 * time.Second

// process is a writer at work.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	acks   atomic.Int64
	read   chan struct{} // closed when its output has ended
	cancel context.CancelFunc
}

// start starts a writer, under a tool such as strace if prefix says so.
func (j job) start(t *testing.T, prefix ...string) *process {
	t.Helper()
	description, err := json.Marshal(j)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	command := append(slices.Clone(prefix), os.Args[0])
	p := &process{cmd: exec.CommandContext(ctx, command[0], command[1:]...), read: make(chan struct{}), cancel: cancel}
	p.cmd.Env = append(os.Environ(), writerVariable+"="+string(description), "GOMAXPROCS=2")
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.read)
		for r := bufio.NewReader(out); ; p.acks.Add(1) {
			if _, err := r.ReadByte(); err != nil {
				return
			}
		}
	}()
	return p
}

// waitAcks waits for a number of acknowledgements; false if the process ended before.
func (p *process) waitAcks(count int64) bool {
	for p.acks.Load() < count {
		select {
		case <-p.read:
			return p.acks.Load() >= count
		case <-time.After(200 * time.Microsecond):
		}
	}
	return true
}

// wait waits for the end of the process; a process that hangs is killed by its limit.
func (p *process) wait(t *testing.T) *os.ProcessState {
	t.Helper()
	<-p.read
	err := p.cmd.Wait()
	exit := (*exec.ExitError)(nil)
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	p.cancel()
	return p.cmd.ProcessState
}

// kill ends the process with SIGKILL.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		require.NoError(t, err)
	}
	p.wait(t)
}

// scratch is a folder on a file system in memory, if there is one, so that thousands of faults take minutes.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "fieldledger-faults-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// store is a node's folder with what is known of it.
type store struct {
	job
	checker checker
}

func newStore(dir, acks string, s script) *store {
	return &store{job: job{script: s, Dir: filepath.Join(dir, "node"), Acks: acks}, checker: checker{script: s}}
}

// verify opens the node as the next start would and checks it.
func (s *store) verify() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	acks, err := readAcks(s.Acks)
	if err != nil {
		return err
	}
	n, err := eventnode.Open(ctx, eventnode.Options{Clock: clock.System{}, Dir: s.Dir, Insecure: true, ReserveBytes: -1, MinFreeBytes: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close(ctx)) }()
	if err := s.checker.check(ctx, n, acks); err != nil {
		return err
	}
	return s.checker.repeat(ctx, n, acks)
}
