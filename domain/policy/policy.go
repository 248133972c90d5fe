// Package policy decides what becomes of a policy's versions, and finds the
// version that is in force.
//
// Every figure, calendar and formula is a policy: a stream of versions that
// are never edited (POL-01). Pure: a Book is a value handed in with a command.
// The rules are POL-01 to POL-06 in docs/rules.md.
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
)

// VersionRecorded adds a version to a policy (POL-01). Type policy.version_recorded.v1.
type VersionRecorded struct {
	Kind          Kind            `json:"kind"`
	Name          string          `json:"name"`    // "desk-hours"; one policy id each
	Site          string          `json:"site"`    // code of the site it holds for (POL-06)
	Version       int             `json:"version"` // from 1, dense
	EffectiveFrom domain.Instant  `json:"effective_from"`
	Author        string          `json:"author"`
	Approver      string          `json:"approver"`
	Reason        string          `json:"reason"`
	Hash          string          `json:"hash"`    // hex SHA-256 of Content in canonical JSON (RFC 8785)
	Content       json.RawMessage `json:"content"` // closed object by Kind
}

func (VersionRecorded) event() {}

// Event is what happened to a policy.
//
//sumtype:decl
type Event interface{ event() }

// SLA is the content of KindSLA: the targets by level.
type SLA struct {
	Calendar uuid.UUID   `json:"calendar"` // policy id of the calendar
	Targets  []SLATarget `json:"targets"`
}

// SLATarget is an agreed time for one level (SLA-01, SLA-03, SLA-12).
type SLATarget struct {
	Level  int    `json:"level"`
	Name   string `json:"name"`  // "first_contact", "resolution"
	Clock  string `json:"clock"` // "working", "wall"
	LimitS int64  `json:"limit_s"`
}
