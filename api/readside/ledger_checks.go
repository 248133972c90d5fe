package readside

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Entries returns every tool of a site that is not scrapped, as of a log number.
func (s *Side) Entries(ctx context.Context, site string, asOf int64) ([]ledgercheck.Entry, error) {
	if err := s.Manager.WaitFor(ctx, asOf); err != nil {
		return nil, fmt.Errorf("wait for event %d: %w", asOf, beyond(err))
	}
	out := []ledgercheck.Entry{}
	err := s.atRest.Each(ctx, s.Pool, s.Manager.Schema(keeping.Name), readmodel.ListQuery{
		Sites: []string{site}, Where: "standing <> 'scrapped'", Order: numberOrder, AsOf: asOf,
	}, func(r readmodel.Versioned[keeping.Tool]) error {
		out = append(out, ledgercheck.Entry{Number: r.Row.Number, Tool: r.ID, PriceFen: r.Row.PriceFen})
		return nil
	})
	return out, err
}

// LedgerComparison returns a comparison as of a moment; commands.ErrNotFound if it was not there.
func (s *Side) LedgerComparison(ctx context.Context, at api.AsOf, id uuid.UUID) (api.KeepingComparison, api.Snapshot, error) {
	var out api.KeepingComparison
	found := false
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		row, ok, err := s.comparisons.Row(ctx, v.q, v.schema, id, v.number)
		if found = ok; ok {
			out = shownComparison(row)
		}
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// LedgerComparisons returns a page of comparisons, the newest first.
func (s *Side) LedgerComparisons(ctx context.Context, at api.AsOf, sites []string, p api.Page) ([]api.KeepingComparison, string, api.Snapshot, error) {
	out := []api.KeepingComparison{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		if sites != nil && len(sites) == 0 {
			return nil
		}
		start, err := afterNumber(p.After)
		if err != nil {
			return err
		}
		rows, err := s.comparisons.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: sites, Order: []readmodel.Order{{By: "as_of", Desc: true}}, After: start, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			last := rows[p.Limit-1]
			next = place(strconv.FormatInt(last.Row.AsOf, 10), last.ID.String())
		}
		for _, r := range rows {
			out = append(out, shownComparison(r))
		}
		return nil
	})
	return out, next, snap, err
}

func shownComparison(r readmodel.Versioned[keeping.Comparison]) api.KeepingComparison {
	c := r.Row
	out := api.KeepingComparison{
		Id: r.ID, Site: r.Site, Revision: r.Revision, With: api.KeepingComparisonWith(c.With), Reference: c.Reference, ComparedAsOf: c.AsOf,
		ComparedAt: instant(c.ComparedAt), By: c.By, Ours: c.Ours, Theirs: c.Theirs, Agree: c.Agree, Open: c.Open, Items: []api.KeepingItem{},
	}
	for _, i := range c.Items {
		item := api.KeepingItem{Kind: api.KeepingItemKind(i.Kind), Number: i.Number, Tool: optional(i.Tool), OursFen: i.OursFen, TheirsFen: i.TheirsFen}
		if i.Settled != nil {
			item.SettledAt, item.SettledBy, item.How = &i.Settled.At, &i.Settled.By, &i.Settled.How
		}
		out.Items = append(out.Items, item)
	}
	return out
}
