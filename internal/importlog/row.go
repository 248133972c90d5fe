package importlog

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain/ticket"
)

// Reason says why a row was not imported.
type Reason string

// The reasons, in the order in which they are looked for: a row that has
// several is refused for the first. Report.Found counts each of the last two
// wherever it holds.
const (
	UnreadableRow Reason = "unreadable_row" // number of fields, quotes, encoding
	MissingKey    Reason = "missing_key"    // of the ticket, or a part of the row's
	MissingTime   Reason = "missing_time"   // of the row
	BadTime       Reason = "bad_time"       // a time in no layout of the mapping
	UnknownStatus Reason = "unknown_status" // not in the mapping, or missing
	UnknownLevel  Reason = "unknown_level"  // not in the mapping
	Rejected      Reason = "rejected"       // the domain did not accept the ticket's rows
	RepeatedKey   Reason = "repeated_key"   // an imported row of the ticket has this key
	OlderRow      Reason = "older_row"      // than the row of the ticket right before it in the file

	UnknownValue Reason = "unknown_value" // of a list of tools: not in the mapping, or missing
	BadPrice     Reason = "bad_price"     // of a list of tools
	Differs      Reason = "differs"       // of a list of tools: imported before with other content
)

// RowFault is a row that was not imported.
type RowFault struct {
	Line   int    `json:"line"` // of the file, from 1, the header's included
	Ticket string `json:"ticket"`
	Row    string `json:"row"` // the row's key, as far as it has one
	Reason Reason `json:"reason"`
	Detail string `json:"detail"` // never personal data
}

// row is a row of the log in our words.
type row struct {
	line             int
	ticket, key      string
	at               time.Time
	opened           time.Time // zero for none
	status           Transition
	level            ticket.Level
	team, technician string // names in the source, "" for none
	customer         string
	kind, problem    string
	channel          ticket.Channel
	resolved         time.Time // the source's claims
	slaMet           *bool
	reassignments    *int64
	levelGiven       bool
}

// read puts a row into our words, or says why it cannot be.
func (l *source) read(raw rawRow) (row, *RowFault) {
	r := row{line: raw.line}
	refuse := func(reason Reason, format string, args ...any) (row, *RowFault) {
		return r, &RowFault{r.line, r.ticket, r.key, reason, fmt.Sprintf(format, args...)}
	}
	if raw.fault != "" {
		return refuse(UnreadableRow, "%s", raw.fault)
	}
	f := raw.fields
	r.ticket = l.value(f, l.at.ticket)
	key, complete := l.rowKey(f, r.ticket)
	if r.key = key; r.ticket == "" || !complete {
		return refuse(MissingKey, "ticket %q, row %q", r.ticket, r.key)
	}
	if l.value(f, l.at.rowTime) == "" {
		return refuse(MissingTime, "column %s", l.m.Columns.RowTime.Name)
	}
	if err := l.times(f, &r); err != nil {
		return refuse(BadTime, "%s", err)
	}
	var ok bool
	if r.status, ok = l.m.Statuses[l.status(f)]; !ok {
		return refuse(UnknownStatus, "%.60q", l.status(f))
	}
	if r.level = l.m.DefaultLevel; l.value(f, l.at.level) != "" {
		r.levelGiven = true
		if r.level, ok = l.m.Levels[l.value(f, l.at.level)]; !ok {
			return refuse(UnknownLevel, "%.60q", l.value(f, l.at.level))
		}
	}
	l.rest(f, &r)
	return r, nil
}

// rest reads the columns that cannot be at fault.
func (l *source) rest(f []string, r *row) {
	r.team, r.technician = l.value(f, l.at.team), l.value(f, l.at.technician)
	r.customer, r.problem = l.value(f, l.at.customer), l.value(f, l.at.problem)
	if r.kind = l.value(f, l.at.kind); r.kind == "" {
		r.kind = l.m.DefaultKind
	}
	var ok bool
	if r.channel, ok = l.m.Channels[l.value(f, l.at.channel)]; !ok {
		r.channel = ticket.Other
	}
	if met, ok := l.m.Verdicts[l.value(f, l.at.slaMet)]; ok {
		r.slaMet = &met
	}
	r.reassignments = reassignments(l.value(f, l.at.reassignments))
}

// reassignments reads how often the source says that a ticket changed hands;
// nil if that is no whole number of at least 0.
func reassignments(text string) *int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

// rowKey joins the parts of the row's key, with the ticket's in front if it is
// none of them, so that it is unique beyond its ticket.
func (l *source) rowKey(f []string, ticketKey string) (key string, complete bool) {
	complete = true
	var b strings.Builder
	if !l.at.ticketKey {
		b.WriteString(ticketKey)
	}
	for _, column := range l.at.rowKey {
		part := l.value(f, column)
		complete = complete && part != ""
		if b.Len() > 0 {
			b.WriteByte('/')
		}
		b.WriteString(part)
	}
	return b.String(), complete
}

func (l *source) times(f []string, r *row) error {
	for _, t := range []struct {
		column int
		into   *time.Time
		name   Column
	}{
		{l.at.rowTime, &r.at, l.m.Columns.RowTime},
		{l.at.opened, &r.opened, l.m.Columns.OpenedTime},
		{l.at.resolved, &r.resolved, l.m.Columns.SourceResolvedTime},
	} {
		text := l.value(f, t.column)
		if text == "" {
			continue
		}
		at, err := l.m.Times.parse(text)
		if err != nil {
			return fmt.Errorf("column %s: %w", t.name.Name, err)
		}
		*t.into = at
	}
	return nil
}
