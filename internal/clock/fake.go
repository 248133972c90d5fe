package clock

import (
	"sync"
	"time"
)

// Fake tells the time that a test sets. It stands still between calls of Set
// and Advance and is safe for concurrent use. Make it with NewFake.
type Fake struct {
	mu      sync.Mutex
	at      time.Time
	waiting map[chan struct{}]time.Time
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
	f.set(t)
}

// set moves the clock and wakes who waited for what it tells now; the caller holds mu.
func (f *Fake) set(t time.Time) {
	f.at = exact(t)
	for reached, at := range f.waiting {
		if !at.After(f.at) {
			close(reached)
			delete(f.waiting, reached)
		}
	}
}

// Wake lets the caller wait until the clock is moved to a time, or past it.
func (f *Fake) Wake(at time.Time) (reached <-chan struct{}, cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done := make(chan struct{})
	if !at.After(f.at) {
		close(done)
		return done, func() {}
	}
	if f.waiting == nil {
		f.waiting = map[chan struct{}]time.Time{}
	}
	f.waiting[done] = at
	return done, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.waiting, done)
	}
}

// Advance moves the clock by d, back if d is negative, and returns the new time.
func (f *Fake) Advance(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(f.at.Add(d))
	return f.at
}
