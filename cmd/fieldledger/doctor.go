package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

type doctorCmd struct{}

const doctorPatience = 5 * time.Second

// Run shows each step of finding PostgreSQL and the event store. It starts nothing.
func (doctorCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	t.printf("data folder   %s\n\nPostgreSQL\n", cfg.DataDir)
	bin, steps, err := postgres.Resolve(ctx, postgres.Options{
		ExternalURL: cfg.Postgres, DataDir: filepath.Join(cfg.DataDir, "postgres"), NoFetch: true,
	})
	for _, s := range steps {
		t.printf("  %-4s %s: %s\n", mark(s.OK), s.Name, s.Answer)
	}
	if err == nil && bin.URL != "" {
		err = reachPostgres(ctx, bin.URL)
		t.printf("  %-4s asks the server\n", mark(err == nil))
	}
	storeErr := doctorStore(ctx, cfg, t)
	return errors.Join(err, storeErr)
}

func reachPostgres(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	pool, err := postgres.Open(ctx, dsn, postgres.PoolOptions{MaxConns: 1})
	if err == nil {
		pool.Close()
	}
	return err
}

func doctorStore(ctx context.Context, cfg *Config, t *terminal) error {
	t.printf("\nEvent store\n")
	if cfg.EventStore == "" {
		t.printf("  ok   embedded node in %s\n", eventsDir(cfg))
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	client, err := eventstoredb.Open(ctx, eventstoredb.Options{ConnectionString: cfg.EventStore, Log: cfg.logger(t)})
	if err == nil {
		err = errors.Join(client.Ping(ctx), client.Close(ctx))
	}
	if err != nil {
		t.printf("  no   %s\n", err)
		return fmt.Errorf("reach event store: %w", err)
	}
	t.printf("  ok   the store answers\n")
	return nil
}

func eventsDir(cfg *Config) string { return filepath.Join(cfg.DataDir, "events") }

func mark(ok bool) string {
	if ok {
		return "ok"
	}
	return "no"
}
