package faults_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

const damagedBytes = 64 << 10 // of the end of the log

// crashed is the disk of a node that crashed with a write-ahead log longer than what is damaged.
func crashed(t *testing.T, s script) (disk image, wal string, acks []ack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	fs := newMemory(t)
	n, err := openOn(ctx, fs)
	require.NoError(t, err)
	for len(disk[wal]) < damagedBytes+8<<10 {
		require.NoError(t, appendOn(ctx, n, s, 20, &acks))
		disk = imageOf(t, fs)
		for name, data := range disk {
			if strings.HasSuffix(name, ".log") && (wal == "" || len(data) > len(disk[wal])) {
				wal = name
			}
		}
	}
	require.NoError(t, n.Close(ctx))
	return disk, wal, acks
}

// verdicts counts what starts on damaged disks said.
type verdicts struct{ whole, refused atomic.Int64 }

// judge starts a node on a damaged disk: it finds everything, or refuses and names the damage.
func (v *verdicts) judge(fs vfs.FS, s script, acks []ack) error {
	err := verifyOn(fs, s, acks)
	head, isHead := errors.AsType[*eventnode.HeadError](err)
	switch {
	case err == nil:
		v.whole.Add(1)
		return nil
	case isHead && head.Reason != "", pebble.IsCorruptionError(err):
		v.refused.Add(1)
		return nil
	}
	return err
}

// each runs fn for the numbers of a range, on all processors.
func each(t *testing.T, from, to, step int, fn func(i int) error) (count int) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := from; i < to; i += step {
		count++
		g.Go(func() error {
			if err := fn(i); err != nil {
				return fmt.Errorf("byte %d: %w", i, err)
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	return count
}

// patterns are the ways a byte is damaged; one byte gets one of them, in turn.
var patterns = []byte{0x01, 0x80, 0xff, 0x10}

// damages are done to a copy of a file.
var damages = map[string]func(data []byte, at int) []byte{
	"cut":     func(data []byte, at int) []byte { return data[:at] },
	"zeroed":  func(data []byte, at int) []byte { clear(data[at:]); return data }, // as a file that was allocated ahead
	"flipped": func(data []byte, at int) []byte { data[at] ^= patterns[at%len(patterns)]; return data },
}

// walShapes are logs of single appends and of appends with many events, and how many of their bytes are damaged in the full
// run: one of so many.
var walShapes = map[string]struct {
	script
	oneOf map[string]int
}{
	"single appends": {script{Writers: 1, MaxBatch: 1, MaxBytes: 400}, map[string]int{"cut": 1, "flipped": 1, "zeroed": 8}},
	"batches":        {script{Writers: 1, MaxBatch: 6, MaxBytes: 200}, map[string]int{"cut": 8, "flipped": 8, "zeroed": 8}},
}

func TestEveryDamagedByteOfTheLogIsNoticedOrHarmless(t *testing.T) {
	t.Parallel()
	for shape, s := range walShapes {
		disk, wal, acks := crashed(t, s.script)
		data := disk[wal]
		for name, damage := range damages {
			var v verdicts
			count := each(t, len(data)-damagedBytes, len(data), scale.Times(1021, s.oneOf[name]), func(at int) error {
				fs, err := disk.disk(wal, damage(append([]byte(nil), data...), at))
				if err != nil {
					return err
				}
				return v.judge(fs, s.script, acks)
			})
			t.Logf("fault: last 64 KiB of the log, %s, %s: %d starts, %d found everything, %d refused, 0 lost", shape, name, count, v.whole.Load(), v.refused.Load())
		}
	}
}

// newestEntry finds the newest entry of a sidecar in both of its copies: where it begins, and in which block it ends at the latest.
func newestEntry(t *testing.T, head []byte) (places [2]int) {
	t.Helper()
	const block, magic = 4 << 10, "\x00FLHEAD3"
	for i, half := range [][]byte{head[:len(head)/2], head[len(head)/2:]} {
		newest := uint64(0)
		for at := 0; at < len(half); at += block {
			if sequence := binary.LittleEndian.Uint64(half[at+8:]); string(half[at:at+8]) == magic && sequence > newest {
				newest, places[i] = sequence, at+i*len(half)
			}
		}
		require.Greater(t, newest, uint64(10))
	}
	return places
}

func TestEveryDamagedByteOfTheSidecarIsNoticedOrHarmless(t *testing.T) {
	t.Parallel()
	s := walShapes["batches"].script
	disk, _, acks := crashed(t, s)
	head := memoryDir + "/head"
	data := disk[head]
	for _, newest := range newestEntry(t, data) {
		var v verdicts
		count := each(t, newest-4<<10, newest+4<<10, scale.Times(499, 1), func(at int) error {
			fs, err := disk.disk(head, damages["flipped"](append([]byte(nil), data...), at))
			if err != nil {
				return err
			}
			return v.judge(fs, s, acks)
		})
		require.EqualValues(t, count, v.whole.Load(), "one copy is enough")
		t.Logf("fault: the two newest entries of a copy in the sidecar, flipped: %d starts, all found everything", count)
	}
	fs, err := disk.disk(head, make([]byte, len(data)))
	require.NoError(t, err)
	var v verdicts
	require.NoError(t, v.judge(fs, s, acks))
	require.EqualValues(t, 1, v.refused.Load(), "without a whole copy nothing is known")
}

func TestControlADamagedLogWithoutItsSidecarLosesEventsUnseen(t *testing.T) {
	t.Parallel()
	s := walShapes["single appends"].script
	disk, wal, acks := crashed(t, s)
	data := disk[wal]
	var lost, other atomic.Int64
	count := each(t, len(data)-damagedBytes, len(data), scale.Times(4093, 61), func(at int) error {
		fs, err := disk.disk(wal, damages["cut"](append([]byte(nil), data...), at))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		n, err := eventnode.Open(ctx, eventnode.Options{
			Clock: clock.System{}, Dir: memoryDir, Insecure: true, ReserveBytes: -1, FS: fs, FreeBytes: plenty, AdoptHead: true,
		})
		if err != nil { // Pebble noticed by itself
			other.Add(1)
			return nil
		}
		c := checker{script: s}
		if errors.Is(c.check(ctx, n, acks), errLost) {
			lost.Add(1)
		}
		return n.Close(ctx)
	})
	require.Positive(t, lost.Load())
	t.Logf("fault: control, log cut and its sidecar not asked: red in %d of %d starts, %d refused", lost.Load(), count, other.Load())
}

// TestControlASidecarWithoutTheLastBatchLosesItUnseen is the hole that the batch in the sidecar closes (ADR 0016).
func TestControlASidecarWithoutTheLastBatchLosesItUnseen(t *testing.T) {
	t.Parallel()
	s := walShapes["single appends"].script
	disk, wal, acks := crashed(t, s)
	head := memoryDir + "/head"
	older := append([]byte(nil), disk[head]...)
	for _, newest := range newestEntry(t, older) { // in both copies
		clear(older[newest : newest+16])
	}
	without := maps.Clone(disk)
	without[head] = older
	for name, red := range map[string]bool{"whole": false, "without the last batch": true} {
		image := disk
		if red {
			image = without
		}
		fs, err := image.disk(wal, damages["cut"](disk[wal], len(disk[wal])-4<<10)) // the last batch, and the mark of a sync
		require.NoError(t, err)
		require.Equal(t, red, errors.Is(verifyOn(fs, s, acks), errLost), name)
	}
	t.Logf("fault: control, last batch cut off and not in the sidecar: red in 1 of 1 starts")
}
