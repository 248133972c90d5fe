package importlog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// installation is the target of a real import: the use cases, asked again
// while the store is away.
type installation struct{ im *importer }

func (t installation) code() string { return t.im.Mapping.Site.Code }

// request returns the importer's request for an operation of its own.
func (t installation) request(parts ...string) commands.Request {
	r := t.im.Request
	r.Key = strings.Join(append([]string{"import"}, parts...), "\x00")
	r.Expected, r.Source = nil, nil
	return r
}

func (t installation) site(ctx context.Context) error {
	s := t.im.Mapping.Site
	_, err := retry(ctx, t.im.log, func() (commands.Registered, error) {
		return t.im.App.Sites.Register(ctx, t.request(s.Code, s.Name, s.Zone), commands.RegisterSite{Code: s.Code, Name: s.Name, Zone: s.Zone})
	})
	if err != nil {
		return fmt.Errorf("register site %s: %w", s.Code, err)
	}
	if len(t.im.Mapping.Policies) == 0 {
		return nil
	}
	return t.policies(ctx)
}

// policies records the versions of the kinds of which the site has none.
func (t installation) policies(ctx context.Context) error {
	versions, err := retry(ctx, t.im.log, func() ([]policy.Recorded, error) { return t.im.App.Policies.Versions(ctx, t.code()) })
	if err != nil {
		return fmt.Errorf("read policies of site %s: %w", t.code(), err)
	}
	own := map[policy.Kind]uuid.UUID{}
	for _, v := range versions {
		if v.Version.Site == t.code() { // POL-06
			own[v.Version.Kind] = v.ID
		}
	}
	for _, kind := range []policy.Kind{policy.KindCalendar, policy.KindSLA, policy.KindTools} { // an SLA names its calendar
		if _, ok := own[kind]; ok {
			continue
		}
		for _, v := range t.im.Mapping.Policies {
			if v.Kind != kind {
				continue
			}
			if own[kind], err = t.record(ctx, v, own[policy.KindCalendar]); err != nil {
				return fmt.Errorf("record policy %s of site %s: %w", kind, t.code(), err)
			}
		}
	}
	return nil
}

func (t installation) record(ctx context.Context, v PolicyVersion, calendarID uuid.UUID) (uuid.UUID, error) {
	raw, err := v.Content(calendarID)
	if err != nil {
		return uuid.Nil, err
	}
	in := commands.RecordPolicy{Site: t.code(), Kind: v.Kind, EffectiveFrom: v.EffectiveFrom, Reason: v.Reason, Content: raw}
	key := t.request(t.code(), string(v.Kind), v.EffectiveFrom.Format(time.RFC3339Nano), v.Reason, string(raw))
	reg, err := retry(ctx, t.im.log, func() (commands.Registered, error) { return t.im.App.Policies.Record(ctx, key, in) })
	return reg.ID, err
}

func (t installation) customers(ctx context.Context, names []string) error {
	_, err := retry(ctx, t.im.log, func() (struct{}, error) {
		return struct{}{}, t.im.App.Imports.Prepare(ctx, t.code(), names)
	})
	return err
}

func (t installation) team(ctx context.Context, key domain.ExternalKey, at time.Time) (uuid.UUID, error) {
	return retry(ctx, t.im.log, func() (uuid.UUID, error) {
		return t.im.App.Imports.Team(ctx, t.request(), t.code(), key, key.Key, at)
	})
}

func (t installation) technician(ctx context.Context, key domain.ExternalKey, at time.Time) (uuid.UUID, error) {
	return retry(ctx, t.im.log, func() (uuid.UUID, error) {
		return t.im.App.Imports.Person(ctx, t.request(), t.code(), key, key.Key, at)
	})
}

func (t installation) ticket(ctx context.Context, in commands.ImportedTicket) (commands.Imported, error) {
	return retry(ctx, t.im.log, func() (commands.Imported, error) { return t.im.App.Imports.Ticket(ctx, t.im.Request, in) })
}
