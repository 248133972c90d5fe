package catchup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// delivery is what the pipeline hands on, in order: a page, or that nothing
// after it can be read, or both.
type delivery struct {
	page   eventschemas.Page
	poison *eventschemas.PoisonError
}

// item is an event, or that the end of the log was reached.
type item struct {
	event    eventschemas.Recorded
	caughtUp bool
}

// job is a page on its way through the decoders.
type job struct {
	events   []eventschemas.Recorded
	bytes    int
	previous eventschemas.Checkpoint
	caughtUp bool
	poison   *eventschemas.PoisonError // the event after the last one

	done chan struct{} // closed when the rest is set
	out  delivery
	err  error
}

// read follows the log from a checkpoint and hands on pages until hand returns
// an error, the log is lost or ctx ends; it always returns an error. Numbers
// after to are not read; 0 means all. Three stages run at once: following,
// decoding and handing on. What was read ahead is bounded.
func (r *Reader) read(ctx context.Context, from eventschemas.Checkpoint, to int64, hand func(delivery) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var stages sync.WaitGroup
	defer stages.Wait()
	defer cancel()
	items := make(chan item, 1024)
	jobs := make(chan *job, r.o.Decoders)
	ordered := make(chan *job, r.o.Decoders)
	var lost error
	stages.Go(func() {
		defer close(items)
		lost = r.follow(ctx, from, items)
	})
	stages.Go(func() {
		defer close(ordered)
		defer close(jobs)
		p := &pager{Reader: r, to: to, next: from, seen: newRevisions()}
		p.run(ctx, items, ordered, jobs)
	})
	for range r.o.Decoders {
		stages.Go(func() {
			for j := range jobs {
				r.decode(ctx, j)
				close(j.done)
			}
		})
	}
	for j := range ordered {
		select {
		case <-j.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if j.err != nil {
			return j.err
		}
		if err := hand(j.out); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	cancel()
	stages.Wait()
	if lost == nil {
		lost = errors.New("following the log ended")
	}
	return lost
}

func (r *Reader) follow(ctx context.Context, from eventschemas.Checkpoint, items chan<- item) error {
	put := func(i item) error {
		select {
		case items <- i:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := r.o.Log.Follow(ctx, from.Position, prefix,
		func(e eventschemas.Recorded) error { return put(item{event: e}) },
		func() error { return put(item{caughtUp: true}) })
	return fmt.Errorf("follow the log: %w", err)
}

// pager numbers events and cuts pages.
type pager struct {
	*Reader
	to   int64
	next eventschemas.Checkpoint // after the last event of the open page
	seen *revisions
	open *job
	idle bool
	told bool // the end of the log was told once, even without an event
}

func (p *pager) begin() {
	p.open = &job{previous: p.next, done: make(chan struct{})}
	p.idle = false
}

// full reports that the open page takes no more.
func (p *pager) full() bool {
	j := p.open
	return len(j.events) >= p.o.PageEvents || j.bytes >= p.o.PageBytes || j.poison != nil || p.finished()
}

// finished reports that there is nothing to read any more.
func (p *pager) finished() bool { return p.to > 0 && p.next.Number >= p.to }

// due reports that the open page may go.
func (p *pager) due() bool {
	j := p.open
	return p.full() || len(j.events) > 0 && (j.caughtUp || p.idle) || j.caughtUp && !p.told
}

// run collects items into pages. A page that is due goes as soon as the next
// stage has room; until then it goes on growing, so that a slow projector
// gets larger pages, not more.
func (p *pager) run(ctx context.Context, items <-chan item, ordered, jobs chan<- *job) {
	p.begin()
	timer := time.NewTimer(p.o.Idle)
	defer timer.Stop()
	counted := 0
	for {
		in, out := items, ordered
		if p.full() {
			in = nil
		}
		if !p.due() {
			out = nil
		}
		if in == nil && out == nil {
			return // finished
		}
		select {
		case <-ctx.Done():
			return
		case i, ok := <-in:
			if !ok {
				p.last(ctx, ordered, jobs)
				return
			}
			p.take(i)
		case out <- p.open:
			over := p.open.poison != nil || p.finished()
			p.told = p.told || p.open.caughtUp
			if !p.send(ctx, jobs) || over {
				return
			}
			counted = 0
		case <-timer.C:
			p.idle = len(p.open.events) > 0 && len(p.open.events) == counted
			counted = len(p.open.events)
			timer.Reset(p.o.Idle)
		}
	}
}

// send gives the open page, which is in order already, to the decoders.
func (p *pager) send(ctx context.Context, jobs chan<- *job) bool {
	select {
	case jobs <- p.open:
		p.begin()
		return true
	case <-ctx.Done():
		return false
	}
}

// last sends what was read before the log was lost.
func (p *pager) last(ctx context.Context, ordered, jobs chan<- *job) {
	if len(p.open.events) == 0 {
		return
	}
	select {
	case ordered <- p.open:
		p.send(ctx, jobs)
	case <-ctx.Done():
	}
}

func (p *pager) take(i item) {
	j := p.open
	if i.caughtUp {
		j.caughtUp = true
		return
	}
	j.caughtUp = false
	e := i.event
	number := p.next.Number + 1
	if reason := p.seen.check(e, p.next.Number == 0); reason != "" {
		j.poison = poison(e, number, reason)
		return
	}
	j.events = append(j.events, e)
	j.bytes += len(e.Data) + len(e.Meta) + len(e.Stream) + len(e.Type) + 64
	p.next.Number, p.next.Position, p.next.EventID = number, e.Position, e.ID
	if e.Created.After(p.next.CreatedMax) {
		p.next.CreatedMax = e.Created
	}
}

func poison(e eventschemas.Recorded, number int64, reason string) *eventschemas.PoisonError {
	return &eventschemas.PoisonError{Number: number, Stream: e.Stream, Revision: e.Revision, Type: e.Type, Reason: reason}
}

// keepStreams is how many streams' last revisions are remembered, at least.
const keepStreams = 65_536

// revisions sees to it that each stream's events come without hole or repeat,
// as far as it remembers the stream.
type revisions struct{ young, old map[string]uint64 }

func newRevisions() *revisions { return &revisions{young: map[string]uint64{}} }

// check returns what is wrong with an event that comes next, "" for nothing.
func (r *revisions) check(e eventschemas.Recorded, first bool) string {
	last, known := r.young[e.Stream]
	if !known {
		last, known = r.old[e.Stream]
	}
	switch {
	case known && e.Revision != last+1:
		return fmt.Sprintf("revision %d came after %d", e.Revision, last)
	case first && e.Revision != 0:
		return fmt.Sprintf("the log begins with revision %d", e.Revision)
	}
	if len(r.young) >= keepStreams {
		r.old, r.young = r.young, make(map[string]uint64)
	}
	r.young[e.Stream] = e.Revision
	return ""
}
