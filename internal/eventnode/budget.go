package eventnode

import (
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxUnfinishedBytes limits what all appends together hold that are still
// being received or stored.
const maxUnfinishedBytes = 256 << 20

var errTooBusy = status.Error(codes.ResourceExhausted, "Server Is Too Busy: the appends in hand hold too much memory")

// budget counts the bytes of the appends in hand, over all connections.
type budget struct{ used atomic.Int64 }

// take claims n bytes, or refuses and claims nothing.
func (b *budget) take(n int64) error {
	if b.used.Add(n) > maxUnfinishedBytes {
		b.used.Add(-n)
		return errTooBusy
	}
	return nil
}

func (b *budget) give(n int64) { b.used.Add(-n) }
