package readmodel

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// spanClasses is how many classes of spans there can be: logs of 2^40 events.
const spanClasses = 40

// Versioned is a row as of some log number.
type Versioned[R any] struct {
	Site     string
	ID       uuid.UUID // of the stream
	From     int64     // log number of the event that made this version
	To       int64     // of the one that ended it; 0 for the current one
	Revision int64     // of the stream, for the ETag
	Held     Stretch   // that was asked for by ListQuery.Held
	Row      R
}

// Order is one key of a list's order. By is an SQL expression over the
// columns that is never NULL.
type Order struct {
	By   string
	Desc bool
}

// ListQuery asks for rows of a model.
type ListQuery struct {
	Sites []string // codes; empty for all
	Where string   // SQL condition over the columns with $1, $2 ... for Args; empty for none
	Args  []any
	Order []Order // then by id
	After []any   // values of Order and the id of the last row seen; nil from the start
	Limit int     // 0 for no limit
	AsOf  int64   // log number; 0 for the current rows
	// Held asks for what was held, in the order of that; nil for all rows.
	Held *Held
	// Except names rows that are left out.
	Except []uuid.UUID
	// Without names columns that a list by Held need not read: they are zero.
	Without []string
}

// Reader reads the tables of a Model. It is safe for concurrent use.
type Reader[R any] struct{ e *entity[R] }

// NewReader checks the model and returns its reader.
func NewReader[R any](m Model[R]) (*Reader[R], error) {
	p, err := m.compile()
	if err != nil {
		return nil, err
	}
	return &Reader[R]{e: p.(*entity[R])}, nil
}

// args collects arguments and hands out their placeholders.
type args []any

func (a *args) add(v any) string {
	*a = append(*a, v)
	return fmt.Sprintf("$%d", len(*a))
}

// Row returns the row of a stream as of a log number (0: now); false if it
// was not there.
func (r *Reader[R]) Row(ctx context.Context, q Querier, schema string, id uuid.UUID, asOf int64) (Versioned[R], bool, error) {
	var a args
	where := "id = " + a.add(id)
	sql, a := r.listSQL(schema, ListQuery{Where: where, Args: a, AsOf: asOf}, r.rowHistory)
	rows, err := r.list(ctx, q, sql, a)
	if err != nil || len(rows) == 0 {
		return Versioned[R]{}, false, err
	}
	return rows[0], true, nil
}

// Versions returns every version of a row up to a log number (0: now), oldest first.
func (r *Reader[R]) Versions(ctx context.Context, q Querier, schema string, id uuid.UUID, asOf int64) ([]Versioned[R], error) {
	cols := r.e.versionList(schema, "v")
	sql := fmt.Sprintf(`SELECT %[1]s, to_number FROM %[2]s v WHERE id = $1 AND ($2::bigint = 0 OR from_number <= $2)
		UNION ALL SELECT %[1]s, 0 FROM %[3]s v WHERE id = $1 AND ($2::bigint = 0 OR from_number <= $2) ORDER BY 3`,
		cols, quote(schema, r.e.history.name), quote(schema, r.e.Name))
	return r.list(ctx, q, sql, args{id, asOf})
}

// List returns rows in order, as of a log number or now.
func (r *Reader[R]) List(ctx context.Context, q Querier, schema string, lq ListQuery) ([]Versioned[R], error) {
	sql, a := r.anySQL(schema, lq)
	return r.list(ctx, q, sql, a)
}

// Each calls f with the rows of List, in order, as they are read: what it holds
// does not grow with the list. q is not free for other questions meanwhile. The
// error is that of f, or of reading.
func (r *Reader[R]) Each(ctx context.Context, q Querier, schema string, lq ListQuery, f func(Versioned[R]) error) error {
	sql, a := r.anySQL(schema, lq)
	return r.each(ctx, q, sql, a, f)
}

func (r *Reader[R]) anySQL(schema string, lq ListQuery) (string, args) {
	if lq.Held != nil {
		return r.heldSQL(schema, lq)
	}
	return r.listSQL(schema, lq, r.listHistory)
}

func (r *Reader[R]) list(ctx context.Context, q Querier, sql string, a args) ([]Versioned[R], error) {
	var out []Versioned[R]
	err := r.each(ctx, q, sql, a, func(v Versioned[R]) error {
		out = append(out, v)
		return nil
	})
	return out, err
}

func (r *Reader[R]) each(ctx context.Context, q Querier, sql string, a args, f func(Versioned[R]) error) error {
	rows, err := q.Query(ctx, sql, a...)
	if err != nil {
		return fmt.Errorf("read %s: %w", r.e.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return fmt.Errorf("read %s: %w", r.e.Name, err)
		}
		values = r.e.current.canonical(values)
		to := len(r.e.current.cols)
		v, err := r.e.decode(values[:to])
		if err != nil {
			return fmt.Errorf("read %s: %w", r.e.Name, err)
		}
		v.To = values[to].(int64)
		if held := values[to+1:]; len(held) > 0 {
			v.Held = Stretch{From: held[0].(time.Time), To: held[1].(time.Time), Holder: held[2].(string), Order: held[3].(string)}
		}
		if err := f(v); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", r.e.Name, err)
	}
	return nil
}

// listSQL reads current rows, and for a past number also the closed versions
// that history finds for the conditions.
func (r *Reader[R]) listSQL(schema string, lq ListQuery, history func(schema, where, n string) string) (string, args) {
	a := append(args{}, lq.Args...)
	where := conditions(&a, lq)
	cols := r.e.versionList(schema, "v")
	current := fmt.Sprintf("SELECT %s, 0::bigint AS to_number FROM %s WHERE %s", r.e.current.columnList(), quote(schema, r.e.Name), where)
	from := current
	if lq.AsOf > 0 {
		n := a.add(lq.AsOf) + "::bigint"
		from = fmt.Sprintf("%s AND from_number <= %s UNION ALL %s", current, n, history(schema, where, n))
	}
	sql := fmt.Sprintf("SELECT %s, to_number FROM (%s) v ORDER BY %s", cols, from, orderBy(lq.Order))
	if lq.Limit > 0 {
		sql += " LIMIT " + a.add(lq.Limit)
	}
	return sql, a
}

// rowHistory finds the version of one row.
func (r *Reader[R]) rowHistory(schema, where, n string) string {
	return fmt.Sprintf("SELECT %s, to_number FROM %s WHERE %s AND from_number <= %s AND to_number > %s",
		r.e.current.columnList(), quote(schema, r.e.history.name), where, n, n)
}

// listHistory probes each span class: a version of class s that holds at n
// began within the 2^s numbers up to n.
func (r *Reader[R]) listHistory(schema, where, n string) string {
	return fmt.Sprintf(`SELECT h.* FROM generate_series(1, %[1]d) AS s (span_class), LATERAL (
		SELECT %[2]s, to_number FROM %[3]s WHERE %[4]s AND span = s.span_class
			AND from_number > %[5]s - (1::bigint << s.span_class) AND from_number <= %[5]s AND to_number > %[5]s OFFSET 0) h`,
		spanClasses, r.e.current.columnList(), quote(schema, r.e.history.name), where, n)
}

func conditions(a *args, lq ListQuery) string {
	out := []string{"true"}
	if lq.Where != "" {
		out = append(out, "("+lq.Where+")")
	}
	if len(lq.Sites) == 1 {
		out = append(out, "site = "+a.add(lq.Sites[0]))
	} else if len(lq.Sites) > 1 {
		out = append(out, "site = ANY ("+a.add(lq.Sites)+")")
	}
	if len(lq.Except) > 0 {
		out = append(out, "NOT id = ANY ("+a.add(lq.Except)+")")
	}
	if lq.After != nil {
		out = append(out, "("+keyset(a, append(append([]Order{}, lq.Order...), Order{By: "id"}), lq.After)+")")
	}
	return strings.Join(out, " AND ")
}

// keyset is the condition for rows after the one with the given order values.
func keyset(a *args, order []Order, after []any) string {
	if len(after) != len(order) {
		return "false"
	}
	var alternatives []string
	equal := ""
	for i, o := range order {
		v, op := a.add(after[i]), " > "
		if o.Desc {
			op = " < "
		}
		alternatives = append(alternatives, equal+"("+o.By+")"+op+v)
		equal += "(" + o.By + ") = " + v + " AND "
	}
	// The first key alone lets an index begin where the page does.
	first := " >= "
	if order[0].Desc {
		first = " <= "
	}
	return "(" + order[0].By + ")" + first + "$" + strconv.Itoa(len(*a)-len(after)+1) + " AND (" + strings.Join(alternatives, " OR ") + ")"
}

func orderBy(order []Order) string {
	var out []string
	for _, o := range order {
		by := "(" + o.By + ")"
		if o.Desc {
			by += " DESC"
		}
		out = append(out, by)
	}
	return strings.Join(append(out, "id"), ", ")
}

// LogRow is a row of a Log.
type LogRow[T any] struct {
	Site       string
	ID         uuid.UUID // of the stream
	Number     int64
	Stream     string
	Revision   int64
	EventID    uuid.UUID
	Type       string
	OccurredAt time.Time
	RecordedAt time.Time
	Row        T
}

// LogQuery asks for rows of a Log, in log order.
type LogQuery struct {
	ID    uuid.UUID // of one stream; uuid.Nil for all
	Sites []string  // codes; empty for all
	Where string    // SQL condition over the columns with $1, $2 ... for Args; empty for none
	Args  []any
	After int64 // log number of the last row seen; 0 for none
	Desc  bool  // newest first
	Limit int   // 0 for no limit
	AsOf  int64 // log number; 0 for now
}

// LogReader reads the table of a Log. It is safe for concurrent use.
type LogReader[T any] struct{ l *eventLog[T] }

// NewLogReader checks the log and returns its reader.
func NewLogReader[T any](l Log[T]) (*LogReader[T], error) {
	p, err := l.compile()
	if err != nil {
		return nil, err
	}
	return &LogReader[T]{l: p.(*eventLog[T])}, nil
}

// List returns rows in log order.
func (r *LogReader[T]) List(ctx context.Context, q Querier, schema string, lq LogQuery) ([]LogRow[T], error) {
	sql, a := r.listSQL(schema, lq)
	rows, err := q.Query(ctx, sql, a...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.l.Name, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (LogRow[T], error) {
		values, err := row.Values()
		if err != nil {
			return LogRow[T]{}, err
		}
		v := r.l.table.canonical(values)
		out := LogRow[T]{
			Site: v[0].(string), ID: v[1].(uuid.UUID), Number: v[2].(int64), Stream: v[3].(string), Revision: v[4].(int64),
			EventID: v[5].(uuid.UUID), Type: v[6].(string), OccurredAt: v[7].(time.Time), RecordedAt: v[8].(time.Time),
		}
		return out, r.l.codec.fill(reflect.ValueOf(&out.Row).Elem(), v[len(logKey):])
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.l.Name, err)
	}
	return out, nil
}

func (r *LogReader[T]) listSQL(schema string, lq LogQuery) (string, args) {
	a := append(args{}, lq.Args...)
	where := conditions(&a, ListQuery{Sites: lq.Sites, Where: lq.Where})
	if lq.ID != uuid.Nil {
		where += " AND id = " + a.add(lq.ID)
	}
	if lq.AsOf > 0 {
		where += " AND number <= " + a.add(lq.AsOf)
	}
	order, op := "", " > "
	if lq.Desc {
		order, op = " DESC", " < "
	}
	if lq.After > 0 {
		where += " AND number" + op + a.add(lq.After)
	}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY number%s", r.l.table.selectList(r.l.Name), quote(schema, r.l.Name), where, order)
	if lq.Limit > 0 {
		sql += " LIMIT " + a.add(lq.Limit)
	}
	return sql, a
}
