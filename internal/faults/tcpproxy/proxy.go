// Package tcpproxy stands between a client and a server and does to their
// bytes what networks do: it cuts, delays, holds and slows them, and goes away
// altogether. It is for fault tests only.
//
// It never looks into the bytes, changes none, reorders none, and passes each
// at most once. What it holds goes on when the fault ends, as after a lost
// route; what was on its way when a connection was cut is gone.
package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

// Way is what happens to the bytes of one direction. The zero value passes them.
type Way struct {
	Hold           bool          // nothing passes and nothing is closed
	Delay          time.Duration // before each piece
	BytesPerSecond int           // 0 means no limit
	CutAfter       int           // bytes after which a connection is cut, counted since Set; 0 means never
}

// Fault is what happens to both directions.
type Fault struct{ ToServer, ToClient Way }

// Both is a Fault that does the same to both directions.
func Both(w Way) Fault { return Fault{ToServer: w, ToClient: w} }

// Proxy passes connections on to a target. Safe for concurrent use.
type Proxy struct {
	address string
	kept    net.PacketConn // the same port of UDP: no other proxy takes the address while this one is down
	running sync.WaitGroup
	dialing context.Context //nolint:containedctx // ends with Close, and with it the dials under way
	stop    context.CancelFunc

	mu       sync.Mutex
	network  string
	target   string
	listener net.Listener // nil while down
	links    map[*link]struct{}
	fault    Fault
	changed  chan struct{} // closed at the next Set
}

// Listen opens a proxy on a free port of loopback. The network is that of the
// target, "tcp" or "unix". Close ends it.
func Listen(ctx context.Context, network, target string) (*Proxy, error) {
	p := &Proxy{network: network, target: target, links: map[*link]struct{}{}, changed: make(chan struct{})}
	p.dialing, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	for range tries {
		p.address = fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports)) //nolint:gosec // spreads ports, keeps no secret
		if p.kept, err = new(net.ListenConfig).ListenPacket(ctx, "udp", p.address); err != nil {
			continue
		}
		if err = p.open(ctx); err == nil {
			return p, nil
		}
		_ = p.kept.Close() // nothing was sent
	}
	p.stop()
	return nil, err
}

// The ports are below those that systems give to connections: none takes one
// while the proxy is down.
const (
	firstPort = 20_000
	ports     = 10_000
	tries     = 100
)

// Addr is where the proxy listens, host and port. It stays the same.
func (p *Proxy) Addr() string { return p.address }

// Up listens again on the same address after Down. It does nothing if it
// listens. A process that is just being started holds the old listener too,
// until it has become another program: Up waits for that.
func (p *Proxy) Up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upWithin)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		err := p.open(ctx)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

const upWithin = 5 * time.Second

// open listens unless it does already.
func (p *Proxy) open(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", p.address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", p.address, err)
	}
	p.listener, p.address = listener, listener.Addr().String()
	p.running.Go(func() { p.accept(listener) })
	return nil
}

// Refuse stops to listen and leaves the present connections as they are.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close() // the port is free or was never ours
		p.listener = nil
	}
}

// Down stops to listen and cuts every connection.
func (p *Proxy) Down() {
	p.Refuse()
	p.Cut()
}

// Target says where new connections go.
func (p *Proxy) Target(network, target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network, p.target = network, target
}

// Set begins a fault on present and future connections, in place of the one
// before. The zero Fault ends it.
func (p *Proxy) Set(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	for l := range p.links {
		l.passed = [2]int{}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// Cut resets every present connection and returns how many there were.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	links := p.links
	p.links = map[*link]struct{}{}
	p.mu.Unlock()
	for l := range links {
		l.reset()
	}
	return len(links)
}

// Strand lets every present connection fall silent for good: nothing passes
// and nothing is closed, as when a firewall has forgotten them. New
// connections pass. It returns how many there were.
func (p *Proxy) Strand() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.stranded = true
	}
	return len(p.links)
}

// Close cuts everything and returns when nothing runs any more.
func (p *Proxy) Close() {
	p.stop()
	p.Down()
	p.running.Wait()
	_ = p.kept.Close() // nothing was sent
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the peer was quicker
		}
		p.running.Go(func() { p.join(client) })
	}
}

// join connects a client with the target. While a fault holds what goes to
// the server, the server hears nothing of a new client either.
func (p *Proxy) join(client net.Conn) {
	l := &link{Proxy: p, client: client, gone: make(chan struct{})}
	p.mu.Lock()
	network, target, up := p.network, p.target, p.listener != nil
	if up {
		p.links[l] = struct{}{}
	}
	p.mu.Unlock()
	if !up {
		l.reset()
		return
	}
	server, err := new(net.Dialer).DialContext(p.dialing, network, target)
	if err != nil || !l.joined(server) {
		l.reset()
		return
	}
	p.running.Go(func() { l.pump(client, server, toClient) })
	l.pump(server, client, toServer)
}
