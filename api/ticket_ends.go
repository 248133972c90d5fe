package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// AddTicketNote adds a note, or records what the customer was told.
func (s *Server) AddTicketNote(ctx context.Context, in AddTicketNoteRequestObject) (AddTicketNoteResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.AddNote(ctx, r, in.Id, commands.AddNote{
			At: in.Body.At, Text: in.Body.Text, ToCustomer: or(in.Body.ToCustomer), LateReason: or(in.Body.LateReason),
		})
	})
	return AddTicketNote200JSONResponse{body, AddTicketNote200ResponseHeaders(h)}, err
}

// RequestTicketHelp reports what the caller cannot answer (TKT-12).
func (s *Server) RequestTicketHelp(ctx context.Context, in RequestTicketHelpRequestObject) (RequestTicketHelpResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.RequestHelp(ctx, r, in.Id, commands.RequestHelp{
			At: in.Body.At, To: ticket.HelpFrom(in.Body.To), CustomerTold: in.Body.CustomerTold, Note: or(in.Body.Note),
		})
	})
	return RequestTicketHelp200JSONResponse{body, RequestTicketHelp200ResponseHeaders(h)}, err
}

// PlanTicketEmergency records the plan for an emergency (TKT-12).
func (s *Server) PlanTicketEmergency(ctx context.Context, in PlanTicketEmergencyRequestObject) (PlanTicketEmergencyResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.PlanEmergency(ctx, r, in.Id, commands.PlanEmergency{At: in.Body.At, Plan: in.Body.Plan})
	})
	return PlanTicketEmergency200JSONResponse{body, PlanTicketEmergency200ResponseHeaders(h)}, err
}

// WithdrawTicket ends a ticket whose customer took the call back.
func (s *Server) WithdrawTicket(ctx context.Context, in WithdrawTicketRequestObject) (WithdrawTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Withdraw(ctx, r, in.Id, commands.EndTicket{At: in.Body.At, Reason: in.Body.Reason})
	})
	return WithdrawTicket200JSONResponse{body, WithdrawTicket200ResponseHeaders(h)}, err
}

// RejectTicket ends a ticket that is none of the desk's.
func (s *Server) RejectTicket(ctx context.Context, in RejectTicketRequestObject) (RejectTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Reject(ctx, r, in.Id, commands.EndTicket{At: in.Body.At, Reason: in.Body.Reason})
	})
	return RejectTicket200JSONResponse{body, RejectTicket200ResponseHeaders(h)}, err
}

// MergeTicket ends a duplicate (TKT-17).
func (s *Server) MergeTicket(ctx context.Context, in MergeTicketRequestObject) (MergeTicketResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.Merge(ctx, r, in.Id, commands.MergeTicket{At: in.Body.At, Into: in.Body.Into})
	})
	return MergeTicket200JSONResponse{body, MergeTicket200ResponseHeaders(h)}, err
}
