package api

import (
	"context"

	"github.com/fieldledger/fieldledger/domain"
)

// GetTicketStatistics answers how many tickets were handled and how long that
// took, by period and group (TKT-23).
func (s *Server) GetTicketStatistics(ctx context.Context, in GetTicketStatisticsRequestObject) (GetTicketStatisticsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	q := StatisticsQuery{Sites: sites, From: domain.Day(p.From), To: domain.Day(p.To), GroupBy: StatisticsGroupNone, Grain: GrainMonth}
	if p.GroupBy != nil {
		q.GroupBy = *p.GroupBy
	}
	if p.Grain != nil {
		q.Grain = *p.Grain
	}
	if err := checkPeriod(q.From, q.To); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, seen, err := s.KPIs.Statistics(ctx, l.at, q)
	if err != nil {
		return nil, err
	}
	page, after, err := slice(rows, l.page)
	if err != nil {
		return nil, err
	}
	return GetTicketStatistics200JSONResponse{AsOf: seen, Rows: page, Next: s.next(ctx, l, after, seen)}, nil
}

// ExplainTicketStatistics answers the facts that a figure adds up from (AUD-05).
func (s *Server) ExplainTicketStatistics(ctx context.Context, in ExplainTicketStatisticsRequestObject) (ExplainTicketStatisticsResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	c := StatisticsCell{
		StatisticsQuery: StatisticsQuery{Sites: []string{p.Site}, From: domain.Day(p.From), To: domain.Day(p.To), GroupBy: StatisticsGroupNone},
		Value:           or(p.Value), Measure: p.Measure,
	}
	if p.GroupBy != nil {
		c.GroupBy = *p.GroupBy
	}
	if err := checkPeriod(c.From, c.To); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	facts, seen, err := s.KPIs.ExplainStatistics(ctx, l.at, c, l.page)
	if err != nil {
		return nil, err
	}
	out := StatisticsExplanation{
		AsOf: seen, Measure: c.Measure, Sum: facts.Sum, Facts: facts.shown(), Next: s.next(ctx, l, facts.Next, seen),
	}
	return ExplainTicketStatistics200JSONResponse(out), nil
}
