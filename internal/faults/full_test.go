package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// smallDisk is a file system in memory that holds so many bytes and no more.
type smallDisk struct {
	vfs.FS // wraps the files
	mem    *vfs.MemFS
	holds  atomic.Int64
}

func newSmall(holds int64) *smallDisk { return smallOn(vfs.NewCrashableMem(), holds) }

func smallOn(mem *vfs.MemFS, holds int64) *smallDisk {
	d := &smallDisk{mem: mem}
	d.holds.Store(holds)
	d.FS = wrapFiles(d.mem, func(f vfs.File) vfs.File { return &smallFile{File: f, disk: d} })
	return d
}

// used adds up the files.
func (d *smallDisk) used() (sum int64) {
	for _, dir := range []string{memoryDir, memoryDir + "/log"} {
		names, _ := d.mem.List(dir) // none before the first start
		for _, name := range names {
			if info, err := d.mem.Stat(dir + "/" + name); err == nil && !info.IsDir() {
				sum += info.Size()
			}
		}
	}
	return sum
}

func (d *smallDisk) free() int64 { return max(0, d.holds.Load()-d.used()) }

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: uint64(d.free()), TotalBytes: uint64(d.holds.Load())}, nil
}

// smallFile takes what there is room for; what is written over needs none.
type smallFile struct {
	vfs.File
	disk *smallDisk
}

func (f *smallFile) Write(p []byte) (int, error) {
	if room := f.disk.free(); room < int64(len(p)) {
		n, err := f.File.Write(append([]byte(nil), p[:room]...))
		return n, errors.Join(err, syscall.ENOSPC)
	}
	return f.File.Write(p)
}

// again is the disk for a new process: what it had in memory is gone, what it had written is there.
func (d *smallDisk) again() *smallDisk {
	mem := d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	return smallOn(mem, d.holds.Load())
}

// closeFull closes a node whose disk may be too full to close the log; that says so and is like a crash.
func closeFull(ctx context.Context, n *eventnode.Node) error {
	if err := n.Close(ctx); !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return nil
}

const (
	smallReserve = 256 << 10
	smallMinFree = 128 << 10
)

func openSmall(ctx context.Context, d *smallDisk) (*eventnode.Node, error) {
	return eventnode.Open(ctx, eventnode.Options{
		Clock: clock.System{}, Dir: memoryDir, Insecure: true, FS: d, ReserveBytes: smallReserve, MinFreeBytes: smallMinFree,
	})
}

var fillers = script{Writers: 1, MaxBatch: 8, MaxBytes: 4_000}

// fillUp appends until there is no room. It fails if that is answered with anything else than "no space".
func fillUp(ctx context.Context, n *eventnode.Node, acks *[]ack) error {
	err := appendOn(ctx, n, fillers, 1_000, acks)
	switch {
	case err == nil:
		return errors.New("the disk never got full")
	case !errors.Is(err, commands.ErrStorageFull), n.Err() != nil:
		return errors.Join(err, n.Err())
	}
	return nil
}

// journal is what the sidecar takes of the disk before the first event (ADR 0025).
const journal = 4 << 20

// fullDisk goes through the life of a node on a disk of one size.
func fullDisk(holds int64) (acks []ack, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	d := newSmall(holds)
	n, err := openSmall(ctx, d)
	if err != nil {
		if !errors.Is(err, syscall.ENOSPC) {
			return nil, fmt.Errorf("a disk that holds no empty log: %w", err)
		}
		return nil, nil
	}
	check := func() error {
		c := checker{script: fillers}
		return c.check(ctx, n, acks)
	}
	if err := errors.Join(fillUp(ctx, n, &acks), check()); err != nil {
		return nil, fmt.Errorf("first: %w", err)
	}
	d.holds.Store(d.used()) // others take the rest
	if err := errors.Join(fillUp(ctx, n, &acks), check(), closeFull(ctx, n)); err != nil {
		return nil, fmt.Errorf("taken: %w", err)
	}
	d = d.again()
	d.holds.Store(d.used()) // and what the reserve gave
	if n, err = openSmall(ctx, d); err != nil {
		return nil, fmt.Errorf("start on a full disk: %w", err)
	}
	if err := errors.Join(fillUp(ctx, n, &acks), check()); err != nil {
		return nil, fmt.Errorf("again: %w", err)
	}
	d.holds.Store(16 << 20)
	if err := errors.Join(appendOn(ctx, n, fillers, 20, &acks), check(), n.Close(ctx)); err != nil {
		return nil, fmt.Errorf("with room: %w", err)
	}
	return acks, verifyOn(d.mem, fillers, acks)
}

func TestAFullDiskRefusesAppendsAndReadsOnWhereverItIsFull(t *testing.T) {
	t.Parallel()
	const from, to = journal - 64<<10, journal + 1536<<10
	unusable := atomic.Int64{}
	var most atomic.Int64
	sizes := each(t, from, to, scale.Times(97_001, 997), func(holds int) error {
		acks, err := fullDisk(int64(holds))
		if err != nil {
			return err
		}
		if acks == nil {
			unusable.Add(1)
		}
		most.Store(max(most.Load(), int64(len(acks))))
		return nil
	})
	require.Positive(t, most.Load(), "no disk was large enough to fill up")
	t.Logf("fault: disk full: %d sizes of disk from 4 MiB to 5.5 MiB, %d too small to start, up to %d acknowledgements, 0 lost", sizes, unusable.Load(), most.Load())
}

// TestADiskThatIsFullAtAnyStep: others take all room between the node's look at the free space and its write.
func TestADiskThatIsFullAtAnyStepStopsAppendsUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	tried := each(t, 1, 200, scale.Times(23, 1), takenAway)
	t.Logf("fault: all room taken at a moment of a session: %d moments, appends were refused, and went on with room, 0 lost", tried)
}

func takenAway(moment int) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	const plentiful = 1 << 30
	d := newSmall(plentiful)
	reserve := int64(-1)
	if moment%2 == 0 {
		reserve = smallReserve
	}
	n, err := eventnode.Open(ctx, eventnode.Options{
		Clock: clock.System{}, Dir: memoryDir, Insecure: true, FS: d, ReserveBytes: reserve, FreeBytes: plenty,
	})
	if err != nil {
		return err
	}
	acks := []ack{}
	if err := appendOn(ctx, n, fillers, moment%10, &acks); err != nil {
		return err
	}
	d.holds.Store(d.used() - max(0, reserve) + int64(moment)*173) // the next append, or one soon, finds no room
	for !errors.Is(err, commands.ErrStorageFull) {                // the one that finds it out ends with its own time
		call, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		err = appendOn(call, n, fillers, 100, &acks)
		stop()
		if err != nil && !errors.Is(err, commands.ErrStorageFull) && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return fmt.Errorf("a full disk is answered with: %w", err)
		}
	}
	c := checker{script: fillers}
	if err := c.check(ctx, n, acks); err != nil {
		return err
	}
	d.holds.Store(plentiful)
	for err != nil { // it takes a moment until the node sees the room
		if err = appendOn(ctx, n, fillers, 10, &acks); ctx.Err() != nil || n.Err() != nil {
			return errors.Join(err, n.Err())
		}
	}
	return errors.Join(n.Close(ctx), verifyOn(d.mem, fillers, acks))
}

// fatal notes that Pebble wants to end the process, and goes no further.
type fatal struct {
	pebble.Logger
	said chan string
}

func (f fatal) Fatalf(format string, args ...any) {
	f.said <- fmt.Sprintf(format, args...)
	select {}
}

func TestControlPebbleAloneOnAFullDiskEndsTheProcess(t *testing.T) {
	t.Parallel()
	d := newSmall(64 << 10)
	require.NoError(t, d.MkdirAll(memoryDir+"/log", 0o700))
	log := fatal{pebble.DefaultLogger, make(chan string, 100)}
	db, err := pebble.Open(memoryDir+"/log", &pebble.Options{FS: d, Logger: log, EventListener: &pebble.EventListener{}})
	require.NoError(t, err)
	go func() {
		for i := range 1_000 {
			_ = db.Set(fmt.Appendf(nil, "%d", i), make([]byte, 1_000), pebble.Sync)
		}
	}()
	select {
	case said := <-log.said:
		require.Contains(t, said, syscall.ENOSPC.Error())
	case <-time.After(limit):
		require.Fail(t, "the disk never got full")
	}
	t.Log("fault: control, Pebble alone on a full disk: red in 1 of 1, it ends the process")
}
