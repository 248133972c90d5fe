package eventnode

import (
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var errTooBusy = status.Error(codes.ResourceExhausted, "Server Is Too Busy: the appends in hand hold too much memory")

// budget counts the bytes of the appends in hand, over all connections.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take claims n bytes, or refuses and claims nothing.
func (b *budget) take(n int64) error {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return errTooBusy
	}
	return nil
}

func (b *budget) give(n int64) { b.used.Add(-n) }
