package readmodel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Errors of a Manager.
var (
	// ErrFenced says that another owner writes the read models now. The late
	// one stops; nothing of its page was written.
	ErrFenced = errors.New("another process owns the read models")
	// ErrHalted says that no projector can go on; Status says why. Repairing
	// the cause and starting again is right.
	ErrHalted = errors.New("every projector has halted")
	// ErrBeyond says that the read models are not there yet, or that the log
	// has not reached the time asked for. Asking again later is right.
	ErrBeyond = errors.New("beyond what the read models have applied")
	// ErrBusy says that another rebuild, cut-over or drop of the projection is under way.
	ErrBusy = errors.New("the projection is being rebuilt or switched")
	// ErrNoGeneration says that there is no such generation, or none to go back to.
	ErrNoGeneration = errors.New("no such generation")
)

// Clock tells the time, UTC. It only measures and stamps; no row depends on it.
type Clock interface{ Now() time.Time }

// Pages reads the log as pages, decoded, from any checkpoint: catchup.Reader.
type Pages interface {
	// Scan calls page with consecutive pages after a checkpoint, up to and
	// exactly including the log number to. It is an error if the log ends before.
	Scan(ctx context.Context, after eventschemas.Checkpoint, to int64, page func(eventschemas.Page) error) error
}

// Options of a Manager. Pool, Projections, Log and Clock are required.
type Options struct {
	Pool        *pgxpool.Pool
	Projections []Projection
	Log         *slog.Logger
	Clock       Clock
	// PageWithin is how long the database may take for a page before the page
	// is tried again on another connection, and how long an owner may stand
	// still within its transaction before the server ends it, so that another
	// can take over; 0 means a minute.
	PageWithin time.Duration
	// RebuildBytes is up to how many bytes of current rows of each model, as they
	// are stored, a rebuild keeps in memory between pages; in memory they take a
	// few times that. 0 means 8 MiB.
	RebuildBytes int
}

// Manager keeps the read models of a set of projections: it applies pages,
// answers how far they are, rebuilds, verifies and switches generations. It
// is safe for concurrent use; at most one Run at a time.
type Manager struct {
	pool         *pgxpool.Pool
	log          *slog.Logger
	clock        Clock
	projections  []*compiled
	rebuildBytes int
	pageWithin   time.Duration

	applying sync.Mutex // one page at a time; guards live and epochs
	live     map[string]*generation
	epochs   map[string]int64

	mu       sync.Mutex // guards the rest
	schemas  map[string]string
	status   map[string]Status
	headAt   eventschemas.Checkpoint
	head     int64
	top      int64
	caughtUp bool
	recent   recent
	changed  chan struct{}
	fatal    error
	stop     context.CancelFunc // ends Run
}

// New checks the projections and returns a Manager. It touches no database.
func New(o Options) (*Manager, error) {
	if o.Pool == nil || o.Log == nil || o.Clock == nil {
		return nil, errors.New("read models need a pool, a log and a clock")
	}
	cs, err := compileAll(o.Projections)
	if err != nil {
		return nil, err
	}
	if o.RebuildBytes <= 0 {
		o.RebuildBytes = 8 << 20
	}
	if o.PageWithin <= 0 {
		o.PageWithin = time.Minute
	}
	return &Manager{
		pool: o.Pool, log: o.Log, clock: o.Clock, projections: cs, rebuildBytes: o.RebuildBytes, pageWithin: o.PageWithin,
		schemas: map[string]string{}, status: map[string]Status{}, changed: make(chan struct{}),
	}, nil
}

func (m *Manager) find(projection string) (*compiled, error) {
	for _, c := range m.projections {
		if c.Name == projection {
			return c, nil
		}
	}
	return nil, fmt.Errorf("projection %q: %w", projection, ErrNoGeneration)
}

// Status says how a projection is.
type Status struct {
	Projection string
	Version    int
	Generation int
	Schema     string
	State      State
	Number     int64  // last log number applied
	Lag        int64  // events behind the last one that the reader delivered
	Digest     string // hex, over all tables
	// Set while State is Halted:
	HaltedNumber   int64
	HaltedStream   string // empty after a restart; the reason names it too
	HaltedRevision uint64
	HaltedReason   string
}
