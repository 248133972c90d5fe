package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/messages"
)

type policyShowCmd struct {
	policyOwner `embed:""`
	Kind        string `enum:",sla,calendar,codes,tools,compensation" default:"" help:"Only of a kind: calendar, sla, codes, tools or compensation."`
	AsOf        string `help:"Log number or RFC 3339 time; now if empty. Later versions and approvals are left out."`
	Lang        string `enum:"en,zh" default:"en" help:"Language of the texts."`
}

// Run lists versions; of a site or set those that may hold there, else all.
func (c policyShowCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	asOf, err := parseAsOf(c.AsOf)
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		at, err := s.momentOf(ctx, asOf)
		if err != nil {
			return fmt.Errorf("find moment: %w", err)
		}
		list := s.everyPolicy
		if c.policyOwner != (policyOwner{}) {
			list = func(ctx context.Context) ([]policy.Recorded, error) { return s.policiesOf(ctx, c.policyOwner) }
		}
		versions, err := list(ctx)
		if err != nil {
			return err
		}
		return t.policies(asRecorded(versions, policy.Kind(c.Kind), at), at, c.Lang)
	})
	return errors.Join(err, s.close())
}

// momentOf returns the time that a moment of the log means.
func (s *system) momentOf(ctx context.Context, asOf api.AsOf) (time.Time, error) {
	switch {
	case asOf.Time != nil:
		return *asOf.Time, nil
	case asOf.Number == nil:
		return s.clock.Now(), nil
	}
	snap, err := s.side.At(ctx, asOf)
	if err != nil || snap.Time == nil {
		return time.Time{}, err
	}
	return snap.Time.Time, nil
}

// policiesOf returns the versions that may hold for an owner; for none the
// general ones.
func (s *system) policiesOf(ctx context.Context, owner policyOwner) ([]policy.Recorded, error) {
	switch {
	case owner.Site != "" && owner.Set != "":
		return nil, errors.New("--site and --set: one of them")
	case owner.Site != "":
		return s.app.Policies.Versions(ctx, owner.Site)
	}
	return s.app.Policies.VersionsOfSet(ctx, owner.Set)
}

// everyPolicy returns the versions of every site and of every set that the
// rules name or a site follows.
func (s *system) everyPolicy(ctx context.Context) ([]policy.Recorded, error) {
	var all []policy.Recorded
	add := func(versions []policy.Recorded, err error) error {
		for _, v := range versions {
			if !slices.ContainsFunc(all, func(o policy.Recorded) bool { return o.ID == v.ID && o.Version.Version == v.Version.Version }) {
				all = append(all, v)
			}
		}
		return err
	}
	for _, set := range policy.Sets() {
		if err := add(s.app.Policies.VersionsOfSet(ctx, set.Name)); err != nil {
			return nil, err
		}
	}
	sites, _, _, err := s.side.Sites(ctx, api.AsOf{}, nil, api.Page{Limit: math.MaxInt32 - 1})
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	for _, site := range sites {
		if err := add(s.app.Policies.Versions(ctx, site.Code)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asRecorded returns the versions of a kind, "" for any, as they had been
// recorded and approved until an instant.
func asRecorded(versions []policy.Recorded, kind policy.Kind, at time.Time) []policy.Recorded {
	var out []policy.Recorded
	for _, v := range versions {
		if v.RecordedAt.After(at) || kind != "" && v.Version.Kind != kind {
			continue
		}
		if v.Approval != nil && v.Approval.At.After(at) {
			v.Approval = nil
		}
		out = append(out, v)
	}
	return out
}

const shortHash = 12 // digits of a hash that tell versions apart

// policies prints versions and where each stands at an instant.
func (t *terminal) policies(versions []policy.Recorded, at time.Time, lang string) error {
	text := func(key string) string { return messages.Text(lang, key, nil) }
	book, err := policy.NewBook(versions)
	if err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	slices.SortStableFunc(versions, byOwner)
	rows := make([][]string, 0, len(versions))
	for _, r := range versions {
		v := r.Version
		from, approver := v.EffectiveFrom.Time, v.Approver
		if inForce, ok := r.InForceFrom(); ok {
			from = inForce
		}
		if r.Approval != nil {
			approver = r.Approval.Approver
		}
		rows = append(rows, []string{
			string(v.Kind), ownerOf(v, text), number(v.Version), text(standing(book, r, at)), from.UTC().Format(clockLayout),
			v.Author, approver, v.Hash[:min(shortHash, len(v.Hash))], v.Reason,
		})
	}
	var headers []string
	for _, h := range []string{"kind", "owner", "version", "state", "from", "author", "approver", "hash", "reason"} {
		headers = append(headers, text("policies."+h))
	}
	t.table(headers, rows)
	return nil
}

// byOwner orders versions by kind, then general before sets before sites.
func byOwner(a, b policy.Recorded) int {
	order := policy.Kinds()
	place := func(v policy.VersionRecorded) string {
		return fmt.Sprintf("%d\x00%s\x00%s\x00%06d", slices.Index(order, v.Kind), v.Site, v.Set, v.Version)
	}
	switch x, y := place(a.Version), place(b.Version); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func ownerOf(v policy.VersionRecorded, text func(string) string) string {
	switch {
	case v.Site != "":
		return text("policies.of_site") + " " + v.Site
	case v.Set != "":
		return text("policies.of_set") + " " + v.Set
	}
	return text("policies.of_all")
}

// standing returns the key of the text of where a version stands.
func standing(book *policy.Book, r policy.Recorded, at time.Time) string {
	from, ok := r.InForceFrom()
	switch now, found := book.InForceOf(r.ID, at); {
	case !ok && r.Version.Approval == policy.GeneralManager:
		return "policies.waits_for_gm"
	case !ok:
		return "policies.waits"
	case from.After(at):
		return "policies.later"
	case found && now.Recorded.Version == r.Version.Version:
		return "policies.in_force"
	}
	return "policies.replaced"
}
