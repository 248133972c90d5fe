package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// LateFact is when something happened that is entered after what followed it, and why.
type LateFact struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// AcceptLate records first contact in its place among the facts and has
// judged again what that changes (SLA-05).
func (t *Tickets) AcceptLate(ctx context.Context, r Request, id uuid.UUID, in LateFact) (Result, error) {
	return t.on(ctx, r, "ticket.accept", id, &in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Accept{At: at, LateReason: in.Reason, Book: m.Book}
	})
}

// ArriveLate records an arrival as AcceptLate records first contact.
func (t *Tickets) ArriveLate(ctx context.Context, r Request, id uuid.UUID, in LateFact) (Result, error) {
	return t.on(ctx, r, "ticket.arrive", id, &in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Arrive{At: at, LateReason: in.Reason, Book: m.Book}
	})
}

// ResumeTicket starts stopped clocks: those named, or all.
type ResumeTicket struct {
	At     *time.Time          `json:"at"`
	Clocks []ticket.TargetName `json:"clocks"`
}

// ResumeClocks starts some of the stopped clocks; the others stand on.
func (t *Tickets) ResumeClocks(ctx context.Context, r Request, id uuid.UUID, in ResumeTicket) (Result, error) {
	return t.on(ctx, r, "ticket.resume", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Resume{At: at, Clocks: in.Clocks, Book: m.Book}
	})
}

// RecordPause enters a pause afterwards, with both its ends (TKT-13).
type RecordPause struct {
	From     time.Time           `json:"from"`
	To       time.Time           `json:"to"`
	Reason   ticket.PauseReason  `json:"reason"`
	Clocks   []ticket.TargetName `json:"clocks"`
	Evidence string              `json:"evidence"`
	// LateReason says why it was not entered while it lasted.
	LateReason string `json:"late_reason"`
}

// RecordPause enters a pause that is over and has judged again what that changes (SLA-05).
func (t *Tickets) RecordPause(ctx context.Context, r Request, id uuid.UUID, in RecordPause) (Result, error) {
	return t.on(ctx, r, "ticket.record_pause", id, nil, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.RecordPause{
			At: at, From: domain.At(in.From), To: domain.At(in.To), Reason: in.Reason, Clocks: in.Clocks,
			Evidence: m.seal(FieldEvidence, in.Evidence), LateReason: in.LateReason, Book: m.Book,
		}
	})
}

// FindVisitNeeded records that the telephone cannot solve it (TKT-11).
func (t *Tickets) FindVisitNeeded(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return t.on(ctx, r, "ticket.find_visit_needed", id, at, timed{at}, func(at domain.Instant, m *material) ticket.Command {
		return ticket.FindVisitNeeded{At: at, Book: m.Book}
	})
}

// FindVisitNeededLate records the finding as AcceptLate records first contact.
func (t *Tickets) FindVisitNeededLate(ctx context.Context, r Request, id uuid.UUID, in LateFact) (Result, error) {
	return t.on(ctx, r, "ticket.find_visit_needed", id, &in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.FindVisitNeeded{At: at, LateReason: in.Reason, Book: m.Book}
	})
}

// AgreeArrival says by when the technician is to be there, and who says so (SLA-02).
type AgreeArrival struct {
	At        *time.Time   `json:"at"`
	ArrivalBy time.Time    `json:"arrival_by"`
	SetBy     ticket.SetBy `json:"set_by"`
	// LateReason lets At lie before what happened since (SLA-05).
	LateReason string `json:"late_reason,omitempty"`
}

// AgreeArrival records an arrival time; it may be moved.
func (t *Tickets) AgreeArrival(ctx context.Context, r Request, id uuid.UUID, in AgreeArrival) (Result, error) {
	return t.on(ctx, r, "ticket.agree_arrival", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.AgreeArrival{At: at, ArrivalBy: domain.At(in.ArrivalBy), SetBy: in.SetBy, LateReason: in.LateReason, Book: m.Book}
	})
}

// ChangeServiceZone moves the customer to another service zone, with a reason (SLA-07).
type ChangeServiceZone struct {
	At     *time.Time `json:"at"`
	Zone   string     `json:"zone"`
	Reason string     `json:"reason"`
}

// ChangeServiceZone changes the service zone.
func (t *Tickets) ChangeServiceZone(ctx context.Context, r Request, id uuid.UUID, in ChangeServiceZone) (Result, error) {
	return t.on(ctx, r, "ticket.change_service_zone", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.ChangeServiceZone{At: at, Zone: in.Zone, Reason: in.Reason, Book: m.Book}
	})
}

// Retarget takes a ticket's running clocks over to the version in force, if
// that says so (POL-03); else it changes nothing.
func (t *Tickets) Retarget(ctx context.Context, r Request, id uuid.UUID) (Result, error) {
	return t.on(ctx, r, "ticket.retarget", id, nil, timed{}, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Retarget{At: at, Book: m.Book}
	})
}

// EscalateTicket names a step of escalation (SLA-08).
type EscalateTicket struct {
	Target  ticket.TargetName `json:"target"`
	Percent int               `json:"percent"`
}

// EscalateIfDue takes a step of escalation if it is due and was not taken.
func (t *Tickets) EscalateIfDue(ctx context.Context, r Request, id uuid.UUID, in EscalateTicket) (Result, error) {
	return t.on(ctx, r, "ticket.escalate_if_due", id, nil, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.EscalateIfDue{At: at, Target: in.Target, Percent: in.Percent, Book: m.Book}
	})
}
