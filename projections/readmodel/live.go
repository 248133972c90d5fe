package readmodel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// routerCloseWithin is longer than any subscriber takes to drain.
const routerCloseWithin = 30 * time.Second

// Ensure creates the first generation of every projection that has none in
// this version. It is safe to call from several processes at once.
func (m *Manager) Ensure(ctx context.Context) error {
	for _, c := range m.projections {
		err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error { return m.ensure(ctx, tx, c) })
		if err != nil {
			return fmt.Errorf("ensure projection %s: %w", c.Name, err)
		}
	}
	return m.Refresh(ctx)
}

func (m *Manager) ensure(ctx context.Context, tx pgx.Tx, c *compiled) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lockName(c)); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	var exists bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM fieldledger.projection_active WHERE projection = $1 AND version = $2)`,
		c.Name, c.Version).Scan(&exists)
	if err != nil || exists {
		return err
	}
	number, err := nextGeneration(ctx, tx, c)
	if err != nil {
		return err
	}
	if _, err := createGeneration(ctx, tx, c, number, Active); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO fieldledger.projection_active (projection, version, generation, switched_at) VALUES ($1, $2, $3, $4)`,
		c.Name, c.Version, number, m.clock.Now())
	return err
}

func lockName(c *compiled) string { return fmt.Sprintf("readmodel %s v%d", c.Name, c.Version) }

func nextGeneration(ctx context.Context, q Querier, c *compiled) (int, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT coalesce(max(generation), 0) + 1 FROM fieldledger.projection_generation WHERE projection = $1 AND version = $2`,
		c.Name, c.Version).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("next generation of %s: %w", c.Name, err)
	}
	return n, nil
}

// Refresh reads again from the database which generations serve and how far
// they are. Run does so by itself; a process that only reads calls it.
func (m *Manager) Refresh(ctx context.Context) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	gens := map[string]*generation{}
	for _, c := range m.projections {
		g, err := loadActive(ctx, m.pool, c)
		if err != nil {
			return err
		}
		gens[c.Name] = g
	}
	m.publish(gens, eventschemas.Page{}, false)
	return nil
}

func loadActive(ctx context.Context, q Querier, c *compiled) (*generation, error) {
	var number int
	err := q.QueryRow(ctx, "SELECT generation FROM fieldledger.projection_active WHERE projection = $1 AND version = $2",
		c.Name, c.Version).Scan(&number)
	if err != nil {
		return nil, fmt.Errorf("active generation of %s v%d: %w", c.Name, c.Version, err)
	}
	return loadGeneration(ctx, q, c, number)
}

// own makes this process the only writer, and lets halted projectors try again.
func (m *Manager) own(ctx context.Context) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	m.live, m.epochs = nil, map[string]int64{}
	return pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		for _, c := range m.projections {
			var epoch int64
			err := tx.QueryRow(ctx, `UPDATE fieldledger.projection_checkpoint c SET epoch = epoch + 1
				FROM fieldledger.projection_active a
				WHERE a.projection = $1 AND a.version = $2
					AND c.projection = a.projection AND c.version = a.version AND c.generation = a.generation
				RETURNING c.epoch`, c.Name, c.Version).Scan(&epoch)
			if err != nil {
				return fmt.Errorf("own projection %s: %w", c.Name, err)
			}
			_, err = tx.Exec(ctx, `UPDATE fieldledger.projection_generation g SET state = $3, halted_reason = NULL, halted_number = NULL
				FROM fieldledger.projection_active a
				WHERE a.projection = $1 AND a.version = $2 AND g.state = $4
					AND g.projection = a.projection AND g.version = a.version AND g.generation = a.generation`,
				c.Name, c.Version, Active, Halted)
			if err != nil {
				return fmt.Errorf("own projection %s: %w", c.Name, err)
			}
			m.epochs[c.Name] = epoch
		}
		return nil
	})
}

// Run owns the read models and applies the pages of sub until ctx ends, the
// subscriber gives up (its error, if it has an Err method) or another owner
// takes over (ErrFenced). A halted projector does not end it.
func (m *Manager) Run(ctx context.Context, sub message.Subscriber) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := errors.Join(m.Ensure(ctx), m.own(ctx))
	if ctx.Err() != nil {
		return nil // stopped before it began
	}
	if err != nil {
		return err
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() { m.watch(ctx) })
	m.mu.Lock()
	m.stop, m.fatal = cancel, nil
	m.mu.Unlock()
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: routerCloseWithin}, watermill.NewSlogLogger(m.log))
	if err != nil {
		return fmt.Errorf("make router: %w", err)
	}
	router.AddConsumerHandler("readmodel", "fl", sub, m.Handler())
	if err := router.Run(ctx); err != nil {
		return fmt.Errorf("run router: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fatal != nil {
		return m.fatal
	}
	if s, ok := sub.(interface{ Err() error }); ok {
		return s.Err()
	}
	return nil
}

// watchEvery is how soon a switch that another process made is noticed when no page comes.
const watchEvery = time.Second

// watch takes over switches that another process made.
func (m *Manager) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := m.follow(ctx)
		if err != nil && ctx.Err() == nil {
			m.log.Warn("look for switched generations", "error", err)
		}
	}
}

// follow takes over a switch, if there was one.
func (m *Manager) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.pageWithin)
	defer cancel()
	switched, err := m.switched(ctx)
	if err != nil || !switched {
		return err
	}
	return m.Refresh(ctx)
}

func (m *Manager) switched(ctx context.Context) (bool, error) {
	for _, c := range m.projections {
		var number int
		err := m.pool.QueryRow(ctx, "SELECT generation FROM fieldledger.projection_active WHERE projection = $1 AND version = $2",
			c.Name, c.Version).Scan(&number)
		if err != nil {
			return false, fmt.Errorf("active generation of %s: %w", c.Name, err)
		}
		if m.Schema(c.Name) != SchemaName(c.Name, c.Version, number) {
			return true, nil
		}
	}
	return false, nil
}

// Handler applies the page that a message carries. Its error means that
// nothing was written and that the page is to come again, from Start on.
func (m *Manager) Handler() message.NoPublishHandlerFunc {
	return func(msg *message.Message) error {
		ctx, cancel := context.WithTimeout(msg.Context(), m.pageWithin)
		defer cancel()
		page, ok := eventschemas.PageFrom(ctx)
		poison := eventschemas.PoisonFrom(ctx)
		if !ok && poison == nil {
			return errors.New("message carries no page")
		}
		m.applying.Lock()
		defer m.applying.Unlock()
		err := m.handle(ctx, page, poison)
		if err != nil {
			m.live = nil // read again before the next try
		}
		if errors.Is(err, ErrFenced) {
			m.giveUp(err)
		}
		return err
	}
}

func (m *Manager) giveUp(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fatal = err
	if m.stop != nil {
		m.stop()
	}
}

// Start returns the checkpoint from which pages are to come: that of the
// projector that is least far. ErrHalted if none can go on. Pass it to the reader.
func (m *Manager) Start(ctx context.Context) (eventschemas.Checkpoint, error) {
	ctx, cancel := context.WithTimeout(ctx, m.pageWithin)
	defer cancel()
	m.applying.Lock()
	defer m.applying.Unlock()
	m.live = nil
	least := eventschemas.Checkpoint{Number: math.MaxInt64}
	for _, c := range m.projections {
		g, err := loadActive(ctx, m.pool, c)
		if err != nil {
			return least, err
		}
		if g.state != Halted && g.at.Number < least.Number {
			least = g.at
		}
	}
	if least.Number == math.MaxInt64 {
		return eventschemas.Checkpoint{}, ErrHalted
	}
	return least, nil
}

func (m *Manager) handle(ctx context.Context, page eventschemas.Page, poison *eventschemas.PoisonError) error {
	if len(page.Events) == 0 && poison == nil {
		m.publish(m.live, page, true)
		return nil
	}
	var gens map[string]*generation
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		var err error
		if gens, err = m.lock(ctx, tx); err != nil {
			return err
		}
		var folding sync.WaitGroup
		defer folding.Wait()
		var folds map[string]*aheadFold
		if poison == nil {
			if folds, err = m.foldAhead(ctx, tx, gens, page, &folding); err != nil {
				return err
			}
		}
		for _, c := range m.projections {
			g := gens[c.Name]
			switch {
			case g.state == Halted:
			case poison != nil:
				err = g.halt(ctx, tx, &HaltError{
					Number: poison.Number, Stream: poison.Stream, Revision: poison.Revision, Err: errors.New(poison.Reason),
				})
			default:
				gens[c.Name], err = m.applyOrHalt(ctx, tx, g, page, folds[c.Name])
			}
			if err != nil {
				return err
			}
		}
		return saveTimes(ctx, tx, page)
	})
	if err != nil {
		return fmt.Errorf("apply page after %d: %w", page.Previous.Number, err)
	}
	m.live = gens
	m.publish(gens, page, true)
	return nil
}

// lock takes the rows of the active generations and sees to it that they are
// still ours and where we left them.
func (m *Manager) lock(ctx context.Context, tx pgx.Tx) (map[string]*generation, error) {
	// Loading by key must not read whole tables while they have no statistics.
	// One who stands still within the transaction must not keep others out.
	setUp := fmt.Sprintf("SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL idle_in_transaction_session_timeout = %d",
		m.pageWithin.Milliseconds())
	if _, err := tx.Exec(ctx, setUp); err != nil {
		return nil, fmt.Errorf("set up transaction: %w", err)
	}
	names, versions := make([]string, len(m.projections)), make([]int32, len(m.projections))
	for i, c := range m.projections {
		names[i], versions[i] = c.Name, int32(c.Version) //nolint:gosec // a small number
	}
	type row struct {
		generation    int
		number, epoch int64
	}
	found := map[string]row{}
	rows, err := tx.Query(ctx, `SELECT a.projection, a.generation, c.number, c.epoch
		FROM fieldledger.projection_active a
		JOIN fieldledger.projection_checkpoint c USING (projection, version, generation)
		WHERE (a.projection, a.version) IN (SELECT * FROM unnest($1::text[], $2::int[]))
		ORDER BY a.projection FOR UPDATE OF a, c`, names, versions)
	if err != nil {
		return nil, fmt.Errorf("lock checkpoints: %w", err)
	}
	var name string
	var r row
	_, err = pgx.ForEachRow(rows, []any{&name, &r.generation, &r.number, &r.epoch}, func() error {
		found[name] = r
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lock checkpoints: %w", err)
	}
	gens := map[string]*generation{}
	for _, c := range m.projections {
		r, ok := found[c.Name]
		if !ok {
			return nil, fmt.Errorf("projection %s was switched just now", c.Name)
		}
		if r.epoch != m.epochs[c.Name] {
			return nil, fmt.Errorf("projection %s: %w", c.Name, ErrFenced)
		}
		g := m.live[c.Name]
		if g == nil || g.number != r.generation || g.at.Number != r.number {
			if g, err = loadGeneration(ctx, tx, c, r.generation); err != nil {
				return nil, err
			}
			g.epoch = m.epochs[c.Name] // ours, not whose it is now
		}
		gens[c.Name] = g
	}
	return gens, nil
}

// aheadFold is a page that is being folded while the pages of other
// generations are loaded and written.
type aheadFold struct {
	run  *run
	recs []eventschemas.Record
	done chan struct{} // closed when err is set
	err  error
}

// foldAhead loads what the page touches, generation by generation, and begins
// to fold each as soon as it is loaded.
func (m *Manager) foldAhead(
	ctx context.Context, tx pgx.Tx, gens map[string]*generation, page eventschemas.Page, folding *sync.WaitGroup,
) (map[string]*aheadFold, error) {
	out := map[string]*aheadFold{}
	for _, c := range m.projections {
		g := gens[c.Name]
		if g.state == Halted {
			continue
		}
		f := &aheadFold{run: g.next(), done: make(chan struct{})}
		var err error
		if f.recs, err = f.run.take(page, math.MaxInt64); err != nil {
			return nil, err
		}
		if err := f.run.load(ctx, tx, f.recs); err != nil {
			return nil, err
		}
		folding.Go(func() {
			defer close(f.done)
			f.err = f.run.fold(f.recs)
		})
		out[c.Name] = f
	}
	return out, nil
}

// applyOrHalt writes a page to one generation within a savepoint. If an event
// of it cannot be applied, those before it are, and the generation halts.
func (m *Manager) applyOrHalt(ctx context.Context, tx pgx.Tx, g *generation, page eventschemas.Page, f *aheadFold) (*generation, error) {
	from := g.at.Number
	<-f.done
	err := f.err
	if err == nil {
		err = within(ctx, tx, func(sp pgx.Tx) error { return f.run.write(ctx, sp, page, f.recs) })
	}
	if err == nil {
		return g, nil
	}
	if !isHalt(err) {
		return g, err
	}
	h, ok := errors.AsType[*HaltError](err)
	if !ok {
		if h, err = m.search(ctx, tx, g, page, from, err); err != nil {
			return g, err
		}
	}
	fresh, err := loadGeneration(ctx, tx, g.compiled, g.number)
	if err != nil {
		return g, err
	}
	err = within(ctx, tx, func(sp pgx.Tx) error { return fresh.start(0).apply(ctx, sp, page, h.Number-1) })
	if err != nil {
		return g, err
	}
	m.log.Error("projector halted", "projection", g.Name, "generation", g.number, "number", h.Number,
		"stream", h.Stream, "revision", h.Revision, "reason", h.Err.Error())
	return fresh, fresh.halt(ctx, tx, h)
}

// search finds by halving the event that the database refused.
func (m *Manager) search(ctx context.Context, tx pgx.Tx, g *generation, page eventschemas.Page, good int64, cause error) (*HaltError, error) {
	bad := page.Events[len(page.Events)-1].Number
	for bad-good > 1 {
		middle := good + (bad-good)/2
		err := within(ctx, tx, func(sp pgx.Tx) error {
			try, err := loadGeneration(ctx, sp, g.compiled, g.number)
			if err != nil {
				return err
			}
			if err := try.start(0).apply(ctx, sp, page, middle); err != nil {
				return err
			}
			return errUndo
		})
		switch {
		case errors.Is(err, errUndo):
			good = middle
		case isHalt(err):
			bad, cause = middle, err
		default:
			return nil, err
		}
	}
	e := &page.Events[bad-page.Events[0].Number]
	return &HaltError{Number: e.Number, Stream: e.Stream, Revision: e.Revision, Err: cause}, nil
}

var errUndo = errors.New("undo")

// within runs f in a savepoint.
func within(ctx context.Context, tx pgx.Tx, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, tx, f)
}

// saveTimes keeps, for each new running maximum of the store's clock in
// milliseconds (rounded up), the first number that has it.
func saveTimes(ctx context.Context, tx pgx.Tx, page eventschemas.Page) error {
	last := ceilMS(page.Previous.CreatedMax)
	var numbers []int64
	var times []time.Time
	for i := range page.Events {
		if t := ceilMS(page.Events[i].Created); t.After(last) || page.Events[i].Number == 1 {
			numbers, times, last = append(numbers, page.Events[i].Number), append(times, t), t
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO fieldledger.log_time (number, created_max)
		SELECT * FROM unnest($1::bigint[], $2::timestamptz[]) ON CONFLICT (number) DO NOTHING`, numbers, times)
	if err != nil {
		return fmt.Errorf("save times of the log: %w", err)
	}
	return nil
}

func ceilMS(t time.Time) time.Time {
	if c := t.Truncate(time.Millisecond); c.Before(t) {
		return c.Add(time.Millisecond)
	}
	return t
}
