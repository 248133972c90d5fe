package tcpproxy

import (
	"net"
	"sync"
	"time"
)

type direction int

const (
	toServer direction = iota
	toClient
)

// piece is how much is read at a time.
const piece = 16 << 10

// slices is how many times a second a limited connection passes something.
const slices = 100

// link is one connection from a client through the proxy to the server.
type link struct {
	*Proxy
	client net.Conn
	over   sync.Once
	gone   chan struct{} // closed when it is cut

	server   net.Conn // guarded by Proxy.mu, like the rest
	passed   [2]int   // bytes since the fault began
	stranded bool
}

// joined takes the connection to the server; false if the link is gone.
func (l *link) joined(server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = server
	select {
	case <-l.gone:
		_ = server.Close() // nothing was sent
		return false
	default:
		return true
	}
}

// pump passes bytes until an end is closed, and then closes the other.
func (l *link) pump(to, from net.Conn, d direction) {
	defer l.close(false)
	buffer := make([]byte, piece)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !l.carry(to, buffer[:n], d) {
			return
		}
		if err != nil {
			l.held(d) // the other end does not hear of it either
			return
		}
	}
}

// held waits while nothing passes in a direction.
func (l *link) held(d direction) {
	for {
		way, _, changed := l.present(d)
		if !way.Hold {
			return
		}
		select {
		case <-changed:
		case <-l.gone:
			return
		}
	}
}

// carry passes b as the present fault says; false if the link is over.
func (l *link) carry(to net.Conn, b []byte, d direction) bool {
	delayed := false
	for len(b) > 0 {
		way, passed, changed := l.present(d)
		switch {
		case way.Hold:
			select {
			case <-changed:
			case <-l.gone:
				return false
			}
			continue
		case way.Delay > 0 && !delayed:
			delayed = true
			if !l.wait(way.Delay) {
				return false
			}
			continue // the fault may have changed
		}
		n := len(b)
		if way.BytesPerSecond > 0 {
			n = min(n, max(1, way.BytesPerSecond/slices))
			if !l.wait(time.Second / slices) {
				return false
			}
		}
		if way.CutAfter > 0 {
			n = min(n, way.CutAfter-passed)
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return false
			}
		}
		b = b[max(n, 0):]
		if l.note(d, n); way.CutAfter > 0 && passed+n >= way.CutAfter {
			l.close(true)
			return false
		}
	}
	return true
}

// present returns what holds now for a direction.
func (l *link) present(d direction) (way Way, passed int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	way = l.fault.ToServer
	if d == toClient {
		way = l.fault.ToClient
	}
	way.Hold = way.Hold || l.stranded
	return way, l.passed[d], l.changed
}

func (l *link) note(d direction, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed[d] += n
}

// wait lets time pass; false if the link is cut before.
func (l *link) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.gone:
		return false
	}
}

// reset cuts the link so that both ends hear of it at once.
func (l *link) reset() { l.close(true) }

func (l *link) close(hard bool) {
	l.over.Do(func() {
		l.mu.Lock()
		close(l.gone)
		ends := []net.Conn{l.client, l.server}
		delete(l.links, l)
		l.mu.Unlock()
		for _, end := range ends {
			if tcp, ok := end.(*net.TCPConn); ok && hard {
				_ = tcp.SetLinger(0) // a reset in place of a farewell; without it the close is as good
			}
			if end != nil {
				_ = end.Close() // only a second close fails
			}
		}
	})
}
