package faults_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// session is a short run from the first start to the clean end.
var session = script{Writers: 2, MaxBatch: 3, MaxBytes: 200}

const sessionAppends = 12

// calls are the system calls by which a process changes a disk.
var calls = []string{"pwrite64", "write", "fsync", "fdatasync", "openat", "renameat", "unlinkat", "fallocate", "mkdirat", "ftruncate"}

// strace starts the session with a fault at the nth use of one system call by each thread.
func (s *store) strace(t *testing.T, call, fault string, nth int) *process {
	t.Helper()
	s.Appends = sessionAppends
	return s.start(t, "strace", "-f", "-qq", "-o", "/dev/null",
		"-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, fault, nth))
}

// needStrace skips the test where strace is missing or may not trace.
func needStrace(t *testing.T) {
	t.Helper()
	out, err := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "true").CombinedOutput()
	if err != nil {
		notRun(t, "faults at system calls", "strace: "+err.Error()+" "+string(out))
	}
}

// finish runs the session without a fault on what is there, and checks it.
func (s *store) finish(t *testing.T) {
	t.Helper()
	require.NoError(t, s.verify())
	p := s.start(t)
	require.Zero(t, p.wait(t).ExitCode(), p.stderr.String())
	require.NoError(t, s.verify())
}

func TestAKillAtEveryWriteAndSyncLosesNothing(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for _, call := range calls {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			kills := 0
			step := scale.Times(30, 1)
			for nth, finished := 1, 0; finished < scale.Times(1, 5); nth += step {
				dir := scratch(t)
				s := newStore(dir, filepath.Join(dir, "acks"), session)
				p := s.strace(t, call, "signal=KILL", nth)
				if p.wait(t).ExitCode() == 0 { // no thread made so many of these calls; in another run one may
					finished++
					continue
				}
				status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
				require.True(t, status.Signaled() && status.Signal() == syscall.SIGKILL, p.stderr.String())
				kills++
				s.finish(t)
			}
			t.Logf("fault: kill -9 at each %s of a session: %d kills, 0 lost", call, kills)
		})
	}
}

// namesTheFault is how a process says why it ended.
var namesTheFault = regexp.MustCompile(`(sync|write|open|rename|remove|unlink|mkdir|close|allocate)(at)? /[^ ]*: input/output error`)

func TestAFailedSyncEndsTheProcessAndSaysWhere(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for _, call := range []string{"fsync", "fdatasync", "pwrite64"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			ended := 0
			step := scale.Times(10, 1)
			for nth, finished := 1, 0; finished < scale.Times(1, 5); nth += step {
				dir := scratch(t)
				s := newStore(dir, filepath.Join(dir, "acks"), session)
				p := s.strace(t, call, "error=EIO", nth)
				if p.wait(t).ExitCode() == 0 {
					finished++
					continue
				}
				require.Equal(t, 1, p.cmd.ProcessState.ExitCode(), p.stderr.String())
				require.Regexp(t, namesTheFault, lastLine(p.stderr.String()))
				ended++
				s.finish(t)
			}
			t.Logf("fault: EIO at each %s of a session: %d processes ended and said so, 0 lost", call, ended)
		})
	}
}

func TestControlAProcessThatHidesAFailedSyncGoesOn(t *testing.T) {
	t.Parallel()
	needStrace(t)
	wentOn, times := 0, scale.Times(2, 12)
	for nth := range times {
		dir := scratch(t)
		s := newStore(dir, filepath.Join(dir, "acks"), session)
		s.Broken = "no errors"
		if p := s.strace(t, "fdatasync", "error=EIO", nth+1); p.wait(t).ExitCode() == 0 {
			wentOn++
		}
	}
	require.Positive(t, wentOn)
	t.Logf("fault: control, errors of syncs hidden: red in %d of %d sessions", wentOn, times)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
