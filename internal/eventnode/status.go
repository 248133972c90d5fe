package eventnode

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/fieldledger/fieldledger/commands"
)

var (
	// errFault is what the original answers to anything that it does not expect.
	errFault           = status.Error(codes.Unknown, "Exception was thrown by handler.")
	errUnauthenticated = status.Error(codes.Unauthenticated, "Unauthenticated")
	errAccessDenied    = errors.New("Access Denied") //nolint:staticcheck // the original's words
)

// sizeError says that an append or one of its events is too large.
type sizeError struct {
	limit, size int64
	eventID     string // empty: the whole append is too large
}

func (e *sizeError) Error() string {
	if e.eventID == "" {
		return fmt.Sprintf("Maximum Append Size of %d Exceeded.", e.limit)
	}
	return fmt.Sprintf("Event with Id: %s, Size: %d, exceeds Maximum Append Event Size of %d.", e.eventID, e.size, e.limit)
}

// missingKeyError says that an event lacks a required key.
type missingKeyError struct{ key string }

func (e *missingKeyError) Error() string {
	return fmt.Sprintf("Required Metadata Property '%s' is missing", e.key)
}

func badArgument(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// statusOf translates err to what the original sends: code, message, trailers.
func statusOf(err error) (metadata.MD, error) {
	if _, ok := status.FromError(err); ok {
		return nil, err
	}
	var (
		deleted *streamDeletedError
		wrong   *wrongVersionError
		size    *sizeError
		missing *missingKeyError
	)
	switch {
	case errors.As(err, &deleted):
		return metadata.Pairs("exception", "stream-deleted", "stream-name", printable(deleted.stream)),
			status.Error(codes.FailedPrecondition, deleted.Error())
	case errors.As(err, &wrong):
		return metadata.Pairs("exception", "wrong-expected-version", "stream-name", printable(wrong.stream),
				"expected-version", strconv.FormatInt(wrong.expected, 10), "actual-version", strconv.FormatInt(wrong.actual, 10)),
			status.Errorf(codes.FailedPrecondition,
				"Delete failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d",
				wrong.stream, wrong.expected, wrong.actual)
	case errors.As(err, &size) && size.eventID == "":
		return metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.FormatInt(size.limit, 10)),
			status.Error(codes.InvalidArgument, size.Error())
	case errors.As(err, &size):
		return metadata.Pairs("exception", "maximum-append-event-size-exceeded",
				"maximum-append-event-size", strconv.FormatInt(size.limit, 10), "event-id", size.eventID,
				"proposed-append-event-size", strconv.FormatInt(size.size, 10)),
			status.Error(codes.InvalidArgument, size.Error())
	case errors.As(err, &missing):
		return metadata.Pairs("exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"),
			status.Error(codes.InvalidArgument, missing.Error())
	case errors.Is(err, errAccessDenied):
		return metadata.Pairs("exception", "access-denied"),
			status.Error(codes.PermissionDenied, errAccessDenied.Error())
	case errors.Is(err, errKept):
		return metadata.Pairs("exception", "access-denied"),
			status.Error(codes.PermissionDenied, errKept.Error())
	}
	return nil, plainStatus(err)
}

// printable makes a name fit for a trailer: bytes that HTTP/2 does not allow
// there would break the call, or the connection.
func printable(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= ' ' && c <= '~' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func plainStatus(err error) error {
	switch {
	case errors.Is(err, commands.ErrStorageFull):
		return status.Error(codes.ResourceExhausted, err.Error())
	case errors.Is(err, commands.ErrUnavailable):
		return status.Error(codes.Unavailable, "Server Is Not Ready: "+err.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return status.FromContextError(err).Err()
	case errors.Is(err, errOutcomeUnknown):
		return status.Error(codes.Aborted, "Operation timed out: "+err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}

// withTrailer sets err's trailers and returns its status; nil stays nil.
func withTrailer(set func(metadata.MD), err error) error {
	if err == nil {
		return nil
	}
	md, out := statusOf(err)
	if md != nil {
		set(md)
	}
	return out
}

// maxDrained limits what is read after a refusal.
const maxDrained = 1000

// drain reads what the client is still sending, so that it gets the refusal
// and not a broken stream. A client that sends without end is cut off.
func drain(s grpc.ServerStream, into any) {
	for range maxDrained {
		if s.RecvMsg(into) != nil {
			return
		}
	}
}
