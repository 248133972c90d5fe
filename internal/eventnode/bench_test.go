package eventnode_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// BenchmarkFsync is the floor of any durable append: overwrite one block and sync it.
func BenchmarkFsync(b *testing.B) {
	f, err := vfs.Default.OpenReadWrite(filepath.Join(b.TempDir(), "f"), vfs.WriteCategoryUnspecified)
	require.NoError(b, err)
	defer f.Close()
	block := make([]byte, 4096)
	for i := range int64(2048) {
		_, err = f.WriteAt(block, i*4096)
		require.NoError(b, err)
	}
	require.NoError(b, f.Sync())
	var at int64
	for b.Loop() {
		_, err := f.WriteAt(block, at%2048*4096)
		require.NoError(b, err)
		require.NoError(b, f.SyncData())
		at++
	}
}

// BenchmarkAppend appends one event of 400 bytes to a new revision of the
// writer's own stream, through the official client.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("client/writers=%d", writers), func(b *testing.B) {
			n := openNode(b, eventnode.Options{Dir: b.TempDir(), Insecure: true})
			c := connect(b, n)
			ctx := context.Background()
			race(b, writers, func(w, i int) error {
				expected := esdb.ExpectedRevision(esdb.NoStream{})
				if i > 0 {
					expected = esdb.Revision(uint64(i - 1))
				}
				_, err := c.AppendToStream(ctx, fmt.Sprintf("fl.bench-%d", w), esdb.AppendToStreamOptions{ExpectedRevision: expected},
					esdb.EventData{EventID: uuid.New(), EventType: "tested.v1", ContentType: esdb.ContentTypeJson, Data: benchData, Metadata: benchMeta})
				return err
			})
		})
		b.Run(fmt.Sprintf("local/writers=%d", writers), func(b *testing.B) {
			n := openNode(b, eventnode.Options{Dir: b.TempDir(), Insecure: true})
			ctx := context.Background()
			race(b, writers, func(w, i int) error {
				_, err := n.Append(ctx, fmt.Sprintf("fl.bench-%d", w), int64(i-1),
					[]eventschemas.Proposed{{ID: uuid.New(), Type: "tested.v1", Data: benchData, Meta: benchMeta}})
				return err
			})
		})
	}
}

var (
	benchData = []byte(`{"ticket":"7c9a1c2e-3f44-4a5e-9a77-6f2b8d1c0a11","technician":"2b1f5f5e-0d8a-4f6f-8f4e-5a3c1d2e4b6a","respond_by":"2026-03-01T12:00:00.000Z"}`)
	benchMeta = []byte(`{"site":"shenzhen","command":{"id":"0b9d7f0e-1c2d-5e3f-8a4b-5c6d7e8f9a0b","type":"AssignTicket"},"actor":{"person":"9e1b"},"recorded_at":"2026-03-01T08:00:00.000Z","prev":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`)
)

// race runs b.N calls on a number of writers.
func race(b *testing.B, writers int, call func(writer, i int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range writers {
		wg.Go(func() {
			for i := 0; left.Add(-1) >= 0; i++ {
				if err := call(w, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// BenchmarkScan reads a log of 200,000 small events on disk, locally and through the client.
func BenchmarkScan(b *testing.B) {
	const count = 200_000
	n := openNode(b, eventnode.Options{Dir: b.TempDir(), Insecure: true})
	ctx := context.Background()
	for i := 0; i < count; i += 500 {
		batch := []eventschemas.Proposed{}
		for range 500 {
			batch = append(batch, eventschemas.Proposed{ID: uuid.New(), Type: "tested.v1", Data: benchData, Meta: benchMeta})
		}
		_, err := n.Append(ctx, fmt.Sprintf("fl.bench-%d", i), -1, batch)
		require.NoError(b, err)
	}
	b.Run("local", func(b *testing.B) {
		for b.Loop() {
			seen := 0
			_, err := n.Scan(ctx, eventschemas.Position{}, "fl.", func(eventschemas.Recorded) error { seen++; return nil })
			require.NoError(b, err)
			require.Equal(b, count, seen)
		}
		b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "events/s")
	})
	c := connect(b, n)
	b.Run("client", func(b *testing.B) {
		for b.Loop() {
			sub, err := c.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"fl."}}})
			require.NoError(b, err)
			seen := 0
			for m := sub.Recv(); m.CaughtUp == nil; m = sub.Recv() {
				require.Nil(b, m.SubscriptionDropped)
				if m.EventAppeared != nil {
					seen++
				}
			}
			require.Equal(b, count, seen)
			require.NoError(b, sub.Close())
		}
		b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
