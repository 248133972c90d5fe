package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// RecordPolicy adds a version to a policy (POL-01). One that takes effect in
// the past must be confirmed against the list of what it would change (POL-04).
func (s *Server) RecordPolicy(ctx context.Context, in RecordPolicyRequestObject) (RecordPolicyResponseObject, error) {
	site, set := or(in.Body.Site), or(in.Body.Set)
	if site != "" { // without a site it holds for all, and the use case asks for the right to all
		if err := s.see(ctx, site); err != nil {
			return nil, err
		}
	}
	given := or(in.Body.Confirmation)
	reg, err := s.App.Policies.RecordConfirmed(ctx, request(ctx, in.Params.IdempotencyKey), commands.RecordPolicy{
		Site: site, Set: set, Kind: policy.Kind(in.Body.Kind), EffectiveFrom: in.Body.EffectiveFrom, Reason: in.Body.Reason,
		Approver: or(in.Body.Approver), Content: in.Body.Content, Confirmation: given,
	}, s.confirm(given))
	if err != nil {
		return nil, err
	}
	owner := "&site=" + site
	if set != "" {
		owner = "&set=" + set
	}
	body, h := s.created("/v1/policies?kind="+string(in.Body.Kind)+owner, reg)
	return RecordPolicy201JSONResponse{body, RecordPolicy201ResponseHeaders(h)}, nil
}

// ListPolicies answers a page of the versions that hold at a site, in the order
// in which they were recorded. The list only grows, so a page stays what it was.
func (s *Server) ListPolicies(ctx context.Context, in ListPoliciesRequestObject) (ListPoliciesResponseObject, error) {
	p := in.Params
	if (p.Site == nil) == (p.Set == nil) {
		return nil, badParameter("set", "param.site_or_set")
	}
	if p.Site != nil {
		if err := s.see(ctx, *p.Site); err != nil {
			return nil, err
		}
	}
	l, err := s.listing(ctx, nil, nil, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	var all []policy.Recorded
	if p.Set != nil {
		all, err = s.App.Policies.VersionsOfSet(ctx, *p.Set)
	} else {
		all, err = s.App.Policies.Versions(ctx, *p.Site)
	}
	if err != nil {
		return nil, err
	}
	var versions []PolicyVersion
	for _, v := range all {
		if v.Version.Kind == policy.Kind(p.Kind) {
			versions = append(versions, policyVersion(v))
		}
	}
	page, after, err := slice(versions, l.page)
	if err != nil {
		return nil, err
	}
	return ListPolicies200JSONResponse{Items: page, Next: s.next(ctx, l, after, Snapshot{})}, nil
}

func policyVersion(r policy.Recorded) PolicyVersion {
	v := r.Version
	out := PolicyVersion{
		Id: r.ID, Site: v.Site, Set: v.Set, Kind: PolicyKind(v.Kind), Version: v.Version, EffectiveFrom: v.EffectiveFrom, Author: v.Author,
		Approver: v.Approver, Approval: PolicyVersionApproval(v.Approval), Reason: v.Reason, Hash: v.Hash, Content: v.Content,
	}
	if from, ok := r.InForceFrom(); ok {
		out.InForceFrom = &domain.Instant{Time: from}
	}
	if r.Approval != nil {
		out.Approver, out.ApprovedAt = r.Approval.Approver, &r.Approval.At
	}
	return out
}

// ApprovePolicy approves a draft; who asks is the person who approves (POL-05, POL-09).
func (s *Server) ApprovePolicy(ctx context.Context, in ApprovePolicyRequestObject) (ApprovePolicyResponseObject, error) {
	res, err := s.App.Policies.Approve(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.ApprovePolicy{
		Version: in.Body.Version, PublishedAt: in.Body.PublishedAt,
	})
	if err != nil {
		return nil, err
	}
	return ApprovePolicy200JSONResponse{
		Changed{Revision: res.Revision, Changed: res.Changed},
		ApprovePolicy200ResponseHeaders{etag(res.Revision), s.position(res)},
	}, nil
}

// ChooseSitePolicySet has a site follow a set of policies (POL-06).
func (s *Server) ChooseSitePolicySet(ctx context.Context, in ChooseSitePolicySetRequestObject) (ChooseSitePolicySetResponseObject, error) {
	res, err := s.App.Sites.ChooseSet(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.ChoosePolicySet{
		Set: or(in.Body.Set), EffectiveFrom: in.Body.EffectiveFrom, Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	return ChooseSitePolicySet200JSONResponse{
		Changed{Revision: res.Revision, Changed: res.Changed},
		ChooseSitePolicySet200ResponseHeaders{etag(res.Revision), s.position(res)},
	}, nil
}

// ListCodes answers the code lists in force at a site, for forms (TKT-03).
func (s *Server) ListCodes(ctx context.Context, in ListCodesRequestObject) (ListCodesResponseObject, error) {
	if err := s.see(ctx, in.Params.Site); err != nil {
		return nil, err
	}
	at := s.Clock.Now()
	if in.Params.At != nil {
		at = *in.Params.At
	}
	book, err := s.App.Policies.Book(ctx, in.Params.Site)
	if err != nil {
		return nil, err
	}
	out := CodeLists{Site: in.Params.Site}
	v, ok := book.InForce(policy.KindCodes, in.Params.Site, at)
	if ok {
		ref := v.Ref()
		out.Version = RefOf(&ref)
	}
	out.Kinds, out.Problems, out.Solutions = codesOf(v.Codes().Kinds), codesOf(v.Codes().Problems), codesOf(v.Codes().Solutions)
	return ListCodes200JSONResponse(out), nil
}

func codesOf(list []policy.Code) []Code {
	out := make([]Code, len(list))
	for i, c := range list {
		out[i] = Code{Code: c.Code, Name: c.Name, NameZh: c.NameZH}
	}
	return out
}
