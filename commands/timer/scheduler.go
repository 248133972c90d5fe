package timer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// Step is something that is to be done at a moment.
type Step struct {
	Of   uuid.UUID // whose stream it goes to: its steps are taken one after another
	Name string    // which of its steps, "resolution/3/75"
	At   time.Time // when it is due
	// Take has it done; the stream decides whether it is so. A command that
	// comes twice has the same key, and so one effect.
	Take func(ctx context.Context, r commands.Request) (commands.Result, error)
}

// key names the step and its moment: a step that was moved is another one.
func (s Step) key() string {
	return s.Of.String() + "/" + s.Name + "/" + strconv.FormatInt(s.At.UnixMilli(), 10)
}

// Place is where a page of steps ended.
type Place struct {
	At time.Time
	Of uuid.UUID
}

// Steps is the read model of what is to be taken.
type Steps interface {
	// Due returns the steps of up to limit streams that are due by an instant,
	// from a place on (nil: from the start), and where to go on; nil at the end.
	Due(ctx context.Context, by time.Time, after *Place, limit int) ([]Step, *Place, error)
	// Next returns when the next step after an instant is due; false if there is none.
	Next(ctx context.Context, after time.Time) (time.Time, bool, error)
	// CaughtUp reports whether the last page of events ended at the end of the log.
	CaughtUp() bool
	// Changed returns a channel that is closed when the read model has changed.
	Changed() <-chan struct{}
}

// Options of a Scheduler. Name, Steps, Clock and Log are required; the zero
// value of each other one means the default.
type Options struct {
	Name  string // of what is taken, "escalation": for logs and figures
	Steps Steps
	Clock commands.Waker
	Log   *slog.Logger

	Calm    time.Duration // between two looks, however much happens; 200 ms
	Longest time.Duration // between two looks if nothing happens: a clock may be set; 30 s
	Retry   time.Duration // after a look that failed, 1 s
	Limit   time.Duration // of one command or question, 10 s
	Page    int           // streams asked for at once, 500
	Workers int           // commands sent at once, 8
}

func (o *Options) setDefaults() error {
	if o.Name == "" || o.Steps == nil || o.Clock == nil || o.Log == nil {
		return errors.New("a scheduler needs a name, steps, a clock and a logger")
	}
	for _, d := range []struct {
		value *time.Duration
		to    time.Duration
	}{{&o.Calm, 200 * time.Millisecond}, {&o.Longest, 30 * time.Second}, {&o.Retry, time.Second}, {&o.Limit, 10 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	for _, d := range []struct {
		value *int
		to    int
	}{{&o.Page, 500}, {&o.Workers, 8}} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	return nil
}

// Status says how a scheduler is.
type Status struct {
	Due   int           // steps that were due at the last look and have no answer yet
	Lag   time.Duration // how late the last look was for the oldest step that it sent
	Taken int64         // steps that this process has taken
	Idle  int64         // commands that changed nothing: taken elsewhere, or not due any more
	// Refused are commands that a rule refused; they are not sent again.
	Refused   int64
	LastError string // of the last look, "" if it went well
}

// Scheduler takes the steps of one kind when they are due, so that one kind
// does not hold up another. At most one Run at a time.
type Scheduler struct {
	o Options

	live     bool            // the end of the log was reached once
	answered map[string]bool // steps that were answered and are still in the read model

	mu     sync.Mutex
	status Status
}

// New checks the options and returns a Scheduler.
func New(o Options) (*Scheduler, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	return &Scheduler{o: o, answered: map[string]bool{}}, nil
}

// Name returns what is taken.
func (s *Scheduler) Name() string { return s.o.Name }

// Status returns how it goes.
func (s *Scheduler) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *Scheduler) note(change func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.status)
}

// Run takes what is due until ctx ends. What goes wrong is tried again; it
// returns nil.
func (s *Scheduler) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		changed := s.o.Steps.Changed()
		next, err := s.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.note(func(st *Status) { st.LastError = "" })
		if err != nil {
			s.note(func(st *Status) { st.LastError = err.Error() })
			s.o.Log.WarnContext(ctx, "steps wait", "timer", s.o.Name, "error", err)
			pause(ctx, s.o.Retry)
			continue
		}
		s.wait(ctx, changed, next)
	}
	return nil
}

// wait returns when the next step is due or what is due may be another, but
// not at once.
func (s *Scheduler) wait(ctx context.Context, changed <-chan struct{}, next time.Time) {
	pause(ctx, s.o.Calm)
	reached, cancel := s.o.Clock.Wake(next)
	defer cancel()
	longest := time.NewTimer(s.o.Longest)
	defer longest.Stop()
	select {
	case <-changed:
	case <-reached:
	case <-longest.C:
	case <-ctx.Done():
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// never is later than any step.
var never = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// look takes everything that is due now and returns when to look again.
func (s *Scheduler) look(ctx context.Context) (time.Time, error) {
	if s.live = s.live || s.o.Steps.CaughtUp(); !s.live {
		return never, nil // a replay fires nothing
	}
	now := s.o.Clock.Now()
	if err := s.takeAll(ctx, now); err != nil {
		return now, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Limit)
	defer cancel()
	next, ok, err := s.o.Steps.Next(ctx, now)
	if err != nil {
		return now, fmt.Errorf("find the next step of %s: %w", s.o.Name, err)
	}
	if !ok {
		return never, nil
	}
	return next, nil
}

// Look takes everything that is due now, once, and reports whether it sent
// anything. It is for who moves the clock itself; never beside Run.
func (s *Scheduler) Look(ctx context.Context) (bool, error) {
	sent := func() int64 { st := s.Status(); return st.Taken + st.Idle + st.Refused }
	before := sent()
	_, err := s.look(ctx)
	return sent() > before, err
}

// takeAll takes the steps that are due by an instant, page by page. One that
// fails does not stop the others.
func (s *Scheduler) takeAll(ctx context.Context, now time.Time) error {
	r := &round{Scheduler: s, found: map[string]bool{}}
	var place *Place
	for {
		steps, next, err := s.due(ctx, now, place)
		if err != nil {
			return err
		}
		if err := r.take(ctx, now, steps); err != nil {
			return err
		}
		if place = next; place == nil {
			break
		}
	}
	for key := range s.answered { // it is in the read model now, or was moved
		if !r.found[key] {
			delete(s.answered, key)
		}
	}
	s.note(func(st *Status) { st.Due, st.Lag = r.waiting, r.lag })
	return r.err
}

func (s *Scheduler) due(ctx context.Context, by time.Time, after *Place) ([]Step, *Place, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Limit)
	defer cancel()
	steps, next, err := s.o.Steps.Due(ctx, by, after, s.o.Page)
	if err != nil {
		return nil, nil, fmt.Errorf("find steps of %s: %w", s.o.Name, err)
	}
	return steps, next, nil
}

// round is one look at everything that is due.
type round struct {
	*Scheduler
	found   map[string]bool
	waiting int           // steps without an answer
	lag     time.Duration // how late the oldest was
	err     error         // the first
}

func (r *round) take(ctx context.Context, now time.Time, steps []Step) error {
	var g errgroup.Group
	g.SetLimit(r.o.Workers)
	byStream := r.pending(now, steps)
	sent, errs := make([]int, len(byStream)), make([]error, len(byStream))
	for i, steps := range byStream {
		g.Go(func() error {
			sent[i], errs[i] = r.sendAll(ctx, steps)
			return nil
		})
	}
	_ = g.Wait() // it has no error of its own
	for i, steps := range byStream {
		for _, step := range steps[:sent[i]] {
			r.answered[step.key()] = true
		}
		r.waiting += len(steps) - sent[i]
		if r.err == nil {
			r.err = errs[i]
		}
	}
	return ctx.Err()
}

// pending returns the steps without an answer by stream, each stream's in the
// order of their moments.
func (r *round) pending(now time.Time, steps []Step) [][]Step {
	var out [][]Step
	place := map[uuid.UUID]int{}
	for _, step := range steps {
		key := step.key()
		if r.found[key] = true; r.answered[key] {
			continue
		}
		r.lag = max(r.lag, now.Sub(step.At))
		i, ok := place[step.Of]
		if !ok {
			i = len(out)
			place[step.Of], out = i, append(out, nil)
		}
		out[i] = append(out[i], step)
	}
	for _, of := range out {
		slices.SortStableFunc(of, func(a, b Step) int { return a.At.Compare(b.At) })
	}
	return out
}

// sendAll sends the steps of one stream and returns how many got an answer.
func (r *round) sendAll(ctx context.Context, steps []Step) (int, error) {
	for i, step := range steps {
		if err := r.send(ctx, step); err != nil {
			return i, err
		}
	}
	return len(steps), nil
}

// send has a step taken. An error means that there is no answer yet: the same
// command settles it (TKT-02).
func (r *round) send(ctx context.Context, step Step) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.Limit)
	defer cancel()
	res, err := step.Take(ctx, commands.Request{Actor: commands.System("timer"), Key: step.key()})
	_, refused := errors.AsType[*domain.RuleError](err)
	_, invalid := errors.AsType[*domain.InvalidError](err)
	switch {
	case refused || invalid || errors.Is(err, commands.ErrNotFound):
		r.note(func(st *Status) { st.Refused++ })
		r.o.Log.WarnContext(ctx, "step refused", "timer", r.o.Name, "of", step.Of, "step", step.Name, "error", err)
	case err != nil:
		return fmt.Errorf("take step %s of %s: %w", step.Name, step.Of, err)
	case res.Changed && !res.Repeated:
		r.note(func(st *Status) { st.Taken++ })
	default:
		r.note(func(st *Status) { st.Idle++ })
	}
	return nil
}
