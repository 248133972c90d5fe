package eventnode

import (
	"errors"
)

// streamView is a stream as a reader may see it at one head of the log.
type streamView struct {
	last       int64 // newest revision, -1 for none
	tombstoned bool
	metadata   streamMetadata
	oldest     int64 // creation time in ticks, below which events are hidden
}

// missing tells whether the stream reads as not found.
func (v streamView) missing() bool { return v.last < 0 || v.metadata.deleted() }

func (v streamView) lowest() int64 { return v.metadata.lowest(v.last) }

// hides tells whether r may not be read.
func (v streamView) hides(r record) bool {
	return int64(r.revision) < v.lowest() || r.created < v.oldest //nolint:gosec // revisions end at maxRevision
}

// view looks at stream as of the position visible; now is in ticks.
func (s *storage) view(stream string, visible uint64, now int64) (streamView, error) {
	v := streamView{}
	var err error
	if v.last, err = s.lastRevision(stream, visible); err != nil || isOwn(stream) {
		return v, err // nothing hides events of this program
	}
	original, isMeta := originalOf(stream)
	for _, name := range []string{stream, original} {
		position, found, err := s.position(name, maxRevision)
		if err != nil {
			return v, err
		}
		v.tombstoned = v.tombstoned || found && position <= visible
	}
	if isMeta {
		v.metadata = metadataOfMetadata
		return v, nil
	}
	r, found, err := s.lastOf(metaStreamOf(stream), visible)
	if err != nil || !found {
		return v, err
	}
	v.metadata = parseMetadata(r.json, r.data)
	v.oldest = v.metadata.oldest(now)
	return v, nil
}

// lastRevision returns the newest visible revision of stream below a tombstone, -1 for none.
func (s *storage) lastRevision(stream string, visible uint64) (last int64, err error) {
	it, err := s.streamIter(stream, 0, maxRevision-1)
	if err != nil {
		return -1, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.Last(); ok; ok = it.Prev() {
		position, err := indexed(it.Key(), it.Value())
		if err != nil {
			return -1, err
		}
		if position <= visible {
			return int64(revisionOf(it.Key())), nil //nolint:gosec // below maxRevision
		}
	}
	return -1, it.Error()
}
