package serverrules

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/stretchr/testify/require"
)

// request is a read call in the making.
type request struct {
	*streams.ReadReq_Options
	b *bench
}

// ofStream reads a stream: forwards from its start, 100 events at most.
func (b *bench) ofStream(name string) request {
	return request{&streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: identifier(b.name(name)),
			RevisionOption:   &streams.ReadReq_Options_StreamOptions_Start{Start: empty},
		}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 100},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: empty},
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_String_{String_: empty},
		},
	}, b}
}

// ofAll reads $all: forwards from its start, 100 events at most.
func (b *bench) ofAll() request {
	r := b.ofStream("")
	r.StreamOption = &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
		AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: empty},
	}}
	return r
}

func (r request) from(revision uint64) request {
	r.GetStream().RevisionOption = &streams.ReadReq_Options_StreamOptions_Revision{Revision: revision}
	return r
}

func (r request) at(commit, prepare uint64) request {
	r.GetAll().AllOption = &streams.ReadReq_Options_AllOptions_Position{
		Position: &streams.ReadReq_Options_Position{CommitPosition: commit, PreparePosition: prepare},
	}
	return r
}

func (r request) end() request {
	if r.GetStream() != nil {
		r.GetStream().RevisionOption = &streams.ReadReq_Options_StreamOptions_End{End: empty}
	} else {
		r.GetAll().AllOption = &streams.ReadReq_Options_AllOptions_End{End: empty}
	}
	return r
}

func (r request) back() request {
	r.ReadDirection = streams.ReadReq_Options_Backwards
	return r
}

func (r request) count(n uint64) request {
	r.CountOption = &streams.ReadReq_Options_Count{Count: n}
	return r
}

func (r request) live() request {
	r.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	return r
}

func (r request) links() request {
	r.ResolveLinks = true
	return r
}

func (r request) newer() request {
	r.ControlOption = &streams.ReadReq_Options_ControlOption{Compatibility: 1}
	return r
}

// filter filters by stream names with a window of considered events (0: the
// default) and a checkpoint multiplier.
func (r request) filter(window, multiplier uint32, e *streams.ReadReq_Options_FilterOptions_Expression) request {
	f := &streams.ReadReq_Options_FilterOptions{
		Filter:                       &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: e},
		Window:                       &streams.ReadReq_Options_FilterOptions_Count{Count: empty},
		CheckpointIntervalMultiplier: multiplier,
	}
	if window > 0 {
		f.Window = &streams.ReadReq_Options_FilterOptions_Max{Max: window}
	}
	r.FilterOption = &streams.ReadReq_Options_Filter{Filter: f}
	return r
}

// byType makes the filter one by event types.
func (r request) byType() request {
	f := r.GetFilter()
	f.Filter = &streams.ReadReq_Options_FilterOptions_EventType{EventType: f.GetStreamIdentifier()}
	return r
}

func prefixes(names ...string) *streams.ReadReq_Options_FilterOptions_Expression {
	return &streams.ReadReq_Options_FilterOptions_Expression{Prefix: names}
}

func regex(text string) *streams.ReadReq_Options_FilterOptions_Expression {
	return &streams.ReadReq_Options_FilterOptions_Expression{Regex: text}
}

// call starts the read.
func (r request) call() streams.Streams_ReadClient {
	r.b.Helper()
	call, err := r.b.streams.Read(r.b.ctx, &streams.ReadReq{Options: r.ReadReq_Options})
	require.NoError(r.b, err)
	return call
}

// messages reads to the end and returns every message as it came.
func (r request) messages() ([]*streams.ReadResp, error) {
	r.b.Helper()
	call := r.call()
	var out []*streams.ReadResp
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, errors.New(r.b.failed(call.Trailer(), err))
		}
		out = append(out, m)
	}
}

// says reads to the end and returns every message in short, separated by spaces, the error last.
func (r request) says() string {
	r.b.Helper()
	messages, err := r.messages()
	var out []string
	for _, m := range messages {
		out = append(out, r.b.message(m))
	}
	if err != nil {
		out = append(out, err.Error())
	}
	return strings.Join(out, " ")
}

// message is one message of a read in short: "s/0" is event 0 of stream s.
func (b *bench) message(m *streams.ReadResp) string {
	switch c := m.GetContent().(type) {
	case *streams.ReadResp_Event:
		return b.event(c.Event)
	case *streams.ReadResp_Confirmation:
		return "confirmed"
	case *streams.ReadResp_Checkpoint_:
		return "checkpoint"
	case *streams.ReadResp_CaughtUp_:
		return "caught-up"
	case *streams.ReadResp_FirstStreamPosition:
		return fmt.Sprintf("first=%d", c.FirstStreamPosition)
	case *streams.ReadResp_LastStreamPosition:
		return fmt.Sprintf("last=%d", c.LastStreamPosition)
	case *streams.ReadResp_StreamNotFound_:
		return "not-found=" + b.short(string(c.StreamNotFound.GetStreamIdentifier().GetStreamName()))
	}
	return fmt.Sprintf("%T", m.GetContent())
}

func (b *bench) event(e *streams.ReadResp_ReadEvent) string {
	switch {
	case e.GetLink() == nil:
		return b.recorded(e.GetEvent())
	case e.GetEvent() == nil:
		return b.recorded(e.GetLink()) + "->"
	}
	return b.recorded(e.GetLink()) + "->" + b.recorded(e.GetEvent())
}

func (b *bench) recorded(e *streams.ReadResp_ReadEvent_RecordedEvent) string {
	if e.GetStreamRevision() == tombstoneRevision {
		return b.short(string(e.GetStreamIdentifier().GetStreamName())) + "/tombstone"
	}
	return fmt.Sprintf("%s/%d", b.short(string(e.GetStreamIdentifier().GetStreamName())), e.GetStreamRevision())
}

const tombstoneRevision = 1<<63 - 1

// subscription is a running subscription.
type subscription struct {
	b    *bench
	call streams.Streams_ReadClient
	last *streams.ReadResp // the last message taken
}

func (r request) subscribe() *subscription {
	r.b.Helper()
	return &subscription{b: r.b, call: r.live().call()}
}

// says takes n messages, or fewer if an error comes, and returns them in short.
func (s *subscription) says(n int) string {
	s.b.Helper()
	var out []string
	for range n {
		m, err := s.call.Recv()
		if err != nil {
			out = append(out, s.b.failed(s.call.Trailer(), err))
			break
		}
		s.last = m
		out = append(out, s.b.message(m))
	}
	return strings.Join(out, " ")
}

// until takes messages up to and including the first that is what, and returns all.
func (s *subscription) until(what string) []*streams.ReadResp {
	s.b.Helper()
	var out []*streams.ReadResp
	for {
		m, err := s.call.Recv()
		require.NoError(s.b, err, "after %d messages, waiting for %s", len(out), what)
		out = append(out, m)
		if s.b.message(m) == what {
			return out
		}
	}
}
