package eventnode

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
)

// errOutcomeUnknown answers writes that were in hand when the node failed.
var errOutcomeUnknown = errors.New("the event log failed during the write: it may or may not be stored")

// writeRequest is one append, delete or tombstone on its way to the committer.
type writeRequest struct {
	ctx      context.Context //nolint:containedctx // the request is a call in flight, dropped if its caller has gone
	kind     writeKind
	stream   string
	expected int64
	events   []newEvent
	done     chan writeAnswer // has room for the one answer
}

type writeAnswer struct {
	writeResult
	err error
}

func (r *writeRequest) wrong(actual int64) error {
	return &wrongVersionError{stream: r.stream, expected: r.expected, actual: actual}
}

func (r *writeRequest) bytes() int64 {
	n := int64(perEventBytes)
	for _, e := range r.events {
		n += int64(len(e.data) + len(e.meta) + perEventBytes)
	}
	return n
}

const (
	maxBatchRequests = 1024
	maxBatchBytes    = maxKept / 2 // so that it seldom is too big for the sidecar
	maxQueued        = 1024
	cachedStreams    = 50_000
	restAfter        = 50 * time.Millisecond
)

// committer is the only writer of the log. It takes all writes that wait,
// decides each against what is stored and what the batch will store, syncs
// them once, in the sidecar, and only then answers.
type committer struct {
	storage  *storage
	sidecar  *sidecar
	space    *space
	clock    commands.Clock
	publish  func(Head, uint64)
	fail     func(error)
	failed   func() error
	reopen   func() error    // for writing, when there is room
	broken   <-chan struct{} // closed when the node has failed
	requests chan *writeRequest
	stop     chan struct{}
	stopped  chan struct{}

	states *stateCache
	ids    *idCache
	head   Head   // with the batch in hand
	stored Head   // durable
	end    uint64 // position of the next event

	syncing  <-chan error // the log syncs what the older half of the sidecar holds
	unsynced bool         // the log has writes that it has not synced
	value    []byte       // scratch
	key      []byte       // scratch
}

// commitBatch is what one sync will store.
type commitBatch struct {
	*pebble.Batch
	created int64 // of all events of the batch
	full    error // why nothing may be stored, or nil
	pending map[string][]pendingEvent
	answers []pendingAnswer
	writes  int
}

type pendingEvent struct {
	revision int64
	position uint64
	id       uuid.UUID
}

type pendingAnswer struct {
	request *writeRequest
	answer  writeAnswer
}

func (c *committer) run() {
	defer close(c.stopped)
	quiet := time.NewTimer(restAfter)
	defer quiet.Stop()
	for {
		select {
		case r := <-c.requests:
			c.commit(c.collect(r))
			quiet.Reset(restAfter)
		case <-quiet.C:
			c.rest()
		case <-c.stop:
			c.refuseQueued()
			if err := c.settle(); err != nil { // nothing may use the log when it is closed
				c.fail(err)
			}
			return
		}
	}
}

// collect takes what else is waiting, up to a limit.
func (c *committer) collect(first *writeRequest) []*writeRequest {
	batch := []*writeRequest{first}
	for size := first.bytes(); len(batch) < maxBatchRequests && size < maxBatchBytes; {
		select {
		case r := <-c.requests:
			batch = append(batch, r)
			size += r.bytes()
		default:
			return batch
		}
	}
	return batch
}

func (c *committer) refuseQueued() {
	for {
		select {
		case r := <-c.requests:
			r.done <- writeAnswer{err: commands.ErrUnavailable}
		default:
			return
		}
	}
}

func (c *committer) commit(requests []*writeRequest) {
	if err := c.failed(); err != nil {
		for _, r := range requests {
			r.done <- writeAnswer{err: fmt.Errorf("%w: %w", commands.ErrUnavailable, err)}
		}
		return
	}
	b := c.newBatch(requests)
	for _, r := range requests {
		if r.ctx.Err() != nil {
			b.answers = append(b.answers, pendingAnswer{r, writeAnswer{err: r.ctx.Err()}})
			continue
		}
		result, err := c.decide(b, r)
		b.answers = append(b.answers, pendingAnswer{r, writeAnswer{result, err}})
	}
	if err := c.makeDurable(b); err != nil {
		c.fail(err)
		for i := range b.answers {
			b.answers[i].answer = writeAnswer{err: errOutcomeUnknown}
		}
	}
	for _, a := range b.answers {
		a.request.done <- a.answer
	}
	c.states.turn()
}

func (c *committer) newBatch(requests []*writeRequest) *commitBatch {
	var size int64
	for _, r := range requests {
		size += r.bytes()
	}
	full := c.space.check(size)
	if full == nil && c.storage.readOnly {
		if err := c.await(c.reopen); err != nil {
			c.fail(err)
			full = fmt.Errorf("%w: %w", commands.ErrUnavailable, err)
		}
	}
	return &commitBatch{
		Batch: c.storage.db.NewBatchWithSize(int(size)), created: ticksOf(c.clock.Now()),
		full: full, pending: map[string][]pendingEvent{},
		answers: make([]pendingAnswer, 0, len(requests)),
	}
}

// makeDurable brings the batch to disk; then readers may see the batch.
func (c *committer) makeDurable(b *commitBatch) error {
	if b.writes == 0 {
		return b.Close()
	}
	if err := errors.Join(c.sync(b), c.failed()); err != nil { // Pebble may report a failure and go on
		return fmt.Errorf("commit event log: %w", err)
	}
	c.stored = c.head
	c.publish(c.head, c.end)
	return b.Close()
}

// sync brings the batch to disk in the sidecar, from which the log would get
// it again, or in the log if it is too big for that (ADR 0025).
func (c *committer) sync(b *commitBatch) error {
	encoded := b.Repr()
	if len(encoded) > maxKept {
		if err := c.await(func() error { return b.Commit(pebble.Sync) }); err != nil {
			return err
		}
		return c.remember(heads{certain: c.head, coming: c.head})
	}
	return c.remember(heads{certain: c.stored, coming: c.head, batch: encoded}, func() error { return b.Commit(pebble.NoSync) })
}

// remember brings h to disk in the sidecar, side by side with other steps.
func (c *committer) remember(h heads, beside ...func() error) error {
	if c.sidecar.prepare(h) {
		if err := c.turn(); err != nil {
			return err
		}
	}
	c.unsynced = true
	return c.await(append(beside, c.sidecar.put)...)
}

// turn comes before the first entry of a half of the sidecar: it waits until
// the log has synced all that the half held, and lets it sync what the other
// half holds, which is full.
func (c *committer) turn() error {
	if err := c.settle(); err != nil {
		return err
	}
	done := make(chan error, 1)
	c.syncing = done
	go func() { done <- c.storage.sync() }()
	return nil
}

// settle waits for the sync that turn began.
func (c *committer) settle() error {
	if c.syncing == nil {
		return nil
	}
	select {
	case err := <-c.syncing:
		c.syncing = nil
		return err
	case <-c.broken:
		return c.failed()
	}
}

// rest syncs the log when no write has come for a while, so that it does not
// depend on the sidecar for long.
func (c *committer) rest() {
	if !c.unsynced || c.failed() != nil {
		return
	}
	c.unsynced = false
	if err := c.await(c.storage.sync); err != nil {
		c.fail(err)
	}
}

// await runs steps side by side and ends with them, or when the node fails: on a failed disk they do not end.
func (c *committer) await(steps ...func() error) error {
	done := make(chan error, len(steps))
	for _, step := range steps {
		go func() { done <- step() }()
	}
	var errs []error
	for range steps {
		select {
		case err := <-done:
			errs = append(errs, err)
		case <-c.broken:
			return c.failed()
		}
	}
	return errors.Join(errs...)
}

// state returns the state of stream as the batch in hand will leave it.
func (c *committer) state(stream string) (*streamState, error) {
	if s := c.states.get(stream); s != nil {
		return s, nil
	}
	s, err := c.storage.loadState(stream)
	if err != nil {
		return nil, err
	}
	if original, isMeta := originalOf(stream); isMeta {
		o := c.states.get(original)
		s.tombstoned = s.tombstoned || o != nil && o.tombstoned
	}
	c.states.put(stream, s)
	return s, nil
}

// store adds events to the end of stream.
func (c *committer) store(b *commitBatch, stream string, state *streamState, events []newEvent) writeResult {
	result := writeResult{revision: state.last, position: c.end, hasPosition: true}
	for _, e := range events {
		state.last++
		result = c.put(b, stream, state.last, e)
		c.ids.add(e.id, idEntry{stream: stream, revision: state.last, position: result.position})
	}
	if len(events) > 0 {
		c.putHead(b, stream, state)
	}
	return result
}

func (c *committer) putHead(b *commitBatch, stream string, state *streamState) {
	c.storage.hasMetadata = c.storage.hasMetadata || strings.HasPrefix(stream, metaPrefix)
	c.key = headKey(c.key[:0], stream)
	c.value = state.encode(c.value[:0])
	c.set(b)
}

// put adds one event to the batch.
func (c *committer) put(b *commitBatch, stream string, revision int64, e newEvent) writeResult {
	r := record{
		position: c.end, number: c.head.Events + 1, revision: uint64(revision), created: b.created, //nolint:gosec // never negative
		id: e.id, json: e.json, stream: []byte(stream), kind: []byte(e.kind), data: e.data, meta: e.meta,
	}
	c.key = eventKey(c.key[:0], r.position)
	c.value = r.encode(c.value[:0])
	c.set(b)
	c.key = streamKey(c.key[:0], stream, r.revision)
	c.value = eventKey(c.value[:0], r.position)[1:]
	c.set(b)
	b.pending[stream] = append(b.pending[stream], pendingEvent{revision: revision, position: r.position, id: e.id})
	c.head, c.end = headOf(r), r.end()
	return writeResult{revision: revision, position: r.position, hasPosition: true}
}

func (c *committer) set(b *commitBatch) {
	b.writes++
	_ = b.Set(c.key, c.value, nil) // adds to memory, cannot fail
}

// storedID returns the id and position of an event that is stored or in the batch.
func (c *committer) storedID(b *commitBatch, stream string, revision int64) (id uuid.UUID, position uint64, found bool, err error) {
	for _, p := range b.pending[stream] {
		if p.revision == revision {
			return p.id, p.position, true, nil
		}
	}
	position, found, err = c.storage.position(stream, uint64(revision)) //nolint:gosec // at least 0: expected is at least -1
	if err != nil || !found {
		return id, 0, false, err
	}
	r, found, err := c.storage.event(position)
	return r.id, position, found, err
}
