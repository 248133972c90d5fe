package readside

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// DueChecks returns a page of the tools that are due for a purpose by a day.
func (s *Side) DueChecks(ctx context.Context, at api.AsOf, q api.DueQuery, p api.Page) ([]api.KeepingDue, string, api.Snapshot, error) {
	out := []api.KeepingDue{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		_, zone, err := s.siteOf(ctx, v, q.Site)
		if err != nil {
			return err
		}
		by := domain.DayOf(v.asked, zone)
		if q.By != nil {
			by = *q.By
		}
		if q.Purpose == api.KeepingDuePurposeInspection || q.Purpose == api.KeepingDuePurposeMoveOut {
			out, next, err = s.dueInspections(ctx, v, q, by, p)
			return err
		}
		all, err := s.dueByPlan(ctx, v, q, by)
		if err != nil {
			return err
		}
		out, next, err = sliceOf(all, p)
		return err
	})
	return out, next, snap, err
}

// dueInspections are the tools whose result is good until a day at most, or
// that have none (INS-01); or those that failed and are still in a store (INS-06).
func (s *Side) dueInspections(ctx context.Context, v view, q api.DueQuery, by domain.Day, p api.Page) ([]api.KeepingDue, string, error) {
	where, args := inspectedWhere+" AND (next_on IS NULL OR next_on <= $1::text::date)", []any{string(by)}
	wanted := func(t keeping.Tool) bool { return inspected(t) && (t.NextOn == nil || *t.NextOn <= by) }
	if q.Purpose == api.KeepingDuePurposeMoveOut {
		where, args = "failed AND standing = 'in_store'", nil
		wanted = func(t keeping.Tool) bool { return t.Failed && t.Standing == string(tool.StandingInStore) }
	}
	if q.Kind != nil {
		args = append(args, *q.Kind)
		where += fmt.Sprintf(" AND kind = $%d", len(args))
	}
	if q.InUse {
		where += " AND " + inUse
	}
	start, err := after(p.After, 2)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.keptTools(ctx, v, readmodel.ListQuery{
		Sites: []string{q.Site}, Where: where, Args: args, After: start, Limit: p.Limit + 1,
	}, func(t keeping.Tool) bool {
		return wanted(t) && (q.Kind == nil || t.Kind == *q.Kind) && (!q.InUse || usedBy(t))
	})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		next = place(rows[p.Limit-1].Row.Number, rows[p.Limit-1].ID.String())
	}
	plans, err := s.plansOf(ctx, v, q.Site, rows)
	if err != nil {
		return nil, "", err
	}
	out := []api.KeepingDue{}
	for _, r := range rows {
		d := shownDue(r, plans[r.Row.Kind])
		switch {
		case r.Row.Failed:
			d.State = api.KeepingDueStateFailed
		case r.Row.NextOn == nil:
			d.State = api.KeepingDueStateNever
		case *r.Row.NextOn < by:
			d.State = api.KeepingDueStateOverdue
		}
		out = append(out, d)
	}
	return out, next, nil
}

// plansOf are the plans of the kinds of some tools.
func (s *Side) plansOf(ctx context.Context, v view, site string, rows []readmodel.Versioned[keeping.Tool]) (map[string]keeping.Plan, error) {
	kinds := []string{}
	for _, r := range rows {
		if !slices.Contains(kinds, r.Row.Kind) {
			kinds = append(kinds, r.Row.Kind)
		}
	}
	found, err := s.plans.List(ctx, v.q, v.schema, readmodel.ListQuery{
		Sites: []string{site}, Where: "kind = ANY ($1)", Args: []any{kinds}, AsOf: v.number,
	})
	out := map[string]keeping.Plan{}
	for _, r := range found {
		out[r.Row.Kind] = r.Row
	}
	return out, err
}

func shownDue(r readmodel.Versioned[keeping.Tool], plan keeping.Plan) api.KeepingDue {
	d := api.KeepingDue{
		Tool: r.ID, Number: r.Row.Number, Name: r.Row.Name, Kind: r.Row.Kind, Category: r.Row.Category, Holder: holderOf(r.Row.Holder), Home: r.Row.Home,
		State: api.KeepingDueStateDue,
	}
	if r.Row.NextOn != nil {
		d.LastDay = new(string(*r.Row.NextOn))
	}
	if l, ok := plan.Lying[r.ID.String()]; ok {
		d.Place = &l.Place
		if l.Keeper != "" {
			d.Keeper = &l.Keeper
		}
	}
	if c, ok := plan.Told[r.ID.String()]; ok && c.Holder == r.Row.Holder && (r.Row.NextOn == nil || c.LastDay == *r.Row.NextOn) {
		d.CalledBackAt = &c.At
	}
	return d
}

const sqlLastChecks = `
-- The last check of each tool of a kind for a purpose, as of a number.
SELECT (t ->> 'tool')::uuid, max(checked_on)::text FROM %[1]s.inspection_check c, jsonb_array_elements(c.tools) t
WHERE site = $1 AND kind = $2 AND purpose = $3 AND ($4::bigint <= 0 OR number <= $4)
AND NOT EXISTS (SELECT FROM %[1]s.keeping_strike s WHERE s.struck = c.event_id AND ($4::bigint <= 0 OR s.number <= $4)) GROUP BY 1`

// dueByPlan are the tools whose period of a plan ends by a day (INS-05, INS-08,
// INS-09). A random check draws its sample by a hash over day and tool, so that
// nobody chooses and everybody draws the same.
func (s *Side) dueByPlan(ctx context.Context, v view, q api.DueQuery, by domain.Day) ([]api.KeepingDue, error) {
	tools, err := s.keptTools(ctx, v, readmodel.ListQuery{
		Sites: []string{q.Site}, Where: "kind = $1 AND standing NOT IN ('missing', 'scrapped')", Args: []any{*q.Kind},
	}, func(t keeping.Tool) bool { return t.Kind == *q.Kind && present(t.Standing) })
	if err != nil {
		return nil, err
	}
	plans, err := s.plans.List(ctx, v.q, v.schema, readmodel.ListQuery{Sites: []string{q.Site}, Where: "kind = $1", Args: []any{*q.Kind}, AsOf: v.number})
	if err != nil {
		return nil, err
	}
	purpose := inspectionplan.Purpose(q.Purpose)
	var plan keeping.Plan
	if len(plans) > 0 {
		plan = plans[0].Row
	}
	set, there := plan.Plans[purpose]
	if !there {
		return nil, domain.Refuse("POL-08", "inspect.period_missing", "kind", *q.Kind, "purpose", string(q.Purpose))
	}
	last, err := s.lastChecks(ctx, v, q)
	if err != nil {
		return nil, err
	}
	out := []api.KeepingDue{}
	for _, r := range tools {
		if q.InUse && !usedBy(r.Row) {
			continue
		}
		d := shownDue(r, plan)
		begun := set.From
		if on, checked := last[r.ID]; checked {
			d.LastChecked = new(string(on))
			begun = max(begun, on)
		} else {
			d.State = api.KeepingDueStateNever
		}
		due := begun.MonthsAfter(set.Months)
		if due > by {
			continue
		}
		if due < by && d.LastChecked != nil {
			d.State = api.KeepingDueStateOverdue
		}
		out = append(out, d)
	}
	if purpose == inspectionplan.Random && set.Sample > 0 && len(out) > set.Sample {
		draw := func(d api.KeepingDue) string {
			sum := sha256.Sum256([]byte(string(by) + d.Tool.String()))
			return hex.EncodeToString(sum[:])
		}
		slices.SortFunc(out, func(a, b api.KeepingDue) int { return cmp.Compare(draw(a), draw(b)) })
		out = out[:set.Sample]
		slices.SortFunc(out, func(a, b api.KeepingDue) int { return cmp.Compare(a.Number, b.Number) })
	}
	return out, nil
}

func (s *Side) lastChecks(ctx context.Context, v view, q api.DueQuery) (map[uuid.UUID]domain.Day, error) {
	rows, err := v.q.Query(ctx, fmt.Sprintf(sqlLastChecks, v.schema), q.Site, *q.Kind, string(q.Purpose), v.number)
	if err != nil {
		return nil, fmt.Errorf("find last checks: %w", err)
	}
	defer rows.Close()
	out := map[uuid.UUID]domain.Day{}
	for rows.Next() {
		var id uuid.UUID
		var on string
		if err := rows.Scan(&id, &on); err != nil {
			return nil, fmt.Errorf("find last checks: %w", err)
		}
		out[id] = domain.Day(on)
	}
	return out, rows.Err()
}

// LapsedUse returns a page of the tools that were in use past their last day
// in a period, by number: the stretches, and the events that say so (INS-02).
func (s *Side) LapsedUse(ctx context.Context, at api.AsOf, q api.LapseQuery, p api.Page) ([]api.KeepingLapse, string, api.Snapshot, error) {
	out := []api.KeepingLapse{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		_, zone, err := s.siteOf(ctx, v, q.Site)
		if err != nil {
			return err
		}
		q.To = min(q.To, domain.DayOf(v.asked, zone)) // what has not come yet has not happened
		where, args := "lapsed_from <= $1::text::date AND lapsed_to >= $2::text::date", []any{string(q.To), string(q.From)}
		if q.Category != nil {
			where, args = where+" AND category = $3", append(args, *q.Category)
		}
		start, err := after(p.After, 2)
		if err != nil {
			return err
		}
		for {
			rows, err := s.keptTools(ctx, v, readmodel.ListQuery{
				Sites: []string{q.Site}, Where: where, Args: args, After: start, Limit: p.Limit + 1,
			}, func(t keeping.Tool) bool { return q.Category == nil || t.Category == *q.Category })
			if err != nil {
				return err
			}
			for _, r := range rows {
				lapses := r.Row.Lapses(zone, q.From, q.To)
				if len(lapses) == 0 {
					continue
				}
				if len(out) == p.Limit {
					next = place(out[p.Limit-1].Number, out[p.Limit-1].Tool.String())
					return nil
				}
				out = append(out, shownLapse(r, lapses))
			}
			if len(rows) <= p.Limit {
				return nil
			}
			end := rows[len(rows)-1]
			start = []any{end.Row.Number, end.ID}
		}
	})
	return out, next, snap, err
}

func shownLapse(r readmodel.Versioned[keeping.Tool], lapses []keeping.Lapse) api.KeepingLapse {
	out := api.KeepingLapse{Tool: r.ID, Number: r.Row.Number, Name: r.Row.Name, Kind: r.Row.Kind, Category: r.Row.Category}
	for _, l := range lapses {
		x := api.KeepingStretch{Holder: holderOf(l.Holder), From: string(l.From), To: string(l.To), GoesOn: l.Ends == nil}
		if l.LastDay != "" {
			x.LastDay = new(string(l.LastDay))
		}
		x.Events = append(x.Events, evidence(api.KeepingEvidenceWhatCustody, l.Custody))
		if l.Result != nil {
			x.Events = append(x.Events, evidence(api.KeepingEvidenceWhatInspection, l.Result.Mark))
		}
		if l.Ends != nil {
			x.Events = append(x.Events, evidence(api.KeepingEvidenceWhatEnd, *l.Ends))
		}
		out.Stretches = append(out.Stretches, x)
	}
	return out
}

func evidence(what api.KeepingEvidenceWhat, m keeping.Mark) api.KeepingEvidence {
	return api.KeepingEvidence{What: what, Event: m.Event, Revision: int64(m.Revision), At: m.At} //nolint:gosec // a revision fits
}
