package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Imports brings in what happened elsewhere: it is kept in the order it
// happened and not refused. Everything is derived from the source's own keys,
// so importing twice adds nothing and a longer log adds what is new.
type Imports struct {
	*useCases
	tickets *Tickets
	people  *People
	teams   *Teams
	sites   *Sites
	tools   *Tools
}

// ImportedTicket is one ticket of another desk's log, or what is new of it.
type ImportedTicket struct {
	Site     string
	External domain.ExternalKey
	Rows     []ImportedRow // in the order they happened
}

// ImportedRow is one row of such a log.
type ImportedRow struct {
	Key      string           // the row's own key in the source system, "INC0000045/3"
	Customer string           // plain; sealed before anything is stored
	Row      ticket.ImportRow // Site, Zone, External, Customer and Book are filled in here
}

// Imported counts what an import of one ticket did.
type Imported struct {
	ID     uuid.UUID
	Events int // appended now
	Known  int // rows that had been imported before
	Silent int // rows that changed nothing
}

// Prepare makes the keys of many customers at once; Ticket then need not wait for each.
func (i *Imports) Prepare(ctx context.Context, site string, customers []string) error {
	subjects := make([]uuid.UUID, 0, len(customers))
	for _, c := range customers {
		if c != "" {
			subjects = append(subjects, i.subject(site, c))
		}
	}
	return i.Vault.Prepare(ctx, subjects)
}

// Ticket imports the rows of one ticket in one append: all or none. Errors are
// those of Execute; a row that was imported before is skipped.
func (i *Imports) Ticket(ctx context.Context, r Request, in ImportedTicket) (Imported, error) {
	site, err := i.sites.find(ctx, in.Site)
	if err != nil {
		return Imported{}, err
	}
	book, err := i.tickets.policies.Book(ctx, in.Site)
	if err != nil {
		return Imported{}, err
	}
	id := i.IDs.External("ticket", in.Site, in.External.System, in.External.Key)
	steps := make([]Step[ticket.Command], len(in.Rows))
	for n, row := range in.Rows {
		row.Row.Site, row.Row.Zone, row.Row.External, row.Row.Book = in.Site, site.Zone, in.External, book
		steps[n] = i.row(r, in, row)
	}
	results, err := ExecuteAll(ctx, i.x, ticketDecider(), StreamOf("ticket", id), steps)
	if err != nil {
		return Imported{}, fmt.Errorf("import ticket %s: %w", in.External.Key, err)
	}
	return count(id, results), nil
}

func (i *Imports) row(r Request, in ImportedTicket, row ImportedRow) Step[ticket.Command] {
	return Step[ticket.Command]{
		Call: Call{
			ID: i.IDs.External("row", in.Site, in.External.System, row.Key), Type: "ticket.import_row",
			Digest: i.Vault.Digest([]byte(row.Key)), Site: in.Site, Actor: r.Actor, OccurredAt: row.Row.At,
			Source: &eventschemas.Source{System: in.External.System, Row: row.Key},
		},
		Make: func(ctx context.Context, _ Stream) (ticket.Command, error) {
			s := sealer{ctx: ctx, vault: i.Vault, subject: i.subject(in.Site, row.Customer)}
			row.Row.Customer = s.seal(FieldName, row.Customer)
			return row.Row, s.err
		},
	}
}

func count(id uuid.UUID, results []Result) Imported {
	out := Imported{ID: id}
	for _, r := range results {
		switch {
		case r.Repeated:
			out.Known++
		case !r.Changed:
			out.Silent++
		default:
			out.Events += r.Events
		}
	}
	return out
}

// Person makes sure that a person of the source system exists and returns its
// id: of the one who holds the key already, however they came in.
func (i *Imports) Person(ctx context.Context, r Request, site string, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error) {
	held, err := Current(ctx, i.x, claimDecider(), claimStream("person", site, key.System, key.Key))
	if err != nil {
		return uuid.Nil, fmt.Errorf("find person %s of %s: %w", key.Key, key.System, err)
	}
	if held.Holder != uuid.Nil {
		st, err := Current(ctx, i.x, personDecider(), StreamOf("person", held.Holder))
		if err != nil || st.Exists {
			return held.Holder, err
		}
	}
	return i.people.importOne(ctx, r, site, key, name, at)
}

// Team makes sure that a team of the source system exists and returns its id.
func (i *Imports) Team(ctx context.Context, r Request, site string, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error) {
	id := i.IDs.External("team", site, key.System, key.Key)
	st, err := Current(ctx, i.x, teamDecider(), StreamOf("team", id))
	if err != nil || st.Code != "" {
		return id, err
	}
	return i.teams.importOne(ctx, r, site, key, name, at)
}

// ImportedTool is one row of an existing list of tools.
type ImportedTool struct {
	External domain.ExternalKey
	At       time.Time // since when its holder has it
	Tool     RegisterTool
}

// Tool imports one tool as an opening entry of its own date (TOL-01, TOL-03).
// Errors are those of Execute; ErrKeyReused says that the row was imported
// before with other content.
func (i *Imports) Tool(ctx context.Context, r Request, in ImportedTool) (Imported, error) {
	site := in.Tool.Site
	body, err := json.Marshal(in)
	if err != nil {
		return Imported{}, fmt.Errorf("encode tool %s: %w", in.External.Key, err)
	}
	id := i.IDs.External("tool", site, in.External.System, in.External.Key)
	call := Call{
		ID: i.IDs.External("row", site, in.External.System, "tool/"+in.External.Key), Type: "tool.import", Digest: i.Vault.Digest(body),
		Site: site, Actor: r.Actor, OccurredAt: domain.At(in.At),
		Source: &eventschemas.Source{System: in.External.System, Row: in.External.Key},
	}
	results, err := ExecuteAll(ctx, i.x, toolDecider(), StreamOf("tool", id), []Step[tool.Command]{{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (tool.Command, error) {
			return i.tools.register(ctx, call, id, in.Tool)
		},
	}})
	if err != nil {
		return Imported{}, fmt.Errorf("import tool %s: %w", in.External.Key, err)
	}
	return count(id, results), nil
}
