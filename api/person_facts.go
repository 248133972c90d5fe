package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
)

// SetPersonPosts says which posts a person holds from an instant on (ORG-04).
func (s *Server) SetPersonPosts(ctx context.Context, in SetPersonPostsRequestObject) (SetPersonPostsResponseObject, error) {
	body, h, err := s.changeUnseen(ctx, in.Params.IdempotencyKey, func(r commands.Request) (commands.Result, error) {
		return s.App.People.Post(ctx, r, in.Id, commands.PostPerson{At: in.Body.At, Posts: in.Body.Posts, Since: in.Body.Since})
	})
	return SetPersonPosts200JSONResponse{body, SetPersonPosts200ResponseHeaders(h)}, err
}

// SetPersonTeam says in which team a person is from an instant on (ORG-04).
func (s *Server) SetPersonTeam(ctx context.Context, in SetPersonTeamRequestObject) (SetPersonTeamResponseObject, error) {
	body, h, err := s.changeUnseen(ctx, in.Params.IdempotencyKey, func(r commands.Request) (commands.Result, error) {
		return s.App.People.ChangeTeam(ctx, r, in.Id, commands.MovePerson{At: in.Body.At, Team: or(in.Body.Team), Since: in.Body.Since})
	})
	return SetPersonTeam200JSONResponse{body, SetPersonTeam200ResponseHeaders(h)}, err
}

// LeavePerson marks a person as left (TOL-07).
func (s *Server) LeavePerson(ctx context.Context, in LeavePersonRequestObject) (LeavePersonResponseObject, error) {
	body, h, err := s.changeUnseen(ctx, in.Params.IdempotencyKey, func(r commands.Request) (commands.Result, error) {
		return s.App.People.Leave(ctx, r, in.Id, in.Body.At)
	})
	return LeavePerson200JSONResponse{body, LeavePerson200ResponseHeaders(h)}, err
}
