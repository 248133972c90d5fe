package eventnode

import (
	"net"
	"sync"
)

// limitedListener closes connections at once that are more than limit, so
// that whoever opens many does not keep the others from being answered.
type limitedListener struct {
	net.Listener
	limit int

	mu   sync.Mutex
	open int
}

// Accept waits for a connection within the limit.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.enter() {
			return &limitedConn{Conn: conn, leave: sync.OnceFunc(l.leave)}, nil
		}
		_ = conn.Close() // nobody is told: a client sees a connection that ends
	}
}

func (l *limitedListener) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.limit {
		return false
	}
	l.open++
	return true
}

func (l *limitedListener) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
}

// limitedConn makes room for another one when it is closed.
type limitedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
