package readside

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// order is one order of a list of tickets.
type order struct {
	sql  string                         // never NULL
	of   func(r ticket.Row) string      // its value, for a cursor
	read func(text string) (any, error) // back again
}

// orderOf knows the orders of api.TicketSort; anything else is by called_at.
func orderOf(by string) order {
	switch by {
	case "number":
		return order{"number", func(r ticket.Row) string { return r.Number }, func(s string) (any, error) { return s, nil }}
	case "level":
		return order{"level", func(r ticket.Row) string { return strconv.Itoa(r.Level) }, func(s string) (any, error) { return strconv.ParseInt(s, 10, 64) }}
	case "updated_at":
		return order{"updated_at", func(r ticket.Row) string { return timeText(r.UpdatedAt) }, readTime}
	case "due_at":
		return order{ticket.NextDue, dueText, readTime}
	}
	return order{"opened_at", func(r ticket.Row) string { return timeText(r.OpenedAt) }, readTime}
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// never is how a cursor tells that there is no due time.
const never = "never"

func dueText(r ticket.Row) string {
	if next := r.NextDueAt(); next != nil {
		return timeText(*next)
	}
	return never
}

func readTime(text string) (any, error) {
	if text == never {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// start is where a page begins.
type start struct {
	asked  time.Time // when the first page was asked for: late tickets stay the same on all
	values []any     // of the order and the id; nil for the first page
}

func afterTicket(text, by string, asked time.Time) (start, error) {
	parts, err := after(text, 3)
	if err != nil || parts == nil {
		return start{asked: asked}, err
	}
	value, badValue := orderOf(by).read(parts[0].(string))
	at, badTime := time.Parse(time.RFC3339Nano, parts[1].(string))
	if badValue != nil || badTime != nil {
		return start{}, api.ErrBadCursor
	}
	return start{asked: at, values: []any{value, parts[2]}}, nil
}

// conditions collects what a list is narrowed by.
type conditions struct {
	where []string
	args  []any
}

// add takes a condition with a ? for each argument.
func (c *conditions) add(condition string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(c.args)), 1)
	}
	c.where = append(c.where, condition)
}

// id narrows by a column that may be empty.
func (c *conditions) id(column string, id *uuid.UUID) {
	switch {
	case id == nil:
	case *id == uuid.Nil:
		c.add(column + " IS NULL")
	default:
		c.add(column+" = ?", *id)
	}
}

func (c *conditions) late(yes bool, at time.Time) { // SLA-13
	if yes {
		c.add(ticket.Late, at)
	} else {
		c.add("NOT "+ticket.Late, at)
	}
}

func (c *conditions) view(f api.TicketFilter, asked time.Time) {
	switch f.View {
	case api.TicketViewMine:
		c.add("technician = ?", f.Mine)
	case api.TicketViewFollowing:
		c.add(ticket.FollowedBy, f.Mine.String())
	case api.TicketViewPaused, api.TicketViewClosed:
		c.add("status = ?", string(f.View))
	case api.TicketViewOverdue:
		c.late(true, asked)
	case api.TicketViewDueNext:
		c.add(ticket.Due)
	case api.TicketViewUndispatched:
		c.add(ticket.Undispatched)
	}
}

func listQuery(f api.TicketFilter, v view) readmodel.ListQuery {
	c := &conditions{}
	c.view(f, v.asked)
	if f.Status != nil {
		c.add("status = ?", string(*f.Status))
	}
	if f.Kind != nil {
		c.add("kind = ?", *f.Kind)
	}
	if f.Problem != nil {
		c.add("problem = ?", *f.Problem)
	}
	if f.Level != nil {
		c.add("level = ?", *f.Level)
	}
	if f.OpenedFrom != nil {
		c.add("opened_on >= ?::date", string(*f.OpenedFrom))
	}
	if f.OpenedTo != nil {
		c.add("opened_on <= ?::date", string(*f.OpenedTo))
	}
	c.id("technician", f.Technician)
	c.id("team", f.Team)
	if f.Overdue != nil {
		c.late(*f.Overdue, v.asked)
	}
	return readmodel.ListQuery{Sites: f.Sites, AsOf: v.number, Where: strings.Join(c.where, " AND "), Args: c.args}
}
