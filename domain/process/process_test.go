package process_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var (
	at     = domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	event  = uuid.UUID{1}
	input  = process.Input{Number: 12, EventID: event, Stream: "fl.policy-x", Revision: 3, Type: "policy.version_recorded.v1"}
	opened = process.Opened{At: at, Manager: "retarget", Part: 1, LiveFrom: 10, Number: 10, Open: []process.Task{}}
)

// owned is a manager that epoch 1 runs, with more.
func owned(more ...process.Event) []process.Event {
	return append([]process.Event{opened, process.Claimed{At: at, Epoch: 1}}, more...)
}

func noticed(of process.Input) process.Noticed { return process.Noticed{At: at, Input: of, ActAt: at} }

func recorded(from int, complete bool) process.Recorded {
	return process.Recorded{At: at, Input: event, From: from, Complete: complete, Outcomes: []process.Outcome{{Step: uuid.UUID{9}, Result: process.Accepted}}}
}

func TestWhatIsKeptIsKeptOnce(t *testing.T) {
	t.Parallel()
	begun := process.Begun{At: at, Input: event, AsOf: 12}
	earlier := input
	earlier.Number = 10
	decidertest.Run(t, process.Decide, process.Evolve, []decidertest.Case[process.Command, process.Event]{
		{Name: "a part is opened", When: process.Open{Opened: opened}, Then: []process.Event{opened}},
		{Name: "and only once", Given: owned(), When: process.Open{Opened: opened}},
		{Name: "an event is taken in", Given: owned(), When: process.Notice{Epoch: 1, Noticed: noticed(input)}, Then: []process.Event{noticed(input)}},
		{Name: "and only once", Given: owned(noticed(input)), When: process.Notice{Epoch: 1, Noticed: noticed(input)}},
		{Name: "none from before the first start", Given: owned(), When: process.Notice{Epoch: 1, Noticed: noticed(earlier)}},
		{Name: "a task is begun", Given: owned(noticed(input)), When: process.Begin{Epoch: 1, Begun: begun}, Then: []process.Event{begun}},
		{Name: "and only once", Given: owned(noticed(input), begun), When: process.Begin{Epoch: 1, Begun: begun}},
		{Name: "outcomes are kept", Given: owned(noticed(input), begun), When: process.Record{Epoch: 1, Recorded: recorded(0, false)}, Then: []process.Event{recorded(0, false)}},
		{Name: "and only once", Given: owned(noticed(input), begun, recorded(0, false)), When: process.Record{Epoch: 1, Recorded: recorded(0, false)}},
		{Name: "none of a task that is complete", Given: owned(noticed(input), begun, recorded(0, true)), When: process.Record{Epoch: 1, Recorded: recorded(0, false)}},
	})
}

func fold(events ...process.Event) process.State {
	var s process.State
	for _, e := range events {
		s = process.Evolve(s, e)
	}
	return s
}

func TestWhoeverClaimedLastMayWrite(t *testing.T) {
	t.Parallel()
	s := fold(owned(noticed(input), process.Claimed{At: at, Epoch: 2})...)
	for _, c := range []process.Command{
		process.Notice{Epoch: 1},
		process.Begin{Epoch: 1},
		process.Record{Epoch: 1},
		process.Continue{Epoch: 1},
		process.Claim{At: at, Epoch: 2},
		process.Claim{At: at, Epoch: 4},
	} {
		_, err := process.Decide(s, c)
		require.ErrorIs(t, err, process.ErrFenced, "%T", c)
	}
	events, err := process.Decide(s, process.Claim{At: at, Epoch: 3})
	require.NoError(t, err)
	require.Len(t, events, 1)
	_, err = process.Decide(s, nil)
	require.Error(t, err)
}

func TestAPartGoesOnInTheNextOneAndIsOver(t *testing.T) {
	t.Parallel()
	s := fold(owned(noticed(input), process.Begun{At: at, Input: event, AsOf: 14}, recorded(0, false))...)
	require.False(t, s.Full())
	events, err := process.Decide(s, process.Continue{Epoch: 1, At: at})
	require.NoError(t, err)
	require.Equal(t, []process.Event{process.Continued{At: at, Part: 2}}, events)
	over := process.Evolve(s, events[0])
	_, err = process.Decide(over, process.Notice{Epoch: 1})
	require.ErrorIs(t, err, process.ErrFenced)
	_, err = process.Decide(over, process.Claim{At: at, Epoch: 2})
	require.ErrorIs(t, err, process.ErrFenced)

	next := fold(over.Next(at).Opened)
	require.Equal(t, 2, next.Part)
	require.Equal(t, 1, next.Events)
	next.Part, next.Events = s.Part, s.Events
	require.Equal(t, s, next, "with all that was not complete")
}
