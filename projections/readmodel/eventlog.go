package readmodel

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

var logKey = []column{
	keyColumn("site", text), keyColumn("id", uuidType), keyColumn("number", bigint), keyColumn("stream", text),
	keyColumn("revision", bigint), keyColumn("event_id", uuidType), keyColumn("type", text),
	keyColumn("occurred_at", timestamptz), keyColumn("recorded_at", timestamptz),
}

// eventLog is a compiled Log.
type eventLog[T any] struct {
	Log[T]
	codec rowCodec
	table sqlTable
}

func (l Log[T]) compile() (part, error) {
	if !nameShape.MatchString(l.Name) || l.Row == nil {
		return nil, fmt.Errorf("log %q needs a lower-case name and Row", l.Name)
	}
	codec, err := newRowCodec(reflect.TypeFor[T]())
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", l.Name, err)
	}
	for _, c := range codec.cols {
		if slices.ContainsFunc(logKey, func(k column) bool { return k.name == c.name }) {
			return nil, fmt.Errorf("log %s: column %s is one of every log", l.Name, c.name)
		}
	}
	t := sqlTable{name: l.Name, key: "site, id, number", cols: slices.Concat(logKey, codec.cols)}
	return &eventLog[T]{Log: l, codec: codec, table: t}, nil
}

func (l *eventLog[T]) digested() []string { return []string{l.Name} }

func (l *eventLog[T]) create(schema string) []string { return []string{l.table.create(schema)} }

func (l *eventLog[T]) index(schema string) ([]string, error) {
	own, err := expand(schema, l.Indexes)
	if err != nil {
		return nil, err
	}
	name := quote(schema, l.Name)
	return append([]string{
		l.table.primaryKey(schema),
		fmt.Sprintf("CREATE INDEX ON %s (id, number)", name), // serves one stream's events
		fmt.Sprintf("CREATE INDEX ON %s (number)", name),     // serves the feed in log order
	}, own...), nil
}

func (l *eventLog[T]) revision(schema, category string) string {
	if l.Category != "" && category != l.Category {
		return ""
	}
	return fmt.Sprintf("SELECT max(revision) FROM %s WHERE id = $1", quote(schema, l.Name))
}

func (l *eventLog[T]) start(schema string, _ int) partRun {
	return &eventLogRun[T]{eventLog: l, schema: schema}
}

type eventLogRun[T any] struct {
	*eventLog[T]
	schema string
	rows   [][]any
	buf    []byte
}

func (r *eventLogRun[T]) load(context.Context, pgx.Tx, []eventschemas.Record) error { return nil }

func (r *eventLogRun[T]) fold(rec *eventschemas.Record, d *digester) error {
	category, id := StreamKey(rec.Stream)
	if r.Category != "" && category != r.Category {
		return nil
	}
	row, err := r.Row(*rec)
	if err != nil || row == nil {
		return err
	}
	values := append(make([]any, 0, len(r.table.cols)),
		rec.Envelope.Site, id, rec.Number, rec.Stream, int64(rec.Revision), rec.ID, rec.Type, //nolint:gosec // a revision fits
		rec.Envelope.OccurredAt.UTC(), rec.Envelope.RecordedAt.UTC())
	if values, err = r.codec.values(reflect.ValueOf(row).Elem(), values); err != nil {
		return err
	}
	r.rows = append(r.rows, values)
	e := element{table: r.Name, id: id, number: rec.Number}
	e.hash, r.buf = hashOf(r.buf, r.Name, values)
	if d.collect != nil {
		e.place, e.key = r.Name, logName(values)
	}
	d.add(e)
	return nil
}

// logName is the key of a row for people.
func logName(values []any) string { return fmt.Sprintf("%s/%s@%d", values[0], values[1], values[2]) }

func (r *eventLogRun[T]) flush(ctx context.Context, tx pgx.Tx, _ int64, _ bool) error {
	err := r.table.insert(ctx, tx, r.schema, r.rows)
	r.rows = r.rows[:0]
	return err
}
