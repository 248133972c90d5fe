package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/domain"
)

// Command asks for something to happen to a policy.
//
//sumtype:decl
type Command interface{ command() }

// RecordVersion adds a version to a policy (POL-01). It may come late: its
// start of effect may lie in the past (POL-04).
type RecordVersion struct {
	Kind          Kind            `json:"kind"`
	Name          string          `json:"name"`
	Site          string          `json:"site"`              // "" with no set: for every site without its own (POL-06)
	Set           string          `json:"set,omitempty"`     // of a policy of a set (POL-07)
	Follows       string          `json:"follows,omitempty"` // the set that the site of its own policy follows then
	Version       int             `json:"version"`           // the number the author expects, 0 for the next
	EffectiveFrom domain.Instant  `json:"effective_from"`
	Author        string          `json:"author"`
	Approver      string          `json:"approver"` // "" for none
	Reason        string          `json:"reason"`
	Content       json.RawMessage `json:"content"`
	// Confirmed stands for the list of what a late version would change, as its
	// author has seen it; "" if there was nothing to confirm (POL-04).
	Confirmed string `json:"confirmed,omitempty"`
}

func (RecordVersion) command() {}

// State is a policy's versions. The zero value is a policy without any.
type State struct {
	Last     VersionRecorded // Version 0 for none
	Versions []Recorded      // in order of their numbers, without the policy's id
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that what c says holds already (TKT-02). A
// *domain.RuleError means that a rule refused c; joined *domain.InvalidErrors
// name what is not acceptable in itself.
func Decide(s State, c Command) ([]Event, error) { return kinds().decide(s, c) }

func (k kindTable) decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case RecordVersion:
		return k.record(s, c)
	case ApproveVersion:
		return decideApprove(s, c)
	case ImportNotice:
		return k.notice(s, c)
	}
	return nil, fmt.Errorf("policy: unknown command %T", c)
}

func (k kindTable) record(s State, c RecordVersion) ([]Event, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	parsed, err := k.read(c.Kind, c.Content)
	if err != nil {
		return nil, err
	}
	if err := parsed.codes.named(); err != nil {
		return nil, err
	}
	if err := parsed.roles(); err != nil {
		return nil, err
	}
	raw, hash, err := canonical(parsed.typed)
	if err != nil {
		return nil, fmt.Errorf("record version of policy %s: %w", c.Name, err)
	}
	last := s.Last
	next := last.Version + 1
	e := VersionRecorded{
		Kind: c.Kind, Name: c.Name, Site: c.Site, Set: c.Set, Version: next, EffectiveFrom: c.EffectiveFrom,
		Author: c.Author, Approver: c.Approver, Approval: k.needs(c.Kind, cmp.Or(c.Set, c.Follows)), Reason: c.Reason, Hash: hash, Content: raw,
	}
	switch {
	case last.Version > 0 && (c.Kind != last.Kind || c.Name != last.Name || c.Site != last.Site || c.Set != last.Set):
		return nil, domain.Refuse("POL-01", "policy.subject_fixed", "name", last.Name)
	case last.Version > 0 && hash == last.Hash && c.EffectiveFrom.Equal(last.EffectiveFrom.Time):
		return nil, nil // TKT-02
	case c.Version != 0 && c.Version != next:
		return nil, domain.Refuse("POL-01", "policy.version_not_next", "version", c.Version, "next", next)
	case e.Approval != "" && c.Approver != "": // a name is no approval: that is a command of its own
		return nil, domain.Invalid("/approver", e.Approval.rule(), "policy.approver_by_command")
	}
	return []Event{e}, nil
}

func (c RecordVersion) check() error {
	switch {
	case c.Name == "":
		return domain.Invalid("/name", "POL-01", "policy.name_missing")
	case c.Site != "" && c.Set != "":
		return domain.Invalid("/set", "POL-06", "policy.owner_twice")
	case c.Set != "" && !LegalSet(c.Set):
		return domain.Invalid("/set", "POL-06", "policy.set_malformed")
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
	switch e := e.(type) {
	case VersionRecorded:
		s.Last = e
		s.Versions = append(slices.Clip(s.Versions), Recorded{Version: e})
	case VersionApproved:
		s.Versions = approved(s.Versions, e)
	}
	return s
}

// approved returns versions with an approval; the old slice is left as it is.
func approved(versions []Recorded, e VersionApproved) []Recorded {
	out := slices.Clone(versions)
	for i := range out {
		if out[i].Version.Version == e.Version {
			out[i].Approval = &e
		}
	}
	return out
}
