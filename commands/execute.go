package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

const (
	attempts   = 10   // on conflict, with jitter
	cacheSize  = 4096 // folded streams
	retryLimit = 20 * time.Millisecond
)

// Executor runs commands against streams: read, fold, decide, append, repeat.
// Safe for concurrent use; commands on one stream are serialized in process,
// and the exact revision refuses every other writer.
type Executor struct {
	store    EventStore
	outcomes Outcomes
	clock    Clock
	log      *slog.Logger
	cache    *lru.Cache[string, any] // stream -> folded[S]
	locks    keyedLocks
}

// NewExecutor returns an Executor over the given ports.
func NewExecutor(store EventStore, outcomes Outcomes, clock Clock, log *slog.Logger) *Executor {
	cache, err := lru.New[string, any](cacheSize)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Executor{store: store, outcomes: outcomes, clock: clock, log: log, cache: cache}
}

// Execute runs one command on one stream. It is decided on what this process
// remembers; what would be refused or change nothing is decided once more on
// what the store has now.
//
// Errors: *domain.RuleError and *domain.InvalidError (kept, so that a repeat
// answers alike), *StaleError, ErrKeyReused, ErrBusy, ErrUnknownOutcome,
// ErrUnavailable and ErrStorageFull from the store; nothing was stored for any
// but ErrUnknownOutcome.
func Execute[S, C, E any](ctx context.Context, x *Executor, d Decider[S, C, E], stream string, step Step[C]) (Result, error) {
	rs, err := run(ctx, x, d, stream, []Step[C]{step}, true)
	if err != nil {
		return Result{}, err
	}
	return rs[0], nil
}

// ExecuteAll runs the commands of an import on one stream, in order and in one
// append: all or none. A command that changes nothing leaves no trace.
func ExecuteAll[S, C, E any](ctx context.Context, x *Executor, d Decider[S, C, E], stream string, steps []Step[C]) ([]Result, error) {
	return run(ctx, x, d, stream, steps, false)
}

func run[S, C, E any](ctx context.Context, x *Executor, d Decider[S, C, E], stream string, steps []Step[C], keep bool) ([]Result, error) {
	unlock, err := x.locks.lock(ctx, stream)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for n := range attempts {
		b := &batch[S, C, E]{x: x, d: d, stream: stream, keep: keep}
		results, err := b.try(ctx, steps)
		if errors.Is(err, errAfresh) {
			ctx = afresh(ctx)
			results, err = (&batch[S, C, E]{x: x, d: d, stream: stream, keep: keep}).try(ctx, steps)
		}
		if _, conflict := errors.AsType[*ConflictError](err); !conflict {
			return results, err
		}
		x.log.DebugContext(ctx, "append conflict", "stream", stream, "attempt", n+1)
		if err := sleep(ctx, rand.N(retryLimit)); err != nil { //nolint:gosec // jitter needs no secrecy
			return nil, err
		}
	}
	return nil, fmt.Errorf("stream %s: %w", stream, ErrBusy)
}

// batch is one attempt at a run of commands on one stream.
type batch[S, C, E any] struct {
	x      *Executor
	d      Decider[S, C, E]
	stream string
	keep   bool // keep outcomes that no event tells
	f      folded[S]
	out    []eventschemas.Proposed
}

func (b *batch[S, C, E]) try(ctx context.Context, steps []Step[C]) ([]Result, error) {
	if err := b.load(ctx); err != nil {
		return nil, err
	}
	read := b.f.revision
	results := make([]Result, len(steps))
	passed := b.passed(steps)
	for i, s := range steps {
		if _, had := b.f.commands[s.Call.ID]; i < passed && !had {
			results[i] = Result{Stream: b.stream, Revision: b.f.revision, Repeated: true}
			continue
		}
		r, err := b.step(ctx, s)
		if err != nil {
			return nil, b.drop(err)
		}
		results[i] = r
	}
	if len(b.out) == 0 {
		repeated := !slices.ContainsFunc(results, func(r Result) bool { return !r.Repeated })
		return results, b.certain(ctx, repeated)
	}
	if err := b.append(ctx, read); err != nil {
		return nil, err
	}
	return results, nil
}

// passed returns how many steps of an import an earlier run has had: all up to
// the last one that is known. Those among them that are not known changed
// nothing then and left no trace; decided again, on what came after, they would.
func (b *batch[S, C, E]) passed(steps []Step[C]) int {
	if b.keep {
		return 0
	}
	for i, s := range slices.Backward(steps) {
		if _, had := b.f.commands[s.Call.ID]; had {
			return i
		}
	}
	return 0
}

// drop gives up a run; a state that steps have moved on is not to be reused.
func (b *batch[S, C, E]) drop(err error) error {
	if len(b.out) > 0 {
		b.x.cache.Remove(cacheKey(b.d.Name, b.stream))
	}
	return err
}

// load takes the stream from the cache or reads it, so that what makes the
// command need not read it again. The copy is ours: maps that a step changes are cloned.
func (b *batch[S, C, E]) load(ctx context.Context) error {
	f, err := currentFold(ctx, b.x, b.d, b.stream)
	b.f = f
	b.f.commands = maps.Clone(b.f.commands)
	return err
}

func (b *batch[S, C, E]) step(ctx context.Context, s Step[C]) (Result, error) {
	found := Stream{Site: b.f.site, Revision: b.f.revision, First: b.f.first}
	if s.Guard != nil {
		if err := s.Guard(found); err != nil {
			return Result{}, err
		}
	}
	if k, ok := b.f.commands[s.Call.ID]; ok {
		if k.digest != s.Call.Digest {
			return Result{}, ErrKeyReused
		}
		return Result{Stream: b.stream, Revision: k.last, Changed: true, Repeated: true}, nil
	}
	if b.keep {
		if r, found, err := b.kept(ctx, s.Call); found || err != nil {
			return r, err
		}
	}
	if e := s.Call.Expected; e != nil && *e != b.f.revision {
		if err := b.certain(ctx, false); err != nil {
			return Result{}, err
		}
		return Result{}, &StaleError{Stream: b.stream, Expected: *e, Actual: b.f.revision}
	}
	c, err := s.Make(ctx, found)
	if err != nil {
		return Result{}, b.refused(ctx, s.Call, err)
	}
	events, err := b.d.Decide(b.f.state, c)
	if err != nil {
		return Result{}, b.refused(ctx, s.Call, err)
	}
	if len(events) == 0 {
		return b.unchanged(ctx, s.Call)
	}
	if err := b.encode(s.Call, c, events); err != nil {
		return Result{}, err
	}
	return Result{Stream: b.stream, Events: len(events), Revision: b.f.revision, Changed: true}, nil
}

func (b *batch[S, C, E]) kept(ctx context.Context, call Call) (Result, bool, error) {
	o, ok, err := b.x.outcomes.Find(ctx, call.ID)
	if err != nil || !ok {
		return Result{}, false, err
	}
	r, err := answer(o, call)
	return r, true, err
}

// answer repeats what was answered before.
func answer(o Outcome, call Call) (Result, error) {
	if o.Digest != call.Digest {
		return Result{}, ErrKeyReused
	}
	if f := o.Refusal; f != nil {
		if f.Pointer != "" {
			return Result{}, &domain.InvalidError{Pointer: f.Pointer, Rule: f.Rule, Key: f.Key, Args: f.Args}
		}
		return Result{}, &domain.RuleError{Rule: f.Rule, Key: f.Key, Args: f.Args}
	}
	return o.Result, nil
}

// certain is errAfresh where an answer without an append is not known to hold:
// it is decided again before it goes out.
func (b *batch[S, C, E]) certain(ctx context.Context, known bool) error {
	if known || isAfresh(ctx) {
		return nil
	}
	return errAfresh
}

// refused keeps a refusal before it is answered; every other error passes through.
func (b *batch[S, C, E]) refused(ctx context.Context, call Call, err error) error {
	o := Outcome{Command: call.ID, Digest: call.Digest}
	var rule *domain.RuleError
	var invalid *domain.InvalidError
	switch {
	case errors.As(err, &rule):
		o.Refusal = &OutcomeReason{Rule: rule.Rule, Key: rule.Key, Args: rule.Args}
	case errors.As(err, &invalid):
		o.Refusal = &OutcomeReason{Pointer: invalid.Pointer, Rule: invalid.Rule, Key: invalid.Key, Args: invalid.Args}
	default:
		return err
	}
	if err := b.certain(ctx, false); err != nil {
		return err
	}
	if !b.keep {
		return err
	}
	stored, saveErr := b.x.outcomes.Save(ctx, o)
	if saveErr != nil {
		return fmt.Errorf("keep outcome of %s: %w", call.ID, saveErr)
	}
	_, err = answer(stored, call)
	return err
}

func (b *batch[S, C, E]) unchanged(ctx context.Context, call Call) (Result, error) {
	r := Result{Stream: b.stream, Revision: b.f.revision}
	if !b.keep {
		return r, nil
	}
	if err := b.certain(ctx, false); err != nil {
		return Result{}, err
	}
	o, err := b.x.outcomes.Save(ctx, Outcome{Command: call.ID, Digest: call.Digest, Result: r})
	if err != nil {
		return Result{}, fmt.Errorf("keep outcome of %s: %w", call.ID, err)
	}
	return answer(o, call)
}

// append stores what the steps decided and publishes the new fold.
func (b *batch[S, C, E]) append(ctx context.Context, read int64) error {
	key := cacheKey(b.d.Name, b.stream)
	_, err := b.x.store.Append(ctx, b.stream, read, b.out)
	var conflict *ConflictError
	switch {
	case err == nil:
		if !b.d.Raw {
			b.x.cache.Add(key, b.f)
		}
		return nil
	case errors.As(err, &conflict), errors.Is(err, ErrUnavailable), errors.Is(err, ErrStorageFull):
		b.x.cache.Remove(key)
		return fmt.Errorf("append %s: %w", b.stream, err)
	}
	b.x.cache.Remove(key)
	return b.settle(err)
}

// settle re-reads the stream after an append without answer. What is found
// there is success; what is not found may still come, so it stays unknown.
func (b *batch[S, C, E]) settle(cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	f, err := load(ctx, b.x.store, b.d, b.stream)
	if err == nil && f.revision >= b.f.revision {
		stored := true
		for id := range b.f.commands {
			_, ok := f.commands[id]
			stored = stored && ok
		}
		if stored {
			return nil
		}
	}
	return fmt.Errorf("append %s: %w: %w", b.stream, ErrUnknownOutcome, cause)
}

func cacheKey(decider, stream string) string { return decider + "\x00" + stream }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Current returns the state of a stream as it is now; the zero S if there is
// none. Errors are those of the store.
func Current[S, C, E any](ctx context.Context, x *Executor, d Decider[S, C, E], stream string) (S, error) {
	f, err := currentFold(ctx, x, d, stream)
	return f.state, err
}
