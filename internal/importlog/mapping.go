package importlog

import (
	"fmt"
	"strings"

	"github.com/fieldledger/fieldledger/domain/ticket"
)

// Mapping says how to read the log of one source system. ParseMapping reads
// and checks it; SampleMapping is a commented example, and docs/import.md tells
// every key. It never changes and is safe for concurrent use.
type Mapping struct {
	Source       string
	Site         Site
	Format       string // "csv" or "xes"
	Delimiter    byte   // of CSV
	Quote        byte   // of CSV
	Missing      map[string]bool
	Columns      Columns
	Times        Times
	Statuses     map[string]Transition
	Levels       map[string]ticket.Level
	DefaultLevel ticket.Level
	Channels     map[string]ticket.Channel
	DefaultKind  string
	Verdicts     map[string]bool
	Policies     []PolicyVersion // to record for a site without its own
	Carry        Carry
	KeepOlder    bool // a row older than the one before it is the next thing that happened
}

// Carry says what a row that does not give a value keeps from the row before.
type Carry struct{ Level, Team, Technician bool }

// Site is the site that the tickets belong to.
type Site struct{ Code, Name, Zone string }

// Columns names the log's columns. Ticket, RowKey, RowTime and Status must be
// given; the others may be left out.
type Columns struct {
	Ticket             Column   // the ticket's key
	RowKey             []Column // together the row's own key, unique within its ticket
	RowTime            Column   // when the row was written: what it says holds from then on
	OpenedTime         Column   // the call; the first row's time if it is not given
	CreatedTime        Column   // only counted where it is missing
	Status             []Column // their values, joined by "+", are what Mapping.Statuses names
	Level              Column
	Team               Column
	Technician         Column
	Customer           Column // sealed before it is stored
	Kind               Column
	Problem            Column
	Channel            Column
	SourceResolvedTime Column // the source's claim, from the ticket's last row
	SourceSLAMet       Column // the source's claim, from the ticket's last row
	SourceReassigned   Column // the source's claim, from the ticket's last row: how often it changed hands
}

// Column is a header name and where the mapping file says it.
type Column struct {
	Name     string // "" for none
	position position
}

// Transition is what a source status means here.
type Transition struct {
	Status    ticket.Status
	Pause     ticket.PauseReason // for a pause only
	Unchanged bool               // the ticket stays where the row before left it
}

// MappingError holds everything that is wrong with a mapping, in file order.
type MappingError struct{ Faults []MappingFault }

// MappingFault is one fault of a mapping and where it stands.
type MappingFault struct {
	Line, Column int    // from 1; Column is 0 where the file is no YAML at all
	Path         string // "statuses.New.pause"
	Text         string
}

// Error names every fault with its line and column.
func (e *MappingError) Error() string {
	var b strings.Builder
	b.WriteString("mapping:")
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(&b, " line %d column %d: ", f.Line, f.Column)
		if f.Path != "" {
			b.WriteString(f.Path + ": ")
		}
		b.WriteString(f.Text)
	}
	return b.String()
}
