package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fieldledger/fieldledger/internal/importlog"
	"github.com/fieldledger/fieldledger/internal/messages"
)

type importToolsCmd struct {
	List    string `arg:"" optional:"" placeholder:"FILE" help:"The list, CSV, plain or gzip. Default: the shipped sample."`
	Mapping string `placeholder:"FILE" help:"The mapping file. Default: the one of the shipped sample."`
	Workers int    `default:"16" help:"Tools imported at once."`
	Lang    string `enum:"en,zh" default:"en" help:"Language of the report."`
	DryRun  bool   `help:"Only check the mapping, read the whole list and report what an import into a new installation would do. Opens nothing but the files."`
}

// Run imports a list of tools and brings the read models up to it.
func (c importToolsCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	o := importlog.ToolOptions{DryRun: c.DryRun, Workers: c.Workers, Log: cfg.logger(t)}
	if _, err := c.mapping(); err != nil { // before anything is started
		return err
	}
	if c.DryRun {
		return c.run(ctx, t, o)
	}
	s, err := open(ctx, cfg, o.Log, tuning{})
	if err != nil {
		return err
	}
	o.App, o.Request, o.Clock = s.app, operator("import"), s.clock
	err = s.during(ctx, func(ctx context.Context) error {
		if err := c.run(ctx, t, o); err != nil {
			return err
		}
		return s.settle(ctx)
	})
	return errors.Join(err, s.close())
}

// run imports with the content of the files and prints what became of the rows.
func (c importToolsCmd) run(ctx context.Context, t *terminal, o importlog.ToolOptions) error {
	var err error
	if o.Mapping, err = c.mapping(); err != nil {
		return err
	}
	source, closeSource, err := c.list()
	if err != nil {
		return err
	}
	defer closeSource()
	p := t.progress("import")
	o.Source = source
	o.Progress = func(rows, total int) { p.update(int64(rows), int64(total)) }
	r, err := importlog.RunTools(ctx, o)
	p.end()
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	t.toolReport(r, c.Lang)
	return r.Check()
}

func (c importToolsCmd) mapping() (*importlog.ToolMapping, error) {
	text := importlog.SampleToolMapping()
	if c.Mapping != "" {
		var err error
		if text, err = os.ReadFile(c.Mapping); err != nil {
			return nil, fmt.Errorf("read mapping: %w", err)
		}
	}
	m, err := importlog.ParseToolMapping(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.Mapping, err)
	}
	return m, nil
}

func (c importToolsCmd) list() (io.ReadSeeker, func(), error) {
	if c.List == "" {
		return bytes.NewReader(importlog.SampleTools()), func() {}, nil
	}
	return openLog(c.List)
}

// toolReport prints what became of the rows of a list of tools.
func (t *terminal) toolReport(r importlog.ToolReport, lang string) {
	text := func(key string) string { return messages.Text(lang, key, nil) }
	rows := [][]string{
		{text("import.rows"), number(r.Rows)},
		{text("import.imported"), number(r.Imported)},
		{text("import.known"), number(r.Known)},
		{text("import.refused"), number(r.RefusedTotal())},
	}
	for _, reason := range sortedKeys(r.Refused) {
		rows = append(rows, []string{"  " + text("import.reason."+string(reason)), number(r.Refused[reason])})
	}
	t.table(nil, append(rows, []string{text("import.persons"), number(r.Persons)}, []string{text("import.holding_teams"), number(r.Teams)}))
	for _, f := range r.RefusedRows {
		t.printf("  %d  %s  %s: %s\n", f.Line, f.Row, text("import.reason."+string(f.Reason)), f.Detail)
	}
}
