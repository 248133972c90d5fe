package commands

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// following is the input of Follow and Unfollow.
type following struct {
	Person uuid.UUID `json:"person"`
}

// Follow puts a ticket on a person's list (TKT-15).
func (t *Tickets) Follow(ctx context.Context, r Request, id, person uuid.UUID) (Result, error) {
	return t.on(ctx, r, "ticket.follow", id, nil, following{person}, func(at domain.Instant, _ *material) ticket.Command {
		return ticket.Follow{At: at, Person: person}
	})
}

// Unfollow takes a ticket off a person's list.
func (t *Tickets) Unfollow(ctx context.Context, r Request, id, person uuid.UUID) (Result, error) {
	return t.on(ctx, r, "ticket.unfollow", id, nil, following{person}, func(at domain.Instant, _ *material) ticket.Command {
		return ticket.Unfollow{At: at, Person: person}
	})
}
