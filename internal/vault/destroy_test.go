package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/vault"
)

// stored returns a subject's keyset as PostgreSQL may keep it for long.
func (p place) stored(t *testing.T, subject uuid.UUID) []byte {
	t.Helper()
	var b []byte
	require.NoError(t, p.pool.QueryRow(t.Context(), `SELECT keyset FROM vault.subject_key WHERE subject = $1`, subject).Scan(&b))
	return b
}

// opens reports whether any file of the folder holds what opens a stored keyset.
func (p place) opens(t *testing.T, subject uuid.UUID, stored []byte) bool {
	t.Helper()
	for _, name := range p.files(t) {
		content, err := os.ReadFile(filepath.Join(p.dir, name))
		require.NoError(t, err)
		for _, secret := range vault.Secrets(p.master, content) {
			if vault.Unwraps(secret, subject, stored) {
				return true
			}
		}
	}
	return false
}

func (p place) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// neighbours returns subjects of one bucket.
func neighbours(n int) []uuid.UUID {
	found := []uuid.UUID{uuid.New()}
	for len(found) < n {
		if s := uuid.New(); vault.BucketOf(s) == vault.BucketOf(found[0]) {
			found = append(found, s)
		}
	}
	return found
}

func sealAll(t *testing.T, v desk, subjects []uuid.UUID) []domain.Sealed {
	t.Helper()
	sealed := make([]domain.Sealed, len(subjects))
	for i, s := range subjects {
		var err error
		sealed[i], err = v.Seal(t.Context(), s, "name", strconv.Itoa(i))
		require.NoError(t, err)
	}
	return sealed
}

func requireAll(t *testing.T, v desk, sealed []domain.Sealed, first int) {
	t.Helper()
	for i, s := range sealed {
		got, err := v.Open(t.Context(), s, "name")
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(first+i), got)
	}
}

// AUD-07: what PostgreSQL keeps of a deleted row, in tables and log, is of no use
// with all the files that are left.
func TestAUD07NothingThatIsLeftOpensTheKeyOfADestroyedSubject(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	subjects := append(neighbours(5), uuid.New(), uuid.New())
	li := subjects[0]
	sealed := sealAll(t, v, subjects)
	dead := p.stored(t, li)
	ring, err := os.ReadFile(filepath.Join(p.dir, vault.KeysFile))
	require.NoError(t, err)
	require.True(t, p.opens(t, li, dead), "before, the files open it")

	require.NoError(t, v.Destroy(t.Context(), li, "asked for it"))
	require.False(t, p.opens(t, li, dead), "after, no file does")
	require.Equal(t, []string{vault.MasterFile, vault.KeysFile, vault.KeysFile + ".lock"}, p.files(t))
	info, err := os.Stat(filepath.Join(p.dir, vault.KeysFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Equal(t, int64(len(ring)), info.Size(), "one key for each bucket")
	require.True(t, p.opens(t, subjects[1], p.stored(t, subjects[1])), "the others stay")
	for _, v := range []desk{v, p.open(t, vault.Options{})} {
		requireAll(t, v, sealed[1:], 1)
		_, err := v.Open(t.Context(), sealed[0], "name")
		require.ErrorIs(t, err, vault.ErrErased)
	}

	before, err := os.ReadFile(filepath.Join(p.dir, vault.KeysFile))
	require.NoError(t, err)
	require.NoError(t, v.Destroy(t.Context(), li, "asked again"))
	after, err := os.ReadFile(filepath.Join(p.dir, vault.KeysFile))
	require.NoError(t, err)
	require.Equal(t, before, after, "again, nothing is replaced")
}

func TestAUD07TheBytesOfTheOldKeysAreOverwritten(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	old, err := os.Open(filepath.Join(p.dir, vault.KeysFile)) // as a study of the disk would
	require.NoError(t, err)
	defer old.Close()
	require.NoError(t, v.Destroy(t.Context(), uuid.New(), "asked for it"))
	content := make([]byte, 32<<10)
	n, _ := old.Read(content)
	require.Greater(t, n, vault.Buckets*32)
	require.Equal(t, make([]byte, n), content[:n])
}

var errCrash = errors.New("the process ends here")

// interrupted makes a subject's destruction end at its nth step, as a crash
// would, and reports whether there was such a step.
func interrupted(t *testing.T, v desk, subject uuid.UUID, nth int) bool {
	t.Helper()
	step := 0
	v.Interrupt(func() error {
		if step++; step == nth {
			return errCrash
		}
		return nil
	})
	err := v.Destroy(t.Context(), subject, "asked for it")
	if step < nth {
		require.NoError(t, err)
		return false
	}
	require.ErrorIs(t, err, errCrash)
	return true
}

func TestAUD07ACrashAtAnyStepOfADestructionLosesNothingAndIsBroughtToItsEnd(t *testing.T) {
	t.Parallel()
	const steps = 9 // start; file written, renamed, wiped; in and after the transaction; file again
	subjects := 0
	for nth := 1; ; nth++ {
		p := newPlace(t)
		v := p.open(t, vault.Options{})
		group := append(neighbours(4), uuid.New())
		sealed := sealAll(t, v, group)
		dead := p.stored(t, group[0])
		if !interrupted(t, v, group[0], nth) {
			require.Equal(t, steps+1, nth)
			return
		}

		running := p.open(t, vault.Options{}) // ends what was interrupted
		requireAll(t, running, sealed[1:], 1)
		sealAll(t, running, []uuid.UUID{uuid.New()})
		require.NotContains(t, p.files(t), vault.KeysFile+".new")
		_, err := running.Open(t.Context(), sealed[0], "name")
		if count(t, p.pool, "vault.destroyed_subject") == 1 {
			require.ErrorIs(t, err, vault.ErrErased, "step %d", nth)
			require.False(t, p.opens(t, group[0], dead), "step %d", nth)
			subjects++
		} else {
			require.NoError(t, err, "step %d: not destroyed yet", nth)
			dead = p.stored(t, group[0]) // wrapped anew, if the old key had gone
			require.True(t, p.opens(t, group[0], dead))
		}

		require.NoError(t, running.Destroy(t.Context(), group[0], "asked again"))
		require.False(t, p.opens(t, group[0], dead), "step %d", nth)
		_, err = running.Open(t.Context(), sealed[0], "name")
		require.ErrorIs(t, err, vault.ErrErased)
		for _, v := range []desk{v, running, p.open(t, vault.Options{})} {
			requireAll(t, v, sealed[1:], 1)
		}
	}
}

// The process that was interrupted lives on: asked again, it ends what it began.
func TestAUD07ADestructionThatFailedIsEndedWhenAskedAgain(t *testing.T) {
	t.Parallel()
	for nth := 1; nth <= 9; nth++ {
		p := newPlace(t)
		v := p.open(t, vault.Options{})
		group := neighbours(4)
		sealed := sealAll(t, v, group)
		dead, other := p.stored(t, group[0]), p.stored(t, group[1])
		require.True(t, interrupted(t, v, group[0], nth))
		made, err := v.Seal(t.Context(), neighbourOf(group[0]), "name", "9") // between the two
		require.NoError(t, err)
		v.Interrupt(nil)
		require.NoError(t, v.Destroy(t.Context(), group[0], "asked again"))
		require.False(t, p.opens(t, group[0], dead), "step %d", nth)
		require.NoError(t, v.Destroy(t.Context(), group[1], "asked for it"))
		require.False(t, p.opens(t, group[1], other), "step %d", nth)
		for _, v := range []desk{v, p.open(t, vault.Options{})} {
			requireAll(t, v, sealed[2:], 2)
			requireAll(t, v, []domain.Sealed{made}, 9)
			for _, s := range sealed[:2] {
				_, err := v.Open(t.Context(), s, "name")
				require.ErrorIs(t, err, vault.ErrErased)
			}
		}
	}
}

func neighbourOf(subject uuid.UUID) uuid.UUID {
	for {
		if s := uuid.New(); vault.BucketOf(s) == vault.BucketOf(subject) {
			return s
		}
	}
}

// A subject whose keyset was wrapped by the new key of an interrupted
// replacement must not be opened by it after its destruction.
func TestAUD07ANewKeyThatWasInUseIsNotTakenForAnotherDestruction(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	group := neighbours(2)
	sealAll(t, v, group)
	require.True(t, interrupted(t, v, group[0], 5)) // both keys are on disk, no row has moved
	late := neighbourOf(group[0])
	sealAll(t, v, []uuid.UUID{late})
	dead := p.stored(t, late)
	v.Interrupt(nil)
	require.NoError(t, v.Destroy(t.Context(), late, "asked for it"))
	require.False(t, p.opens(t, late, dead))
}

func TestAUD07AProcessWithAnOutdatedRingReadsItAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	here, there := p.open(t, vault.Options{}), p.open(t, vault.Options{CacheSize: 1})
	group := neighbours(6)
	sealed := sealAll(t, here, group)
	requireAll(t, there, sealed, 0)
	require.NoError(t, here.Destroy(t.Context(), group[0], "asked for it"))
	requireAll(t, there, sealed[1:], 1) // wrapped by a key that it has not seen

	require.NoError(t, here.Destroy(t.Context(), group[1], "asked for it"))
	late := neighbourOf(group[0])
	made := sealAll(t, there, []uuid.UUID{late}) // never by a key that is gone
	requireAll(t, here, made, 0)
	requireAll(t, p.open(t, vault.Options{}), made, 0)

	require.NoError(t, there.Destroy(t.Context(), group[2], "asked for it"))
	require.NoError(t, here.Destroy(t.Context(), group[3], "asked for it"))
	for _, v := range []desk{here, there, p.open(t, vault.Options{})} {
		requireAll(t, v, sealed[4:], 4)
		requireAll(t, v, made, 0)
	}
}

// Two processes seal, open, make and destroy within few buckets: what was
// not destroyed opens, and what was does not.
func TestAUD07DestructionsBesideSealsInTwoProcessesLoseNoKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	o := vault.Options{CacheSize: 2, Recheck: time.Millisecond}
	desks := []desk{p.open(t, o), p.open(t, o)}
	subjects := append(neighbours(12), neighbours(12)...)
	sealed := sealAll(t, desks[0], subjects)
	dead := make([][]byte, len(subjects))
	for i, s := range subjects {
		dead[i] = p.stored(t, s)
	}
	fresh := make([]domain.Sealed, len(subjects))
	faults := make([]error, 2*len(subjects))
	var wg sync.WaitGroup
	for i, s := range subjects {
		if i%3 == 0 {
			wg.Go(func() { faults[i] = desks[i%2].Destroy(t.Context(), s, "asked for it") })
		}
		wg.Go(func() {
			v := desks[(i+1)%2]
			if fresh[i], faults[len(subjects)+i] = v.Seal(t.Context(), neighbourOf(s), "name", strconv.Itoa(i)); i%3 == 0 {
				return
			}
			_, err := v.Open(t.Context(), sealed[i], "name")
			faults[len(subjects)+i] = errors.Join(faults[len(subjects)+i], err)
		})
	}
	wg.Wait()
	for _, err := range faults {
		require.NoError(t, err)
	}
	desks = append(desks, p.open(t, vault.Options{}))
	for i := range subjects {
		for _, v := range desks {
			v.clock.Advance(time.Minute)
			requireAll(t, v, fresh[i:i+1], i)
			if i%3 != 0 {
				requireAll(t, v, sealed[i:i+1], i)
				continue
			}
			_, err := v.Open(t.Context(), sealed[i], "name")
			require.ErrorIs(t, err, vault.ErrErased)
		}
		if i%3 == 0 {
			require.False(t, p.opens(t, subjects[i], dead[i]))
		}
	}
}

// A caller that gives up leaves nothing locked and nothing lost.
func TestADestructionGivenUpWhileItWaitsHoldsNoLock(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, other := p.open(t, vault.Options{}), p.open(t, vault.Options{})
	sealed := sealAll(t, v, []uuid.UUID{uuid.New()})
	ctx, cancel := context.WithCancel(t.Context())
	v.Interrupt(func() error { // it holds the locks
		short, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer end()
		require.Error(t, other.Destroy(short, uuid.New(), "asked for it"))
		cancel()
		return nil
	})
	require.ErrorIs(t, v.Destroy(ctx, uuid.New(), "asked for it"), context.Canceled)
	v.Interrupt(nil)
	require.NoError(t, other.Destroy(t.Context(), uuid.New(), "asked for it"))
	for _, v := range []desk{v, other} {
		requireAll(t, v, sealed, 0)
		requireAll(t, v, sealAll(t, v, []uuid.UUID{uuid.New()}), 0)
	}
}

func TestTheBucketKeysAreMadeOnceAndNeverAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	desks := make([]desk, 6)
	var wg sync.WaitGroup
	for i := range desks {
		wg.Go(func() { desks[i] = p.open(t, vault.Options{}) })
	}
	wg.Wait()
	sealed := sealAll(t, desks[0], []uuid.UUID{uuid.New()})
	requireAll(t, desks[5], sealed, 0)
	path := filepath.Join(p.dir, vault.KeysFile)
	right, err := os.ReadFile(path)
	require.NoError(t, err)
	refused := func(want error) {
		_, err := vault.Open(t.Context(), p.pool, p.master, desks[0].clock, vault.Options{Dir: p.dir})
		require.ErrorIs(t, err, want)
	}

	require.NoError(t, os.Remove(path))
	refused(vault.ErrWrongKeys)
	require.NoFileExists(t, path, "keys made anew would open nothing")

	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte{0}, len(right)), 0o600))
	refused(vault.ErrWrongMasterKey)

	require.NoError(t, os.WriteFile(path, right, 0o600))
	other := place{newPlace(t).pool, t.TempDir(), p.master}
	other.open(t, vault.Options{})
	alien, err := os.ReadFile(filepath.Join(other.dir, vault.KeysFile))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, alien, 0o600))
	refused(vault.ErrWrongKeys)

	empty := place{newPlace(t).pool, t.TempDir(), p.master}
	v := empty.open(t, vault.Options{})
	require.NoError(t, os.WriteFile(filepath.Join(empty.dir, vault.KeysFile), alien, 0o600))
	_, err = vault.Open(t.Context(), empty.pool, empty.master, v.clock, vault.Options{Dir: empty.dir})
	require.ErrorIs(t, err, vault.ErrWrongKeys, "though no key is stored yet")

	require.NoError(t, os.WriteFile(path, right, 0o600))
	neighbour := neighbourOf(sealed[0].Subject)
	require.NoError(t, desks[0].Destroy(t.Context(), neighbour, "asked for it"))
	newer, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, right, 0o600)) // as from a backup
	refused(vault.ErrWrongKeys)
	require.NoError(t, os.WriteFile(path, newer, 0o600))
	requireAll(t, p.open(t, vault.Options{}), sealed, 0)

	require.NoError(t, os.Chmod(path, 0o640))
	_, err = vault.Open(t.Context(), p.pool, p.master, desks[0].clock, vault.Options{Dir: p.dir})
	require.ErrorContains(t, err, "may be read by others")
}
