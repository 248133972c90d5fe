package serverrules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

var empty = &shared.Empty{}

// Expected revisions below zero, as in trailers.
const (
	noStream int64 = -1
	anyState int64 = -2
	exists   int64 = -4
	unset    int64 = -99
)

func identifier(name string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(name)}
}

// proposed is a well-formed event whose id stands for name.
func (b *bench) proposed(name string) *streams.AppendReq_ProposedMessage {
	return &streams.AppendReq_ProposedMessage{
		Id:   &shared.UUID{Value: &shared.UUID_String_{String_: b.id(name).String()}},
		Data: fmt.Appendf(nil, `{"name":%q}`, name), CustomMetadata: []byte(`{"m":1}`),
		Metadata: map[string]string{"type": "tested", "content-type": "application/json"},
	}
}

func (b *bench) proposedAll(names ...string) []*streams.AppendReq_ProposedMessage {
	var out []*streams.AppendReq_ProposedMessage
	for _, n := range names {
		out = append(out, b.proposed(n))
	}
	return out
}

func appendOptions(stream string, expected int64) *streams.AppendReq {
	o := &streams.AppendReq_Options{StreamIdentifier: identifier(stream)}
	switch expected {
	case noStream:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: empty}
	case anyState:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: empty}
	case exists:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_StreamExists{StreamExists: empty}
	case unset:
	default:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: uint64(expected)} //nolint:gosec // a revision
	}
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
}

// send makes an append call of these requests and returns the answer.
func (b *bench) send(ctx context.Context, requests ...*streams.AppendReq) (*streams.AppendResp, metadata.MD, error) {
	var trailer metadata.MD
	call, err := b.streams.Append(ctx, grpc.Trailer(&trailer))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range requests {
		if err := call.Send(r); err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err
		}
	}
	resp, err := call.CloseAndRecv()
	return resp, trailer, err
}

// tryAppend appends and says what the server answered, in short.
func (b *bench) tryAppend(stream string, expected int64, events ...*streams.AppendReq_ProposedMessage) string {
	b.Helper()
	requests := []*streams.AppendReq{appendOptions(b.name(stream), expected)}
	for _, e := range events {
		requests = append(requests, &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: e}})
	}
	return b.said(b.send(b.ctx, requests...))
}

// try appends events by the names of their ids.
func (b *bench) try(stream string, expected int64, names ...string) string {
	b.Helper()
	return b.tryAppend(stream, expected, b.proposedAll(names...)...)
}

// stored appends and requires success; it returns position and revision of the last event.
func (b *bench) stored(stream string, expected int64, names ...string) (position, revision uint64) {
	b.Helper()
	requests := []*streams.AppendReq{appendOptions(b.name(stream), expected)}
	for _, e := range b.proposedAll(names...) {
		requests = append(requests, &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: e}})
	}
	resp, _, err := b.send(b.ctx, requests...)
	require.NoError(b, err)
	require.NotNil(b, resp.GetSuccess(), b.appended(resp))
	return resp.GetSuccess().GetPosition().GetCommitPosition(), resp.GetSuccess().GetCurrentRevision()
}

// setMetadata writes data to the metadata stream of stream.
func (b *bench) setMetadata(stream, data string) {
	b.Helper()
	e := b.proposed(stream + data)
	e.Data, e.Metadata["type"] = []byte(data), "$metadata"
	e.Id = &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}}
	require.Regexp(b, "^ok ", b.tryAppend("$$"+stream, anyState, e))
}

// said is an answer to an append in one line.
func (b *bench) said(resp *streams.AppendResp, trailer metadata.MD, err error) string {
	if err != nil {
		return b.failed(trailer, err)
	}
	return b.appended(resp)
}

func (b *bench) appended(resp *streams.AppendResp) string {
	if w := resp.GetWrongExpectedVersion(); w != nil {
		return wrongVersion(w)
	}
	s := resp.GetSuccess()
	out := "ok none"
	if _, ok := s.GetCurrentRevisionOption().(*streams.AppendResp_Success_CurrentRevision); ok {
		out = fmt.Sprintf("ok %d", s.GetCurrentRevision())
	}
	if p := s.GetPosition(); p == nil {
		out += ", no position"
	} else if p.GetCommitPosition() != p.GetPreparePosition() {
		out += ", commit and prepare differ"
	}
	return out
}

// wrongVersion checks that the fields of both wire forms say the same.
func wrongVersion(w *streams.AppendResp_WrongExpectedVersion) string {
	current, older := "none", "none"
	if c, ok := w.GetCurrentRevisionOption().(*streams.AppendResp_WrongExpectedVersion_CurrentRevision); ok {
		current = strconv.FormatUint(c.CurrentRevision, 10)
	}
	if c, ok := w.GetCurrentRevisionOption_20_6_0().(*streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0); ok {
		older = strconv.FormatUint(c.CurrentRevision_20_6_0, 10)
	}
	expected, old := "unset", "unset"
	switch e := w.GetExpectedRevisionOption().(type) {
	case *streams.AppendResp_WrongExpectedVersion_ExpectedRevision:
		expected = strconv.FormatUint(e.ExpectedRevision, 10)
	case *streams.AppendResp_WrongExpectedVersion_ExpectedAny:
		expected = "any"
	case *streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists:
		expected = "exists"
	case *streams.AppendResp_WrongExpectedVersion_ExpectedNoStream:
		expected = "no stream"
	}
	switch e := w.GetExpectedRevisionOption_20_6_0().(type) {
	case *streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0:
		if old = strconv.FormatUint(e.ExpectedRevision_20_6_0, 10); e.ExpectedRevision_20_6_0 == 1<<64-1 {
			old = "no stream"
		}
	case *streams.AppendResp_WrongExpectedVersion_Any_20_6_0:
		old = "any"
	case *streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0:
		old = "exists"
	}
	if current != older || expected != old {
		return fmt.Sprintf("wrong: at %s, expected %s; in the older fields %s and %s", current, expected, older, old)
	}
	return fmt.Sprintf("wrong: at %s, expected %s", current, expected)
}

// failed is a gRPC error in one line, with the trailers that the server gives a meaning.
func (b *bench) failed(trailer metadata.MD, err error) string {
	s := status.Convert(err)
	var out strings.Builder
	out.WriteString(s.Code().String() + ": " + s.Message())
	var keys []string
	for k := range trailer {
		if k != "content-type" {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		out.WriteString("; " + k + "=" + strings.Join(trailer[k], ","))
	}
	return b.short(out.String())
}

// Errors that many cases expect.
const fault = "Unknown: Exception was thrown by handler."

func deletedError(stream string) string {
	return fmt.Sprintf("FailedPrecondition: Event stream '%s' is deleted.; exception=stream-deleted; stream-name=%s", stream, stream)
}

// softDelete deletes and says what the server answered.
func (b *bench) softDelete(stream string, expected int64) string {
	b.Helper()
	o := &streams.DeleteReq_Options{StreamIdentifier: identifier(b.name(stream))}
	switch expected {
	case noStream:
		o.ExpectedStreamRevision = &streams.DeleteReq_Options_NoStream{NoStream: empty}
	case anyState:
		o.ExpectedStreamRevision = &streams.DeleteReq_Options_Any{Any: empty}
	case exists:
		o.ExpectedStreamRevision = &streams.DeleteReq_Options_StreamExists{StreamExists: empty}
	case unset:
	default:
		o.ExpectedStreamRevision = &streams.DeleteReq_Options_Revision{Revision: uint64(expected)} //nolint:gosec // a revision
	}
	var trailer metadata.MD
	resp, err := b.streams.Delete(b.ctx, &streams.DeleteReq{Options: o}, grpc.Trailer(&trailer))
	if err != nil {
		return b.failed(trailer, err)
	}
	return removed(resp.GetPosition())
}

// tombstone tombstones and says what the server answered.
func (b *bench) tombstone(stream string, expected int64) string {
	b.Helper()
	o := &streams.TombstoneReq_Options{StreamIdentifier: identifier(b.name(stream))}
	switch expected {
	case noStream:
		o.ExpectedStreamRevision = &streams.TombstoneReq_Options_NoStream{NoStream: empty}
	case anyState:
		o.ExpectedStreamRevision = &streams.TombstoneReq_Options_Any{Any: empty}
	case exists:
		o.ExpectedStreamRevision = &streams.TombstoneReq_Options_StreamExists{StreamExists: empty}
	case unset:
	default:
		o.ExpectedStreamRevision = &streams.TombstoneReq_Options_Revision{Revision: uint64(expected)} //nolint:gosec // a revision
	}
	var trailer metadata.MD
	resp, err := b.streams.Tombstone(b.ctx, &streams.TombstoneReq{Options: o}, grpc.Trailer(&trailer))
	if err != nil {
		return b.failed(trailer, err)
	}
	return removed(resp.GetPosition())
}

// position is a position in one of the protocol's many messages of that form.
type position interface {
	GetCommitPosition() uint64
	GetPreparePosition() uint64
}

// removed is the answer to a delete: it must have a position.
func removed(p position) string {
	if p.GetCommitPosition() == 0 || p.GetCommitPosition() != p.GetPreparePosition() {
		return "ok without a proper position"
	}
	return "ok"
}
