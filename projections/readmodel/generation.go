package readmodel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// State of a generation.
type State string

// The states. Only an active generation is written live.
const (
	Building   State = "building"
	CatchingUp State = "catching_up"
	Ready      State = "ready" // rebuilt, equal or not said in the report, not serving
	Active     State = "active"
	Retired    State = "retired" // was active; kept for rolling back
	Halted     State = "halted"  // active, but stopped before an event
)

// SchemaName is the schema of a generation.
func SchemaName(projection string, version, generation int) string {
	return fmt.Sprintf("rm_%s_v%d_g%d", projection, version, generation)
}

// bucketTable keeps the digest of each key range, to narrow a difference.
const bucketTable = "digest_bucket"

// generation is one set of tables of a projection, and how far it is.
type generation struct {
	*compiled
	number int
	schema string
	state  State
	epoch  int64
	at     eventschemas.Checkpoint
	halted *HaltError
	digest *digester
	last   *run // of the page before, live; nil at first
}

// createGeneration makes the schema and rows of a generation; with indexes if
// it is to be filled live.
func createGeneration(ctx context.Context, tx pgx.Tx, c *compiled, number int, state State) (*generation, error) {
	g := &generation{
		compiled: c, number: number, schema: SchemaName(c.Name, c.Version, number), state: state, digest: newDigester(c.names),
	}
	sql := []string{
		"CREATE SCHEMA " + quote(g.schema),
		fmt.Sprintf("CREATE TABLE %s (table_name text NOT NULL, bucket int NOT NULL, count bigint NOT NULL, digest bytea NOT NULL, "+
			"PRIMARY KEY (table_name, bucket))", quote(g.schema, bucketTable)),
	}
	for _, p := range c.parts {
		sql = append(sql, p.create(g.schema)...)
	}
	if state == Active {
		more, err := g.indexes()
		if err != nil {
			return nil, err
		}
		sql = append(sql, more...)
	}
	for _, s := range sql {
		if _, err := tx.Exec(ctx, s); err != nil {
			return nil, fmt.Errorf("create generation %s: %w", g.schema, err)
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO fieldledger.projection_generation (projection, version, generation, schema_name, state)
		VALUES ($1, $2, $3, $4, $5)`, c.Name, c.Version, number, g.schema, state)
	if err != nil {
		return nil, fmt.Errorf("create generation %s: %w", g.schema, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO fieldledger.projection_checkpoint
		(projection, version, generation, number, commit_position, prepare_position, epoch) VALUES ($1, $2, $3, 0, 0, 0, 0)`,
		c.Name, c.Version, number)
	if err != nil {
		return nil, fmt.Errorf("create checkpoint of %s: %w", g.schema, err)
	}
	return g, nil
}

func (g *generation) indexes() ([]string, error) {
	var out []string
	for _, p := range g.parts {
		sql, err := p.index(g.schema)
		if err != nil {
			return nil, fmt.Errorf("indexes of %s: %w", g.schema, err)
		}
		out = append(out, sql...)
	}
	return out, nil
}

// dropGeneration removes a generation and all that is known of it.
func dropGeneration(ctx context.Context, tx pgx.Tx, c *compiled, number int) error {
	schema := SchemaName(c.Name, c.Version, number)
	if _, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS "+quote(schema)+" CASCADE"); err != nil {
		return fmt.Errorf("drop %s: %w", schema, err)
	}
	for _, table := range []string{"projection_mark", "projection_checkpoint", "projection_generation"} {
		sql := "DELETE FROM fieldledger." + table + " WHERE projection = $1 AND version = $2 AND generation = $3"
		if _, err := tx.Exec(ctx, sql, c.Name, c.Version, number); err != nil {
			return fmt.Errorf("drop %s: %w", schema, err)
		}
	}
	return nil
}

// loadGeneration reads what the database knows of a generation.
func loadGeneration(ctx context.Context, q Querier, c *compiled, number int) (*generation, error) {
	g := &generation{compiled: c, number: number, schema: SchemaName(c.Name, c.Version, number), digest: newDigester(c.names)}
	var commit, prepare int64
	var event *uuid.UUID
	var created *time.Time
	var reason *string
	var at *int64
	err := q.QueryRow(ctx, `SELECT c.number, c.commit_position, c.prepare_position, c.event_id, c.created_max, c.epoch,
			g.state, g.halted_reason, g.halted_number
		FROM fieldledger.projection_checkpoint c JOIN fieldledger.projection_generation g USING (projection, version, generation)
		WHERE projection = $1 AND version = $2 AND generation = $3`, c.Name, c.Version, number).
		Scan(&g.at.Number, &commit, &prepare, &event, &created, &g.epoch, &g.state, &reason, &at)
	if err != nil {
		return nil, fmt.Errorf("load generation %s: %w", g.schema, err)
	}
	g.at.Position = eventschemas.Position{Commit: uint64(commit), Prepare: uint64(prepare)} //nolint:gosec // bits as they were written
	if event != nil {
		g.at.EventID = *event
	}
	if created != nil {
		g.at.CreatedMax = created.UTC()
	}
	if g.state == Halted && reason != nil && at != nil {
		g.halted = &HaltError{Number: *at, Err: errors.New(*reason)}
	}
	g.digest.number = g.at.Number
	return g, g.loadDigests(ctx, q)
}

func (g *generation) loadDigests(ctx context.Context, q Querier) error {
	rows, err := q.Query(ctx, `SELECT table_name, -1, count, digest FROM fieldledger.projection_mark
			WHERE projection = $1 AND version = $2 AND generation = $3 AND mark = 0
		UNION ALL SELECT table_name, bucket, count, digest FROM `+quote(g.schema, bucketTable), g.Name, g.Version, g.number)
	if err != nil {
		return fmt.Errorf("load digests of %s: %w", g.schema, err)
	}
	var table string
	var bucket int
	var count int64
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&table, &bucket, &count, &raw}, func() error {
		t := g.digest.tables[table]
		if t == nil || bucket >= buckets {
			return fmt.Errorf("digest of an unknown table %s, range %d", table, bucket)
		}
		d, err := digestFrom(count, raw)
		if bucket < 0 {
			t.running = d
		} else {
			t.buckets[bucket] = d
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("load digests of %s: %w", g.schema, err)
	}
	return nil
}

// save writes the digests that changed since the last save.
func (d *digester) save(ctx context.Context, tx pgx.Tx, g *generation) error {
	var marks, counts []int64
	var tables []string
	var sums [][]byte
	note := func(mark int64, table string, x Digest) {
		marks, tables, counts, sums = append(marks, mark), append(tables, table), append(counts, x.Count), append(sums, x.Bytes())
	}
	for _, m := range d.marks {
		note(m.mark, m.table, m.Digest)
	}
	d.marks = d.marks[:0]
	var ranges []int32
	var rangeTables []string
	var rangeCounts []int64
	var rangeSums [][]byte
	for _, n := range d.names {
		t, changed := d.tables[n], false
		for b := range t.dirty {
			if !t.dirty[b] {
				continue
			}
			t.dirty[b], changed = false, true
			ranges, rangeTables = append(ranges, int32(b)), append(rangeTables, n)
			rangeCounts, rangeSums = append(rangeCounts, t.buckets[b].Count), append(rangeSums, t.buckets[b].Bytes())
		}
		if changed {
			note(0, n, t.running)
		}
	}
	if len(marks) > 0 {
		_, err := tx.Exec(ctx, `INSERT INTO fieldledger.projection_mark (projection, version, generation, mark, table_name, count, digest)
			SELECT $1, $2, $3, * FROM unnest($4::bigint[], $5::text[], $6::bigint[], $7::bytea[])
			ON CONFLICT (projection, version, generation, mark, table_name) DO UPDATE SET count = EXCLUDED.count, digest = EXCLUDED.digest`,
			g.Name, g.Version, g.number, marks, tables, counts, sums)
		if err != nil {
			return fmt.Errorf("save marks of %s: %w", g.schema, err)
		}
	}
	if len(ranges) > 0 {
		_, err := tx.Exec(ctx, "INSERT INTO "+quote(g.schema, bucketTable)+` (table_name, bucket, count, digest)
			SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[])
			ON CONFLICT (table_name, bucket) DO UPDATE SET count = EXCLUDED.count, digest = EXCLUDED.digest`,
			rangeTables, ranges, rangeCounts, rangeSums)
		if err != nil {
			return fmt.Errorf("save digests of %s: %w", g.schema, err)
		}
	}
	return nil
}

// advance moves the checkpoint by compare-and-set; errFenced if somebody else did.
func (g *generation) advance(ctx context.Context, tx pgx.Tx, to eventschemas.Checkpoint) error {
	tag, err := tx.Exec(ctx, `UPDATE fieldledger.projection_checkpoint
		SET number = $1, commit_position = $2, prepare_position = $3, event_id = $4, created_max = $5, updated_at = now()
		WHERE projection = $6 AND version = $7 AND generation = $8 AND epoch = $9 AND number = $10`,
		to.Number, int64(to.Position.Commit), int64(to.Position.Prepare), to.EventID, to.CreatedMax, //nolint:gosec // bits as they are
		g.Name, g.Version, g.number, g.epoch, g.at.Number)
	if err != nil {
		return fmt.Errorf("advance checkpoint of %s: %w", g.schema, err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("advance checkpoint of %s from %d: %w", g.schema, g.at.Number, ErrFenced)
	}
	g.at = to
	return nil
}

// halt notes in the database that g stopped, in the transaction of the page.
func (g *generation) halt(ctx context.Context, tx pgx.Tx, h *HaltError) error {
	_, err := tx.Exec(ctx, `UPDATE fieldledger.projection_generation SET state = $1, halted_reason = $2, halted_number = $3
		WHERE projection = $4 AND version = $5 AND generation = $6`,
		Halted, h.Error(), h.Number, g.Name, g.Version, g.number)
	if err != nil {
		return fmt.Errorf("halt %s: %w", g.schema, err)
	}
	g.state, g.halted = Halted, h
	return nil
}

// isHalt reports whether err is the projector's own fault, so that it halts
// alone; every other error is the database's, and the page is tried again.
func isHalt(err error) bool {
	if _, ok := errors.AsType[*HaltError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code[:2] == "22" || pg.Code[:2] == "23") // data exception, constraint
}
