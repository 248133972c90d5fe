package eventnode

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

var _ commands.EventStore = (*Node)(nil)

// A page of a local scan is read in one access to the storage.
const (
	scanPageEvents     = 1024
	scanPageBytes      = 1 << 20
	scanPageConsidered = 1 << 16
)

// ReadStream returns the events of stream from revision from to its end.
// commands.ErrStreamNotFound if there is no such stream or it was deleted.
func (n *Node) ReadStream(ctx context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	leave, err := n.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	visible := n.head.Load().Position.Commit
	view, err := n.storage.view(stream, visible, ticksOf(n.opts.Clock.Now()))
	if err != nil {
		return nil, err
	}
	if view.tombstoned || view.missing() {
		return nil, fmt.Errorf("read stream %s: %w", stream, commands.ErrStreamNotFound)
	}
	first := max(from, uint64(view.lowest())) //nolint:gosec // not negative
	if first > uint64(view.last) {            //nolint:gosec // not missing
		return []eventschemas.Recorded{}, nil
	}
	events := make([]eventschemas.Recorded, 0, min(uint64(view.last)+1-first, scanPageEvents)) //nolint:gosec // not missing
	copies, known := &arena{}, &names{}
	err = n.storage.scanStream(stream, first, uint64(view.last), visible, false, func(r record) (bool, error) { //nolint:gosec // not missing
		if !view.hides(r) {
			events = append(events, r.copyPayload(copies).recorded(known))
		}
		return true, ctx.Err()
	})
	return events, err
}

// Scan calls event for each event behind after, of the streams whose name
// starts with prefix, in log order, and ends at the end that the log had when
// it was called. It returns the position of the last event that it looked at,
// wanted or not, to go on from. Errors: *HeadError if the log has no event at
// after, commands.ErrUnavailable, or what event returns.
func (n *Node) Scan(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error,
) (eventschemas.Position, error) {
	if err := n.checkStart(after); err != nil {
		return after, err
	}
	s := localScan{node: n, wanted: prefixFilter(prefix), position: after.Commit}
	err := s.run(ctx, n.head.Load().Position.Commit, event)
	return eventschemas.Position{Commit: s.position, Prepare: s.position}, err
}

// Follow is commands.Log: it scans, and goes on with new events as they come.
func (n *Node) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	if err := n.checkStart(after); err != nil {
		return err
	}
	s := localScan{node: n, wanted: prefixFilter(prefix), position: after.Commit}
	for {
		head, wake := n.watch()
		if err := s.run(ctx, head.Position.Commit, event); err != nil {
			return err
		}
		if err := caughtUp(); err != nil {
			return err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-n.closing:
			return n.unavailable()
		case <-n.done:
			return n.unavailable()
		}
	}
}

// checkStart refuses a position that this log never gave out.
func (n *Node) checkStart(after eventschemas.Position) error {
	if after == (eventschemas.Position{}) {
		return nil
	}
	leave, err := n.enter()
	if err != nil {
		return err
	}
	defer leave()
	return n.checkPosition("reader", after, nil)
}

// localScan reads the log page by page. The callback runs outside the storage.
type localScan struct {
	node     *Node
	wanted   eventFilter
	position uint64 // everything up to here was looked at
	number   uint64 // of the event there; 0 if not known
	names    names
	copies   arena
	page     []eventschemas.Recorded
}

func (s *localScan) run(ctx context.Context, to uint64, event func(eventschemas.Recorded) error) error {
	for s.position < to {
		if err := s.fill(to); err != nil {
			return err
		}
		for i := range s.page {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := event(s.page[i]); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *localScan) fill(to uint64) error {
	leave, err := s.node.enter()
	if err != nil {
		return err
	}
	defer leave()
	clear(s.page)
	s.page = s.page[:0]
	bytes, considered := 0, 0
	return s.node.storage.scan(s.position+1, to, func(r record) (bool, error) {
		if s.number != 0 && r.number != s.number+1 {
			return false, fmt.Errorf("%w: event %d is followed by event %d", errGap, s.number, r.number)
		}
		s.position, s.number = r.position, r.number
		considered++
		if s.wanted(r) && !isInternal(r) {
			s.page = append(s.page, r.copyPayload(&s.copies).recorded(&s.names))
			bytes += len(r.data) + len(r.meta)
		}
		return len(s.page) < scanPageEvents && bytes < scanPageBytes && considered < scanPageConsidered, nil
	})
}

// copyPayload copies what a Recorded keeps as bytes; names become strings anyway.
func (r record) copyPayload(a *arena) record {
	r.data, r.meta = a.clone(r.data), a.clone(r.meta)
	return r
}

// Append is commands.EventStore, without the network. The program itself
// appends through the official client; this is for tools and tests.
func (n *Node) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	if expected < commands.NoStream || len(events) == 0 || checkStreamName(stream) != nil {
		return 0, fmt.Errorf("append to stream %s: expected revision %d, %d events: malformed", stream, expected, len(events))
	}
	p := n.proposal()
	for _, e := range events {
		if err := p.addLocal(e); err != nil {
			return 0, fmt.Errorf("append to stream %s: %w", stream, err)
		}
	}
	result, err := n.write(ctx, &writeRequest{kind: kindAppend, stream: stream, expected: expected, events: p.events})
	if wrong, ok := errors.AsType[*wrongVersionError](err); ok {
		return 0, &commands.ConflictError{Stream: stream, Expected: expected, Actual: wrong.actual}
	}
	if err != nil {
		return 0, fmt.Errorf("append to stream %s: %w", stream, err)
	}
	return result.revision, nil
}

func (p *proposal) addLocal(e eventschemas.Proposed) error {
	size := int64(len(e.Data) + len(e.Meta) + 2*len(e.Type))
	if size > p.limits.event {
		return &sizeError{limit: p.limits.event, size: size, eventID: e.ID.String()}
	}
	if p.size += size; p.size > p.limits.append {
		return &sizeError{limit: p.limits.append, size: p.size}
	}
	if e.ID == [16]byte{} || e.Type == "" {
		return errors.New("an event lacks id or type")
	}
	p.events = append(p.events, newEvent{id: e.ID, kind: e.Type, json: true, data: e.Data, meta: e.Meta})
	return nil
}
