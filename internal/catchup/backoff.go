package catchup

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// backoff is how long to wait before trying again: twice as long each time.
type backoff struct{ min, max, next time.Duration }

// wait lets the time pass, less some jitter, or ctx end.
func (b *backoff) wait(ctx context.Context) {
	b.next = min(max(2*b.next, b.min), b.max)
	jitter := time.Duration(rand.Int64N(int64(b.next)/4 + 1)) //nolint:gosec // only spreads retries
	timer := time.NewTimer(b.next - jitter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// reset makes the next wait a short one again.
func (b *backoff) reset() { b.next = 0 }

// drain gives the message in hand some time to be finished.
func drain(msg *message.Message, within time.Duration) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-msg.Acked():
	case <-msg.Nacked():
	case <-timer.C:
	}
}
