package api

import (
	"context"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

const maxDays = 3660 // of one question

// GetSLA answers figures by period and group (SLA-05).
func (s *Server) GetSLA(ctx context.Context, in GetSLARequestObject) (GetSLAResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	q := SLAQuery{
		Site: p.Site, From: domain.Day(p.From), To: domain.Day(p.To), Target: p.Target, GroupBy: SLAGroupNone, Grain: GrainMonth,
	}
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
	rows, seen, err := s.KPIs.SLA(ctx, l.at, q)
	if err != nil {
		return nil, err
	}
	page, after, err := slice(rows, l.page)
	if err != nil {
		return nil, err
	}
	return GetSLA200JSONResponse{AsOf: seen, Rows: page, Next: s.next(ctx, l, after, seen)}, nil
}

// ExplainSLA answers the facts that a figure adds up from (AUD-05).
func (s *Server) ExplainSLA(ctx context.Context, in ExplainSLARequestObject) (ExplainSLAResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	c := SLACell{
		Site: p.Site, From: domain.Day(p.From), To: domain.Day(p.To), Target: p.Target,
		Technician: p.Technician, Team: p.Team, Level: p.Level, Measure: p.Measure,
	}
	if err := checkPeriod(c.From, c.To); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	facts, seen, err := s.KPIs.Explain(ctx, l.at, c, l.page)
	if err != nil {
		return nil, err
	}
	out := SLAExplanation{
		AsOf: seen, Measure: c.Measure, Sum: facts.Sum, Facts: facts.shown(), Next: s.next(ctx, l, facts.Next, seen),
	}
	return ExplainSLA200JSONResponse(out), nil
}

// shown returns the facts as they go on the wire: lists of nothing are [].
func (f SLAFacts) shown() []SLAFact {
	facts := filled(f.Facts)
	for i := range facts {
		facts[i].Spans = filled(facts[i].Spans)
	}
	return facts
}

// checkPeriod refuses days that do not exist, a period that ends before it
// starts, and one that is longer than any question needs.
func checkPeriod(from, to domain.Day) error {
	first, err := readDay("from", string(from))
	if err != nil {
		return err
	}
	last, err := readDay("to", string(to))
	if err != nil {
		return err
	}
	if last.Before(first) || last.Sub(first) > maxDays*24*time.Hour {
		return badParameter("to", "param.period", "limit", maxDays)
	}
	return nil
}

// readDay reads a civil day of a parameter, in the years of readTime.
func readDay(parameter, text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < firstYear {
		return time.Time{}, badParameter(parameter, "param.day")
	}
	return day, nil
}
