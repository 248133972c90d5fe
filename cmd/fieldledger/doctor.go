package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/messages"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

type doctorCmd struct {
	Server string `env:"FIELDLEDGER_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Server to ask for alarms, if one runs."`
	Lang   string `enum:"en,zh" default:"en" help:"Language of the alarms."`
}

const doctorPatience = 5 * time.Second

// Run shows each step of finding PostgreSQL and the event store, and the alarms
// of a running server. It starts nothing. errRed if there are alarms.
func (c doctorCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
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
	return errors.Join(err, storeErr, c.alarms(ctx, t))
}

// alarms shows what a running server says that somebody has to see to.
func (c doctorCmd) alarms(ctx context.Context, t *terminal) error {
	t.printf("\nAlarms\n")
	h, err := health(ctx, c.Server)
	if err != nil {
		t.printf("  --   no server answers at %s, which would know them\n", c.Server)
		return nil
	}
	if len(h.Alarms) == 0 {
		t.printf("  ok   none\n")
		return nil
	}
	for _, a := range h.Alarms {
		text := a.Text.En
		if c.Lang == messages.Chinese {
			text = a.Text.Zh
		}
		t.printf("  no   %s %s\n", a.Rule, text)
	}
	return fmt.Errorf("alarms: %w", errRed)
}

const healthLimit = 1 << 20 // bytes of an answer

func health(ctx context.Context, server string) (api.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(server, "/")+"/v1/health", nil)
	if err != nil {
		return api.Health{}, fmt.Errorf("ask server: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return api.Health{}, fmt.Errorf("ask server: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	var h api.Health
	if err := json.NewDecoder(io.LimitReader(res.Body, healthLimit)).Decode(&h); err != nil {
		return api.Health{}, fmt.Errorf("read health: %w", err)
	}
	if h.Store == "" {
		return api.Health{}, errors.New("that is no server of ours")
	}
	return h, nil
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
