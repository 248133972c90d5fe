package readside_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/postgres"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// What was kept of refusals and no-ops since the copy is gone with it; what
// changed something stands in the log.
func TestAnOlderCopyOfPostgresIsBroughtUpToTheLogAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	stop := s.start()
	s.load = newLoad(t, s.h, 3, 2*time.Millisecond)
	rounds, restarts := scale.Times(1, 15), 0
	for range rounds {
		head := s.present().Head()
		eventually(t, "events before the copy", func() bool { return s.present().Head() > head+50 })
		s.pg.Stop()
		copied := s.pg.Copy()
		s.pg.Up()
		head = s.present().Head()
		eventually(t, "events after the copy", func() bool { return s.present().Head() > head+50 })
		if rand.IntN(2) == 0 { // the copy then knows an earlier owner
			restarts++
			stop()
			stop = s.start()
			eventually(t, "events after the restart", func() bool { return s.present().Head() > head+80 })
		}
		s.pg.Stop()
		s.pg.Restore(copied)
		s.pg.Up()
		s.heal()
	}
	all := orders.Changed(s.load.end())
	j := orders.Judge(all, orders.Effects(t, s.h))
	require.Zero(t, j.Bad(), "%+v", j)
	s.requireEqualToAReplay()
	for _, err := range s.failures() {
		// An owner that the copy does not know ends, and begins again; the
		// beginning may meet a server that is about to stop.
		require.True(t, errors.Is(err, readmodel.ErrFenced) || postgres.Unavailable(err), "%v", err)
	}
	t.Logf("fault: older copy of PostgreSQL: %d restores, %d of them of an earlier owner's copy; %d events; %s", rounds, restarts, s.present().Head(), j)
}

// shortened is a node whose log is the beginning of another one's.
func shortened(t *testing.T, all []eventschemas.Recorded) *eventnode.Node {
	t.Helper()
	node, err := eventnode.Open(t.Context(), eventnode.Options{Clock: clock.NewFake(apptest.Start)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close(context.Background())) })
	for _, e := range all {
		_, err := node.Append(t.Context(), e.Stream, int64(e.Revision)-1, []eventschemas.Proposed{{ID: e.ID, Type: e.Type, Data: e.Data, Meta: e.Meta}})
		require.NoError(t, err)
	}
	return node
}

func TestACheckpointBeyondTheLogIsRefusedAndNamed(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	orders.Desk(t, h)
	k := newKeeper(t, h, h.Store, h.Pool)
	stop := k.start()
	l := newLoad(t, h, 2, time.Millisecond)
	eventually(t, "there is a log", func() bool { return k.present().Head() > 100 })
	l.end()
	k.settle()
	stop()
	all := logOf(t, h)
	digests := k.digests()
	short := *h
	short.Node = shortened(t, all[:len(all)-10])
	client, _ := distant(t, &short)

	refused := func(source commands.Log) error {
		again := newKeeper(t, h, source, h.Pool)
		again.set(again.newManager(h.Pool))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return again.once(ctx)
	}
	for name, source := range map[string]commands.Log{"the node": short.Node, "the client": client} {
		err := refused(source)
		different := new(catchup.DifferentLogError)
		require.ErrorAs(t, err, &different, name)
		require.EqualValues(t, len(all), different.Checkpoint.Number)
		require.ErrorContains(t, err, all[len(all)-1].ID.String(), "it names the event that is missing")
	}
	k.start()
	eventually(t, "the right log is read", func() bool { return k.settled(int64(len(all))) })
	require.Equal(t, digests, k.digests(), "nothing was written")
}

func TestWithoutItsCheckACheckpointBeyondTheLogIsNotSeen(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	orders.Desk(t, h)
	k := newKeeper(t, h, h.Store, h.Pool)
	stop := k.start()
	k.settle()
	stop()
	all := logOf(t, h)
	client, _ := distant(t, func() *apptest.Harness { short := *h; short.Node = shortened(t, all[:1]); return &short }())
	unchecked := newKeeper(t, h, client, h.Pool)
	unchecked.change = func(o *catchup.Options) {
		o.Check = func(context.Context, eventschemas.Checkpoint) error { return nil }
	}
	unchecked.start()
	eventually(t, "it takes the end of the shorter log for its own", func() bool { return unchecked.present().CaughtUp() })
	require.Empty(t, unchecked.failures())
}
