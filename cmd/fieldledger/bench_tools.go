package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/domain/tool"
)

// toolBench measures tools: histories of years, pages of the past, issues and a count.
type toolBench struct {
	*bench
	s      *system
	w      *toolWorld
	rng    *rand.Rand
	url    string
	issuer interface {
		Mint(subject string, person uuid.UUID, roles, sites []string, ttl time.Duration) (string, error)
	}
	token string
}

// apiClient keeps as many connections as the benches have clients.
var apiClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// tools measures the figures of tools in an installation of its own.
func (b *bench) tools(ctx context.Context, cfg *Config) (err error) {
	if b.Tools == 0 {
		return nil
	}
	s, err := open(ctx, cfg, cfg.logger(b.t), tuning{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := &toolBench{bench: b, s: s, rng: rand.New(rand.NewPCG(toolSeed, 0))} //nolint:gosec // the same each time
	began := time.Now()
	if t.w, err = b.makeTools(ctx, s); err != nil { // nothing reads the log meanwhile
		return err
	}
	took, events := time.Since(began), int(t.w.events.Load())
	b.line("tools: histories into the log", perSecond(events, took)+" events/s",
		fmt.Sprintf("%d events of %d tools, %d persons, %d years, %.1f s; decided one by one, %d writers, no read model beside", events, b.Tools, b.People, b.Years, took.Seconds(), toolWriters))
	return s.during(ctx, func(ctx context.Context) error {
		return errors.Join(t.catchUp(ctx, events), t.serve(ctx))
	})
}

// catchUp measures the read models from nothing, and built anew beside the live ones.
func (t *toolBench) catchUp(ctx context.Context, events int) error {
	began := time.Now()
	if err := t.s.settle(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	t.line("tools: read models from nothing, live", perSecond(events, took)+" events/s",
		fmt.Sprintf("%d events, all projections, %.1f s; peak memory %d MiB, PostgreSQL apart", events, took.Seconds(), peakMiB()))
	if t.ToolRebuild {
		if err := t.rebuilds(ctx, t.s); err != nil {
			return err
		}
		t.line("tools: memory of it", strconv.Itoa(peakMiB())+" MiB", "peak of the whole process so far, PostgreSQL apart")
	}
	return t.rest(ctx)
}

// rest does at once what autovacuum and the checkpointer of PostgreSQL do in the
// hour after ten years were written in minutes: what is asked next is of a server that has been up for a day.
func (t *toolBench) rest(ctx context.Context) (err error) {
	if _, err := t.s.pool.Exec(ctx, "VACUUM (ANALYZE)"); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	admin, err := pgx.Connect(ctx, t.s.postgres.AdminDSN())
	if err != nil {
		return fmt.Errorf("connect for a checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, admin.Close(context.WithoutCancel(ctx))) }()
	if _, err := admin.Exec(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// serve measures through the API, with everything running that a server runs.
func (t *toolBench) serve(ctx context.Context) error {
	srv, err := newServer(ctx, t.s, Serving{Listen: "127.0.0.1:0"}, true)
	if err != nil {
		return err
	}
	t.url, t.issuer = srv.url, srv.issuer
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- t.s.serve(ctx, srv, nil) }()
	err = t.measure(ctx)
	cancel()
	if ended := <-done; !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return err
}

func (t *toolBench) measure(ctx context.Context) error {
	var err error
	if t.token, err = t.issuer.Mint("bench", t.w.persons[0], []string{"manager", "auditor", "storekeeper"}, []string{"*"}, time.Hour); err != nil {
		return err
	}
	if err := get(ctx, t.url+"/v1/health"); err != nil {
		return err
	}
	return errors.Join(t.reads(ctx), t.issues(ctx), t.counts(ctx))
}

// write is what a request that changes something brings; the zero value for one that reads.
type write struct {
	key      string
	body     any
	revision *int64 // that was seen
}

// errTooMany is the answer to one who asks faster than anybody may.
var errTooMany = errors.New("too many requests")

// call makes a request and returns what it answered; an answer that is no success is an error.
func (t *toolBench) call(ctx context.Context, method, path, token string, w write) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var in io.Reader
	if w.body != nil {
		text, err := json.Marshal(w.body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, t.url+path, in)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if w.body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", w.key)
	}
	if w.revision != nil {
		req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(*w.revision, 10)))
	}
	res, err := apiClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if res.StatusCode == http.StatusTooManyRequests {
		return nil, errTooMany
	}
	if err == nil && res.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, out)
	}
	return out, err
}

// asked is one kind of question, with a path drawn anew each time.
type asked struct {
	name string
	path func() string
}

// reads asks for pages and cards of the present and the past.
func (t *toolBench) reads(ctx context.Context) error {
	person := func() (string, string) { return "person", t.w.persons[t.rng.IntN(len(t.w.persons))].String() }
	team := func() (string, string) { return "team", t.w.teams[t.rng.IntN(len(t.w.teams))].String() }
	store := func() (string, string) { return "store", fmt.Sprintf("s%02d", 2+t.rng.IntN(toolStores-1)) }
	big := func() (string, string) { return "store", toolBig }
	var all []asked
	for _, of := range []struct {
		name string
		who  func() (string, string)
	}{{"a person", person}, {"a team", team}, {"a store", store}, {"the largest store", big}} {
		for _, when := range []struct {
			name    string
			on, was bool
		}{{"now", false, false}, {"on a day", true, false}, {"as known then", false, true}, {"on a day as known then", true, true}} {
			all = append(all,
				asked{"ledger page of " + of.name + ", " + when.name, func() string { return t.ledger(of.who, when.on, when.was) }},
				asked{"tools of " + of.name + ", " + when.name, func() string { return t.held(of.who, when.on, when.was) }})
		}
	}
	all = append(all,
		asked{"tools of a site, on a day", func() string { return t.held(nil, true, false) }},
		asked{"tools of a site, on a day as known then", func() string { return t.held(nil, true, true) }},
		asked{"ledger page of a tool, on a day as known then", func() string {
			return "/v1/ledgers/page?" + t.when(url.Values{"site": {toolSite}, "tool": {t.tool().id.String()}}, "on", true, true)
		}},
		asked{"card of a tool, at a time as known then", func() string {
			return "/v1/tools/" + t.tool().id.String() + "?" + t.when(url.Values{}, "at", true, true)
		}},
	)
	for _, a := range all {
		if err := t.ask(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (t *toolBench) ask(ctx context.Context, a asked) error {
	times := make([]time.Duration, t.ToolQueries)
	bytes := 0
	for n := range times {
		path := a.path()
		began := time.Now()
		out, err := t.call(ctx, http.MethodGet, path, t.token, write{})
		for errors.Is(err, errTooMany) && ctx.Err() == nil { // what was refused is not measured
			time.Sleep(time.Second)
			began = time.Now()
			out, err = t.call(ctx, http.MethodGet, path, t.token, write{})
		}
		if err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		times[n] = time.Since(began)
		bytes += len(out)
	}
	t.line(a.name, percentiles(times), fmt.Sprintf("%d requests, one after the other, %d bytes each", len(times), bytes/max(1, len(times))))
	return nil
}

func (t *toolBench) tool() *toolLife { return &t.w.tools[t.rng.IntN(len(t.w.tools))] }

func (t *toolBench) ledger(who func() (string, string), on, was bool) string {
	kind, id := who()
	return "/v1/ledgers/page?" + t.when(url.Values{"site": {toolSite}, "holder_kind": {kind}, "holder": {id}}, "on", on, was)
}

func (t *toolBench) held(who func() (string, string), at, was bool) string {
	v := url.Values{"site": {toolSite}, "limit": {"50"}}
	if who != nil {
		kind, id := who()
		v.Set("holder_kind", kind)
		v.Set("holder", id)
	}
	return "/v1/tools?" + t.when(v, "at", at, was)
}

// when adds a day or time of the histories, and the log number of that time or
// a later one as of which to answer.
func (t *toolBench) when(v url.Values, name string, at, was bool) string {
	whole := 0.1 + 0.9*t.rng.Float64() // by then all are registered
	number := int64(float64(t.s.manager.Head()) * whole)
	if was {
		v.Set("as_of", strconv.FormatInt(max(1, number), 10))
		whole *= t.rng.Float64()
	}
	if at {
		instant := t.w.start.Add(time.Duration(whole * float64(toolEnd.Sub(t.w.start))))
		if v.Set(name, instant.Format(time.RFC3339)); name == "on" {
			v.Set(name, instant.Format(time.DateOnly))
		}
	}
	return v.Encode()
}

const issuesPerSecond = 200

// issues sends issue commands at a fixed rate, whether or not the ones before
// are answered: what waits counts.
func (t *toolBench) issues(ctx context.Context) error {
	var free []*toolLife
	for n := range t.w.tools {
		if l := &t.w.tools[n]; l.holder.Kind == tool.Store && l.holder.Who != toolBig && !l.inspected() && len(free) < t.ToolIssues {
			free = append(free, l)
		}
	}
	times, errs := make([]time.Duration, len(free)), make([]error, len(free))
	tick := time.NewTicker(time.Second / issuesPerSecond)
	defer tick.Stop()
	var wg sync.WaitGroup
	began := time.Now()
	for n, l := range free {
		due := began.Add(time.Duration(n+1) * time.Second / issuesPerSecond)
		<-tick.C
		to := t.w.persons[t.rng.IntN(len(t.w.persons))]
		wg.Go(func() {
			_, errs[n] = t.call(ctx, http.MethodPost, "/v1/tools/"+l.id.String()+"/issue", t.token, write{
				"bench-issue-" + strconv.Itoa(n), map[string]any{"to": map[string]any{"kind": "person", "who": to}}, &l.revision,
			})
			times[n] = time.Since(due)
		})
	}
	wg.Wait()
	took := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return err // one of as many as there are commands
		}
	}
	t.line(fmt.Sprintf("issue of a tool at %d/s", issuesPerSecond), percentiles(times),
		fmt.Sprintf("%d commands in %.1f s through the API, from when each was due; read models running", len(free), took.Seconds()))
	return nil
}

const (
	toolScanners = 8
	mostScanned  = 10_000
	soloScans    = 1_000 // of them one a request
	scansPerCall = 10
)

// counts is a stocktake of the largest store by 8 persons at once.
func (t *toolBench) counts(ctx context.Context) error {
	var numbers []string
	for n := range t.w.tools {
		if l := &t.w.tools[n]; l.holder == (tool.Holder{Kind: tool.Store, Who: toolBig}) && len(numbers) < mostScanned {
			numbers = append(numbers, l.number)
		}
	}
	began := time.Now()
	out, err := t.call(ctx, http.MethodPost, "/v1/stocktakes", t.token, write{
		key: "bench-stocktake", body: map[string]any{"site": toolSite, "scope": map[string]any{"kind": "store", "who": toolBig}},
	})
	if err != nil {
		return err
	}
	var made struct {
		ID uuid.UUID `json:"id"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("read stocktake: %w", err)
	}
	t.line("stocktake: list of the largest store", time.Since(began).Round(time.Millisecond).String(), "frozen in parts of 500")
	solo := min(soloScans, len(numbers)/2)
	for _, round := range []struct {
		numbers []string
		each    int
	}{{numbers[:solo], 1}, {numbers[solo:], scansPerCall}} {
		began := time.Now()
		if err := t.scan(ctx, made.ID, round.numbers, round.each); err != nil {
			return err
		}
		took := time.Since(began)
		t.line(fmt.Sprintf("stocktake: %d scanners, %d scans a request", toolScanners, round.each), perSecond(len(round.numbers), took)+" scans/s",
			fmt.Sprintf("%d scans through the API in %.1f s; read models running", len(round.numbers), took.Seconds()))
	}
	began = time.Now()
	if _, err := t.call(ctx, http.MethodPost, "/v1/stocktakes/"+made.ID.String()+"/results", t.token, write{key: "bench-count", body: map[string]any{}}); err != nil {
		return err
	}
	t.line("stocktake: result", time.Since(began).Round(time.Millisecond).String(), fmt.Sprintf("%d scans held against the list", len(numbers)))
	return nil
}

// scan splits numbers among the scanners, who scan at once.
func (t *toolBench) scan(ctx context.Context, id uuid.UUID, numbers []string, each int) error {
	errs := make([]error, toolScanners)
	var wg sync.WaitGroup
	for k := range toolScanners {
		person := t.w.persons[k%len(t.w.persons)]
		token, err := t.issuer.Mint(fmt.Sprintf("scanner-%d", k), person, []string{"storekeeper"}, []string{"*"}, time.Hour)
		if err != nil {
			return err
		}
		wg.Go(func() {
			own := numbers[k*len(numbers)/toolScanners : (k+1)*len(numbers)/toolScanners]
			for from := 0; from < len(own) && errs[k] == nil; from += each {
				var scans []map[string]string
				for _, n := range own[from:min(from+each, len(own))] {
					scans = append(scans, map[string]string{"number": n, "condition": "sound"})
				}
				_, errs[k] = t.call(ctx, http.MethodPost, "/v1/stocktakes/"+id.String()+"/scans", token,
					write{key: fmt.Sprintf("bench-scan-%d-%d-%d", each, k, from), body: map[string]any{"scans": scans}})
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
