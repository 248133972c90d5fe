package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		os.Exit(writeUntilKilled(dir))
	}
	goleak.VerifyTestMain(m)
}

// ticker is a clock that a test can set; it stands still otherwise.
type ticker struct{ at atomic.Int64 }

func newTicker() *ticker {
	c := &ticker{}
	c.at.Store(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *ticker) Now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *ticker) advance(d time.Duration) { c.at.Add(int64(d)) }

const limit = 20 * time.Second

func testContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	tb.Cleanup(cancel)
	return ctx
}

// openNode opens a node that is closed with the test.
func openNode(tb testing.TB, opts eventnode.Options) *eventnode.Node {
	tb.Helper()
	n, err := tryOpen(opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { closeNode(tb, n) })
	return n
}

func tryOpen(opts eventnode.Options) (*eventnode.Node, error) {
	if opts.Clock == nil {
		opts.Clock = newTicker()
	}
	if opts.ReserveBytes == 0 {
		opts.ReserveBytes = -1
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return eventnode.Open(ctx, opts)
}

func closeNode(tb testing.TB, n *eventnode.Node) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	require.NoError(tb, n.Close(ctx))
}

func connect(tb testing.TB, n *eventnode.Node) *esdb.Client {
	tb.Helper()
	config, err := esdb.ParseConnectionString(n.ConnectionString())
	require.NoError(tb, err)
	config.RootCAs = n.CertPool()
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, client.Close()) })
	return client
}

// insecureClient is a client of a fresh node in memory.
func insecureClient(tb testing.TB) (*esdb.Client, *eventnode.Node, *ticker) {
	tb.Helper()
	clock := newTicker()
	n := openNode(tb, eventnode.Options{Insecure: true, Clock: clock})
	return connect(tb, n), n, clock
}

// event makes an event whose id is derived from name.
func event(name string) esdb.EventData {
	return esdb.EventData{
		EventID: eventID(name), EventType: "tested", ContentType: esdb.ContentTypeJson,
		Data: fmt.Appendf(nil, `{"name":%q}`, name), Metadata: []byte(`{"m":1}`),
	}
}

func eventID(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)) }

func events(names ...string) []esdb.EventData {
	out := make([]esdb.EventData, 0, len(names))
	for _, n := range names {
		out = append(out, event(n))
	}
	return out
}

func numbered(prefix string, from, to int) []esdb.EventData {
	out := []esdb.EventData{}
	for i := from; i < to; i++ {
		out = append(out, event(fmt.Sprintf("%s%d", prefix, i)))
	}
	return out
}

func appendTo(tb testing.TB, c *esdb.Client, stream string, expected esdb.ExpectedRevision, batch ...esdb.EventData) *esdb.WriteResult {
	tb.Helper()
	r, err := c.AppendToStream(testContext(tb), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, batch...)
	require.NoError(tb, err)
	return r
}

func codeOf(err error) esdb.ErrorCode {
	if e, ok := errors.AsType[*esdb.Error](err); ok {
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}

func collect(tb testing.TB, r *esdb.ReadStream, err error) []*esdb.ResolvedEvent {
	tb.Helper()
	require.NoError(tb, err)
	defer r.Close()
	out := []*esdb.ResolvedEvent{}
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(tb, err)
		out = append(out, e)
	}
}

func readStream(tb testing.TB, c *esdb.Client, stream string, opts esdb.ReadStreamOptions, count uint64) []*esdb.ResolvedEvent {
	tb.Helper()
	r, err := c.ReadStream(testContext(tb), stream, opts, count)
	return collect(tb, r, err)
}

func readError(tb testing.TB, c *esdb.Client, stream string) error {
	tb.Helper()
	r, err := c.ReadStream(testContext(tb), stream, esdb.ReadStreamOptions{}, 10)
	require.NoError(tb, err)
	defer r.Close()
	_, err = r.Recv()
	return err
}

func readAll(tb testing.TB, c *esdb.Client, opts esdb.ReadAllOptions, count uint64) []*esdb.ResolvedEvent {
	tb.Helper()
	r, err := c.ReadAll(testContext(tb), opts, count)
	return collect(tb, r, err)
}

func revisions(list []*esdb.ResolvedEvent) []uint64 {
	out := []uint64{}
	for _, e := range list {
		out = append(out, e.OriginalEvent().EventNumber)
	}
	return out
}

func TestTheClientWorksOverTLSWithTheCertificateMadeAtStart(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{})
	c := connect(t, n)
	r := appendTo(t, c, "fl.ticket-1", esdb.NoStream{}, events("a", "b")...)
	require.Equal(t, uint64(1), r.NextExpectedVersion)
	got := readStream(t, c, "fl.ticket-1", esdb.ReadStreamOptions{}, 10)
	require.Equal(t, []uint64{0, 1}, revisions(got))
	e := got[1].Event
	require.Equal(t, "fl.ticket-1", e.StreamID)
	require.Equal(t, eventID("b"), e.EventID)
	require.Equal(t, "tested", e.EventType)
	require.Equal(t, "application/json", e.ContentType)
	require.JSONEq(t, `{"name":"b"}`, string(e.Data))
	require.JSONEq(t, `{"m":1}`, string(e.UserMetadata))
	require.Equal(t, r.CommitPosition, e.Position.Commit)
	require.Equal(t, r.PreparePosition, e.Position.Prepare)
	require.True(t, newTicker().Now().Equal(e.CreatedDate))
}

func TestWrongAndMissingCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{AdminPassword: "right"})
	for name, want := range map[string]esdb.ErrorCode{
		"esdb://admin:wrong@" + n.Addr(): esdb.ErrorCodeUnauthenticated,
		"esdb://ops:right@" + n.Addr():   esdb.ErrorCodeUnauthenticated,
		"esdb://" + n.Addr():             esdb.ErrorCodeAccessDenied,
	} {
		config, err := esdb.ParseConnectionString(name)
		require.NoError(t, err)
		config.RootCAs, config.Logger = n.CertPool(), esdb.NoopLogging()
		c, err := esdb.NewClient(config)
		require.NoError(t, err)
		_, err = c.AppendToStream(testContext(t), "s", esdb.AppendToStreamOptions{}, events("a")...)
		require.Equal(t, want, codeOf(err), "%s: %v", name, err)
		require.Equal(t, want, codeOf(readError(t, c, "s")), name)
		require.NoError(t, c.Close())
	}
	c := connect(t, n)
	require.Equal(t, esdb.ErrorCodeResourceNotFound, codeOf(readError(t, c, "s")))
	_, err := c.AppendToStream(testContext(t), "$all", esdb.AppendToStreamOptions{}, events("a")...)
	require.Equal(t, esdb.ErrorCodeAccessDenied, codeOf(err))
}

func TestWithoutTLSTheNodeListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	_, err := tryOpen(eventnode.Options{Insecure: true, Listen: "0.0.0.0:0"})
	require.ErrorContains(t, err, "loopback")
	openNode(t, eventnode.Options{Listen: "0.0.0.0:0"}) // with TLS it may
}

func TestDiscoveryByGossipFindsTheNode(t *testing.T) {
	t.Parallel()
	n := openNode(t, eventnode.Options{Insecure: true})
	config, err := esdb.ParseConnectionString("esdb+discover://" + n.Addr() + "?tls=false")
	require.NoError(t, err)
	config.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(config)
	require.NoError(t, err)
	appendTo(t, c, "s", esdb.Any{}, events("a")...)
	version, err := c.GetServerVersion()
	require.NoError(t, err)
	require.Equal(t, 24, version.Major)
	require.NoError(t, c.Close())
}

func TestPersistentSubscriptionsAreUnsupported(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	err := c.CreatePersistentSubscription(testContext(t), "s", "g", esdb.PersistentStreamSubscriptionOptions{})
	require.Equal(t, esdb.ErrorCodeUnsupportedFeature, codeOf(err), "%v", err)
}

func TestLocalReadsSeeWhatTheClientWrote(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	appendTo(t, c, "fl.a", esdb.NoStream{}, events("1", "2", "3")...)
	appendTo(t, c, "other", esdb.NoStream{}, events("4")...)
	got, err := n.ReadStream(testContext(t), "fl.a", 1)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, uint64(1), got[0].Revision)
	require.Equal(t, eventID("2"), got[0].ID)
	require.Equal(t, "tested", got[0].Type)
	all := []eventschemas.Recorded{}
	end, err := n.Scan(testContext(t), eventschemas.Position{}, "fl.", func(r eventschemas.Recorded) error {
		all = append(all, r)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, n.Head().Position, end)
	require.Equal(t, uint64(4), n.Head().Events)
}
