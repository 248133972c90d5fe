// Package clock tells the time: the machine's in production, a settable one
// in tests.
//
// It is the only place outside cmd that reads the machine's clock. It never
// sleeps and calls nobody, it only lets others wait; and nothing in domain or
// projections may use it: time reaches them inside a command or an event.
package clock

import (
	"time"

	"github.com/fieldledger/fieldledger/commands"
)

// Precision is the finest time that the system keeps: what is finer would be
// lost on the wire, so it is cut off at the source.
const Precision = time.Millisecond

var (
	_ commands.Waker = System{}
	_ commands.Clock = Fixed{}
	_ commands.Waker = (*Fake)(nil)
)

// System reads the machine's clock. The zero value is ready, and safe for
// concurrent use.
type System struct{}

// Now returns the time in UTC, truncated to milliseconds.
func (System) Now() time.Time { return exact(time.Now()) }

// Wake lets the caller wait for a time by the machine's monotonic clock: if
// the machine's time is set while somebody waits, it comes as much too late or early.
func (System) Wake(at time.Time) (reached <-chan struct{}, cancel func()) {
	done := make(chan struct{})
	timer := time.AfterFunc(time.Until(at), func() { close(done) })
	return done, func() { timer.Stop() }
}

// Fixed always tells the same time. The zero value tells the zero time.
type Fixed struct{ At time.Time }

// Now returns At in UTC, truncated to milliseconds.
func (f Fixed) Now() time.Time { return exact(f.At) }

// exact drops the monotonic reading, the zone and what is below Precision.
func exact(t time.Time) time.Time { return t.UTC().Truncate(Precision) }
