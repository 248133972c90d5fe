package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// FindTicketVisitNeeded records that the telephone cannot solve it (TKT-11).
func (s *Server) FindTicketVisitNeeded(ctx context.Context, in FindTicketVisitNeededRequestObject) (FindTicketVisitNeededResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		if in.Body.LateReason != nil {
			return s.App.Tickets.FindVisitNeededLate(ctx, r, in.Id, commands.LateFact{At: or(in.Body.At), Reason: *in.Body.LateReason})
		}
		return s.App.Tickets.FindVisitNeeded(ctx, r, in.Id, in.Body.At)
	})
	return FindTicketVisitNeeded200JSONResponse{body, FindTicketVisitNeeded200ResponseHeaders(h)}, err
}

// AgreeTicketArrival records an arrival time (SLA-02).
func (s *Server) AgreeTicketArrival(ctx context.Context, in AgreeTicketArrivalRequestObject) (AgreeTicketArrivalResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.AgreeArrival(ctx, r, in.Id, commands.AgreeArrival{
			At: in.Body.At, ArrivalBy: in.Body.ArrivalBy, SetBy: ticket.SetBy(in.Body.SetBy), LateReason: or(in.Body.LateReason),
		})
	})
	return AgreeTicketArrival200JSONResponse{body, AgreeTicketArrival200ResponseHeaders(h)}, err
}

// ChangeTicketServiceZone moves the customer to another service zone (SLA-07).
func (s *Server) ChangeTicketServiceZone(ctx context.Context, in ChangeTicketServiceZoneRequestObject) (ChangeTicketServiceZoneResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.ChangeServiceZone(ctx, r, in.Id, commands.ChangeServiceZone{At: in.Body.At, Zone: in.Body.Zone, Reason: in.Body.Reason})
	})
	return ChangeTicketServiceZone200JSONResponse{body, ChangeTicketServiceZone200ResponseHeaders(h)}, err
}

// RecordTicketPause enters a pause that is over (TKT-13).
func (s *Server) RecordTicketPause(ctx context.Context, in RecordTicketPauseRequestObject) (RecordTicketPauseResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tickets.RecordPause(ctx, r, in.Id, commands.RecordPause{
			From: in.Body.From, To: in.Body.To, Reason: ticket.PauseReason(in.Body.Reason), Clocks: clocks(in.Body.Clocks),
			Evidence: or(in.Body.Evidence), LateReason: in.Body.LateReason,
		})
	})
	return RecordTicketPause200JSONResponse{body, RecordTicketPause200ResponseHeaders(h)}, err
}
