package eventnode

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// tombstoneType is the type of the event that ends a stream for ever.
const tombstoneType = "$streamDeleted"

// checkDelete applies the expected revision of a delete or tombstone.
func checkDelete(r *writeRequest, state *streamState) error {
	if isOwn(r.stream) {
		return errKept
	}
	switch {
	case r.expected == expectAny || r.expected == expectExists:
	case r.expected == expectNoStream && state.metadata.deleted():
	case r.expected != state.last:
		return r.wrong(state.last)
	}
	return nil
}

// decideDelete hides all events of a stream by metadata, which replaces what was there.
func (c *committer) decideDelete(b *commitBatch, r *writeRequest, state *streamState) (writeResult, error) {
	if err := checkDelete(r, state); err != nil {
		return writeResult{}, err
	}
	if state.last < 0 && !state.hasMetadata {
		return writeResult{}, r.wrong(-1)
	}
	if b.full != nil {
		return writeResult{}, b.full
	}
	return c.putMetadata(b, r.stream, state, deletedMetadata())
}

// decideTombstone ends a stream, which may never have existed.
func (c *committer) decideTombstone(b *commitBatch, r *writeRequest, state *streamState) (writeResult, error) {
	if err := checkDelete(r, state); err != nil {
		return writeResult{}, err
	}
	if b.full != nil {
		return writeResult{}, b.full
	}
	meta, err := c.state(metaStreamOf(r.stream))
	if err != nil {
		return writeResult{}, err
	}
	state.tombstoned, meta.tombstoned = true, true
	result := c.put(b, r.stream, maxRevision, newEvent{id: uuid.New(), kind: tombstoneType})
	c.putHead(b, r.stream, state)
	return result, nil
}

// Delete hides all events of a stream.
func (s *server) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	o := req.GetOptions()
	r := &writeRequest{kind: kindDelete, stream: string(o.GetStreamIdentifier().GetStreamName())}
	var err error
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.DeleteReq_Options_Revision:
		r.expected, err = expectedRevision(e.Revision)
	case *streams.DeleteReq_Options_NoStream:
		r.expected = expectNoStream
	case *streams.DeleteReq_Options_Any:
		r.expected = expectAny
	case *streams.DeleteReq_Options_StreamExists:
		r.expected = expectExists
	default:
		err = badArgument("expected stream revision is missing")
	}
	result, err := s.remove(ctx, r, err)
	if err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{
		CommitPosition: result.position, PreparePosition: result.position,
	}}}, nil
}

// Tombstone ends a stream for ever.
func (s *server) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	o := req.GetOptions()
	r := &writeRequest{kind: kindTombstone, stream: string(o.GetStreamIdentifier().GetStreamName())}
	var err error
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.TombstoneReq_Options_Revision:
		r.expected, err = expectedRevision(e.Revision)
	case *streams.TombstoneReq_Options_NoStream:
		r.expected = expectNoStream
	case *streams.TombstoneReq_Options_Any:
		r.expected = expectAny
	case *streams.TombstoneReq_Options_StreamExists:
		r.expected = expectExists
	default:
		err = badArgument("expected stream revision is missing")
	}
	result, err := s.remove(ctx, r, err)
	if err != nil {
		return nil, err
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{
		CommitPosition: result.position, PreparePosition: result.position,
	}}}, nil
}

// remove checks and runs a delete or tombstone call.
func (s *server) remove(ctx context.Context, r *writeRequest, err error) (writeResult, error) {
	if err == nil {
		err = s.checkDelete(r.stream)
	}
	if err == nil {
		err = checkStreamName(r.stream)
	}
	var result writeResult
	if err == nil {
		result, err = s.write(ctx, r)
	}
	return result, withTrailer(func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }, err)
}
