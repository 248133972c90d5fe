package readside

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// moved are the exchanges of a view that are completed, while the tools' own
// streams do not have it yet: those tools are read through them (EXC-06).
type moved map[uuid.UUID]custody.Exchange

// moved finds them. There are none most of the time. The view is of a
// projection that has the table of exchanges.
func (s *Side) moved(ctx context.Context, v view) (moved, error) {
	rows, err := s.exchanges.List(ctx, v.q, v.schema, readmodel.ListQuery{Where: "status = 'completed'", AsOf: v.number})
	if err != nil {
		return nil, err
	}
	out := moved{}
	for _, row := range rows {
		out[row.ID] = row.Row
	}
	return out, nil
}

// tools are those that are read through an exchange.
func (m moved) tools() []uuid.UUID {
	var out []uuid.UUID
	for _, x := range m {
		for _, move := range x.Moves {
			out = append(out, move.Tool)
		}
	}
	return out
}

// through returns a tool's row as its exchange has it, if that is completed.
func (m moved) through(id uuid.UUID, row custody.Row, revision int64) custody.Row {
	if x, ok := m[row.Kept]; ok {
		return row.Through(id, x, revision)
	}
	return row
}

// kept is through for a row of keeping.
func (m moved) kept(id uuid.UUID, row keeping.Tool, revision int64) keeping.Tool {
	if x, ok := m[row.Kept]; ok {
		return row.Through(id, x, revision)
	}
	return row
}

// unsettled is how a list of tools looks at those that are read through an exchange.
type unsettled[R any] struct {
	through func(id uuid.UUID, row R, revision int64) R
	number  func(row R) string
	wanted  func(id uuid.UUID, row R) bool // as the list's own condition has it
}

// readThrough lists tools in order of their numbers and ids. What the columns
// say of those that a completed exchange has moved does not hold yet: they are
// left out of the list, read through their exchanges, and put in where they belong.
func readThrough[R any](
	ctx context.Context, v view, tools *readmodel.Reader[R], lq readmodel.ListQuery, m moved, u unsettled[R],
) ([]readmodel.Versioned[R], error) {
	lq.AsOf, lq.Order, lq.Except = v.number, numberOrder, m.tools()
	rows, err := tools.List(ctx, v.q, v.schema, lq)
	if err != nil || len(m) == 0 {
		return rows, err
	}
	also, err := tools.List(ctx, v.q, v.schema, readmodel.ListQuery{
		Sites: lq.Sites, Where: "id = ANY ($1)", Args: []any{lq.Except}, AsOf: v.number,
	})
	if err != nil {
		return nil, err
	}
	for _, row := range also {
		row.Row = u.through(row.ID, row.Row, row.Revision)
		if u.wanted(row.ID, row.Row) && follows(u.number(row.Row), row.ID, lq.After) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b readmodel.Versioned[R]) int {
		return cmp.Or(cmp.Compare(u.number(a.Row), u.number(b.Row)), bytes.Compare(a.ID[:], b.ID[:]))
	})
	if lq.Limit > 0 && len(rows) > lq.Limit {
		rows = rows[:lq.Limit]
	}
	return rows, nil
}

// follows reports whether a tool comes after where a page ended.
func follows(number string, id uuid.UUID, after []any) bool {
	if len(after) != len(numberOrder)+1 {
		return true
	}
	last := fmt.Sprint(after[0])
	return number > last || number == last && id.String() > fmt.Sprint(after[1])
}

// heldTool is a tool with who had it at the asked time, and since when.
type heldTool struct {
	readmodel.Versioned[custody.Row]
	holder string // as custody.HolderText
	since  time.Time
}

// notListed are the columns that no line of a list shows.
var notListed = []string{"custody", "chases", "bookings", "scope"}

// heldTools lists tools by who had them at an instant, in order of their
// numbers and ids, each found by a stretch of its custody (CHK-03). Those that
// are read through an exchange come as wanted has it.
func (s *Side) heldTools(ctx context.Context, v view, lq readmodel.ListQuery, wanted func(row custody.Row) bool) ([]heldTool, error) {
	at := lq.Held.At
	if at.IsZero() {
		at = readmodel.Forever
	}
	lq.Without = notListed
	rows, err := s.custodyRows(ctx, v, lq, func(_ uuid.UUID, row custody.Row) bool {
		span, ok := row.At(at)
		return ok && heldAs(span.Holder, *lq.Held) && (wanted == nil || wanted(row))
	})
	out := make([]heldTool, len(rows))
	for i, row := range rows {
		out[i] = heldTool{row, row.Held.Holder, row.Held.From}
		if span, ok := row.Row.At(at); ok { // read through an exchange
			out[i].holder, out[i].since = span.Holder, span.From.Time
		}
	}
	return out, err
}

// custodyRows lists tools in order of their numbers and ids; wanted says the
// same of a row as the query does.
func (s *Side) custodyRows(
	ctx context.Context, v view, lq readmodel.ListQuery, wanted func(id uuid.UUID, row custody.Row) bool,
) ([]readmodel.Versioned[custody.Row], error) {
	m, err := s.moved(ctx, v)
	if err != nil {
		return nil, err
	}
	return readThrough(ctx, v, s.tools, lq, m, unsettled[custody.Row]{
		through: m.through, number: func(row custody.Row) string { return row.Number }, wanted: wanted,
	})
}

// heldAs reports whether a holder is the asked one.
func heldAs(text string, h readmodel.Held) bool {
	return (h.Holder == "" || h.Holder == text) && (h.Kind == "" || len(text) > len(h.Kind) && text[:len(h.Kind)] == h.Kind)
}

// keptTools lists tools at rest, in order of their numbers and ids; wanted says
// the same of a row as the query does.
func (s *Side) keptTools(ctx context.Context, v view, lq readmodel.ListQuery, wanted func(t keeping.Tool) bool) ([]readmodel.Versioned[keeping.Tool], error) {
	m, err := s.moved(ctx, v)
	if err != nil {
		return nil, err
	}
	return readThrough(ctx, v, s.atRest, lq, m, unsettled[keeping.Tool]{
		through: m.kept, number: func(t keeping.Tool) string { return t.Number }, wanted: func(_ uuid.UUID, t keeping.Tool) bool { return wanted(t) },
	})
}
