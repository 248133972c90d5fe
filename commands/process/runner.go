package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Task is one event to act on, as of a log number.
type Task struct {
	Event eventschemas.Record
	AsOf  int64
}

// Manager decides what follows from an event.
type Manager interface {
	// Name is a lower-case word; it is part of every id.
	Name() string
	// Inputs are the types of the events that it may act on.
	Inputs() []string
	// React says whether an event is to be acted on, and not before when. Pure.
	React(e eventschemas.Record) (actAt time.Time, act bool)
	// Steps returns the next steps of a task after one (zero: from the start), in
	// order, at most limit; fewer mean that these are the last. What it asks it
	// asks as of the task's number, so that the answer stays what it was.
	Steps(ctx context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error)
	// Send sends the command of a step with the actor and key of r, from which
	// its id derives.
	Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error)
}

// Inbox is the read model of the events that managers may act on.
type Inbox interface {
	// After returns the events of the given types after a log number, in log
	// order, at most limit.
	After(ctx context.Context, types []string, number int64, limit int) ([]process.Input, error)
	// Head returns the last log number that was applied; false until the end of
	// the log was reached once.
	Head() (number int64, caughtUp bool)
	// Changed returns a channel that is closed when there may be more.
	Changed() <-chan struct{}
}

// Options of a Runner. All but the last ones are required.
type Options struct {
	commands.Ports // its Clock is not used
	Clock          commands.Waker
	Inbox          Inbox
	Manager        Manager

	Batch   int           // commands whose outcomes make one event, 100
	Retry   time.Duration // after something failed, 1 s
	Longest time.Duration // between two looks if nothing happens, 30 s
	Limit   time.Duration // of one question, command or append, 10 s
}

func (o *Options) setDefaults() error {
	if o.Store == nil || o.Outcomes == nil || o.Vault == nil || o.Clock == nil || o.Log == nil || o.Inbox == nil || o.Manager == nil {
		return errors.New("a runner needs a store, outcomes, a vault, a clock, a logger, an inbox and a manager")
	}
	if o.Batch <= 0 {
		o.Batch = 100
	}
	for _, d := range []struct {
		value *time.Duration
		to    time.Duration
	}{{&o.Retry, time.Second}, {&o.Longest, 30 * time.Second}, {&o.Limit, 10 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	return nil
}

// Runner runs one manager. At most one Run or Step at a time.
type Runner struct {
	o     Options
	x     *commands.Executor
	log   *slog.Logger
	epoch int64         // ours; 0 until it is claimed
	state process.State // as of our last look
	part  int           // that state is of; 0 until it was found
	seen  int64         // log number up to which the inbox has nothing more to act on
	task  Task          // that is being acted on

	mu     sync.Mutex
	status Status
}

// Status says how a manager goes, as its Runner sees it.
type Status struct {
	Manager  string
	Open     int   // events taken in whose commands have not all got an answer
	Accepted int64 // commands of this process that changed something
	NoOp     int64 // those that changed nothing
	Refused  int64 // those that a rule refused; they are not sent again
	Error    bool  // the last look went wrong; why is in the log
}

// Status returns how it goes. Safe beside Run.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Manager = r.o.Manager.Name()
	return s
}

func (r *Runner) note(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
}

// New checks the options and returns a Runner. It touches nothing yet.
func New(o Options) (*Runner, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	return &Runner{
		o: o, x: commands.NewExecutor(o.Store, o.Outcomes, o.Clock, o.Log), log: o.Log.With("manager", o.Manager.Name()),
	}, nil
}

// Run acts on what comes until ctx ends (nil), or another process claims the
// manager (process.ErrFenced). What fails is tried again.
func (r *Runner) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		changed := r.o.Inbox.Changed()
		busy, err := r.Step(ctx)
		r.note(func(st *Status) { st.Open, st.Error = len(r.state.Tasks), err != nil && ctx.Err() == nil })
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, process.ErrFenced):
			return fmt.Errorf("process manager %s: %w", r.o.Manager.Name(), err)
		case err != nil:
			r.log.WarnContext(ctx, "process manager waits", "error", err)
			wait(ctx, r.o.Retry, nil, nil)
		case !busy:
			reached, cancel := r.o.Clock.Wake(r.next())
			wait(ctx, r.o.Longest, changed, reached)
			cancel()
		}
	}
	return nil
}

func wait(ctx context.Context, longest time.Duration, changed, reached <-chan struct{}) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-changed:
	case <-reached:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// next is when the next task is to be acted on.
func (r *Runner) next() time.Time {
	next := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	for _, t := range r.state.Tasks {
		if t.ActAt.Before(next) {
			next = t.ActAt.Time
		}
	}
	return next
}

// Step does the next thing that there is to do, at most one event's worth. It
// reports false if there is nothing to do now. After an error it is called again.
func (r *Runner) Step(ctx context.Context) (busy bool, err error) {
	if r.part == 0 {
		return r.find(ctx)
	}
	if r.state.Full() || r.state.Over {
		return true, r.roll(ctx)
	}
	if busy, err := r.notice(ctx); busy || err != nil {
		return busy, err
	}
	now := r.o.Clock.Now()
	for _, t := range r.state.Tasks {
		if !t.ActAt.After(now) {
			return true, r.act(ctx, t)
		}
	}
	return false, nil
}

// find looks for the manager's last part, or opens its first one at the log's
// head: what was before is never acted on.
func (r *Runner) find(ctx context.Context) (bool, error) {
	last := 0
	for ; ; last++ {
		_, err := r.o.Store.ReadStream(ctx, r.stream(last+1), process.RollAt)
		if errors.Is(err, commands.ErrStreamNotFound) {
			break
		}
		if err != nil {
			return false, fmt.Errorf("find parts of process manager %s: %w", r.o.Manager.Name(), err)
		}
	}
	if last > 0 {
		return true, r.read(ctx, last)
	}
	head, caughtUp := r.o.Inbox.Head()
	if !caughtUp {
		return false, nil // where the log ends is not known yet
	}
	first := process.Open{Opened: process.Opened{
		At: r.now(), Manager: r.o.Manager.Name(), Part: 1, LiveFrom: head, Number: head, Open: []process.Task{},
	}}
	if err := r.do(ctx, 1, "process.open", "1", first); err != nil {
		return false, err
	}
	return true, r.read(ctx, 1)
}

// read takes over the state of a part.
func (r *Runner) read(ctx context.Context, part int) error {
	s, err := commands.Current(ctx, r.x, decider(), r.stream(part))
	if err != nil {
		return err
	}
	r.state, r.part, r.seen = s, part, max(r.seen, s.Number)
	return nil
}

// own claims the manager before the first thing that is to be kept.
func (r *Runner) own(ctx context.Context) error {
	if r.epoch > 0 {
		return nil
	}
	next := r.state.Epoch + 1
	run := uuid.NewString() // two that claim the same epoch are two commands
	if err := r.do(ctx, r.part, "process.claim", run, process.Claim{At: r.now(), Epoch: next}); err != nil {
		if errors.Is(err, process.ErrFenced) { // somebody was quicker: looked at afresh, it may be claimed again
			r.part = 0
			return errors.New("claimed or continued by another process just now")
		}
		return err
	}
	r.epoch = next
	return r.read(ctx, r.part)
}

// roll begins the next part.
func (r *Runner) roll(ctx context.Context) error {
	if !r.state.Over {
		if err := r.keep(ctx, "process.continue", strconv.Itoa(r.part), func(epoch int64) process.Command {
			return process.Continue{Epoch: epoch, At: r.now()}
		}); err != nil {
			return err
		}
	}
	next := r.part + 1
	if err := r.do(ctx, next, "process.open", strconv.Itoa(next), r.state.Next(r.now())); err != nil {
		return err
	}
	return r.read(ctx, next)
}

// notice takes the next event in that is to be acted on.
func (r *Runner) notice(ctx context.Context) (bool, error) {
	call, cancel := context.WithTimeout(ctx, r.o.Limit)
	defer cancel()
	inputs, err := r.o.Inbox.After(call, r.o.Manager.Inputs(), max(r.seen, r.state.LiveFrom), r.o.Batch)
	if err != nil {
		return false, fmt.Errorf("read inbox: %w", err)
	}
	for _, in := range inputs {
		e, err := r.event(ctx, in)
		if err != nil {
			return false, err
		}
		actAt, act := r.o.Manager.React(e)
		if act = act && e.Envelope.Source == nil; act { // nothing follows from an import
			err := r.keep(ctx, "process.notice", in.EventID.String(), func(epoch int64) process.Command {
				return process.Notice{Epoch: epoch, Noticed: process.Noticed{At: r.now(), Input: in, ActAt: domain.At(actAt)}}
			})
			if err != nil {
				return false, err
			}
		}
		if r.seen = in.Number; act {
			return true, nil
		}
	}
	return len(inputs) > 0, nil
}

// event reads the event that an input names.
func (r *Runner) event(ctx context.Context, in process.Input) (eventschemas.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Limit)
	defer cancel()
	stored, err := r.o.Store.ReadStream(ctx, in.Stream, in.Revision)
	switch {
	case err != nil:
		return eventschemas.Record{}, fmt.Errorf("read event %d: %w", in.Number, err)
	case len(stored) == 0 || stored[0].ID != in.EventID:
		return eventschemas.Record{}, fmt.Errorf("event %d is not revision %d of %s", in.Number, in.Revision, in.Stream)
	}
	return eventschemas.NewRecord(stored[0], in.Number)
}

// keep has the owner's command carried out on the present part, and takes the state over.
func (r *Runner) keep(ctx context.Context, operation, key string, build func(epoch int64) process.Command) error {
	if err := r.own(ctx); err != nil {
		return err
	}
	if err := r.do(ctx, r.part, operation, key, build(r.epoch)); err != nil {
		return err
	}
	return r.read(ctx, r.part)
}

// do carries out a command on a part. Its id names the epoch: what one owner
// was refused is no answer to the next one.
func (r *Runner) do(ctx context.Context, part int, operation, key string, c process.Command) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.Limit)
	defer cancel()
	key = fmt.Sprintf("%s/%d/%d/%s", r.o.Manager.Name(), r.epoch, part, key)
	_, err := commands.Execute(ctx, r.x, decider(), r.stream(part), commands.Given(commands.Call{
		ID: r.o.IDs.Command("process", operation, key), Type: operation, Digest: r.o.Vault.Digest([]byte(operation + " " + key)),
		Site: "*", Actor: r.actor(), OccurredAt: r.now(),
	}, c))
	return err
}

func (r *Runner) now() domain.Instant { return domain.At(r.o.Clock.Now()) }

func (r *Runner) actor() eventschemas.Actor { return commands.System("process/" + r.o.Manager.Name()) }

// stream is that of a part, "fl.process-retarget-1".
func (r *Runner) stream(part int) string {
	return "fl.process-" + r.o.Manager.Name() + "-" + strconv.Itoa(part)
}

func decider() commands.Decider[process.State, process.Command, process.Event] {
	return commands.Decider[process.State, process.Command, process.Event]{
		Name: "process", Version: "process/1", Decide: process.Decide,
		Evolve: func(s process.State, _ uint64, e process.Event) process.State { return process.Evolve(s, e) },
	}
}
