package readmodel

import (
	"context"
	"fmt"
	"math/bits"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// auditor computes digests from the tables, and notes what does not fit.
type auditor struct {
	*digester
	differences []Difference
}

// maxDifferences is how many differences are named; more only cost time.
const maxDifferences = 100

func (a *auditor) differ(table, key, what string) {
	if len(a.differences) < maxDifferences {
		a.differences = append(a.differences, Difference{Table: table, Key: key, What: what})
	}
}

// each calls f with the values of every row of a query over t's columns and
// perhaps more; json has the bytes that the digest counts.
func (a *auditor) each(ctx context.Context, q Querier, t *sqlTable, sql string, name func(values []any) string, f func(values []any)) error {
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return fmt.Errorf("read %s: %w", t.name, err)
		}
		values = t.canonical(values)
		for i := range t.cols {
			c := &t.cols[i]
			if s, ok := values[i].(string); ok && c.kind == jsonb {
				if values[i], err = c.canonicalJSON(s); err != nil {
					a.differ(t.name, name(values), "not what the projector writes: "+err.Error())
					values[i] = s
				}
			}
		}
		f(values)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	return nil
}

// audit reads all versions of a row together, oldest first: where one ends
// the next must begin, or the row ended there.
func (e *entity[R]) audit(ctx context.Context, q Querier, schema string, a *auditor) error {
	n := len(e.current.cols)
	sql := fmt.Sprintf(`SELECT * FROM (SELECT %s, to_number, span FROM %s h UNION ALL SELECT %s, 0, 0 FROM %s c) v ORDER BY id, from_number, to_number`,
		e.versionList(schema, "h"), quote(schema, e.history.name), e.current.selectList("c"), quote(schema, e.Name))
	var last chainLink
	var buf []byte
	end := func() {
		if last.to == 0 {
			return
		}
		el := element{table: e.Name, id: last.id, number: last.to, ordinal: 1, place: e.history.name, key: last.name()}
		el.hash, buf = e.endHash(buf, last.site, last.id, last.to)
		a.add(el)
	}
	name := func(v []any) string { return rowName(v[0].(string), v[1].(uuid.UUID), v[2].(int64)) }
	err := a.each(ctx, q, &e.current, sql, name, func(v []any) {
		link := chainLink{site: v[0].(string), id: v[1].(uuid.UUID), from: v[2].(int64), to: v[n].(int64)}
		place := e.history.name
		if link.to == 0 {
			place = e.Name
		}
		switch {
		case last.id != link.id || last.to < link.from:
			end()
		case last.to > link.from:
			a.differ(e.history.name, last.name(), fmt.Sprintf("ends at %d, after the next version began", last.to))
		}
		if span := int64(bits.Len64(uint64(link.to - link.from))); link.to != 0 && span != v[n+1].(int64) { //nolint:gosec // only compared
			a.differ(e.history.name, link.name(), "span is not that of its numbers")
		}
		el := element{table: e.Name, id: link.id, number: link.from, place: place, key: link.name()}
		el.hash, buf = e.versionHash(buf, v[:len(currentKey)], v[len(currentKey):n])
		a.add(el)
		last = link
	})
	if err != nil {
		return err
	}
	end()
	if e.stretches != nil {
		if err := e.stretches.audit(ctx, q, schema, a); err != nil {
			return err
		}
	}
	if e.facts == nil {
		return nil
	}
	return e.facts.audit(ctx, q, schema, a)
}

// chainLink is a version among those of its row; to is 0 for the current one.
type chainLink struct {
	site     string
	id       uuid.UUID
	from, to int64
}

func (c chainLink) name() string { return rowName(c.site, c.id, c.from) }

func (l *eventLog[T]) audit(ctx context.Context, q Querier, schema string, a *auditor) error {
	var buf []byte
	sql := fmt.Sprintf("SELECT %s FROM %s", l.table.selectList(l.Name), quote(schema, l.Name))
	return a.each(ctx, q, &l.table, sql, logName, func(v []any) {
		e := element{table: l.Name, id: v[1].(uuid.UUID), number: v[2].(int64), place: l.Name, key: logName(v)}
		e.hash, buf = hashOf(buf, l.Name, v)
		a.add(e)
	})
}

func (f *factTables) audit(ctx context.Context, q Querier, schema string, a *auditor) error {
	var buf []byte
	name := func(v []any) string { return factName(v[0].(int64), v[1].(int64)) }
	sql := fmt.Sprintf("SELECT %s FROM %s", f.fact.selectList(f.fact.name), quote(schema, f.fact.name))
	err := a.each(ctx, q, &f.fact, sql, name, func(v []any) {
		e := element{table: f.fact.name, id: v[2].(uuid.UUID), number: v[0].(int64), ordinal: v[1].(int64), place: f.fact.name, key: name(v)}
		e.hash, buf = hashOf(buf, f.fact.name, v)
		a.add(e)
	})
	if err != nil {
		return err
	}
	return f.auditCells(ctx, q, schema, a)
}

// auditCells sums the facts again, by mark, and compares.
func (f *factTables) auditCells(ctx context.Context, q Querier, schema string, a *auditor) error {
	dims := []string{"('', '')"}
	for i := range f.dims.cols {
		n := f.dims.cols[i].name
		dims = append(dims, fmt.Sprintf("('%s', coalesce(%s::text, ''))", n, quote(n)))
	}
	var sums, running, wanted, found []string
	for _, m := range f.measures {
		m = quote(m)
		sums = append(sums, fmt.Sprintf("sum(%s)::bigint AS %s", m, m))
		running = append(running, fmt.Sprintf("(sum(%s) OVER w)::bigint AS %s", m, m))
		wanted, found = append(wanted, "w."+m), append(found, "c."+m)
	}
	compare := func(table, condition, key string) string {
		return fmt.Sprintf(`SELECT '%s', concat_ws('/', site, grain, period, dim, value, coalesce(w.mark, c.mark)),
				CASE WHEN w.mark IS NULL THEN 'is not in the facts' WHEN c.mark IS NULL THEN 'is missing' ELSE 'differs from the facts' END
			FROM (SELECT * FROM want WHERE %s) w FULL JOIN %s c USING (%s)
			WHERE ROW (w.mark, %s) IS DISTINCT FROM ROW (c.mark, %s)`,
			table, condition, quote(schema, table), key, strings.Join(wanted, ", "), strings.Join(found, ", "))
	}
	sql := fmt.Sprintf(`WITH part AS (
			SELECT site, g.grain, CASE g.grain WHEN 'day' THEN day ELSE date_trunc('month', day)::date END AS period,
				d.dim, d.value, (number + %[1]d - 1) / %[1]d * %[1]d AS mark, %[2]s
			FROM %[3]s, LATERAL (VALUES ('day'), ('month')) g (grain), LATERAL (VALUES %[4]s) d (dim, value)
			GROUP BY 1, 2, 3, 4, 5, 6),
		want AS (
			SELECT site, grain, period, dim, value, mark, %[5]s, lead(mark) OVER w IS NULL AS newest
			FROM part WINDOW w AS (PARTITION BY site, grain, period, dim, value ORDER BY mark))
		%[6]s UNION ALL %[7]s LIMIT %[8]d`,
		MarkEvery, strings.Join(sums, ", "), quote(schema, f.fact.name), strings.Join(dims, ", "), strings.Join(running, ", "),
		compare(f.cell.name, "newest", cellKeyNames),
		strings.ReplaceAll(compare(f.cellMark.name, "NOT newest", cellKeyNames+", mark"), "coalesce(w.mark, c.mark)", "mark"),
		maxDifferences)
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("sum %s again: %w", f.fact.name, err)
	}
	var table, key, what string
	_, err = pgx.ForEachRow(rows, []any{&table, &key, &what}, func() error {
		a.differ(table, key, what)
		return nil
	})
	if err != nil {
		return fmt.Errorf("sum %s again: %w", f.fact.name, err)
	}
	return nil
}
