package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// supply is what the use cases of stock, demand, purchase, acceptance and scrap share.
type supply struct {
	*useCases
	policies *Policies
	sites    *Sites
}

// day is the civil date of an instant at a site.
func (s *supply) day(ctx context.Context, site string, at domain.Instant) (domain.Day, error) {
	found, err := s.sites.find(ctx, site)
	if err != nil {
		return "", err
	}
	zone, err := calendar.LoadZone(found.Zone)
	if err != nil {
		return "", fmt.Errorf("zone of site %s: %w", site, err)
	}
	return domain.DayOf(at.Time, zone), nil
}

// unit refuses a unit that is no registered team.
func (s *supply) unit(ctx context.Context, unit string) error {
	unknown := domain.Invalid("/unit", "STK-01", "demand.unit_unknown")
	id, err := uuid.Parse(unit)
	if err != nil {
		return unknown
	}
	st, err := Current(ctx, s.x, teamDecider(), StreamOf("team", id))
	switch {
	case err != nil:
		return fmt.Errorf("find team %s: %w", id, err)
	case st.Code == "":
		return unknown
	}
	return nil
}

// book is the policies of a site that exists.
func (s *supply) book(ctx context.Context, site string) (*policy.Book, error) {
	if _, err := s.sites.find(ctx, site); err != nil {
		return nil, err
	}
	return s.policies.Book(ctx, site)
}

// signer is the actor with the roles of the token.
func signer(r Request) approval.Signer {
	return approval.Signer{Person: r.Actor.Person, Roles: append([]string{}, r.Actor.Roles...)}
}

// nested is the call of a command that belongs to another one, on another stream.
func nested(call Call, operation string) Call {
	call.ID = uuid.NewSHA1(call.ID, []byte(operation))
	call.Type, call.Expected = operation, nil
	return call
}

// begin runs the command that creates an aggregate at a site, under an id that
// is given or derives from the command. build gets the id and the site's policies.
func begin[S, C, E any](ctx context.Context, s *supply, r Request, d Decider[S, C, E], id uuid.UUID, operation, site string, at *time.Time, input any,
	build func(ctx context.Context, call Call, id uuid.UUID, book *policy.Book) (C, error),
) (Registered, error) {
	call, err := s.call(r, operation, "", at, input)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(site) {
		return Registered{}, ErrNotFound
	}
	call.Site = site
	if id == uuid.Nil {
		id = s.IDs.Aggregate(d.Name, call.ID)
	}
	res, err := Execute(ctx, s.x, d, StreamOf(d.Name, id), Step[C]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (C, error) {
			book, err := s.book(ctx, site)
			if err != nil {
				var none C
				return none, err
			}
			return build(ctx, call, id, book)
		},
	})
	return Registered{Result: res, ID: id}, err
}

// on runs a command on an aggregate that exists.
func on[S, C, E any](ctx context.Context, s *supply, r Request, d Decider[S, C, E], operation string, id uuid.UUID, at *time.Time, input any,
	build func(ctx context.Context, call Call, book *policy.Book) (C, error),
) (Result, error) {
	call, err := s.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, s.x, d, StreamOf(d.Name, id), existing(r, call, func(ctx context.Context, st Stream) (C, error) {
		book, err := s.book(ctx, st.Site)
		if err != nil {
			var none C
			return none, err
		}
		return build(ctx, call, book)
	}))
}
