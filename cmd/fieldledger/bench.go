package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

type benchCmd struct {
	Data       string        `placeholder:"FILE" help:"The log to import instead of the shipped sample."`
	Mapping    string        `placeholder:"FILE" help:"Its mapping file."`
	Queries    int           `default:"500" help:"Queries of each kind."`
	AppendFor  time.Duration `default:"3s" help:"How long each number of writers appends."`
	CPUProfile string        `placeholder:"FILE" help:"Write a profile of the import and the rebuild."`
}

// bench collects the lines of the table.
type bench struct {
	benchCmd
	t     *terminal
	lines [][]string
}

func (b *bench) line(what, figure, detail string) {
	b.lines = append(b.lines, []string{what, figure, detail})
}

// Run measures the figures of docs/benchmarks.md in a folder of its own, and prints a table.
func (c benchCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	dir, err := os.MkdirTemp("", "fieldledger-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(dir)
	own := *cfg
	own.DataDir = dir
	b := &bench{benchCmd: c, t: t}
	err = errors.Join(b.bulk(ctx, &own), b.start(ctx, &own))
	t.table([]string{"what", "figure", "detail"}, b.lines)
	return err
}

// bulk measures import, rebuild, queries and appends.
func (b *bench) bulk(ctx context.Context, cfg *Config) (err error) {
	s, err := open(ctx, cfg, cfg.logger(b.t), tuning{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.during(ctx, func(ctx context.Context) error {
		stop, err := b.profile()
		if err != nil {
			return err
		}
		err = errors.Join(b.imports(ctx, s), b.rebuilds(ctx, s))
		stop()
		if err != nil {
			return err
		}
		return errors.Join(b.queries(ctx, s), b.appends(ctx, s))
	})
}

func (b *bench) profile() (stop func(), err error) {
	if b.CPUProfile == "" {
		return func() {}, nil
	}
	f, err := os.Create(b.CPUProfile)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}

func (b *bench) imports(ctx context.Context, s *system) error {
	began := time.Now()
	r, err := s.importLog(ctx, b.t, importCmd{Log: b.Data, Mapping: b.Mapping, Workers: 16})
	if err != nil {
		return err
	}
	took := time.Since(began)
	b.line("import into events and read models", perSecond(r.Rows, took)+" rows/s",
		fmt.Sprintf("%d rows, %d events, %.1f s; peak memory %d MiB, PostgreSQL apart", r.Rows, r.Events, took.Seconds(), peakMiB()))
	return r.Check()
}

func (b *bench) rebuilds(ctx context.Context, s *system) error {
	p := b.t.progress("rebuild")
	reports, err := s.manager.Rebuild(ctx, readmodel.RebuildOptions{Pages: s.reader, Progress: p.update})
	p.end()
	if err != nil {
		return err
	}
	for _, r := range reports {
		b.line("rebuild "+r.Projection, strconv.FormatFloat(float64(r.Events)/r.Seconds, 'f', 0, 64)+" events/s",
			fmt.Sprintf("%d events, all projections in one scan, %s, digest %.16s…", r.Events, verdict(r.Equal), r.RebuiltDigest))
	}
	return nil
}

func (b *bench) queries(ctx context.Context, s *system) error {
	site, err := b.site()
	if err != nil {
		return err
	}
	head := s.manager.Head()
	q := api.SLAQuery{Site: site, From: demoFrom, To: demoTo, Target: "resolution", GroupBy: api.SLAGroupNone}
	for _, kind := range []struct {
		name  string
		group api.SLAGroup
		past  bool
	}{
		{"KPI cell, now", api.SLAGroupNone, false},
		{"KPI cell, as of the past", api.SLAGroupNone, true},
		{"KPI by technician, now", api.SLAGroupTechnician, false},
		{"KPI by technician, as of the past", api.SLAGroupTechnician, true},
	} {
		q.GroupBy = kind.group
		times := make([]time.Duration, b.Queries)
		for i := range times {
			at := api.AsOf{}
			if kind.past {
				n := 1 + head*int64(i)/int64(len(times))
				at.Number = &n
			}
			began := time.Now()
			if _, _, err := s.side.SLA(ctx, at, q); err != nil {
				return fmt.Errorf("query: %w", err)
			}
			times[i] = time.Since(began)
		}
		b.line(kind.name, percentiles(times), fmt.Sprintf("%d queries of two years, one after the other", len(times)))
	}
	return nil
}

func (b *bench) site() (string, error) {
	m, err := readMapping(b.Mapping)
	if err != nil {
		return "", err
	}
	return m.Site.Code, nil
}

// appends measures one-event appends to new streams through the client,
// beside a bare write and fsync on the same disk.
func (b *bench) appends(ctx context.Context, s *system) error {
	for _, writers := range []int{1, 16, 64} {
		var n atomic.Int64
		times := make([][]time.Duration, writers)
		ctx, cancel := context.WithTimeout(ctx, b.AppendFor)
		var wg sync.WaitGroup
		errs := make([]error, writers)
		for w := range writers {
			wg.Go(func() { times[w], errs[w] = appendUntil(ctx, s.store, &n) })
		}
		wg.Wait()
		cancel()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		b.line(fmt.Sprintf("append through the client, %d writers", writers), perSecond(int(n.Load()), b.AppendFor)+" events/s",
			percentiles(slices.Concat(times...)))
	}
	n, times, err := b.fsyncs(s.cfg.DataDir)
	if err != nil {
		return err
	}
	b.line("bare write and fsync, one writer", perSecond(n, b.AppendFor)+" /s", percentiles(times))
	return nil
}

func appendUntil(ctx context.Context, store commands.EventStore, n *atomic.Int64) ([]time.Duration, error) {
	var times []time.Duration
	data := []byte(`{"what":"` + strings.Repeat("x", 400) + `"}`)
	for ctx.Err() == nil {
		id := uuid.New()
		began := time.Now()
		_, err := store.Append(context.WithoutCancel(ctx), "bench-"+id.String(), commands.NoStream,
			[]eventschemas.Proposed{{ID: id, Type: "bench.v1", Data: data, Meta: []byte(`{}`)}})
		if err != nil {
			return nil, fmt.Errorf("append: %w", err)
		}
		times = append(times, time.Since(began))
		n.Add(1)
	}
	return times, nil
}

func (b *bench) fsyncs(dir string) (int, []time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync")) //nolint:gosec // in the benchmark's own folder
	if err != nil {
		return 0, nil, fmt.Errorf("fsync: %w", err)
	}
	defer f.Close()
	var times []time.Duration
	record := make([]byte, 500)
	for end := time.Now().Add(b.AppendFor); time.Now().Before(end); {
		began := time.Now()
		if _, err := f.Write(record); err != nil {
			return 0, nil, err
		}
		if err := f.Sync(); err != nil {
			return 0, nil, err
		}
		times = append(times, time.Since(began))
	}
	return len(times), times, nil
}

// start measures a warm start up to the first answer of the API.
func (b *bench) start(ctx context.Context, cfg *Config) error {
	var times []time.Duration
	for range 5 {
		took, err := b.startOnce(ctx, cfg)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	b.line("warm start to first answer", percentiles(times), "embedded node and PostgreSQL, GET /v1/health")
	return nil
}

func (b *bench) startOnce(ctx context.Context, cfg *Config) (took time.Duration, err error) {
	began := time.Now()
	s, err := open(ctx, cfg, cfg.logger(b.t), tuning{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	srv, err := newServer(ctx, s, Serving{Listen: "127.0.0.1:0"}, true)
	if err != nil {
		return 0, err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- srv.run(ctx) }()
		err := get(ctx, srv.url+"/v1/health")
		took = time.Since(began)
		cancel()
		return errors.Join(err, <-done)
	})
	return took, err
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("first answer: %w", err)
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New("first answer: " + res.Status)
	}
	return err
}

func perSecond(n int, took time.Duration) string {
	return strconv.FormatFloat(float64(n)/took.Seconds(), 'f', 0, 64)
}

func percentiles(times []time.Duration) string {
	if len(times) == 0 {
		return "-"
	}
	slices.Sort(times)
	at := func(p int) time.Duration {
		return times[min(len(times)*p/100, len(times)-1)].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s", at(50), at(99))
}

// peakMiB is the highest memory that this process has held.
func peakMiB() int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(kb)[0])
			return n >> 10
		}
	}
	return 0
}
