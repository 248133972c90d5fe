package eventnode_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

func proposedEvents(names ...string) []eventschemas.Proposed {
	out := []eventschemas.Proposed{}
	for _, n := range names {
		out = append(out, eventschemas.Proposed{ID: eventID(n), Type: "tested", Data: fmt.Appendf(nil, `{"name":%q}`, n), Meta: []byte(`{}`)})
	}
	return out
}

// fill appends count events to stream, one by one.
func fill(tb testing.TB, n *eventnode.Node, stream string, from, to int) {
	tb.Helper()
	for i := from; i < to; i++ {
		_, err := n.Append(testContext(tb), stream, int64(i-1), proposedEvents(fmt.Sprintf("%s-%d", stream, i)))
		require.NoError(tb, err)
	}
}

func scanAll(tb testing.TB, n *eventnode.Node) []eventschemas.Recorded {
	tb.Helper()
	out := []eventschemas.Recorded{}
	_, err := n.Scan(testContext(tb), eventschemas.Position{}, "", func(r eventschemas.Recorded) error {
		out = append(out, r)
		return nil
	})
	require.NoError(tb, err)
	return out
}

func TestEventsOutliveARestart(t *testing.T) {
	t.Parallel()
	opts := eventnode.Options{Dir: filepath.Join(t.TempDir(), "node"), Insecure: true, ReserveBytes: 1 << 20}
	n, err := tryOpen(opts)
	require.NoError(t, err)
	c := connect(t, n)
	appendTo(t, c, "fl.s", esdb.NoStream{}, numbered("e", 0, 20)...)
	prepare(t, c, "foreign", "softly deleted, last 2")
	prepare(t, c, "gone", "tombstoned")
	before, head := scanAll(t, n), n.Head()
	closeNode(t, n)

	n = openNode(t, opts)
	c = connect(t, n)
	require.Equal(t, head, n.Head())
	require.Equal(t, before, scanAll(t, n))
	require.Equal(t, esdb.ErrorCodeResourceNotFound, codeOf(readError(t, c, "foreign")))
	require.Equal(t, esdb.ErrorCodeStreamDeleted, codeOf(readError(t, c, "gone")))
	require.Equal(t, uint64(19), appendTo(t, c, "fl.s", esdb.NoStream{}, numbered("e", 0, 20)...).NextExpectedVersion, "numbered appends stay idempotent")
	require.Equal(t, head, n.Head())
	require.Equal(t, uint64(20), appendTo(t, c, "fl.s", esdb.Revision(19), event("e20")).NextExpectedVersion)
	require.Equal(t, uint64(3), appendTo(t, c, "foreign", esdb.NoStream{}, event("x")).NextExpectedVersion)
	all := scanAll(t, n)
	require.Greater(t, all[len(all)-1].Position.Commit, head.Position.Commit)
}

func TestADirectoryHasOneOwner(t *testing.T) {
	t.Parallel()
	opts := eventnode.Options{Dir: t.TempDir(), Insecure: true}
	openNode(t, opts)
	_, err := tryOpen(opts)
	require.ErrorIs(t, err, eventnode.ErrLocked)
}

// copyDir copies a directory as a crash would leave it: nothing is closed first.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

func TestEveryAcknowledgedEventIsInACopyTakenWhileWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := openNode(t, eventnode.Options{Dir: dir, Insecure: true})
	fill(t, n, "fl.s", 0, 50)
	acknowledged := n.Head()
	crashed := copyDir(t, dir)
	fill(t, n, "fl.s", 50, 60)
	again := openNode(t, eventnode.Options{Dir: crashed, Insecure: true})
	require.Equal(t, acknowledged, again.Head())
	require.Len(t, scanAll(t, again), 50)
	fill(t, again, "fl.s", 50, 60)
}

// fillLarge appends events of 300,000 bytes to stream, of which the sidecar holds seven at most.
func fillLarge(tb testing.TB, n *eventnode.Node, stream string, from, to int) {
	tb.Helper()
	for i := from; i < to; i++ {
		events := proposedEvents(fmt.Sprintf("%s-%d", stream, i))
		events[0].Data = fmt.Appendf(nil, `{"large":%q}`, strings.Repeat("x", 300_000))
		_, err := n.Append(testContext(tb), stream, int64(i-1), events)
		require.NoError(tb, err)
	}
}

func TestALogThatLostItsEndDoesNotOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := eventnode.Options{Dir: dir, Insecure: true}
	n, err := tryOpen(opts)
	require.NoError(t, err)
	fill(t, n, "fl.s", 0, 10)
	closeNode(t, n)
	shorter := copyDir(t, dir)
	n, err = tryOpen(opts)
	require.NoError(t, err)
	fillLarge(t, n, "fl.s", 10, 20) // more than the sidecar holds
	closeNode(t, n)
	restore := func() { // the older log beside the newer sidecar
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "log")))
		require.NoError(t, os.CopyFS(filepath.Join(dir, "log"), os.DirFS(filepath.Join(shorter, "log"))))
	}
	restore()
	_, err = tryOpen(opts)
	var head *eventnode.HeadError
	require.ErrorAs(t, err, &head)
	require.Equal(t, "sidecar", head.Source)
	require.Equal(t, uint64(20), head.Want.Events)
	require.Equal(t, uint64(10), head.Have.Events)
	require.ErrorContains(t, err, "shorter")

	control := opts
	control.AdoptHead = true // without the check it opens, and nobody would notice
	n, err = tryOpen(control)
	require.NoError(t, err)
	require.Len(t, scanAll(t, n), 10)
	closeNode(t, n)
	openNode(t, opts) // the new sidecar fits
}

func TestWhatTheSidecarNoLongerHoldsIsSyncedInTheLog(t *testing.T) {
	t.Parallel()
	for _, events := range []int{1, 5, 8, 9, 12, 13, 40} {
		fs := vfs.NewCrashableMem()
		n := openNode(t, eventnode.Options{Dir: "node", FS: fs, Insecure: true, ReserveBytes: -1, FreeBytes: plenty})
		fillLarge(t, n, "fl.s", 0, events)
		crashed := fs.CrashClone(vfs.CrashCloneCfg{}) // nothing that was not synced
		again := openNode(t, eventnode.Options{Dir: "node", FS: crashed, Insecure: true, ReserveBytes: -1, FreeBytes: plenty})
		require.Equal(t, n.Head(), again.Head())
		require.Equal(t, scanAll(t, n), scanAll(t, again))
		fillLarge(t, again, "fl.s", events, events+3)
	}
}

func plenty() (int64, error) { return 1 << 40, nil }

// withHeadOf makes a copy of an older folder that has the sidecar of a newer one.
func withHeadOf(t *testing.T, older, newer string) (dir string) {
	t.Helper()
	dir = copyDir(t, older)
	head, err := os.ReadFile(filepath.Join(newer, "head"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "head"), head, 0o600))
	return dir
}

func TestALogThatLostItsLastBatchesGetsThemFromTheSidecar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := openNode(t, eventnode.Options{Dir: dir, Insecure: true})
	empty := copyDir(t, dir)
	fill(t, n, "fl.s", 0, 9)
	before10 := copyDir(t, dir)
	fill(t, n, "fl.s", 9, 10)
	before12 := copyDir(t, dir)
	_, err := n.Append(testContext(t), "fl.s", 9, proposedEvents("x", "y"))
	require.NoError(t, err)
	want := scanAll(t, n)

	for _, older := range []string{empty, before10, before12} {
		lost := withHeadOf(t, older, dir)
		again, err := tryOpen(eventnode.Options{Dir: lost, Insecure: true})
		require.NoError(t, err)
		require.Equal(t, want, scanAll(t, again))
		require.Equal(t, n.Head(), again.Head())
		closeNode(t, again)
		again = openNode(t, eventnode.Options{Dir: lost, Insecure: true}) // once more: nothing doubles
		require.Equal(t, want, scanAll(t, again))
		last, err := again.Append(testContext(t), "fl.s", 9, proposedEvents("x", "y"))
		require.NoError(t, err)
		require.EqualValues(t, 11, last, "a repeat is known")
		fill(t, again, "fl.s", 12, 15)
	}
}

func TestABatchTooBigForTheSidecarIsInTheLogBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := openNode(t, eventnode.Options{Dir: dir, Insecure: true})
	fill(t, n, "fl.s", 0, 10)
	before := copyDir(t, dir)
	big := proposedEvents("x", "y")
	big[0].Data = fmt.Appendf(nil, `{"big":%q}`, strings.Repeat("x", 1<<20-150))
	_, err := n.Append(testContext(t), "fl.s", 9, big)
	require.NoError(t, err)
	_, err = tryOpen(eventnode.Options{Dir: withHeadOf(t, before, dir), Insecure: true})
	var head *eventnode.HeadError
	require.ErrorAs(t, err, &head)
	require.Equal(t, uint64(12), head.Want.Events)
	again := openNode(t, eventnode.Options{Dir: copyDir(t, dir), Insecure: true})
	require.Equal(t, scanAll(t, n), scanAll(t, again))
}

func TestAnotherLogOrAMissingOrDamagedSidecarDoesNotOpen(t *testing.T) {
	t.Parallel()
	make20 := func(stream string) string {
		dir := t.TempDir()
		n, err := tryOpen(eventnode.Options{Dir: dir, Insecure: true})
		require.NoError(t, err)
		fill(t, n, stream, 0, 20)
		closeNode(t, n)
		return dir
	}
	refused := func(dir, words string) {
		t.Helper()
		_, err := tryOpen(eventnode.Options{Dir: dir, Insecure: true})
		var head *eventnode.HeadError
		require.ErrorAs(t, err, &head)
		require.ErrorContains(t, err, words)
	}
	a, b := make20("fl.a"), make20("fl.b")
	sidecar := func(dir string) string { return filepath.Join(dir, "head") }
	data, err := os.ReadFile(sidecar(b))
	require.NoError(t, err)
	own, err := os.ReadFile(sidecar(a))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(sidecar(a), data, 0o600))
	refused(a, "another event")
	require.NoError(t, os.Remove(sidecar(a)))
	refused(a, "missing")
	refused(a, "missing") // the first start has made none
	for _, slot := range []int{0, 256 << 10} {
		older := make([]byte, 512<<10)
		copy(older[slot:], "\x00FLHEAD2")
		require.NoError(t, os.WriteFile(sidecar(a), older, 0o600))
		refused(a, "older version of this program (form 2)")
	}
	require.NoError(t, os.WriteFile(sidecar(a), make([]byte, len(own)), 0o600))
	refused(a, "damaged")
	torn := append([]byte(nil), own...)
	for at := range len(torn) / 2 { // one copy is enough if the other is whole
		torn[at] ^= 1
	}
	require.NoError(t, os.WriteFile(sidecar(a), torn, 0o600))
	openNode(t, eventnode.Options{Dir: a, Insecure: true})
}

func TestCheckHeadComparesWithACheckpointFromElsewhere(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true})
	fill(t, n, "fl.s", 0, 3)
	all := scanAll(t, n)
	ctx := testContext(t)
	require.NoError(t, n.CheckHead(ctx, eventschemas.Checkpoint{}))
	good := eventschemas.Checkpoint{Position: all[1].Position, EventID: all[1].ID}
	require.NoError(t, n.CheckHead(ctx, good))
	other := good
	other.EventID = all[0].ID
	inside := good
	inside.Position.Commit++
	inside.Position.Prepare++
	beyond := good
	beyond.Position.Commit += 1 << 20
	beyond.Position.Prepare += 1 << 20
	for name, c := range map[string]eventschemas.Checkpoint{"another event": other, "no event": inside, "beyond the end": beyond} {
		var head *eventnode.HeadError
		err := n.CheckHead(ctx, c)
		require.ErrorAs(t, err, &head)
		require.ErrorContains(t, err, name)
	}
	err := n.Follow(ctx, beyond.Position, "", func(eventschemas.Recorded) error { return nil }, func() error { return nil })
	var head *eventnode.HeadError
	require.ErrorAs(t, err, &head, "a reader from beyond the end would skip events")
}

func TestAFullDiskRefusesAppendsAndKeepsReading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var free atomic.Int64
	free.Store(1 << 40)
	n := openNode(t, eventnode.Options{
		Dir: dir, Insecure: true, ReserveBytes: 1 << 20, MinFreeBytes: 1 << 20,
		FreeBytes: func() (int64, error) { return free.Load(), nil },
	})
	c := connect(t, n)
	reserve := filepath.Join(dir, "reserve")
	appendTo(t, c, "s", esdb.NoStream{}, event("a"))
	require.FileExists(t, reserve)

	free.Store(1 << 19)
	_, err := n.Append(testContext(t), "s", 0, proposedEvents("b"))
	require.ErrorIs(t, err, commands.ErrStorageFull)
	_, err = c.AppendToStream(testContext(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event("b"))
	require.ErrorContains(t, err, "ResourceExhausted")
	require.ErrorContains(t, err, "no space")
	_, err = c.DeleteStream(testContext(t), "s", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	require.ErrorContains(t, err, "ResourceExhausted")
	require.Len(t, readStream(t, c, "s", esdb.ReadStreamOptions{}, 10), 1)
	require.Zero(t, appendTo(t, c, "s", esdb.NoStream{}, event("a")).NextExpectedVersion, "a repeat needs no space")
	require.FileExists(t, reserve)

	free.Store(1 << 10) // somebody else takes the rest: the reserve is given up
	_, err = n.Append(testContext(t), "s", 0, proposedEvents("b"))
	require.ErrorIs(t, err, commands.ErrStorageFull)
	require.NoFileExists(t, reserve)
	free.Store(1<<20 + 1<<19) // room for an append, but not for the reserve
	_, err = n.Append(testContext(t), "s", 0, proposedEvents("b"))
	require.ErrorIs(t, err, commands.ErrStorageFull)

	free.Store(1 << 40)
	require.Equal(t, uint64(1), appendTo(t, c, "s", esdb.Revision(0), event("b")).NextExpectedVersion)
	require.FileExists(t, reserve)
}

func TestANodeOpensAndReadsOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n, err := tryOpen(eventnode.Options{Dir: dir, Insecure: true})
	require.NoError(t, err)
	fill(t, n, "fl.s", 0, 5)
	closeNode(t, n)
	n = openNode(t, eventnode.Options{
		Dir: dir, Insecure: true, ReserveBytes: 1 << 20, FreeBytes: func() (int64, error) { return 0, nil },
	})
	require.Len(t, scanAll(t, n), 5)
	_, err = n.Append(testContext(t), "fl.s", 4, proposedEvents("x"))
	require.ErrorIs(t, err, commands.ErrStorageFull)
}

func TestAFlippedByteInTheLogIsNoticedOrMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := openNode(t, eventnode.Options{Dir: dir, Insecure: true})
	fill(t, n, "fl.s", 0, 50)
	sizes := func() (written int64) {
		logs, err := filepath.Glob(filepath.Join(dir, "log", "*.log"))
		require.NoError(t, err)
		for _, name := range logs {
			info, err := os.Stat(name)
			require.NoError(t, err)
			written = max(written, info.Size())
		}
		return written
	}
	require.Eventually(t, func() bool { return sizes() > 4_000 }, limit, time.Millisecond) // the log is synced when no write has come for a while
	crashed := copyDir(t, dir)
	logs, err := filepath.Glob(filepath.Join(crashed, "log", "*.log"))
	require.NoError(t, err)
	flipped := 0
	for _, name := range logs {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		if at := len(data) / 2; len(data) > 4_000 {
			for data[at] == 0 && at > 0 { // the file is longer than what was written to it
				at--
			}
			data[at/2] ^= 0x10
			flipped++
		}
		require.NoError(t, os.WriteFile(name, data, 0o600))
	}
	require.Positive(t, flipped)
	again, err := tryOpen(eventnode.Options{Dir: crashed, Insecure: true})
	if err != nil { // the log had synced what is damaged
		return
	}
	require.Equal(t, n.Head(), again.Head(), "the sidecar mends it")
	require.Equal(t, scanAll(t, n), scanAll(t, again))
	closeNode(t, again)
}

func TestAStartLeavesNothingToTheSidecarThatAKillLeftToIt(t *testing.T) {
	t.Parallel()
	on := func(fs vfs.FS) *eventnode.Node {
		return openNode(t, eventnode.Options{Dir: "node", FS: fs, Insecure: true, ReserveBytes: -1, FreeBytes: plenty})
	}
	fs := vfs.NewCrashableMem()
	n := on(fs)
	fill(t, n, "fl.s", 0, 30)
	for range 5 { // killed, started, and then a power cut before anything is written
		killed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
		started := on(killed)
		require.Equal(t, n.Head(), started.Head())
		fs = killed.CrashClone(vfs.CrashCloneCfg{})
		again := on(fs)
		require.Equal(t, n.Head(), again.Head())
		require.Equal(t, scanAll(t, n), scanAll(t, again))
	}
}

func TestAMalformedKeyOrIndexEntryIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	entry := append([]byte("s\x00\x00\x00\x04fl.s"), 0, 0, 0, 0, 0, 0, 0, 1) // revision 1 of fl.s
	for name, damage := range map[string]struct{ key, value []byte }{
		"short index":    {entry, []byte{1, 2, 3}},
		"empty index":    {entry, nil},
		"long index":     {entry, make([]byte, 9)},
		"short key":      {[]byte{'e', 1}, []byte("x")},
		"head of stream": {[]byte("hfl.s"), []byte{1}},
	} {
		fs := vfs.NewMem()
		opts := eventnode.Options{Dir: "node", FS: fs, Insecure: true, ReserveBytes: -1, FreeBytes: plenty}
		n, err := tryOpen(opts)
		require.NoError(t, err)
		fill(t, n, "fl.s", 0, 3)
		closeNode(t, n)
		db, err := pebble.Open("node/log", &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatNewest, Logger: quiet{}})
		require.NoError(t, err)
		require.NoError(t, db.Set(damage.key, damage.value, pebble.Sync))
		require.NoError(t, db.Close())
		n, err = tryOpen(opts)
		if err == nil {
			_, read := n.ReadStream(testContext(t), "fl.s", 0)
			_, older := n.Append(testContext(t), "fl.s", 0, proposedEvents("fl.s-1"))
			_, scanned := n.Scan(testContext(t), eventschemas.Position{}, "", func(eventschemas.Recorded) error { return nil })
			err = errors.Join(read, older, scanned)
			closeNode(t, n)
		}
		require.ErrorContains(t, err, "malformed", name)
		require.ErrorContains(t, err, fmt.Sprintf("%q", damage.key), name)
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}
