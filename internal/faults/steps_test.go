package faults_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// steps is a disk that counts the steps by which it is changed, and calls at before each.
type steps struct {
	mu    sync.Mutex
	count int
	at    func(step int, op errorfs.Op) error
}

// MaybeError is errorfs.Injector.
func (s *steps) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead && op.Kind != errorfs.OpOpen || op.Kind == errorfs.OpFileClose {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return s.at(s.count, op)
}

func (s *steps) String() string { return "steps" }

// crash is a disk as a power cut leaves it, with what had been acknowledged.
type crash struct {
	step int
	disk vfs.FS
	acks []ack
}

// stepsOf are the sessions whose every step is tried: two starts on one disk.
var stepsOf = script{Writers: 1, MaxBatch: 4, MaxBytes: 300}

const stepAppends = 15

func TestAPowerCutAtEveryStepLosesNothing(t *testing.T) {
	t.Parallel()
	for _, unsynced := range []int{0, 20, 50, 80, 100}[:scale.Times(3, 5)] { // how much of what was not synced got to the disk all the same
		disk := newMemory(t)
		acks := []ack{}
		crashes := []crash{}
		random := rand.New(rand.NewPCG(1, uint64(unsynced)))
		s := &steps{at: func(step int, _ errorfs.Op) error {
			crashes = append(crashes, crash{step, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: random}), append([]ack(nil), acks...)})
			return nil
		}}
		for range 2 {
			require.NoError(t, sessionOn(errorfs.Wrap(disk, s), stepsOf, stepAppends, &acks))
		}
		tried := each(t, 0, len(crashes), scale.Times(10, 1), func(i int) error {
			c := crashes[i]
			if err := verifyOn(c.disk, stepsOf, c.acks); err != nil {
				return err
			}
			return errors.Join(sessionOn(c.disk, stepsOf, stepAppends, &c.acks), verifyOn(c.disk, stepsOf, c.acks))
		})
		t.Logf("fault: power cut at each of %d steps of two sessions, %d %% of unsynced data kept: %d tried, 0 lost", len(crashes), unsynced, tried)
	}
}

// failAt runs a session whose step fails once with EIO, and returns the op that failed and what was acknowledged before and in all.
func failAt(disk *vfs.MemFS, step int, hide bool) (op *errorfs.Op, before int, acks []ack, err error) {
	s := &steps{at: func(at int, o errorfs.Op) error {
		if at != step {
			return nil
		}
		op, before = &o, len(acks)
		return syscall.EIO
	}}
	var fs vfs.FS = errorfs.Wrap(disk, s)
	if hide {
		fs = wrapFiles(fs, func(f vfs.File) vfs.File { return noErrors{f} })
	}
	err = sessionOn(fs, stepsOf, stepAppends, &acks)
	return op, before, acks, err
}

func isSync(op *errorfs.Op) bool {
	return op != nil && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo)
}

func TestNothingIsAcknowledgedAfterAFailedSyncAtAnyStep(t *testing.T) {
	t.Parallel()
	syncs, others := 0, 0
	for step := 1; ; step += scale.Times(7, 1) {
		disk := newMemory(t)
		op, before, acks, err := failAt(disk, step, false)
		if op == nil {
			require.NoError(t, err)
			break
		}
		if isSync(op) {
			syncs++
			require.ErrorIs(t, err, syscall.EIO, "%+v", op)
			require.Len(t, acks, before, "%+v", op)
		} else {
			others++
		}
		for _, unsynced := range []int{0, 100} {
			left := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(1, 1))})
			require.NoError(t, verifyOn(left, stepsOf, acks), "step %d, %+v", step, op)
		}
	}
	t.Logf("fault: EIO at each step of a session: %d syncs and %d other steps, each sync ended it before the next acknowledgement, 0 lost", syncs, others)
}

func TestAFailedNodeTakesNothingMoreAndReadsOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, file := range []string{"/head", ".log"} {
		var bad atomic.Bool
		disk := newMemory(t)
		n, err := openOn(ctx, errorfs.Wrap(disk, &steps{at: func(_ int, op errorfs.Op) error {
			if bad.Load() && isSync(&op) && strings.HasSuffix(op.Path, file) {
				return syscall.EIO
			}
			return nil
		}}))
		require.NoError(t, err)
		acks := []ack{}
		require.NoError(t, appendOn(ctx, n, stepsOf, 3, &acks))
		bad.Store(true)
		head := n.Head()
		err = appendOn(ctx, n, stepsOf, 1, &acks)
		if file == ".log" { // it is synced a moment after the acknowledgement, for which the sidecar is enough
			require.NoError(t, err)
			head = n.Head()
		} else {
			require.Error(t, err)
			require.NotErrorIs(t, err, commands.ErrUnavailable, "the outcome is unknown")
		}
		<-n.Done()
		require.ErrorContains(t, n.Err(), file+": input/output error")
		bad.Store(false)
		require.ErrorIs(t, appendOn(ctx, n, stepsOf, 1, &acks), commands.ErrUnavailable, "a failed node takes nothing more")
		require.Equal(t, head, n.Head())
		c := checker{script: stepsOf}
		require.NoError(t, c.check(ctx, n, acks), "it reads on")
		require.NoError(t, n.Close(ctx))
		require.NoError(t, verifyOn(disk.CrashClone(vfs.CrashCloneCfg{}), stepsOf, acks))
	}
}

func TestControlAHiddenFailureOfASyncLosesEvents(t *testing.T) {
	t.Parallel()
	lost, syncs := 0, 0
	for step := 1; ; step++ {
		disk := newMemory(t)
		op, _, acks, _ := failAt(disk, step, true)
		if op == nil {
			break
		}
		if !isSync(op) {
			continue
		}
		syncs++
		left := disk.CrashClone(vfs.CrashCloneCfg{})
		if verifyOn(left, stepsOf, acks) != nil {
			lost++
		}
	}
	require.Positive(t, lost)
	t.Logf("fault: control, each failed sync hidden, then a power cut: red in %d of %d", lost, syncs)
}

func TestControlAPowerCutOfADiskThatIgnoresSyncsLosesEvents(t *testing.T) {
	t.Parallel()
	disk := newMemory(t)
	acks := []ack{}
	require.NoError(t, sessionOn(wrapFiles(disk, func(f vfs.File) vfs.File { return noSync{f} }), stepsOf, stepAppends, &acks))
	require.Error(t, verifyOn(disk.CrashClone(vfs.CrashCloneCfg{}), stepsOf, acks))
	t.Log("fault: control, power cut in memory without syncs: red in 1 of 1")
}
