package tcpproxy_test

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		running.Wait()
	})
	return listener.Addr().String()
}

func proxy(t *testing.T) *tcpproxy.Proxy {
	t.Helper()
	server := echo(t)
	p, err := tcpproxy.Listen(t.Context(), "tcp", server)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func dial(t *testing.T, p *tcpproxy.Proxy) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// said sends text and returns what comes back until the connection ends or
// all has come.
func said(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	return heard(conn, len(text))
}

func heard(conn net.Conn, n int) string {
	b := make([]byte, n)
	n, _ = io.ReadFull(conn, b)
	return string(b[:n])
}

func TestWithoutAFaultEveryByteComesOnceInOrder(t *testing.T) {
	t.Parallel()
	conn := dial(t, proxy(t))
	for range 100 {
		require.Equal(t, "hello there", said(t, conn, "hello there"))
	}
}

func TestWhatIsHeldComesWhenTheFaultEnds(t *testing.T) {
	t.Parallel()
	p := proxy(t)
	conn := dial(t, p)
	require.Equal(t, "one", said(t, conn, "one"))
	p.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
	_, err := io.WriteString(conn, "two")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	require.Empty(t, heard(conn, 3))
	p.Set(tcpproxy.Fault{})
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	require.Equal(t, "two", heard(conn, 3))
}

func TestAConnectionIsCutInTheMiddleOfAMessage(t *testing.T) {
	t.Parallel()
	p := proxy(t)
	conn := dial(t, p)
	p.Set(tcpproxy.Fault{ToClient: tcpproxy.Way{CutAfter: 4}})
	require.Equal(t, "mess", said(t, conn, "message"))
	other := dial(t, p)
	require.Equal(t, "mess", said(t, other, "message"), "each connection counts its own")
	p.Set(tcpproxy.Fault{})
	require.Equal(t, "message", said(t, dial(t, p), "message"))
}

func TestSlowAndLateBytesAreTheSameBytes(t *testing.T) {
	t.Parallel()
	p := proxy(t)
	conn := dial(t, p)
	p.Set(tcpproxy.Fault{ToServer: tcpproxy.Way{BytesPerSecond: 1000}, ToClient: tcpproxy.Way{Delay: 5 * time.Millisecond}})
	text := "a text that is longer than what passes at a time"
	require.Equal(t, text, said(t, conn, text))
}

func TestItGoesAwayAndComesBackOnTheSameAddress(t *testing.T) {
	t.Parallel()
	p := proxy(t)
	for range 10 {
		conn := dial(t, p)
		require.Equal(t, "here", said(t, conn, "here"))
		p.Down()
		require.Empty(t, heard(conn, 1))
		_, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
		require.Error(t, err)
		require.NoError(t, p.Up(t.Context()))
	}
	require.Equal(t, "again", said(t, dial(t, p), "again"))
	require.Eventually(t, func() bool { return p.Cut() == 1 }, patience, time.Millisecond)
	p.Target("tcp", echo(t))
	require.Equal(t, "elsewhere", said(t, dial(t, p), "elsewhere"))
}

func TestAnEndThatIsHeldIsNotHeardOf(t *testing.T) {
	t.Parallel()
	p := proxy(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	p.Target("tcp", listener.Addr().String())
	conn := dial(t, p)
	server, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	p.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
	require.NoError(t, conn.Close())
	require.NoError(t, server.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = server.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	p.Set(tcpproxy.Fault{})
	require.NoError(t, server.SetReadDeadline(time.Now().Add(patience)))
	_, err = server.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

func TestAStrandedConnectionStaysSilentAndANewOnePasses(t *testing.T) {
	t.Parallel()
	p := proxy(t)
	conn := dial(t, p)
	require.Equal(t, "one", said(t, conn, "one"))
	require.Equal(t, 1, p.Strand())
	p.Set(tcpproxy.Fault{})
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	require.Empty(t, said(t, conn, "two"))
	require.Equal(t, "new", said(t, dial(t, p), "new"))
}

// The descriptor of a listener is in a process that is being started until it
// has become another program.
func TestItWaitsForAListenerThatAnotherProcessStillHolds(t *testing.T) {
	t.Parallel()
	p, err := tcpproxy.Listen(t.Context(), "tcp", echo(t))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	p.Down()
	held, err := new(net.ListenConfig).Listen(t.Context(), "tcp", p.Addr())
	require.NoError(t, err)
	up := make(chan error, 1)
	go func() { up <- p.Up(t.Context()) }()
	select {
	case err := <-up:
		require.FailNow(t, "it did not wait", "%v", err)
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, held.Close())
	require.NoError(t, <-up)
}
