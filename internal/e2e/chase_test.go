package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

// chasing runs a scheduler of chases with a write side of its own; stop ends it.
func (d *desk) chasing(t *testing.T) (stop func()) {
	t.Helper()
	s, err := timer.New(timer.Options{Name: "chase", Steps: d.side.Chases(d.process().Tools), Clock: d.Clock, Log: d.Log, Calm: time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	running := true
	stop = func() {
		if running {
			running = false
			cancel()
			require.NoError(t, <-ended)
		}
	}
	t.Cleanup(stop)
	return stop
}

// asked counts the chases in a tool's stream.
func (d *desk) asked(t *testing.T, id uuid.UUID) int {
	t.Helper()
	stored, err := d.Store.ReadStream(t.Context(), commands.StreamOf("tool", id), 0)
	require.NoError(t, err)
	n := 0
	for _, e := range stored {
		if e.Type == "tool.chased.v1" {
			n++
		}
	}
	return n
}

func TestTOL09WhatIsNotBackIsAskedForOnceAStepOverRestartsAndRebuilds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.App.Sites.Register(t.Context(), d.Request("site"), newSite)
	require.NoError(t, err)
	d.policy(t, policy.KindTools, policy.Tools{
		Stores: []policy.Code{{Code: "main", Name: "main"}}, Kinds: []policy.ToolKind{{Code: "hoist", Name: "hoist", Category: "power", StoreKept: true}},
		Chases: []policy.Chase{{AfterHours: 0, Tell: []string{policy.ChaseBorrower}}, {AfterHours: 24, Tell: []string{policy.ChaseManager}}},
	})
	li, err := d.App.People.Register(t.Context(), d.Request("li"), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: "li"}, Name: "Li", Roles: []string{},
	})
	require.NoError(t, err)
	lent := func(number string, source *eventschemas.Source) uuid.UUID {
		reg, err := d.App.Tools.Register(t.Context(), d.Request(number), commands.RegisterTool{
			Site: "hq", Number: number, Kind: "hoist", Name: "h", PurchasedOn: "2025-01-10", Use: tool.Pool, Store: "main",
		})
		require.NoError(t, err)
		r := d.Request("lend " + number)
		r.Source = source
		_, err = d.App.Tools.Lend(t.Context(), r, reg.ID, commands.LendTool{
			To: tool.Holder{Kind: tool.Person, Who: li.ID.String()}, Until: apptest.Start.Add(8 * time.Hour), Purpose: "p", Responsible: li.ID.String(),
		})
		require.NoError(t, err)
		return reg.ID
	}
	late, back, imported := lent("H-1", nil), lent("H-2", nil), lent("H-3", &eventschemas.Source{System: "old", Row: "3"})
	_, err = d.App.Tools.Return(t.Context(), d.Request("back"), back, commands.ReturnTool{Store: "main", By: li.ID.String(), Condition: tool.Good})
	require.NoError(t, err)
	d.settle(t, d.Harness)
	stop := d.chasing(t)
	d.chasing(t)
	d.Clock.Set(apptest.Start.Add(9 * time.Hour))
	require.Eventually(t, func() bool { return d.asked(t, late) == 1 }, patience, 5*time.Millisecond)
	due := d.Clock.Now()
	rows, _, _, err := d.side.ListTools(t.Context(), api.AsOf{}, api.ToolFilter{DueBefore: &due}, api.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, rows, 2, "TOL-09 the overdue list has what was imported too")
	stop()
	d.settle(t, d.Harness)
	d.rebuild(t, d.reader)
	d.settle(t, d.Harness)
	d.chasing(t)
	d.Clock.Set(apptest.Start.Add(33 * time.Hour))
	require.Eventually(t, func() bool { return d.asked(t, late) == 2 }, patience, 5*time.Millisecond)
	d.settle(t, d.Harness)
	require.Equal(t, 2, d.asked(t, late))
	require.Zero(t, d.asked(t, back))
	require.Zero(t, d.asked(t, imported))
	card, _, err := d.side.Tool(t.Context(), api.AsOf{}, late, nil)
	require.NoError(t, err)
	require.True(t, card.Chases[1].Taken)
	require.Equal(t, []api.ToolChaseTell{"manager"}, card.Chases[1].Tell)
}
