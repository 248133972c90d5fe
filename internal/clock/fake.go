package clock

import (
	"sync"
	"time"
)

// Fake tells the time that a test sets. It stands still between calls of Set
// and Advance and is safe for concurrent use. Make it with NewFake.
type Fake struct {
	mu sync.Mutex
	at time.Time
}

// NewFake returns a clock that stands at t (UTC, truncated to milliseconds).
func NewFake(t time.Time) *Fake { return &Fake{at: exact(t)} }

// Now returns the time last set, in UTC.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// Set moves the clock to t, which may lie before the time it tells now.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = exact(t)
}

// Advance moves the clock by d, back if d is negative, and returns the new time.
func (f *Fake) Advance(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = exact(f.at.Add(d))
	return f.at
}
