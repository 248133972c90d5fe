package readside

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Approval returns an approval as of a moment.
func (s *Side) Approval(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Approval, api.Snapshot, error) {
	var out api.Approval
	found := false
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		row, ok, err := s.approvals.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok || row.Row.Standing == "" {
			return err
		}
		out, found = shownApproval(row), true
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

var requestedOrder = []readmodel.Order{{By: "requested_at"}}

// ListApprovals returns a page of approvals, the oldest first.
func (s *Side) ListApprovals(ctx context.Context, at api.AsOf, f api.ApprovalFilter, p api.Page) ([]api.Approval, string, api.Snapshot, error) {
	out := []api.Approval{}
	next := ""
	var signer api.SealedPerson
	if f.For != nil {
		var err error
		if signer, err = s.signer(ctx, at, f.For.Person); err != nil {
			return nil, "", api.Snapshot{}, err
		}
	}
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		q, err := approvalQuery(f, teamAt(signer, v.asked))
		if err != nil {
			return err
		}
		q.Order = requestedOrder
		out, next, err = pageByTime(ctx, v, s.approvals, q, p, func(r custody.Approval) time.Time { return r.RequestedAt }, shownApproval)
		return err
	})
	return out, next, snap, err
}

// signer is who asks what waits for a signature; zero for who is not registered.
func (s *Side) signer(ctx context.Context, at api.AsOf, person string) (api.SealedPerson, error) {
	id, err := uuid.Parse(person)
	if err != nil {
		return api.SealedPerson{}, nil //nolint:nilerr // nobody of ours
	}
	p, _, err := s.Person(ctx, at, id)
	if errors.Is(err, commands.ErrNotFound) {
		return api.SealedPerson{}, nil
	}
	if err != nil {
		return p, fmt.Errorf("find person %s: %w", person, err)
	}
	return p, nil
}

// teamAt is the team that a person is in at an instant, "" for none.
func teamAt(p api.SealedPerson, at time.Time) string {
	team, since := p.Team, time.Time{}
	for _, m := range p.Moves {
		if !m.Since.After(at) && !m.Since.Before(since) {
			team, since = m.Team, m.Since.Time
		}
	}
	if team == nil {
		return ""
	}
	return team.String()
}

// approvalQuery is the condition of a filter. Whose signature may be next is
// looked at as the decision does: by role, and never for oneself or the own
// team (TOL-16).
func approvalQuery(f api.ApprovalFilter, team string) (readmodel.ListQuery, error) {
	q := readmodel.ListQuery{Sites: f.Sites, Where: "standing <> ''"}
	add := func(condition string, arg any) {
		q.Args = append(q.Args, arg)
		q.Where += " AND " + fmt.Sprintf(condition, len(q.Args))
	}
	if f.Standing != nil {
		add("standing = $%d", string(*f.Standing))
	}
	if f.Tool != nil {
		text, err := json.Marshal(f.Tool)
		if err != nil {
			return q, fmt.Errorf("encode tool %s: %w", f.Tool, err)
		}
		add("(covers -> 'tools' @> $%[1]d::text::jsonb OR uses @> jsonb_build_array(jsonb_build_object('tool', $%[1]d::text::jsonb)))", string(text))
	}
	if f.For != nil {
		signer, err := json.Marshal([]string{f.For.Person})
		if err != nil {
			return q, fmt.Errorf("encode person %s: %w", f.For.Person, err)
		}
		q.Where += " AND waits <> ''"
		add("waits = ANY ($%d::text[])", f.For.Roles)
		add("requested_by <> $%d", f.For.Person)
		add("recipient <> 'person:' || $%d::text", f.For.Person)
		add("recipient <> 'team:' || $%d::text", team)
		add("NOT signers @> $%d::text::jsonb", string(signer))
	}
	return q, nil
}

func shownApproval(r readmodel.Versioned[custody.Approval]) api.Approval {
	row := r.Row
	a := api.Approval{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Stream: commands.StreamOf("approval", r.ID), Standing: api.ApprovalStanding(row.Standing),
		Act: api.ApprovalAct(row.Act), Tools: row.Covers.Tools, Kind: row.Covers.Kind, Pieces: row.Covers.Pieces, Scope: []api.Holder{},
		RequestedBy: row.RequestedBy, RequestedAt: domain.At(row.RequestedAt), Reason: row.Reason, Needs: row.Needs, Waits: row.Waits,
		Signed: []api.ApprovalSignature{}, Uses: []api.ApprovalUse{}, Until: maybe(row.Until), EndedBy: row.EndedBy, EndReason: row.EndReason,
	}
	if a.Tools == nil {
		a.Tools = []uuid.UUID{}
	}
	if to := row.Covers.To; to != nil {
		a.To = &api.Holder{Kind: api.HolderKind(to.Kind), Who: to.Who}
	}
	for _, h := range row.Covers.Scope {
		a.Scope = append(a.Scope, api.Holder{Kind: api.HolderKind(h.Kind), Who: h.Who})
	}
	if c := row.Covers.Stock; c != nil {
		a.Stock = &api.ApprovalCorrection{Store: c.Store, Item: c.Item, Lot: c.Lot, Condition: api.ApprovalCorrectionCondition(c.Condition), Delta: c.Delta}
	}
	for _, sign := range row.Signed {
		a.Signed = append(a.Signed, api.ApprovalSignature{Role: sign.Role, By: sign.By, At: domain.At(sign.At), Revision: int64(sign.Revision)}) //nolint:gosec // a revision fits
	}
	for _, u := range row.Uses {
		a.Uses = append(a.Uses, api.ApprovalUse{
			Command: u.Command, Stream: u.Stream, Revision: u.Revision, Tool: u.Tool, By: u.By, At: u.At, Claimed: int64(u.Claimed), //nolint:gosec // a revision fits
		})
	}
	return a
}
