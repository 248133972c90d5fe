package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// ChangeTicketClass moves a ticket to another service class (TKT-05).
func (s *Server) ChangeTicketClass(ctx context.Context, in ChangeTicketClassRequestObject) (ChangeTicketClassResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.ChangeClass(ctx, r, in.Id, commands.ChangeTicketClass{
			At: in.Body.At, Class: ticket.Class(in.Body.Class), Reason: in.Body.Reason,
		})
	})
	return ChangeTicketClass200JSONResponse{body, ChangeTicketClass200ResponseHeaders(h)}, err
}

// RecordTicketCharge records what is charged for work (TKT-22).
func (s *Server) RecordTicketCharge(ctx context.Context, in RecordTicketChargeRequestObject) (RecordTicketChargeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.RecordCharge(ctx, r, in.Id, commands.RecordTicketCharge{
			At: in.Body.At, AmountFen: in.Body.AmountFen, Work: ticket.Work(in.Body.Work), Voucher: or(in.Body.Voucher), Reason: in.Body.Reason,
		})
	})
	return RecordTicketCharge200JSONResponse{body, RecordTicketCharge200ResponseHeaders(h)}, err
}
