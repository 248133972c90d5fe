package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// RecordPolicy adds a version to a policy (POL-01). One that takes effect in
// the past must be confirmed against the list of what it would change (POL-04).
func (s *Server) RecordPolicy(ctx context.Context, in RecordPolicyRequestObject) (RecordPolicyResponseObject, error) {
	site := or(in.Body.Site)
	if site != "" { // without a site it holds for all, and the use case asks for the right to all
		if err := s.see(ctx, site); err != nil {
			return nil, err
		}
	}
	given := or(in.Body.Confirmation)
	reg, err := s.App.Policies.RecordConfirmed(ctx, request(ctx, in.Params.IdempotencyKey), commands.RecordPolicy{
		Site: site, Kind: policy.Kind(in.Body.Kind), EffectiveFrom: in.Body.EffectiveFrom, Reason: in.Body.Reason,
		Approver: or(in.Body.Approver), Content: in.Body.Content, Confirmation: given,
	}, s.confirm(given))
	if err != nil {
		return nil, err
	}
	body, h := s.created("/v1/policies?kind="+string(in.Body.Kind)+"&site="+site, reg)
	return RecordPolicy201JSONResponse{body, RecordPolicy201ResponseHeaders(h)}, nil
}

// ListPolicies answers a page of the versions that hold at a site, in the order
// in which they were recorded. The list only grows, so a page stays what it was.
func (s *Server) ListPolicies(ctx context.Context, in ListPoliciesRequestObject) (ListPoliciesResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, nil, nil, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	all, err := s.App.Policies.Versions(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	var versions []PolicyVersion
	for _, v := range all {
		if v.Version.Kind == policy.Kind(p.Kind) {
			versions = append(versions, policyVersion(v.Version))
		}
	}
	page, after, err := slice(versions, l.page)
	if err != nil {
		return nil, err
	}
	return ListPolicies200JSONResponse{Items: page, Next: s.next(ctx, l, after, Snapshot{})}, nil
}

func policyVersion(v policy.VersionRecorded) PolicyVersion {
	return PolicyVersion{
		Site: v.Site, Kind: PolicyKind(v.Kind), Version: v.Version, EffectiveFrom: v.EffectiveFrom, Author: v.Author,
		Approver: v.Approver, Reason: v.Reason, Hash: v.Hash, Content: v.Content,
	}
}
