package eventnode

import (
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
)

// streamSubscription is one subscription to one stream.
type streamSubscription struct {
	*server
	messenger *messenger
	call      streams.Streams_ReadServer
	stream    string
	next      uint64 // the next revision to look at
	resume    resumePoint
	out       outbox
}

func (s *server) subscribeStream(name string, o *streams.ReadReq_Options_StreamOptions, m *messenger, call streams.Streams_ReadServer) error {
	sub := &streamSubscription{server: s, messenger: m, call: call, stream: name}
	head := s.head.Load()
	view, err := sub.look(head)
	if err != nil {
		return err
	}
	if view.tombstoned {
		return &streamDeletedError{stream: name}
	}
	if err := call.Send(confirmationMessage(uuid.NewString())); err != nil {
		return err
	}
	switch r := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		sub.next = min(r.Revision, maxRevision-1) + 1
		sub.resume = resumePoint{known: true, revision: true, at: sub.next - 1}
	case *streams.ReadReq_Options_StreamOptions_End:
		sub.next = uint64(view.last + 1) //nolint:gosec // at least 0
		sub.resume = resumePoint{known: sub.next > 0, revision: true, at: sub.next - 1}
	}
	if err := sub.catchUp(view, head); err != nil {
		return err
	}
	return sub.follow()
}

func (s *streamSubscription) look(head *visibleHead) (streamView, error) {
	leave, err := s.enter()
	if err != nil {
		return streamView{}, err
	}
	defer leave()
	return s.storage.view(s.stream, head.Position.Commit, s.messenger.clock())
}

// catchUp sends the readable stored events, and says so.
func (s *streamSubscription) catchUp(view streamView, head *visibleHead) error {
	s.messenger.live = false
	end := uint64(view.last + 1) //nolint:gosec // at least 0
	if !view.missing() {
		s.next = max(s.next, uint64(view.lowest())) //nolint:gosec // at least 0
	}
	for !view.missing() && s.next < end {
		if err := s.collect(end-1, head, view.hides); err != nil {
			return err
		}
		if err := s.out.flush(s.call); err != nil {
			return err
		}
	}
	s.next = max(s.next, end)
	return s.call.Send(caughtUpMessage(s.messenger.clock(), s.resume))
}

// follow sends new events as they come, until a tombstone.
func (s *streamSubscription) follow() error {
	for {
		head, wake := s.watch()
		view, err := s.look(head)
		if err != nil {
			return err
		}
		behind := view.last + 1 - int64(s.next) //nolint:gosec // revisions end at maxRevision
		switch {
		case view.tombstoned:
			return s.end(head)
		case behind > maxLive:
			err = s.catchUp(view, head)
		case behind > 0:
			err = s.sendLive(uint64(view.last), head) //nolint:gosec // at least next
		default:
			err = s.wait(s.call, wake)
		}
		if err != nil {
			return err
		}
	}
}

// sendLive sends new events even if metadata would hide them.
func (s *streamSubscription) sendLive(last uint64, head *visibleHead) error {
	s.messenger.live = true
	if err := s.collect(last, head, func(record) bool { return false }); err != nil {
		return err
	}
	return s.out.flush(s.call)
}

// end sends what came before the tombstone, the tombstone, and the error.
func (s *streamSubscription) end(head *visibleHead) error {
	for s.next <= maxRevision {
		if err := s.sendLive(maxRevision, head); err != nil {
			return err
		}
	}
	return &streamDeletedError{stream: s.stream}
}

// collect fills the outbox with events from next to last.
func (s *streamSubscription) collect(last uint64, head *visibleHead, hides func(record) bool) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	visible, before := head.Position.Commit, s.next
	err = s.storage.scanStream(s.stream, s.next, last, visible, false, func(e record) (bool, error) {
		s.next = e.revision + 1
		if hides(e) {
			return true, nil
		}
		m, err := s.messenger.message(e, visible)
		if err != nil {
			return false, err
		}
		s.out.add(m, len(e.data)+len(e.meta))
		s.resume = resumePoint{known: true, revision: true, at: e.revision}
		return !s.out.full(), nil
	})
	if err == nil && s.next == before {
		return fmt.Errorf("stream %s from %d: %w", s.stream, before, errGap)
	}
	return err
}
