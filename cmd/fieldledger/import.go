package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/importlog"
	"github.com/fieldledger/fieldledger/internal/messages"
)

// importCmd brings in what exists elsewhere.
type importCmd struct {
	Log   importLogCmd   `cmd:"" default:"withargs" help:"Import the log of another service desk by a mapping file."`
	Tools importToolsCmd `cmd:"" help:"Import a list of tools that exist already, as opening entries, by a mapping file."`
}

type importLogCmd struct {
	Log     string `arg:"" optional:"" placeholder:"FILE" help:"The log, CSV or XES, plain or gzip. Default: the shipped sample."`
	Mapping string `placeholder:"FILE" help:"The mapping file. Default: the one of the shipped sample."`
	Workers int    `default:"16" help:"Tickets imported at once; 1 keeps the order of the file."`
	Lang    string `enum:"en,zh" default:"en" help:"Language of the report."`
	DryRun  bool   `help:"Only check the mapping, read the whole log and report what an import into a new installation would do. Opens nothing but the files."`
}

// Run imports a log and brings the read models up to it.
func (c importLogCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	if _, err := readMapping(c.Mapping); err != nil { // before anything is started
		return err
	}
	if c.DryRun {
		r, err := runImport(ctx, t, c, importlog.Options{DryRun: true, Log: cfg.logger(t)})
		if err != nil {
			return err
		}
		t.report(r, c.Lang)
		return r.Check()
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		r, err := s.importLog(ctx, t, c)
		if err != nil {
			return err
		}
		t.report(r, c.Lang)
		return r.Check()
	})
	return errors.Join(err, s.close())
}

// importLog imports a log and waits until the read models have it.
func (s *system) importLog(ctx context.Context, t *terminal, c importLogCmd) (importlog.Report, error) {
	r, err := runImport(ctx, t, c, importlog.Options{App: s.app, Request: operator("import"), Clock: s.clock, Log: s.log})
	if err != nil {
		return r, err
	}
	return r, s.settle(ctx)
}

// runImport opens the files of an import and runs it with their content.
func runImport(ctx context.Context, t *terminal, c importLogCmd, o importlog.Options) (importlog.Report, error) {
	var err error
	if o.Mapping, err = readMapping(c.Mapping); err != nil {
		return importlog.Report{}, err
	}
	source, closeSource, err := openLog(c.Log)
	if err != nil {
		return importlog.Report{}, err
	}
	defer closeSource()
	p := t.progress("import")
	o.Source, o.Workers = source, c.Workers
	o.Progress = func(rows, total int) { p.update(int64(rows), int64(total)) }
	r, err := importlog.Run(ctx, o)
	p.end()
	if err != nil {
		return r, fmt.Errorf("import: %w", err)
	}
	return r, nil
}

// operator is who works at the machine itself.
func operator(key string) commands.Request {
	return commands.Request{Key: key, Actor: eventschemas.Actor{
		Person: "operator", Issuer: "fieldledger", Subject: "operator", Roles: []string{"admin"}, Policy: "command line",
	}}
}

func readMapping(file string) (*importlog.Mapping, error) {
	text := importlog.SampleMapping()
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil { //nolint:gosec // the operator names it
			return nil, fmt.Errorf("read mapping: %w", err)
		}
	}
	m, err := importlog.ParseMapping(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return m, nil
}

func openLog(file string) (io.ReadSeeker, func(), error) {
	if file == "" {
		return bytes.NewReader(importlog.Sample()), func() {}, nil
	}
	f, err := os.Open(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, nil, fmt.Errorf("open log: %w", err)
	}
	return f, func() { _ = f.Close() }, nil
}

// report prints what became of the rows of a log.
func (t *terminal) report(r importlog.Report, lang string) {
	text := func(key string) string { return messages.Text(lang, key, nil) }
	rows := [][]string{
		{text("import.rows"), number(r.Rows)},
		{text("import.imported"), number(r.Imported)},
		{text("import.silent"), number(r.Silent)},
		{text("import.known"), number(r.Known)},
		{text("import.refused"), number(r.RefusedTotal())},
	}
	for _, reason := range sortedKeys(r.Refused) {
		rows = append(rows, []string{"  " + text("import.reason."+string(reason)), number(r.Refused[reason])})
	}
	rows = append(rows,
		[]string{text("import.without_creation_time"), number(r.WithoutCreationTime)},
		[]string{text("import.tickets"), number(r.Tickets)},
		[]string{text("import.events"), number(r.Events)},
		[]string{text("import.teams"), number(r.Teams)},
		[]string{text("import.technicians"), number(r.Technicians)},
		[]string{text("import.callers"), number(r.Callers)})
	for _, status := range sortedKeys(r.ByStatus) {
		rows = append(rows, []string{"  " + status, number(r.ByStatus[status])})
	}
	t.table(nil, rows)
	for _, f := range r.RefusedRows[:min(len(r.RefusedRows), 10)] {
		t.printf("  %d  %s  %s: %s\n", f.Line, f.Row, text("import.reason."+string(f.Reason)), f.Detail)
	}
	if err := r.Check(); err != nil {
		t.printf("%s: %s\n", text("import.sums_wrong"), err)
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
