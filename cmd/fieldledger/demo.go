package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

type demoCmd struct {
	Serving `embed:""`
	Data    string `placeholder:"FILE" help:"The log to import instead of the shipped sample."`
	Mapping string `placeholder:"FILE" help:"The mapping file of that log."`
	Empty   bool   `help:"Import nothing: only serve the API of an empty installation."`
	Clock   string `placeholder:"FILE" help:"Go by the time in this file (RFC 3339), and on from it; for docs/life-of-a-tool.md."`
	Exit    bool   `help:"End after the report; exit code 0 only if all held."`
	Lang    string `enum:"en,zh" default:"en" help:"Language of the reports."`
}

// The demo's figures are about this range of days.
const (
	demoFrom domain.Day = "2016-01-01"
	demoTo   domain.Day = "2017-12-31"
)

// Run shows the whole way on real input: import, report, rebuild, explain, serve.
func (c demoCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	cfg = demoConfig(cfg)
	t.printf("data folder: %s\n", cfg.DataDir)
	tuned := tuning{}
	if c.Clock != "" {
		moved, err := clock.OpenMoved(c.Clock)
		if err != nil {
			return fmt.Errorf("open demo: %w", err)
		}
		tuned.Clock = moved
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuned)
	if err != nil {
		return err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		if c.Empty {
			return c.serveEmpty(ctx, s, t)
		}
		people, err := c.show(ctx, s, t)
		if err != nil || c.Exit {
			return err
		}
		return c.serve(ctx, s, t, people)
	})
	return errors.Join(err, s.close())
}

// demoConfig keeps the demo's data apart from an installation's own.
func demoConfig(cfg *Config) *Config {
	own := *cfg
	own.DataDir = filepath.Join(cfg.DataDir, "demo")
	return &own
}

// show imports and reports; an error or errRed if anything did not hold.
func (c demoCmd) show(ctx context.Context, s *system, t *terminal) ([]uuid.UUID, error) {
	mapping, err := readMapping(c.Mapping)
	if err != nil {
		return nil, err
	}
	site := mapping.Site.Code
	t.printf("\n== import\n%s\n", importlog.SampleCredit)
	report, err := s.importLog(ctx, t, importLogCmd{Log: c.Data, Mapping: c.Mapping})
	if err != nil {
		return nil, err
	}
	t.report(report, c.Lang)
	people, err := s.demoPeople(ctx, site)
	if err != nil {
		return nil, err
	}
	t.printf("\n== service levels\n")
	if err := s.slaReport(ctx, t, site, c.Lang, demoFrom, demoTo); err != nil {
		return nil, err
	}
	t.printf("\n== rebuild beside the live read models\n")
	if err := s.rebuild(ctx, t, rebuildCmd{}); err != nil {
		return nil, err
	}
	t.printf("\n== verify the tables against their digests\n")
	if err := s.verify(ctx, t, nil); err != nil {
		return nil, err
	}
	t.printf("\n== one ticket, explained\n")
	id, err := s.instructive(ctx, site)
	if err != nil {
		return nil, err
	}
	return people, errors.Join(s.explainTicket(ctx, t, api.AsOf{}, id, c.Lang), report.Check())
}

// demoPeople registers the two persons that demo tokens speak for.
func (s *system) demoPeople(ctx context.Context, site string) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for _, role := range []string{"manager", "director"} {
		p, err := s.app.People.Register(ctx, operator("demo-"+role), commands.RegisterPerson{
			Site: site, External: domain.ExternalKey{System: "demo", Key: role}, Name: "Demo " + role, Roles: []string{role},
		})
		if err != nil {
			return nil, fmt.Errorf("register demo %s: %w", role, err)
		}
		ids = append(ids, p.ID)
	}
	return ids, s.settle(ctx)
}

// instructive finds a ticket whose resolution was paused and judged.
func (s *system) instructive(ctx context.Context, site string) (uuid.UUID, error) {
	list, _, _, err := s.side.List(ctx, api.AsOf{}, api.TicketFilter{Sites: []string{site}}, api.TicketSort{By: "number"}, api.Page{Limit: 500})
	if err != nil {
		return uuid.Nil, fmt.Errorf("list tickets: %w", err)
	}
	if len(list) == 0 {
		return uuid.Nil, errors.New("there is no ticket to explain")
	}
	best := list[0].Id
	for _, t := range list {
		for _, target := range t.Targets {
			if target.Target == "resolution" && target.PausedS > 0 && target.GrossS < 30*3600 {
				return t.Id, nil
			}
		}
	}
	return best, nil
}

// serveEmpty serves the API until it is told to stop; tokens come from the command token.
func (c demoCmd) serveEmpty(ctx context.Context, s *system, t *terminal) error {
	srv, err := newServer(ctx, s, c.Serving, true)
	if err != nil {
		return err
	}
	t.printf("the API listens on %s\n", srv.url)
	return s.serve(ctx, srv, nil)
}

const demoTTL = 8 * time.Hour

// serve serves the API with a demo token until it is told to stop.
func (c demoCmd) serve(ctx context.Context, s *system, t *terminal, people []uuid.UUID) error {
	srv, err := newServer(ctx, s, c.Serving, true)
	if err != nil {
		return err
	}
	token, err := srv.issuer.Mint("demo", people[0], []string{"manager", "clerk", "director", "auditor", "admin", "storekeeper"}, []string{"*"}, demoTTL)
	if err != nil {
		srv.close()
		return fmt.Errorf("make token: %w", err)
	}
	t.printf("\n== the API is up; Ctrl-C stops it\nexport TOKEN=%s\n", token)
	for _, path := range []string{
		"/v1/health",
		"/v1/kpis/sla?site=servicenow&from=2016-03-01&to=2016-05-31&target=resolution&group_by=level",
		"/v1/kpis/sla?site=servicenow&from=2016-03-01&to=2016-05-31&target=resolution&group_by=level&as_of=5000",
		"/v1/tickets?site=servicenow&limit=3",
	} {
		t.printf("curl -H \"Authorization: Bearer $TOKEN\" '%s%s'\n", srv.url, path)
	}
	return s.serve(ctx, srv, nil)
}
