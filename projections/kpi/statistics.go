package kpi

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Dimensions of the statistics, beside those of the service levels.
const (
	BySite     = "site"
	ByKind     = "kind"
	ByProblem  = "problem"
	BySolution = "solution"
)

// StatisticsQuery asks for the statistics of tickets called in [From, To].
type StatisticsQuery struct {
	Sites    []string // codes; nil for all
	From, To domain.Day
	By       string // a dimension, "" for the whole
	Grain    string // readmodel.ByDay or ByMonth: a row a period; "" for one row over all
}

// Statistics is one line of them (TKT-23). Cases are the resolved, the dropped
// and the unresolved ones. Satisfaction is none of them: no event rates yet.
type Statistics struct {
	Period domain.Day // first day, "" for all
	Value  string     // of By
	Cases  int64
	// Resolved have a first resolution; Dropped were merged, withdrawn or
	// rejected without one (TKT-17).
	Resolved, Dropped, ActiveAgain int64
	GrossS, PausedS, NetS          int64 // seconds from the call to the first resolution, by its clock
}

// Handled are the tickets that are dealt with.
func (s Statistics) Handled() int64 { return s.Resolved + s.Dropped }

// Unresolved are neither resolved nor dropped.
func (s Statistics) Unresolved() int64 { return s.Cases - s.Handled() }

// ResolutionPPM is the share of the resolved in those that were not dropped,
// in millionths, rounded half up; false if there are none.
func (s Statistics) ResolutionPPM() (int64, bool) {
	return quotient(s.Resolved*1_000_000, s.Cases-s.Dropped)
}

// MeanGrossS is the mean gross time of a resolution in whole seconds, rounded
// half up; false without any.
func (s Statistics) MeanGrossS() (int64, bool) { return quotient(s.GrossS, s.Resolved) }

// MeanNetS is the mean net time of a resolution, likewise.
func (s Statistics) MeanNetS() (int64, bool) { return quotient(s.NetS, s.Resolved) }

func quotient(n, of int64) (int64, bool) {
	if of == 0 {
		return 0, false
	}
	return (2*n + of) / (2 * of), true
}

// Tickets returns the rows of a query that are not empty, by period and value.
func (r *Reader) Tickets(ctx context.Context, q readmodel.Querier, schema string, sq StatisticsQuery, at Moment) ([]Statistics, error) {
	dim := sq.By
	if dim == BySite {
		dim = ""
	}
	cells, err := r.tickets.SumCells(ctx, q, schema, readmodel.CellQuery{
		Sites: sq.Sites, Grain: grain(Query{From: sq.From, To: sq.To, Grain: sq.Grain}), From: sq.From, To: sq.To, Dim: dim, AsOf: at.Number,
	})
	if err != nil {
		return nil, fmt.Errorf("statistics of tickets: %w", err)
	}
	rows := map[key]*Statistics{}
	for _, c := range cells {
		k := key{c.Period, c.Value}
		if sq.Grain == "" {
			k.period = ""
		}
		if sq.By == BySite {
			k.value = c.Site
		}
		if rows[k] == nil {
			rows[k] = &Statistics{Period: k.period, Value: k.value}
		}
		rows[k].add(c.Sums)
	}
	out := make([]Statistics, 0, len(rows))
	for _, s := range rows {
		if *s != (Statistics{Period: s.Period, Value: s.Value}) {
			out = append(out, *s)
		}
	}
	slices.SortFunc(out, func(a, b Statistics) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Value, b.Value))
	})
	return out, nil
}

func (s *Statistics) add(sums []int64) {
	for name, p := range map[string]*int64{
		"cases": &s.Cases, "first_resolved": &s.Resolved, "dropped": &s.Dropped, "active_again": &s.ActiveAgain,
		"gross_s": &s.GrossS, "paused_s": &s.PausedS, "net_s": &s.NetS,
	} {
		*p += sums[measures[name]]
	}
}

// StatisticsFigure names a figure of the statistics of one site: one value of
// a dimension, one measure.
type StatisticsFigure struct {
	StatisticsQuery
	Value   string // of By
	Measure string // "cases", "resolved", "dropped", "handled", "unresolved", "active_again", "gross_s", "paused_s" or "net_s"
}

// terms are the measures of the facts that a figure adds up from, with their sign.
var terms = map[string]map[string]int64{
	"cases": {"cases": 1}, "resolved": {"first_resolved": 1}, "dropped": {"dropped": 1}, "active_again": {"active_again": 1},
	"gross_s": {"gross_s": 1}, "paused_s": {"paused_s": 1}, "net_s": {"net_s": 1},
	"handled": {"first_resolved": 1, "dropped": 1}, "unresolved": {"cases": 1, "first_resolved": -1, "dropped": -1},
}

// ExplainTickets returns the terms of a figure in log order. They add up to
// the figure (AUD-05).
func (r *Reader) ExplainTickets(ctx context.Context, q readmodel.Querier, schema string, f StatisticsFigure, at Moment) ([]Fact, error) {
	of, ok := terms[f.Measure]
	if !ok {
		return nil, fmt.Errorf("measure %q is not known", f.Measure)
	}
	fq := readmodel.FactQuery{Sites: f.Sites, From: f.From, To: f.To, Dim: f.By, Value: f.Value, AsOf: at.Number}
	if f.By == BySite {
		fq.Dim, fq.Value = "", ""
	}
	facts, err := r.tickets.Facts(ctx, q, schema, fq)
	if err != nil {
		return nil, fmt.Errorf("explain statistics of tickets: %w", err)
	}
	out := []Fact{}
	for _, fact := range facts {
		delta := int64(0)
		for name, sign := range of {
			delta += sign * fact.Deltas[measures[name]]
		}
		if delta != 0 {
			out = append(out, Fact{Number: fact.Number, Ordinal: fact.Ordinal, Event: fact.EventID, Ticket: fact.ID, Delta: delta})
		}
	}
	return out, nil
}
