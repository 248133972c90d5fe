package api

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

const (
	requestTimeout = 15 * time.Second
	longTimeout    = 50 * time.Second // of what judges a whole period; less than the listener's for an answer
	waitTimeout    = 5 * time.Second  // for a read model to get to min_position
	callers        = 8192             // whose rate is remembered
	defaultRate    = 500              // requests a second and caller
	defaultBurst   = 1000
)

// Server holds what the handlers share. Safe for concurrent use.
type Server struct {
	Deps
	spec     *spec
	signer   signer
	limiters *lru.Cache[string, *rate.Limiter]
	duration *prometheus.HistogramVec
	feeds    atomic.Int64 // open now
}

// New returns the handler of every route, or an error that names what is
// missing. The caller sets the server's own timeouts.
func New(d Deps) (http.Handler, error) {
	s, err := newServer(d)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	return s.outer(s.router()), nil
}

func newServer(d Deps) (*Server, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	if d.Rate <= 0 || d.Burst <= 0 {
		d.Rate, d.Burst = defaultRate, defaultBurst
	}
	if d.Heartbeat <= 0 {
		d.Heartbeat = defaultHeartbeat
	}
	if d.WriteLimit <= 0 {
		d.WriteLimit = defaultWriteLimit
	}
	sp, err := readSpec(openAPI)
	if err != nil {
		return nil, err
	}
	limiters, err := lru.New[string, *rate.Limiter](callers)
	if err != nil {
		return nil, err
	}
	s := &Server{Deps: d, spec: sp, signer: signer{d.Secret}, limiters: limiters, duration: newDuration()}
	if err := d.Metrics.Register(s.duration); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return s, nil
}

// router serves the routes of openapi.yaml. Checks run outside in: who, how
// often, whether they may, the parameters, the body.
func (s *Server) router() *mux.Router {
	r := mux.NewRouter().SkipClean(true).UseEncodedPath() // each path has one spelling
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		s.fail(w, q, &problem{kind: kindNotFound, key: "problem.no_such_path"})
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Allow", allowed(r, q))
		s.fail(w, q, &problem{kind: kindMethod, key: "problem.method"})
	})
	r.Use(s.findOperation, s.authenticate, s.limit, s.authorize, s.checkParams, s.checkBody)
	strict := NewStrictHandlerWithOptions(s, nil, StrictHTTPServerOptions{
		RequestErrorHandlerFunc: func(w http.ResponseWriter, q *http.Request, _ error) {
			s.fail(w, q, malformed("body.not_json"))
		},
		ResponseErrorHandlerFunc: s.fail,
	})
	HandlerWithOptions(strict, GorillaServerOptions{
		BaseRouter: r,
		ErrorHandlerFunc: func(w http.ResponseWriter, q *http.Request, _ error) {
			s.fail(w, q, malformed("param.malformed"))
		},
	})
	return r
}

// allowed lists the methods that a path knows.
func allowed(router *mux.Router, r *http.Request) string {
	list := ""
	for _, m := range methods {
		probe := r.Clone(r.Context())
		probe.Method = m
		var match mux.RouteMatch
		if router.Match(probe, &match) && match.MatchErr == nil {
			if list != "" {
				list += ", "
			}
			list += m
			if m == http.MethodGet {
				list += ", " + http.MethodHead
			}
		}
	}
	return list
}
