package pgtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestEachParallelTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprintf("test %d", i), func(t *testing.T) {
			t.Parallel()
			pool := pgtest.Pool(t)
			var count int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM fieldledger.log_time").Scan(&count))
			require.Zero(t, count)
			_, err := pool.Exec(t.Context(), "INSERT INTO fieldledger.log_time VALUES (1, '2026-01-01')")
			require.NoError(t, err)
		})
	}
}

func TestAnEmptyDatabaseHasNoTablesOfOurs(t *testing.T) {
	t.Parallel()
	pool := pgtest.Empty(t)
	var exists bool
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT to_regnamespace('fieldledger') IS NOT NULL").Scan(&exists))
	require.False(t, exists)
}

func TestATestMayCreateSchemas(t *testing.T) {
	t.Parallel()
	_, err := pgtest.Pool(t).Exec(t.Context(), "CREATE SCHEMA rm_ticket_v1_g1")
	require.NoError(t, err)
}
