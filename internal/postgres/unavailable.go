package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// passing are the SQLSTATEs, or classes of them, that say nothing of the
// request: the same one may succeed later.
var passing = []string{
	"08",    // connection
	"40",    // serialization failure, deadlock
	"53",    // out of connections, disk or memory
	"58",    // the server's own trouble with files
	"55P03", // lock not available
	"25006", // read-only: a server in recovery or under repair
	"25P03", // idle in transaction for too long
	"57",    // shut down, starting up, cancelled
}

// Unavailable reports whether err comes from a database that cannot be
// reached, or does not do its work now, so that the same request may succeed
// later. What a context's end says is the caller's and not looked at.
func Unavailable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, code := range passing {
			if strings.HasPrefix(pg.Code, code) {
				return true
			}
		}
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}
