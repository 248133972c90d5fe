package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

func TestAPoolSpeaksUTCAndNamesItself(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), pgtest.EmptyDSN(t), postgres.PoolOptions{AppName: "desk", MaxConns: 2})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var zone, jit, name string
	require.NoError(t, pool.QueryRow(t.Context(),
		"SELECT current_setting('timezone'), current_setting('jit'), current_setting('application_name')").Scan(&zone, &jit, &name))
	require.Equal(t, []string{"UTC", "off", "desk"}, []string{zone, jit, name})
	require.EqualValues(t, 2, pool.Config().MaxConns)

	want := time.Date(2026, 3, 29, 1, 30, 0, int(250*time.Millisecond), time.UTC)
	var at time.Time
	var all []time.Time
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT $1::timestamptz, ARRAY[$1::timestamptz]", want).Scan(&at, &all))
	require.Equal(t, want, at) // equal in zone too
	require.Equal(t, []time.Time{want}, all)
}

func TestOpenTellsWhenTheServerCannotBeReached(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), "postgres://desk:secret@/x?host="+t.TempDir(), postgres.PoolOptions{})
	require.ErrorContains(t, err, "reach postgres")
	require.NotContains(t, err.Error(), "secret")
}
