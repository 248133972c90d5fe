package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// ticketDecider is the ticket aggregate.
func ticketDecider() Decider[ticket.State, ticket.Command, ticket.Event] {
	return Decider[ticket.State, ticket.Command, ticket.Event]{
		Name: "ticket", Version: "ticket/1", Decide: ticket.Decide, Evolve: ticket.EvolveAt,
	}
}

// Tickets are the use cases of service tickets. Each answers the ticket's
// stream and revision; errors are those of Execute and ErrNotFound.
type Tickets struct {
	*useCases
	policies *Policies
	sites    *Sites
	numbers  *numbers
}

// RegisterTicket is a customer's call (TKT-01). Personal fields are plain here
// and sealed before anything is stored.
type RegisterTicket struct {
	Site     string         `json:"site"` // code
	CalledAt *time.Time     `json:"called_at"`
	Channel  ticket.Channel `json:"channel"`
	Kind     string         `json:"kind"`
	Problem  string         `json:"problem"`
	Level    ticket.Level   `json:"level"`
	// ServiceZone is where the customer is (SLA-11); "" if unknown.
	ServiceZone string `json:"service_zone,omitempty"`
	// Class is the service class (TKT-05); "" if it was not said.
	Class    ticket.Class `json:"class,omitempty"`
	Customer string       `json:"customer"`
	Phone    string       `json:"phone"`
	Text     string       `json:"text"`
}

// Registered answers a registration.
type Registered struct {
	Result
	ID uuid.UUID
}

// RegisteredTicket answers the registration of a ticket.
type RegisteredTicket struct {
	Registered
	Number string // by which people call it
}

// Register opens a ticket. The same request twice is one ticket.
func (t *Tickets) Register(ctx context.Context, r Request, in RegisterTicket) (RegisteredTicket, error) {
	call, err := t.call(r, "ticket.register", "", in.CalledAt, in)
	if err != nil {
		return RegisteredTicket{}, err
	}
	if !r.sees(in.Site) {
		return RegisteredTicket{}, ErrNotFound
	}
	call.Site = in.Site
	id := t.IDs.Aggregate("ticket", call.ID)
	stream := StreamOf("ticket", id)
	res, err := Execute(ctx, t.x, ticketDecider(), stream, Step[ticket.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (ticket.Command, error) { return t.register(ctx, call, in) },
	})
	if err != nil {
		return RegisteredTicket{}, err
	}
	f, err := currentFold(ctx, t.x, ticketDecider(), stream)
	first, _ := f.first.(ticket.Registered) // struck or not: a repeat answers alike
	return RegisteredTicket{Registered{Result: res, ID: id}, first.Number}, err
}

func (t *Tickets) register(ctx context.Context, call Call, in RegisterTicket) (ticket.Command, error) {
	site, err := t.sites.find(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	book, err := t.policies.Book(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	number, err := t.numbers.next(ctx, in.Site, "ticket", call.OccurredAt)
	if err != nil {
		return nil, err
	}
	s := sealer{ctx: ctx, vault: t.Vault, subject: t.subject(in.Site, in.Customer)}
	c := ticket.Register{
		At: call.OccurredAt, Site: in.Site, Zone: site.Zone, Number: number, Channel: in.Channel,
		Kind: in.Kind, Problem: in.Problem, Level: in.Level, ServiceZone: in.ServiceZone, Class: in.Class, Book: book,
		Customer: s.seal(FieldName, in.Customer), Phone: s.seal(FieldPhone, in.Phone), Text: s.seal(FieldText, in.Text),
	}
	return c, s.err
}

// on runs a command on a ticket that exists. build gets the business time, the
// policies of the ticket's site, and a sealer for personal fields.
func (t *Tickets) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(at domain.Instant, m *material) ticket.Command,
) (Result, error) {
	call, err := t.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	step := existing(r, call, func(ctx context.Context, s Stream) (ticket.Command, error) {
		book, err := t.policies.Book(ctx, s.Site)
		if err != nil {
			return nil, err
		}
		m := &material{Book: book, sealer: sealer{ctx: ctx, vault: t.Vault, subject: subjectOf(s, id)}}
		c := build(call.OccurredAt, m)
		return c, m.err
	})
	return Execute(ctx, t.x, ticketDecider(), StreamOf("ticket", id), step)
}

// material is what a command on a ticket is made with.
type material struct {
	Book *policy.Book
	sealer
}

// subjectOf returns under whose key the free text about a ticket is sealed:
// its customer's, so that one erasure covers it, else the ticket's own.
func subjectOf(s Stream, id uuid.UUID) uuid.UUID {
	if r, ok := s.First.(ticket.Registered); ok && !r.Customer.IsZero() {
		return r.Customer.Subject
	}
	return id
}

// Accept records first contact.
func (t *Tickets) Accept(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return t.on(ctx, r, "ticket.accept", id, at, timed{at}, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Accept{At: at, Book: m.Book}
	})
}

// AssignTicket gives a ticket to a team, a technician or both (TKT-08).
type AssignTicket struct {
	At         *time.Time `json:"at"`
	Team       uuid.UUID  `json:"team"`
	Technician uuid.UUID  `json:"technician"`
	// LateReason lets At lie before what happened since (SLA-05).
	LateReason string `json:"late_reason,omitempty"`
}

// Assign dispatches a ticket.
func (t *Tickets) Assign(ctx context.Context, r Request, id uuid.UUID, in AssignTicket) (Result, error) {
	return t.on(ctx, r, "ticket.assign", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Assign{At: at, Team: in.Team, Technician: in.Technician, LateReason: in.LateReason, Book: m.Book}
	})
}

// ChangeTicketLevel moves a ticket to another fault level, with a reason (TKT-04).
type ChangeTicketLevel struct {
	At     *time.Time   `json:"at"`
	Level  ticket.Level `json:"level"`
	Reason string       `json:"reason"`
}

// ChangeLevel changes the fault level.
func (t *Tickets) ChangeLevel(ctx context.Context, r Request, id uuid.UUID, in ChangeTicketLevel) (Result, error) {
	return t.on(ctx, r, "ticket.change_level", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.ChangeLevel{At: at, Level: in.Level, Reason: in.Reason, Book: m.Book}
	})
}

// PauseTicket stops clocks for a reason (TKT-13).
type PauseTicket struct {
	At       *time.Time          `json:"at"`
	Reason   ticket.PauseReason  `json:"reason"`
	Clocks   []ticket.TargetName `json:"clocks"`
	Evidence string              `json:"evidence"`
}

// Pause stops clocks.
func (t *Tickets) Pause(ctx context.Context, r Request, id uuid.UUID, in PauseTicket) (Result, error) {
	return t.on(ctx, r, "ticket.pause", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Pause{At: at, Reason: in.Reason, Clocks: in.Clocks, Evidence: m.seal(FieldEvidence, in.Evidence)}
	})
}

// Resume starts the stopped clocks again.
func (t *Tickets) Resume(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return t.on(ctx, r, "ticket.resume", id, at, timed{at}, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Resume{At: at, Book: m.Book}
	})
}

// Arrive records that the technician is at the customer's.
func (t *Tickets) Arrive(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return t.on(ctx, r, "ticket.arrive", id, at, timed{at}, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Arrive{At: at, Book: m.Book}
	})
}

// ResolveTicket says that the work is done.
type ResolveTicket struct {
	At       *time.Time `json:"at"`
	Solution string     `json:"solution"`
	Note     string     `json:"note"`
	// LateReason lets At lie before what happened since (SLA-05).
	LateReason string `json:"late_reason,omitempty"`
}

// Resolve ends the work.
func (t *Tickets) Resolve(ctx context.Context, r Request, id uuid.UUID, in ResolveTicket) (Result, error) {
	return t.on(ctx, r, "ticket.resolve", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Resolve{At: at, Solution: in.Solution, Note: m.seal(FieldNote, in.Note), LateReason: in.LateReason, Book: m.Book}
	})
}

// SignOffTicket records the customer's confirmation.
type SignOffTicket struct {
	At     *time.Time `json:"at"`
	Signer string     `json:"signer"`
}

// SignOff records the customer's confirmation.
func (t *Tickets) SignOff(ctx context.Context, r Request, id uuid.UUID, in SignOffTicket) (Result, error) {
	return t.on(ctx, r, "ticket.sign_off", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.SignOff{At: at, Signer: m.seal(FieldSigner, in.Signer), Book: m.Book}
	})
}

// Close ends a ticket.
func (t *Tickets) Close(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return t.on(ctx, r, "ticket.close", id, at, timed{at}, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Close{At: at, Book: m.Book}
	})
}

// ReopenTicket starts a new cycle (TKT-16).
type ReopenTicket struct {
	At     *time.Time `json:"at"`
	Reason string     `json:"reason"`
	// SameFault says that it is the fault of the cycle before again.
	SameFault bool `json:"same_fault,omitempty"`
}

// Reopen starts a new cycle.
func (t *Tickets) Reopen(ctx context.Context, r Request, id uuid.UUID, in ReopenTicket) (Result, error) {
	return t.on(ctx, r, "ticket.reopen", id, in.At, in, func(at domain.Instant, m *material) ticket.Command {
		return ticket.Reopen{At: at, Reason: in.Reason, SameFault: in.SameFault, Book: m.Book}
	})
}

// timed is the input of a command that says nothing but when.
type timed struct {
	At *time.Time `json:"at"`
}
