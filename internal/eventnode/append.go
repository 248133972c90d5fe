package eventnode

import (
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

var empty = &shared.Empty{}

// Append stores the events of one call, all or none.
func (s *server) Append(call streams.Streams_AppendServer) error {
	resp, err := s.append(call)
	if err != nil {
		return withTrailer(call.SetTrailer, err)
	}
	return call.SendAndClose(resp)
}

func (s *server) append(call streams.Streams_AppendServer) (*streams.AppendResp, error) {
	p := s.proposal()
	defer p.release()
	request, err := s.receiveAppend(call, &p)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			drain(call, new(streams.AppendReq))
		}
		return nil, err
	}
	result, err := s.write(call.Context(), request)
	if wrong, ok := errors.AsType[*wrongVersionError](err); ok {
		return wrongVersionResp(wrong), nil
	}
	if err != nil {
		return nil, err
	}
	return appendResp(result), nil
}

func (s *server) receiveAppend(call streams.Streams_AppendServer, p *proposal) (*writeRequest, error) {
	first, err := call.Recv()
	if err != nil || first.GetOptions() == nil {
		return nil, errFault
	}
	request, err := s.appendOptions(first.GetOptions())
	if err != nil {
		return nil, err
	}
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if m.GetProposedMessage() == nil {
			return nil, errFault
		}
		if err := p.add(m.GetProposedMessage()); err != nil {
			return nil, err
		}
	}
	request.events = p.events
	return request, checkStreamName(request.stream)
}

func (s *server) appendOptions(o *streams.AppendReq_Options) (*writeRequest, error) {
	r := &writeRequest{kind: kindAppend, stream: string(o.GetStreamIdentifier().GetStreamName())}
	var err error
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		r.expected, err = expectedRevision(e.Revision)
	case *streams.AppendReq_Options_NoStream:
		r.expected = expectNoStream
	case *streams.AppendReq_Options_Any:
		r.expected = expectAny
	case *streams.AppendReq_Options_StreamExists:
		r.expected = expectExists
	default:
		err = badArgument("expected stream revision is missing")
	}
	if err == nil {
		err = s.checkWrite(r.stream)
	}
	return r, err
}

func appendResp(result writeResult) *streams.AppendResp {
	success := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_NoStream{NoStream: empty},
		PositionOption:        &streams.AppendResp_Success_NoPosition{NoPosition: empty},
	}
	if result.revision >= 0 {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(result.revision)}
	}
	if result.hasPosition {
		success.PositionOption = &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: result.position, PreparePosition: result.position,
		}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}

// wrongVersionResp fills the fields of both the old and the new wire form.
func wrongVersionResp(e *wrongVersionError) *streams.AppendResp {
	w := &streams.AppendResp_WrongExpectedVersion{
		CurrentRevisionOption:        &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: empty},
		CurrentRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: empty},
	}
	if e.actual >= 0 {
		actual := uint64(e.actual)
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: actual}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: actual}
	}
	switch e.expected {
	case expectAny:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: empty}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: empty}
	case expectExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: empty}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: empty}
	case expectNoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: empty}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: noRevision}
	default:
		expected := uint64(e.expected) //nolint:gosec // not negative here
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: expected}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: expected}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}
