package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// AddNote adds a note to a ticket.
type AddNote struct {
	At   *time.Time `json:"at"`
	Text string     `json:"text"`
	// ToCustomer says that the customer was told: the next update is due from then on (SLA-01).
	ToCustomer bool `json:"to_customer"`
	// LateReason lets At of what the customer was told lie before what happened since (SLA-05).
	LateReason string `json:"late_reason,omitempty"`
}

// AddNote adds a note, sealed as the customer's other texts are.
func (t *Tickets) AddNote(ctx context.Context, r Request, id uuid.UUID, in AddNote) (Result, error) {
	return t.on(ctx, r, "ticket.add_note", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.AddNote{At: at, Text: m.seal(FieldNote, in.Text), ToCustomer: in.ToCustomer, LateReason: in.LateReason, Book: m.Book}
	})
}

// RequestHelp says that the actor cannot answer, and has told the customer so (TKT-12).
type RequestHelp struct {
	At           *time.Time      `json:"at"`
	To           ticket.HelpFrom `json:"to"`
	CustomerTold bool            `json:"customer_told"`
	Note         string          `json:"note"`
}

// RequestHelp reports what the actor cannot answer.
func (t *Tickets) RequestHelp(ctx context.Context, r Request, id uuid.UUID, in RequestHelp) (Result, error) {
	return t.on(ctx, r, "ticket.request_help", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.RequestHelp{At: at, By: r.Actor.Person, To: in.To, CustomerTold: in.CustomerTold, Note: m.seal(FieldNote, in.Note)}
	})
}

// PlanEmergency is the plan for an emergency (TKT-12).
type PlanEmergency struct {
	At   *time.Time `json:"at"`
	Plan string     `json:"plan"`
}

// PlanEmergency records the plan for an emergency.
func (t *Tickets) PlanEmergency(ctx context.Context, r Request, id uuid.UUID, in PlanEmergency) (Result, error) {
	return t.on(ctx, r, "ticket.plan_emergency", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.PlanEmergency{At: at, By: r.Actor.Person, Plan: m.seal(FieldNote, in.Plan), Book: m.Book}
	})
}

// EndTicket ends a ticket for a reason.
type EndTicket struct {
	At     *time.Time `json:"at"`
	Reason string     `json:"reason"`
}

// Withdraw ends a ticket whose customer took the call back.
func (t *Tickets) Withdraw(ctx context.Context, r Request, id uuid.UUID, in EndTicket) (Result, error) {
	return t.on(ctx, r, "ticket.withdraw", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Withdraw{At: at, Reason: in.Reason, Book: m.Book}
	})
}

// Reject ends a ticket that is none of the desk's.
func (t *Tickets) Reject(ctx context.Context, r Request, id uuid.UUID, in EndTicket) (Result, error) {
	return t.on(ctx, r, "ticket.reject", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Reject{At: at, Reason: in.Reason, Book: m.Book}
	})
}

// MergeTicket names the ticket that a duplicate goes into.
type MergeTicket struct {
	At   *time.Time `json:"at"`
	Into uuid.UUID  `json:"into"`
}

// Merge ends a duplicate (TKT-17). The other ticket must be one of the same
// site and not itself merged.
func (t *Tickets) Merge(ctx context.Context, r Request, id uuid.UUID, in MergeTicket) (Result, error) {
	call, err := t.call(r, "ticket.merge", id.String(), in.At, in)
	if err != nil {
		return Result{}, err
	}
	step := existing(r, call, func(ctx context.Context, s Stream) (ticket.Command, error) {
		if err := t.takesDuplicates(ctx, s.Site, in.Into); err != nil {
			return nil, err
		}
		book, err := t.policies.Book(ctx, s.Site)
		return ticket.Merge{At: call.OccurredAt, Ticket: id, Into: in.Into, Book: book}, err
	})
	return Execute(ctx, t.x, ticketDecider(), StreamOf("ticket", id), step)
}

func (t *Tickets) takesDuplicates(ctx context.Context, site string, into uuid.UUID) error {
	other, err := Current(ctx, t.x, ticketDecider(), StreamOf("ticket", into))
	switch {
	case err != nil:
		return fmt.Errorf("find ticket %s to merge into: %w", into, err)
	case other.Status == "" || other.Site != site:
		return domain.Invalid("/into", "TKT-17", "ticket.into_unknown")
	case other.Status == ticket.StatusMerged:
		return domain.Refuse("TKT-17", "ticket.merged", "into", other.Into.String())
	}
	return nil
}
