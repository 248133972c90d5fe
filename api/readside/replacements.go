package readside

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/losses"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// month returns the half-open span of a civil month at a site.
func (s *Side) month(ctx context.Context, v view, site, month string) (from, to time.Time, err error) {
	_, zone, err := s.siteOf(ctx, v, site)
	if err != nil {
		return from, to, err
	}
	from, to, ok := domain.MonthIn(month, zone)
	if !ok {
		return from, to, fmt.Errorf("month %q of site %s is none", month, site)
	}
	return from, to, nil
}

const sqlIncidents = "first_incident < $1 AND last_incident >= $2"

// ToolReplacements are the tools that were lost or scrapped in a civil month
// and have to be replaced, by kind, and the plans that do so (CHK-02).
func (s *Side) ToolReplacements(ctx context.Context, at api.AsOf, site, month string) (api.ToolReplacements, error) {
	out := api.ToolReplacements{Site: site, Month: month, Lines: []api.ToolReplacementLine{}, Plans: []api.ToolReplacementPlan{}}
	var gone []readmodel.Versioned[keeping.Tool]
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		from, to, err := s.month(ctx, v, site, month)
		if err != nil {
			return err
		}
		rows, err := s.atRest.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "standing IN ('missing', 'scrapped') AND " + sqlIncidents, Args: []any{to, from}, Order: numberOrder, AsOf: v.number,
		})
		for _, r := range rows {
			if i, yes := r.Row.Gone(); yes && !i.At.Before(from) && i.At.Before(to) {
				gone = append(gone, r)
			}
		}
		return err
	})
	if err != nil || snap.Number == 0 {
		out.AsOf = snap
		return out, err
	}
	out.AsOf = snap
	ids := make([]uuid.UUID, len(gone))
	for i, r := range gone {
		ids[i] = r.ID
	}
	settled, err := s.settledInKind(ctx, snap.Number, site, ids)
	if err != nil {
		return out, err
	}
	planned, err := s.plansOfMonth(ctx, snap.Number, site, month, &out)
	if err != nil {
		return out, err
	}
	for _, r := range gone {
		if !settled[r.ID] {
			out.Lines = replaced(out.Lines, r, planned[r.ID])
		}
	}
	return out, nil
}

// replaced adds a tool to the line of its kind.
func replaced(lines []api.ToolReplacementLine, r readmodel.Versioned[keeping.Tool], plan *uuid.UUID) []api.ToolReplacementLine {
	i := slices.IndexFunc(lines, func(l api.ToolReplacementLine) bool { return l.Kind == r.Row.Kind && l.Spec == r.Row.Spec })
	if i < 0 {
		i = len(lines)
		lines = append(lines, api.ToolReplacementLine{Kind: r.Row.Kind, Name: r.Row.Name, Spec: r.Row.Spec, Variant: variantOf(r.Row.Category)})
	}
	why, _ := r.Row.Gone()
	l := &lines[i]
	l.Count++
	l.PriceFen += r.Row.PriceFen
	if plan == nil {
		l.Left++
	}
	l.Tools = append(l.Tools, api.ToolReplaced{
		Tool: r.ID, Number: r.Row.Number, What: api.ToolReplacedWhat(why.What), At: why.At, Event: why.Event, Revision: int64(why.Revision), //nolint:gosec // a revision fits
		PriceFen: r.Row.PriceFen, Plan: plan,
	})
	return lines
}

// variantOf says as what a tool of a category is bought.
func variantOf(category string) api.SupplyVariant {
	switch category {
	case "tooling":
		return api.SupplyVariant(policy.StandardTooling)
	case "container":
		return api.SupplyVariant(policy.Container)
	}
	return api.SupplyVariant(policy.ToolVariant)
}

// settledInKind are the tools that whoever lost them replaced, or at whose cost
// one is bought already (LOS-06).
func (s *Side) settledInKind(ctx context.Context, number int64, site string, tools []uuid.UUID) (map[uuid.UUID]bool, error) {
	out := map[uuid.UUID]bool{}
	_, err := s.read(ctx, losses.Name, losses.Version, api.AsOf{Number: &number}, func(v view) error {
		rows, err := s.loss.losses.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "tool = ANY ($1)", Args: []any{tools}, Order: lostOnOrder, AsOf: v.number,
		})
		for _, r := range rows {
			if r.Row.Replaced != nil || r.Row.Bought != nil {
				out[r.Row.Tool] = true
			}
		}
		return err
	})
	return out, err
}

// plansOfMonth adds the plans of a month to what is answered, and returns which
// tool which of them replaces; a rejected one replaces none.
func (s *Side) plansOfMonth(ctx context.Context, number int64, site, month string, out *api.ToolReplacements) (map[uuid.UUID]*uuid.UUID, error) {
	of := map[uuid.UUID]*uuid.UUID{}
	_, err := s.ofSupply(ctx, api.AsOf{Number: &number}, func(v view) error {
		rows, err := s.supply.demands.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "state -> 'Replacing' ->> 'month' = $1", Args: []any{month}, Order: entryOrder, AsOf: v.number,
		})
		for _, r := range rows {
			st := r.Row.State
			out.Plans = append(out.Plans, api.ToolReplacementPlan{
				Demand: r.ID, Part: st.Replacing.Part, AsOf: st.Replacing.AsOf, Standing: api.ToolReplacementPlanStanding(st.Standing), Tools: len(st.Replacing.Tools),
			})
			for _, id := range st.Replacing.Tools {
				if st.Standing != demand.StandingRejected {
					of[id] = new(r.ID)
				}
			}
		}
		return err
	})
	return of, err
}

// ToReplace returns what is left to replace of a month, as of a log number (CHK-02).
func (s *Side) ToReplace(ctx context.Context, site, month string, asOf int64) ([]demand.Line, []uuid.UUID, int, error) {
	of, err := s.ToolReplacements(ctx, api.AsOf{Number: &asOf}, site, month)
	if err != nil {
		return nil, nil, 0, err
	}
	var lines []demand.Line
	var tools []uuid.UUID
	for _, l := range of.Lines {
		if l.Left == 0 {
			continue
		}
		var lost, scrapped int
		for _, t := range l.Tools {
			switch {
			case t.Plan != nil:
				continue
			case t.What == api.ToolReplacedWhatLost:
				lost++
			default:
				scrapped++
			}
			tools = append(tools, t.Tool)
		}
		lines = append(lines, demand.Line{
			Variant: policy.Variant(l.Variant), Code: l.Kind, Name: l.Name, Spec: l.Spec, Count: l.Left,
			Reason: fmt.Sprintf("%s: %d lost, %d scrapped", month, lost, scrapped),
		})
	}
	return lines, tools, len(of.Plans), nil
}

// caused names the cause of each fact: what was found of a loss or damage, and
// for what a scrapping was asked; "" where nobody has said (CHK-02).
func (s *Side) caused(ctx context.Context, number int64, site string, facts []api.KeepingFact) error {
	tools, texts := make([]uuid.UUID, len(facts)), make([]string, len(facts))
	for i, f := range facts {
		tools[i], texts[i] = f.Tool, f.Tool.String()
	}
	at := api.AsOf{Number: &number}
	found := map[uuid.UUID]string{} // by the event that reports it
	_, err := s.read(ctx, losses.Name, losses.Version, at, func(v view) error {
		rows, err := s.loss.losses.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "tool = ANY ($1)", Args: []any{tools}, Order: lostOnOrder, AsOf: v.number,
		})
		for _, r := range rows {
			if f := r.Row.Finding; f != nil {
				found[r.Row.Opened.Report] = map[bool]string{true: "on_duty", false: "no_good_cause"}[f.OnDuty]
				if f.GoodCause && !f.OnDuty {
					found[r.Row.Opened.Report] = "good_cause"
				}
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	asked := map[string]string{} // by tool
	_, err = s.ofSupply(ctx, at, func(v view) error {
		rows, err := s.supply.scraps.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "about = ANY ($1) AND standing IN ($2, $3)",
			Args: []any{texts, string(scrap.StandingCarriedOut), string(scrap.StandingDisposed)}, Order: entryOrder, AsOf: v.number,
		})
		for _, r := range rows {
			asked[r.Row.About] = string(r.Row.State.Asked.Cause)
		}
		return err
	})
	for i := range facts {
		switch facts[i].What {
		case api.KeepingFactWhatScrapped:
			facts[i].Cause = asked[texts[i]]
		case api.KeepingFactWhatLost, api.KeepingFactWhatDamaged, api.KeepingFactWhatWorn:
			facts[i].Cause = found[facts[i].Event]
		case api.KeepingFactWhatFailed, api.KeepingFactWhatFound, api.KeepingFactWhatRepair: // nothing is gone
		}
	}
	return err
}
