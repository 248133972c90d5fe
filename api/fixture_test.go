package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/messages"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// fixture is the API over the real use cases and an event node in memory; the
// read side answers what a test puts there.
type fixture struct {
	t        *testing.T
	handler  http.Handler
	node     *eventnode.Node
	clock    *clock.Fake
	issuer   *auth.DemoIssuer
	reads    *reads
	supply   *supplies
	app      *commands.App
	touches  *touches
	issuerAt string // folder of the issuer's key
	vault    *vault
	accesses *accesses
	registry *prometheus.Registry
	logs     *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func newFixture(t *testing.T, change ...func(*api.Deps)) *fixture {
	t.Helper()
	now := clock.NewFake(noon)
	node, err := eventnode.Open(t.Context(), eventnode.Options{Clock: now})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, node.Close(ctx))
	})
	f := &fixture{
		t: t, node: node, clock: now, reads: &reads{}, supply: &supplies{}, touches: &touches{}, issuerAt: t.TempDir(), vault: &vault{erased: map[uuid.UUID]bool{}},
		accesses: &accesses{}, registry: prometheus.NewRegistry(), logs: &lockedBuffer{},
	}
	verifier, issuer, err := auth.Open(t.Context(), auth.Config{DemoDir: f.issuerAt, Listen: "127.0.0.1:8080"}, f.clock)
	require.NoError(t, err)
	f.issuer = issuer
	policies, err := auth.NewPolicies()
	require.NoError(t, err)
	log := slog.New(slog.NewJSONHandler(f.logs, nil))
	app := commands.New(commands.Ports{
		Store: node, Outcomes: &outcomes{}, Vault: f.vault, Clock: f.clock, Log: log,
		IDs: commands.IDs{Installation: uuid.MustParse("00000000-0000-4000-8000-000000000001")},
	})
	f.app = app
	d := api.Deps{
		App: app, Tickets: f.reads, KPIs: kpis{f.reads}, Directory: f.reads, Custody: f.reads, Losses: f.reads, Keeping: &f.reads.room, Supply: f.supply, Progress: f.reads, Changes: f.touches, Authenticator: verifier,
		Authorizer: policies, Opener: f.vault, AccessLog: f.accesses, Eraser: f.vault, Clock: f.clock, Log: log,
		Metrics: f.registry, Text: messages.Text, Match: messages.Match, Secret: bytes.Repeat([]byte{7}, 32),
	}
	for _, c := range change {
		c(&d)
	}
	f.handler, err = api.New(d)
	require.NoError(t, err)
	t.Cleanup(func() { seen.add(t, f.registry) })
	return f
}

var lin = uuid.MustParse("11111111-1111-4111-8111-111111111111")

// token is of a person with roles at all sites.
func (f *fixture) token(roles ...string) string { return f.tokenAt([]string{auth.AllSites}, roles...) }

func (f *fixture) tokenAt(sites []string, roles ...string) string {
	token, err := f.issuer.Mint("lin", lin, roles, sites, time.Hour)
	require.NoError(f.t, err)
	return token
}

// call is one request.
type call struct {
	method, path, body string
	token              string
	header             map[string]string
	more               map[string]string // headers that come once more
}

// reply is its answer.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) problem(t *testing.T) api.Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), r.body)
	var p api.Problem
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	return p
}

// contract is openapi.yaml as the validator reads it.
var contract = sync.OnceValue(func() validator.Validator {
	b, err := os.ReadFile("openapi.yaml")
	if err != nil {
		panic(err)
	}
	doc, err := libopenapi.NewDocument(b)
	if err != nil {
		panic(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		panic(errs[0])
	}
	return v
})

// do serves a request and holds its answer, and if it was served the request
// too, against openapi.yaml.
func (f *fixture) do(c call) reply {
	f.t.Helper()
	request := func() *http.Request {
		r := httptest.NewRequestWithContext(f.t.Context(), c.method, c.path, strings.NewReader(c.body))
		if c.body == "" {
			r = httptest.NewRequestWithContext(f.t.Context(), c.method, c.path, nil)
		} else {
			r.Header.Set("Content-Type", "application/json")
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		for k, v := range c.more {
			r.Header.Add(k, v)
		}
		return r
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, request())
	out := reply{w.Code, w.Header(), w.Body.String()}
	res := w.Result()
	if c.method == http.MethodHead || out.status == http.StatusNotFound || out.status == http.StatusMethodNotAllowed {
		return out
	}
	r := request()
	if out.status < http.StatusBadRequest {
		if ok, errs := contract().ValidateHttpRequestSync(r); !ok {
			f.t.Fatalf("request %s %s: %v", c.method, c.path, errs[0])
		}
	}
	res.Body = io.NopCloser(strings.NewReader(out.body))
	if ok, errs := contract().ValidateHttpResponse(request(), res); !ok {
		f.t.Fatalf("answer %d to %s %s: %v\n%s", out.status, c.method, c.path, errs[0], out.body)
	}
	return out
}

// post sends a command with a fresh key unless the header has one.
func (f *fixture) post(path, body string, header map[string]string, roles ...string) reply {
	f.t.Helper()
	h := map[string]string{"Idempotency-Key": uuid.NewString()}
	maps.Copy(h, header)
	return f.do(call{method: http.MethodPost, path: path, body: body, token: f.token(roles...), header: h})
}

func (f *fixture) get(path string, roles ...string) reply {
	f.t.Helper()
	return f.do(call{method: http.MethodGet, path: path, token: f.token(roles...)})
}

// events counts what the log holds.
func (f *fixture) events() int {
	return int(f.node.Head().Events)
}

const newTicket = `{"site":"hq","channel":"phone","kind":"fault","problem":"no_heat","level":2,"customer":"王小明","phone":"13800000000","text":"暖气不热"}`

// site enters the site hq.
func (f *fixture) site() {
	f.t.Helper()
	r := f.post("/v1/sites", `{"code":"hq","name":"总部","zone":"Asia/Shanghai"}`, nil, "admin")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
}

// ticket registers a ticket at hq and returns its path and ETag.
func (f *fixture) ticket() (path, tag string) {
	f.t.Helper()
	r := f.post("/v1/tickets", newTicket, nil, "clerk")
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	return r.header.Get("Location"), r.header.Get("ETag")
}

func newRequest(t *testing.T, method, path string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), method, path, nil)
}

func (f *fixture) serve(r *http.Request) reply {
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}
