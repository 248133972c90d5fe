package faults_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loopDisk is a file system in a file, whose power can be cut.
type loopDisk struct{ image, mount string }

// notRun counts a fault as skipped and says why. Only faults that need a machine's own means may be skipped.
func notRun(t *testing.T, fault, why string) {
	t.Helper()
	t.Skipf("fault: NOT RUN: %s: %s", fault, why)
}

// newLoopDisk makes and mounts a file system of kind ext4 or xfs. Without root, loop devices or mkfs the test is skipped.
func newLoopDisk(t *testing.T, kind string, size int64) *loopDisk {
	t.Helper()
	dir := scratch(t)
	d := &loopDisk{image: filepath.Join(dir, "image"), mount: filepath.Join(dir, "mount")}
	require.NoError(t, os.Mkdir(d.mount, 0o700))
	file, err := os.Create(d.image)
	require.NoError(t, err)
	require.NoError(t, file.Truncate(size))
	require.NoError(t, file.Close())
	mkfs := map[string][]string{"ext4": {"mkfs.ext4", "-q", "-F"}, "xfs": {"mkfs.xfs", "-q", "-f"}}[kind]
	for _, command := range [][]string{append(mkfs, d.image), {"mount", "-o", "loop", d.image, d.mount}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			notRun(t, "loop disk with "+kind, command[0]+": "+err.Error()+" "+string(bytes.TrimSpace(out)))
		}
	}
	t.Cleanup(func() { d.unmount(t) })
	return d
}

func run(t *testing.T, command ...string) {
	t.Helper()
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	require.NoError(t, err, "%v: %s", command, out)
}

// unmount waits until nothing holds the file system any more.
func (d *loopDisk) unmount(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return exec.Command("umount", d.mount).Run() == nil }, limit, 5*time.Millisecond)
}

// remount is what a machine does when its power is back: it replays the file system's own journal.
func (d *loopDisk) remount(t *testing.T) {
	t.Helper()
	d.unmount(t)
	run(t, "mount", "-o", "loop", d.image, d.mount)
}
