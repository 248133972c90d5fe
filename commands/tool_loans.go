package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// BookTool books a tool for a time to come (TOL-09).
type BookTool struct {
	At          *time.Time  `json:"at"`
	To          tool.Holder `json:"to"`
	From        time.Time   `json:"from"`
	Until       time.Time   `json:"until"`
	Purpose     string      `json:"purpose"`
	Responsible string      `json:"responsible"` // person id
}

// Book books a tool; of two bookings that overlap one is made. The booking's
// id derives from the command.
func (t *Tools) Book(ctx context.Context, r Request, id uuid.UUID, in BookTool) (Registered, error) {
	var booking uuid.UUID
	res, err := t.onStream(ctx, r, "tool.book", id, in.At, in, []named{{"/responsible", in.Responsible}, {"/to/who", personOf(in.To)}},
		func(_ context.Context, call Call, _ Stream, now moment, m *material) (tool.Command, error) {
			return tool.Reserve{At: now.At, Book: m.Book, Booking: tool.Booking{
				ID: t.IDs.Aggregate("booking", call.ID), To: in.To, From: domain.At(in.From), Until: domain.At(in.Until), Purpose: in.Purpose, Responsible: in.Responsible,
			}}, nil
		})
	if err == nil {
		booking, err = t.bookingOf(r, id, in)
	}
	return Registered{Result: res, ID: booking}, err
}

// bookingOf returns the id of the booking that a request makes.
func (t *Tools) bookingOf(r Request, id uuid.UUID, in BookTool) (uuid.UUID, error) {
	call, err := t.call(r, "tool.book", id.String(), in.At, in)
	return t.IDs.Aggregate("booking", call.ID), err
}

// Entitlements returns what the table gives a person at a time, a line for each
// kind of which it gives any (TOL-15), and the person's site. ErrNotFound for
// who is not registered.
func (t *Tools) Entitlements(ctx context.Context, id uuid.UUID, at time.Time) ([]policy.Entitlement, string, error) {
	f, err := currentFold(ctx, t.x, personDecider(), StreamOf("person", id))
	if err != nil {
		return nil, "", err
	}
	if !f.state.Exists {
		return nil, "", ErrNotFound
	}
	who, err := t.recipientOf(ctx, tool.Holder{Kind: tool.Person, Who: id.String()}, at)
	if err != nil {
		return nil, "", err
	}
	book, err := t.policies.Book(ctx, f.site)
	if err != nil {
		return nil, "", err
	}
	v, ok := book.InForce(policy.KindTools, f.site, at)
	if !ok {
		return nil, f.site, nil
	}
	var out []policy.Entitlement
	for _, k := range v.Tools().Kinds {
		if line := v.Tools().Entitled(who.Posts, who.TeamCode, k.Code); line.Count > 0 {
			out = append(out, line)
		}
	}
	return out, f.site, nil
}

// CancelToolBooking gives a booking up.
type CancelToolBooking struct {
	At      *time.Time `json:"at"`
	Booking uuid.UUID  `json:"booking"`
	Reason  string     `json:"reason"` // no personal data
}

// CancelBooking gives a booking up; the actor does it.
func (t *Tools) CancelBooking(ctx context.Context, r Request, id uuid.UUID, in CancelToolBooking) (Result, error) {
	return t.on(ctx, r, "tool.cancel_booking", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.CancelBooking{At: now.At, Booking: in.Booking, By: r.Actor.Person, Reason: in.Reason}
	})
}

// ExtendLoan lets a loan run longer.
type ExtendLoan struct {
	At     *time.Time `json:"at"`
	Until  time.Time  `json:"until"`
	Reason string     `json:"reason"` // no personal data
}

// Extend lets a loan run longer; the actor allows it.
func (t *Tools) Extend(ctx context.Context, r Request, id uuid.UUID, in ExtendLoan) (Result, error) {
	return t.on(ctx, r, "tool.extend", id, in.At, in, nil, func(now moment, m *material) tool.Command {
		return tool.Extend{At: now.At, Until: domain.At(in.Until), By: r.Actor.Person, Reason: in.Reason, Book: m.Book}
	})
}

// ChaseTool is a step of asking for a lent tool.
type ChaseTool struct {
	Due  domain.Instant `json:"due"` // of the loan that is meant
	Step int            `json:"step"`
}

// ChaseIfDue asks for a lent tool if that step is due by our clock; what came
// back or was extended changes nothing (TOL-09).
func (t *Tools) ChaseIfDue(ctx context.Context, r Request, id uuid.UUID, in ChaseTool) (Result, error) {
	return t.on(ctx, r, "tool.chase_if_due", id, nil, in, nil, func(now moment, _ *material) tool.Command {
		return tool.ChaseIfDue{At: now.At, Due: in.Due, Step: in.Step}
	})
}
