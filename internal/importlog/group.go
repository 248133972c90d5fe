package importlog

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain/ticket"
)

// mostHeld bounds the rows that wait for the rest of their ticket.
const mostHeld = 500_000

// errScattered says that too many tickets have their rows apart.
var errScattered = errors.New("too many tickets whose rows do not stand together; sort the log by ticket, rows in their order")

// grouper puts the rows of one ticket together, in file order. A ticket whose
// rows stand together is handed on as soon as the next begins, one whose rows
// do not with its last row: so a ticket is always imported whole.
type grouper struct {
	survey  survey
	left    map[string]int   // rows still to come, of tickets that are held
	held    map[string][]row // tickets whose rows do not stand together
	rows    int              // in held
	current string
	open    []row
	emit    func(rows []row) error
}

func newGrouper(s survey, emit func(rows []row) error) *grouper {
	return &grouper{survey: s, left: map[string]int{}, held: map[string][]row{}, emit: emit}
}

// add takes the next row of a ticket, nil for one that was refused.
func (g *grouper) add(key string, r *row) error {
	if g.survey.scattered[key] {
		return g.hold(key, r)
	}
	if key != g.current {
		if err := g.flush(); err != nil {
			return err
		}
		g.current = key
	}
	if r != nil {
		g.open = append(g.open, *r)
	}
	return nil
}

func (g *grouper) hold(key string, r *row) error {
	key = strings.Clone(key)
	if _, ok := g.left[key]; !ok {
		g.left[key] = g.survey.ofTicket[key]
	}
	g.left[key]--
	if r != nil {
		g.held[key] = append(g.held[key], *r)
		g.rows++
	}
	switch {
	case g.rows > mostHeld:
		return fmt.Errorf("hold rows of %d tickets: %w", len(g.held), errScattered)
	case g.left[key] > 0:
		return nil
	}
	rows := g.held[key]
	delete(g.held, key)
	delete(g.left, key)
	g.rows -= len(rows)
	return g.give(rows)
}

// flush hands on the ticket whose rows came last.
func (g *grouper) flush() error {
	rows := g.open
	g.open = nil
	return g.give(rows)
}

func (g *grouper) give(rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	return g.emit(rows)
}

// inOrder returns the rows of a ticket without those that contradict the rows
// before them. A row is compared in time with the one right before it, even
// if that was refused: one wrong time must not cost the rows that follow it.
// found gets every contradiction, refused one for each row. With keepOlder the
// order of the file is the order of things, whatever the times.
func inOrder(rows []row, keepOlder bool, found func(Reason), refused func(RowFault)) []row {
	seen := make(map[string]int, len(rows)) // key -> line
	last := row{}
	good := rows[:0]
	for _, r := range rows {
		first, repeated := seen[r.key]
		older := !keepOlder && r.at.Before(last.at)
		fault := RowFault{Line: r.line, Ticket: r.ticket, Row: r.key}
		if older {
			found(OlderRow)
			fault.Reason = OlderRow
			fault.Detail = fmt.Sprintf("%s, line %d has %s", r.at.Format(time.RFC3339), last.line, last.at.Format(time.RFC3339))
		}
		if repeated {
			found(RepeatedKey)
			fault.Reason, fault.Detail = RepeatedKey, fmt.Sprintf("first in line %d", first)
		}
		if fault.Reason != "" {
			refused(fault)
			last = r
			continue
		}
		seen[r.key], last = r.line, r
		good = append(good, r)
	}
	return good
}

// carried fills in what rows keep from the row before: a status that is
// unchanged, and what the mapping lets them keep. A ticket starts registered.
func carried(rows []row, c Carry) []row {
	last := row{status: Transition{Status: ticket.StatusRegistered}}
	for i := range rows {
		r := &rows[i]
		if r.status.Unchanged {
			r.status = last.status
		}
		if c.Level && !r.levelGiven && i > 0 {
			r.level = last.level
		}
		if c.Team && r.team == "" {
			r.team = last.team
		}
		if c.Technician && r.technician == "" {
			r.technician = last.technician
		}
		last = *r
	}
	return rows
}
