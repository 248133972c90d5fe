package commands_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// toolsOnly is a store that does something just before an append to a tool,
// which may fail then.
type toolsOnly struct {
	commands.EventStore
	before func() error
}

func (s *toolsOnly) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	if f := s.before; f != nil && strings.HasPrefix(stream, "fl.tool-") {
		s.before = nil
		if err := f(); err != nil {
			return 0, err
		}
	}
	return s.EventStore.Append(ctx, stream, expected, events)
}

// counter is a site that asks for approvals, with one tool in store and who
// works there: 0 keeps the store, 1 gets the tool, 2 is the manager.
type counter struct {
	*apptest.Harness
	t      *testing.T
	people []string
	tool   uuid.UUID
	to     tool.Holder
	store  *toolsOnly
	app    *commands.App // over store, as another process
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{Harness: apptest.New(t), t: t}
	desk(t, c.Harness)
	_, err := c.App.Policies.Record(t.Context(), c.Request("tools"), commands.RecordPolicy{
		Site: "desk", Kind: policy.KindTools, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first",
		Content: json.RawMessage(`{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"}],"issue_approval":"manager"}`),
	})
	require.NoError(t, err)
	for _, key := range []string{"keeper", "li", "boss"} {
		reg, err := c.App.People.Register(t.Context(), c.Request(key), commands.RegisterPerson{
			Site: "desk", External: domain.ExternalKey{System: "hr", Key: key}, Name: key, Roles: []string{},
		})
		require.NoError(t, err)
		c.people = append(c.people, reg.ID.String())
	}
	reg, err := c.App.Tools.Register(t.Context(), c.by(0, "tool"), commands.RegisterTool{
		Site: "desk", Number: "W-1", Kind: "wrench", Name: "wrench", PurchasedOn: "2025-01-01", Use: tool.Personal, Store: "main",
	})
	require.NoError(t, err)
	c.tool, c.to = reg.ID, tool.Holder{Kind: tool.Person, Who: c.people[1]}
	c.store = &toolsOnly{EventStore: c.Store}
	c.app = commands.New(commands.Ports{Store: c.store, Outcomes: outcomes.New(c.Pool, c.Clock), Vault: c.Vault, Clock: c.Clock, IDs: c.IDs, Log: c.Log})
	return c
}

func (c *counter) by(n int, key string) commands.Request {
	r := c.Request(key)
	r.Actor.Person, r.Actor.Subject, r.Actor.Roles = c.people[n], c.people[n], [][]string{{"storekeeper"}, {"technician"}, {"manager"}}[n]
	return r
}

func (c *counter) approved() uuid.UUID {
	c.t.Helper()
	reg, err := c.App.Approvals.Request(c.t.Context(), c.by(0, "ask"), commands.RequestApproval{
		Site: "desk", Act: approval.Issue, Tools: []uuid.UUID{c.tool}, To: &c.to, Reason: "pump 3",
	})
	require.NoError(c.t, err)
	_, err = c.App.Approvals.Give(c.t.Context(), c.by(2, "give"), reg.ID)
	require.NoError(c.t, err)
	return reg.ID
}

func (c *counter) issue(app *commands.App, key string, approval uuid.UUID) error {
	_, err := app.Tools.Issue(c.t.Context(), c.by(0, key), c.tool, commands.IssueTool{To: c.to, Approval: approval})
	return err
}

func (c *counter) uses(of uuid.UUID) int {
	n := 0
	for _, e := range events(c.t, c.Harness, commands.StreamOf("approval", of)) {
		if e.Type == "approval.used.v1" {
			n++
		}
	}
	return n
}

func TestTOL16AUseWhoseCommandDiedIsFreeOnceTheToolMovedOn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	id := c.approved()
	c.store.before = func() error { return commands.ErrUnavailable }
	require.ErrorIs(t, c.issue(c.app, "dies", id), commands.ErrUnavailable)
	require.Equal(t, 1, c.uses(id), "it was claimed")
	require.ErrorContains(t, c.issue(c.App, "early", id), "approval.used_up", "it may still come")
	_, err := c.App.Tools.Block(t.Context(), c.by(0, "block"), c.tool, commands.BlockTool{Reason: tool.BlockFault})
	require.NoError(t, err)
	_, err = c.App.Tools.Clear(t.Context(), c.by(0, "clear"), c.tool, commands.ClearTool{})
	require.NoError(t, err)
	require.NoError(t, c.issue(c.App, "now", id), "it can never come any more")
	require.NoError(t, c.issue(c.App, "again", id), "what holds already uses nothing")
	require.Equal(t, 2, c.uses(id))
	_, err = c.App.Tools.Refuse(t.Context(), c.by(1, "refuse"), c.tool, commands.ToolReason{Reason: "r"})
	require.NoError(t, err)
	require.ErrorContains(t, c.issue(c.App, "late", id), "approval.used_up")
}

func TestTOL16AUseWhoseCommandDiedIsFreeAfterAsLongAsARequestCanTake(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	id := c.approved()
	c.store.before = func() error { return commands.ErrUnavailable }
	require.ErrorIs(t, c.issue(c.app, "dies", id), commands.ErrUnavailable)
	c.Clock.Advance(14 * time.Minute)
	require.ErrorContains(t, c.issue(c.App, "early", id), "approval.used_up")
	c.Clock.Advance(time.Minute)
	require.NoError(t, c.issue(c.App, "now", id))
}

func TestTOL16ACommandThatLostToAnotherTakesItsOwnUseAgain(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	id := c.approved()
	c.store.before = func() error {
		_, err := c.App.Tools.Inspect(t.Context(), c.by(0, "inspect"), c.tool, commands.InspectTool{On: "2020-01-01", Passed: true, Next: "2099-01-01"})
		return err
	}
	require.NoError(t, c.issue(c.app, "issue", id))
	require.Equal(t, 2, c.uses(id), "one for each revision at which it tried")
	require.NoError(t, c.issue(c.app, "issue", id), "the same request is the same issue")
	require.Equal(t, 2, c.uses(id))
	_, err := c.app.Tools.Refuse(t.Context(), c.by(1, "refuse"), c.tool, commands.ToolReason{Reason: "r"})
	require.NoError(t, err)
	require.ErrorContains(t, c.issue(c.app, "second", id), "approval.used_up", "what came stays used")
}

func TestTOL16AnIssueKeepsWhoApprovedAndByWhat(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	id := c.approved()
	require.NoError(t, c.issue(c.App, "issue", id))
	all := events(t, c.Harness, commands.StreamOf("tool", c.tool))
	last, err := eventschemas.Decode(all[len(all)-1].Type, all[len(all)-1].Data)
	require.NoError(t, err)
	issued := last.(tool.Issued)
	require.Equal(t, c.people[2], issued.ApprovedBy)
	require.Equal(t, id, *issued.Approval)
}
