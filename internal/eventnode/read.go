package eventnode

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Read answers reads and subscriptions of streams and of $all.
func (s *server) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	return withTrailer(call.SetTrailer, s.read(req.GetOptions(), call))
}

func (s *server) read(o *streams.ReadReq_Options, call streams.Streams_ReadServer) error {
	if o.GetUuidOption() == nil {
		return badArgument("`uuidOption` is a required argument")
	}
	if o.GetStreamOption() == nil {
		return badArgument("stream option is missing")
	}
	if err := s.unavailable(); err != nil {
		return err
	}
	_, textIDs := o.GetUuidOption().GetContent().(*streams.ReadReq_Options_UUIDOption_String_)
	m := newMessenger(s.storage, func() int64 { return ticksOf(s.opts.Clock.Now()) }, o.GetResolveLinks(), textIDs)
	if o.GetStream() != nil {
		return s.readOneStream(o, m, call)
	}
	return s.readAll(o, m, call)
}

func (s *server) readOneStream(o *streams.ReadReq_Options, m *messenger, call streams.Streams_ReadServer) error {
	name := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if err := s.checkRead(name); err != nil {
		return err
	}
	_, noFilter := o.GetFilterOption().(*streams.ReadReq_Options_NoFilter)
	if !noFilter {
		return badArgument("a stream is read without filter")
	}
	switch count := o.GetCountOption().(type) {
	case *streams.ReadReq_Options_Count:
		r := &streamRead{
			server: s, messenger: m, call: call, stream: name, left: count.Count,
			back: o.GetReadDirection() == streams.ReadReq_Options_Backwards, compatibility: o.GetControlOption().GetCompatibility(),
		}
		return r.run(o.GetStream())
	case *streams.ReadReq_Options_Subscription:
		if o.GetReadDirection() != streams.ReadReq_Options_Forwards {
			return badArgument("subscriptions go forwards")
		}
		return s.subscribeStream(name, o.GetStream(), m, call)
	}
	return badArgument("count option is missing")
}

// streamRead is one count read of one stream.
type streamRead struct {
	*server
	messenger     *messenger
	call          streams.Streams_ReadServer
	stream        string
	left          uint64
	back          bool
	compatibility uint32

	view streamView
	out  outbox
}

var errStreamRead = status.Error(codes.Unknown, "Unexpected ReadStreamResult: Error")

func (r *streamRead) run(o *streams.ReadReq_Options_StreamOptions) error {
	_, fromEnd := o.GetRevisionOption().(*streams.ReadReq_Options_StreamOptions_End)
	if r.left == 0 || fromEnd && !r.back {
		return errStreamRead
	}
	head := r.head.Load()
	if err := r.look(head.Position.Commit); err != nil {
		return err
	}
	if r.view.tombstoned {
		return &streamDeletedError{stream: r.stream}
	}
	if r.view.missing() {
		return r.call.Send(notFoundMessage(r.stream))
	}
	requested := o.GetRevision() // 0 for the start
	if fromEnd {
		requested = math.MaxUint64
	}
	if err := r.sendFirst(requested); err != nil {
		return err
	}
	if err := r.sendEvents(requested, head.Position.Commit); err != nil {
		return err
	}
	if r.compatibility < 1 {
		return nil
	}
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_LastStreamPosition{LastStreamPosition: uint64(r.view.last)}}) //nolint:gosec // not missing
}

func (r *streamRead) look(visible uint64) error {
	leave, err := r.enter()
	if err != nil {
		return err
	}
	defer leave()
	r.view, err = r.storage.view(r.stream, visible, r.messenger.clock())
	return err
}

// sendFirst tells newer clients where the first readable event is if their first page has none.
func (r *streamRead) sendFirst(requested uint64) error {
	if r.compatibility < 1 || r.back {
		return nil
	}
	lowest, next := uint64(r.view.lowest()), uint64(r.view.last)+1 //nolint:gosec // neither is negative
	position := requested
	switch {
	case requested < lowest && lowest-requested >= min(r.left, pageMatches):
		position = lowest
	case requested > next:
		position = next
	}
	if position == requested {
		return nil
	}
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: position}})
}

// sendEvents sends the readable events in pages.
func (r *streamRead) sendEvents(requested, visible uint64) error {
	from, to := uint64(r.view.lowest()), uint64(r.view.last) //nolint:gosec // neither is negative
	if r.back {
		to = min(to, requested)
	} else {
		from = max(from, requested)
	}
	for r.left > 0 && from <= to {
		last, ended, err := r.collect(from, to, visible)
		if err != nil {
			return err
		}
		if err := r.out.flush(r.call); err != nil {
			return err
		}
		switch {
		case ended || r.back && last == 0:
			return nil
		case r.back:
			to = last - 1
		default:
			from = last + 1
		}
	}
	return nil
}

// collect fills the outbox from one access to the storage. It has ended when
// there is nothing left to read, and not when the outbox is full.
func (r *streamRead) collect(from, to, visible uint64) (last uint64, ended bool, err error) {
	leave, err := r.enter()
	if err != nil {
		return 0, true, err
	}
	defer leave()
	ended = true
	err = r.storage.scanStream(r.stream, from, to, visible, r.back, func(e record) (bool, error) {
		last = e.revision
		if r.view.hides(e) {
			return true, nil
		}
		m, err := r.messenger.message(e, visible)
		if err != nil {
			return false, err
		}
		r.out.add(m, len(e.data)+len(e.meta))
		r.left--
		ended = r.left == 0 || !r.out.full()
		return r.left > 0 && !r.out.full(), nil
	})
	return last, ended, err
}
