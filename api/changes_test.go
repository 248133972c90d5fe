package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

const patience = 20 * time.Second

// sse is one event as a client reads it.
type sse struct {
	name, id string
	number   int64
	tickets  []uuid.UUID
	alive    bool // a comment, no event
}

// listener reads a feed.
type listener struct {
	t      *testing.T
	status int
	header http.Header
	body   *bufio.Scanner
}

// server serves the fixture over a real connection, with time limits that a
// feed outlives.
func (f *fixture) server() *httptest.Server {
	f.t.Helper()
	srv := httptest.NewUnstartedServer(f.handler)
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	srv.Start()
	f.t.Cleanup(srv.Close)
	return srv
}

func listen(t *testing.T, url, token, lastID string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { res.Body.Close() })
	return &listener{t: t, status: res.StatusCode, header: res.Header, body: bufio.NewScanner(res.Body)}
}

// next reads the next block; false at the end.
func (l *listener) next() (sse, bool) {
	l.t.Helper()
	e := sse{alive: true}
	for l.body.Scan() {
		field, value, _ := strings.Cut(l.body.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			var d struct {
				Number  int64
				Tickets []uuid.UUID
			}
			require.NoError(l.t, json.Unmarshal([]byte(value), &d))
			require.Equal(l.t, e.id, strconv.FormatInt(d.Number, 10))
			e.number, e.tickets, e.alive = d.Number, d.Tickets, false
		case "":
			if value == "" && l.body.Text() == "" {
				return e, true
			}
		}
	}
	return e, false
}

// event reads the next event that is no heartbeat.
func (l *listener) event() sse {
	l.t.Helper()
	for {
		e, ok := l.next()
		require.True(l.t, ok, "the feed ended")
		if !e.alive {
			return e
		}
	}
}

func TestChangesArriveInOrderAndOnlyThoseOfTheCallersSites(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *api.Deps) { d.Heartbeat = 10 * time.Millisecond })
	srv := f.server()
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	f.touches.add("hq", uuid.New())
	hq := listen(t, srv.URL+"/v1/changes?site=hq", f.token("clerk"), "")
	require.Equal(t, http.StatusOK, hq.status)
	require.Equal(t, "text/event-stream", hq.header.Get("Content-Type"))
	require.Contains(t, hq.header.Get("Cache-Control"), "no-transform")
	north := listen(t, srv.URL+"/v1/changes", f.tokenAt([]string{"north"}, "clerk"), "")
	none := listen(t, srv.URL+"/v1/changes", f.tokenAt([]string{}, "clerk"), "")
	for _, l := range []*listener{hq, north, none} {
		first, ok := l.next()
		require.True(t, ok)
		require.Equal(t, sse{id: "1", alive: true}, first, "it opens with where it is")
	}
	f.touches.add("hq", a)
	require.Equal(t, sse{id: "2", number: 2, tickets: []uuid.UUID{a}}, hq.event())
	f.touches.add("north", b)
	f.touches.add("hq", c)
	require.Equal(t, []uuid.UUID{c}, hq.event().tickets)
	require.Equal(t, []uuid.UUID{b}, north.event().tickets)
	for range 20 { // beyond the time limits of the server, with nothing of ours
		e, ok := none.next()
		require.True(t, ok)
		require.True(t, e.alive)
	}
	resumed := listen(t, srv.URL+"/v1/changes?site=hq", f.token("clerk"), "1")
	require.Equal(t, []uuid.UUID{a, c}, resumed.event().tickets)
	other := listen(t, srv.URL+"/v1/changes?site=hq", f.tokenAt([]string{"north"}, "clerk"), "")
	require.Equal(t, http.StatusNotFound, other.status)
	_, ok := other.next()
	require.False(t, ok)
}

func TestAReaderWhoMissedTooMuchIsToldToReadAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	srv := f.server()
	for range 1001 {
		f.touches.add("hq", uuid.New())
	}
	far := listen(t, srv.URL+"/v1/changes", f.token("clerk"), "0")
	require.Equal(t, sse{name: "reset", id: "1001", number: 1001, tickets: []uuid.UUID{}}, far.event())
	near := listen(t, srv.URL+"/v1/changes", f.token("clerk"), "1")
	require.Len(t, near.event().tickets, 1000)
	ahead := listen(t, srv.URL+"/v1/changes", f.token("clerk"), "5000")
	require.Equal(t, "reset", ahead.event().name)
}

func TestAFeedEndsWithTheServerTheTokenAndTheReadModel(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	f := newFixture(t, func(d *api.Deps) { d.Heartbeat, d.Stopping = 5*time.Millisecond, stopping })
	srv := f.server()
	ends := func(l *listener) {
		for {
			if _, ok := l.next(); !ok {
				return
			}
		}
	}
	short, err := f.issuer.Mint("lin", lin, []string{"clerk"}, []string{"*"}, time.Minute)
	require.NoError(t, err)
	token := listen(t, srv.URL+"/v1/changes", short, "")
	lasting := listen(t, srv.URL+"/v1/changes", f.token("clerk"), "")
	f.clock.Advance(2 * time.Minute)
	ends(token)
	e, ok := lasting.next()
	require.True(t, ok, e)

	f.touches.mu.Lock()
	f.touches.err = errors.New("relation rm_ticket does not exist")
	f.touches.mu.Unlock()
	ends(lasting)
	failed := listen(t, srv.URL+"/v1/changes", f.token("clerk"), "")
	require.Equal(t, http.StatusInternalServerError, failed.status)
	f.touches.mu.Lock()
	f.touches.err = nil
	f.touches.mu.Unlock()

	served := listen(t, srv.URL+"/v1/changes", f.token("clerk"), "")
	_, ok = served.next()
	require.True(t, ok)
	close(stopping)
	ends(served)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, srv.Config.Shutdown(ctx), "no feed keeps the server from stopping")
}

func TestAReaderWhoTakesNothingIsDropped(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *api.Deps) { d.WriteLimit = 20 * time.Millisecond })
	srv := httptest.NewUnstartedServer(f.handler)
	srv.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(1024)
		return ctx
	}
	srv.Start()
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(1024))
	_, err = conn.Write([]byte("GET /v1/changes HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0\r\nAuthorization: Bearer " + f.token("clerk") + "\r\n\r\n"))
	require.NoError(t, err)
	dropped := func() bool { return strings.Contains(f.logs.String(), "feed ended") }
	for !dropped() { // it is told more and more, and reads nothing
		for range 500 {
			f.touches.add("hq", uuid.New())
		}
		require.Eventually(t, func() bool { return dropped() || f.touches.toldAll() }, patience, time.Millisecond)
	}
	require.Contains(t, f.logs.String(), "write event")
}

func TestHeadOfAFeedAnswersAndEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := newRequest(t, http.MethodHead, "/v1/changes")
	r.Header.Set("Authorization", "Bearer "+f.token("clerk"))
	got := f.serve(r)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "text/event-stream", got.header.Get("Content-Type"))
	require.Empty(t, got.body)
}
