package importlog

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// Mapping says how to read the log of one source system. ParseMapping reads
// and checks it; SampleMapping is a commented example. It never changes and is
// safe for concurrent use. The keys of the file:
//
//	version        1
//	source         name of the source system, part of every id: never change it
//	site           {code, name, zone} the tickets belong to; registered if it is new
//	format         {type: csv, delimiter: ","}; gzip and a byte-order mark are recognized
//	missing        values that mean "not given"; the empty one always does
//	columns        header names, see Columns
//	times          {layouts, zone}: Go layouts, tried in order, and the zone (IANA name
//	               or fixed offset) of those that have no offset of their own
//	statuses       source status -> {status, pause}; status is one of registered, accepted,
//	               assigned, paused, on_site, resolved, signed_off, closed; pause, for paused
//	               only, one of customer, parts, third_party, force_majeure
//	levels         source level -> 1 to 4
//	default_level  of a row that gives none
//	channels       source channel -> phone, letter, in_person, email, web, other;
//	               one that is not named is other, and reported
//	default_kind   kind of a ticket whose row gives none
//	verdicts       source verdict on its own target -> true (met) or false
//	policy         {effective_from, reason, calendar: {week, days}, targets: [{level, name,
//	               clock, limit}]}, recorded for the site if it has none of its own
type Mapping struct {
	Source       string
	Site         Site
	Delimiter    byte
	Missing      map[string]bool
	Columns      Columns
	Times        Times
	Statuses     map[string]Transition
	Levels       map[string]ticket.Level
	DefaultLevel ticket.Level
	Channels     map[string]ticket.Channel
	DefaultKind  string
	Verdicts     map[string]bool
	Policy       *Policy // nil: none to record
}

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
	Status             Column
	Level              Column
	Team               Column
	Technician         Column
	Customer           Column // sealed before it is stored
	Kind               Column
	Problem            Column
	Channel            Column
	SourceResolvedTime Column // the source's claim, from the ticket's last row
	SourceSLAMet       Column // the source's claim, from the ticket's last row
	// SourceReassignments is how often the ticket changed hands, a whole
	// number: the source's claim, from the ticket's last row.
	SourceReassignments Column
}

// Column is a header name and where the mapping file says it.
type Column struct {
	Name     string // "" for none
	position position
}

// Transition is what a source status means here.
type Transition struct {
	Status ticket.Status
	Pause  ticket.PauseReason // for a pause only
}

// Policy is what is recorded for a site that has none.
type Policy struct {
	EffectiveFrom domain.Day // start of effect, in the site's zone
	Reason        string
	Calendar      calendar.Content // its zone is the site's
	Targets       []policy.SLATarget
}

// effectiveAt returns the start of effect as an instant.
func (p Policy) effectiveAt(zone string) (time.Time, error) {
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.ParseInLocation(time.DateOnly, string(p.EffectiveFrom), loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("start of effect: %w", err)
	}
	return at.UTC(), nil
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
