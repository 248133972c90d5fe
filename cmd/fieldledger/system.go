package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/outcomes"
	"github.com/fieldledger/fieldledger/internal/postgres"
	"github.com/fieldledger/fieldledger/internal/vault"
	"github.com/fieldledger/fieldledger/projections"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// system is all parts of an installation, opened and joined.
type system struct {
	cfg      *Config
	log      *slog.Logger
	clock    commands.Waker
	postgres *postgres.Server
	pool     *pgxpool.Pool
	node     *eventnode.Node // nil with an external store
	client   *eventstoredb.Store
	store    commands.EventStore
	vault    *vault.Vault
	outcomes *outcomes.Store
	ports    commands.Ports
	app      *commands.App
	manager  *readmodel.Manager
	reader   *catchup.Reader
	side     *readside.Side
	timers   []*timer.Scheduler
	managers []*process.Runner
	macKey   []byte
	closers  []func(context.Context) error // run in reverse
}

// tuning is what only tests and benchmarks change.
type tuning struct {
	PageEvents int
	Decoders   int
	Clock      commands.Waker // of a demo; nil: the machine's
	Workers    int            // of each timer, 8 if zero; with one, what is due is taken in order
}

const stopWithin = 30 * time.Second

// open opens every part; what was opened is closed again on an error.
func open(ctx context.Context, cfg *Config, log *slog.Logger, t tuning) (_ *system, err error) {
	s := &system{cfg: cfg, log: log, clock: clock.System{}}
	if t.Clock != nil {
		s.clock = t.Clock
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	if err := s.openStores(ctx); err != nil {
		return nil, err
	}
	if err := s.openVault(ctx); err != nil {
		return nil, err
	}
	return s, s.openReadSide(ctx, t)
}

// openStores starts the event store and PostgreSQL, both at once.
func (s *system) openStores(ctx context.Context) error {
	var g errgroup.Group
	var startErr, storeErr error
	g.Go(func() error { startErr = s.openPostgres(ctx); return nil })
	g.Go(func() error { storeErr = s.openEventStore(ctx); return nil })
	_ = g.Wait() // both are always waited for, so that both can be closed
	if s.postgres != nil {
		s.onClose(s.postgres.Stop) // stops last
	}
	if s.pool != nil {
		s.onClose(func(context.Context) error { s.pool.Close(); return nil })
	}
	if s.node != nil {
		s.onClose(s.node.Close)
	}
	if s.client != nil {
		s.onClose(s.client.Close)
	}
	return errors.Join(startErr, storeErr)
}

func (s *system) openPostgres(ctx context.Context) error {
	server, err := postgres.Start(ctx, postgres.Options{
		ExternalURL: s.cfg.Postgres, DataDir: filepath.Join(s.cfg.DataDir, "postgres"), Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.postgres = server
	s.pool, err = postgres.Open(ctx, server.DSN(), postgres.PoolOptions{})
	if err != nil {
		return fmt.Errorf("open postgres: %w", err)
	}
	return postgres.Migrate(ctx, s.pool)
}

func (s *system) openEventStore(ctx context.Context) error {
	options := eventstoredb.Options{ConnectionString: s.cfg.EventStore, Log: s.log}
	if s.cfg.EventStore == "" {
		node, err := eventnode.Open(ctx, eventnode.Options{Clock: s.clock, Dir: eventsDir(s.cfg), Log: s.log})
		if err != nil {
			return fmt.Errorf("open event node: %w", err)
		}
		s.node = node
		options.ConnectionString, options.RootCAs = node.ConnectionString(), node.CertPool()
	}
	client, err := eventstoredb.Open(ctx, options)
	if err != nil {
		return fmt.Errorf("open event store: %w", err)
	}
	s.client, s.store = client, client
	if s.node != nil {
		s.store = eventstoredb.Split{Store: client, Local: s.node}
	}
	if err := client.Ping(ctx); err != nil {
		return fmt.Errorf("reach event store: %w", err)
	}
	return nil
}

func (s *system) openVault(ctx context.Context) error {
	master, err := vault.LoadKey(s.cfg.DataDir)
	if err != nil {
		return fmt.Errorf("load master key: %w", err)
	}
	id, macKey, err := vault.Installation(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("read installation: %w", err)
	}
	s.macKey = macKey
	if s.vault, err = vault.Open(ctx, s.pool, master, s.clock, vault.Options{Dir: s.cfg.DataDir}); err != nil {
		return fmt.Errorf("open vault: %w", err)
	}
	s.outcomes = outcomes.New(s.pool, s.clock)
	s.ports = commands.Ports{
		Store: s.store, Outcomes: s.outcomes, Vault: s.vault, Clock: s.clock,
		IDs: commands.IDs{Installation: id}, Log: s.log,
	}
	s.app = commands.New(s.ports)
	return nil
}

func (s *system) openReadSide(ctx context.Context, t tuning) error {
	var err error
	s.manager, err = readmodel.New(readmodel.Options{
		Pool: s.pool, Log: s.log, Clock: s.clock,
		Projections: projections.All(),
	})
	if err != nil {
		return err
	}
	if err := s.manager.Ensure(ctx); err != nil {
		return fmt.Errorf("prepare read models: %w", err)
	}
	if err := s.manager.Refresh(ctx); err != nil {
		return fmt.Errorf("find read models: %w", err)
	}
	if err := s.checkHead(ctx); err != nil {
		return err
	}
	options := catchup.Options{
		Log: s.store, Streams: s.store, Start: s.manager.Start, Logger: s.log,
		PageEvents: t.PageEvents, Decoders: t.Decoders,
	}
	if s.node != nil {
		options.Check = s.node.CheckHead
	}
	s.reader, err = catchup.New(options)
	if err != nil {
		return err
	}
	s.onClose(func(context.Context) error { return s.reader.Close() })
	s.side, err = readside.New(readside.Parts{
		Pool: s.pool, Manager: s.manager, Streams: s.store, Log: s.store, Clock: s.clock, Ping: s.client.Ping,
	})
	if err != nil {
		return err
	}
	if err := s.openTimers(map[string]timer.Steps{"escalation": s.side.Steps(s.app.Tickets), "chase": s.side.Chases(s.app.Tools)}, t.Workers); err != nil {
		return err
	}
	s.app.Exchanges.Connect(s.side, s.app.Losses)
	return s.openManagers(
		process.Retarget{Tickets: s.side, Commands: s.app.Tickets, Policies: s.app.Policies},
		process.Exchange{Commands: s.app.Exchanges},
		process.Loss{Losses: s.app.Losses, Accounts: s.app.Deductions, Streams: s.store, IDs: s.ports.IDs},
		&process.Recall{Tools: s.side, Commands: s.app.Tools, Recalls: s.app.Recalls},
		&process.Annual{Tools: s.side, Commands: s.app.Tools, Issues: s.app.Annual},
		process.Stocktake{Stocktakes: s.app.Stocktakes, Tools: s.app.Tools},
		process.Acceptance{Acceptances: s.app.Acceptances, Purchases: s.app.Purchases, Stocks: s.app.Stocks, Tools: s.app.Tools},
		process.Scrap{Scraps: s.app.Scraps},
		process.Stock{Stocks: s.app.Stocks, Demands: s.app.Demands},
	)
}

// openTimers makes the schedulers, one for each kind of step.
func (s *system) openTimers(steps map[string]timer.Steps, workers int) error {
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		t, err := timer.New(timer.Options{Name: name, Steps: steps[name], Clock: s.clock, Log: s.log, Workers: workers})
		if err != nil {
			return fmt.Errorf("make timer %s: %w", name, err)
		}
		s.timers = append(s.timers, t)
	}
	return nil
}

// openManagers makes the runners of process managers.
func (s *system) openManagers(managers ...process.Manager) error {
	for _, m := range managers {
		r, err := process.New(process.Options{Ports: s.ports, Clock: s.clock, Inbox: s.side.Inbox(), Manager: m})
		if err != nil {
			return fmt.Errorf("make process manager %s: %w", m.Name(), err)
		}
		s.managers = append(s.managers, r)
	}
	return nil
}

const sqlHighest = `
-- The highest checkpoint of any read model: the log must reach it.
SELECT number, commit_position, prepare_position, event_id FROM fieldledger.projection_checkpoint
WHERE event_id IS NOT NULL ORDER BY number DESC LIMIT 1`

// checkHead refuses a log that is shorter than, or different from, what the
// read models have seen: acknowledged events would be missing.
func (s *system) checkHead(ctx context.Context) error {
	if s.node == nil {
		return nil // the reader asks the store itself
	}
	var c eventschemas.Checkpoint
	err := s.pool.QueryRow(ctx, sqlHighest).Scan(&c.Number, &c.Position.Commit, &c.Position.Prepare, &c.EventID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read highest checkpoint: %w", err)
	}
	if err := s.node.CheckHead(ctx, c); err != nil {
		return fmt.Errorf("compare event log with read models: %w", err)
	}
	return nil
}

func (s *system) onClose(f func(context.Context) error) { s.closers = append(s.closers, f) }

// close closes what is open, the last opened first; PostgreSQL last.
func (s *system) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for _, f := range slices.Backward(s.closers) {
		errs = append(errs, f(ctx))
	}
	s.closers = nil
	return errors.Join(errs...)
}

// run keeps the read models and watches the parts until ctx ends or one fails.
func (s *system) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := s.manager.Run(ctx, s.reader); err != nil && ctx.Err() == nil {
			return fmt.Errorf("read models: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		select {
		case err := <-s.postgres.Died():
			return fmt.Errorf("postgres ended: %w", err)
		case <-ctx.Done():
			return nil
		}
	})
	if s.node != nil {
		g.Go(func() error {
			select {
			case <-s.node.Done():
				return fmt.Errorf("event node ended: %w", s.node.Err())
			case <-ctx.Done():
				return nil
			}
		})
	}
	g.Go(func() error { return s.sweep(ctx) })
	return g.Wait()
}

// serve runs what acts by itself beside a server, until ctx ends or one fails.
// No other command does: an import or a rebuild sets nothing off.
func (s *system) serve(ctx context.Context, srv *server, integrations []string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return srv.run(ctx) })
	for _, t := range s.timers {
		g.Go(func() error { return t.Run(ctx) })
	}
	for _, m := range s.managers {
		g.Go(func() error { return m.Run(ctx) })
	}
	if len(integrations) > 0 {
		g.Go(func() error { return s.publish(ctx, integrations) })
	}
	return g.Wait()
}

// sweep forgets old outcomes now and then.
func (s *system) sweep(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := s.outcomes.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "outcomes not swept", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// during runs the system while f works, and then ends both.
func (s *system) during(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.run(ctx) })
	g.Go(func() error {
		defer cancel()
		return f(ctx)
	})
	return g.Wait()
}

// errMore says that there is an event after the checkpoint.
var errMore = errors.New("there is more")

// settle waits until the read models have applied every event that is stored now.
func (s *system) settle(ctx context.Context) error {
	for {
		changed := s.manager.Changed()
		at, err := s.manager.Start(ctx)
		if err != nil {
			return err
		}
		end := errors.New("end of the log")
		err = s.store.Follow(ctx, at.Position, "fl.",
			func(eventschemas.Recorded) error { return errMore },
			func() error { return end })
		switch {
		case errors.Is(err, end):
			return nil
		case !errors.Is(err, errMore):
			return err
		}
		select {
		case <-changed:
		case <-time.After(time.Second): // a halted projector commits nothing
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
