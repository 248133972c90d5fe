package catchup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Options of a Reader. Log, Streams, Start and Logger are required; the zero
// value of each other one means the default.
type Options struct {
	Log     commands.Log
	Streams commands.StreamReader
	// Start says where reading is to begin. It is asked at every beginning:
	// at first, after a Nack, and after the store was lost.
	Start  func(ctx context.Context) (eventschemas.Checkpoint, error)
	Logger *slog.Logger

	PageEvents  int           // events that close a page, 5,000
	PageBytes   int           // bytes of events that close a page, 4 MiB
	Idle        time.Duration // quiet time that closes a page, 20 ms
	Decoders    int           // goroutines that decode, in order; 1
	DrainWithin time.Duration // how long Close waits for an Ack, 5 s
	MinBackoff  time.Duration // first wait after a Nack or a lost store, 10 ms
	MaxBackoff  time.Duration // longest, 5 s
	// Check compares a checkpoint with the log before reading goes on from it:
	// an error that is not commands.ErrUnavailable says that the event there
	// is another one, or gone, and ends the reader. By default it is the
	// CheckHead of Log, if Log has one.
	Check func(ctx context.Context, at eventschemas.Checkpoint) error
	// Decode makes a Record; eventschemas.NewRecord by default.
	Decode func(e eventschemas.Recorded, number int64) (eventschemas.Record, error)
}

// prefix is what the names of all streams of ours begin with.
const prefix = "fl."

func (o *Options) setDefaults() error {
	if o.Log == nil || o.Streams == nil || o.Start == nil || o.Logger == nil {
		return errors.New("a reader needs a log, streams, a start and a logger")
	}
	for _, d := range []struct {
		value *int
		to    int
	}{{&o.PageEvents, 5_000}, {&o.PageBytes, 4 << 20}, {&o.Decoders, 1}} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	for _, d := range []struct {
		value *time.Duration
		to    time.Duration
	}{
		{&o.Idle, 20 * time.Millisecond},
		{&o.DrainWithin, 5 * time.Second},
		{&o.MinBackoff, 10 * time.Millisecond},
		{&o.MaxBackoff, 5 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	if l, ok := o.Log.(interface {
		CheckHead(ctx context.Context, at eventschemas.Checkpoint) error
	}); ok && o.Check == nil {
		o.Check = l.CheckHead
	}
	if o.Decode == nil {
		o.Decode = eventschemas.NewRecord
	}
	return nil
}

// DifferentLogError says that the store's log is not the one that the
// checkpoint was taken from. It ends the reader: the read models belong to
// another log, and a person has to decide.
type DifferentLogError struct {
	Checkpoint eventschemas.Checkpoint
	Err        error // what Check found instead
}

// Error tells what was expected and what was found.
func (e *DifferentLogError) Error() string {
	return fmt.Sprintf("the log is not the one in which event %d was %s: %v", e.Checkpoint.Number, e.Checkpoint.EventID, e.Err)
}

// Unwrap returns what Check found.
func (e *DifferentLogError) Unwrap() error { return e.Err }

// Status says how a reader is.
type Status struct {
	Delivered int64 // log number of the last event that was acknowledged
	CaughtUp  bool  // the last page ended at the end of the log
	Connected bool  // the log is being followed
	// LastError is why reading was begun again last, "" since the last Ack.
	LastError string
	// Poison is the event that reading cannot go past, nil for none.
	Poison *eventschemas.PoisonError
}

// Reader reads the log. It is a message.Subscriber; each subscription reads by
// itself, and the topic does not matter. Safe for concurrent use.
type Reader struct {
	o       Options
	closing chan struct{}
	close   sync.Once
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	status Status
	fatal  error
}

// New checks the options and returns a Reader. It reads nothing yet.
func New(o Options) (*Reader, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	return &Reader{o: o, closing: make(chan struct{})}, nil
}

// Subscribe begins to read. The channel is closed after Close, when ctx ends,
// or when Err says why reading is over for good.
func (r *Reader) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("reader is closed")
	}
	s := &subscription{
		Reader: r, out: make(chan *message.Message), values: context.WithoutCancel(ctx),
		backoff: backoff{min: r.o.MinBackoff, max: r.o.MaxBackoff},
	}
	r.running.Go(func() { s.run(ctx) })
	return s.out, nil
}

// Close stops reading, waits up to DrainWithin for the page that is being
// handled, closes the channels and returns. It may be called again.
func (r *Reader) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.close.Do(func() { close(r.closing) })
	r.running.Wait()
	return nil
}

// Err is why reading ended for good, a *DifferentLogError; nil while it goes on or was closed.
func (r *Reader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fatal
}

// Status returns how reading goes.
func (r *Reader) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

func (r *Reader) note(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
}

var errEnough = errors.New("enough")

// Scan calls page with consecutive pages after a checkpoint, up to and exactly
// including the log number to, without Watermill. Errors: what page returned,
// *eventschemas.PoisonError, *DifferentLogError, commands.ErrUnavailable, or
// that the log ends before.
func (r *Reader) Scan(ctx context.Context, after eventschemas.Checkpoint, to int64, page func(eventschemas.Page) error) error {
	if after.Number >= to {
		return nil
	}
	if err := r.check(ctx, after); err != nil {
		return err
	}
	last := after.Number
	err := r.read(ctx, after, to, func(d delivery) error {
		if n := len(d.page.Events); n > 0 {
			last = d.page.Events[n-1].Number
			if err := page(d.page); err != nil {
				return err
			}
		}
		switch {
		case d.poison != nil:
			return d.poison
		case last == to:
			return errEnough
		case d.page.CaughtUp:
			return fmt.Errorf("the log ends at event %d, before %d", last, to)
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// check sees to it that the checkpoint was taken from this log.
func (r *Reader) check(ctx context.Context, at eventschemas.Checkpoint) error {
	if at.Number == 0 || r.o.Check == nil {
		return nil
	}
	err := r.o.Check(ctx, at)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, commands.ErrUnavailable) || ctx.Err() != nil:
		return fmt.Errorf("compare the log with event %d: %w", at.Number, err)
	}
	return &DifferentLogError{Checkpoint: at, Err: err}
}
