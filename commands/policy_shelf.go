package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// place is where policies hold: at a site, in a set, or with neither everywhere.
type place struct{ site, set string }

// shelf is what was read of the policies that hold in a place.
type shelf struct {
	book     *policy.Book // nil: to be made of what follows
	versions []policy.Recorded
	follows  []policy.Follows  // of the site
	chosenAt []uint64          // revision of each choice in follows
	read     map[string]uint64 // stream -> next revision
}

// shelf returns what holds in a place, read up to now. The caller holds the lock.
func (p *Policies) shelf(ctx context.Context, of place) (*shelf, error) {
	s, ok := p.shelves[of]
	if !ok {
		s = &shelf{read: map[string]uint64{}}
		p.shelves[of] = s
	}
	owners := []place{{}}
	switch {
	case of.set != "":
		owners = append(owners, of)
	case of.site != "":
		if err := p.readOn(ctx, s, StreamOf("site", p.IDs.Site(of.site)), func(e eventschemas.Recorded) error { return s.addChoice(of.site, e) }); err != nil {
			return nil, err
		}
		seen := map[string]bool{"": true}
		for _, f := range s.follows {
			if !seen[f.Set] {
				owners = append(owners, place{set: f.Set})
			}
			seen[f.Set] = true
		}
		owners = append(owners, of)
	}
	for _, owner := range owners {
		for _, kind := range policy.Kinds() {
			id := p.id(owner, kind)
			if err := p.readOn(ctx, s, StreamOf("policy", id), func(e eventschemas.Recorded) error { return s.addVersion(id, e) }); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// readOn adds what a stream has got since it was last read.
func (p *Policies) readOn(ctx context.Context, s *shelf, stream string, add func(eventschemas.Recorded) error) error {
	stored, err := p.Store.ReadStream(ctx, stream, s.read[stream])
	if errors.Is(err, ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read policies of %s: %w", stream, err)
	}
	for _, e := range stored {
		if err := add(e); err != nil {
			return err
		}
		s.book, s.read[stream] = nil, e.Revision+1
	}
	return nil
}

func (s *shelf) addVersion(id uuid.UUID, e eventschemas.Recorded) error {
	ev, err := eventschemas.Decode(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
	}
	switch v := ev.(type) {
	case policy.VersionRecorded:
		s.versions = append(s.versions, policy.Recorded{ID: id, Version: v, RecordedAt: e.Created})
	case policy.VersionApproved:
		for i, r := range s.versions {
			if r.ID == id && r.Version.Version == v.Version {
				s.versions[i].Approval = &v
			}
		}
	case record.Struck: // a version stays readable for what was judged by it (POL-01)
	default:
		return fmt.Errorf("event %s@%d is a %T, which a policy does not have", e.Stream, e.Revision, ev)
	}
	return nil
}

// addChoice adds which set the site follows.
func (s *shelf) addChoice(code string, e eventschemas.Recorded) error {
	ev, err := eventschemas.Decode(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
	}
	switch c := ev.(type) {
	case site.PolicySetChosen:
		s.follows = append(s.follows, policy.Follows{Site: code, Set: c.Set, From: c.EffectiveFrom})
		s.chosenAt = append(s.chosenAt, e.Revision)
	case record.Struck: // AUD-02
		if i := slices.Index(s.chosenAt, c.Revision); i >= 0 {
			s.follows, s.chosenAt = slices.Delete(s.follows, i, i+1), slices.Delete(s.chosenAt, i, i+1)
		}
	}
	return nil
}
