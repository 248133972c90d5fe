package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

// columns describes every table of ours.
func columns(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT concat_ws(' ', table_schema, table_name, column_name, data_type, is_nullable, column_default)
		FROM information_schema.columns
		WHERE table_schema IN ('fieldledger', 'vault') AND table_name <> 'schema_version'
		ORDER BY 1`)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}

func migrateTo(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	require.NoError(t, postgres.MigrateTo(t.Context(), conn.Conn(), n))
}

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.Empty(t)
	require.NoError(t, postgres.Migrate(t.Context(), pool))
	first := columns(t, pool)
	require.Contains(t, first, "vault search_token token bytea NO")
	require.Contains(t, first, "fieldledger installation only boolean NO true")

	migrateTo(t, pool, 0)
	require.Empty(t, columns(t, pool))

	require.NoError(t, postgres.Migrate(t.Context(), pool))
	require.Equal(t, first, columns(t, pool))
	require.NoError(t, postgres.Migrate(t.Context(), pool), "nothing to do is no error")
}

func TestManyInstancesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.Empty(t)
	const instances, rounds = 6, 15
	conns := make([]*pgxpool.Conn, instances)
	for i := range conns {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		defer conn.Release()
		conns[i] = conn
	}
	for range rounds {
		begin, answers := make(chan struct{}), make(chan error, instances)
		for _, conn := range conns {
			go func() {
				<-begin
				answers <- postgres.MigrateTo(t.Context(), conn.Conn(), 1)
			}()
		}
		close(begin)
		for range instances {
			require.NoError(t, <-answers)
		}
		require.NotEmpty(t, columns(t, pool))
		_, err := pool.Exec(t.Context(), "DROP SCHEMA fieldledger CASCADE; DROP SCHEMA vault CASCADE")
		require.NoError(t, err)
	}
}

func TestADatabaseNewerThanTheBinaryIsNotTouched(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	before := columns(t, pool)
	_, err := pool.Exec(t.Context(), "UPDATE fieldledger.schema_version SET version = 999")
	require.NoError(t, err)
	require.ErrorContains(t, postgres.Migrate(t.Context(), pool), "999")
	require.Equal(t, before, columns(t, pool))
}

func TestTheTablesRefuseASecondInstallationAndAnUnknownState(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	const install = `INSERT INTO fieldledger.installation (id, mac_key, created_at) VALUES (gen_random_uuid(), '\x00', now())`
	_, err := pool.Exec(t.Context(), install)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), install)
	require.Error(t, err)
	_, err = pool.Exec(t.Context(), `INSERT INTO fieldledger.projection_generation (projection, version, generation, schema_name, state) VALUES ('ticket', 1, 1, 'rm_ticket_v1_g1', 'lost')`)
	require.Error(t, err)
	_, err = pool.Exec(t.Context(), `INSERT INTO fieldledger.projection_active (projection, version, generation, switched_at) VALUES ('ticket', 1, 1, now())`)
	require.Error(t, err, "only a generation that exists can be active")
}
