package eventstoredb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

var errEnough = errors.New("enough")

// benchStore opens a store on a node in memory, and the bare client beside it.
func benchStore(b *testing.B) (*eventstoredb.Store, *esdb.Client) {
	b.Helper()
	node, err := eventnode.Open(b.Context(), eventnode.Options{Clock: clock.System{}, Insecure: true})
	require.NoError(b, err)
	s, err := eventstoredb.Open(b.Context(), eventstoredb.Options{ConnectionString: node.ConnectionString()})
	require.NoError(b, err)
	config, err := esdb.ParseConnectionString(node.ConnectionString())
	require.NoError(b, err)
	config.Logger = esdb.NoopLogging()
	bare, err := esdb.NewClient(config)
	require.NoError(b, err)
	b.Cleanup(func() {
		require.NoError(b, bare.Close())
		ctx, cancel := context.WithTimeout(context.Background(), patience) // the benchmark's own has ended
		defer cancel()
		require.NoError(b, s.Close(ctx))
		require.NoError(b, node.Close(ctx))
	})
	return s, bare
}

// BenchmarkAppend compares an append through the store with the bare client.
func BenchmarkAppend(b *testing.B) {
	s, bare := benchStore(b)
	for _, parallel := range []int{1, 16} {
		b.Run(fmt.Sprintf("store/%d", parallel), func(b *testing.B) {
			b.SetParallelism(parallel)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := s.Append(b.Context(), "fl."+uuid.NewString(), commands.NoStream, one())
					require.NoError(b, err)
				}
			})
		})
		b.Run(fmt.Sprintf("bare/%d", parallel), func(b *testing.B) {
			b.SetParallelism(parallel)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					e := one()[0]
					_, err := bare.AppendToStream(b.Context(), "fl."+uuid.NewString(),
						esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}},
						esdb.EventData{EventID: e.ID, EventType: e.Type, Data: e.Data, Metadata: e.Meta})
					require.NoError(b, err)
				}
			})
		})
	}
}

// BenchmarkFollow receives stored events, through the store and by the bare client.
func BenchmarkFollow(b *testing.B) {
	const stored, batch = 100_000, 500
	s, bare := benchStore(b)
	for i := range stored / batch {
		var events []eventschemas.Proposed
		for range batch {
			e := one()[0]
			e.Data = fmt.Appendf(nil, `{"ticket":%q,"number":%d,"note":"the pump in hall three drips"}`, e.ID, i)
			events = append(events, e)
		}
		_, err := s.Append(b.Context(), fmt.Sprintf("fl.%d", i), commands.NoStream, events)
		require.NoError(b, err)
	}
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			left := stored
			err := s.Follow(b.Context(), eventschemas.Position{}, "fl.", func(eventschemas.Recorded) error {
				left--
				return nil
			}, func() error { return errEnough })
			require.ErrorIs(b, err, errEnough)
			require.Zero(b, left)
		}
		b.ReportMetric(float64(stored*b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			sub, err := bare.SubscribeToAll(b.Context(), esdb.SubscribeToAllOptions{
				From:   esdb.Start{},
				Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"fl."}},
			})
			require.NoError(b, err)
			for left := stored; left > 0; {
				if sub.Recv().EventAppeared != nil {
					left--
				}
			}
			require.NoError(b, sub.Close())
		}
		b.ReportMetric(float64(stored*b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
