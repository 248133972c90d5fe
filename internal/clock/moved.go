package clock

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/fieldledger/fieldledger/commands"
)

var _ commands.Waker = (*Moved)(nil)

// look is how often Moved looks whether a time is reached.
const look = 20 * time.Millisecond

// Moved tells the time that somebody wrote into a file, and goes on from it as
// the machine's clock does from when the file was written. It never goes back:
// set to an earlier time it stands still until that has come. It is for
// demonstrations, where half a year has to pass in a minute; no installation
// that keeps records of its own uses it. Safe for concurrent use.
type Moved struct {
	file string
	mu   sync.Mutex
	// ahead is how far it goes before the machine's clock.
	ahead time.Duration
	last  time.Time // that was told
}

// OpenMoved reads the time in file, RFC 3339 on one line. The error is that of
// reading it; later a file that cannot be read leaves the clock as it goes.
func OpenMoved(file string) (*Moved, error) {
	m := &Moved{file: file}
	ahead, err := m.read()
	if err != nil {
		return nil, err
	}
	m.ahead = ahead
	return m, nil
}

// read returns how far the file is ahead of the machine's clock.
func (m *Moved) read() (time.Duration, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return 0, fmt.Errorf("read clock: %w", err)
	}
	info, err := os.Stat(m.file)
	if err != nil {
		return 0, fmt.Errorf("read clock: %w", err)
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read clock %s: %w", m.file, err)
	}
	return at.Sub(info.ModTime()), nil
}

// Now returns the time in UTC, truncated to milliseconds.
func (m *Moved) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ahead, err := m.read(); err == nil { // while it is written it may be empty
		m.ahead = ahead
	}
	if now := exact(time.Now().Add(m.ahead)); now.After(m.last) {
		m.last = now
	}
	return m.last
}

// Wake lets the caller wait for a time, which comes at the latest a moment
// after the file says so.
func (m *Moved) Wake(at time.Time) (reached <-chan struct{}, cancel func()) {
	done, stop := make(chan struct{}), make(chan struct{})
	go func() {
		tick := time.NewTicker(look)
		defer tick.Stop()
		for m.Now().Before(at) {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
		close(done)
	}()
	return done, sync.OnceFunc(func() { close(stop) })
}
