package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
)

// losing are ports between which and the process requests and answers are lost.
func losing(h *apptest.Harness) commands.Ports {
	p := sound(h)
	p.Store = losingStore{p.Store}
	p.Outcomes = losingOutcomes{p.Outcomes}
	return p
}

// losingStore loses one append in ten before, and one after it was stored.
type losingStore struct{ commands.EventStore }

// Append stores, or not, and tells of it, or not.
func (s losingStore) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	switch rand.IntN(20) {
	case 0, 1:
		return 0, fmt.Errorf("before it was stored: %w", errLost)
	case 2, 3:
		_, err := s.EventStore.Append(ctx, stream, expected, events)
		return 0, errors.Join(errLost, err)
	case 4:
		return 0, commands.ErrUnavailable
	}
	return s.EventStore.Append(ctx, stream, expected, events)
}

// ReadStream fails now and then, also when an append is to be settled.
func (s losingStore) ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	if rand.IntN(20) == 0 {
		return nil, commands.ErrUnavailable
	}
	return s.EventStore.ReadStream(ctx, stream, from)
}

// losingOutcomes does the same to what is kept of refusals and no-ops.
type losingOutcomes struct{ commands.Outcomes }

// Save keeps, or not, and tells of it, or not.
func (s losingOutcomes) Save(ctx context.Context, o commands.Outcome) (commands.Outcome, error) {
	switch rand.IntN(10) {
	case 0:
		return commands.Outcome{}, fmt.Errorf("before it was kept: %w", errLost)
	case 1:
		_, err := s.Outcomes.Save(ctx, o)
		return commands.Outcome{}, errors.Join(errLost, err)
	}
	return s.Outcomes.Save(ctx, o)
}

// Find fails now and then.
func (s losingOutcomes) Find(ctx context.Context, command uuid.UUID) (commands.Outcome, bool, error) {
	if rand.IntN(20) == 0 {
		return commands.Outcome{}, false, errLost
	}
	return s.Outcomes.Find(ctx, command)
}

// unknowing is a store whose events do not tell the command that they came
// from: whoever reads them knows no command.
type unknowing struct{ commands.EventStore }

// ReadStream gives every event a command of its own.
func (s unknowing) ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	stored, err := s.EventStore.ReadStream(ctx, stream, from)
	for i := range stored {
		env, decodeErr := eventschemas.DecodeEnvelope(stored[i].Meta)
		if decodeErr != nil {
			return nil, decodeErr
		}
		env.Command.ID = uuid.New()
		meta, encodeErr := json.Marshal(env)
		if encodeErr != nil {
			return nil, encodeErr
		}
		stored[i].Meta = meta
	}
	return stored, err
}

// Append gives events new ids too: the store itself would know them again.
func (s unknowing) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	renamed := make([]eventschemas.Proposed, len(events))
	for i, e := range events {
		e.ID = uuid.New()
		renamed[i] = e
	}
	return s.EventStore.Append(ctx, stream, expected, renamed)
}

func TestTheRepeatsTellAWriteSideThatDoesNotKnowItsCommands(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	orders.Desk(t, h)
	j := orders.Judge(repeat(t, h, func(h *apptest.Harness) commands.Ports {
		p := sound(h)
		p.Store = unknowing{p.Store}
		return p
	}, 20, 0), orders.Effects(t, h))
	require.Positive(t, j.TwoEffects+j.TwoAnswers, "%+v", j)
}

// oblivious keeps no outcome.
type oblivious struct{}

// Find knows none.
func (oblivious) Find(context.Context, uuid.UUID) (commands.Outcome, bool, error) {
	return commands.Outcome{}, false, nil
}

// Save keeps none.
func (oblivious) Save(_ context.Context, o commands.Outcome) (commands.Outcome, error) { return o, nil }

func TestTheRepeatsTellAWriteSideThatKeepsNoOutcomes(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	orders.Desk(t, h)
	j := orders.Judge(repeat(t, h, func(h *apptest.Harness) commands.Ports {
		p := sound(h)
		p.Outcomes = oblivious{}
		return p
	}, 20, 5), orders.Effects(t, h))
	require.Positive(t, j.Bad(), "%+v", j)
}
