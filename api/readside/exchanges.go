package readside

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Exchange returns an exchange as of a moment.
func (s *Side) Exchange(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Exchange, api.Snapshot, error) {
	var out api.Exchange
	found := false
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		row, ok, err := s.exchanges.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		out, found = shownExchange(row), true
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

var appliedOrder = []readmodel.Order{{By: "applied_at"}}

// ListExchanges returns a page of exchanges, the oldest first.
func (s *Side) ListExchanges(ctx context.Context, at api.AsOf, f api.ExchangeFilter, p api.Page) ([]api.Exchange, string, api.Snapshot, error) {
	out := []api.Exchange{}
	next := ""
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		q := readmodel.ListQuery{Sites: f.Sites, Where: "true", Order: appliedOrder}
		if f.Status != nil {
			q.Args = append(q.Args, string(*f.Status))
			q.Where += fmt.Sprintf(" AND status = $%d", len(q.Args))
		}
		if f.Tool != nil {
			q.Args = append(q.Args, *f.Tool)
			q.Where += fmt.Sprintf(" AND (old_tool = $%[1]d OR new_tool = $%[1]d)", len(q.Args))
		}
		var err error
		out, next, err = pageByTime(ctx, v, s.exchanges, q, p, func(r custody.Exchange) time.Time { return r.AppliedAt }, shownExchange)
		return err
	})
	return out, next, snap, err
}

// Spares returns the tools of a model that may be given out, worn ones first.
func (s *Side) Spares(ctx context.Context, site string, model exchange.Model, today domain.Day, limit int) ([]commands.Spare, error) {
	var out []commands.Spare
	_, err := s.read(ctx, custody.Name, custody.Version, api.AsOf{}, func(v view) error {
		rows, err := s.spares(ctx, v, site, model, today, limit)
		for _, row := range rows {
			out = append(out, commands.Spare{Tool: row.ID, Number: row.Row.Number, Used: row.Row.Used})
		}
		return err
	})
	return out, err
}

// mostSpares is how many tools are proposed.
const mostSpares = 50

// ExchangeSpares proposes replacements for an exchange. The day by which
// inspections are looked at is that of UTC: what the store's own day says is
// decided when the tool is kept.
func (s *Side) ExchangeSpares(ctx context.Context, at api.AsOf, id uuid.UUID) ([]api.ExchangeSpare, error) {
	var out []api.ExchangeSpare
	_, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		x, ok, err := s.exchanges.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		model := exchange.Model{Kind: x.Row.WantedKind, Spec: x.Row.WantedSpec}
		rows, err := s.spares(ctx, v, x.Site, model, domain.DayOf(v.asked, time.UTC), mostSpares)
		for _, row := range rows {
			if row.ID == x.Row.Old { // found again, it is no replacement of its own
				continue
			}
			out = append(out, api.ExchangeSpare{Id: row.ID, Number: row.Row.Number, Worn: row.Row.Used})
		}
		return err
	})
	return out, err
}

func (s *Side) spares(
	ctx context.Context, v view, site string, model exchange.Model, today domain.Day, limit int,
) ([]readmodel.Versioned[custody.Row], error) {
	return s.tools.List(ctx, v.q, v.schema, readmodel.ListQuery{
		Sites: []string{site}, Args: []any{model.Kind, model.Spec, string(today)},
		Where: `kind = $1 AND spec = $2 AND standing = 'in_store' AND blocked = '' AND kept IS NULL AND NOT surrendered
			AND (next_on >= $3::text::date OR next_on IS NULL AND category NOT IN ('safety', 'lifting', 'climbing'))`, // as policy.InspectedCategory has it
		Order: []readmodel.Order{{By: "NOT used"}, {By: "number"}}, Limit: limit, AsOf: v.number,
	})
}

func shownExchange(r readmodel.Versioned[custody.Exchange]) api.Exchange {
	row := r.Row
	x := api.Exchange{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Status: api.ExchangeStatus(row.Status), Applicant: row.Applicant, Keeper: holderOf(row.Keeper),
		Old: api.ExchangeTool{Id: row.Old, Number: row.OldNumber}, Wanted: api.ExchangeModel{Kind: row.WantedKind, Spec: row.WantedSpec},
		Reason: row.Reason, NeedsApproval: row.NeedsApproval, ApprovedBy: row.ApprovedBy, InsteadOfLoss: optional(row.InsteadOfLoss),
		Store: row.Store, Outcome: api.ExchangeOutcome(row.Outcome), Repairer: row.Repairer, ScrapNote: row.ScrapNote, HumanFault: row.HumanFault,
		LifeReached: row.LifeReached, KeeperPays: row.KeeperPays, EndReason: row.EndReason, AppliedAt: domain.At(row.AppliedAt), CompletedAt: maybe(row.CompletedAt),
	}
	if row.New != uuid.Nil {
		x.Replacement = &api.ExchangeTool{Id: row.New, Number: row.NewNumber}
	}
	return x
}
