package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Draft is a version that is not recorded.
type Draft struct {
	ID      uuid.UUID              // of the policy
	Version policy.VersionRecorded // as it would be recorded
	Changed bool                   // false: the policy's last version says so already (TKT-02)
	Late    bool                   // it takes effect in the past (POL-04)
}

// Confirm answers nil if a late version may be recorded (POL-04).
type Confirm func(ctx context.Context, d Draft) error

// Draft decides on a version as Record would, and records nothing. Errors:
// ErrNotFound, *domain.RuleError and *domain.InvalidError as of Record.
func (p *Policies) Draft(ctx context.Context, r Request, in RecordPolicy) (Draft, error) {
	owner := place{in.Site, in.Set}
	if !r.owns(owner) {
		return Draft{}, ErrNotFound
	}
	follows, err := p.followed(ctx, owner, domain.At(in.EffectiveFrom), domain.At(p.Clock.Now()))
	if err != nil {
		return Draft{}, err
	}
	return p.draft(ctx, in.command(r, follows))
}

func (p *Policies) draft(ctx context.Context, c policy.RecordVersion) (Draft, error) {
	d := Draft{ID: p.id(place{c.Site, c.Set}, c.Kind)}
	s, err := Current(ctx, p.x, policyDecider(), StreamOf("policy", d.ID))
	if err != nil {
		return d, err
	}
	events, err := policy.Decide(s, c)
	if err != nil {
		return d, err
	}
	d.Version = s.Last
	for _, e := range events {
		if v, ok := e.(policy.VersionRecorded); ok {
			d.Version, d.Changed = v, true
		}
	}
	// What waits for an approval is never in force before it (POL-05, POL-09).
	d.Late = d.Version.Approval == "" && !d.Version.EffectiveFrom.After(p.Clock.Now())
	return d, nil
}

// Books returns the book of a site as it is now, and as it would be with a draft.
func (p *Policies) Books(ctx context.Context, site string, d Draft) (now, with *policy.Book, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.shelf(ctx, place{site: site})
	if err != nil {
		return nil, nil, err
	}
	if now, err = policy.NewBook(s.versions, s.follows...); err != nil {
		return nil, nil, fmt.Errorf("policies of site %s: %w", site, err)
	}
	if !d.Changed {
		return now, now, nil
	}
	drafted := append(slices.Clip(s.versions), policy.Recorded{ID: d.ID, Version: d.Version, RecordedAt: p.Clock.Now()})
	if with, err = policy.NewBook(drafted, s.follows...); err != nil {
		return nil, nil, fmt.Errorf("policies of site %s with a draft: %w", site, err)
	}
	return now, with, nil
}
