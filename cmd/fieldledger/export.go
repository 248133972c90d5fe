package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/exportlog"
	"github.com/fieldledger/fieldledger/internal/vault"
)

type exportCmd struct {
	File     string `arg:"" placeholder:"FILE" help:"The log to write; packed if the name ends in .gz. Its mapping goes into FILE.mapping.yaml."`
	Format   string `enum:"csv,xes" default:"csv" help:"csv or xes."`
	Site     string `required:"" help:"Code of the site."`
	AsOf     int64  `placeholder:"N" help:"Log number as of which; now if it is not given."`
	Source   string `default:"fieldledger" help:"Name of the source system in the mapping: part of every id of an import."`
	Personal bool   `help:"Open the personal fields too. Each subject is recorded in the access log."`
}

// Run writes the histories of a site's tickets. A file that exists is replaced
// once the new one is whole.
func (c exportCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	if c.AsOf < 0 {
		return errors.New("--as-of: is a log number, at least 1")
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	r, err := c.export(ctx, s, t)
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	rows := [][]string{
		{"as of log number", number(int(r.Number))}, {"tickets", number(r.Tickets)}, {"rows", number(r.Rows)},
	}
	if c.Personal {
		rows = append(rows, []string{"personal fields erased", number(r.Erased)})
	}
	for _, what := range sortedKeys(r.Inexact) {
		rows = append(rows, []string{"not exact: " + string(what), number(r.Inexact[what])})
	}
	t.table(nil, rows)
	return nil
}

func (c exportCmd) export(ctx context.Context, s *system, t *terminal) (exportlog.Report, error) {
	log, err := newOutput(c.File)
	if err != nil {
		return exportlog.Report{}, err
	}
	defer log.discard()
	mapping, err := newOutput(c.File + ".mapping.yaml")
	if err != nil {
		return exportlog.Report{}, err
	}
	defer mapping.discard()
	p := t.progress("export")
	defer p.end()
	o := exportlog.Options{
		Log: s.store, Streams: s.store, Site: c.Site, AsOf: c.AsOf, Format: c.Format, Source: c.Source, Out: log, Mapping: mapping,
		Progress: func(tickets, total int) { p.update(int64(tickets), int64(total)) },
	}
	if c.Personal {
		o.Opener = personalData{s.vault, c.Site}
	}
	r, err := exportlog.Run(ctx, o)
	if err != nil {
		return r, err
	}
	return r, errors.Join(log.keep(), mapping.keep())
}

// personalData opens personal fields for the operator at the machine (AUD-08).
type personalData struct {
	vault *vault.Vault
	site  string
}

// Look records that the operator is shown the subjects' data.
func (p personalData) Look(ctx context.Context, subjects []uuid.UUID) error {
	looks := make([]vault.Access, len(subjects))
	for i, subject := range subjects {
		looks[i] = vault.Access{Actor: operator("").Actor.Person, Subject: subject, Purpose: "export", Target: "site " + p.site}
	}
	return p.vault.AccessAll(ctx, looks)
}

// Open decrypts a value.
func (p personalData) Open(ctx context.Context, sealed domain.Sealed, field string) (string, error) {
	return p.vault.Open(ctx, sealed, field)
}

// output is a file that shows under its name only once it is whole. Only its
// owner may read it.
type output struct {
	io.Writer
	name string
	file *os.File
	zip  *gzip.Writer // nil: plain
}

func newOutput(name string) (*output, error) {
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the name is the operator's
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	o := &output{Writer: f, name: name, file: f}
	if strings.HasSuffix(name, ".gz") {
		o.zip = gzip.NewWriter(f)
		o.Writer = o.zip
	}
	return o, nil
}

// keep ends the file and gives it its name.
func (o *output) keep() error {
	var errs []error
	if o.zip != nil {
		errs = append(errs, o.zip.Close())
	}
	errs = append(errs, o.file.Sync(), o.file.Close())
	if !slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		errs = append(errs, os.Rename(o.file.Name(), o.name))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("write %s: %w", o.name, err)
	}
	return nil
}

// discard removes what was not kept.
func (o *output) discard() {
	_ = o.file.Close()
	_ = os.Remove(o.file.Name())
}
