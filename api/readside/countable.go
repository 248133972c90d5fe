package readside

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Expected returns the tools of a scope as of a log number, by number.
func (s *Side) Expected(ctx context.Context, site string, scope stocktake.Scope, asOf int64) ([]stocktake.Expected, error) {
	lq := readmodel.ListQuery{Sites: []string{site}, Held: &readmodel.Held{Holder: string(scope.Kind) + ":" + scope.Who}}
	var wanted func(custody.Row) bool
	if scope.Kind == stocktake.OfSite {
		lq.Held, lq.Where = &readmodel.Held{}, "standing NOT IN ('missing', 'scrapped')"
		wanted = func(r custody.Row) bool { return present(r.Standing) }
	}
	out := []stocktake.Expected{}
	err := s.countable(ctx, asOf, lq, wanted, func(r heldTool) {
		out = append(out, stocktake.Expected{Tool: r.ID, Number: r.Row.Number, Holder: custody.HolderOf(r.holder)})
	})
	return out, err
}

// Known returns the tools of a site with some of the numbers as of a log number.
func (s *Side) Known(ctx context.Context, site string, numbers []string, asOf int64) ([]stocktake.Known, error) {
	lq := readmodel.ListQuery{Sites: []string{site}, Held: &readmodel.Held{Orders: numbers}}
	out := []stocktake.Known{}
	err := s.countable(ctx, asOf, lq, func(r custody.Row) bool { return slices.Contains(numbers, r.Number) }, func(r heldTool) {
		out = append(out, stocktake.Known{
			Tool: r.ID, Number: r.Row.Number, Holder: custody.HolderOf(r.holder), Home: r.Row.Home, Revision: r.Revision,
		})
	})
	return out, err
}

// Elsewhere returns by number the other sites that have a tool with it as of a log number.
func (s *Side) Elsewhere(ctx context.Context, site string, numbers []string, asOf int64) (map[string][]string, error) {
	lq := readmodel.ListQuery{Held: &readmodel.Held{Orders: numbers}}
	out := map[string][]string{}
	err := s.countable(ctx, asOf, lq, func(r custody.Row) bool { return slices.Contains(numbers, r.Number) }, func(r heldTool) {
		if r.Site != site {
			out[r.Row.Number] = append(out[r.Row.Number], r.Site)
		}
	})
	for _, sites := range out {
		slices.Sort(sites)
	}
	return out, err
}

// countable calls f with the tools of a query as of a log number, by number.
func (s *Side) countable(ctx context.Context, asOf int64, lq readmodel.ListQuery, wanted func(custody.Row) bool, f func(heldTool)) error {
	if err := s.Manager.WaitFor(ctx, asOf); err != nil {
		return fmt.Errorf("wait for event %d: %w", asOf, beyond(err))
	}
	if asOf == 0 { // before the first event there is nothing
		return nil
	}
	_, err := s.read(ctx, custody.Name, custody.Version, api.AsOf{Number: &asOf}, func(v view) error {
		rows, err := s.heldTools(ctx, v, lq, wanted)
		for _, r := range rows {
			f(r)
		}
		return err
	})
	return err
}
