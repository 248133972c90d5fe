package readmodel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/domain"
)

// CellQuery asks for figures of a model.
type CellQuery struct {
	Sites    []string   // codes; empty for all
	Grain    string     // ByDay or ByMonth
	From, To domain.Day // first and last period, inclusive; a month is named by any of its days
	Dim      string     // "" for the whole, else the name of a dimension
	Values   []string   // of Dim; empty for all
	AsOf     int64      // log number; 0 for now
}

// Cell is the sums of one place.
type Cell struct {
	Site   string
	Period domain.Day // the day, or the first of the month
	Dim    string
	Value  string // "" for the whole, or for facts without that dimension
	Sums   []int64
}

// FactQuery asks for the facts that a figure is made of.
type FactQuery struct {
	Sites        []string
	From, To     domain.Day // days, inclusive; empty for open
	Dim, Value   string     // "" for the whole
	ID           uuid.UUID  // of one stream; uuid.Nil for all
	Measure      string     // only facts that change this one; "" for all
	AsOf         int64      // log number; 0 for now
	After        int64      // number and ordinal of the last fact seen
	AfterOrdinal int64
	Limit        int // 0 for no limit
}

// Fact is one signed contribution of one event.
type Fact struct {
	Number, Ordinal int64
	ID, EventID     uuid.UUID
	OccurredAt      time.Time
	Site            string
	Day             domain.Day
	Dims            map[string]string // "" for none
	Deltas          []int64           // in the order of the model's measures
}

var errNoFigures = errors.New("the model has no figures")

// SumCells returns the cells of a query that are not zero, by site, period and
// value: now, or as of a number from the last mark and the facts since.
func (r *Reader[R]) SumCells(ctx context.Context, q Querier, schema string, cq CellQuery) ([]Cell, error) {
	f := r.e.facts
	if f == nil {
		return nil, errNoFigures
	}
	if err := f.check(&cq); err != nil {
		return nil, err
	}
	sql, a := f.cellSQL(schema, cq)
	rows, err := q.Query(ctx, sql, a...)
	if err != nil {
		return nil, fmt.Errorf("sum %s: %w", f.cell.name, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Cell, error) {
		c := Cell{Dim: cq.Dim, Sums: make([]int64, len(f.measures))}
		targets := []any{&c.Site, &c.Period, &c.Value}
		for i := range c.Sums {
			targets = append(targets, &c.Sums[i])
		}
		return c, row.Scan(targets...)
	})
	if err != nil {
		return nil, fmt.Errorf("sum %s: %w", f.cell.name, err)
	}
	return slices.DeleteFunc(out, func(c Cell) bool {
		return !slices.ContainsFunc(c.Sums, func(n int64) bool { return n != 0 })
	}), nil
}

func (f *factTables) check(cq *CellQuery) error {
	if cq.Grain != ByDay && cq.Grain != ByMonth {
		return fmt.Errorf("grain %q is not known", cq.Grain)
	}
	for _, d := range []*domain.Day{&cq.From, &cq.To} {
		if _, err := time.Parse(time.DateOnly, string(*d)); err != nil {
			return fmt.Errorf("period: %w", err)
		}
		if cq.Grain == ByMonth {
			*d = (*d)[:8] + "01"
		}
	}
	return f.checkDim(cq.Dim)
}

func (f *factTables) checkDim(dim string) error {
	if dim != "" && !slices.ContainsFunc(f.dims.cols, func(c column) bool { return c.name == dim }) {
		return fmt.Errorf("dimension %q is not known", dim)
	}
	return nil
}

func (f *factTables) cellSQL(schema string, cq CellQuery) (string, args) {
	var a args
	where := fmt.Sprintf("grain = %s AND dim = %s AND period BETWEEN %s::text::date AND %s::text::date",
		a.add(cq.Grain), a.add(cq.Dim), a.add(string(cq.From)), a.add(string(cq.To)))
	narrow := ""
	if len(cq.Sites) > 0 {
		narrow += " AND site = ANY (" + a.add(cq.Sites) + ")"
	}
	if len(cq.Values) > 0 {
		narrow += " AND value = ANY (" + a.add(cq.Values) + ")"
	}
	where += narrow
	sums := make([]string, len(f.measures))
	names := make([]string, len(f.measures))
	for i, m := range f.measures {
		names[i] = quote(m)
		sums[i] = "sum(" + names[i] + ")::bigint"
	}
	cell := quote(schema, f.cell.name)
	from := fmt.Sprintf("SELECT site, period, value, %s FROM %s WHERE %s", strings.Join(names, ", "), cell, where)
	if cq.AsOf > 0 {
		floor, n := a.add(cq.AsOf/MarkEvery*MarkEvery)+"::bigint", a.add(cq.AsOf)+"::bigint"
		kept := make([]string, len(names))
		for i := range names {
			kept[i] = "k." + names[i]
		}
		period, value := "day", "''"
		if cq.Grain == ByMonth {
			period = "date_trunc('month', day)::date"
		}
		if cq.Dim != "" {
			value = "coalesce(" + quote(cq.Dim) + "::text, '')"
		}
		from += fmt.Sprintf(` AND mark <= %[1]s
			UNION ALL SELECT c.site, c.period, c.value, %[2]s FROM (SELECT * FROM %[3]s WHERE %[4]s AND mark > %[1]s) c, LATERAL (
				SELECT * FROM %[5]s k WHERE k.site = c.site AND k.grain = c.grain AND k.period = c.period AND k.dim = c.dim
					AND k.value = c.value AND k.mark <= %[1]s ORDER BY k.mark DESC LIMIT 1) k
			UNION ALL SELECT * FROM (SELECT site, %[6]s AS period, %[7]s AS value, %[8]s FROM %[9]s WHERE number > %[1]s AND number <= %[10]s) f
				WHERE period BETWEEN $3::text::date AND $4::text::date%[11]s`,
			floor, strings.Join(kept, ", "), cell, where, quote(schema, f.cellMark.name),
			period, value, strings.Join(names, ", "), quote(schema, f.fact.name), n, narrow)
	}
	return fmt.Sprintf("SELECT site, period::text, value, %s FROM (%s) x GROUP BY site, period, value ORDER BY site, period, value",
		strings.Join(sums, ", "), from), a
}

// Facts returns the facts of a query in log order.
func (r *Reader[R]) Facts(ctx context.Context, q Querier, schema string, fq FactQuery) ([]Fact, error) {
	f := r.e.facts
	if f == nil {
		return nil, errNoFigures
	}
	if err := f.checkDim(fq.Dim); err != nil {
		return nil, err
	}
	if fq.Measure != "" && !slices.Contains(f.measures, fq.Measure) {
		return nil, fmt.Errorf("measure %q is not known", fq.Measure)
	}
	sql, a := f.factSQL(schema, fq)
	rows, err := q.Query(ctx, sql, a...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.fact.name, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Fact, error) {
		values, err := row.Values()
		if err != nil {
			return Fact{}, err
		}
		return f.decode(f.fact.canonical(values)), nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.fact.name, err)
	}
	return out, nil
}

func (f *factTables) decode(v []any) Fact {
	out := Fact{
		Number: v[0].(int64), Ordinal: v[1].(int64), ID: v[2].(uuid.UUID), EventID: v[3].(uuid.UUID),
		OccurredAt: v[4].(time.Time), Site: v[5].(string), Day: domain.Day(v[6].(string)),
		Dims: make(map[string]string, len(f.dims.cols)),
	}
	v = v[len(factKey):]
	for i := range f.dims.cols {
		out.Dims[f.dims.cols[i].name] = dimText(v[i])
	}
	for _, n := range v[len(f.dims.cols):] {
		out.Deltas = append(out.Deltas, n.(int64))
	}
	return out
}

func (f *factTables) factSQL(schema string, fq FactQuery) (string, args) {
	var a args
	where := conditions(&a, ListQuery{Sites: fq.Sites})
	if fq.From != "" {
		where += " AND day >= " + a.add(string(fq.From)) + "::text::date"
	}
	if fq.To != "" {
		where += " AND day <= " + a.add(string(fq.To)) + "::text::date"
	}
	if fq.Dim != "" {
		where += " AND coalesce(" + quote(fq.Dim) + "::text, '') = " + a.add(fq.Value)
	}
	if fq.ID != uuid.Nil {
		where += " AND id = " + a.add(fq.ID)
	}
	if fq.Measure != "" {
		where += " AND " + quote(fq.Measure) + " <> 0"
	}
	if fq.AsOf > 0 {
		where += " AND number <= " + a.add(fq.AsOf)
	}
	if fq.After > 0 {
		where += fmt.Sprintf(" AND (number, ordinal) > (%s, %s)", a.add(fq.After), a.add(fq.AfterOrdinal))
	}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY number, ordinal", f.fact.selectList(f.fact.name), quote(schema, f.fact.name), where)
	if fq.Limit > 0 {
		sql += " LIMIT " + a.add(fq.Limit)
	}
	return sql, a
}
