package readside

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// LedgerPage returns a page of a custodian's ledger, or of a tool's, as it
// stood at the end of a day (CHK-03).
func (s *Side) LedgerPage(ctx context.Context, at api.AsOf, q api.LedgerQuery) (api.LedgerPage, api.Snapshot, error) {
	out := api.LedgerPage{Zone: time.UTC}
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		var err error
		if out.SiteName, out.Zone, err = s.siteOf(ctx, v, q.Site); err != nil {
			return err
		}
		var end time.Time // zero for as it stands
		if q.On != nil {
			day, err := time.ParseInLocation(time.DateOnly, string(*q.On), out.Zone)
			if err != nil {
				return fmt.Errorf("day: %w", err)
			}
			end = day.AddDate(0, 0, 1).Add(-time.Millisecond)
		}
		if q.Tool != uuid.Nil {
			return s.ledgerOfTool(ctx, v, q, end, &out)
		}
		return s.ledgerOfHolder(ctx, v, q, end, &out)
	})
	return out, snap, err
}

// ledgerOfTool has a row for each stretch of custody that had begun by then.
func (s *Side) ledgerOfTool(ctx context.Context, v view, q api.LedgerQuery, end time.Time, out *api.LedgerPage) error {
	r, ok, err := s.toolRow(ctx, v, q.Tool)
	if err != nil || !ok || r.Site != q.Site {
		return err
	}
	for _, span := range r.Row.Custody {
		if end.IsZero() || !span.From.After(end) {
			out.Rows = append(out.Rows, ledgerRow(heldTool{r, span.Holder, span.From.Time}, end))
		}
	}
	return nil
}

// ledgerOfHolder has a row for each tool that the holder had then.
func (s *Side) ledgerOfHolder(ctx context.Context, v view, q api.LedgerQuery, end time.Time, out *api.LedgerPage) error {
	lq := readmodel.ListQuery{Sites: []string{q.Site}, Held: &readmodel.Held{Holder: holderText(q.Holder), At: end}, Limit: q.Limit + 1}
	if q.After != "" {
		lq.After = []any{q.After, uuid.Max.String()}
	}
	rows, err := s.heldTools(ctx, v, lq, nil)
	if err != nil {
		return err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		out.More = rows[q.Limit-1].Row.Number
	}
	for _, row := range rows {
		out.Rows = append(out.Rows, ledgerRow(row, end))
	}
	return nil
}

// ledgerRow is a tool at an instant, zero for as it stands.
func ledgerRow(t heldTool, end time.Time) api.LedgerRow {
	r := t.Row
	row := api.LedgerRow{Number: r.Number, Name: r.Name, Spec: r.Spec, Kind: r.Kind, PriceFen: r.PriceFen, Holder: custody.HolderOf(t.holder), Since: t.since}
	if !end.IsZero() {
		row.LastDay = r.LastDay(end)
		return row
	}
	row.Standing = r.Standing
	if r.NextOn != nil {
		row.LastDay = *r.NextOn
	}
	return row
}
