package integration

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// TicketClosed is the payload of ticket.closed.v1: a ticket was closed for
// this cycle (TKT-16). It holds no personal data.
type TicketClosed struct {
	Ticket   uuid.UUID      `json:"ticket"`
	Number   string         `json:"number"` // as people know it
	Site     string         `json:"site"`
	Kind     string         `json:"kind"`
	Level    int            `json:"level"` // from 1, the most urgent
	Cycle    int            `json:"cycle"` // from 1; a reopened ticket closes again
	ClosedAt domain.Instant `json:"closed_at"`
}

var ticketClosed = Integration{Name: "ticket.closed", Make: makeTicketClosed}

func makeTicketClosed(ctx context.Context, streams commands.StreamReader, r eventschemas.Record) (*Outgoing, error) {
	closed, ok := r.Event.(ticket.Closed)
	if !ok {
		return nil, nil //nolint:nilnil // nothing to publish
	}
	id, err := uuid.Parse(strings.TrimPrefix(r.Stream, "fl.ticket-"))
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", r.Stream, err)
	}
	stored, err := streams.ReadStream(ctx, r.Stream, 0)
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", r.Stream, err)
	}
	out := TicketClosed{Ticket: id, Site: r.Envelope.Site, ClosedAt: closed.At}
	var s ticket.State
	for _, e := range stored[:min(len(stored), int(r.Revision)+1)] { //nolint:gosec // a stream holds few events
		event, err := eventschemas.Decode(e.Type, e.Data)
		if err != nil {
			return nil, fmt.Errorf("read %s@%d: %w", e.Stream, e.Revision, err)
		}
		if first, ok := event.(ticket.Registered); ok {
			out.Number, out.Kind = first.Number, first.Kind
		}
		if fact, ok := event.(ticket.Event); ok {
			s = ticket.EvolveAt(s, e.Revision, fact)
		}
	}
	out.Level, out.Cycle = int(s.Level), s.Cycle
	return &Outgoing{Type: "ticket.closed.v1", Subject: id.String(), At: closed.At.Time, Data: out}, nil
}
