package api

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
)

// FollowTicket puts a ticket on the caller's list (TKT-15). It does not
// depend on what the caller saw of the ticket.
func (s *Server) FollowTicket(ctx context.Context, in FollowTicketRequestObject) (FollowTicketResponseObject, error) {
	person, err := callerPerson(ctx)
	if err != nil {
		return nil, err
	}
	res, err := s.App.Tickets.Follow(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, person)
	if err != nil {
		return nil, err
	}
	body, h := s.changed(res)
	return FollowTicket200JSONResponse{body, FollowTicket200ResponseHeaders(h)}, nil
}

// UnfollowTicket takes a ticket off the caller's list.
func (s *Server) UnfollowTicket(ctx context.Context, in UnfollowTicketRequestObject) (UnfollowTicketResponseObject, error) {
	person, err := callerPerson(ctx)
	if err != nil {
		return nil, err
	}
	res, err := s.App.Tickets.Unfollow(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, person)
	if err != nil {
		return nil, err
	}
	body, h := s.changed(res)
	return UnfollowTicket200JSONResponse{body, UnfollowTicket200ResponseHeaders(h)}, nil
}

func (s *Server) changed(res commands.Result) (Changed, writeHeaders) {
	return Changed{Revision: res.Revision, Changed: res.Changed}, writeHeaders{etag(res.Revision), s.position(res)}
}

// callerPerson returns the person that the caller's token speaks for.
func callerPerson(ctx context.Context) (uuid.UUID, error) {
	person, err := uuid.Parse(exchangeOf(ctx).actor.Person)
	if err != nil {
		return uuid.Nil, fmt.Errorf("read person of the caller: %w", err)
	}
	return person, nil
}
