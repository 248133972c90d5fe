package readside

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// Get returns a ticket as of a moment; commands.ErrNotFound if it was not there.
func (s *Side) Get(ctx context.Context, at api.AsOf, id uuid.UUID) (api.SealedTicket, api.Snapshot, error) {
	var out api.SealedTicket
	found := false
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		row, ok, err := s.tickets.Row(ctx, v.q, v.schema, id, v.number)
		found, out = ok, sealedTicket(row, v)
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// ByNumber returns the id of the ticket with a human number, the first of
// several sites; commands.ErrNotFound if there is none.
func (s *Side) ByNumber(ctx context.Context, at api.AsOf, number string) (uuid.UUID, error) {
	id := uuid.Nil
	_, err := s.ofTickets(ctx, at, func(v view) error {
		rows, err := s.tickets.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Where: "number = $1", Args: []any{number}, Order: []readmodel.Order{{By: "site"}}, Limit: 1, AsOf: v.number,
		})
		if len(rows) > 0 {
			id = rows[0].ID
		}
		return err
	})
	if err == nil && id == uuid.Nil {
		err = commands.ErrNotFound
	}
	return id, err
}

// List returns a page of tickets in order, and where it ended.
func (s *Side) List(ctx context.Context, at api.AsOf, f api.TicketFilter, by api.TicketSort, p api.Page) ([]api.SealedTicket, string, api.Snapshot, error) {
	var out []api.SealedTicket
	next := ""
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		start, err := afterTicket(p.After, by.By, v.asked)
		if err != nil {
			return err
		}
		v.asked = start.asked
		lq := listQuery(f, v)
		lq.Order = []readmodel.Order{{By: orderOf(by.By).sql, Desc: by.Desc}}
		lq.Limit, lq.After = p.Limit+1, start.values // one more tells whether there is a next page
		rows, err := s.tickets.List(ctx, v.q, v.schema, lq)
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			last := rows[p.Limit-1]
			next = place(orderOf(by.By).of(last.Row), timeText(v.asked), last.ID.String())
		}
		for _, r := range rows {
			out = append(out, sealedTicket(r, v))
		}
		return nil
	})
	return out, next, snap, err
}

// place writes where a page ended; after reads it.
func place(parts ...string) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(b)
}

func after(text string, n int) ([]any, error) {
	if text == "" {
		return nil, nil
	}
	var parts []string
	if err := json.Unmarshal([]byte(text), &parts); err != nil || len(parts) != n {
		return nil, api.ErrBadCursor
	}
	out := make([]any, n)
	for i, p := range parts {
		out[i] = p
	}
	id, err := uuid.Parse(parts[n-1])
	if err != nil {
		return nil, api.ErrBadCursor
	}
	out[n-1] = id
	return out, nil
}

func sealedTicket(r readmodel.Versioned[ticket.Row], v view) api.SealedTicket {
	row := r.Row
	t := api.Ticket{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Number: row.Number, Channel: row.Channel, Kind: row.Kind,
		Problem: row.Problem, Level: row.Level, Status: api.TicketStatus(row.Status), Cycle: row.Cycle,
		CalledAt: instant(row.OpenedAt), OpenedOn: string(row.OpenedOn), Team: optional(row.Team), Technician: optional(row.Technician),
		Targets: []api.TargetState{}, Escalations: []api.Escalation{}, ServiceZone: row.ServiceZone, FirstLevel: row.FirstLevel, LevelChanges: row.LevelChanges,
		Solution: row.Solution, MergedInto: optional(row.MergedInto), ActiveAgain: row.ActiveAgain,
		VisitNeededAt: maybe(row.VisitNeededAt), ArrivalBy: maybe(row.ArrivalBy), PausedAt: maybe(row.PausedAt),
		ResolvedAt: maybe(row.ResolvedAt), ClosedAt: maybe(row.ClosedAt), EndedAt: maybe(row.EndedAt),
	}
	t.ChargedFen, t.Charges = row.ChargedFen, row.Charges
	t.RepeatRepairs, t.HelpRequests, t.EmergencyPlans = row.RepeatRepairs, row.HelpRequests, row.EmergencyPlans
	if row.Class != "" {
		t.Class = new(api.ServiceClass(row.Class))
	}
	if row.PauseReason != "" {
		t.PauseReason = &row.PauseReason
	}
	if row.ExternalKey != "" {
		t.External = &api.ExternalKey{System: row.ExternalSystem, Key: row.ExternalKey}
	}
	for _, name := range domainticket.TargetNames() {
		if c, due := row.Of(name); shown(name, c) {
			t.Targets = append(t.Targets, targetState(api.TargetName(name), c, due, v))
		}
	}
	for _, e := range row.Escalations { // SLA-08
		t.Escalations = append(t.Escalations, api.Escalation{
			Target: api.TargetName(e.Target), Cycle: e.Cycle, Percent: e.Percent, To: api.EscalationTo(e.To), At: e.At, PastAt: e.PastAt,
		})
	}
	return api.SealedTicket{Ticket: t, Customer: row.Customer, Phone: row.Phone, Text: row.Text}
}

// shown reports whether a ticket tells of a target: always of first contact
// and resolution, of the others once they are started and agreed.
func shown(name domainticket.TargetName, c ticket.Clock) bool {
	return name == domainticket.FirstContact || name == domainticket.Resolution || c.Cycle > 0 && c.Agreed
}

func targetState(name api.TargetName, c ticket.Clock, due *time.Time, v view) api.TargetState {
	st := api.TargetState{
		Target: name, Cycle: c.Cycle, Clock: c.Clock, LimitS: c.LimitS, StartAt: c.StartAt, DueAt: c.DueAt,
		ReachedAt: c.ReachedAt, GrossS: c.GrossS, PausedS: c.PausedS, NetS: c.NetS,
	}
	switch {
	case !c.Running:
		st.State = api.TargetStateState(c.Verdict)
	case due != nil && !due.After(v.asked): // SLA-13
		st.State = api.TargetStateStateBreached
	case c.Stands:
		st.State = api.TargetStateStatePaused
	case !c.Agreed:
		st.State = api.TargetStateStateNoTarget
	default:
		st.State = api.TargetStateStateRunning
	}
	return st
}
