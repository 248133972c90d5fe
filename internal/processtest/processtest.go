// Package processtest is the contract of process managers as tests: whatever
// dies, gets lost or comes twice, each command has one effect and one outcome
// on record, and nothing is acted on that must not be (ADR 0013).
//
// It runs a manager on a log in memory, with the real use cases and the real
// runner, and ends its process at every single operation of the store. It
// decides nothing and is for tests only.
package processtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	domain "github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
)

// Subject is a manager and what happens to it.
type Subject struct {
	// New makes the manager as a new process has it.
	New func(w *World) process.Manager
	// Before stores what there is when the manager first starts: none of it is
	// to be acted on. Inputs stores what comes after that.
	Before, Inputs func(t *testing.T, w *World)
	// Want are the outcomes of all commands, in order: "accepted", "refused TKT-06".
	Want []string
	// Batch is how many commands make one event, 2 if it is 0.
	Batch int
}

// World is what one process has.
type World struct {
	commands.Ports
	App   *commands.App
	Clock *clock.Fake
	store *store
}

// Records returns the events up to a log number.
func (w *World) Records(t *testing.T, to int64) []eventschemas.Record {
	t.Helper()
	var out []eventschemas.Record
	for n, e := range w.store.log.clone().all {
		if int64(n) < to {
			rec, err := eventschemas.NewRecord(e, int64(n)+1)
			require.NoError(t, err)
			out = append(out, rec)
		}
	}
	return out
}

// later is the time at which inputs are acted on.
var later = Start.Add(48 * time.Hour)

func newWorld(l *log, at time.Time, f fault) *World {
	w := &World{Clock: clock.NewFake(at), store: &store{log: l, fault: f}}
	w.Ports = commands.Ports{
		Store: w.store, Outcomes: w.store, Vault: vault{}, Clock: w.Clock, IDs: commands.IDs{Installation: uuid.UUID{1}},
		Log: slog.New(slog.DiscardHandler),
	}
	w.App = commands.New(w.Ports)
	return w
}

func (s Subject) runner(t *testing.T, w *World, repeat int) *process.Runner {
	t.Helper()
	if s.Batch == 0 {
		s.Batch = 2
	}
	r, err := process.New(process.Options{
		Ports: w.Ports, Clock: w.Clock, Inbox: inbox{w.store, repeat}, Manager: s.New(w), Batch: s.Batch,
	})
	require.NoError(t, err)
	return r
}

// run is one process, until there is nothing to do or it dies. It returns how
// many operations it took.
func (s Subject) run(t *testing.T, l *log, f fault, repeat int) int {
	t.Helper()
	w := newWorld(l, later, f)
	r := s.runner(t, w, repeat)
	for range 10_000 {
		busy, err := r.Step(t.Context())
		switch {
		case errors.Is(err, errKilled) || w.store.dead:
			return w.store.ops
		case err == nil && !busy:
			return w.store.ops
		case err != nil:
			require.Positive(t, f.lose+f.drop, "%v", err)
		}
	}
	t.Fatal("the manager does not come to an end")
	return 0
}

// Once runs a manager undisturbed, holds what it did against the contract and
// returns the names of its streams with their lengths.
func Once(t *testing.T, s Subject) map[string]int {
	t.Helper()
	e := &exercise{Subject: s, want: &log{outcomes: map[uuid.UUID]commands.Outcome{}}}
	s.Before(t, newWorld(e.want, Start, fault{}))
	s.run(t, e.want, fault{}, 1)
	e.inputs = len(e.want.all)
	s.Inputs(t, newWorld(e.want, Start.Add(time.Hour), fault{}))
	e.name = s.New(newWorld(e.want, Start, fault{})).Name()
	s.run(t, e.want, fault{}, 1)
	e.check(t, e.want)
	lengths := map[string]int{}
	for _, stored := range e.want.all {
		if own(e.name, stored.Stream) {
			lengths[stored.Stream]++
		}
	}
	return lengths
}

// Exercise runs the whole contract.
func Exercise(t *testing.T, s Subject) {
	t.Helper()
	before := &log{outcomes: map[uuid.UUID]commands.Outcome{}}
	s.Before(t, newWorld(before, Start, fault{}))
	started := before.clone()
	firstOps := s.run(t, started, fault{}, 1)
	require.Len(t, started.all, len(before.all)+1, "the first start opens the manager and does nothing else")
	ready := started.clone()
	s.Inputs(t, newWorld(ready, Start.Add(time.Hour), fault{}))
	undisturbed := ready.clone()
	ops := s.run(t, undisturbed, fault{}, 1)
	e := &exercise{Subject: s, name: s.New(newWorld(ready, Start, fault{})).Name(), inputs: len(started.all), want: undisturbed}
	e.check(t, undisturbed)

	t.Run("a start that dies at any operation starts again", func(t *testing.T) {
		t.Parallel()
		for n := range firstOps + 1 {
			for _, after := range []bool{false, true} {
				l := before.clone()
				s.run(t, l, fault{at: n + 1, after: after}, 1)
				s.run(t, l, fault{}, 1)
				require.Len(t, l.all, len(before.all)+1)
			}
		}
	})
	t.Run("a process that dies at any operation loses and doubles nothing", func(t *testing.T) {
		t.Parallel()
		for n := range ops + 1 {
			for _, after := range []bool{false, true} {
				l := ready.clone()
				s.run(t, l, fault{at: n + 1, after: after}, 1)
				s.run(t, l, fault{}, 1)
				e.check(t, l)
			}
		}
	})
	t.Run("a process that dies again and again gets on", func(t *testing.T) {
		t.Parallel()
		for _, every := range []int{7, 11, 23} {
			l := ready.clone()
			for n := range 200 {
				s.run(t, l, fault{at: every + n%5, after: n%2 == 0}, 1)
			}
			s.run(t, l, fault{}, 1)
			e.check(t, l)
		}
	})
	t.Run("inputs that come up to five times count once", func(t *testing.T) {
		t.Parallel()
		for times := range 5 {
			l := ready.clone()
			s.run(t, l, fault{}, times+1)
			e.check(t, l)
		}
	})
	t.Run("replies of the store that are lost are asked for, not assumed", func(t *testing.T) {
		t.Parallel()
		for lose := range 4 {
			l := ready.clone()
			s.run(t, l, fault{lose: lose + 1}, 1)
			e.check(t, l)
		}
	})
	t.Run("appends that are lost without a reply are made again", func(t *testing.T) {
		t.Parallel()
		for lose := range 4 {
			l := ready.clone()
			s.run(t, l, fault{drop: lose + 2}, 1)
			e.check(t, l)
		}
	})
	t.Run("of two processes one is fenced and the other does it all", func(t *testing.T) {
		t.Parallel()
		fenced := 0
		for lead := range 24 {
			fenced += e.race(t, ready.clone(), lead)
		}
		require.Positive(t, fenced)
	})
	t.Run("a second run over everything sets nothing off", func(t *testing.T) {
		t.Parallel()
		l := undisturbed.clone()
		s.run(t, l, fault{}, 1)
		require.Len(t, l.all, len(undisturbed.all))
	})
}

// exercise is a subject and what an undisturbed run came to.
type exercise struct {
	Subject
	name   string
	inputs int // events before the first input
	want   *log
}

// race lets one runner lead by some steps and then both take turns. It returns
// how many were fenced.
func (e *exercise) race(t *testing.T, l *log, lead int) int {
	t.Helper()
	one, two := e.runner(t, newWorld(l, later, fault{}), 1), e.runner(t, newWorld(l, later, fault{}), 1)
	fenced := map[*process.Runner]bool{}
	step := func(r *process.Runner) bool {
		if fenced[r] {
			return false
		}
		busy, err := r.Step(context.WithoutCancel(t.Context()))
		if fenced[r] = errors.Is(err, domain.ErrFenced); fenced[r] {
			return false
		}
		return busy || err != nil
	}
	for range lead {
		step(one)
	}
	for range 10_000 {
		a, b := step(one), step(two)
		if !a && !b {
			break
		}
	}
	require.False(t, fenced[one] && fenced[two])
	e.check(t, l)
	if fenced[one] || fenced[two] {
		return 1
	}
	return 0
}

// check holds a log against the contract and against the undisturbed run.
func (e *exercise) check(t *testing.T, l *log) {
	t.Helper()
	require.Equal(t, e.effects(e.want), e.effects(l), "the same effects, once each")
	state := domain.State{}
	var outcomes []string
	sent := map[string]int{}           // causation and stream -> events
	noticed := map[uuid.UUID]bool{}    // event ids
	done := map[uuid.UUID]bool{}       // tasks that are complete
	taken := map[string]map[int]bool{} // task -> places of outcomes
	for n, stored := range l.all {
		rec, err := eventschemas.NewRecord(stored, int64(n)+1)
		require.NoError(t, err)
		cause := rec.Envelope.Causation
		if !own(e.name, stored.Stream) {
			if rec.Envelope.Actor.Subject == "process/"+e.name {
				require.Greater(t, n, e.inputs)
				require.True(t, noticed[cause], "nothing is sent for what was not taken in")
				sent[cause.String()+stored.Stream]++
			}
			continue
		}
		switch ev := rec.Event.(domain.Event).(type) {
		case domain.Opened:
			require.EqualValues(t, e.inputs-1, ev.LiveFrom, "the log's head when it first started")
		case domain.Noticed:
			require.Greater(t, ev.Input.Number, state.Number, "in order, and once")
			require.Greater(t, ev.Input.Number, int64(e.inputs)-1)
			require.LessOrEqual(t, ev.Input.Number, int64(n), "never ahead of the log")
			require.Equal(t, l.all[ev.Input.Number-1].ID, ev.Input.EventID)
			noticed[ev.Input.EventID] = true
		case domain.Recorded:
			require.True(t, noticed[ev.Input])
			require.False(t, done[ev.Input])
			done[ev.Input] = ev.Complete
			for i, o := range ev.Outcomes {
				of := taken[ev.Input.String()]
				if of == nil {
					of = map[int]bool{}
					taken[ev.Input.String()] = of
				}
				require.False(t, of[ev.From+i], "each outcome is recorded once")
				of[ev.From+i] = true
				outcomes = append(outcomes, said(o))
				require.Equal(t, o.Result == domain.Accepted, e.acted(sent, ev.Input, o.Step), "an outcome is what there is")
			}
		case domain.Claimed, domain.Begun, domain.Continued:
		}
		state = domain.Evolve(state, rec.Event.(domain.Event))
	}
	require.Equal(t, e.Want, outcomes)
	require.Empty(t, state.Tasks, "nothing is left to do")
	for id := range noticed {
		require.True(t, done[id])
	}
}

func (e *exercise) acted(sent map[string]int, input, step uuid.UUID) bool {
	for key := range sent {
		if key[:36] == input.String() && strings.Contains(key[36:], step.String()) { // a stream may be split into parts
			return true
		}
	}
	return false
}

// effects are the events of all streams but the manager's own, by stream.
func (e *exercise) effects(l *log) map[string][]string {
	out := map[string][]string{}
	for _, stored := range l.all {
		if !own(e.name, stored.Stream) {
			out[stored.Stream] = append(out[stored.Stream], stored.ID.String()+" "+stored.Type)
		}
	}
	return out
}

func said(o domain.Outcome) string {
	if o.Rule != "" {
		return fmt.Sprintf("%s %s", o.Result, o.Rule)
	}
	return string(o.Result)
}
