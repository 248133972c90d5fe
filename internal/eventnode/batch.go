package eventnode

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/code"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	batchstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// batchWriteTimeout limits a write once it is complete, as in the original.
const batchWriteTimeout = 2 * time.Second

// maxOpenBatches limits what a client can leave unfinished or unanswered.
const maxOpenBatches = 1024

// batchCall is one BatchAppend call: many appends told apart by correlation id.
type batchCall struct {
	*server
	call streams.Streams_BatchAppendServer

	openMu sync.Mutex // guards open: appends expire by themselves
	open   map[uuid.UUID]*openBatch

	answers sync.WaitGroup // answers to come, and appends that may expire
	slots   chan struct{}  // one for each answer in hand
	mu      sync.Mutex     // guards Send and sendErr
	sendErr error
}

// openBatch is an append that still receives events.
type openBatch struct {
	id       *shared.UUID
	stream   *shared.StreamIdentifier
	request  *writeRequest
	proposal proposal
	left     time.Duration // until it expires, from its first message
	expiry   *time.Timer
}

// badRequestError carries the words of a malformed request.
type badRequestError struct{ message string }

func (e *badRequestError) Error() string { return e.message }

// BatchAppend stores the appends of one call, each whole or not at all, and
// answers in any order. After the client closed its side all pending ones are answered.
func (s *server) BatchAppend(call streams.Streams_BatchAppendServer) error {
	b := &batchCall{server: s, call: call, open: map[uuid.UUID]*openBatch{}, slots: make(chan struct{}, maxOpenBatches)}
	err := b.receive()
	b.forgetOpen()
	b.answers.Wait()
	if err == nil {
		err = b.sendErr
	}
	return withTrailer(call.SetTrailer, err)
}

func (b *batchCall) receive() error {
	for {
		m, err := b.call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key, ok := parseID(m.GetCorrelationId())
		if !ok {
			return errFault
		}
		if err := b.chunk(key, m); err != nil {
			return err
		}
	}
}

// chunk adds one message to its append and submits the append when it is complete.
func (b *batchCall) chunk(key uuid.UUID, m *streams.BatchAppendReq) error {
	o, err := b.collect(key, m)
	switch {
	case errors.Is(err, errTooMany):
		return errFault
	case err != nil:
		b.answer(o, writeResult{}, err)
		return nil
	case o == nil:
		return nil
	}
	return b.submit(o)
}

var errTooMany = errors.New("too many unfinished appends in one call")

// collect adds m to its append, which it returns once it is complete, or has
// failed. Chunks of unknown appends are ignored.
func (b *batchCall) collect(key uuid.UUID, m *streams.BatchAppendReq) (*openBatch, error) {
	b.openMu.Lock()
	defer b.openMu.Unlock()
	o := b.open[key]
	if o == nil {
		if m.GetOptions() == nil {
			return nil, nil
		}
		var err error
		if o, err = b.begin(m); err != nil {
			return o, err
		}
		if len(b.open) >= maxOpenBatches {
			return o, errTooMany
		}
		b.remember(key, o)
	}
	for _, e := range m.GetProposedMessages() {
		if err := o.add(e); err != nil {
			b.forget(key, o)
			o.proposal.release()
			return o, err
		}
	}
	if !m.GetIsFinal() {
		return nil, nil
	}
	b.forget(key, o)
	return o, nil
}

// remember keeps o until it is forgotten or expires. The caller holds openMu.
func (b *batchCall) remember(key uuid.UUID, o *openBatch) {
	b.open[key] = o
	b.answers.Add(1)
	o.expiry = time.AfterFunc(o.left, func() {
		defer b.answers.Done()
		b.openMu.Lock()
		expired := b.open[key] == o
		if expired {
			delete(b.open, key)
			o.proposal.release()
		}
		b.openMu.Unlock()
		if expired {
			b.answer(o, writeResult{}, context.DeadlineExceeded)
		}
	})
}

// forget drops o before it expires. The caller holds openMu.
func (b *batchCall) forget(key uuid.UUID, o *openBatch) {
	delete(b.open, key)
	if o.expiry.Stop() {
		b.answers.Done()
	}
}

// forgetOpen drops what was never finished when the client has closed its side.
func (b *batchCall) forgetOpen() {
	b.openMu.Lock()
	defer b.openMu.Unlock()
	for key, o := range b.open {
		b.forget(key, o)
		o.proposal.release()
	}
}

func (o *openBatch) add(e *streams.BatchAppendReq_ProposedMessage) error {
	err := o.proposal.add(e)
	var missing *missingKeyError
	switch {
	case errors.As(err, &missing):
		return &badRequestError{message: missing.Error()}
	case errors.Is(err, errFault):
		return &badRequestError{message: "event id or type is missing or malformed"}
	}
	return err
}

func (b *batchCall) begin(m *streams.BatchAppendReq) (*openBatch, error) {
	options := m.GetOptions()
	o := &openBatch{
		id: m.GetCorrelationId(), stream: options.GetStreamIdentifier(),
		request:  &writeRequest{kind: kindAppend, stream: string(options.GetStreamIdentifier().GetStreamName())},
		proposal: b.proposal(),
	}
	left := time.Duration(math.MaxInt64)
	switch d := options.GetDeadlineOption().(type) {
	case *streams.BatchAppendReq_Options_Deadline:
		left = d.Deadline.AsDuration()
	case *streams.BatchAppendReq_Options_Deadline_21_10_0:
		left = d.Deadline_21_10_0.AsTime().Sub(b.opts.Clock.Now())
	}
	if err := b.checkWrite(o.request.stream); err != nil {
		return o, err
	}
	if o.stream == nil {
		return o, &badRequestError{message: "stream identifier is missing"}
	}
	if left <= 0 {
		return o, context.DeadlineExceeded
	}
	o.left = min(left, batchWriteTimeout)
	return o, o.expect(options)
}

func (o *openBatch) expect(options *streams.BatchAppendReq_Options) error {
	var err error
	switch e := options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		if o.request.expected, err = expectedRevision(e.StreamPosition); err != nil {
			return &badRequestError{message: "expected stream position is out of range"}
		}
	case *streams.BatchAppendReq_Options_NoStream:
		o.request.expected = expectNoStream
	case *streams.BatchAppendReq_Options_Any:
		o.request.expected = expectAny
	case *streams.BatchAppendReq_Options_StreamExists:
		o.request.expected = expectExists
	default:
		return &badRequestError{message: "expected stream position is missing"}
	}
	if checkStreamName(o.request.stream) != nil {
		return &badRequestError{message: "stream name is malformed"}
	}
	return nil
}

// submit writes in the background, so that the appends of one call share syncs.
func (b *batchCall) submit(o *openBatch) error {
	select {
	case b.slots <- struct{}{}:
	case <-b.call.Context().Done():
		o.proposal.release()
		return b.call.Context().Err()
	}
	o.request.events = o.proposal.events
	b.answers.Go(func() {
		defer func() { <-b.slots }()
		defer o.proposal.release()
		ctx, cancel := context.WithTimeout(b.call.Context(), batchWriteTimeout)
		defer cancel()
		result, err := b.write(ctx, o.request)
		b.answer(o, result, err)
	})
	return nil
}

func (b *batchCall) answer(o *openBatch, result writeResult, err error) {
	resp := &streams.BatchAppendResp{CorrelationId: o.id, StreamIdentifier: o.stream}
	if err != nil {
		resp.Result = &streams.BatchAppendResp_Error{Error: batchError(o, err)}
	} else {
		resp.Result = &streams.BatchAppendResp_Success_{Success: batchSuccess(result)}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sendErr == nil {
		b.sendErr = b.call.Send(resp)
	}
}

func batchSuccess(result writeResult) *streams.BatchAppendResp_Success {
	success := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if result.revision >= 0 {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(result.revision)}
	}
	if result.hasPosition {
		success.PositionOption = &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: result.position, PreparePosition: result.position,
		}}
	}
	return success
}

// batchError is the status that the original sends for err, with its one detail.
func batchError(o *openBatch, err error) *batchstatus.Status {
	var (
		wrong   *wrongVersionError
		deleted *streamDeletedError
		size    *sizeError
		bad     *badRequestError
	)
	switch {
	case errors.As(err, &wrong):
		return batchStatus(code.Code_ALREADY_EXISTS, "WrongExpectedVersion", wrongVersionDetail(wrong))
	case errors.As(err, &deleted):
		return batchStatus(code.Code_NOT_FOUND, "StreamDeleted", &shared.StreamDeleted{StreamIdentifier: o.stream})
	case errors.Is(err, errAccessDenied):
		return batchStatus(code.Code_PERMISSION_DENIED, "AccessDenied", &shared.AccessDenied{})
	case errors.Is(err, errKept):
		return batchStatus(code.Code_PERMISSION_DENIED, errKept.Error(), &shared.AccessDenied{})
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errOutcomeUnknown):
		return batchStatus(code.Code_DEADLINE_EXCEEDED, "Timeout", &shared.Timeout{})
	case errors.As(err, &size) && size.eventID == "":
		return batchStatus(code.Code_INVALID_ARGUMENT, "MaximumAppendSizeExceeded",
			&shared.MaximumAppendSizeExceeded{MaxAppendSize: uint32(min(size.limit, math.MaxUint32))}) //nolint:gosec // bounded
	case errors.As(err, &size):
		return eventSizeStatus(size)
	case errors.As(err, &bad):
		return batchStatus(code.Code_INVALID_ARGUMENT, "BadRequest", &shared.BadRequest{Message: bad.message})
	}
	return plainBatchError(err)
}

func plainBatchError(err error) *batchstatus.Status {
	_, s := statusOf(err)
	if c := code.Code(status.Code(s)); c != code.Code_INTERNAL { //nolint:gosec // codes are below 17
		return batchStatus(c, err.Error(), &emptypb.Empty{})
	}
	return batchStatus(code.Code_UNKNOWN, "Unknown", &shared.Unknown{})
}

// eventSizeStatus has a detail for which the client's protocol has no type.
func eventSizeStatus(e *sizeError) *batchstatus.Status {
	raw := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), e.eventID)
	raw = protowire.AppendVarint(protowire.AppendTag(raw, 2, protowire.VarintType), uint64(e.size))  //nolint:gosec // not negative
	raw = protowire.AppendVarint(protowire.AppendTag(raw, 3, protowire.VarintType), uint64(e.limit)) //nolint:gosec // not negative
	detail := &anypb.Any{TypeUrl: "type.googleapis.com/event_store.client.MaximumAppendEventSizeExceeded", Value: raw}
	return &batchstatus.Status{
		Code: int32(code.Code_INVALID_ARGUMENT), Message: "MaximumAppendEventSizeExceeded", Details: []*anypb.Any{detail},
	}
}

func wrongVersionDetail(e *wrongVersionError) *shared.WrongExpectedVersion {
	w := &shared.WrongExpectedVersion{
		CurrentStreamRevisionOption: &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}},
	}
	if e.actual >= 0 {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: uint64(e.actual)}
	}
	switch e.expected {
	case expectAny:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case expectExists:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}}
	case expectNoStream:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	default:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: uint64(e.expected)} //nolint:gosec // not negative here
	}
	return w
}

func batchStatus(c code.Code, message string, detail proto.Message) *batchstatus.Status {
	packed, err := anypb.New(detail)
	if err != nil {
		packed = &anypb.Any{} // does not happen: the messages have no strings that could be malformed but a client's
	}
	return &batchstatus.Status{Code: int32(c), Message: message, Details: []*anypb.Any{packed}}
}
