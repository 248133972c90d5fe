package api

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// ListTickets answers a page of the tickets that the caller may see.
func (s *Server) ListTickets(ctx context.Context, in ListTicketsRequestObject) (ListTicketsResponseObject, error) {
	p, err := s.withSaved(ctx, in.Params)
	if err != nil {
		return nil, err
	}
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	filter, err := s.ticketFilter(ctx, p, sites)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Tickets.List(ctx, l.at, filter, ticketOrder(p), l.page)
	if err != nil {
		return nil, err
	}
	page := TicketPage{AsOf: seen, Items: make([]Ticket, len(rows)), Next: s.next(ctx, l, after, seen)}
	o := s.opening(ctx)
	for i, t := range rows {
		page.Items[i] = o.ticket(t)
	}
	return ListTickets200JSONResponse(page), o.done()
}

// ticketFilter reads what a list of tickets is narrowed by.
func (s *Server) ticketFilter(ctx context.Context, p ListTicketsParams, sites []string) (TicketFilter, error) {
	f := TicketFilter{
		Sites: sites, View: or(p.View), Status: p.Status, Kind: p.Kind, Problem: p.Problem,
		Technician: p.Technician, Team: p.Team, Level: p.Level, Overdue: p.Overdue,
	}
	if f.View == TicketViewMine || f.View == TicketViewFollowing {
		var err error
		if f.Mine, err = callerPerson(ctx); err != nil {
			return f, err
		}
	}
	for _, d := range []struct {
		name string
		in   *Day
		out  **domain.Day
	}{{"opened_from", p.OpenedFrom, &f.OpenedFrom}, {"opened_to", p.OpenedTo, &f.OpenedTo}} {
		if d.in == nil {
			continue
		}
		if _, err := readDay(d.name, *d.in); err != nil {
			return f, err
		}
		day := domain.Day(*d.in)
		*d.out = &day
	}
	return f, nil
}

// ticketOrder reads the order of a list; nothing means the newest calls first,
// or what is due next where that is asked for.
func ticketOrder(p ListTicketsParams) TicketSort {
	switch {
	case p.Sort != nil:
		by, desc := strings.CutPrefix(string(*p.Sort), "-")
		return TicketSort{By: by, Desc: desc}
	case or(p.View) == TicketViewDueNext:
		return TicketSort{By: string(TicketOrderDueAt)}
	}
	return TicketSort{By: string(TicketOrderCalledAt), Desc: true}
}

// GetTicket answers a ticket with its revision as ETag.
func (s *Server) GetTicket(ctx context.Context, in GetTicketRequestObject) (GetTicketResponseObject, error) {
	t, seen, err := s.ticket(ctx, in.Id, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	o := s.opening(ctx)
	out := GetTicket200JSONResponse{
		Body:    o.ticket(t),
		Headers: GetTicket200ResponseHeaders{ETag: etag(t.Revision), FieldledgerAsOf: &seen.Number},
	}
	return out, o.done()
}

// ticket returns a ticket that the caller may see.
func (s *Server) ticket(ctx context.Context, id uuid.UUID, asOf, minPosition *string) (SealedTicket, Snapshot, error) {
	m, err := s.moment(ctx, asOf, minPosition)
	if err != nil {
		return SealedTicket{}, Snapshot{}, err
	}
	return s.ticketAt(ctx, id, m)
}

func (s *Server) ticketAt(ctx context.Context, id uuid.UUID, m AsOf) (SealedTicket, Snapshot, error) {
	t, seen, err := s.Tickets.Get(ctx, m, id)
	if err == nil {
		err = s.see(ctx, t.Site)
	}
	return t, seen, err
}

// GetTicketHistory answers a page of a ticket's events, struck ones too.
func (s *Server) GetTicketHistory(ctx context.Context, in GetTicketHistoryRequestObject) (GetTicketHistoryResponseObject, error) {
	p := in.Params
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	t, seen, err := s.ticketAt(ctx, in.Id, l.at)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Tickets.History(ctx, AsOf{Number: &seen.Number}, in.Id, l.page)
	if err != nil {
		return nil, err
	}
	page := HistoryPage{AsOf: seen, Items: make([]HistoryEvent, len(rows)), Next: s.next(ctx, l, after, seen)}
	o := s.opening(ctx)
	for i, e := range rows {
		page.Items[i] = o.event(t.Site, e)
	}
	return GetTicketHistory200JSONResponse(page), o.done()
}

// ExplainTicket answers what each verdict on a ticket is made of (AUD-05),
// and beside them what they would be under versions that are asked for (SLA-10).
func (s *Server) ExplainTicket(ctx context.Context, in ExplainTicketRequestObject) (ExplainTicketResponseObject, error) {
	t, seen, err := s.ticket(ctx, in.Id, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	verdicts, seen, err := s.Tickets.Explain(ctx, AsOf{Number: &seen.Number}, in.Id)
	if err != nil {
		return nil, err
	}
	if verdicts == nil {
		verdicts = []VerdictExplanation{}
	}
	under, err := s.under(ctx, t, in.Params)
	if err != nil {
		return nil, err
	}
	return ExplainTicket200JSONResponse{
		Body:    TicketExplanation{AsOf: seen, Verdicts: verdicts, Under: under},
		Headers: ExplainTicket200ResponseHeaders{FieldledgerAsOf: &seen.Number},
	}, nil
}
