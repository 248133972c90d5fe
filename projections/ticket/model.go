package ticket

import (
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever a fold or a table changes.
const (
	Name    = "ticket"
	Version = 3
)

// Projection returns the ticket's tables: ticket with its versions and
// figures, and ticket_event, one row for each event of a ticket.
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{listed(Table()), Events()}}
}

// Table is the model behind every list, card and figure of tickets.
func Table() readmodel.Model[Row] {
	return readmodel.Model[Row]{
		Name: "ticket", Category: "ticket",
		Evolve: Evolve, Contribute: Contribute, Measures: Measures, Dims: Dims{},
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.ticket (site, opened_at, id)`,                                                                                          // every list, newest first
			`CREATE INDEX ON {{.schema}}.ticket (site, contact_due_at) WHERE contact_due_at IS NOT NULL`,                                                        // SLA-13, overdue
			`CREATE INDEX ON {{.schema}}.ticket (site, resolution_due_at) WHERE resolution_due_at IS NOT NULL`,                                                  // SLA-13, overdue
			`CREATE INDEX ON {{.schema}}.ticket (site, remote_due_at) WHERE remote_due_at IS NOT NULL`,                                                          // SLA-13, overdue
			`CREATE INDEX ON {{.schema}}.ticket (site, arrival_due_at) WHERE arrival_due_at IS NOT NULL`,                                                        // SLA-13, overdue
			`CREATE INDEX ON {{.schema}}.ticket (site, update_due_at) WHERE update_due_at IS NOT NULL`,                                                          // SLA-13, overdue
			`CREATE INDEX ON {{.schema}}.ticket (site, technician) WHERE status NOT IN ('resolved', 'signed_off', 'closed', 'merged', 'withdrawn', 'rejected')`, // my tickets
			`CREATE INDEX ON {{.schema}}.ticket (number)`,                                                                                                       // a card by its number
		},
		Filters: [][]string{{"site"}},
	}
}

// Happened is what the history of a ticket shows of an event, beside what
// every event log has; the event itself is in the store.
type Happened struct {
	Actor   string `db:"actor"` // person id
	Command string `db:"command"`
	Row     string `db:"source_row"` // "" unless imported
	Struck  int64  `db:"struck"`     // on a strike: the revision it strikes, else -1
}

// Events is the log of what happened to tickets, by log number.
func Events() readmodel.Log[Happened] {
	return readmodel.Log[Happened]{
		Name: "ticket_event", Category: "ticket", Row: happened,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.ticket_event (id, number)`},
	}
}

func happened(rec eventschemas.Record) (*Happened, error) {
	h := &Happened{Actor: rec.Envelope.Actor.Person, Command: rec.Envelope.Command.Type, Struck: -1}
	if s := rec.Envelope.Source; s != nil {
		h.Row = s.Row
	}
	switch e := rec.Event.(type) {
	case ticket.Event:
	case record.Struck:
		h.Struck = int64(e.Revision) //nolint:gosec // a revision fits
	default:
		return nil, readmodel.Unknown(rec)
	}
	return h, nil
}
