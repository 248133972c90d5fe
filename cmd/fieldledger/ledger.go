package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/internal/ledgerfile"
)

type ledgerCmd struct {
	Compare ledgerCompareCmd `cmd:"" help:"Hold a ledger that finance or supply keeps against ours."`
	Export  ledgerExportCmd  `cmd:"" help:"Write what differs by a comparison, and how it was settled."`
}

type ledgerCompareCmd struct {
	File      string `arg:"" placeholder:"FILE" help:"CSV: number,price_fen."`
	Site      string `required:"" help:"Code of the site."`
	With      string `required:"" enum:"finance,supply" help:"Who keeps the other ledger: finance or supply."`
	Reference string `required:"" help:"What the other ledger is called."`
}

// Run compares a ledger with ours as of now. The same ledger under the same
// name again is the same comparison.
func (c ledgerCompareCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	entries, err := ledgerfile.ReadEntries(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	in := commands.CompareLedgers{Site: c.Site, With: ledgercheck.Keeper(c.With), Reference: c.Reference, Entries: entries}
	key, err := comparisonKey(in)
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	var shown api.KeepingComparison
	err = s.during(ctx, func(ctx context.Context) error {
		reg, err := s.app.LedgerChecks.Compare(ctx, operator(key), in, s.side)
		if err != nil {
			return err
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
		shown, _, err = s.side.LedgerComparison(ctx, api.AsOf{}, reg.ID)
		return err
	})
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	t.table(nil, [][]string{
		{"comparison", shown.Id.String()},
		{"ours", number(shown.Ours)},
		{"theirs", number(shown.Theirs)},
		{"agree", number(shown.Agree)},
		{"differ", number(len(shown.Items))},
		{"open", number(shown.Open)},
	})
	return nil
}

// comparisonKey names a comparison by what it compares, so that a repeat adds nothing.
func comparisonKey(in commands.CompareLedgers) (string, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("encode ledger: %w", err)
	}
	sum := sha256.Sum256(b)
	return "ledger/" + hex.EncodeToString(sum[:]), nil
}

type ledgerExportCmd struct {
	File       string    `arg:"" placeholder:"FILE" help:"The CSV to write."`
	Comparison uuid.UUID `required:"" help:"Id of the comparison."`
	AsOf       string    `help:"Log number or RFC 3339 time; now if empty."`
}

// Run writes the items of a comparison. A file that exists is replaced once the new one is whole.
func (c ledgerExportCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
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
	var shown api.KeepingComparison
	err = s.during(ctx, func(ctx context.Context) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		shown, _, err = s.side.LedgerComparison(ctx, at, c.Comparison)
		return err
	})
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	items := make([]ledgerfile.Item, len(shown.Items))
	for n, i := range shown.Items {
		items[n] = ledgerItem(i)
	}
	if err := ledgerfile.WriteItems(out, items); err != nil {
		return err
	}
	t.printf("%d items, %d open\n", len(items), shown.Open)
	return out.keep()
}

func ledgerItem(i api.KeepingItem) ledgerfile.Item {
	out := ledgerfile.Item{
		Item: ledgercheck.Item{
			Kind: ledgercheck.ItemKind(i.Kind), Number: i.Number, OursFen: i.OursFen, TheirsFen: i.TheirsFen,
		},
		SettledAt: i.SettledAt,
	}
	if i.Tool != nil {
		out.Tool = *i.Tool
	}
	if i.SettledBy != nil {
		out.SettledBy = *i.SettledBy
	}
	if i.How != nil {
		out.How = *i.How
	}
	return out
}
