package commands_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Two processes on one log and one PostgreSQL: c.App remembers what c.app has
// changed since. What it would refuse by that is decided again before it is
// answered, and kept.
func TestTOL16NothingIsRefusedByWhatAnotherProcessHasChangedSince(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	ctx := t.Context()
	block := func(app *commands.App, key string) (commands.Result, error) {
		return app.Tools.Block(ctx, c.by(0, key), c.tool, commands.BlockTool{Reason: tool.BlockFault})
	}
	clearing := func(app *commands.App, key string) commands.Result {
		res, err := app.Tools.Clear(ctx, c.by(0, key), c.tool, commands.ClearTool{})
		require.NoError(t, err)
		return res
	}
	reg, err := c.App.Approvals.Request(ctx, c.by(0, "ask"), commands.RequestApproval{
		Site: "desk", Act: approval.Issue, Tools: []uuid.UUID{c.tool}, To: &c.to, Reason: "pump 3",
	})
	require.NoError(t, err)
	require.ErrorContains(t, c.issue(c.App, "early", reg.ID), "approval.not_given")
	_, err = c.app.Approvals.Give(ctx, c.by(2, "give"), reg.ID)
	require.NoError(t, err)
	_, err = block(c.App, "block")
	require.NoError(t, err)
	clearing(c.app, "clear")
	require.NoError(t, c.issue(c.App, "issue", reg.ID), "neither the tool nor the approval is as it was remembered")
	require.ErrorContains(t, c.issue(c.App, "early", reg.ID), "approval.not_given", "what was refused stays refused")
}

func TestTKT02NothingIsAnsweredAsHoldingByWhatAnotherProcessHasChangedSince(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	ctx := t.Context()
	block := func(app *commands.App, key string) commands.Result {
		res, err := app.Tools.Block(ctx, c.by(0, key), c.tool, commands.BlockTool{Reason: tool.BlockFault})
		require.NoError(t, err)
		return res
	}
	require.True(t, block(c.App, "first").Changed)
	require.False(t, block(c.App, "second").Changed, "it holds")
	_, err := c.app.Tools.Clear(ctx, c.by(0, "clear"), c.tool, commands.ClearTool{})
	require.NoError(t, err)
	require.True(t, block(c.App, "third").Changed, "it does not hold any more")
}

func TestARevisionThatAnotherProcessHasAnsweredIsNotStale(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	ctx := t.Context()
	_, err := c.App.Tools.Block(ctx, c.by(0, "block"), c.tool, commands.BlockTool{Reason: tool.BlockFault})
	require.NoError(t, err)
	res, err := c.app.Tools.Clear(ctx, c.by(0, "clear"), c.tool, commands.ClearTool{})
	require.NoError(t, err)
	r := c.by(0, "again")
	r.Expected = &res.Revision
	_, err = c.App.Tools.Block(ctx, r, c.tool, commands.BlockTool{Reason: tool.BlockFault})
	require.NoError(t, err)
	r = c.by(0, "late")
	r.Expected = &res.Revision
	_, err = c.app.Tools.Block(ctx, r, c.tool, commands.BlockTool{Reason: tool.BlockFault})
	var stale *commands.StaleError
	require.ErrorAs(t, err, &stale)
	require.Equal(t, res.Revision+1, stale.Actual)
}
