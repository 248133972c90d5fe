package readmodel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// recentStreams is how many streams' last applied revisions are remembered, at least.
const recentStreams = 32_768

// recent remembers the last applied revision of the streams seen last.
type recent struct{ young, old map[string]int64 }

func (r *recent) put(stream string, revision int64) {
	if len(r.young) >= recentStreams || r.young == nil {
		r.old, r.young = r.young, make(map[string]int64)
	}
	r.young[stream] = revision
}

func (r *recent) get(stream string) (int64, bool) {
	if n, ok := r.young[stream]; ok {
		return n, true
	}
	n, ok := r.old[stream]
	return n, ok
}

// publish tells everybody who waits what was committed.
func (m *Manager) publish(gens map[string]*generation, page eventschemas.Page, read bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(page.Events); n > 0 {
		m.top = max(m.top, page.Events[n-1].Number)
	}
	if read {
		m.caughtUp = page.CaughtUp
	}
	if gens != nil {
		head := int64(math.MaxInt64)
		for _, g := range gens {
			m.schemas[g.Name] = g.schema
			m.top = max(m.top, g.at.Number)
			if g.state != Halted && g.at.Number < head {
				head, m.headAt = g.at.Number, g.at
			}
			m.status[g.Name] = statusOf(g)
		}
		if head != math.MaxInt64 {
			if head < m.head { // the database was put back to an older state
				m.recent = recent{}
			}
			m.head = head
		}
	}
	for i := range page.Events {
		m.recent.put(page.Events[i].Stream, int64(page.Events[i].Revision)) //nolint:gosec // a revision fits
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

func statusOf(g *generation) Status {
	s := Status{
		Projection: g.Name, Version: g.Version, Generation: g.number, Schema: g.schema, State: g.state,
		Number: g.at.Number, Digest: g.digest.total(),
	}
	if g.halted != nil {
		s.HaltedNumber, s.HaltedStream, s.HaltedRevision = g.halted.Number, g.halted.Stream, g.halted.Revision
		s.HaltedReason = g.halted.Err.Error()
	}
	return s
}

// Status tells how every projection is, in order of name, as of the last page or Refresh.
func (m *Manager) Status() []Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Status
	for _, s := range m.status {
		s.Lag = m.top - s.Number
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Projection, b.Projection) })
	return out
}

// Schema returns the schema of the generation of a projection that serves
// now; "" before Ensure, Refresh or Run. Ask again for each query.
func (m *Manager) Schema(projection string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.schemas[projection]
}

// Head returns the log number up to which every projection that is not halted has applied.
func (m *Manager) Head() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head
}

// HeadAt returns the checkpoint of Head, from which the rest of the log can be read.
func (m *Manager) HeadAt() eventschemas.Checkpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.headAt
}

// CaughtUp reports whether the last page ended at the end of the log.
func (m *Manager) CaughtUp() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.caughtUp
}

// Changed returns a channel that is closed after the next commit of a page.
// Take it before looking at what changed, then look, then wait for it.
func (m *Manager) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// until waits until done, which is asked again after each commit.
func (m *Manager) until(ctx context.Context, done func() (bool, error)) error {
	for {
		changed := m.Changed()
		ok, err := done()
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrBeyond, err)
		}
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrBeyond, ctx.Err())
		case <-changed:
		}
	}
}

// halted reports whether no projector goes on.
func (m *Manager) halted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.status {
		if s.State != Halted {
			return false
		}
	}
	return len(m.status) > 0
}

// WaitFor waits until every projection that is not halted has applied number.
// ErrHalted if none goes on, ErrBeyond when ctx ends first.
func (m *Manager) WaitFor(ctx context.Context, number int64) error {
	return m.until(ctx, func() (bool, error) {
		if m.Head() >= number {
			return true, nil
		}
		if m.halted() {
			return false, ErrHalted
		}
		return false, nil
	})
}

// WaitRevision waits until a stream's revision has been applied, to read
// one's own write. Errors are those of WaitFor.
func (m *Manager) WaitRevision(ctx context.Context, stream string, revision int64) error {
	asked := false
	return m.until(ctx, func() (bool, error) {
		m.mu.Lock()
		have, known := m.recent.get(stream)
		m.mu.Unlock()
		if known && have >= revision {
			return true, nil
		}
		if !known && !asked { // applied before this process began, or long ago
			asked = true
			stored, err := m.storedRevision(ctx, stream)
			if err != nil || stored >= revision {
				return err == nil, err
			}
		}
		if m.halted() {
			return false, ErrHalted
		}
		return false, nil
	})
}

// storedRevision is the highest revision of a stream in any table, -1 if none has it.
func (m *Manager) storedRevision(ctx context.Context, stream string) (int64, error) {
	category, id := StreamKey(stream)
	highest := int64(-1)
	for _, c := range m.projections {
		schema := m.Schema(c.Name)
		for _, p := range c.parts {
			sql := p.revision(schema, category)
			if sql == "" || schema == "" {
				continue
			}
			var n *int64
			if err := m.pool.QueryRow(ctx, sql, id).Scan(&n); err != nil {
				return -1, fmt.Errorf("look for %s: %w", stream, err)
			}
			if n != nil {
				highest = max(highest, *n)
			}
		}
	}
	return highest, nil
}

// BeyondError says that the log has not reached a time yet. It is ErrBeyond.
type BeyondError struct {
	At   time.Time
	Head int64
}

// Error tells the time and the last number.
func (e *BeyondError) Error() string {
	return fmt.Sprintf("the log, applied up to event %d, has not reached %s", e.Head, e.At.UTC().Format(time.RFC3339Nano))
}

// Is makes it ErrBeyond.
func (e *BeyondError) Is(target error) bool { return target == ErrBeyond }

// NumberAt returns the last log number whose running maximum of the store's
// clock is at or before at, cut to milliseconds; 0 before the first event. A
// number can be given only when a later event has been applied, so that the
// answer never changes: else it waits until the end of the log is reached, or
// ctx ends, and answers a *BeyondError.
func (m *Manager) NumberAt(ctx context.Context, at time.Time) (int64, error) {
	at = at.UTC().Truncate(time.Millisecond)
	number := int64(-1)
	err := m.until(ctx, func() (bool, error) {
		var after int64
		err := m.pool.QueryRow(ctx, `SELECT number FROM fieldledger.log_time WHERE created_max > $1 ORDER BY created_max, number LIMIT 1`, at).Scan(&after)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			if m.CaughtUp() || m.halted() {
				return false, &BeyondError{At: at, Head: m.Head()}
			}
			return false, nil
		case err != nil:
			return false, fmt.Errorf("find number at %s: %w", at, err)
		}
		number = after - 1
		return m.Head() >= number, nil
	})
	if errors.Is(err, ErrBeyond) {
		return 0, &BeyondError{At: at, Head: m.Head()}
	}
	return number, err
}
