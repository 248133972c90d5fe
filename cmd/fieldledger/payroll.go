package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/payrollfile"
)

type payrollCmd struct {
	Import payrollImportCmd `cmd:"" help:"Take in a file of wages and deduct what is owed for lost tools."`
	Export payrollExportCmd `cmd:"" help:"Write what payroll deducts and refunds with the wages of a month."`
}

type payrollImportCmd struct {
	File   string `arg:"" placeholder:"FILE" help:"CSV: person_key,month,wage_fen."`
	Site   string `required:"" help:"Code of the site."`
	System string `default:"hr" help:"The system whose keys name the persons."`
}

// Run posts a file of wages. The same file again changes nothing; a row with
// another wage makes the difference.
func (c payrollImportCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open wages: %w", err)
	}
	wages, err := payrollfile.ReadWages(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	counts := map[commands.WageResult]int{}
	err = s.during(ctx, func(ctx context.Context) error {
		out, err := s.app.Deductions.Post(ctx, operator("payroll/"+uuid.NewString()), commands.PostWages{Site: c.Site, System: c.System, Wages: wages})
		for _, o := range out {
			counts[o.Result]++
			if o.Result == commands.WageUnknown || o.Result == commands.WageRefused || o.Result == commands.WageErased {
				t.printf("  %s %s: %s %s\n", o.Key, o.Month, o.Result, o.Rule)
			}
		}
		if err != nil {
			return err
		}
		return s.settle(ctx)
	})
	rows := [][]string{{"rows", number(len(wages))}}
	for _, result := range sortedKeys(counts) {
		rows = append(rows, []string{string(result), number(counts[result])})
	}
	t.table(nil, rows)
	return errors.Join(err, s.close())
}

type payrollExportCmd struct {
	File   string `arg:"" placeholder:"FILE" help:"The CSV to write."`
	Site   string `required:"" help:"Code of the site."`
	Month  string `required:"" help:"Civil month, 2006-01."`
	System string `default:"hr" help:"The system whose keys name the persons."`
	AsOf   string `help:"Log number or RFC 3339 time; now if empty."`
}

// Run writes the lines of a month. A file that exists is replaced once the new one is whole.
func (c payrollExportCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	at, err := parseAsOf(c.AsOf)
	if err != nil {
		return err
	}
	out, err := newOutput(c.File)
	if err != nil {
		return err
	}
	defer out.discard()
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	var lines []payrollfile.Line
	err = s.during(ctx, func(ctx context.Context) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		shown, _, err := s.side.Payroll(ctx, at, c.Site, c.Month, c.System)
		for _, l := range shown {
			lines = append(lines, payrollLine(l))
		}
		return err
	})
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	if err := payrollfile.WriteLines(out, lines); err != nil {
		return err
	}
	t.printf("%d lines\n", len(lines))
	return out.keep()
}

func payrollLine(l api.PayrollLine) payrollfile.Line {
	return payrollfile.Line{
		Key: l.PersonKey, Month: l.Month, Kind: string(l.Kind), AmountFen: l.AmountFen, LossNumber: l.LossNumber, PostedAt: l.PostedAt, Event: l.EventId.String(),
	}
}
