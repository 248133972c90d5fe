// Package policy decides what becomes of a policy's versions, and finds the
// version that is in force.
//
// Every figure, calendar and formula is a policy: a stream of versions that
// are never edited (POL-01). It belongs to a site, to a set of policies that
// sites follow, or to all (POL-06, POL-07); what needs approval is a draft
// until it has it (POL-05, POL-09). Pure: a Book is a value handed in with a
// command. The rules are POL-01 to POL-10 in docs/rules.md; ADR 0012.
package policy

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Kind says what a policy's content is.
type Kind string

// The kinds.
const (
	KindSLA      Kind = "sla"      // content is SLA
	KindCalendar Kind = "calendar" // content is calendar.Content
	KindCodes    Kind = "codes"    // content is Codes
	KindTools    Kind = "tools"    // content is Tools
	// KindCompensation has Compensation as its content.
	KindCompensation Kind = "compensation"
	KindKeeping      Kind = "keeping" // content is Keeping

	KindPurchasing Kind = "purchasing" // content is Purchasing
	KindAuthority  Kind = "authority"  // content is Authority
)

// VersionRecorded adds a version to a policy (POL-01). Type policy.version_recorded.v1.
type VersionRecorded struct {
	Kind          Kind            `json:"kind"`
	Name          string          `json:"name"`          // "desk-hours"; one policy id each
	Site          string          `json:"site"`          // code of the site it holds for (POL-06)
	Set           string          `json:"set,omitempty"` // name of the set it belongs to, if to no site (POL-07)
	Version       int             `json:"version"`       // from 1, dense
	EffectiveFrom domain.Instant  `json:"effective_from"`
	Author        string          `json:"author"`
	Approver      string          `json:"approver"`
	Approval      Approval        `json:"approval,omitempty"` // what it waits for; nothing: in force without
	Reason        string          `json:"reason"`
	Hash          string          `json:"hash"`    // hex SHA-256 of Content in canonical JSON (RFC 8785)
	Content       json.RawMessage `json:"content"` // closed object by Kind
}

func (VersionRecorded) event() {}

// VersionApproved takes a draft into force, from its start of effect, the
// approval or the publication on, whichever is last (POL-05, POL-09). Type
// policy.version_approved.v1.
type VersionApproved struct {
	At          domain.Instant `json:"at"`
	Version     int            `json:"version"` // that is approved
	Hash        string         `json:"hash"`    // of its content
	Approver    string         `json:"approver"`
	PublishedAt domain.Instant `json:"published_at"` // when it is made known
}

func (VersionApproved) event() {}

// Event is what happened to a policy.
//
//sumtype:decl
type Event interface{ event() }

// SLA is the content of KindSLA: the targets by level.
type SLA struct {
	Calendar  uuid.UUID        `json:"calendar"` // policy id of the calendar; the zero id: the one that holds at the site
	Targets   []SLATarget      `json:"targets"`
	AppliesTo string           `json:"applies_to,omitempty"` // Running, or "" for clocks that start later (POL-03)
	Ladder    []EscalationStep `json:"escalation,omitempty"` // none: DefaultLadder (SLA-08)
	// Emergencies are the levels whose calls are emergencies; none: level 1 (TKT-12).
	Emergencies []int `json:"emergency_levels,omitempty"`
}

// LeadershipGroup is whom an emergency calls at once: the technical-support
// leadership group (TKT-12).
const LeadershipGroup = "leadership_group"

// Running is the AppliesTo of a version that running clocks go over to (POL-03).
const Running = "running"

// SLATarget is an agreed time for one level (SLA-01, SLA-03, SLA-12).
type SLATarget struct {
	Level  int    `json:"level"`
	Name   string `json:"name"`  // "first_contact", "remote_resolution", "arrival", "resolution", "next_update"
	Clock  string `json:"clock"` // "working", "wall"
	LimitS int64  `json:"limit_s"`
	// Zone narrows the target to a service zone, "town" or "suburb" (SLA-11);
	// "" is for every zone that has none of its own.
	Zone string `json:"zone,omitempty"`
	// From says when an arrival target starts: FromVisitNeeded, or "" for the call (TKT-07, TKT-11).
	From string `json:"from,omitempty"`
	// AgreedArrival says what an arrival time that the customer sets or agrees
	// to does to an arrival target: Replaces, or "" for nothing (SLA-02).
	AgreedArrival string `json:"agreed_arrival,omitempty"`
}

// Words of an arrival target.
const (
	FromCall        = "call"         // the same as ""
	FromVisitNeeded = "visit_needed" // the finding that the telephone cannot solve it
	Replaces        = "replaces"
	RecordedOnly    = "recorded" // the same as ""
)

// EscalationStep tells somebody at a share of a target's time (SLA-08).
type EscalationStep struct {
	Percent int    `json:"percent"` // of the limit
	To      string `json:"to"`      // "technician", "director", "manager"
}

// DefaultLadder returns the steps of a version that names none (SLA-08).
func DefaultLadder() []EscalationStep {
	return []EscalationStep{{75, "technician"}, {100, "director"}, {150, "manager"}}
}

// Codes is the content of KindCodes: the code lists of tickets (TKT-03). An
// empty list allows every code.
type Codes struct {
	Kinds     []Code `json:"kinds"`     // of tickets: what they are about
	Problems  []Code `json:"problems"`  // what is wrong
	Solutions []Code `json:"solutions"` // what was done
}

// Code is one entry of a code list.
type Code struct {
	Code string `json:"code"` // as tickets hold it
	Name string `json:"name"` // for people, in English
	// NameZH is the name in Chinese.
	NameZH string `json:"name_zh,omitempty"`
}
