package readside_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// approved is an approval that person 0 asked for and person 2 gave, as manager.
func (r *toolRoom) approved(in commands.RequestApproval) uuid.UUID {
	r.t.Helper()
	id := r.asked(in)
	r.did(r.App.Approvals.Give(r.t.Context(), r.by(2, "manager"), id))
	return id
}

func (r *toolRoom) asked(in commands.RequestApproval) uuid.UUID {
	r.t.Helper()
	in.Site, in.Reason = "hq", "r"
	reg, err := r.App.Approvals.Request(r.t.Context(), r.by(0), in)
	require.NoError(r.t, err)
	r.Clock.Advance(time.Minute)
	return reg.ID
}

func (r *toolRoom) waits(at api.AsOf, person int, roles ...string) []uuid.UUID {
	r.t.Helper()
	out, _, _, err := r.side.ListApprovals(r.t.Context(), at, api.ApprovalFilter{For: &approval.Signer{Person: r.people[person], Roles: roles}}, api.Page{Limit: 10})
	require.NoError(r.t, err)
	ids := []uuid.UUID{}
	for _, a := range out {
		ids = append(ids, a.Id)
	}
	return ids
}

func TestTOL16WhatWaitsForMyApprovalIsListedAndAnIssueLeadsToItsApproval(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	w1, w2 := r.tool("wrench", "W-1"), r.tool("wrench", "W-2")
	to := tool.Holder{Kind: tool.Person, Who: r.people[1]}
	first := r.asked(commands.RequestApproval{Act: approval.Issue, Tools: []uuid.UUID{w1}, To: &to})
	second := r.asked(commands.RequestApproval{Act: approval.Issue, Kind: "wrench", Pieces: 2, To: &to})
	seen := r.settle()
	require.Equal(t, []uuid.UUID{first, second}, r.waits(api.AsOf{}, 2, "manager"))
	require.Empty(t, r.waits(api.AsOf{}, 2, "storekeeper"), "it waits for a manager")
	require.Empty(t, r.waits(api.AsOf{}, 0, "manager"), "not for who asked")
	require.Empty(t, r.waits(api.AsOf{}, 1, "manager"), "nor for who gets it")

	r.did(r.App.Approvals.Give(ctx, r.by(2, "manager"), first))
	r.did(r.App.Tools.Issue(ctx, r.by(3), w1, commands.IssueTool{To: to, Approval: first}))
	r.did(r.App.Approvals.Refuse(ctx, r.by(2, "manager"), second, "two are enough"))
	r.settle()
	require.Empty(t, r.waits(api.AsOf{}, 2, "manager"))
	require.Equal(t, []uuid.UUID{first, second}, r.waits(api.AsOf{Number: &seen}, 2, "manager"), "as it was known then")

	card, _, err := r.side.Tool(ctx, api.AsOf{}, w1, nil)
	require.NoError(t, err)
	require.Equal(t, r.people[2], card.HandOut.ApprovedBy)
	require.Equal(t, first, *card.HandOut.Approval)
	a, _, err := r.side.Approval(ctx, api.AsOf{}, *card.HandOut.Approval)
	require.NoError(t, err)
	require.Equal(t, api.ApprovalStandingUsed, a.Standing)
	require.Equal(t, []string{"manager", r.people[2]}, []string{a.Signed[0].Role, a.Signed[0].By})
	require.Equal(t, []int64{1, 2}, []int64{a.Signed[0].Revision, a.Uses[0].Claimed}, "the events of its stream")
	require.Equal(t, commands.StreamOf("tool", w1), a.Uses[0].Stream)
	require.Equal(t, r.people[3], a.Uses[0].By)
	of, _, _, err := r.side.ListApprovals(ctx, api.AsOf{}, api.ApprovalFilter{Tool: &w1}, api.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, of, 1)
	of, _, _, err = r.side.ListApprovals(ctx, api.AsOf{}, api.ApprovalFilter{Tool: &w2}, api.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, of)
	_, _, err = r.side.Approval(ctx, api.AsOf{}, uuid.New())
	require.ErrorIs(t, err, commands.ErrNotFound)
	_, next, _, err := r.side.ListApprovals(ctx, api.AsOf{}, api.ApprovalFilter{}, api.Page{Limit: 1})
	require.NoError(t, err)
	require.NotEmpty(t, next)
}

func TestTOL16AUseThatCameToNothingIsFreeAgain(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	w1 := r.tool("wrench", "W-1")
	to := tool.Holder{Kind: tool.Person, Who: r.people[1]}
	id := r.approved(commands.RequestApproval{Act: approval.Issue, Tools: []uuid.UUID{w1}, To: &to})
	r.did(r.App.Tools.Issue(ctx, r.by(3), w1, commands.IssueTool{To: to, Approval: id}))
	r.did(r.App.Tools.Refuse(ctx, r.by(1), w1, commands.ToolReason{Reason: "r"}))
	_, err := r.App.Tools.Issue(ctx, r.by(3), w1, commands.IssueTool{To: to, Approval: id})
	require.ErrorContains(t, err, "approval.used_up", "one that came stays used")
}

// What a team gets does not wait for one of it, as the decision says, but for a
// manager of another one or of none (TOL-16).
func TestTOL16WhatOnesOwnTeamGetsDoesNotWaitForOne(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	team, err := r.App.Teams.Register(ctx, r.request(), commands.RegisterTeam{Site: "hq", External: domain.ExternalKey{System: "hr", Key: "T"}, Name: "T"})
	require.NoError(t, err)
	r.did(r.App.People.ChangeTeam(ctx, r.by(0), uuid.MustParse(r.people[2]), commands.MovePerson{Team: team.ID, Since: r.Clock.Now()}))
	id := r.asked(commands.RequestApproval{Act: approval.Issue, Tools: []uuid.UUID{r.tool("wrench", "W-1")}, To: &tool.Holder{Kind: tool.Team, Who: team.ID.String()}})
	before := r.settle()
	require.Empty(t, r.waits(api.AsOf{}, 2, "manager"))
	require.Equal(t, []uuid.UUID{id}, r.waits(api.AsOf{}, 1, "manager"))
	_, err = r.App.Approvals.Give(ctx, r.by(2, "manager"), id)
	require.ErrorContains(t, err, "approval.own")
	r.did(r.App.People.ChangeTeam(ctx, r.by(0), uuid.MustParse(r.people[2]), commands.MovePerson{Since: r.Clock.Now()}))
	r.settle()
	require.Equal(t, []uuid.UUID{id}, r.waits(api.AsOf{}, 2, "manager"), "who is of the team no more")
	require.Empty(t, r.waits(api.AsOf{Number: &before}, 2, "manager"), "as it was known then")
}
