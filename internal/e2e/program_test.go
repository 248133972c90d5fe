package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

// installation is a data folder, and the compiled program that works on it.
type installation struct {
	path, dir string
	postgres  string // address of another's, else its own
	events    string // connection string of another's event store, else its own
	issuer    *auth.DemoIssuer
}

func newInstallation(tb testing.TB) *installation {
	tb.Helper()
	path, err := compiled()
	require.NoError(tb, err)
	return &installation{path: path, dir: filepath.Join(tb.TempDir(), "data")}
}

// withIssuer lets the installation trust an OpenID Connect issuer of the test's own.
func (i *installation) withIssuer(tb testing.TB) *installation {
	tb.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	i.issuer, err = auth.OpenDemo(tb.TempDir(), listener.Addr().String(), clock.System{})
	require.NoError(tb, err)
	server := &http.Server{Handler: i.issuer.Handler(), ReadHeaderTimeout: time.Minute}
	go server.Serve(listener)
	tb.Cleanup(func() { require.NoError(tb, server.Close()) })
	return i
}

// command is the program with arguments. It is killed with SIGKILL when ctx ends.
func (i *installation) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append(args, "--data-dir", i.dir, "--config", os.DevNull)
	if i.postgres != "" {
		args = append(args, "--postgres", i.postgres)
	}
	if i.events != "" {
		args = append(args, "--eventstore", i.events)
	}
	cmd := exec.CommandContext(ctx, i.path, args...)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// run runs the program to its end and returns what it said.
func (i *installation) run(tb testing.TB, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	out, err := i.command(ctx, args...).CombinedOutput()
	require.NoError(tb, err, "%v: %s", args, out)
	return string(out)
}

// fails runs the program to an end that is no clean one and returns what it said.
func (i *installation) fails(tb testing.TB, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	out, err := i.command(ctx, args...).CombinedOutput()
	require.Error(tb, err, "%v: %s", args, out)
	require.NoError(tb, ctx.Err())
	return string(out)
}

// database opens the installation's PostgreSQL, that of a running program or
// one started for the test.
func (i *installation) database(t *testing.T) (pool *pgxpool.Pool, done func()) {
	t.Helper()
	server, err := postgres.Start(t.Context(), postgres.Options{DataDir: filepath.Join(i.dir, "postgres")})
	require.NoError(t, err)
	pool, err = postgres.Open(t.Context(), server.DSN(), postgres.PoolOptions{})
	require.NoError(t, err)
	return pool, sync.OnceFunc(func() {
		pool.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
	})
}

// output keeps what a process writes and tells when it listens.
type output struct {
	mu     sync.Mutex
	text   bytes.Buffer
	url    chan string
	listen *regexp.Regexp
}

// Write keeps p.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if m := o.listen.FindSubmatch(o.text.Bytes()); m != nil && len(o.url) == 0 {
		select {
		case o.url <- string(m[1]):
		default:
		}
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// served is the program, serving its API.
type served struct {
	*installation
	url    string
	cmd    *exec.Cmd
	out    *output
	ended  chan error
	client *http.Client
}

func (i *installation) serve(tb testing.TB) *served {
	tb.Helper()
	return i.listening(tb, "serve", "--listen", "127.0.0.1:0", "--metrics", "", "--issuer", i.issuer.Issuer(), "--log-level", "DEBUG")
}

// listening starts the program with arguments and waits until it listens.
func (i *installation) listening(tb testing.TB, args ...string) *served {
	tb.Helper()
	s := &served{
		installation: i, ended: make(chan error, 1), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{}},
		out: &output{url: make(chan string, 1), listen: regexp.MustCompile(`(?m)listens on (http://\S+)$`)},
	}
	s.cmd = i.command(context.Background(), args...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	require.NoError(tb, s.cmd.Start())
	go func() { s.ended <- s.cmd.Wait() }()
	tb.Cleanup(func() { s.end(syscall.SIGKILL) })
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case s.url = <-s.out.url:
	case err := <-s.ended:
		s.ended <- err
		tb.Fatalf("the program ended: %v\n%s", err, s.out)
	case <-limit.C:
		tb.Fatalf("the program does not listen\n%s", s.out)
	}
	return s
}

// end sends a signal and waits; nil after a clean exit. Again it does nothing.
func (s *served) end(signal os.Signal) error {
	if s.cmd == nil {
		return nil
	}
	s.client.CloseIdleConnections()
	_ = s.cmd.Process.Signal(signal) // it may have ended
	s.cmd = nil
	return <-s.ended
}

func (s *served) stop(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, s.end(syscall.SIGTERM), s.out)
}

func (s *served) token(tb testing.TB, roles ...string) string {
	tb.Helper()
	return s.tokenAt(tb, []string{auth.AllSites}, roles...)
}

func (s *served) tokenAt(tb testing.TB, sites []string, roles ...string) string {
	tb.Helper()
	token, err := s.issuer.Mint("lin", uuid.NewSHA1(uuid.Nil, []byte("lin")), roles, sites, time.Hour)
	require.NoError(tb, err)
	return token
}

// call is one request.
type call struct {
	method, path, body, token string
	key, match                string // Idempotency-Key, If-Match
}

// reply is its answer.
type reply struct {
	status int
	header http.Header
	body   string
}

func (s *served) do(tb testing.TB, c call) reply {
	tb.Helper()
	r, err := s.send(tb.Context(), c)
	require.NoError(tb, err)
	return r
}

func (s *served) send(ctx context.Context, c call) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, s.url+c.path, strings.NewReader(c.body))
	if err != nil {
		return reply{}, err
	}
	for name, value := range map[string]string{"Idempotency-Key": c.key, "If-Match": c.match} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	res.Header.Del("Date")
	return reply{res.StatusCode, res.Header, string(body)}, err
}

// get reads a path once the write of a reply can be seen.
func (s *served) get(tb testing.TB, path string, after reply, roles ...string) reply {
	tb.Helper()
	if p := after.header.Get("Fieldledger-Position"); p != "" {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "min_position=" + p
	}
	r := s.do(tb, call{method: http.MethodGet, path: path, token: s.token(tb, roles...)})
	require.Equal(tb, http.StatusOK, r.status, r.body)
	return r
}

// hq enters the site hq.
func (s *served) hq(tb testing.TB) {
	tb.Helper()
	r := s.do(tb, call{
		method: http.MethodPost, path: "/v1/sites", token: s.token(tb, "admin"), key: "hq",
		body: `{"code":"hq","name":"headquarters","zone":"Asia/Shanghai"}`,
	})
	require.Equal(tb, http.StatusCreated, r.status, r.body)
}
