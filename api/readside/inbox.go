package readside

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands/process"
	domainprocess "github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/projections/inbox"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// Inbox returns the read model of the events that process managers may act on.
func (s *Side) Inbox() process.Inbox { return inboxOf{s} }

type inboxOf struct{ *Side }

// After returns events in log order.
func (s inboxOf) After(ctx context.Context, types []string, number int64, limit int) ([]domainprocess.Input, error) {
	rows, err := s.inbox.List(ctx, s.Pool, s.Manager.Schema(inbox.Name), readmodel.LogQuery{
		Where: "type = ANY ($1)", Args: []any{types}, After: number, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	out := make([]domainprocess.Input, len(rows))
	for i, r := range rows {
		out[i] = domainprocess.Input{
			Number: r.Number, EventID: r.EventID, Stream: r.Stream, Revision: uint64(r.Revision), Type: r.Type, //nolint:gosec // a revision is not negative
		}
	}
	return out, nil
}

// Head is the end of the log, once a page ended there.
func (s inboxOf) Head() (int64, bool) { return s.Manager.Head(), s.Manager.CaughtUp() }

// Changed tells of the next page of events.
func (s inboxOf) Changed() <-chan struct{} { return s.Manager.Changed() }

// OpenTickets returns the tickets that were open as of a log number, by id.
func (s *Side) OpenTickets(ctx context.Context, asOf int64, site string, after uuid.UUID, limit int) ([]process.OpenTicket, error) {
	if err := s.Manager.WaitFor(ctx, asOf); err != nil {
		return nil, fmt.Errorf("wait for event %d: %w", asOf, err)
	}
	lq := readmodel.ListQuery{Where: ticket.Open, After: []any{after}, Limit: limit, AsOf: asOf}
	if site != "" {
		lq.Sites = []string{site}
	}
	rows, err := s.tickets.List(ctx, s.Pool, s.Manager.Schema(ticket.Name), lq)
	if err != nil {
		return nil, err
	}
	out := make([]process.OpenTicket, len(rows))
	for i, r := range rows {
		out[i] = process.OpenTicket{ID: r.ID, Site: r.Site}
	}
	return out, nil
}
