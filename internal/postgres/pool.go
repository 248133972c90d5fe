package postgres

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pingWithin is how long a connection that was idle may take to say that it
// is alive before it is given up for another.
const pingWithin = 2 * time.Second

// PoolOptions limit a pool. The zero value is right for most.
type PoolOptions struct {
	AppName  string // shown by the server beside each connection; "fieldledger" when empty
	MaxConns int    // four for each processor, at least eight, when zero
}

// Open connects a pool and asks the server one question. Sessions run in UTC
// with the query compiler off, and instants are read as UTC. No statement has
// a time limit: callers bound each with a context. The error never holds the
// password of the address.
func Open(ctx context.Context, dsn string, opts PoolOptions) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read postgres address: %w", err)
	}
	if opts.AppName == "" {
		opts.AppName = "fieldledger"
	}
	if opts.MaxConns == 0 {
		opts.MaxConns = max(8, 4*runtime.NumCPU())
	}
	cfg.MaxConns = int32(min(opts.MaxConns, 1000)) //nolint:gosec // at most 1000
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnLifetimeJitter = 5 * time.Minute
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.HealthCheckPeriod = 30 * time.Second
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.PingTimeout = pingWithin // of a connection that was idle: it may be dead
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = opts.AppName
	params["timezone"] = "UTC"
	params["jit"] = "off"
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		readTimesAsUTC(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open postgres pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach postgres: %w", err)
	}
	return pool, nil
}

func readTimesAsUTC(types *pgtype.Map) {
	instant := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	types.RegisterType(instant)
	types.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID, Codec: &pgtype.ArrayCodec{ElementType: instant}})
}
