package readmodel

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// The columns before those of the row.
var (
	currentKey = []column{
		keyColumn("site", text), keyColumn("id", uuidType), keyColumn("from_number", bigint), keyColumn("revision", bigint),
	}
	historyKey = []column{
		keyColumn("site", text), keyColumn("id", uuidType), keyColumn("from_number", bigint), keyColumn("revision", bigint),
		keyColumn("to_number", bigint), keyColumn("span", bigint),
	}
)

// entity is a compiled Model.
type entity[R any] struct {
	Model[R]
	codec   rowCodec
	current sqlTable
	history sqlTable
	facts   *factTables // nil without figures

	stretches *stretchTable // nil without stretches
}

func (m Model[R]) compile() (part, error) {
	if !nameShape.MatchString(m.Name) || m.Category == "" || m.Evolve == nil {
		return nil, fmt.Errorf("model %q needs a lower-case name, a category and Evolve", m.Name)
	}
	codec, err := newRowCodec(reflect.TypeFor[R]())
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	e := &entity[R]{Model: m, codec: codec}
	e.current = sqlTable{name: m.Name, key: "site, id", cols: slices.Concat(currentKey, codec.cols)}
	e.history = sqlTable{name: m.Name + "_history", key: "site, id, from_number", cols: slices.Concat(historyKey, codec.cols)}
	for _, c := range codec.cols {
		if slices.ContainsFunc(historyKey, func(k column) bool { return k.name == c.name }) {
			return nil, fmt.Errorf("model %s: column %s is one of every table", m.Name, c.name)
		}
	}
	if m.Contribute != nil {
		if e.facts, err = newFactTables(m.Name, m.Dims, m.Measures); err != nil {
			return nil, fmt.Errorf("model %s: %w", m.Name, err)
		}
	}
	if m.Stretches != nil {
		e.stretches = newStretchTable(m.Name)
	}
	return e, nil
}

func (e *entity[R]) digested() []string {
	out := []string{e.Name}
	if e.facts != nil {
		out = append(out, e.facts.fact.name)
	}
	if e.stretches != nil {
		out = append(out, e.stretches.name)
	}
	return out
}

func (e *entity[R]) create(schema string) []string {
	out := []string{
		e.current.create(schema), e.current.primaryKey(schema),
		fmt.Sprintf("CREATE UNIQUE INDEX ON %s (id)", quote(schema, e.Name)), // serves the fold, and reads by id
		e.history.create(schema),
	}
	if e.facts != nil {
		out = append(out, e.facts.create(schema)...)
	}
	if e.stretches != nil {
		out = append(out, e.stretches.create(schema)...)
	}
	return out
}

func (e *entity[R]) index(schema string) ([]string, error) {
	history := quote(schema, e.history.name)
	out := []string{
		e.history.primaryKey(schema),
		fmt.Sprintf("CREATE INDEX ON %s (id, from_number)", history),         // serves one row as of a number
		fmt.Sprintf("CREATE INDEX ON %s (site, span, from_number)", history), // serves lists as of a number
	}
	out = append(out, e.grownIndexes(schema)...)
	for _, f := range e.Filters {
		cols := make([]string, len(f))
		for i := range f {
			cols[i] = quote(f[i])
		}
		out = append(out, fmt.Sprintf("CREATE INDEX ON %s (site, %s, span, from_number)", history, strings.Join(cols, ", ")))
	}
	own, err := expand(schema, e.Indexes)
	if err != nil {
		return nil, err
	}
	out = append(out, own...)
	if e.facts != nil {
		out = append(out, e.facts.index(schema)...)
	}
	if e.stretches != nil {
		out = append(out, e.stretches.index(schema)...)
	}
	return out, nil
}

func (e *entity[R]) revision(schema, category string) string {
	if category != e.Category {
		return ""
	}
	return fmt.Sprintf("SELECT max(revision) FROM %s WHERE id = $1", quote(schema, e.Name))
}

func (e *entity[R]) start(schema string, limit int) partRun {
	r := &entityRun[R]{entity: e, schema: schema, limit: limit, rows: map[uuid.UUID]*state[R]{}}
	if e.facts != nil {
		r.figures = newFigures(e.facts, schema)
	}
	if e.stretches != nil {
		r.held = e.stretches.start(schema)
	}
	return r
}

// state is a row in memory.
type state[R any] struct {
	site     string
	from     int64
	revision int64
	row      R
	values   []any // of row, nil if it is not there
	size     int   // bytes of values
	loaded   bool  // values are as PostgreSQL gave them: its json has other bytes than ours
	stored   bool  // the current table has it, maybe as an older version
	dirty    bool
}

func (s *state[R]) there() bool { return s.values != nil }

type entityRun[R any] struct {
	*entity[R]
	schema  string
	limit   int // bytes
	rows    map[uuid.UUID]*state[R]
	size    int  // bytes of rows
	spilled bool // rows were written back and forgotten
	closed  [][]any
	changed []uuid.UUID
	figures *figures
	held    *stretches
	buf     []byte
}

func (r *entityRun[R]) load(ctx context.Context, tx pgx.Tx, recs []eventschemas.Record) error {
	var missing []uuid.UUID
	for i := range recs {
		if !mayBeOf(recs[i].Stream, r.Category) {
			continue
		}
		category, id := StreamKey(recs[i].Stream)
		if category != r.Category || r.rows[id] != nil {
			continue
		}
		r.rows[id] = &state[R]{}
		if recs[i].Revision > 0 && (r.limit == 0 || r.spilled) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 || tx == nil {
		return nil
	}
	sql := fmt.Sprintf("SELECT %s FROM %s t WHERE t.id = ANY ($1)", r.current.selectList("t"), quote(r.schema, r.Name))
	rows, err := tx.Query(ctx, sql, missing)
	if err != nil {
		return fmt.Errorf("load %d rows of %s: %w", len(missing), r.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := r.current.scanValues(rows)
		if err != nil {
			return err
		}
		v, s, err := r.decodeState(values)
		if err != nil {
			return fmt.Errorf("load row of %s: %w", r.Name, err)
		}
		r.rows[v.ID] = s
		r.weigh(s)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("load rows of %s: %w", r.Name, err)
	}
	return nil
}

// decode turns the values of a current version into a row.
func (e *entity[R]) decode(values []any) (Versioned[R], error) {
	v := Versioned[R]{
		Site: values[0].(string), ID: values[1].(uuid.UUID), From: values[2].(int64), Revision: values[3].(int64),
	}
	return v, e.codec.fill(reflect.ValueOf(&v.Row).Elem(), values[len(currentKey):])
}

// decodeState is decode with the row as a fold goes on from it. Its values only
// become the closed version, where the spacing of json does not matter.
func (e *entity[R]) decodeState(values []any) (Versioned[R], *state[R], error) {
	v, err := e.decode(values)
	if err != nil {
		return v, nil, err
	}
	return v, &state[R]{
		site: v.Site, from: v.From, revision: v.Revision, row: v.Row, values: values[len(currentKey):], loaded: true, stored: true,
	}, nil
}

func (r *entityRun[R]) fold(rec *eventschemas.Record, d *digester) error {
	if !mayBeOf(rec.Stream, r.Category) {
		return nil
	}
	category, id := StreamKey(rec.Stream)
	if category != r.Category {
		return nil
	}
	s := r.rows[id]
	if s == nil {
		return errors.New("row was not loaded")
	}
	if s.there() && int64(rec.Revision) != s.revision+1 { //nolint:gosec // a revision fits
		return fmt.Errorf("hole in the stream: the row is at revision %d", s.revision)
	}
	if s.there() && s.site != rec.Envelope.Site {
		return fmt.Errorf("the stream is of site %q, the event of %q", s.site, rec.Envelope.Site)
	}
	next, err := r.next(s.row, rec)
	if err != nil {
		return err
	}
	return r.set(rec, id, s, next, d)
}

func (r *entityRun[R]) next(row R, rec *eventschemas.Record) (R, error) {
	_, struck := rec.Event.(record.Struck)
	switch {
	case !struck && rec.Refold == nil:
		return r.Evolve(row, *rec)
	case r.Refold != nil:
		return r.Refold(rec.Refold)
	}
	var fresh R // AUD-02: folded afresh without what was struck
	for i := range rec.Refold {
		var err error
		if fresh, err = r.Evolve(fresh, rec.Refold[i]); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// set makes next the version of the row from rec on.
func (r *entityRun[R]) set(rec *eventschemas.Record, id uuid.UUID, s *state[R], next R, d *digester) error {
	v := reflect.ValueOf(next)
	gone := v.IsZero()
	if gone && !s.there() {
		return nil
	}
	site := s.site
	if !s.there() {
		site = rec.Envelope.Site
	}
	if r.figures != nil {
		if err := r.contribute(rec, site, id, s, next, gone, d); err != nil {
			return err
		}
	}
	if r.held != nil {
		if err := r.stretch(rec.Number, site, id, s, next, gone, d); err != nil {
			return err
		}
	}
	if !s.dirty {
		s.dirty = true
		r.changed = append(r.changed, id)
	}
	if gone {
		r.closed = append(r.closed, r.closedVersion(id, s, rec.Number))
		r.addEnd(d, site, id, rec.Number)
		r.size -= s.size
		*s = state[R]{site: site, stored: s.stored, dirty: true}
		return nil
	}
	values, err := r.encode(s, v)
	if err != nil {
		return err
	}
	if s.there() {
		closed := r.closedVersion(id, s, rec.Number)
		if err := r.shorten(closed[len(historyKey):], s, values); err != nil {
			return err
		}
		r.closed = append(r.closed, closed)
	}
	s.site, s.from, s.revision, s.row, s.values = site, rec.Number, int64(rec.Revision), next, values //nolint:gosec // a revision fits
	s.loaded = false
	r.weigh(s)
	r.addVersion(d, id, s)
	return nil
}

// weight is about how many bytes are kept between pages, as they are stored.
func (r *entityRun[R]) weight() int {
	w := r.size + len(r.rows)<<8
	if r.held != nil {
		w += len(r.held.fresh) << 9
	}
	return w
}

// weigh counts the bytes of a row whose values are new.
func (r *entityRun[R]) weigh(s *state[R]) {
	r.size -= s.size
	s.size = 0
	for _, v := range s.values {
		if text, ok := v.(string); ok {
			s.size += len(text)
		}
	}
	r.size += s.size
}

// encode returns the values of next, the row that follows s. A list that the
// event left alone is not encoded again.
func (r *entityRun[R]) encode(s *state[R], next reflect.Value) ([]any, error) {
	out := make([]any, 0, len(r.codec.cols))
	if !s.there() || s.loaded {
		return r.codec.values(next, out)
	}
	return r.codec.valuesAfter(reflect.ValueOf(s.row), s.values, next, out)
}

func (r *entityRun[R]) closedVersion(id uuid.UUID, s *state[R], to int64) []any {
	span := int64(bits.Len64(uint64(to - s.from))) //nolint:gosec // to is after from
	return append([]any{s.site, id, s.from, s.revision, to, span}, s.values...)
}

func (r *entityRun[R]) addVersion(d *digester, id uuid.UUID, s *state[R]) {
	e := element{table: r.Name, id: id, number: s.from}
	e.hash, r.buf = r.versionHash(r.buf, []any{s.site, id, s.from, s.revision}, s.values)
	if d.collect != nil {
		e.place, e.older, e.key = r.Name, r.history.name, rowName(s.site, id, s.from)
	}
	d.add(e)
}

func (r *entityRun[R]) addEnd(d *digester, site string, id uuid.UUID, number int64) {
	e := element{table: r.Name, id: id, number: number, ordinal: 1}
	e.hash, r.buf = r.endHash(r.buf, site, id, number)
	if d.collect != nil {
		e.place, e.key = r.history.name, rowName(site, id, number)
	}
	d.add(e)
}

// rowName is the key of a version for people.
func rowName(site string, id uuid.UUID, from int64) string {
	return fmt.Sprintf("%s/%s@%d", site, id, from)
}

func (e *entity[R]) versionHash(buf []byte, key, row []any) (sum [32]byte, scratch []byte) {
	return hashOf(buf, e.Name, key, row)
}

// endHash is the element for a row that ends without a next version.
func (e *entity[R]) endHash(buf []byte, site string, id uuid.UUID, number int64) (sum [32]byte, scratch []byte) {
	return hashOf(buf, e.Name+"/end", []any{site, id, number})
}

func (r *entityRun[R]) contribute(rec *eventschemas.Record, site string, id uuid.UUID, s *state[R], next R, gone bool, d *digester) error {
	var before, after []Contribution
	if s.there() {
		before = r.Contribute(s.row)
	}
	if !gone {
		after = r.Contribute(next)
	}
	return r.figures.change(rec, site, id, before, after, d)
}

func (r *entityRun[R]) stretch(number int64, site string, id uuid.UUID, s *state[R], next R, gone bool, d *digester) error {
	var before, after []Stretch
	if s.there() {
		before = r.Stretches(s.row)
	}
	if !gone {
		after = r.Stretches(next)
	}
	return r.held.change(number, site, id, before, after, d)
}

// liveBytes is up to how many bytes of rows of a model, as they are stored, are kept from page to page, live.
const liveBytes = 4 << 20

func (r *entityRun[R]) adopt(before partRun) {
	if b, ok := before.(*entityRun[R]); ok {
		r.rows, r.size = b.rows, b.size
	}
}

func (r *entityRun[R]) endMark(mark int64) {
	if r.figures != nil {
		r.figures.endMark(mark)
	}
}

func (r *entityRun[R]) flush(ctx context.Context, tx pgx.Tx, _ int64, last bool) error {
	if err := r.history.insert(ctx, tx, r.schema, r.closed); err != nil {
		return err
	}
	clear(r.closed)
	r.closed = r.closed[:0]
	if r.figures != nil {
		if err := r.figures.flush(ctx, tx); err != nil {
			return err
		}
	}
	if r.held != nil {
		if err := r.held.flush(ctx, tx); err != nil {
			return err
		}
	}
	if last || r.limit == 0 || r.weight() > r.limit {
		return r.writeBack(ctx, tx)
	}
	return nil
}

// writeBack brings the current table up to the rows in memory. A rebuild then
// forgets them; live, they serve the next page if they are few.
func (r *entityRun[R]) writeBack(ctx context.Context, tx pgx.Tx) error {
	var fresh, again [][]any
	var gone []uuid.UUID
	slices.SortFunc(r.changed, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range r.changed {
		s := r.rows[id]
		switch {
		case s.there():
			values := append([]any{s.site, id, s.from, s.revision}, s.values...)
			if s.stored {
				again = append(again, values)
			} else {
				fresh = append(fresh, values)
			}
		case s.stored:
			gone = append(gone, id)
		}
		s.stored, s.dirty = s.there(), false
	}
	r.changed = r.changed[:0]
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE id = ANY ($1)", quote(r.schema, r.Name)), gone); err != nil {
			return fmt.Errorf("delete %d rows of %s: %w", len(gone), r.Name, err)
		}
	}
	if err := r.current.insert(ctx, tx, r.schema, fresh); err != nil {
		return err
	}
	if err := r.current.upsert(ctx, tx, r.schema, again); err != nil {
		return err
	}
	if r.held != nil {
		if err := r.held.writeBack(ctx, tx); err != nil {
			return err
		}
	}
	if r.limit > 0 || r.weight() > liveBytes {
		r.rows, r.size = map[uuid.UUID]*state[R]{}, 0
		r.spilled = r.limit > 0
	}
	return nil
}
