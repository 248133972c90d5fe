package readside

import (
	"context"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/kpi"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Statistics returns the statistics of tickets, without the empty rows (TKT-23).
func (s *Side) Statistics(ctx context.Context, at api.AsOf, q api.StatisticsQuery) ([]api.StatisticsRow, api.Snapshot, error) {
	out := []api.StatisticsRow{}
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		if q.Sites != nil && len(q.Sites) == 0 {
			return nil
		}
		sq := statisticsQuery(q)
		rows, err := s.kpi.Tickets(ctx, v.q, v.schema, sq, v.moment())
		for _, r := range rows {
			out = append(out, statisticsRow(sq, r))
		}
		return err
	})
	return out, snap, err
}

func statisticsQuery(q api.StatisticsQuery) kpi.StatisticsQuery {
	sq := kpi.StatisticsQuery{Sites: q.Sites, From: q.From, To: q.To}
	switch q.GroupBy {
	case api.StatisticsGroupNone:
	case api.StatisticsGroupPeriod:
		sq.Grain = readmodel.ByDay
		if q.Grain == api.GrainMonth {
			sq.Grain = readmodel.ByMonth
		}
	case api.StatisticsGroupSite, api.StatisticsGroupKind, api.StatisticsGroupProblem, api.StatisticsGroupSolution,
		api.StatisticsGroupTechnician, api.StatisticsGroupTeam, api.StatisticsGroupLevel:
		sq.By = string(q.GroupBy)
	}
	return sq
}

func statisticsRow(q kpi.StatisticsQuery, r kpi.Statistics) api.StatisticsRow {
	row := api.StatisticsRow{
		Cases: r.Cases, Handled: r.Handled(), Resolved: r.Resolved, Dropped: r.Dropped, Unresolved: r.Unresolved(),
		ActiveAgain: r.ActiveAgain, GrossS: r.GrossS, PausedS: r.PausedS, NetS: r.NetS,
		ResolutionPpm: ifAny(r.ResolutionPPM()), MeanGrossS: ifAny(r.MeanGrossS()), MeanNetS: ifAny(r.MeanNetS()),
	}
	if q.By != "" {
		row.Value = &r.Value
	}
	if q.Grain != "" {
		period := string(r.Period)
		if q.Grain == readmodel.ByMonth {
			period = period[:len("2006-01")]
		}
		row.Value = &period
	}
	return row
}

// ifAny is nil for a figure that there is not.
func ifAny(n int64, ok bool) *int64 {
	if !ok {
		return nil
	}
	return &n
}

// ExplainStatistics returns a page of the facts that a figure adds up from, and the sum of all of them.
func (s *Side) ExplainStatistics(ctx context.Context, at api.AsOf, c api.StatisticsCell, p api.Page) (api.SLAFacts, api.Snapshot, error) {
	from, err := offset(p.After)
	if err != nil {
		return api.SLAFacts{}, api.Snapshot{}, err
	}
	var facts []kpi.Fact
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		f := kpi.StatisticsFigure{StatisticsQuery: statisticsQuery(c.StatisticsQuery), Value: c.Value, Measure: string(c.Measure)}
		facts, err = s.kpi.ExplainTickets(ctx, v.q, v.schema, f, v.moment())
		return err
	})
	if err != nil {
		return api.SLAFacts{}, snap, err
	}
	out, err := s.page(ctx, facts, from, p.Limit)
	return out, snap, err
}
