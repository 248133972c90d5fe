package importlog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// places makes sure that what tickets name is there: teams, technicians,
// customers' keys. Each is asked for once an import. Used by one goroutine.
type places struct {
	mapping     *Mapping
	to          target
	teams       map[string]uuid.UUID
	technicians map[string]uuid.UUID
	prepared    map[string]bool // customers
}

// target is what a log is brought into.
type target interface {
	// site makes sure of the site and the policies it has none of.
	site(ctx context.Context) error
	customers(ctx context.Context, names []string) error
	team(ctx context.Context, key domain.ExternalKey, at time.Time) (uuid.UUID, error)
	technician(ctx context.Context, key domain.ExternalKey, at time.Time) (uuid.UUID, error)
	// ticket brings in the rows of one ticket, all or none. Safe for concurrent use.
	ticket(ctx context.Context, t commands.ImportedTicket) (commands.Imported, error)
}

func newPlaces(m *Mapping, to target) *places {
	return &places{
		mapping: m, to: to, teams: map[string]uuid.UUID{}, technicians: map[string]uuid.UUID{}, prepared: map[string]bool{},
	}
}

// customers makes the keys of the customers of many tickets at once (AUD-07).
func (p *places) customers(ctx context.Context, tickets [][]row) error {
	var fresh []string
	for _, rows := range tickets {
		if name := rows[0].customer; name != "" && !p.prepared[name] {
			name = strings.Clone(name)
			p.prepared[name] = true
			fresh = append(fresh, name)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := p.to.customers(ctx, fresh); err != nil {
		return fmt.Errorf("prepare keys of %d customers: %w", len(fresh), err)
	}
	return nil
}

// ticket turns the rows of a ticket into what is imported. The customer goes
// with the first row, which may register the ticket; what the source claims of
// itself goes with the last.
func (p *places) ticket(ctx context.Context, rows []row) (commands.ImportedTicket, error) {
	system := p.mapping.Source
	t := commands.ImportedTicket{
		Site: p.mapping.Site.Code, External: domain.ExternalKey{System: system, Key: rows[0].ticket},
		Rows: make([]commands.ImportedRow, len(rows)),
	}
	for i, r := range rows {
		team, err := p.named(ctx, p.teams, "team", r.team, r.at, p.to.team)
		if err != nil {
			return t, err
		}
		technician, err := p.named(ctx, p.technicians, "technician", r.technician, r.at, p.to.technician)
		if err != nil {
			return t, err
		}
		t.Rows[i] = commands.ImportedRow{Key: r.key, Row: ticket.ImportRow{
			At: domain.At(r.at), OpenedAt: domain.At(r.opened), Channel: r.channel, Kind: r.kind, Problem: r.problem,
			Level: r.level, Team: team, Technician: technician, Status: r.status.Status, Pause: r.status.Pause,
		}}
	}
	t.Rows[0].Customer = rows[0].customer
	t.Rows[len(rows)-1].Row.Claim = claim(rows[len(rows)-1])
	return t, nil
}

func claim(r row) *ticket.SourceClaim {
	if r.resolved.IsZero() && r.slaMet == nil && r.reassignments == nil {
		return nil
	}
	c := &ticket.SourceClaim{SLAMet: r.slaMet, Reassignments: r.reassignments}
	if !r.resolved.IsZero() {
		at := domain.At(r.resolved)
		c.ResolvedAt = &at
	}
	return c
}

// registrar is target.team or target.technician.
type registrar func(ctx context.Context, key domain.ExternalKey, at time.Time) (uuid.UUID, error)

// named returns the id of a team or person of the source; the zero one for "".
func (p *places) named(ctx context.Context, known map[string]uuid.UUID, kind, name string, at time.Time, register registrar) (uuid.UUID, error) {
	if id, ok := known[name]; ok || name == "" {
		return id, nil
	}
	name = strings.Clone(name)
	id, err := register(ctx, domain.ExternalKey{System: p.mapping.Source, Key: name}, at)
	if err != nil {
		return uuid.Nil, fmt.Errorf("register %s of a row at %s: %w", kind, at.Format(time.RFC3339), err)
	}
	known[name] = id
	return id, nil
}
