package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/integration"
	"github.com/fieldledger/fieldledger/internal/messages"
	"github.com/fieldledger/fieldledger/internal/postgres"
	"github.com/fieldledger/fieldledger/internal/vault"
)

type serveCmd struct {
	Serving `embed:""`
}

// Run serves until it is told to stop.
func (c serveCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	log := cfg.logger(t)
	s, err := open(ctx, cfg, log, tuning{})
	if err != nil {
		return err
	}
	srv, err := newServer(ctx, s, c.Serving, false)
	if err != nil {
		return errors.Join(err, s.close())
	}
	t.printf("fieldledger listens on %s\n", srv.url)
	return errors.Join(s.during(ctx, func(ctx context.Context) error { return s.serve(ctx, srv, c.Integrations) }), s.close())
}

// publish publishes integration events until ctx ends.
func (s *system) publish(ctx context.Context, names []string) error {
	found, err := integration.Find(names)
	if err != nil {
		return err
	}
	bridge, err := integration.NewBridge(s.store, found, s.log)
	if err != nil {
		return err
	}
	return bridge.Run(ctx)
}

// server is the API and the metrics, listening.
type server struct {
	api, metrics           *http.Server
	apiListen, metricsPort net.Listener
	tls                    [2]string // certificate and key file
	url                    string
	issuer                 *auth.DemoIssuer // of a demo, else nil
	watch                  func(ctx context.Context) error
}

// newServer wires the API and begins to listen.
func newServer(ctx context.Context, s *system, o Serving, demo bool) (_ *server, err error) {
	srv := &server{tls: [2]string{o.TLSCert, o.TLSKey}, watch: s.watchAlarms}
	defer func() {
		if err != nil {
			srv.close()
		}
	}()
	var lc net.ListenConfig
	if srv.apiListen, err = lc.Listen(ctx, "tcp", o.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if o.Metrics != "" {
		if srv.metricsPort, err = lc.Listen(ctx, "tcp", o.Metrics); err != nil {
			return nil, fmt.Errorf("listen for metrics: %w", err)
		}
	}
	listen := srv.apiListen.Addr().String()
	ac := auth.Config{Issuer: o.Issuer, Audience: o.Audience}
	if demo {
		if err := os.MkdirAll(demoIssuerDir(s.cfg), 0o700); err != nil {
			return nil, fmt.Errorf("make issuer's folder: %w", err)
		}
		ac = auth.Config{DemoDir: demoIssuerDir(s.cfg), Listen: listen}
	}
	verifier, issuer, err := auth.Open(ctx, ac, clock.System{}) // tokens go by the machine's clock in a demo too
	if err != nil {
		return nil, fmt.Errorf("open issuer: %w", err)
	}
	srv.issuer = issuer
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), s.gauges(), alarmCollector{s.missingYears})
	stopping := make(chan struct{})
	handler, err := s.handler(verifier, registry, stopping)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	if issuer != nil {
		mux.Handle(issuer.Path()+"/", issuer.Handler())
	}
	srv.api = httpServer(mux)
	srv.api.RegisterOnShutdown(sync.OnceFunc(func() { close(stopping) })) // live feeds would never end
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	srv.metrics = httpServer(metrics)
	srv.url = "http://" + listen
	if o.TLSCert != "" {
		srv.url = "https://" + listen
	}
	return srv, nil
}

func httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
}

// handler joins the API to its parts.
func (s *system) handler(verifier *auth.Verifier, metrics prometheus.Registerer, stopping <-chan struct{}) (http.Handler, error) {
	policies, err := auth.NewPolicies()
	if err != nil {
		return nil, fmt.Errorf("read authorization policies: %w", err)
	}
	mac := hmac.New(sha256.New, s.macKey)
	mac.Write([]byte("cursors and positions of the api"))
	return api.New(api.Deps{
		App: s.app, Tickets: s.side, KPIs: readside.KPIs{Side: s.side}, Directory: s.side, Custody: s.side, Losses: s.side, Keeping: s.side, Supply: s.side, Progress: s.side, Changes: s.side, Stopping: stopping,
		Authenticator: verifier, Authorizer: policies, Opener: s.vault, AccessLog: accessLog{s.vault}, Eraser: s.vault,
		Clock: s.clock, Log: s.log, Metrics: metrics, Text: messages.Text, Match: messages.Match, Secret: mac.Sum(nil),
		Unavailable: postgres.Unavailable,
	})
}

// accessLog keeps the API's looks at personal data in the vault (AUD-08).
type accessLog struct{ vault *vault.Vault }

// Record keeps looks, all or none.
func (a accessLog) Record(ctx context.Context, looks []api.Access) error {
	all := make([]vault.Access, len(looks))
	for i, l := range looks {
		all[i] = vault.Access(l)
	}
	return a.vault.AccessAll(ctx, all)
}

// run serves until ctx ends, then lets requests in hand finish.
func (srv *server) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if srv.tls[0] != "" {
			return served(srv.api.ServeTLS(srv.apiListen, srv.tls[0], srv.tls[1]))
		}
		return served(srv.api.Serve(srv.apiListen))
	})
	if srv.metricsPort != nil {
		g.Go(func() error { return served(srv.metrics.Serve(srv.metricsPort)) })
	}
	g.Go(func() error { return srv.watch(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(srv.api.Shutdown(stop), srv.metrics.Shutdown(stop))
	})
	return g.Wait()
}

func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// close gives up listening; for a server that never ran.
func (srv *server) close() {
	for _, l := range []net.Listener{srv.apiListen, srv.metricsPort} {
		if l != nil {
			_ = l.Close()
		}
	}
}
