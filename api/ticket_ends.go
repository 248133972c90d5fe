package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
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
