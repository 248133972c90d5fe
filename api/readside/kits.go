package readside

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Kits returns a page of tool boxes in order of their numbers (TOL-05).
func (s *Side) Kits(ctx context.Context, at api.AsOf, sites []string, p api.Page) ([]api.ToolKit, string, api.Snapshot, error) {
	out := []api.ToolKit{}
	next := ""
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if sites != nil && len(sites) == 0 {
			return nil
		}
		start, err := after(p.After, len(numberOrder)+1)
		if err != nil {
			return err
		}
		rows, err := s.kits.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: sites, Order: numberOrder, After: start, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			next = place(rows[p.Limit-1].Row.Number, rows[p.Limit-1].ID.String())
		}
		for _, row := range rows {
			out = append(out, shownKit(row))
		}
		return nil
	})
	return out, next, snap, err
}

func shownKit(r readmodel.Versioned[custody.Kit]) api.ToolKit {
	return api.ToolKit{Id: r.ID, Site: r.Site, Revision: r.Revision, Number: r.Row.Number, Name: r.Row.Name, Store: r.Row.Store, Tools: r.Row.Tools}
}

// Kit returns a tool box with where each tool of its list is.
func (s *Side) Kit(ctx context.Context, at api.AsOf, id uuid.UUID) (api.ToolKitCard, api.Snapshot, error) {
	card := api.ToolKitCard{Tools: []api.Tool{}}
	found := false
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		row, ok, err := s.kits.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		found, card.Kit = true, shownKit(row)
		for _, t := range row.Row.Tools {
			tool, ok, err := s.toolRow(ctx, v, t)
			if err != nil {
				return err
			}
			if ok {
				card.Tools = append(card.Tools, shownTool(tool))
			}
		}
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return card, snap, err
}

// Duty returns who is on duty for a team's tools, and when they are checked,
// from the newest part of the team's card (TOL-06, TOL-20).
func (s *Side) Duty(ctx context.Context, at api.AsOf, sites []string, team uuid.UUID) (api.TeamTools, error) {
	out := api.TeamTools{}
	_, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if sites != nil && len(sites) == 0 {
			return nil
		}
		rows, err := s.cards.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: sites, Where: "holder = $1", Args: []any{custody.HolderText(tool.Holder{Kind: tool.Team, Who: team.String()})}, Limit: mostParts, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		newest := int64(0)
		for _, r := range rows {
			if r.Row.Part < newest {
				continue
			}
			newest, out.OnDuty = r.Row.Part, r.Row.Duty
			if r.Row.CheckedAt != nil {
				out.CheckedAt, out.CheckBy = new(domain.At(*r.Row.CheckedAt)), new(domain.At(*r.Row.CheckBy))
			}
		}
		return nil
	})
	return out, err
}

const mostParts = 1000 // of one card
