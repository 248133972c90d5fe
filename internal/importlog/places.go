package importlog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// places makes sure that what tickets name is there: the site, its policies,
// teams, technicians, customers' keys. Each is asked for once an import. Used
// by one goroutine.
type places struct {
	im          *importer
	teams       map[string]uuid.UUID
	technicians map[string]uuid.UUID
	prepared    map[string]bool // customers
}

// request returns the importer's request for an operation of its own.
func (p *places) request(parts ...string) commands.Request {
	r := p.im.Request
	r.Key = strings.Join(append([]string{"import"}, parts...), "\x00")
	r.Expected, r.Source = nil, nil
	return r
}

// site registers the site and records the policies it has none of.
func (p *places) site(ctx context.Context) error {
	p.teams, p.technicians, p.prepared = map[string]uuid.UUID{}, map[string]uuid.UUID{}, map[string]bool{}
	s := p.im.Mapping.Site
	_, err := retry(ctx, p.im, func() (commands.Registered, error) {
		return p.im.App.Sites.Register(ctx, p.request(s.Code, s.Name, s.Zone), commands.RegisterSite{Code: s.Code, Name: s.Name, Zone: s.Zone})
	})
	if err != nil {
		return fmt.Errorf("register site %s: %w", s.Code, err)
	}
	if p.im.Mapping.Policy == nil {
		return nil
	}
	return p.policies(ctx, *p.im.Mapping.Policy)
}

func (p *places) policies(ctx context.Context, given Policy) error {
	code := p.im.Mapping.Site.Code
	versions, err := retry(ctx, p.im, func() ([]policy.Recorded, error) { return p.im.App.Policies.Versions(ctx, code) })
	if err != nil {
		return fmt.Errorf("read policies of site %s: %w", code, err)
	}
	own := map[policy.Kind]uuid.UUID{}
	for _, v := range versions {
		if v.Version.Site == code { // POL-06
			own[v.Version.Kind] = v.ID
		}
	}
	if _, ok := own[policy.KindCalendar]; !ok {
		if own[policy.KindCalendar], err = p.record(ctx, given, policy.KindCalendar, given.Calendar); err != nil {
			return err
		}
	}
	if _, ok := own[policy.KindSLA]; !ok {
		_, err = p.record(ctx, given, policy.KindSLA, policy.SLA{Calendar: own[policy.KindCalendar], Targets: given.Targets})
	}
	return err
}

func (p *places) record(ctx context.Context, given Policy, kind policy.Kind, content any) (uuid.UUID, error) {
	site := p.im.Mapping.Site
	raw, err := json.Marshal(content)
	if err != nil {
		return uuid.Nil, fmt.Errorf("encode policy %s: %w", kind, err)
	}
	from, err := given.effectiveAt(site.Zone)
	if err != nil {
		return uuid.Nil, fmt.Errorf("record policy %s of site %s: %w", kind, site.Code, err)
	}
	in := commands.RecordPolicy{Site: site.Code, Kind: kind, EffectiveFrom: from, Reason: given.Reason, Content: raw}
	key := p.request(site.Code, string(kind), from.Format(time.RFC3339), given.Reason, string(raw))
	reg, err := retry(ctx, p.im, func() (commands.Registered, error) { return p.im.App.Policies.Record(ctx, key, in) })
	if err != nil {
		return uuid.Nil, fmt.Errorf("record policy %s of site %s: %w", kind, site.Code, err)
	}
	return reg.ID, nil
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
	_, err := retry(ctx, p.im, func() (struct{}, error) {
		return struct{}{}, p.im.App.Imports.Prepare(ctx, p.im.Mapping.Site.Code, fresh)
	})
	if err != nil {
		return fmt.Errorf("prepare keys of %d customers: %w", len(fresh), err)
	}
	return nil
}

// ticket turns the rows of a ticket into what is imported. The customer goes
// with the first row, which may register the ticket; what the source claims of
// itself goes with the last.
func (p *places) ticket(ctx context.Context, rows []row) (commands.ImportedTicket, error) {
	system := p.im.Mapping.Source
	t := commands.ImportedTicket{
		Site: p.im.Mapping.Site.Code, External: domain.ExternalKey{System: system, Key: rows[0].ticket},
		Rows: make([]commands.ImportedRow, len(rows)),
	}
	for i, r := range rows {
		team, err := p.named(ctx, p.teams, "team", r.team, r.at, p.im.App.Imports.Team)
		if err != nil {
			return t, err
		}
		technician, err := p.named(ctx, p.technicians, "technician", r.technician, r.at, p.im.App.Imports.Person)
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

// registrar is Imports.Team or Imports.Person.
type registrar func(ctx context.Context, r commands.Request, site string, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error)

// named returns the id of a team or person of the source; the zero one for "".
func (p *places) named(ctx context.Context, known map[string]uuid.UUID, kind, name string, at time.Time, register registrar) (uuid.UUID, error) {
	if id, ok := known[name]; ok || name == "" {
		return id, nil
	}
	name = strings.Clone(name)
	key := domain.ExternalKey{System: p.im.Mapping.Source, Key: name}
	id, err := retry(ctx, p.im, func() (uuid.UUID, error) {
		return register(ctx, p.request(), p.im.Mapping.Site.Code, key, name, at)
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("register %s of a row at %s: %w", kind, at.Format(time.RFC3339), err)
	}
	known[name] = id
	return id, nil
}
