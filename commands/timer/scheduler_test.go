package timer_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = time.Minute

var start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// model is a read model of steps that a test changes.
type model struct {
	mu       sync.Mutex
	steps    []timer.Step
	caughtUp bool
	broken   error
	asked    int // whether it had caught up
	changed  chan struct{}
}

func newModel(steps ...timer.Step) *model {
	return &model{steps: steps, caughtUp: true, changed: make(chan struct{})}
}

func (m *model) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *model) Due(_ context.Context, by time.Time, after *timer.Place, limit int) ([]timer.Step, *timer.Place, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, nil, m.broken
	}
	all := slices.Clone(m.steps)
	slices.SortFunc(all, func(a, b timer.Step) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Of.String(), b.Of.String())
	})
	var out []timer.Step
	for _, s := range all {
		passed := after != nil && (s.At.Before(after.At) || s.At.Equal(after.At) && s.Of.String() <= after.Of.String())
		if !s.At.After(by) && !passed {
			out = append(out, s)
		}
		if len(out) == limit {
			return out, &timer.Place{At: s.At, Of: s.Of}, nil
		}
	}
	return out, nil, nil
}

func (m *model) Next(_ context.Context, after time.Time) (time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var next time.Time
	for _, s := range m.steps {
		if s.At.After(after) && (next.IsZero() || s.At.Before(next)) {
			next = s.At
		}
	}
	return next, !next.IsZero(), m.broken
}

func (m *model) CaughtUp() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	return m.caughtUp
}

func (m *model) times() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

func (m *model) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// tickets keep what they are sent.
type tickets struct {
	mu   sync.Mutex
	keys []string
	sent []string
	fail func(key string, times int) error
	told chan struct{}
}

func newTickets() *tickets { return &tickets{told: make(chan struct{})} }

func (k *tickets) take(ctx context.Context, r commands.Request, id uuid.UUID) (commands.Result, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := ctx.Deadline(); !ok {
		return commands.Result{}, errors.New("no limit")
	}
	times := 0
	for _, key := range k.keys {
		if key == r.Key {
			times++
		}
	}
	k.keys = append(k.keys, r.Key)
	close(k.told)
	k.told = make(chan struct{})
	if k.fail != nil {
		if err := k.fail(r.Key, times); err != nil {
			return commands.Result{}, err
		}
	}
	k.sent = append(k.sent, id.String()[:1])
	return commands.Result{Changed: true, Repeated: times > 0}, nil
}

// await waits until so many commands were answered.
func (k *tickets) await(t *testing.T, answered int) {
	t.Helper()
	limit := time.After(patience)
	for {
		k.mu.Lock()
		n, told := len(k.sent), k.told
		k.mu.Unlock()
		if n >= answered {
			require.Equal(t, answered, n)
			return
		}
		select {
		case <-told:
		case <-limit:
			t.Fatalf("%d commands were answered, not %d", n, answered)
		}
	}
}

func step(n byte, percent int, at time.Time) timer.Step {
	return timer.Step{Of: uuid.UUID{n << 4}, Name: "resolution/0/" + strconv.Itoa(percent), At: at}
}

// taking are the steps of a model, which tickets take.
type taking struct {
	*model
	tickets *tickets
}

func (m taking) Due(ctx context.Context, by time.Time, after *timer.Place, limit int) ([]timer.Step, *timer.Place, error) {
	steps, place, err := m.model.Due(ctx, by, after, limit)
	for i, s := range steps {
		steps[i].Take = func(ctx context.Context, r commands.Request) (commands.Result, error) {
			return m.tickets.take(ctx, r, s.Of)
		}
	}
	return steps, place, err
}

// run runs a scheduler until the test ends.
func run(t *testing.T, m *model, k *tickets, c *clock.Fake) *timer.Scheduler {
	t.Helper()
	s, err := timer.New(timer.Options{
		Name: "test", Steps: taking{m, k}, Clock: c, Log: slog.New(slog.DiscardHandler), Calm: time.Millisecond, Retry: time.Millisecond,
		Longest: time.Hour, Page: 2,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return s
}

// rounds waits until the scheduler has looked again, at least once from now on.
func rounds(t *testing.T, m *model, s *timer.Scheduler) {
	t.Helper()
	for range 2 {
		m.change(func() { m.broken = errors.New("asked") })
		require.Eventually(t, func() bool { return s.Status().LastError != "" }, patience, time.Millisecond)
		m.change(func() { m.broken = nil })
		require.Eventually(t, func() bool { return s.Status().LastError == "" }, patience, time.Millisecond)
	}
}

func TestSLA08AStepIsTakenWhenTheClockReachesItAndOnlyOnce(t *testing.T) {
	t.Parallel()
	m := newModel(step(1, 75, start.Add(time.Minute)), step(2, 75, start.Add(2*time.Minute)))
	k, c := newTickets(), clock.NewFake(start)
	s := run(t, m, k, c)
	rounds(t, m, s)
	k.await(t, 0)
	c.Set(start.Add(time.Minute)) // nothing but the clock wakes it
	k.await(t, 1)
	rounds(t, m, s)
	k.await(t, 1) // though the read model still has it
	c.Advance(time.Minute)
	k.await(t, 2)
	rounds(t, m, s)
	require.Equal(t, timer.Status{Taken: 2}, s.Status())
}

func TestSLA08EverythingThatWasDueMeanwhileIsTakenPageByPage(t *testing.T) {
	t.Parallel()
	var steps []timer.Step
	for n := range byte(9) {
		steps = append(steps, step(n, 75, start), step(n+1, 100, start.Add(-time.Hour)))
	}
	k := newTickets()
	run(t, newModel(steps...), k, clock.NewFake(start))
	k.await(t, 18)
}

func TestSLA08AReplayFiresNothing(t *testing.T) {
	t.Parallel()
	m := newModel(step(1, 75, start))
	m.caughtUp = false
	k := newTickets()
	s := run(t, m, k, clock.NewFake(start.Add(time.Hour)))
	for range 5 {
		before := m.times()
		m.change(func() { m.steps = append(m.steps, step(2, 75, start))[:2] })
		require.Eventually(t, func() bool { return m.times() > before }, patience, time.Millisecond)
	}
	require.Equal(t, timer.Status{}, s.Status())
	m.change(func() { m.steps, m.caughtUp = m.steps[1:], true })
	k.await(t, 1) // the other had been dropped on the way
	m.change(func() { m.steps, m.caughtUp = append(m.steps, step(3, 75, start)), false })
	k.await(t, 2) // busy as the log may be from then on
}

func TestSLA08AnUnknownOutcomeIsAskedAgainWithTheSameKey(t *testing.T) {
	t.Parallel()
	m, k := newModel(step(1, 75, start), step(2, 75, start)), newTickets()
	k.fail = func(key string, times int) error {
		if strings.HasPrefix(key, "10") && times < 3 {
			return commands.ErrUnknownOutcome
		}
		return nil
	}
	s := run(t, m, k, clock.NewFake(start))
	k.await(t, 2)
	k.mu.Lock()
	defer k.mu.Unlock()
	require.Len(t, k.keys, 5, "the other one is not held up nor sent again")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(k.keys))), 2)
	require.EqualValues(t, 0, s.Status().Refused)
}

func TestSLA08ARefusalIsAnAnswer(t *testing.T) {
	t.Parallel()
	m, k := newModel(step(1, 75, start), step(2, 75, start), step(3, 75, start), step(4, 75, start)), newTickets()
	k.fail = func(key string, _ int) error {
		switch key[0] {
		case '1':
			return domain.Refuse("POL-08", "policy.not_loaded", "policy", "x")
		case '2':
			return domain.Invalid("/percent", "SLA-08", "ticket.step_unknown", "percent", 75)
		case '3':
			return commands.ErrNotFound
		}
		return nil
	}
	s := run(t, m, k, clock.NewFake(start))
	k.await(t, 1)
	rounds(t, m, s)
	require.EqualValues(t, 3, s.Status().Refused)
	k.mu.Lock()
	defer k.mu.Unlock()
	require.Len(t, k.keys, 4)
}

func TestSLA08AStepThatWasMovedIsAnotherCommand(t *testing.T) {
	t.Parallel()
	m, k, c := newModel(step(1, 75, start)), newTickets(), clock.NewFake(start)
	s := run(t, m, k, c)
	k.await(t, 1)
	m.change(func() { m.steps = []timer.Step{step(1, 75, start.Add(time.Hour))} })
	rounds(t, m, s)
	c.Advance(time.Hour)
	k.await(t, 2)
	k.mu.Lock()
	defer k.mu.Unlock()
	require.NotEqual(t, k.keys[0], k.keys[1])
}

func TestAnIncompleteSchedulerIsRefused(t *testing.T) {
	t.Parallel()
	_, err := timer.New(timer.Options{})
	require.Error(t, err)
}

func TestSLA08WhoMovesTheClockHasWhatIsDueTakenAtOnce(t *testing.T) {
	t.Parallel()
	m := newModel(step(1, 75, start.Add(time.Minute)))
	k, c := newTickets(), clock.NewFake(start)
	s, err := timer.New(timer.Options{Name: "test", Steps: taking{m, k}, Clock: c, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	look := func() bool {
		sent, err := s.Look(t.Context())
		require.NoError(t, err)
		return sent
	}
	require.False(t, look())
	c.Advance(time.Minute)
	require.True(t, look())
	require.False(t, look(), "once")
	k.await(t, 1)
}
