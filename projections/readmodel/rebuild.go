package readmodel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Report says what a rebuild found. The digests are over all tables of the
// projection, both at Number.
type Report struct {
	Projection    string
	Generation    int   // the new one, ready to be cut over
	Number        int64 // log number at which both were compared
	Events        int64 // read from the log
	Seconds       float64
	LiveDigest    string
	RebuiltDigest string
	Equal         bool
}

// Progress is called now and then with the events done and to do.
type Progress func(done, total int64)

// RebuildOptions of a rebuild.
type RebuildOptions struct {
	Pages       Pages
	Projections []string // names; empty for all
	Progress    Progress // may be nil
}

// Rebuild builds a new generation of each projection beside the live one, in
// one scan of the log, compares the digests at the number where the live one
// was when it began, and lets the new one catch up. The new generations are
// ready for CutOver, or to be dropped. What an interrupted rebuild left is
// dropped first. ErrBusy if another one is under way.
func (m *Manager) Rebuild(ctx context.Context, o RebuildOptions) ([]Report, error) {
	cs, err := m.chosen(o.Projections)
	if err != nil {
		return nil, err
	}
	unlock, err := m.lockProjections(ctx, cs)
	if err != nil {
		return nil, err
	}
	defer unlock()
	began := m.clock.Now()
	var builds []*build
	for _, c := range cs {
		b, err := m.begin(ctx, c)
		if err != nil {
			return nil, err
		}
		builds = append(builds, b)
	}
	if err := m.scan(ctx, o, builds); err != nil {
		return nil, err
	}
	reports := make([]Report, len(builds))
	for i, b := range builds {
		b.report.Seconds = m.clock.Now().Sub(began).Seconds()
		if err := m.complete(ctx, o.Pages, b); err != nil {
			return nil, err
		}
		reports[i] = b.report
	}
	return reports, nil
}

// build is one generation being rebuilt.
type build struct {
	*run
	report Report
}

func (m *Manager) chosen(names []string) ([]*compiled, error) {
	if len(names) == 0 {
		return m.projections, nil
	}
	var out []*compiled
	for _, n := range names {
		c, err := m.find(n)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// lockProjections keeps other rebuilds and switches away until unlock.
func (m *Manager) lockProjections(ctx context.Context, cs []*compiled) (unlock func(), err error) {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock projections: %w", err)
	}
	unlock = func() { release(context.WithoutCancel(ctx), conn) }
	for _, c := range cs {
		var got bool
		err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 1))", lockName(c)).Scan(&got)
		if err == nil && !got {
			err = ErrBusy
		}
		if err != nil {
			unlock()
			return nil, fmt.Errorf("lock projection %s: %w", c.Name, err)
		}
	}
	return unlock, nil
}

// release gives a connection back without its locks, or closes it.
func release(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_unlock_all()"); err != nil {
		_ = conn.Conn().Close(ctx) // the server lets the locks go with it
	}
	conn.Release()
}

// begin drops what was left half built and creates the next generation.
func (m *Manager) begin(ctx context.Context, c *compiled) (*build, error) {
	b := &build{}
	err := pgx.BeginTxFunc(ctx, m.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT generation FROM fieldledger.projection_generation
			WHERE projection = $1 AND version = $2 AND state IN ($3, $4)`, c.Name, c.Version, Building, CatchingUp)
		if err != nil {
			return fmt.Errorf("look for half-built generations: %w", err)
		}
		left, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return fmt.Errorf("look for half-built generations: %w", err)
		}
		live, err := loadActive(ctx, tx, c)
		if err != nil {
			return err
		}
		next, err := nextGeneration(ctx, tx, c)
		if err != nil {
			return err
		}
		for _, n := range left {
			if err := dropGeneration(ctx, tx, c, n); err != nil {
				return err
			}
		}
		g, err := createGeneration(ctx, tx, c, next, Building)
		if err != nil {
			return err
		}
		b.run = g.start(m.rebuildBytes)
		b.report = Report{Projection: c.Name, Generation: next, Number: live.at.Number, LiveDigest: live.digest.total()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("begin rebuild of %s: %w", c.Name, err)
	}
	return b, nil
}

// scan feeds all builds from one reading of the log.
func (m *Manager) scan(ctx context.Context, o RebuildOptions, builds []*build) error {
	var to int64
	for _, b := range builds {
		to = max(to, b.report.Number)
	}
	if to > 0 {
		if err := m.feedAll(ctx, o, builds, to); err != nil {
			return fmt.Errorf("scan the log up to %d: %w", to, err)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, b := range builds {
		g.Go(func() error { return m.finish(ctx, b) })
	}
	return g.Wait()
}

// feedAll hands each page to all builds. A build that is slower than others on
// one page may be up to two pages behind them.
func (m *Manager) feedAll(ctx context.Context, o RebuildOptions, builds []*build, to int64) error {
	g, ctx := errgroup.WithContext(ctx)
	feeds := make([]chan eventschemas.Page, len(builds))
	for i, b := range builds {
		feed := make(chan eventschemas.Page, 1)
		feeds[i] = feed
		g.Go(func() error {
			for p := range feed {
				if err := m.feed(ctx, b, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	scanned := o.Pages.Scan(ctx, eventschemas.Checkpoint{}, to, func(p eventschemas.Page) error {
		for _, feed := range feeds {
			select {
			case feed <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if n := len(p.Events); o.Progress != nil && n > 0 {
			o.Progress(p.Events[n-1].Number, to)
		}
		return nil
	})
	for _, feed := range feeds {
		close(feed)
	}
	if err := g.Wait(); err != nil {
		return err // why the scan ended, too
	}
	return scanned
}

func (m *Manager) feed(ctx context.Context, b *build, p eventschemas.Page) error {
	before := b.at.Number
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		// Nothing is lost by a crash: an interrupted rebuild starts over.
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"); err != nil {
			return fmt.Errorf("set up transaction: %w", err)
		}
		return b.apply(ctx, tx, p, b.report.Number)
	})
	b.report.Events += b.at.Number - before
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", b.schema, err)
	}
	return nil
}

// finish writes the last rows, makes the indexes and compares.
func (m *Manager) finish(ctx context.Context, b *build) error {
	indexes, err := b.indexes()
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		if err := b.flush(ctx, tx); err != nil {
			return err
		}
		for _, sql := range indexes {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return setState(ctx, tx, b.generation, CatchingUp)
	})
	if err != nil {
		return fmt.Errorf("finish %s: %w", b.schema, err)
	}
	if err := analyze(ctx, m.pool, b.schema); err != nil {
		return err
	}
	b.report.RebuiltDigest = b.digest.total()
	b.report.Equal = b.report.RebuiltDigest == b.report.LiveDigest
	return nil
}

func analyze(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	rows, err := pool.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
	if err != nil {
		return fmt.Errorf("list tables of %s: %w", schema, err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list tables of %s: %w", schema, err)
	}
	for _, t := range tables {
		if _, err := pool.Exec(ctx, "ANALYZE "+quote(schema, t)); err != nil {
			return fmt.Errorf("analyze %s: %w", t, err)
		}
	}
	return nil
}

func setState(ctx context.Context, tx pgx.Tx, g *generation, s State) error {
	_, err := tx.Exec(ctx, `UPDATE fieldledger.projection_generation SET state = $1
		WHERE projection = $2 AND version = $3 AND generation = $4`, s, g.Name, g.Version, g.number)
	if err != nil {
		return fmt.Errorf("make %s %s: %w", g.schema, s, err)
	}
	g.state = s
	return nil
}

func (m *Manager) complete(ctx context.Context, pages Pages, b *build) error {
	if err := m.catchUp(ctx, pages, b.generation); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error { return setState(ctx, tx, b.generation, Ready) })
}

// catchUp brings a generation that does not serve to where the live one is.
func (m *Manager) catchUp(ctx context.Context, pages Pages, g *generation) error {
	for {
		live, err := loadActive(ctx, m.pool, g.compiled)
		if err != nil {
			return err
		}
		if g.at.Number >= live.at.Number {
			return nil
		}
		err = pages.Scan(ctx, g.at, live.at.Number, func(p eventschemas.Page) error {
			return pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error { return g.start(0).apply(ctx, tx, p, live.at.Number) })
		})
		if err != nil {
			return fmt.Errorf("catch up %s: %w", g.schema, err)
		}
	}
}

// CutOver makes a generation serve: it catches up, and then, while the live
// one waits, takes its place in one transaction. The old one stays for RollBack.
func (m *Manager) CutOver(ctx context.Context, pages Pages, projection string, generation int) error {
	c, err := m.find(projection)
	if err != nil {
		return err
	}
	unlock, err := m.lockProjections(ctx, []*compiled{c})
	if err != nil {
		return err
	}
	defer unlock()
	next, err := loadGeneration(ctx, m.pool, c, generation)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("generation %d of %s: %w", generation, projection, ErrNoGeneration)
	}
	if err != nil {
		return err
	}
	if next.state != Ready && next.state != Retired {
		return fmt.Errorf("generation %s is %s, not ready: %w", next.schema, next.state, ErrNoGeneration)
	}
	if err := m.catchUp(ctx, pages, next); err != nil {
		return err
	}
	if err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error { return m.swap(ctx, tx, pages, next) }); err != nil {
		return fmt.Errorf("cut over to %s: %w", next.schema, err)
	}
	m.mu.Lock()
	m.schemas[c.Name] = next.schema
	m.mu.Unlock()
	return nil
}

func (m *Manager) swap(ctx context.Context, tx pgx.Tx, pages Pages, next *generation) error {
	var old int
	err := tx.QueryRow(ctx, `SELECT a.generation FROM fieldledger.projection_active a
		JOIN fieldledger.projection_checkpoint c USING (projection, version, generation)
		WHERE a.projection = $1 AND a.version = $2 FOR UPDATE OF a, c`, next.Name, next.Version).Scan(&old)
	if err != nil {
		return fmt.Errorf("lock the live generation: %w", err)
	}
	if old == next.number {
		return nil
	}
	live, err := loadGeneration(ctx, tx, next.compiled, old)
	if err != nil {
		return err
	}
	if next.at.Number < live.at.Number { // what came since catchUp; live waits for the lock
		err := pages.Scan(ctx, next.at, live.at.Number, func(p eventschemas.Page) error {
			return next.start(0).apply(ctx, tx, p, live.at.Number)
		})
		if err != nil {
			return err
		}
	}
	// The owner of the old one goes on with the new one: same epoch.
	_, err = tx.Exec(ctx, `UPDATE fieldledger.projection_checkpoint SET epoch = $1
		WHERE projection = $2 AND version = $3 AND generation = $4`, live.epoch, next.Name, next.Version, next.number)
	if err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE fieldledger.projection_active SET generation = $1, previous_generation = $2, switched_at = $3
		WHERE projection = $4 AND version = $5`, next.number, old, m.clock.Now(), next.Name, next.Version)
	if err != nil {
		return fmt.Errorf("switch: %w", err)
	}
	if err := setState(ctx, tx, live, Retired); err != nil {
		return err
	}
	return setState(ctx, tx, next, Active)
}

// RollBack makes the generation that served before serve again, after it has
// caught up. ErrNoGeneration if there is none.
func (m *Manager) RollBack(ctx context.Context, pages Pages, projection string) error {
	c, err := m.find(projection)
	if err != nil {
		return err
	}
	var previous *int
	err = m.pool.QueryRow(ctx, "SELECT previous_generation FROM fieldledger.projection_active WHERE projection = $1 AND version = $2",
		c.Name, c.Version).Scan(&previous)
	if err != nil {
		return fmt.Errorf("previous generation of %s: %w", projection, err)
	}
	if previous == nil {
		return fmt.Errorf("previous generation of %s: %w", projection, ErrNoGeneration)
	}
	return m.CutOver(ctx, pages, projection, *previous)
}

// DropRetired removes every generation of a projection that does not serve,
// rebuilt ones included, and returns how many.
func (m *Manager) DropRetired(ctx context.Context, projection string) (int, error) {
	c, err := m.find(projection)
	if err != nil {
		return 0, err
	}
	unlock, err := m.lockProjections(ctx, []*compiled{c})
	if err != nil {
		return 0, err
	}
	defer unlock()
	dropped := 0
	err = pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT g.generation FROM fieldledger.projection_generation g
			WHERE g.projection = $1 AND g.version = $2 AND NOT EXISTS (SELECT FROM fieldledger.projection_active a
				WHERE a.projection = g.projection AND a.version = g.version AND a.generation = g.generation)`, c.Name, c.Version)
		if err != nil {
			return fmt.Errorf("look for retired generations: %w", err)
		}
		retired, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return fmt.Errorf("look for retired generations: %w", err)
		}
		for _, n := range retired {
			if err := dropGeneration(ctx, tx, c, n); err != nil {
				return err
			}
		}
		dropped = len(retired)
		_, err = tx.Exec(ctx, "UPDATE fieldledger.projection_active SET previous_generation = NULL WHERE projection = $1 AND version = $2",
			c.Name, c.Version)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("drop retired generations of %s: %w", projection, err)
	}
	return dropped, nil
}
