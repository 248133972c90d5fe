package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/serverrules"
	"github.com/fieldledger/fieldledger/internal/storetest"
)

type storetestCmd struct {
	JSON bool `name:"json" help:"Write one JSON document instead of lines."`
	Ours bool `help:"The store is a fieldledger node: what is ours alone must hold too."`
}

// storeReport is what storetest writes as JSON.
type storeReport struct {
	Passed int           `json:"passed"`
	Failed int           `json:"failed"`
	Suites []suiteReport `json:"suites"`
}

type suiteReport struct {
	Name  string             `json:"name"`
	Cases []storetest.Result `json:"cases"`
}

// Run holds the store to the port's contract, by the official client, and to
// the server's rules, over the wire. A behaviour that does not hold is an error.
func (c storetestCmd) Run(ctx context.Context, cfg *Config, t *terminal) (err error) {
	if cfg.EventStore == "" {
		return errors.New("storetest: --eventstore esdb://… is required")
	}
	options := eventstoredb.Options{ConnectionString: cfg.EventStore, Log: cfg.logger(t)}
	endpoint, err := eventstoredb.EndpointOf(options)
	if err != nil {
		return err
	}
	store, err := eventstoredb.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	if err := store.Ping(ctx); err != nil {
		return err
	}
	target := serverrules.Target{Address: endpoint.Address, TLS: endpoint.TLS, User: endpoint.User, Password: endpoint.Password}
	report := storeReport{}
	for _, suite := range []struct {
		name  string
		cases []storetest.Case
	}{
		{"what this program asks of a store, by the official client", storetest.Cases(func(storetest.T) commands.EventStore { return store })},
		{"the server's rules, over the wire", serverrules.Cases(func(storetest.T) serverrules.Target { return target })},
	} {
		if err := c.suite(ctx, t, &report, suite.name, suite.cases); err != nil {
			return err
		}
	}
	return c.sum(t, report)
}

func (c storetestCmd) suite(ctx context.Context, t *terminal, report *storeReport, name string, cases []storetest.Case) error {
	if !c.JSON {
		t.printf("%s\n", name)
	}
	s := suiteReport{Name: name}
	err := storetest.Run(ctx, cases, func(r storetest.Result) {
		s.Cases = append(s.Cases, r)
		switch {
		case r.Passed:
			report.Passed++
		case !r.Own || c.Ours:
			report.Failed++
		}
		if !c.JSON {
			c.line(t, r)
		}
	})
	report.Suites = append(report.Suites, s)
	return err
}

// line prints one result; what is ours alone is not expected of a real server.
func (c storetestCmd) line(t *terminal, r storetest.Result) {
	verdict, note := "pass", ""
	if !r.Passed {
		verdict = "FAIL"
	}
	if r.Own {
		note = " (ours: not expected of a real server)"
		if !r.Passed && !c.Ours {
			verdict = "-"
		}
	}
	if !r.Passed && r.Quiet {
		note += " (fails also if others write at the same time)"
	}
	t.printf("  %-4s %s%s\n", verdict, r.Name, note)
	for line := range strings.Lines(r.Seen) {
		t.printf("         %s\n", strings.TrimRight(line, "\n"))
	}
}

func (c storetestCmd) sum(t *terminal, report storeReport) error {
	if c.JSON {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		t.printf("%s\n", text)
	} else {
		t.printf("%d behaviours hold, %d do not\n", report.Passed, report.Failed)
	}
	if report.Failed > 0 {
		return fmt.Errorf("%d behaviours of the store are not as expected", report.Failed)
	}
	return nil
}
