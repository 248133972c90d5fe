package eventnode_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// The table of expected revisions: each state of a stream against each expectation.
func TestAppendAnswersAsTheTableOfExpectedRevisionsSays(t *testing.T) {
	t.Parallel()
	const (
		none       = "no stream"
		live       = "live, last 2"
		deleted    = "softly deleted, last 2"
		tombstoned = "tombstoned"
		metaOnly   = "metadata only"
	)
	ok := func(next uint64) string { return fmt.Sprintf("ok %d", next) }
	cases := []struct {
		state    string
		expected esdb.ExpectedRevision
		ids      []string
		want     string
	}{
		{none, esdb.Any{}, []string{"x", "y"}, ok(1)},
		{none, esdb.NoStream{}, []string{"x"}, ok(0)},
		{none, esdb.StreamExists{}, []string{"x"}, "conflict"},
		{none, esdb.Revision(0), []string{"x"}, "conflict"},
		{metaOnly, esdb.StreamExists{}, []string{"x"}, ok(0)},
		{metaOnly, esdb.NoStream{}, []string{"x"}, ok(0)},

		{live, esdb.Any{}, []string{"x"}, ok(3)},
		{live, esdb.Any{}, []string{"0", "1"}, ok(1)},      // known ids
		{live, esdb.Any{}, []string{"1", "0"}, ok(0)},      // in any order
		{live, esdb.Any{}, []string{"0", "x"}, "conflict"}, // first known, later unknown
		{live, esdb.Any{}, []string{"x", "0"}, ok(4)},      // first unknown: all are written
		{live, esdb.StreamExists{}, []string{"x"}, ok(3)},
		{live, esdb.NoStream{}, []string{"x"}, "conflict"},
		{live, esdb.NoStream{}, []string{"0", "1"}, ok(1)}, // idempotent, though newer events follow
		{live, esdb.NoStream{}, []string{"0", "1", "2", "x"}, "conflict"},
		{live, esdb.Revision(0), []string{"1", "2"}, ok(2)},
		{live, esdb.Revision(0), []string{"1"}, ok(1)},
		{live, esdb.Revision(0), []string{"2"}, "conflict"},
		{live, esdb.Revision(1), []string{"2", "x"}, "conflict"},
		{live, esdb.Revision(2), []string{"x"}, ok(3)},
		{live, esdb.Revision(2), []string{"0"}, ok(3)}, // at the end ids are not looked at
		{live, esdb.Revision(3), []string{"x"}, "conflict"},
		{live, esdb.Revision(2), []string{"x", "x"}, ok(4)}, // equal ids in one append are both written

		{deleted, esdb.Any{}, []string{"x"}, ok(3)},
		{deleted, esdb.Any{}, []string{"0"}, ok(0)},
		{deleted, esdb.NoStream{}, []string{"x"}, ok(3)},
		{deleted, esdb.NoStream{}, []string{"0"}, ok(0)},
		{deleted, esdb.NoStream{}, []string{"0", "x"}, "conflict"},
		{deleted, esdb.StreamExists{}, []string{"x"}, "deleted"},
		{deleted, esdb.Revision(2), []string{"x"}, ok(3)},
		{deleted, esdb.Revision(1), []string{"x"}, "conflict"},

		{tombstoned, esdb.Any{}, []string{"x"}, "deleted"},
		{tombstoned, esdb.NoStream{}, []string{"x"}, "deleted"},
		{tombstoned, esdb.StreamExists{}, []string{"x"}, "deleted"},
		{tombstoned, esdb.Revision(2), []string{"x"}, "deleted"},
	}
	c, n, _ := insecureClient(t)
	for i, tc := range cases {
		stream := fmt.Sprintf("s%d", i)
		prepare(t, c, stream, tc.state)
		before := n.Head().Events
		batch := []esdb.EventData{}
		for _, id := range tc.ids {
			batch = append(batch, event(stream+id))
		}
		got := outcome(c.AppendToStream(testContext(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: tc.expected}, batch...))
		require.Equal(t, tc.want, got, "%s, expected %#v, ids %v", tc.state, tc.expected, tc.ids)
		if got == "conflict" || got == "deleted" {
			require.Equal(t, before, n.Head().Events, "a refused append stores nothing")
		}
	}
}

func prepare(t *testing.T, c *esdb.Client, stream, state string) {
	t.Helper()
	if state == "no stream" {
		return
	}
	if state == "metadata only" {
		m := esdb.StreamMetadata{}
		m.AddCustomProperty("colour", "blue")
		_, err := c.SetStreamMetadata(testContext(t), stream, esdb.AppendToStreamOptions{}, m)
		require.NoError(t, err)
		return
	}
	appendTo(t, c, stream, esdb.NoStream{}, event(stream+"0"), event(stream+"1"), event(stream+"2"))
	switch state {
	case "softly deleted, last 2":
		_, err := c.DeleteStream(testContext(t), stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)})
		require.NoError(t, err)
	case "tombstoned":
		_, err := c.TombstoneStream(testContext(t), stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
		require.NoError(t, err)
	}
}

func outcome(r *esdb.WriteResult, err error) string {
	switch {
	case err == nil:
		return fmt.Sprintf("ok %d", r.NextExpectedVersion)
	case codeOf(err) == esdb.ErrorCodeWrongExpectedVersion:
		return "conflict"
	case codeOf(err) == esdb.ErrorCodeStreamDeleted:
		return "deleted"
	}
	return err.Error()
}

func TestARepeatedAppendAnswersAsBefore(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	first := appendTo(t, c, "s", esdb.NoStream{}, events("a", "b")...)
	appendTo(t, c, "s", esdb.Revision(1), events("c")...)
	for _, expected := range []esdb.ExpectedRevision{esdb.NoStream{}, esdb.Any{}} {
		again := appendTo(t, c, "s", expected, events("a", "b")...)
		require.Equal(t, first, again)
	}
	require.Equal(t, uint64(3), n.Head().Events)
}

func TestRepeatsInOneBatchAreStoredOnce(t *testing.T) {
	t.Parallel()
	disk := &gatedSync{FS: vfs.NewMem(), gate: make(chan struct{})}
	n := openNode(t, eventnode.Options{Insecure: true, FS: disk})
	disk.closed.Store(true)
	const repeats = 16
	var g errgroup.Group
	g.Go(func() error {
		_, err := n.Append(testContext(t), "busy", -1, proposedEvents("busy"))
		return err
	})
	require.Eventually(t, func() bool { return disk.waiting.Load() > 0 }, limit, time.Millisecond)
	for range repeats {
		g.Go(func() error {
			_, err := n.Append(testContext(t), "s", -1, proposedEvents("a", "b"))
			return err
		})
	}
	require.Eventually(t, func() bool { return n.Waiting() == repeats }, limit, time.Millisecond)
	disk.closed.Store(false)
	close(disk.gate)
	require.NoError(t, g.Wait())
	require.Equal(t, uint64(3), n.Head().Events)
}

// gatedSync is a disk whose sidecar waits at a gate when it is synced.
type gatedSync struct {
	vfs.FS
	gate    chan struct{}
	closed  atomic.Bool
	waiting atomic.Int32
}

func (g *gatedSync) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := g.FS.OpenReadWrite(name, c, opts...)
	if err != nil || filepath.Base(name) != "head" {
		return f, err
	}
	return &gatedFile{File: f, disk: g}, nil
}

type gatedFile struct {
	vfs.File
	disk *gatedSync
}

func (f *gatedFile) SyncData() error {
	if f.disk.closed.Load() {
		f.disk.waiting.Add(1)
		<-f.disk.gate
	}
	return f.File.SyncData()
}

func TestAnEventNotYetSyncedIsNotReadable(t *testing.T) {
	t.Parallel()
	disk := &gatedSync{FS: vfs.NewMem(), gate: make(chan struct{})}
	n := openNode(t, eventnode.Options{Insecure: true, FS: disk})
	fill(t, n, "s", 0, 2)
	disk.closed.Store(true)
	var g errgroup.Group
	g.Go(func() error {
		_, err := n.Append(testContext(t), "s", 1, proposedEvents("c"))
		return err
	})
	require.Eventually(t, func() bool { return disk.waiting.Load() > 0 }, limit, time.Millisecond)
	got, err := n.ReadStream(testContext(t), "s", 0)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Len(t, scanAll(t, n), 2)
	c := connect(t, n)
	require.Len(t, readStream(t, c, "s", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 10), 2)
	disk.closed.Store(false)
	close(disk.gate)
	require.NoError(t, g.Wait())
	require.Len(t, scanAll(t, n), 3)
}

func TestAnIDIsKnownInItsOwnStreamOnly(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	for _, stream := range []string{"a", "b"} {
		appendTo(t, c, stream, esdb.Any{}, event("same"))
	}
	require.Equal(t, uint64(2), n.Head().Events)
	appendTo(t, c, "a", esdb.Any{}, event("same"))
	require.Equal(t, uint64(2), n.Head().Events, "the first use of an id is remembered")
}

func TestOneOfManyWritersWinsEachRevision(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	const writers, rounds = 16, 10
	var mu sync.Mutex
	wins := map[uint64]int{}
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			for r := range rounds {
				expected := esdb.ExpectedRevision(esdb.NoStream{})
				if r > 0 {
					expected = esdb.Revision(uint64(r - 1))
				}
				_, err := c.AppendToStream(testContext(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: expected},
					event(fmt.Sprintf("%d-%d", w, r)))
				switch {
				case err == nil:
					mu.Lock()
					wins[uint64(r)]++
					mu.Unlock()
				case codeOf(err) != esdb.ErrorCodeWrongExpectedVersion:
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	for _, w := range wins {
		require.Equal(t, 1, w)
	}
	list := readStream(t, c, "s", esdb.ReadStreamOptions{}, 1000)
	require.Len(t, list, len(wins))
	require.Equal(t, uint64(len(wins)), n.Head().Events)
}

func TestPositionsRiseAndRevisionsHaveNoGapUnderConcurrentWriters(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	var g errgroup.Group
	for w := range 8 {
		g.Go(func() error {
			for i := range 25 {
				_, err := c.AppendToStream(testContext(t), fmt.Sprintf("s%d", i%3), esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
					event(fmt.Sprintf("%d-%d-a", w, i)), event(fmt.Sprintf("%d-%d-b", w, i)))
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	all := readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}}, 10_000)
	require.Len(t, all, 400)
	next := map[string]uint64{}
	var last uint64
	for _, e := range all {
		require.Greater(t, e.Event.Position.Commit, last)
		require.Equal(t, e.Event.Position.Commit, e.Event.Position.Prepare)
		require.Equal(t, next[e.Event.StreamID], e.Event.EventNumber)
		next[e.Event.StreamID]++
		last = e.Event.Position.Commit
	}
}

func TestAnAppendThatIsTooLargeStoresNothing(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	half := esdb.EventData{EventID: uuid.New(), EventType: "t", Data: make([]byte, 600_000)}
	other := half
	other.EventID = uuid.New()
	_, err := c.AppendToStream(testContext(t), "s", esdb.AppendToStreamOptions{}, half, other)
	require.ErrorContains(t, err, "Maximum Append Size of 1048576 Exceeded")
	exact := esdb.EventData{EventID: uuid.New(), EventType: "t", Data: make([]byte, 1<<20-2)}
	appendTo(t, c, "s", esdb.NoStream{}, exact)
	require.Equal(t, uint64(1), n.Head().Events)
}

func TestAnEmptyAppendAddsNothingButUndeletes(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	appendTo(t, c, "s", esdb.Any{})
	require.Zero(t, n.Head().Events)
	prepare(t, c, "s", "softly deleted, last 2")
	require.Equal(t, esdb.ErrorCodeResourceNotFound, codeOf(readError(t, c, "s")))
	require.Equal(t, uint64(2), appendTo(t, c, "s", esdb.Any{}).NextExpectedVersion)
	require.Empty(t, readStream(t, c, "s", esdb.ReadStreamOptions{}, 10))
}

func TestNamesOfOneStreamDoNotReachIntoAnother(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	names := []string{"s", "s\x00", "s\x00\x00\x00\x00\x00\x00\x00\x00", "ss", "工单-1", "s\xc3\xbf"}
	for i, name := range names {
		appendTo(t, c, name, esdb.NoStream{}, numbered(name, 0, i+1)...)
	}
	for i, name := range names {
		require.Len(t, readStream(t, c, name, esdb.ReadStreamOptions{}, 100), i+1, "%q", name)
	}
}
