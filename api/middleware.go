package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// exchange is what the layers learn of one request. One goroutine uses it.
type exchange struct {
	op          *operation
	path        string
	query       url.Values
	traceparent string
	token       string // the bearer token
	actor       eventschemas.Actor
	sites       []string        // nil means all
	headOnly    bool            // the method is HEAD
	whole       context.Context //nolint:containedctx // of the request, without our time limit: for what goes on for long
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

func operationOf(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil && x.op != nil {
		return x.op.ID
	}
	return "none"
}

// caller names who asks, for cursors and limits.
func (x *exchange) caller() string { return x.actor.Issuer + "\x00" + x.actor.Subject }

// answer remembers what was written.
type answer struct {
	http.ResponseWriter
	status   int
	headOnly bool
}

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write drops the body of an answer to HEAD.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.headOnly {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

var traceparents = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// traceparentOf returns the W3C trace context of a request, "" if it has none
// that is well-formed.
func traceparentOf(r *http.Request) string {
	v := r.Header.Values("Traceparent")
	if len(v) != 1 || !traceparents.MatchString(v[0]) ||
		strings.HasPrefix(v[0], "00-"+strings.Repeat("0", 32)) || strings.Contains(v[0], "-"+strings.Repeat("0", 16)+"-") {
		return ""
	}
	return v[0]
}

// outer is round everything: headers, deadline, log, metrics, panics.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.Clock.Now()
		x := &exchange{path: r.URL.Path, traceparent: traceparentOf(r), headOnly: r.Method == http.MethodHead, whole: r.Context()}
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), exchangeKey{}, x), timeoutOf(r.URL.Path))
		defer cancel()
		a := &answer{ResponseWriter: w, headOnly: x.headOnly}
		r = r.WithContext(ctx)
		if a.headOnly {
			r.Method = http.MethodGet // of the copy
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		s.guardPanic(a, r, next)
		took := s.Clock.Now().Sub(started)
		status := strconv.Itoa(a.status)
		s.duration.WithLabelValues(operationOf(ctx), status).Observe(took.Seconds())
		s.Log.InfoContext(ctx, "request", "operation", operationOf(ctx), "method", r.Method, "status", a.status,
			"duration_ms", took.Milliseconds(), "person", x.actor.Person, "traceparent", x.traceparent)
	})
}

// timeoutOf is how long a request may take: longer where every ticket of a
// period is judged.
func timeoutOf(path string) time.Duration {
	switch path {
	case "/v1/kpis/sla/comparison", "/v1/policies", "/v1/policies/preview":
		return longTimeout
	}
	return requestTimeout
}

func (s *Server) guardPanic(a *answer, r *http.Request, next http.Handler) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint,err113 // the value itself, as net/http compares it
			panic(v)
		}
		s.Log.ErrorContext(r.Context(), "panic", "operation", operationOf(r.Context()), "panic", v, "stack", string(debug.Stack()))
		if a.status == 0 {
			s.fail(a, r, &problem{kind: kindInternal, key: "problem.internal"})
		}
	}()
	next.ServeHTTP(a, r)
}

func newDuration() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "fieldledger_http_request_duration_seconds",
		Help:    "Duration of requests by operation id and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"operation", "status"})
}

// findOperation looks the matched route up. A route that openapi.yaml does not
// list answers 404.
func (s *Server) findOperation(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if route := mux.CurrentRoute(r); route != nil {
			if template, err := route.GetPathTemplate(); err == nil {
				x.op = s.spec.operations[r.Method+" "+template]
			}
		}
		if x.op == nil {
			s.fail(w, r, &problem{kind: kindNotFound, key: "problem.no_such_path"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

const maxToken = 8192 // bytes

// bearer returns the one bearer token of a request, "" if there is none or more.
func bearer(r *http.Request) string {
	v := r.Header.Values("Authorization")
	if len(v) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(v[0], " ")
	if !strings.EqualFold(scheme, "bearer") || len(token) > maxToken {
		return ""
	}
	return token
}

func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x.op.Open {
			next.ServeHTTP(w, r)
			return
		}
		token := bearer(r)
		if token == "" {
			s.fail(w, r, &problem{kind: kindUnauthenticated, key: "problem.no_token"})
			return
		}
		actor, sites, err := s.Authenticator.Authenticate(r.Context(), token)
		if err != nil {
			s.fail(w, r, tokenProblem(err))
			return
		}
		x.token, x.actor, x.sites = token, actor, sites
		next.ServeHTTP(w, r)
	})
}

// tokenProblem answers 401 for every fault of a token, and lets what is not the
// caller's fault through.
func tokenProblem(err error) error {
	if problemFor(err).kind.status == http.StatusServiceUnavailable {
		return err
	}
	return &problem{kind: kindUnauthenticated, key: "problem.bad_token"}
}

func (s *Server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x := exchangeOf(r.Context()); !x.op.Open && !s.limiterOf(x.caller()).AllowN(s.Clock.Now(), 1) {
			s.fail(w, r, &problem{kind: kindLimited, key: "problem.rate_limited"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) limiterOf(caller string) *rate.Limiter {
	if l, ok := s.limiters.Get(caller); ok {
		return l
	}
	l := rate.NewLimiter(rate.Limit(s.Rate), s.Burst)
	if other, ok, _ := s.limiters.PeekOrAdd(caller, l); ok {
		return other
	}
	return l
}

// authorize asks whether the caller may do this at any site; handlers ask
// again for the site they come to know.
func (s *Server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x.op.Open {
			next.ServeHTTP(w, r)
			return
		}
		policy, ok := s.Authorizer.Authorize(x.actor, x.sites, x.op.ID, "")
		if !ok {
			s.fail(w, r, &problem{kind: kindForbidden, key: "problem.forbidden"})
			return
		}
		x.actor.Policy = policy
		next.ServeHTTP(w, r)
	})
}

func (s *Server) checkParams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			s.fail(w, r, malformed("param.malformed"))
			return
		}
		x.query = query
		if err := x.op.check(query, r.Header, mux.Vars(r)); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// check compares query, headers and path with what the operation takes.
func (op *operation) check(query url.Values, header http.Header, path map[string]string) error {
	for name := range query {
		if op.takes(name) {
			continue
		}
		if name == "at" {
			return badParameter(name, "param.at_not_offered")
		}
		return badParameter(short(name), "param.unknown")
	}
	for _, p := range op.Params {
		values := query[p.Name]
		switch p.In {
		case "header":
			values = header.Values(p.Name)
		case "path":
			values = []string{path[p.Name]}
		}
		if err := p.check(values); err != nil {
			return err
		}
	}
	return nil
}

func (op *operation) takes(name string) bool {
	return slices.ContainsFunc(op.Params, func(p param) bool { return p.In == "query" && p.Name == name })
}

func (p param) check(values []string) error {
	switch {
	case len(values) > 1:
		return badParameter(p.Name, "param.repeated")
	case len(values) == 1:
		return p.checkValue(values[0])
	case p.Required && p.Name == "If-Match":
		return &problem{kind: kindPrecondition, key: "problem.precondition_required"}
	case p.Required:
		return badParameter(p.Name, "param.missing")
	}
	return nil
}

var integers = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)

func (p param) checkValue(value string) error {
	if !utf8.ValidString(value) || checkText(value) != nil {
		return badParameter(p.Name, "param.text")
	}
	var v any = value
	switch {
	case p.Type == "integer" && integers.MatchString(value):
		v = json.Number(value)
	case p.Type == "boolean" && (value == "true" || value == "false"):
		v = value == "true"
	}
	faults := validate(p.Schema, v)
	if len(faults) == 0 {
		return nil
	}
	for i := range faults {
		faults[i].parameter, faults[i].pointer = p.Name, ""
	}
	return &problem{kind: kindMalformed, key: "param.invalid", args: map[string]any{"name": p.Name}, faults: faults}
}

func (s *Server) checkBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := exchangeOf(r.Context()).op
		if op.Body == nil {
			if r.ContentLength != 0 {
				s.fail(w, r, malformed("body.not_taken"))
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		b, err := readBody(w, r)
		if err == nil {
			err = checkBody(op.Body, b)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		next.ServeHTTP(w, r)
	})
}
