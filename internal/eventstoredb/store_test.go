package eventstoredb_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

func TestOpenRefusesWrongConnectionStringsWithoutTellingThePassword(t *testing.T) {
	t.Parallel()
	for name, connection := range map[string]string{
		"empty":           "",
		"other scheme":    "http://admin:hunter2@localhost:2113",
		"no host":         "esdb://",
		"bad port":        "esdb://admin:hunter2@localhost:port",
		"control sign":    "esdb://admin:hunter2@local\x7fhost:2113",
		"unknown setting": "esdb://admin:hunter2@localhost:2113?tsl=false",
		"half a key pair": "esdb://admin:hunter2@localhost:2113?userCertFile=/a",
		"bad boolean":     "esdb://admin:hunter2@localhost:2113?tls=perhaps",
		"question mark":   "esdb://admin:a?hunter2@localhost:2113",
		"as a value":      "esdb://localhost:2113?nodePreference=hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := eventstoredb.Open(t.Context(), eventstoredb.Options{ConnectionString: connection})
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOpenAcceptsEveryFormOfAddress(t *testing.T) {
	t.Parallel()
	for _, connection := range []string{
		"esdb://127.0.0.1:1", "esdb://a:b@127.0.0.1:1?tls=true&tlsVerifyCert=false",
		"esdb://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3?tls=false", "esdb+discover://127.0.0.1:1?nodePreference=follower&gossipTimeout=1",
	} {
		s, err := eventstoredb.Open(t.Context(), eventstoredb.Options{ConnectionString: connection})
		require.NoError(t, err, connection)
		require.NoError(t, s.Close(within(t, patience)))
	}
}

func TestAppendRefusesIncompleteEventsBeforeItSendsThem(t *testing.T) {
	t.Parallel()
	node := &stub{onAppend: func(context.Context, *streams.AppendReq_Options, []*streams.AppendReq_ProposedMessage) (*streams.AppendResp, error) {
		return nil, status.Error(codes.Internal, "was sent")
	}}
	s := open(t, node.start(t, "").address)
	change := func(f func(*eventschemas.Proposed)) []eventschemas.Proposed {
		events := append(one(), one()...)
		f(&events[1])
		return events
	}
	for name, c := range map[string]struct {
		stream   string
		expected int64
		events   []eventschemas.Proposed
		want     string
	}{
		"no stream":     {"", commands.NoStream, one(), "no stream name"},
		"any revision":  {"fl.a", -2, one(), "is not a revision"},
		"stream exists": {"fl.a", -4, one(), "is not a revision"},
		"no events":     {"fl.a", commands.NoStream, nil, "no events"},
		"no id":         {"fl.a", 0, change(func(e *eventschemas.Proposed) { e.ID = uuid.Nil }), "event 1 has no id"},
		"no type":       {"fl.a", 0, change(func(e *eventschemas.Proposed) { e.Type = "" }), "event 1 has no type"},
		"no metadata":   {"fl.a", 0, change(func(e *eventschemas.Proposed) { e.Meta = nil }), "event 1 has no metadata"},
		"too large":     {"fl.a", 0, change(func(e *eventschemas.Proposed) { e.Data = make([]byte, 16<<20) }), "event 1 has"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Append(within(t, patience), c.stream, c.expected, c.events)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAppendSendsRevisionIDAndJSONExplicitly(t *testing.T) {
	t.Parallel()
	type request struct {
		options *streams.AppendReq_Options
		events  []*streams.AppendReq_ProposedMessage
	}
	seen := make(chan request, 1)
	node := &stub{onAppend: func(_ context.Context, options *streams.AppendReq_Options, events []*streams.AppendReq_ProposedMessage) (*streams.AppendResp, error) {
		seen <- request{options, events}
		return stored(options, len(events)), nil
	}}
	s := open(t, node.start(t, "").address)
	event := one()

	last, err := s.Append(within(t, patience), "fl.a", commands.NoStream, event)
	require.NoError(t, err)
	require.Zero(t, last)
	got := receive(t, seen, nil)
	require.NotNil(t, got.options.GetNoStream())
	require.Len(t, got.events, 1)
	require.Equal(t, map[string]string{"type": "stub.happened.v1", "content-type": "application/json"}, got.events[0].Metadata)
	require.Equal(t, event[0].Data, got.events[0].Data)
	require.Equal(t, event[0].Meta, got.events[0].CustomMetadata)
	require.Equal(t, event[0].ID, idOf(got.events[0]))

	last, err = s.Append(within(t, patience), "fl.a", 41, one())
	require.NoError(t, err)
	require.EqualValues(t, 42, last)
	got = receive(t, seen, nil)
	require.Equal(t, &streams.AppendReq_Options_Revision{Revision: 41}, got.options.ExpectedStreamRevision)
}

func TestEachAnswerToAnAppendBecomesTheRightError(t *testing.T) {
	t.Parallel()
	conflict := func(wrong *streams.AppendResp_WrongExpectedVersion) *streams.AppendResp {
		return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: wrong}}
	}
	for name, c := range map[string]struct {
		answer   *streams.AppendResp
		err      error
		is       error
		conflict *commands.ConflictError
		unknown  bool
	}{
		"conflict with a stream": {answer: conflict(&streams.AppendResp_WrongExpectedVersion{
			CurrentRevisionOption: &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: 7},
		}), conflict: &commands.ConflictError{Stream: "fl.a", Expected: 3, Actual: 7}},
		"conflict with no stream": {answer: conflict(&streams.AppendResp_WrongExpectedVersion{
			CurrentRevisionOption: &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}},
		}), conflict: &commands.ConflictError{Stream: "fl.a", Expected: 3, Actual: commands.NoStream}},
		"no space":           {err: status.Error(codes.ResourceExhausted, "no space"), is: commands.ErrStorageFull},
		"lost after sending": {err: status.Error(codes.Unavailable, "going down"), unknown: true},
		"aborted":            {err: status.Error(codes.Aborted, "commit timeout"), unknown: true},
		"fault":              {err: status.Error(codes.Unknown, "exception"), unknown: true},
		"wrong revision":     {answer: stored(&streams.AppendReq_Options{}, 1), unknown: true},
		"empty answer":       {answer: &streams.AppendResp{}, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := &stub{onAppend: func(context.Context, *streams.AppendReq_Options, []*streams.AppendReq_ProposedMessage) (*streams.AppendResp, error) {
				return c.answer, c.err
			}}
			s := open(t, node.start(t, "").address)
			_, err := s.Append(within(t, patience), "fl.a", 3, one())
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			if c.conflict != nil {
				var got *commands.ConflictError
				require.ErrorAs(t, err, &got)
				require.Equal(t, c.conflict, got)
			}
			if c.unknown {
				require.ErrorContains(t, err, "outcome unknown")
				require.NotErrorIs(t, err, commands.ErrUnavailable)
				require.NotErrorIs(t, err, commands.ErrStorageFull)
			}
		})
	}
}

func TestEachFailureOfAReadBecomesTheRightError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code        codes.Code
		unavailable bool
	}{
		"unavailable":     {codes.Unavailable, true},
		"aborted":         {codes.Aborted, true},
		"overloaded":      {codes.ResourceExhausted, true},
		"denied":          {codes.PermissionDenied, false},
		"unauthenticated": {codes.Unauthenticated, false},
		"fault":           {codes.Unknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := &stub{onRead: func(request *streams.ReadReq, out streams.Streams_ReadServer) error {
				if isPing(request) {
					return notFoundOrConfirm(request, out)
				}
				return status.Error(c.code, "no")
			}}
			s := open(t, node.start(t, "").address)
			events, err := s.ReadStream(within(t, patience), "fl.a", 0)
			require.Error(t, err)
			require.Nil(t, events)
			require.Equal(t, c.unavailable, isUnavailable(err), "%v", err)
			require.NotErrorIs(t, err, commands.ErrStreamNotFound)
		})
	}
}

func TestPingSaysThatCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	node := &stub{onRead: func(*streams.ReadReq, streams.Streams_ReadServer) error {
		return status.Error(codes.Unauthenticated, "Unauthenticated")
	}}
	s := open(t, node.start(t, "").address)
	err := s.Ping(within(t, patience))
	require.ErrorContains(t, err, "authentication failed")
	require.NotErrorIs(t, err, commands.ErrUnavailable)
}

func TestAPanicOfTheClientIsAnErrorAndTheStoreGoesOn(t *testing.T) {
	t.Parallel()
	node := &stub{onRead: func(request *streams.ReadReq, out streams.Streams_ReadServer) error {
		if isPing(request) {
			return notFoundOrConfirm(request, out)
		}
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_LastStreamPosition{LastStreamPosition: 1}})
	}}
	s := open(t, node.start(t, "").address)
	for range 3 {
		_, err := s.ReadStream(within(t, patience), "fl.a", 0)
		require.ErrorContains(t, err, "client panicked")
		require.ErrorIs(t, err, commands.ErrUnavailable)
		require.NoError(t, s.Ping(within(t, patience)))
	}
}

// idOf returns the id of an event as it was sent.
func idOf(e *streams.AppendReq_ProposedMessage) uuid.UUID {
	var id uuid.UUID
	structured := e.GetId().GetStructured()
	binary.BigEndian.PutUint64(id[:8], uint64(structured.GetMostSignificantBits()))
	binary.BigEndian.PutUint64(id[8:], uint64(structured.GetLeastSignificantBits()))
	return id
}
