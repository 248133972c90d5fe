package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// PreviewQuery asks what a draft would change (POL-04): of the sites that may
// follow it, the clocks that would count in another part with it than by the
// book as it is. Only a version that takes effect in the past can change any.
// Clocks that started before it are by other versions, so tickets on which
// nothing happened since are left out.
func PreviewQuery(ctx context.Context, policies *commands.Policies, sites Directory, d commands.Draft) (ComparisonQuery, error) {
	q := ComparisonQuery{Since: d.Version.EffectiveFrom.Time}
	if !d.Changed || !d.Late || d.Version.Kind != policy.KindSLA && d.Version.Kind != policy.KindCalendar {
		return q, nil
	}
	codes := []string{d.Version.Site}
	if d.Version.Site == "" { // POL-06
		var err error
		if codes, err = siteCodes(ctx, sites); err != nil {
			return q, err
		}
	}
	for _, code := range codes {
		now, with, err := policies.Books(ctx, code, d)
		if err != nil {
			return q, err
		}
		q.Sites = append(q.Sites, SiteRules{Site: code, Before: &Rules{Book: now}, After: Rules{Book: with}})
	}
	return q, nil
}

func siteCodes(ctx context.Context, directory Directory) ([]string, error) {
	var codes []string
	page := Page{Limit: 500} //nolint:mnd // as many as a page may have
	for {
		sites, next, _, err := directory.Sites(ctx, AsOf{}, nil, page)
		if err != nil {
			return nil, err
		}
		for _, s := range sites {
			codes = append(codes, s.Code)
		}
		if next == "" {
			return codes, nil
		}
		page.After = next
	}
}

// Confirmation stands for the list of what a draft would change: for the draft
// itself and every case on the list.
func Confirmation(d commands.Draft, c Comparison) string {
	return fullName(d.ID, d.Version.Version, d.Version.EffectiveFrom, d.Version.Hash, c.Digest)
}

// PreviewPolicy answers what a version would change (POL-04). It records nothing.
func (s *Server) PreviewPolicy(ctx context.Context, in PreviewPolicyRequestObject) (PreviewPolicyResponseObject, error) {
	b := in.Body
	site, set := or(b.Site), or(b.Set)
	if site != "" {
		if err := s.see(ctx, site); err != nil {
			return nil, err
		}
	}
	d, err := s.App.Policies.Draft(ctx, request(ctx, ""), commands.RecordPolicy{
		Site: site, Set: set, Kind: policy.Kind(b.Kind), EffectiveFrom: b.EffectiveFrom, Reason: b.Reason, Approver: or(b.Approver), Content: b.Content,
	})
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, nil, nil, in.Params.Cursor, in.Params.Limit)
	if err != nil {
		return nil, err
	}
	q, err := PreviewQuery(ctx, s.App.Policies, s.Directory, d)
	if err != nil {
		return nil, err
	}
	versions, err := s.App.Policies.Versions(ctx, site)
	if err != nil {
		return nil, err
	}
	c, seen, next, err := s.comparePage(ctx, l, q, nameOf(versions, d))
	if err != nil {
		return nil, err
	}
	return PreviewPolicy200JSONResponse(policyPreview(d, c, seen, next, l.page.After == "")), nil
}

func policyPreview(d commands.Draft, c Comparison, seen Snapshot, next *string, first bool) PolicyPreview {
	out := PolicyPreview{
		AsOf: seen, AskedAt: domain.At(c.AskedAt), Version: d.Version.Version, Hash: d.Version.Hash, Changed: d.Changed, Late: d.Late,
		Cases: make([]PreviewedCase, len(c.Cases)), Next: next,
	}
	for i, k := range c.Cases {
		of := k.Either()
		out.Cases[i] = PreviewedCase{
			Site: k.Site, TicketId: k.TicketID, Number: k.Number, Target: TargetName(of.Target), Cycle: of.Cycle,
			AsJudged: verdictUnder(k.Record, false), Without: verdictUnder(k.Before, false), With: verdictUnder(k.After, false),
		}
	}
	if first {
		targets := make([]PreviewedTarget, len(c.Targets))
		for i, f := range c.Targets {
			targets[i] = PreviewedTarget{Target: f.Target, Without: slaParts(f.Before), With: slaParts(f.After), Differing: f.Differing}
		}
		confirmation := Confirmation(d, c)
		out.Targets, out.WouldChange, out.Confirmation = &targets, &c.Differing, &confirmation
	}
	return out
}

// confirm refuses a late version that would change something unless what was
// given stands for the list as it is now (POL-04).
func (s *Server) confirm(given string) commands.Confirm {
	return func(ctx context.Context, d commands.Draft) error {
		q, err := PreviewQuery(ctx, s.App.Policies, s.Directory, d)
		if err != nil {
			return err
		}
		c, _, err := s.KPIs.Compare(ctx, AsOf{}, q, Page{Limit: 1})
		args := map[string]any{"count": c.Differing}
		switch {
		case err != nil:
			return err
		case c.Differing == 0 || given == Confirmation(d, c):
			return nil
		case given == "":
			return &problem{kind: kindUnconfirmed, rule: "POL-04", key: "policy.late_unconfirmed", args: args}
		}
		return &problem{kind: kindStale, rule: "POL-04", key: "policy.late_changed", args: args}
	}
}
