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
		if err == nil && backward(rec.Event) {
			rec.Refold, err = r.refold(ctx, rec)
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

// backward reports whether an event changes what came before it: it strikes
// one of them (AUD-02), or was entered late (SLA-05).
func backward(event any) bool {
	if _, strikes := event.(record.Struck); strikes {
		return true
	}
	late, ok := event.(eventschemas.Late)
	return ok && late.EnteredLate()
}

// refold returns the stream up to and with an event that changes what came
// before it, without strikes and without what they take back (AUD-02).
func (r *Reader) refold(ctx context.Context, rec eventschemas.Record) ([]eventschemas.Record, error) {
	stored, err := r.o.Streams.ReadStream(ctx, rec.Stream, 0)
	if err != nil {
		return nil, fmt.Errorf("read stream %s again: %w", rec.Stream, err)
	}
	if uint64(len(stored)) <= rec.Revision || stored[rec.Revision].ID != rec.ID {
		return nil, fmt.Errorf("stream %s does not hold its revision %d", rec.Stream, rec.Revision)
	}
	if s, ok := rec.Event.(record.Struck); ok && (s.Revision >= rec.Revision || stored[s.Revision].ID != s.EventID) {
		return nil, fmt.Errorf("the strike names an event that revision %d is not", s.Revision)
	}
	return r.standing(stored[:rec.Revision+1], rec.Number)
}

// standing returns the events of a stream that none of them strikes, and no strikes.
func (r *Reader) standing(stored []eventschemas.Recorded, number int64) ([]eventschemas.Record, error) {
	out := make([]eventschemas.Record, 0, len(stored))
	struck := map[uint64]bool{}
	for _, e := range stored {
		rec, err := r.o.Decode(e, number)
		if err != nil {
			return nil, fmt.Errorf("read stream %s again: %w", e.Stream, err)
		}
		if s, ok := rec.Event.(record.Struck); ok {
			struck[s.Revision] = true
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
