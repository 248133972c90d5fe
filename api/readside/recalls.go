package readside

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

var reportedOrder = []readmodel.Order{{By: "at"}}

// ListRecalls returns a page of recalls, the oldest first, each with how its
// tools stand as of the moment (TOL-12).
func (s *Side) ListRecalls(ctx context.Context, at api.AsOf, f api.RecallFilter, p api.Page) ([]api.RecallSummary, string, api.Snapshot, error) {
	out := []api.RecallSummary{}
	next := ""
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		var of recalledTools
		var err error
		out, next, err = pageByTime(ctx, v, s.recalls, recallQuery(f), p, func(r custody.Recall) time.Time { return r.At }, func(r readmodel.Versioned[custody.Recall]) api.RecallSummary {
			of.add(r)
			return shownRecall(r)
		})
		if err != nil {
			return err
		}
		return s.progress(ctx, v, of, out)
	})
	return out, next, snap, err
}

func recallQuery(f api.RecallFilter) readmodel.ListQuery {
	q := readmodel.ListQuery{Sites: f.Sites, Where: "true", Order: reportedOrder}
	for _, by := range []struct {
		column string
		value  *string
	}{{"kind", f.Kind}, {"batch", f.Batch}} {
		if by.value != nil {
			q.Args = append(q.Args, *by.value)
			q.Where += fmt.Sprintf(" AND %s = $%d", by.column, len(q.Args))
		}
	}
	if f.Status != nil {
		q.Args = append(q.Args, *f.Status == api.RecallStatusClosed)
		q.Where += fmt.Sprintf(" AND (closed_at IS NOT NULL) = $%d", len(q.Args))
	}
	return q
}

func shownRecall(r readmodel.Versioned[custody.Recall]) api.RecallSummary {
	out := api.RecallSummary{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Status: api.RecallStatusOpen, At: domain.At(r.Row.At), By: r.Row.By, Tool: r.Row.Tool, Kind: r.Row.Kind,
		Batch: r.Row.Batch, Report: r.Row.Report, Finding: r.Row.Finding, ClosedBy: r.Row.ClosedBy, ClosedAt: maybe(r.Row.ClosedAt),
		Progress: api.RecallProgress{Tools: len(r.Row.Decisions)},
	}
	if r.Row.ClosedAt != nil {
		out.Status = api.RecallStatusClosed
	}
	return out
}

// recalledTools are the tools of a page of recalls: tools[i] is of recalls[i].
type recalledTools struct{ recalls, tools []uuid.UUID }

func (t *recalledTools) add(r readmodel.Versioned[custody.Recall]) {
	for _, d := range r.Row.Decisions {
		if id, err := uuid.Parse(d.Tool); err == nil {
			t.recalls, t.tools = append(t.recalls, r.ID), append(t.tools, id)
		}
	}
}

// progress counts how the tools of recalls stand. They may be many, so that
// they are counted where they are; those that are read through an exchange are
// few, and looked at one by one (EXC-06).
func (s *Side) progress(ctx context.Context, v view, of recalledTools, recalls []api.RecallSummary) error {
	m, err := s.moved(ctx, v)
	if err != nil {
		return err
	}
	byID := make(map[uuid.UUID]*api.RecallProgress, len(recalls))
	for i := range recalls {
		byID[recalls[i].Id] = &recalls[i].Progress
	}
	rows, err := v.q.Query(ctx, fmt.Sprintf(`
SELECT q.recall, split_part(t.holder, ':', 1), t.blocked <> '', count(*)
FROM unnest($1::uuid[], $2::uuid[]) AS q (recall, tool), LATERAL (
	SELECT holder, blocked FROM %[1]s.tool WHERE id = q.tool AND ($3::bigint <= 0 OR from_number <= $3)
	UNION ALL SELECT holder, blocked FROM %[1]s.tool_history WHERE id = q.tool AND from_number <= $3 AND to_number > $3
) t
WHERE NOT q.tool = ANY ($4::uuid[]) GROUP BY 1, 2, 3`, v.schema), of.recalls, of.tools, v.number, append([]uuid.UUID{}, m.tools()...))
	if err != nil {
		return fmt.Errorf("count tools of recalls: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var recall uuid.UUID
		var kind string
		var blocked bool
		var tools int
		if err := rows.Scan(&recall, &kind, &blocked, &tools); err != nil {
			return fmt.Errorf("count tools of recalls: %w", err)
		}
		progressed(byID[recall], tool.HolderKind(kind), blocked, tools)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count tools of recalls: %w", err)
	}
	return s.progressThrough(ctx, v, m, of, byID)
}

// progressThrough adds the tools that are read through an exchange.
func (s *Side) progressThrough(ctx context.Context, v view, m moved, of recalledTools, byID map[uuid.UUID]*api.RecallProgress) error {
	ids := slices.DeleteFunc(m.tools(), func(id uuid.UUID) bool { return !slices.Contains(of.tools, id) })
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.custodyRows(ctx, v, readmodel.ListQuery{Where: "id = ANY ($1)", Args: []any{ids}}, func(id uuid.UUID, _ custody.Row) bool {
		return slices.Contains(ids, id)
	})
	for _, r := range rows {
		for i, id := range of.tools {
			if id == r.ID {
				progressed(byID[of.recalls[i]], custody.HolderOf(r.Row.Holder).Kind, r.Row.Blocked != "", 1)
			}
		}
	}
	return err
}
