package readside

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/projections/kpi"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func (v view) moment() kpi.Moment { return kpi.Moment{Number: v.number, Time: v.asked} }

// SLA returns the figures of a target, without the empty rows.
func (s *Side) SLA(ctx context.Context, at api.AsOf, q api.SLAQuery) ([]api.SLARow, api.Snapshot, error) {
	kq := kpi.Query{Site: q.Site, From: q.From, To: q.To, Target: domainticket.TargetName(q.Target)}
	switch q.GroupBy {
	case api.SLAGroupTeam:
		kq.By = kpi.ByTeam
	case api.SLAGroupTechnician:
		kq.By = kpi.ByTechnician
	case api.SLAGroupLevel:
		kq.By = kpi.ByLevel
	case api.SLAGroupPeriod:
		kq.Grain = readmodel.ByDay
		if q.Grain == api.GrainMonth {
			kq.Grain = readmodel.ByMonth
		}
	case api.SLAGroupNone:
	}
	out := []api.SLARow{}
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		rows, err := s.kpi.SLA(ctx, v.q, v.schema, kq, v.moment())
		for _, r := range rows {
			out = append(out, slaRow(kq, r))
		}
		return err
	})
	return out, snap, err
}

func slaRow(q kpi.Query, r kpi.Row) api.SLARow {
	row := api.SLARow{
		Met: r.Met, Breached: r.Breached, Running: r.Running, Withdrawn: r.Withdrawn, NoTarget: r.NoTarget,
		Cases: r.Cases, FirstResolved: r.FirstResolved, NeverResolved: r.NeverResolved, ActiveAgain: r.ActiveAgain,
		GrossS: r.GrossS, PausedS: r.PausedS, NetS: r.NetS, WithinGross: r.WithinGross, WithinNet: r.WithinNet,
		LevelChanged: r.LevelDiffers, LevelEverChanged: r.LevelChanged, Reassigned3: r.Reassigned3,
		ClosedWithoutSourceResolution: r.SourceUnresolved, SourceMet: r.SourceMet, SourceBreached: r.SourceBreached,
	}
	switch q.By {
	case kpi.ByTeam:
		row.Team = parsed(r.Value)
	case kpi.ByTechnician:
		row.Technician = parsed(r.Value)
	case kpi.ByLevel:
		if level, err := strconv.Atoi(r.Value); err == nil {
			row.Level = &level
		}
	}
	if q.Grain != "" {
		period := string(r.Period)
		if q.Grain == readmodel.ByMonth {
			period = period[:len("2006-01")]
		}
		row.Period = &period
	}
	return row
}

// parsed is the id of a row of figures; the zero id is the row of none.
func parsed(value string) *uuid.UUID {
	id, err := uuid.Parse(value)
	if err != nil {
		id = uuid.Nil
	}
	return &id
}

// measureNames are the figures that the ticket projection calls otherwise.
var measureNames = map[api.Measure]string{
	api.MeasureLevelChanged:                  "level_differs",
	api.MeasureLevelEverChanged:              "level_changed",
	api.MeasureClosedWithoutSourceResolution: "source_unresolved",
}

func figure(c api.SLACell) kpi.Figure {
	f := kpi.Figure{
		Query:   kpi.Query{Site: c.Site, From: c.From, To: c.To, Target: domainticket.TargetName(c.Target)},
		Measure: string(c.Measure),
	}
	if name, ok := measureNames[c.Measure]; ok {
		f.Measure = name
	}
	id := func(by string, v *uuid.UUID) {
		if v == nil {
			return
		}
		f.By = by
		if *v != uuid.Nil {
			f.Value = v.String()
		}
	}
	id(kpi.ByTeam, c.Team)
	id(kpi.ByTechnician, c.Technician)
	if c.Level != nil {
		f.By, f.Value = kpi.ByLevel, strconv.Itoa(*c.Level)
	}
	return f
}

// ExplainFigure returns a page of the facts that a figure adds up from, and the sum of all of them.
func (s *Side) ExplainFigure(ctx context.Context, at api.AsOf, c api.SLACell, p api.Page) (api.SLAFacts, api.Snapshot, error) {
	from, err := offset(p.After)
	if err != nil {
		return api.SLAFacts{}, api.Snapshot{}, err
	}
	var facts []kpi.Fact
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		facts, err = s.terms(ctx, v, c)
		return err
	})
	if err != nil {
		return api.SLAFacts{}, snap, err
	}
	out, err := s.page(ctx, facts, from, p.Limit)
	return out, snap, err
}

// page returns a page of facts with their spans, and the sum of all.
func (s *Side) page(ctx context.Context, facts []kpi.Fact, from, limit int) (api.SLAFacts, error) {
	out := api.SLAFacts{Facts: []api.SLAFact{}}
	for _, f := range facts {
		out.Sum += f.Delta
	}
	facts, out.Next = cut(facts, from, limit)
	for _, f := range facts {
		sp, err := s.spansOf(ctx, f.Ticket, f.Event)
		if err != nil {
			return api.SLAFacts{}, err
		}
		out.Facts = append(out.Facts, api.SLAFact{Number: f.Number, EventId: f.Event, TicketId: f.Ticket, Delta: f.Delta, Spans: sp})
	}
	return out, nil
}

// terms are the facts of a figure; those without a first resolution are the
// cases less the resolved ones.
func (s *Side) terms(ctx context.Context, v view, c api.SLACell) ([]kpi.Fact, error) {
	f := figure(c)
	if c.Measure != api.MeasureNeverResolved {
		return s.kpi.Explain(ctx, v.q, v.schema, f, v.moment())
	}
	f.Measure = "cases"
	facts, err := s.kpi.Explain(ctx, v.q, v.schema, f, v.moment())
	if err != nil {
		return nil, err
	}
	f.Measure = "first_resolved"
	resolved, err := s.kpi.Explain(ctx, v.q, v.schema, f, v.moment())
	for _, r := range resolved {
		r.Delta = -r.Delta
		facts = append(facts, r)
	}
	return facts, err
}

// KPIs is the part of a Side that answers about figures.
type KPIs struct{ *Side }

// Explain is Side.ExplainFigure.
func (k KPIs) Explain(ctx context.Context, at api.AsOf, c api.SLACell, p api.Page) (api.SLAFacts, api.Snapshot, error) {
	return k.ExplainFigure(ctx, at, c, p)
}

var _ api.KPIs = KPIs{}
