package eventstoredb_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

// A connection string is refused or names where to connect to, and no error
// repeats a password of it.
func FuzzConnectionString(f *testing.F) {
	for _, s := range []string{
		"esdb://admin:s3cretpassw0rd@localhost:2113?tls=true", "esdb://admin:s3cretpassw0rd", "esdb://admin/s3cretpassw0rd@h", "esdb://a,s3cretpassw0rd:x", "esdb+discover://a,b:2113,c?tls=false&nodePreference=follower",
		"esdb://localhost?x=1", "esdb://", "esdb://:s3cretpassw0rd@[::1", "esdb://a?tls=maybe", "kurrentdb://x", "esdb://h?keepAliveInterval=-5", "esdb://s3cretpassw0rd:%zz@a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, connection string) {
		if strings.Contains(strings.ToLower(connection), "file") {
			return // files of certificates are read
		}
		addresses, err := eventstoredb.Addresses(connection)
		if err != nil {
			require.NotContains(t, err.Error(), "s3cretpassw0rd")
			return
		}
		require.NotEmpty(t, addresses)
	})
}
