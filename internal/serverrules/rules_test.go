package serverrules_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/serverrules"
	"github.com/fieldledger/fieldledger/internal/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheNodeKeepsTheServersRules runs each rule against a node of its own.
func TestTheNodeKeepsTheServersRules(t *testing.T) {
	t.Parallel()
	for name, insecure := range map[string]bool{"without TLS": true, "with TLS": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Exercise(t, serverrules.Cases(func(t storetest.T) serverrules.Target { return openNode(t, insecure) }))
		})
	}
}

func openNode(t storetest.T, insecure bool) serverrules.Target {
	const password = "right"
	n, err := eventnode.Open(t.Context(), eventnode.Options{Clock: clock.System{}, Insecure: insecure, AdminPassword: password})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, n.Close(ctx))
	})
	target := serverrules.Target{Address: n.Addr(), User: "admin", Password: password}
	if !insecure {
		target.TLS = &tls.Config{RootCAs: n.CertPool(), MinVersion: tls.VersionTLS12}
	}
	return target
}
