package readmodel

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

var factKey = []column{
	keyColumn("number", bigint), keyColumn("ordinal", bigint), keyColumn("id", uuidType), keyColumn("event_id", uuidType),
	keyColumn("occurred_at", timestamptz), keyColumn("site", text), keyColumn("day", date),
}

var cellKey = []column{
	keyColumn("site", text), keyColumn("grain", text), keyColumn("period", date),
	keyColumn("dim", text), keyColumn("value", text), keyColumn("mark", bigint),
}

const cellKeyNames = "site, grain, period, dim, value"

// Grains of cells.
const (
	ByDay   = "day"
	ByMonth = "month"
)

// factTables are the tables of a model's figures.
type factTables struct {
	dims     rowCodec
	measures []string
	fact     sqlTable
	cell     sqlTable
	cellMark sqlTable
}

func newFactTables(name string, dims any, measures []string) (*factTables, error) {
	if len(measures) == 0 || dims == nil {
		return nil, errors.New("figures need measures and dims")
	}
	codec, err := newRowCodec(reflect.TypeOf(dims))
	if err != nil {
		return nil, err
	}
	var sums []column
	for _, m := range measures {
		if !nameShape.MatchString(m) {
			return nil, fmt.Errorf("measure %q is not a column name", m)
		}
		sums = append(sums, keyColumn(m, bigint))
	}
	for _, c := range codec.cols {
		if c.kind == jsonb || c.kind == bytea || c.kind == timestamptz {
			return nil, fmt.Errorf("column %s cannot be a dimension", c.name)
		}
	}
	return &factTables{
		dims: codec, measures: measures,
		fact:     sqlTable{name: name + "_fact", key: "number, ordinal", cols: slices.Concat(factKey, codec.cols, sums)},
		cell:     sqlTable{name: name + "_cell", key: cellKeyNames, cols: slices.Concat(cellKey, sums)},
		cellMark: sqlTable{name: name + "_cell_mark", key: cellKeyNames + ", mark", cols: slices.Concat(cellKey, sums)},
	}, nil
}

func (f *factTables) create(schema string) []string {
	return []string{
		f.fact.create(schema), f.cell.create(schema), f.cell.primaryKey(schema),
		f.cellMark.create(schema), f.cellMark.primaryKey(schema),
	}
}

func (f *factTables) index(schema string) []string {
	fact := quote(schema, f.fact.name)
	return []string{
		f.fact.primaryKey(schema),
		fmt.Sprintf("CREATE INDEX ON %s (site, day, number)", fact), // serves explain
		fmt.Sprintf("CREATE INDEX ON %s (id, number)", fact),        // serves one stream's facts
	}
}

// figures collects facts and what they add to cells.
type figures struct {
	*factTables
	schema string
	facts  [][]any
	cells  map[string][]any // of the open stretch, by canonical key: a row of the cell table
	ended  [][][]any        // the rows of each stretch before
	buf    []byte
}

func newFigures(f *factTables, schema string) *figures {
	return &figures{factTables: f, schema: schema, cells: map[string][]any{}}
}

type place struct {
	key    string
	day    string
	dims   []any
	deltas []int64
}

// change makes facts of the difference between two lists of contributions.
func (f *figures) change(rec *eventschemas.Record, site string, id uuid.UUID, before, after []Contribution, d *digester) error {
	places := map[string]*place{}
	for _, side := range []struct {
		list []Contribution
		sign int64
	}{{before, -1}, {after, 1}} {
		for _, c := range side.list {
			if err := f.collect(places, c, side.sign); err != nil {
				return err
			}
		}
	}
	var ordered []*place
	for _, p := range places {
		if slices.ContainsFunc(p.deltas, func(n int64) bool { return n != 0 }) {
			ordered = append(ordered, p)
		}
	}
	slices.SortFunc(ordered, func(a, b *place) int { return strings.Compare(a.key, b.key) })
	for i, p := range ordered {
		f.add(rec, site, id, int64(i), p, d)
	}
	return nil
}

func (f *figures) collect(places map[string]*place, c Contribution, sign int64) error {
	if reflect.TypeOf(c.Dims) != f.dims.typ || len(c.Values) != len(f.measures) {
		return fmt.Errorf("contribution of %d values at %T, want %d at %v", len(c.Values), c.Dims, len(f.measures), f.dims.typ)
	}
	dims, err := f.dims.values(reflect.ValueOf(c.Dims), make([]any, 0, len(f.dims.cols)))
	if err != nil {
		return err
	}
	f.buf = appendCanonical(f.buf[:0], string(c.Day))
	for _, v := range dims {
		f.buf = appendCanonical(f.buf, v)
	}
	p := places[string(f.buf)]
	if p == nil {
		p = &place{key: string(f.buf), day: string(c.Day), dims: dims, deltas: make([]int64, len(f.measures))}
		places[p.key] = p
	}
	for i, v := range c.Values {
		p.deltas[i] += sign * v
	}
	return nil
}

func (f *figures) add(rec *eventschemas.Record, site string, id uuid.UUID, ordinal int64, p *place, d *digester) {
	row := append([]any{rec.Number, ordinal, id, rec.ID, rec.Envelope.OccurredAt.UTC(), site, p.day}, p.dims...)
	for _, v := range p.deltas {
		row = append(row, v)
	}
	f.facts = append(f.facts, row)
	e := element{table: f.fact.name, id: id, number: rec.Number, ordinal: ordinal}
	e.hash, f.buf = hashOf(f.buf, f.fact.name, row)
	if d.collect != nil {
		e.place, e.key = f.fact.name, factName(rec.Number, ordinal)
	}
	d.add(e)
	month := p.day[:8] + "01"
	f.addCell(site, ByDay, p.day, "", "", p.deltas)
	f.addCell(site, ByMonth, month, "", "", p.deltas)
	for i := range f.dims.cols {
		name, value := f.dims.cols[i].name, dimText(p.dims[i])
		f.addCell(site, ByDay, p.day, name, value, p.deltas)
		f.addCell(site, ByMonth, month, name, value, p.deltas)
	}
}

func factName(number, ordinal int64) string {
	return strconv.FormatInt(number, 10) + "." + strconv.FormatInt(ordinal, 10)
}

// dimText is a dimension's value as cells name it; NULL is "".
func dimText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (f *figures) addCell(site, grain, period, dim, value string, deltas []int64) {
	f.buf = f.buf[:0]
	for _, s := range []string{site, grain, period, dim, value} {
		f.buf = appendCanonical(f.buf, s)
	}
	row := f.cells[string(f.buf)]
	if row == nil {
		row = append(make([]any, 0, len(f.cell.cols)), site, grain, period, dim, value, int64(0))
		for range deltas {
			row = append(row, int64(0))
		}
		f.cells[string(f.buf)] = row
	}
	for i, v := range deltas {
		row[len(cellKey)+i] = row[len(cellKey)+i].(int64) + v
	}
}

// endMark sets the cells of a stretch apart from those of the next.
func (f *figures) endMark(mark int64) {
	if len(f.cells) == 0 {
		return
	}
	keys := make([]string, 0, len(f.cells))
	for k := range f.cells {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = f.cells[k]
		rows[i][len(cellKey)-1] = mark
	}
	clear(f.cells)
	f.ended = append(f.ended, rows)
}

func (f *figures) flush(ctx context.Context, tx pgx.Tx) error {
	if err := f.fact.insert(ctx, tx, f.schema, f.facts); err != nil {
		return err
	}
	for _, rows := range f.ended {
		if err := f.addToCells(ctx, tx, rows); err != nil {
			return err
		}
	}
	f.facts, f.ended = nil, nil
	return nil
}

// addToCells keeps what a cell was at its last mark when a later stretch
// changes it, then adds.
func (f *figures) addToCells(ctx context.Context, tx pgx.Tx, rows [][]any) error {
	args := f.cell.arrays(rows)
	keep := fmt.Sprintf(`INSERT INTO %s (%s) SELECT c.* FROM %s,
		LATERAL (SELECT %s FROM %s c WHERE c.site = u.site AND c.grain = u.grain AND c.period = u.period::date
			AND c.dim = u.dim AND c.value = u.value AND c.mark < u.mark OFFSET 0) c`,
		quote(f.schema, f.cellMark.name), f.cell.columnList(), f.cell.unnest(), f.cell.columnList(), quote(f.schema, f.cell.name))
	if _, err := tx.Exec(ctx, keep, args...); err != nil {
		return fmt.Errorf("keep %d cells of %s: %w", len(rows), f.cell.name, err)
	}
	sets := []string{"mark = EXCLUDED.mark"}
	for _, m := range f.measures {
		sets = append(sets, fmt.Sprintf("%[1]s = c.%[1]s + EXCLUDED.%[1]s", quote(m)))
	}
	add := fmt.Sprintf("INSERT INTO %s AS c (%s) SELECT %s FROM %s ON CONFLICT (%s) DO UPDATE SET %s",
		quote(f.schema, f.cell.name), f.cell.columnList(), f.cell.unnestSelect(), f.cell.unnest(), cellKeyNames, strings.Join(sets, ", "))
	if _, err := tx.Exec(ctx, add, args...); err != nil {
		return fmt.Errorf("add to %d cells of %s: %w", len(rows), f.cell.name, err)
	}
	return nil
}
