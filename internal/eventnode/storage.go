package eventnode

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/fieldledger/fieldledger/commands"
)

// storage is the event log and its indexes in Pebble. Reads are safe for
// concurrent use; only the committer writes.
type storage struct {
	db       *pebble.DB
	readOnly bool // opened so for want of room; see Node.reopen
	// hasMetadata says that some stream has metadata. Where none has, which is
	// usual, the committer need not look for it. Only the committer uses it.
	hasMetadata bool
}

// errGap says that the log lacks an event in the middle.
var errGap = errors.New("the event log has a gap")

const (
	blockCacheBytes = 64 << 20 // two memtables come out of it
	memTableBytes   = 16 << 20
)

// openStorage opens or creates the log. Without room for what Pebble writes at
// a start, it opens what is there for reading only.
func openStorage(fs vfs.FS, dir string, log pebble.Logger, room bool) (*storage, error) {
	desc, err := pebble.Peek(dir, fs)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", dir, err)
	}
	readOnly := desc.Exists && !room
	db, err := openPebble(fs, dir, log, readOnly)
	if err != nil {
		return nil, err
	}
	if desc.Exists {
		s := &storage{db: db, readOnly: readOnly}
		s.hasMetadata, err = s.anyMetadata()
		return s, err
	}
	// The log file of a store's first run still has the old format, in which
	// a damaged tail passes for the end; a reopened one starts a new file.
	if err := db.Close(); err != nil {
		return nil, fmt.Errorf("close new event log %s: %w", dir, err)
	}
	if db, err = openPebble(fs, dir, log, false); err != nil {
		return nil, err
	}
	return &storage{db: db}, nil
}

// anyMetadata tells whether there is the head of any metadata stream.
func (s *storage) anyMetadata() (found bool, err error) {
	upper := headKey(nil, metaPrefix)
	upper[len(upper)-1]++
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: headKey(nil, metaPrefix), UpperBound: upper})
	if err != nil {
		return false, fmt.Errorf("read event log: %w", err)
	}
	found = it.First()
	return found, errors.Join(it.Error(), it.Close())
}

func openPebble(fs vfs.FS, dir string, log pebble.Logger, readOnly bool) (*pebble.DB, error) {
	options := &pebble.Options{
		ReadOnly: readOnly,
		FS:       fs, Logger: log, CacheSize: blockCacheBytes, MemTableSize: memTableBytes,
		FormatMajorVersion: pebble.FormatNewest,
		EventListener:      &pebble.EventListener{},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, options)
	if err != nil {
		return nil, fmt.Errorf("open event log %s: %w", dir, err)
	}
	return db, nil
}

// pebbleLog passes Pebble's messages on. Pebble calls Fatalf when it cannot go
// on, and would end the process; here the node fails instead, and acknowledges nothing more.
type pebbleLog struct {
	log   *slog.Logger
	fatal func(error)
}

func (l pebbleLog) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("event log", "message", fmt.Sprintf(format, args...))
	}
}

func (l pebbleLog) Errorf(format string, args ...any) {
	l.log.Error("event log", "message", fmt.Sprintf(format, args...))
}

func (l pebbleLog) Fatalf(format string, args ...any) {
	l.fatal(fmt.Errorf("event log failed: "+format, args...))
}

// apply stores batches that were encoded before, and syncs them.
func (s *storage) apply(encoded []heads) error {
	if s.readOnly {
		return fmt.Errorf("%w for it", commands.ErrStorageFull)
	}
	for _, e := range encoded {
		if len(e.batch) == 0 {
			continue
		}
		b := s.db.NewBatch()
		if err := b.SetRepr(e.batch); err != nil {
			return err
		}
		if err := errors.Join(b.Commit(pebble.NoSync), b.Close()); err != nil {
			return err
		}
	}
	if err := s.sync(); err != nil {
		return err
	}
	var err error
	s.hasMetadata, err = s.anyMetadata()
	return err
}

// sync brings all that was stored so far to disk.
func (s *storage) sync() error {
	if err := s.db.LogData(nil, pebble.Sync); err != nil {
		return fmt.Errorf("sync event log: %w", err)
	}
	return nil
}

// get calls fn with the value of key, which is a view, and tells whether there is one.
func (s *storage) get(key []byte, fn func(value []byte) error) (bool, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read event log: %w", err)
	}
	err = fn(value)
	return true, errors.Join(err, closer.Close())
}

// event returns the event that starts at position.
func (s *storage) event(position uint64) (r record, found bool, err error) {
	found, err = s.get(eventKey(make([]byte, 0, 9), position), func(value []byte) error {
		var err error
		r, err = decodeRecord(position, append([]byte(nil), value...))
		return err
	})
	return r, found, err
}

// last returns the newest event of the log.
func (s *storage) last() (r record, found bool, err error) {
	err = s.scanBack(math.MaxUint64, func(e record) (bool, error) {
		r, found = e.clone(&arena{}), true
		return false, nil
	})
	return r, found, err
}

// scan calls fn for each event with from <= position <= to until it answers
// false. The record is a view that lives only during the call.
func (s *storage) scan(from, to uint64, fn func(record) (bool, error)) (err error) {
	if from > to {
		return nil
	}
	it, err := s.eventIter(from, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var previous uint64
	for ok := it.First(); ok; ok = it.Next() {
		r, err := recordAt(it.Key(), it.Value())
		if err != nil {
			return err
		}
		if previous != 0 && r.number != previous+1 {
			return fmt.Errorf("%w: event %d is followed by event %d", errGap, previous, r.number)
		}
		previous = r.number
		if more, err := fn(r); err != nil || !more {
			return err
		}
	}
	return it.Error()
}

// scanBack calls fn for each event below position, newest first, until it answers false.
func (s *storage) scanBack(below uint64, fn func(record) (bool, error)) (err error) {
	if below <= firstPosition {
		return nil
	}
	it, err := s.eventIter(0, below-1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.Last(); ok; ok = it.Prev() {
		r, err := recordAt(it.Key(), it.Value())
		if err != nil {
			return err
		}
		if more, err := fn(r); err != nil || !more {
			return err
		}
	}
	return it.Error()
}

// recordAt returns a view of the event that key holds.
func recordAt(key, value []byte) (record, error) {
	if len(key) != 9 {
		return record{}, fmt.Errorf("event key %q has %d bytes, not 9: %w", key, len(key), errRecord)
	}
	r, err := decodeRecord(positionOf(key), value)
	if err != nil {
		return r, fmt.Errorf("event at %d: %w", positionOf(key), err)
	}
	return r, nil
}

func (s *storage) eventIter(from, to uint64) (*pebble.Iterator, error) {
	upper := []byte{eventSpace + 1}
	if to < math.MaxUint64 {
		upper = eventKey(nil, to+1)
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(nil, from), UpperBound: upper})
	if err != nil {
		return nil, fmt.Errorf("read event log: %w", err)
	}
	return it, nil
}

// streamIter walks the revisions from..to of stream; values are positions.
func (s *storage) streamIter(stream string, from, to uint64) (*pebble.Iterator, error) {
	upper := streamKey(nil, stream, math.MaxUint64)
	if to < math.MaxUint64 {
		upper = streamKey(nil, stream, to+1)
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: streamKey(nil, stream, from), UpperBound: upper})
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", stream, err)
	}
	return it, nil
}

// scanStream calls fn with the events from..to of stream whose position is at
// most visible, in order or newest first, until fn answers false.
func (s *storage) scanStream(stream string, from, to, visible uint64, back bool, fn func(record) (bool, error)) (err error) {
	if from > to {
		return nil
	}
	it, err := s.streamIter(stream, from, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	first, next := it.First, it.Next
	if back {
		first, next = it.Last, it.Prev
	}
	key := make([]byte, 0, 9)
	for ok := first(); ok; ok = next() {
		position, err := indexed(it.Key(), it.Value())
		if err != nil {
			return err
		}
		if position > visible {
			if back {
				continue
			}
			break
		}
		more := false
		found, err := s.get(eventKey(key[:0], position), func(value []byte) error {
			r, err := decodeRecord(position, value)
			if err != nil {
				return err
			}
			more, err = fn(r)
			return err
		})
		if err != nil {
			return fmt.Errorf("event %d of %s: %w", revisionOf(it.Key()), stream, err)
		}
		if !found {
			return fmt.Errorf("event %d of %s: %w", revisionOf(it.Key()), stream, errGap)
		}
		if !more {
			return nil
		}
	}
	return it.Error()
}

// streamHead is what the head key of a stream holds.
type streamHead struct {
	last       int64 // newest revision, -1 for none
	tombstoned bool
}

func (h streamHead) encode(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.last)) //nolint:gosec // same bits both ways
	if h.tombstoned {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// filtered reads ask the filters of all tables: most streams that are looked for are new.
var filtered = &pebble.IterOptions{UseL6Filters: true}

// streamHead reads the head of stream, durable or not: for the committer only.
func (s *storage) streamHead(stream string) (h streamHead, err error) {
	h.last = -1
	it, err := s.db.NewIter(filtered)
	if err != nil {
		return h, fmt.Errorf("head of stream %s: %w", stream, err)
	}
	if it.SeekPrefixGE(headKey(make([]byte, 0, len(stream)+1), stream)) {
		if value := it.Value(); len(value) == 9 {
			h.last, h.tombstoned = int64(binary.BigEndian.Uint64(value)), value[8] == 1 //nolint:gosec // same bits both ways
		} else {
			err = fmt.Errorf("%q has %d bytes, not 9: %w", it.Key(), len(value), errRecord)
		}
	}
	if err = errors.Join(err, it.Close()); err != nil {
		return h, fmt.Errorf("head of stream %s: %w", stream, err)
	}
	return h, nil
}

// position returns where revision of stream is stored.
func (s *storage) position(stream string, revision uint64) (position uint64, found bool, err error) {
	key := streamKey(make([]byte, 0, len(stream)+13), stream, revision)
	found, err = s.get(key, func(value []byte) (err error) {
		position, err = indexed(key, value)
		return err
	})
	return position, found, err
}

// indexed reads the position that a key of a stream's revision holds.
func indexed(key, value []byte) (uint64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("index entry %q has %d bytes, not 8: %w", key, len(value), errRecord)
	}
	return binary.BigEndian.Uint64(value), nil
}

// lastOf returns the newest visible event of stream below the tombstone.
func (s *storage) lastOf(stream string, visible uint64) (r record, found bool, err error) {
	err = s.scanStream(stream, 0, maxRevision-1, visible, true, func(e record) (bool, error) {
		r, found = e.clone(&arena{}), true
		return false, nil
	})
	return r, found, err
}
