package faults_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are one call: the file system stops at once, and what is in memory alone is gone.
const (
	shutdownCall = 0x8004587d // _IOR('X', 125, __u32)
	noLogFlush   = 2
)

// cut cuts the power: nothing that was not synced gets to the disk any more.
func (d *loopDisk) cut(t *testing.T) {
	t.Helper()
	root, err := os.Open(d.mount)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(root.Fd()), shutdownCall, noLogFlush))
	require.NoError(t, root.Close())
}

// diskSizes: XFS has a minimum. The images are sparse.
var diskSizes = map[string]int64{"ext4": 256 << 20, "xfs": 320 << 20}

// cutPower starts a writer and cuts the power after some acknowledgements and a moment. The writer must notice and end.
func (s *store) cutPower(t *testing.T, d *loopDisk) (acks int64) {
	t.Helper()
	p := s.start(t)
	after := rand.Int64N(40)
	running := p.waitAcks(after)
	time.Sleep(rand.N(3 * time.Millisecond)) // the fault's own moment, not a wait for something
	d.cut(t)
	state := p.wait(t)
	require.Equal(t, 1, state.ExitCode(), "the process ends by itself: %s", p.stderr.String())
	if running && after > 0 && s.Broken == "" {
		require.Contains(t, p.stderr.String(), "input/output error")
	}
	d.remount(t)
	return p.acks.Load()
}

func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	for kind, size := range diskSizes {
		for name, shape := range shapes {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				outside := scratch(t)
				var d *loopDisk
				var s *store
				var acks int64
				cuts := scale.Times(1, 84)
				for i := range cuts {
					if i%28 == 0 { // a new disk, so that the first start is met as well
						d = newLoopDisk(t, kind, size)
						s = newStore(d.mount, filepath.Join(outside, "acks"+string(rune('a'+i/28))), shape)
					}
					acks += s.cutPower(t, d)
					require.NoError(t, s.verify())
				}
				t.Logf("fault: power cut, %s, %s: %d cuts, %d acknowledgements, 0 lost", kind, name, cuts, acks)
			})
		}
	}
}

func TestControlAPowerCutWithoutSyncsLosesEvents(t *testing.T) {
	t.Parallel()
	for kind, size := range diskSizes {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			outside := scratch(t)
			times := scale.Times(1, 10)
			for i := range times {
				d := newLoopDisk(t, kind, size)
				s := newStore(d.mount, filepath.Join(outside, "acks"+string(rune('a'+i))), shapes["16 writers"])
				s.Broken = "no syncs"
				p := s.start(t)
				require.True(t, p.waitAcks(100), p.stderr.String())
				d.cut(t)
				p.kill(t)
				d.remount(t)
				require.Error(t, s.verify())
			}
			t.Logf("fault: control, %s without syncs: red in %d of %d cuts", kind, times, times)
		})
	}
}
