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
)

// Stretch is a stretch of time for which a row says that somebody held what it
// tells of: from From until just before To.
type Stretch struct {
	From, To time.Time // UTC, milliseconds; To is Forever for one that goes on
	Holder   string
	Order    string // by which lists of it are ordered, then by id; its bytes count
}

// Forever is the end of a stretch that has none, and later than anything that is asked.
var Forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// latest is an instant at which every stretch that goes on holds.
var latest = Forever.Add(-time.Millisecond)

// stillKnown is the end of what nothing has changed yet.
const stillKnown = int64(1) << 62

func (s Stretch) equal(o Stretch) bool {
	return s.From.Equal(o.From) && s.To.Equal(o.To) && s.Holder == o.Holder && s.Order == o.Order
}

// stretchTable keeps the stretches of a model's rows in both senses of time:
// each from the number that made it known to the one that changed it.
type stretchTable struct{ sqlTable }

// stretchContent is how many columns the digest counts: all but to_number.
const stretchContent = 7

func newStretchTable(model string) *stretchTable {
	return &stretchTable{sqlTable{name: model + "_stretch", key: "id, valid_from, from_number", cols: []column{
		keyColumn("site", text), keyColumn("id", uuidType), keyColumn("valid_from", timestamptz), keyColumn("from_number", bigint),
		keyColumn("valid_to", timestamptz), keyColumn("holder", text), keyColumn("ordered_by", text), keyColumn("to_number", bigint),
	}}}
}

func (t *stretchTable) create(schema string) []string {
	return []string{
		t.sqlTable.create(schema),
		fmt.Sprintf(`ALTER TABLE %s ALTER COLUMN ordered_by TYPE text COLLATE "C"`, quote(schema, t.name)),
		t.primaryKey(schema), // serves the fold
	}
}

// index makes every condition of a page one that the index answers: what does
// not hold then is passed over without a look at the table.
func (t *stretchTable) index(schema string) []string {
	const both = "ordered_by, id, valid_from, valid_to, from_number, to_number"
	return []string{
		fmt.Sprintf("CREATE INDEX ON %s (site, holder, %s)", quote(schema, t.name), both), // what somebody held
		fmt.Sprintf("CREATE INDEX ON %s (site, %s)", quote(schema, t.name), both),         // who held what there is
	}
}

// stretchKey is a stretch among those of all rows: no two of a row begin at once.
type stretchKey struct {
	id   uuid.UUID
	from int64 // milliseconds
}

// stretches writes what a run makes of them.
type stretches struct {
	*stretchTable
	schema string
	fresh  map[stretchKey][]any // known, and not in the table yet
	passed [][]any              // known and changed since the last flush
	ended  struct {             // those in the table that are changed
		ids     []uuid.UUID
		from    []time.Time
		numbers []int64
	}
	buf []byte
}

func (t *stretchTable) start(schema string) *stretches {
	return &stretches{stretchTable: t, schema: schema, fresh: map[stretchKey][]any{}}
}

// change brings the stretches of a row from before to after, as of number.
func (s *stretches) change(number int64, site string, id uuid.UUID, before, after []Stretch, d *digester) error {
	if !inOrder(after) {
		return errors.New("stretches are not in the order of time")
	}
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].From.Before(after[0].From):
			s.end(number, id, before[0])
			s.addEnd(d, site, id, before[0].From, number)
			before = before[1:]
		case len(before) == 0 || after[0].From.Before(before[0].From):
			s.begin(number, site, id, after[0], d)
			after = after[1:]
		default:
			if !before[0].equal(after[0]) {
				s.end(number, id, before[0])
				s.begin(number, site, id, after[0], d)
			}
			before, after = before[1:], after[1:]
		}
	}
	return nil
}

func inOrder(list []Stretch) bool {
	for i := 1; i < len(list); i++ {
		if !list[i-1].From.Before(list[i].From) {
			return false
		}
	}
	return true
}

func (s *stretches) begin(number int64, site string, id uuid.UUID, x Stretch, d *digester) {
	row := []any{site, id, x.From.UTC(), number, x.To.UTC(), x.Holder, x.Order, stillKnown}
	s.fresh[stretchKey{id, x.From.UnixMilli()}] = row
	e := element{table: s.name, id: id, number: number, ordinal: x.From.UnixMilli() * 2}
	e.hash, s.buf = hashOf(s.buf, s.name, row[:stretchContent])
	if d.collect != nil {
		e.place, e.key = s.name, stretchName(row)
	}
	d.add(e)
}

func (s *stretches) end(number int64, id uuid.UUID, x Stretch) {
	k := stretchKey{id, x.From.UnixMilli()}
	if row := s.fresh[k]; row != nil {
		row[len(row)-1] = number
		s.passed = append(s.passed, row)
		delete(s.fresh, k)
		return
	}
	s.ended.ids, s.ended.from, s.ended.numbers = append(s.ended.ids, id), append(s.ended.from, x.From), append(s.ended.numbers, number)
}

// addEnd adds the element of a stretch after which none begins at its time.
func (s *stretches) addEnd(d *digester, site string, id uuid.UUID, from time.Time, number int64) {
	e := element{table: s.name, id: id, number: number, ordinal: from.UnixMilli()*2 + 1}
	e.hash, s.buf = s.endHash(s.buf, site, id, from, number)
	if d.collect != nil {
		e.place, e.key = s.name, stretchName([]any{site, id, from, number})
	}
	d.add(e)
}

func (t *stretchTable) endHash(buf []byte, site string, id uuid.UUID, from time.Time, number int64) (sum [32]byte, scratch []byte) {
	return hashOf(buf, t.name+"/end", []any{site, id, from.UTC(), number})
}

// stretchName is the key of a stretch for people.
func stretchName(v []any) string {
	return fmt.Sprintf("%s/%s from %s@%d", v[0], v[1], v[2].(time.Time).UTC().Format("2006-01-02T15:04:05.000Z"), v[3])
}

// flush writes what is changed.
func (s *stretches) flush(ctx context.Context, tx pgx.Tx) error {
	if len(s.ended.ids) > 0 {
		sql := fmt.Sprintf(`UPDATE %s s SET to_number = u.number FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS u (id, valid_from, number)
			WHERE s.id = u.id AND s.valid_from = u.valid_from AND s.to_number = %d`, quote(s.schema, s.name), stillKnown)
		tag, err := tx.Exec(ctx, sql, s.ended.ids, s.ended.from, s.ended.numbers)
		if err != nil {
			return fmt.Errorf("end %d rows of %s: %w", len(s.ended.ids), s.name, err)
		}
		if n := int64(len(s.ended.ids)); tag.RowsAffected() != n {
			return fmt.Errorf("end rows of %s: %d of %d were there", s.name, tag.RowsAffected(), n)
		}
		s.ended.ids, s.ended.from, s.ended.numbers = s.ended.ids[:0], s.ended.from[:0], s.ended.numbers[:0]
	}
	err := s.insert(ctx, tx, s.schema, s.passed)
	s.passed = s.passed[:0]
	return err
}

// writeBack writes what is known, and forgets it.
func (s *stretches) writeBack(ctx context.Context, tx pgx.Tx) error {
	rows := make([][]any, 0, len(s.fresh))
	for _, row := range s.fresh {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b []any) int {
		x, y := a[1].(uuid.UUID), b[1].(uuid.UUID)
		if c := slices.Compare(x[:], y[:]); c != 0 {
			return c
		}
		return a[2].(time.Time).Compare(b[2].(time.Time))
	})
	clear(s.fresh)
	return s.insert(ctx, tx, s.schema, rows)
}

// audit reads what was ever known of each stretch together, oldest first:
// where one ends the next must begin, or it ended there.
func (t *stretchTable) audit(ctx context.Context, q Querier, schema string, a *auditor) error {
	sql := fmt.Sprintf("SELECT %s FROM %s ORDER BY id, valid_from, from_number, to_number", t.selectList(t.name), quote(schema, t.name))
	var last []any
	var buf []byte
	end := func() {
		if last == nil || last[7].(int64) == stillKnown {
			return
		}
		site, id, from, number := last[0].(string), last[1].(uuid.UUID), last[2].(time.Time), last[7].(int64)
		e := element{table: t.name, id: id, number: number, ordinal: from.UnixMilli()*2 + 1, place: t.name, key: stretchName(last)}
		e.hash, buf = t.endHash(buf, site, id, from, number)
		a.add(e)
	}
	err := a.each(ctx, q, &t.sqlTable, sql, stretchName, func(v []any) {
		from := v[2].(time.Time)
		switch {
		case last == nil || last[1] != v[1] || !last[2].(time.Time).Equal(from) || last[7].(int64) < v[3].(int64):
			end()
		case last[7].(int64) > v[3].(int64):
			a.differ(t.name, stretchName(last), fmt.Sprintf("ends at %d, after what was known next", last[7]))
		}
		e := element{table: t.name, id: v[1].(uuid.UUID), number: v[3].(int64), ordinal: from.UnixMilli() * 2, place: t.name, key: stretchName(v)}
		e.hash, buf = hashOf(buf, t.name, v[:stretchContent])
		a.add(e)
		last = slices.Clone(v)
	})
	end()
	return err
}

// Held asks for what was held at an instant, as known by ListQuery.AsOf, in
// the order of Stretch.Order and id: Order is that, and After has values of
// both. Who held it then is in Versioned.Held; the row is as of AsOf.
type Held struct {
	Holder string    // exact; "" for anybody
	Kind   string    // with which the holder begins, "person:"; "" for any
	Orders []string  // those of Stretch.Order; empty for any
	At     time.Time // zero for as it stands as of the number
}

// heldSQL reads the rows whose stretches hold: so many of each site as fill a
// page, in order, each with one look for its row as of the number.
func (r *Reader[R]) heldSQL(schema string, lq ListQuery) (string, args) {
	a := append(args{}, lq.Args...)
	row := "true"
	if lq.Where != "" {
		row = "(" + lq.Where + ")"
	}
	cols, n := r.e.current.columnList(), stillKnown-1
	from := fmt.Sprintf("SELECT %s, 0::bigint AS to_number FROM %s WHERE id = s.id AND %s", cols, quote(schema, r.e.Name), row)
	if lq.AsOf > 0 { // most are of the past: the current one is looked at when none of these is
		n = lq.AsOf
		from = fmt.Sprintf(`SELECT * FROM (SELECT %[2]s, to_number FROM %[3]s
			WHERE id = s.id AND from_number <= %[1]s ORDER BY from_number DESC LIMIT 1) h WHERE to_number > %[1]s AND %[4]s
			UNION ALL %[5]s AND from_number <= %[1]s LIMIT 1`, a.add(n)+"::bigint", cols, quote(schema, r.e.history.name), row, from)
	}
	stretch := quote(schema, r.e.stretches.name)
	limit := ""
	if lq.Limit > 0 {
		limit = " LIMIT " + a.add(lq.Limit)
	}
	sql := fmt.Sprintf(`SELECT %s, to_number, stretch_from, stretch_to, stretch_holder, ordered_by FROM %s x (of_site), LATERAL (
			SELECT r.*, s.valid_from AS stretch_from, s.valid_to AS stretch_to, s.holder AS stretch_holder, s.ordered_by FROM %s s, LATERAL (%s) r
			WHERE s.site = x.of_site AND %s ORDER BY s.ordered_by, s.id%s) v
		ORDER BY ordered_by, id%s`,
		r.e.versionList(schema, "v", lq.Without...), sitesSQL(&a, stretch, lq.Sites), stretch, from, heldWhere(&a, lq, n), limit, limit)
	return sql, a
}

// sitesSQL is a FROM item for some sites, or for all that the table has.
func sitesSQL(a *args, table string, sites []string) string {
	if len(sites) > 0 {
		return "unnest(" + a.add(sites) + "::text[])"
	}
	return fmt.Sprintf(`(WITH RECURSIVE s AS (SELECT min(site) AS site FROM %[1]s
		UNION ALL SELECT (SELECT min(t.site) FROM %[1]s t WHERE t.site > s.site) FROM s WHERE s.site IS NOT NULL)
		SELECT site FROM s WHERE site IS NOT NULL)`, table)
}

func heldWhere(a *args, lq ListQuery, n int64) string {
	at := lq.Held.At
	if at.IsZero() {
		at = latest
	}
	t, known := a.add(at)+"::timestamptz", a.add(n)+"::bigint"
	out := []string{
		"s.valid_from <= " + t, "s.valid_to > " + t, "s.from_number <= " + known, "s.to_number > " + known,
	}
	if lq.Held.Holder != "" {
		out = append(out, "s.holder = "+a.add(lq.Held.Holder))
	}
	if lq.Held.Kind != "" {
		out = append(out, "starts_with(s.holder, "+a.add(lq.Held.Kind)+")")
	}
	if len(lq.Held.Orders) > 0 {
		out = append(out, "s.ordered_by = ANY ("+a.add(lq.Held.Orders)+")")
	}
	if len(lq.Except) > 0 {
		out = append(out, "NOT s.id = ANY ("+a.add(lq.Except)+")")
	}
	switch len(lq.After) {
	case 0:
	case 2:
		out = append(out, fmt.Sprintf("(s.ordered_by, s.id) > (%s::text, %s::uuid)", a.add(lq.After[0]), a.add(lq.After[1])))
	default:
		out = append(out, "false")
	}
	return strings.Join(out, " AND ")
}
