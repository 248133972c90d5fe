package eventstoredb_test

import (
	"context"
	"crypto/x509"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/storetest"
)

// externalStore names an esdb:// address that the contract is run against as
// well, with the authorities of tlsCAFile in it or the machine's.
const externalStore = "FIELDLEDGER_TEST_EVENTSTORE"

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("client without TLS", func(t *testing.T) {
		t.Parallel()
		node := startNode(t, eventnode.Options{Insecure: true})
		s := connect(t, node)
		storetest.Exercise(t, storetest.Cases(func(storetest.T) commands.EventStore { return s }))
	})
	t.Run("client with TLS and credentials", func(t *testing.T) {
		t.Parallel()
		node := startNode(t, eventnode.Options{})
		s := connect(t, node)
		storetest.Exercise(t, storetest.Cases(func(storetest.T) commands.EventStore { return s }))
	})
	t.Run("appends by the client, reads from the node", func(t *testing.T) {
		t.Parallel()
		node := startNode(t, eventnode.Options{})
		split := eventstoredb.Split{Store: connect(t, node), Local: node}
		storetest.Exercise(t, storetest.Cases(func(storetest.T) commands.EventStore { return split }))
	})
	if address := os.Getenv(externalStore); address != "" {
		t.Run("store at "+externalStore, func(t *testing.T) {
			t.Parallel()
			s := openString(t, address, nil)
			require.NoError(t, s.Ping(within(t, patience)))
			storetest.Exercise(t, storetest.Cases(func(storetest.T) commands.EventStore { return s }))
		})
	}
}

func TestWrongPasswordAndForeignCertificateAreToldApart(t *testing.T) {
	t.Parallel()
	node := startNode(t, eventnode.Options{AdminPassword: "right"})
	roots := node.CertPool()

	s := openString(t, "esdb://admin:wrong@"+node.Addr(), roots)
	require.ErrorContains(t, s.Ping(within(t, patience)), "authentication failed")
	_, err := s.Append(within(t, patience), "fl.a", commands.NoStream, one())
	require.ErrorContains(t, err, "refused")
	require.NotErrorIs(t, err, commands.ErrUnavailable)
	err = s.Follow(within(t, patience), eventschemas.Position{}, "fl.", nil, nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, commands.ErrUnavailable)

	s = openString(t, "esdb://admin:right@"+node.Addr(), x509.NewCertPool())
	err = s.Ping(within(t, patience))
	require.ErrorIs(t, err, commands.ErrUnavailable)
	require.ErrorContains(t, err, "certificate")
}

// startNode opens a node that is closed at the end of the test.
func startNode(t *testing.T, options eventnode.Options) *eventnode.Node {
	t.Helper()
	options.Clock = clock.System{}
	node, err := eventnode.Open(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, node.Close(ctx))
	})
	return node
}

// connect opens a store on node.
func connect(t *testing.T, node *eventnode.Node) *eventstoredb.Store {
	t.Helper()
	s := openString(t, node.ConnectionString(), node.CertPool())
	require.NoError(t, s.Ping(within(t, patience)))
	return s
}

func openString(t *testing.T, connection string, roots *x509.CertPool) *eventstoredb.Store {
	t.Helper()
	return open(t, "unused", func(o *eventstoredb.Options) {
		o.ConnectionString, o.RootCAs = connection, roots
	})
}
