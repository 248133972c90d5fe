package readmodel

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Difference is a row that is not what the log says.
type Difference struct {
	Table string // without the schema
	Key   string // site/id@number of the version, number.ordinal of the fact, or the parts of a cell's key
	What  string // "is missing", "was changed", ...
}

// Verification says whether the tables of a projection are what the projector wrote.
type Verification struct {
	Projection  string
	Generation  int
	Schema      string
	Number      int64  // log number that was verified
	Digest      string // kept by the projector
	Recomputed  string // from the tables
	Elements    int64  // versions, facts and log rows read
	Equal       bool   // the digests are, and nothing differs
	Differences []Difference
}

// VerifyOptions of a verification.
type VerifyOptions struct {
	// Pages serves to name the rows that differ; without it only the range of
	// ids is named.
	Pages       Pages
	Projections []string // names; empty for all
}

// maxRanges is how many of the 256 key ranges are folded again to name rows.
const maxRanges = 8

// Verify computes the digests of the live generations again from their tables,
// in one snapshot, and sums the cells again from the facts. Where they differ
// it folds those ranges of keys again from the log and names table and key.
func (m *Manager) Verify(ctx context.Context, o VerifyOptions) ([]Verification, error) {
	cs, err := m.chosen(o.Projections)
	if err != nil {
		return nil, err
	}
	var out []Verification
	for _, c := range cs {
		var v Verification
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := pgx.BeginTxFunc(ctx, m.pool, options, func(tx pgx.Tx) (err error) {
			v, err = verify(ctx, tx, c, o.Pages)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", c.Name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func verify(ctx context.Context, tx pgx.Tx, c *compiled, pages Pages) (Verification, error) {
	if _, err := tx.Exec(ctx, "SET LOCAL jit = off"); err != nil {
		return Verification{}, fmt.Errorf("set up transaction: %w", err)
	}
	g, err := loadActive(ctx, tx, c)
	if err != nil {
		return Verification{}, err
	}
	a := &auditor{digester: newDigester(c.names)}
	if err := g.audit(ctx, tx, a); err != nil {
		return Verification{}, err
	}
	v := Verification{
		Projection: c.Name, Generation: g.number, Schema: g.schema, Number: g.at.Number,
		Digest: g.digest.total(), Recomputed: a.total(), Differences: a.differences,
	}
	for _, n := range c.names {
		v.Elements += a.tables[n].running.Count
	}
	ranges := differingRanges(g.digest, a.digester)
	if len(ranges) > 0 {
		named, err := g.name(ctx, tx, pages, ranges)
		if err != nil {
			return v, err
		}
		v.Differences = append(named, v.Differences...)
	}
	if len(v.Differences) == 0 && v.Digest != v.Recomputed {
		v.Differences = []Difference{{Table: "projection_mark", Key: g.schema, What: "differs from the tables"}}
	}
	v.Equal = len(v.Differences) == 0
	return v, nil
}

func (g *generation) audit(ctx context.Context, q Querier, a *auditor) error {
	for _, p := range g.parts {
		if err := p.audit(ctx, q, g.schema, a); err != nil {
			return err
		}
	}
	return nil
}

// differingRanges returns the key ranges in which some table differs.
func differingRanges(kept, found *digester) []byte {
	var out []byte
	for b := range buckets {
		for _, n := range kept.names {
			if kept.tables[n].buckets[b] != found.tables[n].buckets[b] {
				out = append(out, byte(b))
				break
			}
		}
	}
	return out
}

// elementKey names an element within a projection.
type elementKey struct {
	table           string
	id              uuid.UUID
	number, ordinal int64
}

type elements map[elementKey]element

// gather returns a collector of the elements in some ranges.
func (e elements) gather(ranges []byte) func(element) {
	return func(x element) {
		if slices.Contains(ranges, x.id[0]) {
			e[elementKey{x.table, x.id, x.number, x.ordinal}] = x
		}
	}
}

// name finds the rows that differ in some key ranges.
func (g *generation) name(ctx context.Context, q Querier, pages Pages, ranges []byte) ([]Difference, error) {
	if pages == nil {
		var out []Difference
		for _, r := range ranges {
			out = append(out, Difference{Table: strings.Join(g.names, ", "), Key: fmt.Sprintf("ids that begin with %02x", r), What: "differ"})
		}
		return out, nil
	}
	ranges = ranges[:min(len(ranges), maxRanges)]
	found, want := elements{}, elements{}
	a := &auditor{digester: newDigester(g.names)}
	a.collect = found.gather(ranges)
	if err := g.audit(ctx, q, a); err != nil {
		return nil, err
	}
	if err := g.fold(ctx, pages, ranges, want); err != nil {
		return nil, err
	}
	out := compareElements(want, found)
	if len(out) == 0 {
		out = []Difference{{Table: bucketTable, Key: hex.EncodeToString(ranges), What: "differs from the tables, which are what the log says"}}
	}
	return out[:min(len(out), maxDifferences)], nil
}

// fold folds the streams of some key ranges again, in memory.
func (g *generation) fold(ctx context.Context, pages Pages, ranges []byte, into elements) error {
	again := &generation{compiled: g.compiled, number: g.number, schema: g.schema, digest: newDigester(g.names)}
	again.digest.collect = into.gather(ranges)
	if g.at.Number == 0 {
		return nil
	}
	r := again.start(math.MaxInt)
	return pages.Scan(ctx, eventschemas.Checkpoint{}, g.at.Number, func(p eventschemas.Page) error {
		var recs []eventschemas.Record
		for i := range p.Events {
			if _, id := StreamKey(p.Events[i].Stream); slices.Contains(ranges, id[0]) {
				recs = append(recs, p.Events[i])
			}
		}
		if len(recs) == 0 {
			return nil
		}
		for _, part := range r.parts {
			if err := part.load(ctx, nil, recs); err != nil {
				return err
			}
		}
		return r.fold(recs)
	})
}

func compareElements(want, found elements) []Difference {
	newest := map[elementKey]int64{}
	for k := range want {
		row := elementKey{table: k.table, id: k.id}
		newest[row] = max(newest[row], k.number)
	}
	var out []Difference
	for k, w := range want {
		f, ok := found[k]
		switch {
		case !ok:
			if w.older != "" && k.number < newest[elementKey{table: k.table, id: k.id}] {
				w.place = w.older
			}
			out = append(out, Difference{Table: w.place, Key: w.key, What: "is missing"})
		case f.hash != w.hash:
			out = append(out, Difference{Table: f.place, Key: f.key, What: "was changed"})
		}
	}
	for k, f := range found {
		if _, ok := want[k]; !ok {
			out = append(out, Difference{Table: f.place, Key: f.key, What: "is not in the log"})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.Table+" "+a.Key, b.Table+" "+b.Key) })
	return out
}
