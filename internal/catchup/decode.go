package catchup

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// decode turns the events of a page into records. The page ends before the
// first event that does not decode.
func (r *Reader) decode(ctx context.Context, j *job) {
	j.out = delivery{
		page:   eventschemas.Page{Previous: j.previous, CaughtUp: j.caughtUp, Events: make([]eventschemas.Record, 0, len(j.events))},
		poison: j.poison,
	}
	for i, e := range j.events {
		number := j.previous.Number + int64(i) + 1
		rec, err := r.o.Decode(e, number)
		if s, ok := rec.Event.(record.Struck); err == nil && ok {
			rec.Refold, err = r.refold(ctx, rec, s)
		}
		if errors.Is(err, commands.ErrUnavailable) || ctx.Err() != nil {
			j.err = fmt.Errorf("decode event %d: %w", number, errors.Join(err, ctx.Err()))
			return
		}
		if err != nil {
			j.out.poison = poison(e, number, err.Error())
			break
		}
		j.out.page.Events = append(j.out.page.Events, rec)
	}
	if j.out.poison != nil {
		j.out.page.CaughtUp = false
	}
}

// refold returns the stream up to a strike, without strikes and without every
// event that one of them takes back (AUD-02).
func (r *Reader) refold(ctx context.Context, strike eventschemas.Record, s record.Struck) ([]eventschemas.Record, error) {
	stored, err := r.o.Streams.ReadStream(ctx, strike.Stream, 0)
	if err != nil {
		return nil, fmt.Errorf("read stream %s again: %w", strike.Stream, err)
	}
	if uint64(len(stored)) <= strike.Revision || stored[strike.Revision].ID != strike.ID {
		return nil, fmt.Errorf("stream %s does not hold its strike", strike.Stream)
	}
	if s.Revision >= strike.Revision || stored[s.Revision].ID != s.EventID {
		return nil, fmt.Errorf("the strike names an event that revision %d is not", s.Revision)
	}
	out := make([]eventschemas.Record, 0, strike.Revision)
	struck := map[uint64]bool{s.Revision: true}
	for _, e := range stored[:strike.Revision] {
		rec, err := r.o.Decode(e, strike.Number)
		if err != nil {
			return nil, fmt.Errorf("read stream %s again: %w", strike.Stream, err)
		}
		if earlier, ok := rec.Event.(record.Struck); ok {
			struck[earlier.Revision] = true
			continue
		}
		out = append(out, rec)
	}
	kept := out[:0]
	for _, rec := range out {
		if !struck[rec.Revision] {
			kept = append(kept, rec)
		}
	}
	return kept, nil
}
