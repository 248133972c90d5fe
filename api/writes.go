package api

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
)

// request is who asks and how, for a use case.
func request(ctx context.Context, key string) commands.Request {
	x := exchangeOf(ctx)
	return commands.Request{Actor: x.actor, Key: key, Sites: x.sites, Traceparent: x.traceparent}
}

// writeHeaders is what commands answer in headers.
type writeHeaders struct {
	ETag                *string
	FieldledgerPosition *string
}

// change runs a command on a ticket that the caller saw at ifMatch.
func (s *Server) change(ctx context.Context, key, ifMatch string,
	do func(commands.Request) (commands.Result, error),
) (Changed, writeHeaders, error) {
	r := request(ctx, key)
	var err error
	if r.Expected, err = parseIfMatch(ifMatch); err != nil {
		return Changed{}, writeHeaders{}, err
	}
	res, err := do(r)
	if err != nil {
		return Changed{}, writeHeaders{}, err
	}
	return Changed{Revision: res.Revision, Changed: res.Changed}, writeHeaders{etag(res.Revision), s.position(res)}, nil
}

// createHeaders is what creations answer in headers.
type createHeaders struct {
	ETag                *string
	FieldledgerPosition *string
	Location            *string
}

// created answers a creation; a repeat gets the same bytes.
func (s *Server) created(location string, reg commands.Registered) (Created, createHeaders) {
	return Created{Id: reg.ID, Revision: reg.Revision, Changed: reg.Changed},
		createHeaders{etag(reg.Revision), s.position(reg.Result), &location}
}

// or returns what p points to, or the zero value.
func or[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func at(collection string, id uuid.UUID) string {
	return strings.Join([]string{"/v1", collection, id.String()}, "/")
}

// changeUnseen runs a command on what the caller need not have seen.
func (s *Server) changeUnseen(ctx context.Context, key string, do func(commands.Request) (commands.Result, error)) (Changed, writeHeaders, error) {
	res, err := do(request(ctx, key))
	if err != nil {
		return Changed{}, writeHeaders{}, err
	}
	body, h := s.changed(res)
	return body, h, nil
}
