// Package ticket is the read model of service tickets: board, register and
// lists, the history of each ticket, and what a ticket adds to the SLA figures.
//
// It folds events only; it never calls out and never reads a clock or a
// policy: due times and verdicts are in the events (POL-02). The rules are
// TKT-15, SLA-09, SLA-13 and AUD-04 in docs/rules.md.
package ticket

import (
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// Row is a ticket as lists and cards show it. Times are UTC, durations whole
// seconds of the target's clock.
type Row struct {
	Number         string           `db:"number"`
	ExternalSystem string           `db:"external_system"`
	ExternalKey    string           `db:"external_key"`
	Channel        string           `db:"channel"`
	Kind           string           `db:"kind"`
	Problem        string           `db:"problem"`
	Solution       string           `db:"solution"`
	Level          int              `db:"level"`
	FirstLevel     int              `db:"first_level"`   // at registration
	LevelChanges   int              `db:"level_changes"` // ever
	Status         string           `db:"status"`
	Active         string           `db:"active"` // the status beneath a pause
	PauseReason    string           `db:"pause_reason"`
	Team           uuid.UUID        `db:"team,null"`
	Technician     uuid.UUID        `db:"technician,null"`
	Customer       domain.Sealed    `db:"customer,json"`
	Phone          domain.Sealed    `db:"phone,json"`
	Text           domain.Sealed    `db:"text,json"`
	OpenedAt       time.Time        `db:"opened_at"`
	OpenedOn       domain.Day       `db:"opened_on"` // in the site's zone: the figures' period
	UpdatedAt      time.Time        `db:"updated_at"`
	PausedAt       *time.Time       `db:"paused_at"`
	ResolvedAt     *time.Time       `db:"resolved_at"` // of the present cycle
	ClosedAt       *time.Time       `db:"closed_at"`
	EndedAt        *time.Time       `db:"ended_at"` // when the present cycle was last resolved, signed off, closed, merged, withdrawn or rejected
	Cycle          int              `db:"cycle"`
	CycleAt        time.Time        `db:"cycle_at"`     // when the present cycle started
	ServiceZone    string           `db:"service_zone"` // SLA-11
	MergedInto     uuid.UUID        `db:"merged_into,null"`
	VisitNeededAt  *time.Time       `db:"visit_needed_at"` // of the present cycle
	ArrivalBy      *time.Time       `db:"arrival_by"`      // as last agreed in the present cycle (SLA-02)
	FirstContact   Clock            `db:"first_contact,json"`
	Remote         Clock            `db:"remote_resolution,json"`
	Arrival        Clock            `db:"arrival,json"`
	Resolution     Clock            `db:"resolution,json"`
	Update         Clock            `db:"next_update,json"`
	ContactDueAt   *time.Time       `db:"contact_due_at"` // while the clock runs and does not stand; SLA-13 counts from it
	RemoteDueAt    *time.Time       `db:"remote_due_at"`  // likewise, as the three below
	ArrivalDueAt   *time.Time       `db:"arrival_due_at"`
	ResolveDueAt   *time.Time       `db:"resolution_due_at"`
	UpdateDueAt    *time.Time       `db:"update_due_at"`
	Escalations    []Escalation     `db:"escalations,json"` // steps that were taken, over all targets, in order (SLA-08)
	NextStepAt     *time.Time       `db:"next_step_at"`     // when the next step is to be taken; nil for none
	First          *FirstResolution `db:"first_resolution,json"`
	RepeatRepairs  int              `db:"repeat_repairs"`  // of the same fault (TKT-16)
	HelpRequests   int              `db:"help_requests"`   // TKT-12
	EmergencyPlans int              `db:"emergency_plans"` // TKT-12
	ActiveAgain    bool             `db:"active_again"`    // after the first resolution
	Source         *SourceClaim     `db:"source_claim,json"`
	Imported       bool             `db:"imported"`
	Class          string           `db:"class"` // service class, "" if it was not said (TKT-05)
	ChargedFen     int64            `db:"charged_fen"`
	Charges        int              `db:"charges"`
	Followers      []uuid.UUID      `db:"followers,json"` // person ids (TKT-15)
}

// SourceClaim is what the system of an import said of itself.
type SourceClaim struct {
	ResolvedAt    *domain.Instant `json:"resolved_at,omitempty"`
	SLAMet        *bool           `json:"sla_met,omitempty"`
	Reassignments *int64          `json:"reassignments,omitempty"`
}

// Clock is one target: its present or last cycle, and the judgements of all
// cycles. What is zero is left out: most tickets have a clock or two at work.
type Clock struct {
	Cycle     int             `json:"cycle,omitzero"`
	Running   bool            `json:"running,omitzero"` // started and not ended
	Agreed    bool            `json:"agreed,omitzero"`  // there is a target
	Clock     string          `json:"clock,omitzero"`   // "working" or "wall"
	LimitS    int64           `json:"limit_s,omitzero"`
	StartAt   domain.Instant  `json:"start_at,omitzero"`
	DueAt     *domain.Instant `json:"due_at,omitzero"` // as last computed; a pause moves it
	Stands    bool            `json:"stands,omitzero"` // paused
	StandsAt  *domain.Instant `json:"stands_at,omitzero"`
	StartedBy uint64          `json:"started_by,omitzero"` // revision
	Steps     []ticket.Step   `json:"steps,omitempty"`     // of escalation while it runs, taken or not (SLA-08)
	Taken     []int           `json:"taken,omitempty"`     // percentages of the steps that were taken on this clock
	Verdict   string          `json:"verdict,omitzero"`    // of the last judgement, "" before
	ReachedAt *domain.Instant `json:"reached_at,omitzero"`
	GrossS    int64           `json:"gross_s,omitzero"`
	PausedS   int64           `json:"paused_s,omitzero"`
	NetS      int64           `json:"net_s,omitzero"`
	Met       int64           `json:"met,omitzero"`
	Breached  int64           `json:"breached,omitzero"`
	Withdrawn int64           `json:"withdrawn,omitzero"`
	NoTarget  int64           `json:"no_target,omitzero"`
	// Standing are the verdicts that the counts above are of: one given again
	// takes the place of the one before (SLA-05).
	Standing []Standing `json:"standing,omitempty"`
	// Restarts are the starts after the first in the present cycle, in order.
	Restarts []Restart `json:"restarts,omitempty"`
}

// Restart is a clock that took the place of one in the same cycle.
type Restart struct {
	At     domain.Instant `json:"at"`
	Before uint64         `json:"before"` // StartedBy of the one before
}

// Standing is a verdict that stands.
type Standing struct {
	Cycle     int    `json:"cycle"`
	StartedBy uint64 `json:"started_by"` // the clock
	Verdict   string `json:"verdict"`
	// Took is of a resolution that was reached.
	Took *FirstResolution `json:"took,omitempty"`
}

// Escalation is a step of escalation that was taken (SLA-08).
type Escalation struct {
	Target  string         `json:"target"`
	Cycle   int            `json:"cycle"`
	Percent int            `json:"percent"`
	To      string         `json:"to"`      // who was told: "technician", "director", "manager"
	At      domain.Instant `json:"at"`      // when
	PastAt  domain.Instant `json:"past_at"` // when that share of the time was over
}

// FirstResolution is how long the first resolution took, in its cycle.
type FirstResolution struct {
	Cycle   int            `json:"cycle"`
	At      domain.Instant `json:"at"`
	LimitS  int64          `json:"limit_s"` // 0 without target
	GrossS  int64          `json:"gross_s"`
	PausedS int64          `json:"paused_s"`
	NetS    int64          `json:"net_s"`
}

// target is a clock of a row and where it keeps when it is due.
type target struct {
	clock *Clock
	due   **time.Time
}

// target returns the place of a target's clock. The row is the caller's own.
func (r *Row) target(name ticket.TargetName) (target, bool) {
	switch name {
	case ticket.FirstContact:
		return target{&r.FirstContact, &r.ContactDueAt}, true
	case ticket.RemoteResolution:
		return target{&r.Remote, &r.RemoteDueAt}, true
	case ticket.Arrival:
		return target{&r.Arrival, &r.ArrivalDueAt}, true
	case ticket.Resolution:
		return target{&r.Resolution, &r.ResolveDueAt}, true
	case ticket.NextUpdate:
		return target{&r.Update, &r.UpdateDueAt}, true
	}
	return target{}, false
}

// Of returns the clock of a target and when it is due, while it runs and does
// not stand; the zero Clock for none of ours.
func (r Row) Of(name ticket.TargetName) (Clock, *time.Time) {
	t, ok := r.target(name)
	if !ok {
		return Clock{}, nil
	}
	return *t.clock, *t.due
}

// exists reports whether the ticket is there: it has been registered.
func (r Row) exists() bool { return r.Status != "" }
