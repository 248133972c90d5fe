package eventnode_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/internal/eventnode"
)

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

func TestACallerThatHasGoneGetsItsContextsError(t *testing.T) {
	t.Parallel()
	_, n, _ := insecureClient(t)
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	_, err := n.Append(ctx, "s", -1, proposedEvents("a"))
	require.ErrorIs(t, err, context.Canceled)
}
