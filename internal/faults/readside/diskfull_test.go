package readside_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// smallDisk mounts a file system of its own, which ends with the test. Only
// root can, and only where there are loop devices.
func smallDisk(t *testing.T, size int64) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, size))
	dir, err := os.MkdirTemp("", "fl-disk-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Remove(dir)) })
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-m", "0", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("a disk of its own needs root and loop devices: %v: %v: %s", args, err, out)
		}
	}
	t.Cleanup(func() {
		var out []byte
		require.Eventually(t, func() bool { // the server's last process may still be there
			out, err = exec.Command("umount", dir).CombinedOutput()
			return err == nil
		}, patience, 50*time.Millisecond, "%s", out)
	})
	require.NoError(t, os.Chmod(dir, 0o711))
	return dir
}

// fill writes to a file until the disk is full, and returns what empties it.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	require.NoError(t, err)
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			block = block[:len(block)/4]
		}
	}
	require.NoError(t, f.Close())
	return func() { require.NoError(t, os.Remove(path)) }
}

func TestAFullDiskUnderPostgresLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 256<<20)
	s := newSite(t, disk)
	s.start()
	s.load = newLoad(t, s.h, 3, 2*time.Millisecond)
	rounds, died := scale.Times(1, 10), 0
	for range rounds {
		head := s.present().Head()
		eventually(t, "the read models go on", func() bool { return s.present().Head() > head+20 })
		empty := fill(t, disk)
		// Until the disk is met: a write that finds no room, or the server's end.
		met := s.load.failed.Load()
		eventually(t, "the full disk is felt", func() bool {
			_ = s.pg.Try("SELECT pg_switch_wal()") // the next piece of the log of changes has no room
			return s.load.failed.Load() > met+5 || s.codes.of("53100") > 0
		})
		pause(between(time.Millisecond, 300*time.Millisecond))
		empty()
		if s.pg.Died(time.Second) {
			died++
			s.pg.Up()
		}
		s.heal()
	}
	s.judge()
	s.requireEqualToAReplay()
	require.Empty(t, s.failures())
	t.Logf("fault: full disk under PostgreSQL: %d times, the server ended itself %d times; %d events; told by the server: %s", rounds, died, s.present().Head(), s.codes)
}
