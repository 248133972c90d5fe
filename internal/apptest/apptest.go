// Package apptest gives tests the whole write side on real parts: the
// embedded node in memory, the official client over the wire, PostgreSQL and
// the vault. It is for tests only and decides nothing itself.
package apptest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/outcomes"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/internal/vault"
)

// Harness is a running write side.
type Harness struct {
	App   *commands.App
	Store commands.EventStore
	Node  *eventnode.Node
	Pool  *pgxpool.Pool
	Vault *vault.Vault
	Clock *clock.Fake
	IDs   commands.IDs
	Log   *slog.Logger
	keys  string // folder of the bucket keys
}

// Start is the time at which a Harness's clock stands.
var Start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// New starts a write side that ends with the test.
func New(tb testing.TB) *Harness {
	tb.Helper()
	return NewOn(tb, pgtest.Pool(tb))
}

// NewOn is New on a database that is at hand and migrated.
func NewOn(tb testing.TB, pool *pgxpool.Pool) *Harness {
	tb.Helper()
	h := &Harness{Pool: pool, Clock: clock.NewFake(Start), Log: slog.New(slog.DiscardHandler), keys: tb.TempDir()}
	var err error
	h.Node, err = eventnode.Open(tb.Context(), eventnode.Options{Clock: h.Clock})
	require.NoError(tb, err)
	client, err := eventstoredb.Open(tb.Context(), eventstoredb.Options{
		ConnectionString: h.Node.ConnectionString(), RootCAs: h.Node.CertPool(),
	})
	require.NoError(tb, err)
	h.Store = eventstoredb.Split{Store: client, Local: h.Node}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(tb, client.Close(ctx))
		require.NoError(tb, h.Node.Close(ctx))
	})
	h.Restart(tb)
	return h
}

// Restart replaces the use cases by new ones on the same data, as a new process would have.
func (h *Harness) Restart(tb testing.TB) {
	tb.Helper()
	var err error
	h.Vault, err = vault.Open(tb.Context(), h.Pool, testKey(tb), h.Clock, vault.Options{Dir: h.keys})
	require.NoError(tb, err)
	id, _, err := vault.Installation(tb.Context(), h.Pool)
	require.NoError(tb, err)
	h.IDs = commands.IDs{Installation: id}
	h.App = commands.New(commands.Ports{
		Store: h.Store, Outcomes: outcomes.New(h.Pool, h.Clock), Vault: h.Vault,
		Clock: h.Clock, IDs: h.IDs, Log: h.Log,
	})
}

func testKey(tb testing.TB) vault.Key {
	tb.Helper()
	key, err := vault.ParseKey("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	require.NoError(tb, err)
	return key
}

// Request is one of a clerk, with an Idempotency-Key.
func (h *Harness) Request(key string) commands.Request {
	return commands.Request{Key: key, Actor: eventschemas.Actor{
		Person: "clerk", Issuer: "test", Subject: "clerk", Roles: []string{"clerk"}, Policy: "test",
	}}
}
