package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/deploy/policies"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/messages"
	"github.com/fieldledger/fieldledger/internal/simulate"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

type simulateCmd struct {
	Set      string `enum:"mine,workshop,appliance-service,all" default:"all" help:"Set of regulations of the site: mine, workshop, appliance-service, or all three side by side."`
	Days     int    `default:"365" help:"Days to be lived in all; a folder that was lived in goes on from its last day."`
	Seed     uint64 `default:"1" help:"Of the generator: the same seed gives the same days."`
	People   int    `default:"12" help:"Technicians of a site."`
	Tools    int    `default:"150" help:"Tools of a site at the start."`
	Stores   int    `default:"2" help:"Stores of a site."`
	Policies string `placeholder:"DIR" help:"Folder of the sets' policies, SET/KIND.json; without it those that are shipped."`
	Anew     bool   `help:"Remove what was simulated in this folder before."`
	Lang     string `enum:"en,zh" default:"en" help:"Language of the report."`
}

// errSimulation says that something that must always hold did not.
var errSimulation = errors.New("simulation: a check did not hold")

// Run lives the days, checks, and reports; exit code 1 if a check fails.
func (c simulateCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	if cfg.EventStore != "" || cfg.Postgres != "" {
		return errors.New("simulate: it lives in an event store and a PostgreSQL of its own, on a clock of its own; give neither")
	}
	own := *cfg
	own.DataDir = filepath.Join(cfg.DataDir, "simulate")
	world, err := c.world(own.DataDir, t)
	if err != nil {
		return err
	}
	s, sim, err := c.open(ctx, &own, t, world)
	if err != nil {
		return err
	}
	defer sim.Close()
	// The first Ctrl-C ends after the day that is being lived: what runs beside it must not end before.
	err = s.during(context.WithoutCancel(ctx), func(running context.Context) error { return c.live(ctx, running, s, sim, t) })
	return errors.Join(err, s.close())
}

// plan is what the flags ask for.
func (c simulateCmd) plan() simulate.Plan {
	p := simulate.Plan{Sets: []string{c.Set}, Seed: c.Seed, People: c.People, Tools: c.Tools, Stores: c.Stores}
	if c.Set == "all" {
		p.Sets = simulate.Sets()
	}
	return p
}

// world is the one kept in the folder, or a new one; the folder says which.
func (c simulateCmd) world(dir string, t *terminal) (*simulate.World, error) {
	if c.People < 4 || c.Tools < 1 || c.Stores < 1 || c.Days < 1 {
		return nil, errors.New("simulate: it takes at least 4 people, a tool, a store and a day")
	}
	if c.Anew {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("begin anew: %w", err)
		}
	}
	w, err := simulate.Load(dir)
	switch {
	case err != nil:
		return nil, err
	case w == nil:
		if _, err := os.Stat(eventsDir(&Config{DataDir: dir})); err == nil {
			return nil, fmt.Errorf("simulate: in %s the first day was never lived to its end: --anew begins anew", dir)
		}
		t.printf("%s\n", messages.Text(c.Lang, "simulate.begins", map[string]any{"folder": dir}))
		return simulate.NewWorld(c.plan()), nil
	case !w.Equal(c.plan()):
		return nil, fmt.Errorf("simulate: %s was begun with sets %v, seed %d, %d people, %d tools and %d stores: give these, another --data-dir, or --anew",
			dir, w.Sets, w.Seed, w.People, w.Tools, w.Stores)
	}
	t.printf("%s\n", messages.Text(c.Lang, "simulate.goes_on", map[string]any{"folder": dir, "day": int64(w.Day)}))
	return w, nil
}

// open opens the system on the clock of the simulation.
func (c simulateCmd) open(ctx context.Context, cfg *Config, t *terminal, w *simulate.World) (*system, *simulate.Simulator, error) {
	fake := clock.NewFake(w.Now)
	s, err := open(ctx, cfg, cfg.logger(t), tuning{Clock: fake, Workers: 1})
	if err != nil {
		return nil, nil, err
	}
	srv, err := newServer(ctx, s, Serving{Listen: "127.0.0.1:0"}, true)
	if err != nil {
		return nil, nil, errors.Join(err, s.close())
	}
	sim, err := simulate.New(&simulated{s: s, srv: srv, clock: fake}, w, c.policy)
	if err != nil {
		srv.close()
		return nil, nil, errors.Join(err, s.close())
	}
	return s, sim, nil
}

// policy reads a policy of a set; a set without a calendar has the simulator's working time.
func (c simulateCmd) policy(set, kind string) (json.RawMessage, error) {
	var files fs.FS = policies.Files
	if c.Policies != "" {
		files = os.DirFS(c.Policies)
	}
	name := path.Join(set, kind+".json")
	text, err := fs.ReadFile(files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && kind == "calendar":
		return simulate.Calendar(), nil
	case errors.Is(err, fs.ErrNotExist) && (kind == "sla" || kind == "authority"):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read policy: %w", err)
	}
	p, err := parsePolicy(name, text)
	return p.Content, err
}

// live lives the days with the API beside it, then checks unless it was told to end.
func (c simulateCmd) live(ctx, running context.Context, s *system, sim *simulate.Simulator, t *terminal) error {
	in := sim.Installation().(*simulated) //nolint:forcetypeassert // it is the one that we gave
	g, serving := errgroup.WithContext(running)
	serving, stop := context.WithCancel(serving)
	g.Go(func() error { return in.srv.run(serving) })
	g.Go(func() error {
		defer stop()
		p := t.progress("days")
		err := sim.Run(serving, ctx.Done(), c.Days, func(day int) error {
			p.update(int64(day), int64(c.Days))
			return sim.Save(s.cfg.DataDir)
		})
		p.end()
		if errors.Is(err, simulate.ErrHalfDay) {
			return fmt.Errorf("simulate: %s cannot go on; --anew begins anew: %w", s.cfg.DataDir, err)
		}
		if err != nil {
			return err
		}
		if w := sim.World(); w.Day < c.Days {
			t.printf("%s\n", messages.Text(c.Lang, "simulate.ended", map[string]any{"day": int64(w.Day), "days": int64(c.Days)}))
			return nil
		}
		return c.report(serving, s, sim, t)
	})
	return g.Wait()
}

// report checks and prints; errSimulation if anything did not hold.
func (c simulateCmd) report(ctx context.Context, s *system, sim *simulate.Simulator, t *terminal) error {
	facts, err := s.facts(ctx)
	if err != nil {
		return err
	}
	if err := sim.Compare(ctx, facts); err != nil {
		return err
	}
	answers, err := sim.Ask(ctx, facts)
	if err != nil {
		return err
	}
	w := sim.World()
	failed := c.checks(t, append(simulate.Check(w, facts), simulate.CheckAnswers(w, facts, answers)...))
	counts := simulate.Counts(facts)
	c.table(t, []string{messages.Text(c.Lang, "simulate.event_type", nil), messages.Text(c.Lang, "simulate.count", nil)}, counts)
	c.table(t, []string{messages.Text(c.Lang, "simulate.rule", nil), messages.Text(c.Lang, "simulate.count", nil)}, w.Refused)
	if len(w.Unplanned) > 0 {
		c.table(t, []string{messages.Text(c.Lang, "simulate.unplanned", nil), messages.Text(c.Lang, "simulate.count", nil)}, w.Unplanned)
	}
	t.printf("%s\n", messages.Text(c.Lang, "simulate.missing", nil))
	for _, name := range simulate.Missing(counts) {
		t.printf("  %s\n", name)
	}
	differs, err := c.digests(ctx, s, t)
	if err == nil && (failed || differs) {
		err = errSimulation
	}
	return err
}

// digests recomputes every read model's digest and builds it anew, and reports
// whether any is not the live one's (AUD-03).
func (c simulateCmd) digests(ctx context.Context, s *system, t *terminal) (bool, error) {
	if err := s.dropRetired(ctx, nil); err != nil {
		return false, err
	}
	verified, err := s.manager.Verify(ctx, readmodel.VerifyOptions{Pages: s.reader})
	if err != nil {
		return false, fmt.Errorf("verify: %w", err)
	}
	rebuilt, err := s.manager.Rebuild(ctx, readmodel.RebuildOptions{Pages: s.reader})
	if err != nil {
		return false, fmt.Errorf("rebuild: %w", err)
	}
	equal := map[string]bool{}
	for _, v := range verified {
		equal[v.Projection] = v.Equal
	}
	differs := false
	var rows [][]string
	for _, r := range rebuilt {
		differs = differs || !r.Equal || !equal[r.Projection]
		rows = append(rows, []string{r.Projection, number(r.Number), verdict(equal[r.Projection]), verdict(r.Equal), r.LiveDigest[:16]})
	}
	t.table([]string{
		messages.Text(c.Lang, "simulate.read_model", nil), messages.Text(c.Lang, "simulate.as_of", nil), messages.Text(c.Lang, "simulate.verified", nil),
		messages.Text(c.Lang, "simulate.rebuilt", nil), messages.Text(c.Lang, "simulate.digest", nil),
	}, rows)
	return differs, nil
}

// checks prints what held and what did not, and reports whether anything did not.
func (c simulateCmd) checks(t *terminal, results []simulate.Result) bool {
	failed := false
	var rows [][]string
	for _, r := range results {
		held := messages.Text(c.Lang, "simulate.held", nil)
		if len(r.Faults) > 0 {
			held, failed = messages.Text(c.Lang, "simulate.failed", nil), true
		}
		rows = append(rows, []string{checkText(c.Lang, r.Name), number(r.Looked), number(len(r.Faults)), held})
	}
	t.table([]string{
		messages.Text(c.Lang, "simulate.check", nil), messages.Text(c.Lang, "simulate.looked", nil), messages.Text(c.Lang, "simulate.faults", nil), "",
	}, rows)
	for _, r := range results {
		for _, f := range r.Faults[:min(len(r.Faults), 20)] {
			t.printf("  %s: %s\n", r.Name, f)
		}
	}
	return failed
}

// checkText says what a check is about.
func checkText(lang, name string) string {
	switch name {
	case "custody":
		return messages.Text(lang, "simulate.custody", nil)
	case "stock":
		return messages.Text(lang, "simulate.stock", nil)
	case "inspection":
		return messages.Text(lang, "simulate.inspection", nil)
	case "instalments":
		return messages.Text(lang, "simulate.instalments", nil)
	case "wages":
		return messages.Text(lang, "simulate.wages", nil)
	case "approvals":
		return messages.Text(lang, "simulate.approvals", nil)
	case "asked_holder":
		return messages.Text(lang, "simulate.asked_holder", nil)
	case "asked_deduction":
		return messages.Text(lang, "simulate.asked_deduction", nil)
	case "asked_overdue":
		return messages.Text(lang, "simulate.asked_overdue", nil)
	case "refusals":
		return messages.Text(lang, "simulate.refusals", nil)
	}
	return name
}

func (c simulateCmd) table(t *terminal, headers []string, counts map[string]int) {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		rows = append(rows, []string{name, number(counts[name])})
	}
	t.table(headers, rows)
}

// facts reads the whole log.
func (s *system) facts(ctx context.Context) ([]simulate.Fact, error) {
	var facts []simulate.Fact
	end := errors.New("end of the log")
	err := s.store.Follow(ctx, eventschemas.Position{}, "fl.", func(r eventschemas.Recorded) error {
		f, err := simulate.Read(r)
		facts = append(facts, f)
		return err
	}, func() error { return end })
	if errors.Is(err, end) {
		err = nil
	}
	return facts, err
}

// simulated is the system as a simulation sees it. Process managers and timers
// are those of serve, but driven step by step, so that nothing depends on the
// machine's own time.
type simulated struct {
	s     *system
	srv   *server
	clock *clock.Fake
}

const tokenTTL = 7 * 24 * time.Hour

func (i *simulated) URL() string     { return i.srv.url }
func (i *simulated) Now() time.Time  { return i.clock.Now() }
func (i *simulated) Set(t time.Time) { i.clock.Set(t) }
func (i *simulated) Head() int64     { return i.s.manager.Head() }

// Token mints a token of the demo issuer.
func (i *simulated) Token(p *simulate.Person) (string, error) {
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(p.Key)) // of who is not registered
	if p.ID != "" {
		var err error
		if id, err = uuid.Parse(p.ID); err != nil {
			return "", fmt.Errorf("person %s: %w", p.Name, err)
		}
	}
	sites := []string{p.Site}
	if p.Site == "" {
		sites = []string{"*"}
	}
	return i.srv.issuer.Mint(p.Key, id, p.Roles, sites, tokenTTL)
}

// Seen waits until the read models have applied every event.
func (i *simulated) Seen(ctx context.Context) error { return i.s.settle(ctx) }

// Settle lets the managers and timers act, one after the other, until none has anything to do.
func (i *simulated) Settle(ctx context.Context) error {
	for {
		if err := i.s.settle(ctx); err != nil {
			return err
		}
		busy := false
		for _, timer := range i.s.timers {
			sent, err := timer.Look(ctx)
			if err != nil {
				return fmt.Errorf("timer %s: %w", timer.Name(), err)
			}
			busy = busy || sent
		}
		for _, m := range i.s.managers {
			for {
				more, err := m.Step(ctx)
				if err != nil {
					return fmt.Errorf("process manager %s: %w", m.Status().Manager, err)
				}
				if !more {
					break
				}
				busy = true
			}
		}
		if !busy {
			return nil
		}
	}
}
