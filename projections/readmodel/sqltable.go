package readmodel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// copyFrom is the number of rows from which COPY beats an array insert.
const copyFrom = 128

// Querier reads: a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// sqlTable is one table as it is written and read, without its schema.
type sqlTable struct {
	name string
	cols []column
	key  string // of PRIMARY KEY, empty for none
}

func quote(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

func (t *sqlTable) create(schema string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", quote(schema, t.name))
	for i := range t.cols {
		c := &t.cols[i]
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", quote(c.name), sqlTypes[c.kind])
		if !c.nullable {
			b.WriteString(" NOT NULL")
		}
	}
	b.WriteString(")")
	return b.String()
}

func (t *sqlTable) primaryKey(schema string) string {
	return fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", quote(schema, t.name), t.key)
}

func (t *sqlTable) columnNames() []string {
	out := make([]string, len(t.cols))
	for i := range t.cols {
		out[i] = t.cols[i].name
	}
	return out
}

func (t *sqlTable) columnList() string {
	names := t.columnNames()
	for i := range names {
		names[i] = quote(names[i])
	}
	return strings.Join(names, ", ")
}

// selectList reads every column in the form that scanValues wants.
func (t *sqlTable) selectList(alias string) string {
	return t.selectWith(alias, nil, func(_ *column, name string) string { return name })
}

// selectWith is selectList with an expression for each column, and NULL for some columns.
func (t *sqlTable) selectWith(alias string, without []string, expression func(c *column, name string) string) string {
	out := make([]string, len(t.cols))
	for i := range t.cols {
		c := &t.cols[i]
		if slices.Contains(without, c.name) {
			out[i] = "NULL::text"
			continue
		}
		out[i] = expression(c, alias+"."+quote(c.name))
		if c.kind == date || c.kind == jsonb {
			out[i] = "(" + out[i] + ")::text"
		}
	}
	return strings.Join(out, ", ")
}

// scanValues reads the current row of rows as column values.
func (t *sqlTable) scanValues(rows pgx.Rows) ([]any, error) {
	values, err := rows.Values()
	if err != nil {
		return nil, fmt.Errorf("read row of %s: %w", t.name, err)
	}
	return t.canonical(values[:len(t.cols)]), nil
}

func (t *sqlTable) canonical(values []any) []any {
	for i := range values {
		switch v := values[i].(type) {
		case [16]byte:
			values[i] = uuid.UUID(v)
		case int32:
			values[i] = int64(v)
		case int16:
			values[i] = int64(v)
		case time.Time:
			values[i] = v.UTC()
		}
	}
	return values
}

// unnest is the FROM item for arrays of all columns, from parameter 1 on.
func (t *sqlTable) unnest() string {
	var arrays, names []string
	for i := range t.cols {
		typ := sqlTypes[t.cols[i].kind]
		if t.cols[i].kind == jsonb || t.cols[i].kind == date {
			typ = "text"
		}
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, typ))
		names = append(names, quote(t.cols[i].name))
	}
	return fmt.Sprintf("unnest(%s) AS u (%s)", strings.Join(arrays, ", "), strings.Join(names, ", "))
}

func (t *sqlTable) unnestSelect() string {
	out := make([]string, len(t.cols))
	for i := range t.cols {
		out[i] = "u." + quote(t.cols[i].name)
		if k := t.cols[i].kind; k == date || k == jsonb {
			out[i] += "::" + sqlTypes[k]
		}
	}
	return strings.Join(out, ", ")
}

// arrays turns rows into one array for each column.
func (t *sqlTable) arrays(rows [][]any) []any {
	out := make([]any, len(t.cols))
	for i := range t.cols {
		switch t.cols[i].kind {
		case text, date, jsonb:
			out[i] = columnArray[string](rows, i)
		case bigint:
			out[i] = columnArray[int64](rows, i)
		case boolean:
			out[i] = columnArray[bool](rows, i)
		case timestamptz:
			out[i] = columnArray[time.Time](rows, i)
		case uuidType:
			ids := make([]pgtype.UUID, len(rows))
			for r := range rows {
				ids[r].Bytes, ids[r].Valid = rows[r][i].(uuid.UUID)
			}
			out[i] = ids
		case bytea:
			bs := make([][]byte, len(rows))
			for r := range rows {
				bs[r], _ = rows[r][i].([]byte)
			}
			out[i] = bs
		}
	}
	return out
}

func columnArray[T any](rows [][]any, i int) []*T {
	out := make([]*T, len(rows))
	cells := make([]T, len(rows))
	for r := range rows {
		if v, ok := rows[r][i].(T); ok {
			cells[r] = v
			out[r] = &cells[r]
		}
	}
	return out
}

// insert adds rows that are not there yet.
func (t *sqlTable) insert(ctx context.Context, tx pgx.Tx, schema string, rows [][]any) error {
	switch {
	case len(rows) == 0:
		return nil
	case len(rows) >= copyFrom:
		_, err := tx.CopyFrom(ctx, pgx.Identifier{schema, t.name}, t.columnNames(), &copySource{table: t, rows: rows, at: -1})
		if err != nil {
			return fmt.Errorf("copy %d rows into %s: %w", len(rows), t.name, err)
		}
		return nil
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", quote(schema, t.name), t.columnList(), t.unnestSelect(), t.unnest())
	if _, err := tx.Exec(ctx, sql, t.arrays(rows)...); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", len(rows), t.name, err)
	}
	return nil
}

// upsertRows is how many rows a statement carries at most: the driver has all of its parameters in memory at once.
const upsertRows = 500

// upsert adds rows or replaces those with the same key.
func (t *sqlTable) upsert(ctx context.Context, tx pgx.Tx, schema string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	var sets []string
	for i := range t.cols {
		c := quote(t.cols[i].name)
		sets = append(sets, c+" = EXCLUDED."+c)
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s ON CONFLICT (%s) DO UPDATE SET %s",
		quote(schema, t.name), t.columnList(), t.unnestSelect(), t.unnest(), t.key, strings.Join(sets, ", "))
	for some := range slices.Chunk(rows, upsertRows) {
		if _, err := tx.Exec(ctx, sql, t.arrays(some)...); err != nil {
			return fmt.Errorf("upsert %d rows into %s: %w", len(some), t.name, err)
		}
	}
	return nil
}

type copySource struct {
	table *sqlTable
	rows  [][]any
	at    int
	out   []any
}

func (s *copySource) Next() bool {
	s.at++
	return s.at < len(s.rows)
}

func (s *copySource) Values() ([]any, error) {
	s.out = append(s.out[:0], s.rows[s.at]...)
	for i := range s.out {
		switch v := s.out[i].(type) {
		case uuid.UUID: // as driver.Valuer it would travel as text
			s.out[i] = pgtype.UUID{Bytes: v, Valid: true}
		case string:
			if s.table.cols[i].kind != date {
				continue
			}
			day, err := time.Parse(time.DateOnly, v)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", s.table.cols[i].name, err)
			}
			s.out[i] = pgtype.Date{Time: day, Valid: true}
		}
	}
	return s.out, nil
}

func (s *copySource) Err() error { return nil }
