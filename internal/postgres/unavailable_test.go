package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/postgres"
)

func TestADatabaseThatIsAwayIsToldFromARequestThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"08006", "40P01", "40001", "53100", "53200", "53300", "55P03", "25006", "25P03", "57014", "57P01", "57P03", "58030"} {
		require.True(t, postgres.Unavailable(fmt.Errorf("save: %w", &pgconn.PgError{Code: code})), code)
	}
	for _, code := range []string{"22P02", "23505", "42P01", "42501", "XX000"} {
		require.False(t, postgres.Unavailable(fmt.Errorf("save: %w", &pgconn.PgError{Code: code})), code)
	}
	_, refused := pgx.Connect(t.Context(), "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	require.Error(t, refused)
	require.True(t, postgres.Unavailable(refused))
	require.True(t, postgres.Unavailable(fmt.Errorf("receive: %w", io.ErrUnexpectedEOF)))
	for _, err := range []error{nil, pgx.ErrNoRows, errors.New("something else"), context.Canceled} {
		require.False(t, postgres.Unavailable(err), err)
	}
}
