package policy

import (
	"encoding/json"
	"fmt"

	"github.com/fieldledger/fieldledger/domain"
)

// RecordVersion adds a version to a policy (POL-01). It may come late: its
// start of effect may lie in the past (POL-04).
type RecordVersion struct {
	Kind          Kind            `json:"kind"`
	Name          string          `json:"name"`
	Site          string          `json:"site"`    // "" for every site without its own (POL-06)
	Version       int             `json:"version"` // the number the author expects, 0 for the next
	EffectiveFrom domain.Instant  `json:"effective_from"`
	Author        string          `json:"author"`
	Approver      string          `json:"approver"` // "" for none
	Reason        string          `json:"reason"`
	Content       json.RawMessage `json:"content"`
	// Confirmed stands for the list of what a late version would change, as its
	// author has seen it; "" if there was nothing to confirm (POL-04).
	Confirmed string `json:"confirmed,omitempty"`
}

// State is a policy's last version. The zero value is a policy without any.
type State struct {
	Last VersionRecorded // Version 0 for none
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that the last version already says what c
// says (TKT-02). A *domain.RuleError means that a rule refused c; joined
// *domain.InvalidErrors name what is not acceptable in itself.
func Decide(s State, c RecordVersion) ([]Event, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	parsed, err := read(c.Kind, c.Content)
	if err != nil {
		return nil, err
	}
	raw, hash, err := canonical(parsed.typed)
	if err != nil {
		return nil, fmt.Errorf("record version of policy %s: %w", c.Name, err)
	}
	last := s.Last
	next := last.Version + 1
	switch {
	case last.Version > 0 && (c.Kind != last.Kind || c.Name != last.Name || c.Site != last.Site):
		return nil, domain.Refuse("POL-01", "policy.subject_fixed", "name", last.Name)
	case last.Version > 0 && hash == last.Hash && c.EffectiveFrom.Equal(last.EffectiveFrom.Time):
		return nil, nil // TKT-02
	case c.Version != 0 && c.Version != next:
		return nil, domain.Refuse("POL-01", "policy.version_not_next", "version", c.Version, "next", next)
	}
	return []Event{VersionRecorded{
		Kind: c.Kind, Name: c.Name, Site: c.Site, Version: next, EffectiveFrom: c.EffectiveFrom,
		Author: c.Author, Approver: c.Approver, Reason: c.Reason, Hash: hash, Content: raw,
	}}, nil
}

func (c RecordVersion) check() error {
	switch {
	case c.Name == "":
		return domain.Invalid("/name", "POL-01", "policy.name_missing")
	case c.EffectiveFrom.IsZero():
		return domain.Invalid("/effective_from", "POL-01", "policy.effective_from_missing")
	case c.Author == "":
		return domain.Invalid("/author", "POL-01", "policy.author_missing")
	case c.Reason == "":
		return domain.Invalid("/reason", "POL-01", "policy.reason_missing")
	case c.Approver == c.Author:
		return domain.Refuse("POL-05", "policy.same_person")
	}
	return nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	if e, ok := e.(VersionRecorded); ok {
		s.Last = e
	}
	return s
}
