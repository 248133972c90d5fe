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
	"time"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

type benchCmd struct {
	Data         string        `placeholder:"FILE" help:"The log to import instead of the shipped sample."`
	Mapping      string        `placeholder:"FILE" help:"Its mapping file."`
	Queries      int           `default:"500" help:"Queries of each kind."`
	AppendFor    time.Duration `default:"1s" help:"How long each number of writers appends in a round; 0 skips appends, delivery and $all."`
	Rounds       int           `default:"5" help:"Rounds of each figure of the log; the median counts."`
	FollowEvents int           `default:"100000" help:"Events that are followed through the client; 0 skips it."`
	LogEvents    int           `default:"1000000" help:"Events of the log that is scanned and started; 0 skips it. 10000000 take about 6 GB."`
	Tools        int           `default:"2000" help:"Tools whose histories are made and measured; 0 skips them. 100000 take about 25 GB with --tool-rebuild."`
	People       int           `default:"100" help:"Persons who have them."`
	Years        int           `default:"10" help:"Years of their histories, three to four events a tool and year."`
	ToolQueries  int           `default:"100" help:"Questions of each kind about tools."`
	ToolIssues   int           `default:"2000" help:"Issue commands at 200 a second, as far as there are tools in store."`
	ToolRebuild  bool          `default:"true" negatable:"" help:"Build the read models of the tools anew, too."`
	ToolsOnly    bool          `help:"Measure tools alone."`
	LogOnly      bool          `help:"Measure the log alone, without PostgreSQL, import and queries."`
	CPUProfile   string        `placeholder:"FILE" help:"Write a profile of the import and the rebuild; with --log-only of the log."`
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
	if !c.LogOnly && !c.ToolsOnly {
		err = errors.Join(b.bulk(ctx, &own), b.start(ctx, &own))
	}
	if !c.LogOnly {
		tools := own
		tools.DataDir = filepath.Join(dir, "tools")
		err = errors.Join(err, b.tools(ctx, &tools), os.RemoveAll(tools.DataDir))
	}
	if !c.ToolsOnly {
		err = errors.Join(err, b.log(ctx, dir))
	}
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
		return b.queries(ctx, s)
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
	r, err := s.importLog(ctx, b.t, importLogCmd{Log: b.Data, Mapping: b.Mapping, Workers: 16})
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
