package eventnode_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// witness is a client that works on while somebody else does harm. Each of
// its appends must succeed.
type witness struct {
	t    *testing.T
	done atomic.Int64
	stop chan struct{}
	end  chan error
}

func watch(t *testing.T, n *eventnode.Node) *witness {
	t.Helper()
	w := &witness{t: t, stop: make(chan struct{}), end: make(chan error, 1)}
	c := connect(t, n)
	go func() { w.end <- w.work(c) }()
	w.progress()
	return w
}

func (w *witness) work(c *esdb.Client) error {
	for i := 0; ; i++ {
		select {
		case <-w.stop:
			return nil
		default:
		}
		_, err := c.AppendToStream(testContext(w.t), "witness", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event(fmt.Sprint("witness", i)))
		if err != nil {
			return fmt.Errorf("append %d: %w", i, err)
		}
		w.done.Add(1)
	}
}

// progress waits until the witness has got on.
func (w *witness) progress() {
	w.t.Helper()
	from := w.done.Load()
	require.Eventually(w.t, func() bool { return w.done.Load() > from+2 || len(w.end) > 0 }, limit, time.Millisecond)
}

// unharmed ends the witness and requires that nothing has happened to it.
func (w *witness) unharmed() {
	w.t.Helper()
	w.progress()
	close(w.stop)
	require.NoError(w.t, <-w.end)
}

// peer speaks HTTP/2 by hand.
type peer struct {
	t       *testing.T
	conn    net.Conn
	framer  *http2.Framer
	headers bytes.Buffer
	encoder *hpack.Encoder
}

func dial(t *testing.T, n *eventnode.Node) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(testContext(t), "tcp", n.Addr())
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(limit)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// open makes a connection whose preface and settings are right.
func openPeer(t *testing.T, n *eventnode.Node, settings ...http2.Setting) *peer {
	t.Helper()
	p := newPeer(t, n)
	require.NoError(t, p.greet(settings...))
	return p
}

func newPeer(t *testing.T, n *eventnode.Node) *peer {
	t.Helper()
	p := &peer{t: t, conn: dial(t, n)}
	p.framer = http2.NewFramer(p.conn, p.conn)
	p.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	p.encoder = hpack.NewEncoder(&p.headers)
	return p
}

// greet sends preface and settings.
func (p *peer) greet(settings ...http2.Setting) error {
	if _, err := io.WriteString(p.conn, http2.ClientPreface); err != nil {
		return err
	}
	return p.framer.WriteSettings(settings...)
}

func (p *peer) head(method string, extra ...string) []byte {
	p.headers.Reset()
	fields := append([]string{
		":method", "POST", ":scheme", "http", ":path", "/event_store.client.streams.Streams/" + method, ":authority", "node",
		"content-type", "application/grpc", "te", "trailers",
	}, extra...)
	for i := 0; i < len(fields); i += 2 {
		_ = p.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.headers.Bytes())
}

// call opens a call.
func (p *peer) call(id uint32, method string) error {
	return p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.head(method), EndHeaders: true})
}

// answer reads until the call id has ended, and returns its gRPC status or the code of its reset.
func (p *peer) answer(id uint32) string {
	p.t.Helper()
	for {
		f, err := p.framer.ReadFrame()
		require.NoError(p.t, err)
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			for _, h := range f.Fields {
				if f.StreamID == id && h.Name == "grpc-status" {
					return "status " + h.Value
				}
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == id {
				return f.ErrCode.String()
			}
		case *http2.GoAwayFrame:
			return "connection: " + f.ErrCode.String()
		}
	}
}

// closed reads until the other side closes the connection, and returns how much came before.
func closed(t *testing.T, conn net.Conn) int64 {
	t.Helper()
	received, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the connection stays open")
	return received
}

// message is a gRPC message with the given length in front.
func framed(length uint32, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, length), body...)
}

func framedMessage(body []byte) []byte { return framed(uint32(len(body)), body) }

// appendRequests are the two messages of an append of one event to a new stream.
func appendRequests(t *testing.T, size int) (options, event []byte) {
	t.Helper()
	options, err := proto.Marshal(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte("s")},
		ExpectedStreamRevision: &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}},
	}}})
	require.NoError(t, err)
	event, err = proto.Marshal(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id: &shared.UUID{Value: &shared.UUID_String_{String_: eventID("a").String()}}, Data: make([]byte, size),
		Metadata: map[string]string{"type": "tested", "content-type": "application/json"},
	}}})
	require.NoError(t, err)
	return options, event
}

// heap is what the process holds in use. Tests that ask for it run alone.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestConnectionsAboveTheLimitAreClosedAndTheOthersWorkOn(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true, MaxConnections: 3})
	w := watch(t, n)
	held := []net.Conn{openPeer(t, n).conn, openPeer(t, n).conn}
	for range 20 {
		require.Zero(t, closed(t, dial(t, n)), "it is not answered")
	}
	w.progress()
	require.NoError(t, held[0].Close())
	require.Eventually(t, func() bool { // there is room for one again
		p := newPeer(t, n)
		err := p.greet() // it may be closed before that is written
		if err == nil {
			_, err = p.framer.ReadFrame()
		}
		_ = p.conn.Close()
		return err == nil
	}, limit, time.Millisecond)
	w.unharmed()
}

func TestSilentPeersAreCutOff(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{}.Impatient())
	plain := openNode(t, eventnode.Options{Insecure: true}.Impatient())
	w := watch(t, plain)
	closed(t, dial(t, n))              // no TLS handshake
	closed(t, dial(t, plain))          // no HTTP/2 preface
	closed(t, openPeer(t, plain).conn) // does not answer pings: a host that has gone
	conn, err := tls.Dial("tcp", n.Addr(), &tls.Config{RootCAs: n.CertPool(), NextProtos: []string{"h2"}})
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(limit)))
	closed(t, conn) // TLS, and then nothing
	w.unharmed()
}

func TestWithTLSNothingIsAnsweredInPlainText(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{})
	closed(t, openPeer(t, n).conn)
}

func TestWhatIsNotTheProtocolEndsItsOwnConnectionOnly(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true})
	w := watch(t, n)
	for name, text := range map[string]string{
		"HTTP/1.1":      "GET /health/live HTTP/1.1\r\nHost: node\r\n\r\n",
		"TLS":           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("x", 600),
		"nonsense":      strings.Repeat("\xff", 4096),
		"giant frame":   http2.ClientPreface + "\xff\xff\xff\x04\x00\x00\x00\x00\x00" + strings.Repeat("x", 4096),
		"wrong preface": "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
	} {
		conn := dial(t, n)
		_, err := io.WriteString(conn, text)
		require.NoError(t, err, name)
		closed(t, conn)
	}
	w.unharmed()
}

func TestMalformedMessagesEndTheirOwnCall(t *testing.T) {
	n := openNode(t, eventnode.Options{Insecure: true})
	w := watch(t, n)
	before := heap()
	p := openPeer(t, n)
	id := uint32(1)
	for _, method := range []string{"Append", "BatchAppend", "Read", "Delete", "Tombstone"} {
		for name, body := range map[string][]byte{
			"broken":               framed(5, []byte("\x0a\xff\xff\xff\xff")),
			"wrong type":           framed(3, []byte("\x08\x96\x01")),
			"a length of 4 GiB":    framed(1<<32-1, []byte("x")),
			"a length of 17 MiB":   framed(17<<20, []byte("x")),
			"compressed, they say": append([]byte{1, 0, 0, 0, 1}, 'x'),
			"cut off":              framed(100, []byte("x")),
		} {
			require.NoError(t, p.call(id, method))
			require.NoError(t, p.framer.WriteData(id, true, body))
			got := p.answer(id)
			require.NotEqual(t, "status 0", got, "%s %s", method, name)
			if strings.HasPrefix(name, "a length") {
				require.Equal(t, "status 8", got, "%s %s: refused for its size", method, name)
			}
			id += 2
		}
	}
	require.Less(t, heap()-before, int64(16<<20), "a length that is only claimed takes no memory")
	w.unharmed()
}

func TestFieldsThatAreNotKnownAreIgnored(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true})
	p := openPeer(t, n)
	require.NoError(t, p.call(1, "Append"))
	unknown := []byte("\xfa\x7f\x03abc") // field 2047
	options, event := appendRequests(t, 10)
	body := append(framedMessage(append(options, unknown...)), framedMessage(append(event, unknown...))...)
	require.NoError(t, p.framer.WriteData(1, true, body))
	require.Equal(t, "status 0", p.answer(1))
	require.Equal(t, uint64(1), n.Head().Events)
}

func TestHeadersHaveALimit(t *testing.T) {
	n := openNode(t, eventnode.Options{Insecure: true})
	w := watch(t, n)
	before := heap()
	p := openPeer(t, n)
	block := p.head("Read", "x-giant", strings.Repeat("x", 12<<10), "x-giant-2", strings.Repeat("y", 12<<10))
	const piece = 16 << 10
	require.NoError(t, p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:piece]}))
	require.NoError(t, p.framer.WriteContinuation(1, true, block[piece:]))
	require.NotEqual(t, "status 0", p.answer(1))

	flood := openPeer(t, n) // headers without end
	require.NoError(t, flood.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: flood.head("Read")}))
	filler := make([]byte, piece)
	for range 4096 {
		if flood.framer.WriteContinuation(1, false, filler) != nil {
			break
		}
	}
	closed(t, flood.conn)
	require.Less(t, heap()-before, int64(16<<20))
	w.unharmed()
}

func TestCallsOfOneConnectionHaveALimit(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true})
	w := watch(t, n)
	p := openPeer(t, n)
	const most = 256
	for i := range uint32(most + 1) {
		require.NoError(t, p.call(1+2*i, "Append"))
	}
	require.Equal(t, http2.ErrCodeRefusedStream.String(), p.answer(1+2*most))
	w.unharmed()
}

func TestCallsThatAreResetAtOnceHarmNobody(t *testing.T) {
	n := openNode(t, eventnode.Options{Insecure: true})
	w := watch(t, n)
	before := heap()
	p := openPeer(t, n)
	go func() { _, _ = io.Copy(io.Discard, p.conn) }()
	for i := range uint32(20_000) {
		if p.call(1+2*i, "Read") != nil || p.framer.WriteRSTStream(1+2*i, http2.ErrCodeCancel) != nil {
			break // cut off: right too
		}
	}
	w.progress()
	require.NoError(t, p.conn.Close())
	require.Less(t, heap()-before, int64(32<<20))
	w.unharmed()
}

func TestAFloodOfPingsEndsItsConnection(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true})
	w := watch(t, n)
	p := openPeer(t, n)
	go func() {
		for {
			if p.framer.WritePing(false, [8]byte{1}) != nil {
				return
			}
		}
	}()
	closed(t, p.conn)
	w.unharmed()
}

func TestAppendsThatNeverEndHoldNoMoreThanTheirBudget(t *testing.T) {
	t.Parallel()
	const budget = 4 << 20
	n := openNode(t, eventnode.Options{Insecure: true, MaxUnfinishedBytes: budget})
	w := watch(t, n)
	p := openPeer(t, n)
	go func() { _, _ = io.Copy(io.Discard, p.conn) }()
	options, event := appendRequests(t, 14<<10)
	body := append(framedMessage(options), framedMessage(event)...)
	var most int64
	for i := range uint32(64) { // 64 appends, about 14 KiB each, none of them ends
		require.NoError(t, p.call(1+2*i, "Append"))
		require.NoError(t, p.framer.WriteData(1+2*i, false, body))
		most = max(most, n.Unfinished())
	}
	require.Eventually(t, func() bool { most = max(most, n.Unfinished()); return most > 512<<10 }, limit, time.Millisecond)
	require.LessOrEqual(t, most, int64(budget))
	w.progress()
	require.NoError(t, p.conn.Close())
	require.Eventually(t, func() bool { return n.Unfinished() < 1<<10 }, limit, time.Millisecond, "what is given up is given back")
	w.unharmed()
}

func TestASubscriberThatDoesNotReadHoldsLittle(t *testing.T) {
	n := openNode(t, eventnode.Options{Insecure: true})
	big := []string{}
	for i := range 100 {
		big = append(big, fmt.Sprint("big", i))
	}
	c := connect(t, n)
	for i := range 10 { // 10 MB of events
		batch := events(big...)
		for j := range batch {
			batch[j].EventID = eventID(fmt.Sprint(i, "-", j))
			batch[j].Data = []byte(`"` + strings.Repeat("x", 10_000) + `"`)
		}
		appendTo(t, c, "s", esdb.Any{}, batch...)
	}
	w := watch(t, n)
	before := heap()
	subscribe, err := proto.Marshal(&streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{}},
		CountOption:  &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
		FilterOption: &streams.ReadReq_Options_NoFilter{}, UuidOption: &streams.ReadReq_Options_UUIDOption{},
	}})
	require.NoError(t, err)
	for range 4 {
		p := openPeer(t, n, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}) // takes nothing
		for i := range uint32(50) {
			require.NoError(t, p.call(1+2*i, "Read"))
			require.NoError(t, p.framer.WriteData(1+2*i, true, framedMessage(subscribe)))
		}
		for started := 0; started < 50; { // each has been confirmed and stands before its first event
			f, err := p.framer.ReadFrame()
			require.NoError(t, err)
			if h, ok := f.(*http2.MetaHeadersFrame); ok {
				require.Equal(t, "200", h.PseudoValue("status"))
				require.False(t, h.StreamEnded())
				started++
			}
		}
	}
	w.progress()
	require.Less(t, heap()-before, int64(200*(256<<10)), "200 subscribers, each with less than 256 KiB")
	w.unharmed()
}

func TestAnEventAboveItsOwnLimitIsToldWithBothSizes(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true, MaxEventBytes: 1000})
	c := connect(t, n)
	large := event("large")
	large.Data, large.Metadata = make([]byte, 1000-12), nil // 12 for the type
	appendTo(t, c, "s", esdb.NoStream{}, large)
	large.Data = append(large.Data, 'x')
	_, err := c.AppendToStream(testContext(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, large)
	require.ErrorContains(t, err, "Size: 1001, exceeds Maximum Append Event Size of 1000.")
	require.Equal(t, uint64(1), n.Head().Events)
}
