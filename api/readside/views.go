package readside

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// View returns a saved view as of a moment; commands.ErrNotFound if it was not there.
func (s *Side) View(ctx context.Context, at api.AsOf, id uuid.UUID) (api.SavedView, api.Snapshot, error) {
	var out api.SavedView
	found := false
	snap, err := s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		row, ok, err := s.views.Row(ctx, v.q, v.schema, id, v.number)
		found, out = ok, savedView(row)
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// Views returns a page of the views of a person and of those that are shared
// with sites (nil means all), by name (TKT-15).
func (s *Side) Views(ctx context.Context, at api.AsOf, person uuid.UUID, sites []string, p api.Page) ([]api.SavedView, string, api.Snapshot, error) {
	out := []api.SavedView{}
	next := ""
	snap, err := s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		last, err := after(p.After, 2)
		if err != nil {
			return err
		}
		rows, err := s.views.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Where: "owner = $1 OR shared_with <> '' AND ($2 OR shared_with = ANY ($3))", Args: []any{person, sites == nil, sites},
			Order: []readmodel.Order{{By: "name"}}, After: last, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			next = place(rows[p.Limit-1].Row.Name, rows[p.Limit-1].ID.String())
		}
		for _, r := range rows {
			out = append(out, savedView(r))
		}
		return nil
	})
	return out, next, snap, err
}

func savedView(r readmodel.Versioned[directory.View]) api.SavedView {
	v := api.SavedView{Id: r.ID, Owner: r.Row.Owner, Name: r.Row.Name, Filter: map[string]string{}, Revision: r.Revision}
	for _, p := range r.Row.Filter {
		v.Filter[p.Name] = p.Value
	}
	if r.Row.SharedWith != "" {
		v.SharedWith = &r.Row.SharedWith
	}
	if r.Row.Order != "" {
		v.Sort = &r.Row.Order
	}
	return v
}
