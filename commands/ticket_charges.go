package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// ChangeTicketClass moves a ticket to another service class, with a reason (TKT-05).
type ChangeTicketClass struct {
	At     *time.Time   `json:"at"`
	Class  ticket.Class `json:"class"`
	Reason string       `json:"reason"`
}

// ChangeClass changes the service class. That the director asks is the
// caller's to make sure.
func (t *Tickets) ChangeClass(ctx context.Context, r Request, id uuid.UUID, in ChangeTicketClass) (Result, error) {
	return t.on(ctx, r, "ticket.change_class", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.ChangeClass{At: at, Class: in.Class, Reason: in.Reason, Roles: r.Actor.Roles, Book: m.Book}
	})
}

// RecordTicketCharge is what is charged for work on a ticket.
type RecordTicketCharge struct {
	At        *time.Time  `json:"at"`
	AmountFen int64       `json:"amount_fen"`
	Work      ticket.Work `json:"work"`
	Voucher   string      `json:"voucher"` // number, "" for none
	Reason    string      `json:"reason"`
}

// RecordCharge records a charge; help by telephone has none (TKT-22).
func (t *Tickets) RecordCharge(ctx context.Context, r Request, id uuid.UUID, in RecordTicketCharge) (Result, error) {
	return t.on(ctx, r, "ticket.record_charge", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.RecordCharge{
			At: at, AmountFen: in.AmountFen, Work: in.Work, Voucher: in.Voucher, Reason: in.Reason, Roles: r.Actor.Roles, Book: m.Book,
		}
	})
}
