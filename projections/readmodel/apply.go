package readmodel

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// run applies records to one generation. Live, a run lasts one page.
type run struct {
	*generation
	parts []partRun
}

// next returns the run of the next page, live. It takes over the rows that the
// one of the page before has in memory: nobody else writes them.
func (g *generation) next() *run {
	r := g.start(0)
	if g.last != nil {
		for i, p := range r.parts {
			if a, ok := p.(adopter); ok {
				a.adopt(g.last.parts[i])
			}
		}
	}
	g.last = r
	return r
}

func (g *generation) start(limit int) *run {
	r := &run{generation: g}
	for _, p := range g.parts {
		r.parts = append(r.parts, p.start(g.schema, limit))
	}
	return r
}

// pending returns the events of a page that come after a number.
func pending(p eventschemas.Page, number int64) []eventschemas.Record {
	if len(p.Events) == 0 {
		return nil
	}
	skip := number - p.Events[0].Number + 1
	return p.Events[min(max(skip, 0), int64(len(p.Events))):]
}

// checkpointAfter is the checkpoint when the events of p up to a number are applied.
func checkpointAfter(p eventschemas.Page, number int64) eventschemas.Checkpoint {
	at := p.Previous
	for i := range p.Events {
		e := &p.Events[i]
		if e.Number > number {
			break
		}
		at.Number, at.Position, at.EventID = e.Number, e.Position, e.ID
		if e.Created.After(at.CreatedMax) {
			at.CreatedMax = e.Created
		}
	}
	return at
}

// apply folds and writes the events of p that the generation does not have,
// up to and including the number to. The transaction is the caller's.
func (r *run) apply(ctx context.Context, tx pgx.Tx, p eventschemas.Page, to int64) error {
	recs, err := r.take(p, to)
	if err != nil {
		return err
	}
	if err := r.load(ctx, tx, recs); err != nil {
		return err
	}
	if err := r.fold(recs); err != nil {
		return err
	}
	return r.write(ctx, tx, p, recs)
}

// take returns the events of p that the generation does not have, up to and including the number to.
func (r *run) take(p eventschemas.Page, to int64) ([]eventschemas.Record, error) {
	recs := pending(p, r.at.Number)
	for len(recs) > 0 && recs[len(recs)-1].Number > to {
		recs = recs[:len(recs)-1]
	}
	if len(recs) > 0 && recs[0].Number != r.at.Number+1 {
		return nil, fmt.Errorf("%s is at %d, the page begins at %d", r.schema, r.at.Number, recs[0].Number)
	}
	return recs, nil
}

// load reads the rows that recs touch, once for the whole page.
func (r *run) load(ctx context.Context, tx pgx.Tx, recs []eventschemas.Record) error {
	for _, p := range r.parts {
		if err := p.load(ctx, tx, recs); err != nil {
			return err
		}
	}
	return nil
}

// fold applies recs in memory, in stretches between marks, so that page cuts
// do not matter. It does no I/O.
func (r *run) fold(recs []eventschemas.Record) error {
	for len(recs) > 0 {
		mark := markAfter(recs[0].Number)
		n := min(int64(len(recs)), mark-recs[0].Number+1)
		if err := r.stretch(recs[:n]); err != nil {
			return err
		}
		for _, p := range r.parts {
			if s, ok := p.(marker); ok {
				s.endMark(mark)
			}
		}
		recs = recs[n:]
	}
	return nil
}

func (r *run) stretch(recs []eventschemas.Record) error {
	for i := range recs {
		for _, p := range r.parts {
			if err := safely(func() error { return p.fold(&recs[i], r.digest) }); err != nil {
				return haltAt(&recs[i], err)
			}
		}
	}
	r.digest.advance(recs[len(recs)-1].Number)
	return nil
}

// write brings the tables and the checkpoint to where fold left the run. A row
// that several events of the page changed is written once.
func (r *run) write(ctx context.Context, tx pgx.Tx, p eventschemas.Page, recs []eventschemas.Record) error {
	if len(recs) == 0 {
		return nil
	}
	last := recs[len(recs)-1].Number
	if err := r.advance(ctx, tx, checkpointAfter(p, last)); err != nil {
		return err
	}
	for _, part := range r.parts {
		if err := part.flush(ctx, tx, markAfter(last), false); err != nil {
			return err
		}
	}
	return r.digest.save(ctx, tx, r.generation)
}

// flush writes what a write-back run still holds.
func (r *run) flush(ctx context.Context, tx pgx.Tx) error {
	for _, p := range r.parts {
		if err := p.flush(ctx, tx, markAfter(r.at.Number), true); err != nil {
			return err
		}
	}
	return nil
}

// safely turns a panic of a fold into an error: it halts one projector, not the process.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
