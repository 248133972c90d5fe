package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatIsNoHTTPOfOursIsRefusedAndNothingIsWritten sends bytes as they are.
// What the server refuses before it is ours to answer has no problem body.
func TestWhatIsNoHTTPOfOursIsRefusedAndNothingIsWritten(t *testing.T) { //nolint:tparallel // the group must end before events are counted
	t.Parallel()
	p := newPlace(t)
	srv := httptest.NewUnstartedServer(p.f.handler)
	srv.Config.MaxHeaderBytes = 32 << 10
	srv.Start()
	t.Cleanup(srv.Close)
	post := func(headers, body string) string {
		return "POST /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + p.clerk + "\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", len(newTicket))
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(newTicket), newTicket)
	get := "GET /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + p.clerk + "\r\n"
	cases := map[string]struct {
		send   string
		status int
	}{
		"no HTTP":                         {"hello\r\n\r\n", 400},
		"HTTP/9":                          {"GET /v1/health HTTP/9.0\r\nHost: x\r\n\r\n", 505},
		"no host":                         {"GET /v1/health HTTP/1.1\r\n\r\n", 400},
		"two hosts":                       {"GET /v1/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		"a bad host":                      {"GET /v1/health HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		"a bad method":                    {"G(T /v1/health HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"CONNECT":                         {"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 404},
		"a star":                          {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		"a header without a name":         {get + ": x\r\n\r\n", 400},
		"a blank before a colon":          {get + "Accept : x\r\n\r\n", 400},
		"a header over two lines":         {get + "Accept: a\r\n b\r\n\r\n", 200},
		"NUL in a header":                 {get + "Accept: a\x00\r\n\r\n", 400},
		"headers of 64 KiB":               {get + "X: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", 431},
		"two different lengths":           {post("Content-Length: 3\r\nContent-Length: 4\r\n", "{}  "), 400},
		"a length that is none":           {post("Content-Length: ten\r\n", newTicket), 400},
		"a negative length":               {post("Content-Length: -1\r\n", newTicket), 400},
		"an unknown transfer":             {post("Transfer-Encoding: gzip\r\n", newTicket), 501},
		"a transfer twice":                {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunk), 501},
		"a chunk that is too long":        {post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"), 400},
		"a chunk without an end":          {post("Transfer-Encoding: chunked\r\n", "zz\r\n{}"), 400},
		"chunks larger than a body":       {post("Transfer-Encoding: chunked\r\n", "50000\r\n"+strings.Repeat(" ", 0x50000)+"\r\n0\r\n\r\n"), 413},
		"a length larger than a body":     {post("Content-Length: 1000000\r\n", strings.Repeat(" ", 300<<10)), 413},
		"chunks to a GET":                 {get + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400},
		"a body shorter than its length":  {post("Content-Length: 9\r\n", `{"site":`), 400},
		"an expectation that nobody does": {post(length+"Expect: miracles\r\n", newTicket), 417},
		"a token of another line":         {"GET /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n\t" + p.clerk + "\r\n\r\n", 200},
		"HTTP/1.0 without a token":        {"GET /v1/tickets HTTP/1.0\r\n\r\n", 401},
		"another's address":               {"GET http://elsewhere/v1/tickets HTTP/1.1\r\nHost: x\r\n\r\n", 401},
	}
	before := p.f.events()
	t.Run("all", func(t *testing.T) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				require.Equal(t, c.status, wire(t, srv.Listener.Addr().String(), c.send))
			})
		}
	})
	require.Equal(t, before, p.f.events())
}

// wire sends bytes, ends its side, and returns the status of the answer.
func wire(t *testing.T, address, send string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_, _ = io.WriteString(conn, send) // the server may have hung up already
	_ = conn.(*net.TCPConn).CloseWrite()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	require.NotContains(t, string(b), secret)
	require.NotContains(t, string(b), "goroutine")
	return res.StatusCode
}
