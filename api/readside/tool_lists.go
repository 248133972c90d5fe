package readside

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// ToolsAsOf answers process managers.
func (s *Side) ToolsAsOf(ctx context.Context, asOf int64, q process.ToolQuery, limit int) ([]process.FoundTool, error) {
	out := []process.FoundTool{}
	_, err := s.read(ctx, custody.Name, custody.Version, api.AsOf{Number: &asOf}, func(v view) error {
		where := "standing <> 'scrapped'"
		var args []any
		add := func(condition string, a any) {
			args = append(args, a)
			where += fmt.Sprintf(" AND "+condition, len(args))
		}
		if q.ID != uuid.Nil {
			add("id = $%d", q.ID)
		}
		if q.Kind != "" {
			add("kind = $%d", q.Kind)
		}
		if q.Batch != "" {
			add("batch = $%d", q.Batch)
		}
		if q.Usual {
			add("standing = $%d AND blocked = ''", string(tool.StandingInStore))
		}
		rows, err := s.custodyRows(ctx, v, readmodel.ListQuery{Sites: []string{q.Site}, Where: where, Args: args, Limit: limit}, func(id uuid.UUID, r custody.Row) bool {
			return r.Standing != string(tool.StandingScrapped) && (q.ID == uuid.Nil || q.ID == id) && (q.Kind == "" || q.Kind == r.Kind) &&
				(q.Batch == "" || q.Batch == r.Batch) && (!q.Usual || r.Standing == string(tool.StandingInStore) && r.Blocked == "")
		})
		for _, r := range rows {
			out = append(out, process.FoundTool{ID: r.ID, Holder: custody.HolderOf(r.Row.Holder)})
		}
		return err
	})
	return out, err
}

// Recall returns a recall as of a moment with how each of its tools stands
// then; commands.ErrNotFound if it was not there.
func (s *Side) Recall(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Recall, api.Snapshot, error) {
	var out api.Recall
	found := false
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		r, ok, err := s.recalls.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		found = true
		out = api.Recall{
			Id: r.ID, Site: r.Site, Revision: r.Revision, At: domain.At(r.Row.At), By: r.Row.By, Tool: r.Row.Tool, Kind: r.Row.Kind, Batch: r.Row.Batch,
			Report: r.Row.Report, Finding: r.Row.Finding, ClosedBy: r.Row.ClosedBy, ClosedAt: maybe(r.Row.ClosedAt), Tools: []api.RecalledTool{},
		}
		now, err := s.toolsNow(ctx, v, r.Row.Decisions)
		if err != nil {
			return err
		}
		for _, d := range r.Row.Decisions {
			t := api.RecalledTool{Decision: decisionOf(d), Now: now[d.Tool]}
			out.Tools = append(out.Tools, t)
			out.Progress.Tools++
			progressed(&out.Progress, tool.HolderKind(t.Now.Holder.Kind), t.Now.Blocked != "", 1)
		}
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// progressed adds tools that one kind of custodian has to how far a recall has come.
func progressed(p *api.RecallProgress, kind tool.HolderKind, blocked bool, tools int) {
	if blocked {
		p.Blocked += tools
	}
	switch kind {
	case tool.Person, tool.Team:
		p.WithPeople += tools
	case tool.Store, tool.Repairer:
		p.Back += tools
	case tool.Nobody:
		p.Gone += tools
	}
}

// toolsNow returns how the tools of a list stand, by their ids.
func (s *Side) toolsNow(ctx context.Context, v view, of []tool.Decision) (map[string]api.Tool, error) {
	ids := []uuid.UUID{}
	for _, d := range of {
		if id, err := uuid.Parse(d.Tool); err == nil {
			ids = append(ids, id)
		}
	}
	rows, err := s.custodyRows(ctx, v, readmodel.ListQuery{Where: "id = ANY ($1)", Args: []any{ids}}, func(id uuid.UUID, _ custody.Row) bool {
		return slices.Contains(ids, id)
	})
	out := make(map[string]api.Tool, len(rows))
	for _, r := range rows {
		out[r.ID.String()] = shownTool(r)
	}
	return out, err
}

// AnnualIssue returns the annual issue of a site and year as of a moment;
// commands.ErrNotFound if there was none.
func (s *Side) AnnualIssue(ctx context.Context, at api.AsOf, site string, year int) (api.AnnualIssue, api.Snapshot, error) {
	out := api.AnnualIssue{Site: site, Year: year, Lists: []api.AnnualList{}}
	_, id := readmodel.StreamKey(fmt.Sprintf("fl.annual-issue-%s-%d", site, year))
	found := false
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		r, ok, err := s.annuals.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		found, out.Revision = true, r.Revision
		for _, l := range r.Row.Lists {
			shown := api.AnnualList{List: l.List, By: l.By, ApprovedBy: l.ApprovedBy, Rows: []api.AnnualRow{}, Decisions: []api.ToolDecision{}}
			for _, row := range l.Rows {
				shown.Rows = append(shown.Rows, api.AnnualRow{To: api.Recipient{Kind: api.RecipientKind(row.To.Kind), Who: uuid.MustParse(row.To.Who)}, Kind: row.Kind, Count: row.Count, Tool: row.Tool})
			}
			for _, d := range l.Decisions {
				shown.Decisions = append(shown.Decisions, decisionOf(d))
			}
			out.Lists = append(out.Lists, shown)
		}
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

func decisionOf(d tool.Decision) api.ToolDecision {
	return api.ToolDecision{
		Row: d.Row, Tool: d.Tool, Holder: api.Holder{Kind: api.HolderKind(d.Holder.Kind), Who: d.Holder.Who},
		Result: api.ToolDecisionResult(d.Result), Rule: d.Rule,
	}
}
