package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// RegisterTicket answers 201 with the ticket's id and number (TKT-01).
func (s *Server) RegisterTicket(ctx context.Context, in RegisterTicketRequestObject) (RegisterTicketResponseObject, error) {
	if err := s.see(ctx, in.Body.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Tickets.Register(ctx, request(ctx, in.Params.IdempotencyKey), commands.RegisterTicket{
		Site: in.Body.Site, CalledAt: in.Body.CalledAt, Channel: ticket.Channel(in.Body.Channel), Kind: in.Body.Kind,
		Problem: or(in.Body.Problem), Level: ticket.Level(in.Body.Level), ServiceZone: or(in.Body.ServiceZone), Class: ticket.Class(or(in.Body.Class)),
		Customer: in.Body.Customer, Phone: or(in.Body.Phone), Text: or(in.Body.Text),
	})
	if err != nil {
		return nil, err
	}
	created, h := s.created(at("tickets", reg.ID), reg.Registered)
	body := TicketCreated{Id: created.Id, Number: reg.Number, Revision: created.Revision, Changed: created.Changed}
	return RegisterTicket201JSONResponse{body, RegisterTicket201ResponseHeaders(h)}, nil
}

func clocks(names []TargetName) []ticket.TargetName {
	out := make([]ticket.TargetName, len(names))
	for i, n := range names {
		out[i] = ticket.TargetName(n)
	}
	return out
}

// AcceptTicket records first contact.
func (s *Server) AcceptTicket(ctx context.Context, in AcceptTicketRequestObject) (AcceptTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		if in.Body.LateReason != nil {
			return s.App.Tickets.AcceptLate(ctx, r, in.Id, commands.LateFact{At: or(in.Body.At), Reason: *in.Body.LateReason})
		}
		return s.App.Tickets.Accept(ctx, r, in.Id, in.Body.At)
	})
	return AcceptTicket200JSONResponse{body, AcceptTicket200ResponseHeaders(h)}, err
}

// AssignTicket dispatches.
func (s *Server) AssignTicket(ctx context.Context, in AssignTicketRequestObject) (AssignTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Assign(ctx, r, in.Id, commands.AssignTicket{
			At: in.Body.At, Team: or(in.Body.Team), Technician: or(in.Body.Technician), LateReason: or(in.Body.LateReason),
		})
	})
	return AssignTicket200JSONResponse{body, AssignTicket200ResponseHeaders(h)}, err
}

// ChangeTicketLevel changes the fault level.
func (s *Server) ChangeTicketLevel(ctx context.Context, in ChangeTicketLevelRequestObject) (ChangeTicketLevelResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.ChangeLevel(ctx, r, in.Id, commands.ChangeTicketLevel{At: in.Body.At, Level: ticket.Level(in.Body.Level), Reason: in.Body.Reason})
	})
	return ChangeTicketLevel200JSONResponse{body, ChangeTicketLevel200ResponseHeaders(h)}, err
}

// PauseTicket stops clocks.
func (s *Server) PauseTicket(ctx context.Context, in PauseTicketRequestObject) (PauseTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Pause(ctx, r, in.Id, commands.PauseTicket{
			At: in.Body.At, Reason: ticket.PauseReason(in.Body.Reason), Clocks: clocks(in.Body.Clocks), Evidence: or(in.Body.Evidence),
		})
	})
	return PauseTicket200JSONResponse{body, PauseTicket200ResponseHeaders(h)}, err
}

// ResumeTicket starts the stopped clocks, or those named.
func (s *Server) ResumeTicket(ctx context.Context, in ResumeTicketRequestObject) (ResumeTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		if in.Body.Clocks != nil {
			return s.App.Tickets.ResumeClocks(ctx, r, in.Id, commands.ResumeTicket{At: in.Body.At, Clocks: clocks(*in.Body.Clocks)})
		}
		return s.App.Tickets.Resume(ctx, r, in.Id, in.Body.At)
	})
	return ResumeTicket200JSONResponse{body, ResumeTicket200ResponseHeaders(h)}, err
}

// ArriveTicket records the arrival.
func (s *Server) ArriveTicket(ctx context.Context, in ArriveTicketRequestObject) (ArriveTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		if in.Body.LateReason != nil {
			return s.App.Tickets.ArriveLate(ctx, r, in.Id, commands.LateFact{At: or(in.Body.At), Reason: *in.Body.LateReason})
		}
		return s.App.Tickets.Arrive(ctx, r, in.Id, in.Body.At)
	})
	return ArriveTicket200JSONResponse{body, ArriveTicket200ResponseHeaders(h)}, err
}

// ResolveTicket ends the work.
func (s *Server) ResolveTicket(ctx context.Context, in ResolveTicketRequestObject) (ResolveTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Resolve(ctx, r, in.Id, commands.ResolveTicket{
			At: in.Body.At, Solution: or(in.Body.Solution), Note: or(in.Body.Note), LateReason: or(in.Body.LateReason),
		})
	})
	return ResolveTicket200JSONResponse{body, ResolveTicket200ResponseHeaders(h)}, err
}

// SignOffTicket records the customer's confirmation.
func (s *Server) SignOffTicket(ctx context.Context, in SignOffTicketRequestObject) (SignOffTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.SignOff(ctx, r, in.Id, commands.SignOffTicket{At: in.Body.At, Signer: in.Body.Signer})
	})
	return SignOffTicket200JSONResponse{body, SignOffTicket200ResponseHeaders(h)}, err
}

// CloseTicket ends the ticket.
func (s *Server) CloseTicket(ctx context.Context, in CloseTicketRequestObject) (CloseTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Close(ctx, r, in.Id, in.Body.At)
	})
	return CloseTicket200JSONResponse{body, CloseTicket200ResponseHeaders(h)}, err
}

// ReopenTicket starts a new cycle.
func (s *Server) ReopenTicket(ctx context.Context, in ReopenTicketRequestObject) (ReopenTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Reopen(ctx, r, in.Id, commands.ReopenTicket{At: in.Body.At, Reason: in.Body.Reason, SameFault: or(in.Body.SameFault)})
	})
	return ReopenTicket200JSONResponse{body, ReopenTicket200ResponseHeaders(h)}, err
}

// StrikeTicketEvent strikes a recorded event of a ticket (AUD-02).
func (s *Server) StrikeTicketEvent(ctx context.Context, in StrikeTicketEventRequestObject) (StrikeTicketEventResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Strikes.Strike(ctx, r, "ticket", in.Id, commands.StrikeEvent{
			Revision: uint64(in.Body.Revision), //nolint:gosec // the schema has a minimum of 0
			Reason:   in.Body.Reason, SecondPerson: in.Body.SecondPerson.String(),
		})
	})
	return StrikeTicketEvent200JSONResponse{body, StrikeTicketEvent200ResponseHeaders(h)}, err
}
