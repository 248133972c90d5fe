package eventnode

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	errAllRead     = status.Error(codes.Unknown, "Unexpected ReadAllResult: Error")
	errAllPosition = status.Error(codes.Unknown, "Unexpected ReadAllResult: InvalidPosition")
)

func (s *server) readAll(o *streams.ReadReq_Options, m *messenger, call streams.Streams_ReadServer) error {
	wanted, w := eventFilter(everything), window{considered: pageMatches}
	filtered := false
	switch f := o.GetFilterOption().(type) {
	case *streams.ReadReq_Options_Filter:
		var err error
		if wanted, w, err = filterOf(f.Filter); err != nil {
			return err
		}
		filtered = true
	case *streams.ReadReq_Options_NoFilter:
	default:
		return badArgument("filter option is missing")
	}
	switch count := o.GetCountOption().(type) {
	case *streams.ReadReq_Options_Count:
		r := &allRead{
			server: s, messenger: m, call: call, left: count.Count, wanted: wanted,
			back: o.GetReadDirection() == streams.ReadReq_Options_Backwards,
		}
		return r.run(o.GetAll())
	case *streams.ReadReq_Options_Subscription:
		if o.GetReadDirection() != streams.ReadReq_Options_Forwards {
			return badArgument("subscriptions go forwards")
		}
		if filtered && w.checkpoint == 0 {
			return errFault
		}
		sub := &allSubscription{server: s, messenger: m, call: call, wanted: wanted, window: w, filtered: filtered}
		return sub.run(o.GetAll())
	}
	return badArgument("count option is missing")
}

// allRead is one count read of $all.
type allRead struct {
	*server
	messenger *messenger
	call      streams.Streams_ReadServer
	left      uint64
	wanted    eventFilter
	back      bool
	out       outbox
}

func (r *allRead) run(o *streams.ReadReq_Options_AllOptions) error {
	head := r.head.Load()
	from, err := r.start(o, head)
	if err != nil || r.left == 0 {
		return err
	}
	for {
		next, err := r.collect(from, head)
		if err != nil {
			return err
		}
		if err := r.out.flush(r.call); err != nil {
			return err
		}
		if r.left == 0 || next == from {
			return nil
		}
		from = next
	}
}

// start returns where to read: the first position forwards, or the one to stay below backwards.
func (r *allRead) start(o *streams.ReadReq_Options_AllOptions, head *visibleHead) (uint64, error) {
	switch p := o.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		return r.startAt(p.Position.GetCommitPosition(), p.Position.GetPreparePosition(), head)
	case *streams.ReadReq_Options_AllOptions_End:
		return head.end, nil
	}
	return 0, nil
}

func (r *allRead) startAt(commit, prepare uint64, head *visibleHead) (uint64, error) {
	if !validPosition(commit, prepare) {
		return 0, errFault
	}
	switch {
	case commit == math.MaxUint64 || commit == head.end:
		return head.end, nil
	case commit == 0:
		return 0, nil
	case commit > head.end && r.back:
		return 0, errAllRead
	case commit > head.end:
		return head.end, nil
	}
	found, err := r.isEvent(commit)
	if err == nil && (!found || commit != prepare) {
		err = errAllPosition
	}
	return commit, err
}

// validPosition tells whether a client's position has the form of one.
func validPosition(commit, prepare uint64) bool {
	const end = math.MaxUint64
	return commit >= prepare && (commit <= maxRevision || commit == end) && (prepare <= maxRevision || prepare == end)
}

// isEvent tells whether an event starts at position.
func (s *server) isEvent(position uint64) (bool, error) {
	leave, err := s.enter()
	if err != nil {
		return false, err
	}
	defer leave()
	return s.storage.get(eventKey(nil, position), func([]byte) error { return nil })
}

// collect fills the outbox and returns where to go on, or from itself at the end.
func (r *allRead) collect(from uint64, head *visibleHead) (next uint64, err error) {
	leave, err := r.enter()
	if err != nil {
		return from, err
	}
	defer leave()
	next = from
	visit := func(e record) (bool, error) {
		if next = e.position + 1; r.back {
			next = e.position
		}
		if isInternal(e) || !r.wanted(e) {
			return true, nil
		}
		m, err := r.messenger.message(e, head.Position.Commit)
		if err != nil {
			return false, err
		}
		r.out.add(m, len(e.data)+len(e.meta))
		r.left--
		return r.left > 0 && !r.out.full(), nil
	}
	if r.back {
		err = r.storage.scanBack(from, visit)
	} else {
		err = r.storage.scan(from, head.Position.Commit, visit)
	}
	return next, err
}
