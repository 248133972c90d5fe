package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/stock"
)

// RequestApproval answers 201 with the approval's id.
func (s *Server) RequestApproval(ctx context.Context, in RequestApprovalRequestObject) (RequestApprovalResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	c := commands.RequestApproval{
		Site: b.Site, Act: approval.Act(b.Act), Tools: or(b.Tools), Kit: or(b.Kit), Kind: or(b.Kind), Pieces: or(b.Pieces), Scope: recipients(or(b.Scope)),
		Reason: b.Reason,
	}
	if b.To != nil {
		c.To = new(recipient(*b.To))
	}
	if k := b.Stock; k != nil {
		c.Stock = &approval.Correction{Store: k.Store, Item: k.Item, Lot: k.Lot, Condition: stock.Condition(k.Condition), Delta: k.Delta}
	}
	reg, err := s.App.Approvals.Request(ctx, request(ctx, in.Params.IdempotencyKey), c)
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("approvals", reg.ID), reg)
	return RequestApproval201JSONResponse{body, RequestApproval201ResponseHeaders(h)}, nil
}

// GiveApproval is the caller's signature (TOL-16).
func (s *Server) GiveApproval(ctx context.Context, in GiveApprovalRequestObject) (GiveApprovalResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Approvals.Give(ctx, r, in.Id)
	})
	return GiveApproval200JSONResponse{body, GiveApproval200ResponseHeaders(h)}, err
}

// RefuseApproval ends a request.
func (s *Server) RefuseApproval(ctx context.Context, in RefuseApprovalRequestObject) (RefuseApprovalResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Approvals.Refuse(ctx, r, in.Id, in.Body.Reason)
	})
	return RefuseApproval200JSONResponse{body, RefuseApproval200ResponseHeaders(h)}, err
}

// WithdrawApproval ends an approval that is not used up.
func (s *Server) WithdrawApproval(ctx context.Context, in WithdrawApprovalRequestObject) (WithdrawApprovalResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Approvals.Withdraw(ctx, r, in.Id, in.Body.Reason)
	})
	return WithdrawApproval200JSONResponse{body, WithdrawApproval200ResponseHeaders(h)}, err
}

// GetApproval answers an approval with its revision as ETag.
func (s *Server) GetApproval(ctx context.Context, in GetApprovalRequestObject) (GetApprovalResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	a, seen, err := s.Custody.Approval(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, a.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetApproval200JSONResponse{Body: a, Headers: GetApproval200ResponseHeaders{ETag: etag(a.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListApprovals answers a page of those that the caller may see.
func (s *Server) ListApprovals(ctx context.Context, in ListApprovalsRequestObject) (ListApprovalsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	f := ApprovalFilter{Sites: sites, Standing: p.Standing, Tool: p.Tool}
	if or(p.WaitsForMe) {
		actor := exchangeOf(ctx).actor
		f.For = &approval.Signer{Person: actor.Person, Roles: actor.Roles}
	}
	rows, after, seen, err := s.Custody.ListApprovals(ctx, l.at, f, l.page)
	if err != nil {
		return nil, err
	}
	return ListApprovals200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ApprovalFilter narrows a list of approvals. The zero value of a field does not.
type ApprovalFilter struct {
	Sites    []string // codes; nil means all, empty none
	Standing *ApprovalStanding
	For      *approval.Signer // whose signature may be the next one
	Tool     *uuid.UUID       // named, or given out by it
}
