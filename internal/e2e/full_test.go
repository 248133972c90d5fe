package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// onSmallDisk puts the installation's events on a disk of their own of 320 MiB. It needs root and loop devices; without them
// the test counts as skipped.
func (i *installation) onSmallDisk(t *testing.T) {
	t.Helper()
	events, image := filepath.Join(i.dir, "events"), filepath.Join(t.TempDir(), "image")
	require.NoError(t, os.MkdirAll(events, 0o700))
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, 320<<20))
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", "-m", "0", image}, {"mount", "-o", "loop", image, events}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("fault: NOT RUN: full disk under the program: %s: %v: %s", command[0], err, out)
		}
	}
	t.Cleanup(func() {
		require.Eventually(t, func() bool { return exec.Command("umount", events).Run() == nil }, patience, 10*time.Millisecond)
	})
}

// fillDisk takes all room on the disk of the events.
func (i *installation) fillDisk(t *testing.T, name string) {
	t.Helper()
	out, err := exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(i.dir, "events", name), "bs=64k").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "No space left")
}

func TestAFullDiskIsAnsweredWith503AndReadsGoOn(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.onSmallDisk(t)
	s := i.withIssuer(t).serve(t)
	s.hq(t)
	clerk := s.token(t, "clerk")
	register := func(key string) reply {
		return s.do(t, call{method: http.MethodPost, path: "/v1/tickets", body: newTicket, token: clerk, key: key})
	}
	first := register("first")
	require.Equal(t, http.StatusCreated, first.status, first.body)
	path := first.header.Get("Location")
	refused := func() {
		t.Helper()
		r := register(uuid.NewString())
		require.Equal(t, http.StatusServiceUnavailable, r.status, r.body)
		require.NotEmpty(t, r.header.Get("Retry-After"))
		require.Contains(t, r.body, "storage_full")
		require.Equal(t, first.status, register("first").status, "a repeat is answered as before")
		s.get(t, path, first, "clerk")
	}
	i.fillDisk(t, "taken")
	refused() // and the reserve is given up
	i.fillDisk(t, "taken-too")
	refused()

	require.Error(t, s.end(syscall.SIGKILL))
	s = i.serve(t) // on a disk without any room
	refused()
	require.Contains(t, s.out.String(), "open for reading only")
	require.NoError(t, os.Remove(filepath.Join(i.dir, "events", "taken")))
	require.NoError(t, os.Remove(filepath.Join(i.dir, "events", "taken-too")))
	second := register("second")
	require.Equal(t, http.StatusCreated, second.status, second.body)
	s.get(t, second.header.Get("Location"), second, "clerk")
	s.stop(t)
	t.Log("fault: disk full under the whole program: 503 with Retry-After, reads and start went on, writes resumed")
}
