package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fieldledger/fieldledger/commands"
)

// codeOf returns the client's code in err, ErrorCodeUnknown if there is none.
// The client's own FromError does not look into wrapped errors.
func codeOf(err error) esdb.ErrorCode {
	if typed, ok := errors.AsType[*esdb.Error](err); ok {
		return typed.Code()
	}
	return esdb.ErrorCodeUnknown
}

// answered says whether err is an answer that the node gave after having
// looked at the request, and would give again.
func answered(err error) bool {
	switch codeOf(err) {
	case esdb.ErrorCodeAccessDenied, esdb.ErrorCodeUnauthenticated, esdb.ErrorCodeUnsupportedFeature,
		esdb.ErrorCodeResourceNotFound, esdb.ErrorCodeStreamDeleted, esdb.ErrorCodeWrongExpectedVersion:
		return true
	default:
		return false
	}
}

// unreached says whether err means that the client never sent the call.
func unreached(err error) bool {
	return codeOf(err) == esdb.ErrorCodeConnectionClosed || codeOf(err) == esdb.ErrorCodeNotLeader
}

// appendError turns what the client says about an append into the port's
// errors. The client wraps errors from before the request was complete; the
// node stores nothing of such a request.
func appendError(stream string, expected int64, err error) error {
	typed, complete := err.(*esdb.Error) //nolint:errorlint // being wrapped is what is asked
	if complete && typed.Code() == esdb.ErrorCodeWrongExpectedVersion {
		return conflict(stream, expected, typed)
	}
	switch {
	case errors.Is(err, commands.ErrUnavailable):
		return err
	case unreached(err), !complete && codeOf(err) == esdb.ErrorUnavailable:
		return unavailable(err)
	case status.Code(err) == codes.ResourceExhausted:
		return fmt.Errorf("%w: %w", commands.ErrStorageFull, err)
	case answered(err):
		return fmt.Errorf("refused: %w", err)
	default:
		return fmt.Errorf("outcome unknown: %w", err)
	}
}

// conflict reads the actual revision from the client's text, the only place
// where it tells it.
func conflict(stream string, expected int64, err *esdb.Error) error {
	_, text, found := strings.Cut(err.Err().Error(), "but got '")
	text = strings.TrimSuffix(text, "'")
	if text == "no_stream" {
		return &commands.ConflictError{Stream: stream, Expected: expected, Actual: commands.NoStream}
	}
	actual, parse := strconv.ParseInt(text, 10, 64)
	if !found || parse != nil {
		return fmt.Errorf("conflict without the actual revision: %w", err)
	}
	return &commands.ConflictError{Stream: stream, Expected: expected, Actual: actual}
}

// readError turns what the client says about a read into the port's errors:
// what may pass by itself is commands.ErrUnavailable.
func readError(err error) error {
	switch {
	case errors.Is(err, commands.ErrUnavailable):
		return err
	case codeOf(err) == esdb.ErrorCodeResourceNotFound:
		return fmt.Errorf("%w: %w", commands.ErrStreamNotFound, err)
	case unreached(err), transient(err):
		return unavailable(err)
	default:
		return err
	}
}

// transient says whether err comes from the connection, the limits of the
// node or a deadline, so that a read may succeed later.
func transient(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	if _, ok := errors.AsType[*panicError](err); ok {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Aborted,
		codes.ResourceExhausted, codes.Internal:
		return true
	default:
		return false
	}
}
