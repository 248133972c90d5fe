package policy

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

// ApproveVersion approves a draft (POL-05, POL-09).
type ApproveVersion struct {
	At          domain.Instant `json:"at"`
	Version     int            `json:"version"`
	Person      string         `json:"person"` // who approves: a person, not an account (ORG-01)
	Roles       []string       `json:"roles"`  // of that person
	PublishedAt domain.Instant `json:"published_at"`
}

func (ApproveVersion) command() {}

func decideApprove(s State, c ApproveVersion) ([]Event, error) {
	i := slices.IndexFunc(s.Versions, func(r Recorded) bool { return r.Version.Version == c.Version })
	if i < 0 {
		return nil, domain.Invalid("/version", "POL-01", "policy.version_unknown", "version", c.Version)
	}
	v := s.Versions[i]
	needs := v.Version.Approval
	later := slices.ContainsFunc(s.Versions[i+1:], func(r Recorded) bool { return r.Approval != nil })
	switch {
	case needs == "":
		return nil, domain.Refuse("POL-05", "policy.approval_not_needed", "version", c.Version)
	case c.Person == "" || c.Person == v.Version.Author:
		return nil, domain.Refuse(needs.rule(), "policy.same_person")
	case needs == GeneralManager && !slices.Contains(c.Roles, RoleGM):
		return nil, domain.Refuse("POL-09", "policy.gm_only")
	case v.Approval != nil: // TKT-02
		return nil, nil
	case later: // else an older text would take effect after a newer one
		return nil, domain.Refuse(needs.rule(), "policy.later_approved", "version", c.Version)
	}
	if c.PublishedAt.IsZero() {
		c.PublishedAt = c.At
	}
	return []Event{VersionApproved{
		At: c.At, Version: c.Version, Hash: v.Version.Hash, Approver: c.Person, PublishedAt: c.PublishedAt,
	}}, nil
}

// InForceFrom returns from when on a version is in force unless a later one
// replaces it; false for a draft, which is not in force at all.
func (r Recorded) InForceFrom() (time.Time, bool) {
	from := r.Version.EffectiveFrom.Time
	if r.Version.Approval == "" {
		return from, true
	}
	if r.Approval == nil {
		return time.Time{}, false
	}
	for _, at := range []time.Time{r.Approval.At.Time, r.Approval.PublishedAt.Time} { // POL-09
		if at.After(from) {
			from = at
		}
	}
	return from, true
}
