// Package kpi answers the service-level figures: how many targets were met,
// breached, run, were withdrawn or had nothing agreed, and how long first
// resolutions took, by period, site, team, technician and level.
//
// It also answers the statistics of tickets: how many were handled and how long
// that took. Means are of sums and counts; percentiles are none of it, since no
// sum has them, and satisfaction waits for ratings to be events.
//
// The figures are sums of what tickets contribute (projections/ticket); this
// package only asks for them, now or as of a log number, and adds what no
// event says: a clock that runs past its due time counts as breached from then
// on (SLA-13). The rules are SLA-09, SLA-13, TKT-23, AUD-04 and AUD-05.
package kpi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// Dimensions of Query.By, beside "" for the whole.
const (
	ByTeam       = "team"
	ByTechnician = "technician"
	ByLevel      = "level"
)

// Query asks for the figures of one target, of tickets opened in [From, To].
type Query struct {
	Site     string // code
	From, To domain.Day
	Target   domainticket.TargetName
	By       string // a dimension, "" for the whole
	Grain    string // readmodel.ByDay or ByMonth: a row a period; "" for one row over all
}

// Moment is as of when: a log number and the time that is asked for, by which
// running clocks are seen as overdue. Number 0 is now.
type Moment struct {
	Number int64
	Time   time.Time
}

// Row is one line of figures. The five parts add up to the judgements and
// running clocks of the target (SLA-09); the rest is about tickets and first resolutions.
type Row struct {
	Period    domain.Day // first day, "" for all
	Value     string     // of Query.By: an id, a level, "" for none
	Met       int64
	Breached  int64
	Running   int64
	Withdrawn int64
	NoTarget  int64
	Tickets
}

// Tickets are the figures that do not depend on the target.
type Tickets struct {
	Cases, FirstResolved, ActiveAgain        int64
	GrossS, PausedS, NetS                    int64 // seconds up to the first resolution
	WithinGross, WithinNet                   int64 // first resolutions within the target by either
	LevelDiffers, LevelChanged               int64 // from the first level; ever
	Reassigned3, SourceUnresolved            int64 // as the source says
	SourceMet, SourceBreached, NeverResolved int64
}

// Reader asks for the figures. Safe for concurrent use.
type Reader struct{ tickets *readmodel.Reader[ticket.Row] }

// NewReader returns a Reader over the ticket projection.
func NewReader() (*Reader, error) {
	r, err := readmodel.NewReader(ticket.Table())
	return &Reader{r}, err
}

type key struct {
	period domain.Day
	value  string
}

// SLA returns the rows of a query that are not empty, by period and value.
func (r *Reader) SLA(ctx context.Context, q readmodel.Querier, schema string, kq Query, at Moment) ([]Row, error) {
	if ticket.Prefix(kq.Target) == "" {
		return nil, fmt.Errorf("target %q is not known", kq.Target)
	}
	cells, err := r.tickets.SumCells(ctx, q, schema, readmodel.CellQuery{
		Sites: []string{kq.Site}, Grain: grain(kq), From: kq.From, To: kq.To, Dim: kq.By, AsOf: at.Number,
	})
	if err != nil {
		return nil, fmt.Errorf("figures of %s: %w", kq.Site, err)
	}
	rows := map[key]*Row{}
	row := func(k key) *Row {
		if kq.Grain == "" {
			k.period = ""
		}
		if rows[k] == nil {
			rows[k] = &Row{Period: k.period, Value: k.value}
		}
		return rows[k]
	}
	for _, c := range cells {
		row(key{c.Period, c.Value}).add(kq.Target, c.Sums)
	}
	late, err := r.overdue(ctx, q, schema, kq, at, "", nil)
	if err != nil {
		return nil, err
	}
	for _, t := range late { // SLA-13
		to := row(key{periodOf(kq, t.Row.OpenedOn), valueOf(kq.By, t.Row)})
		to.Running--
		to.Breached++
	}
	return sorted(rows), nil
}

// grain is that of the cells to sum: months if the range is whole months.
func grain(kq Query) string {
	if kq.Grain != "" {
		return kq.Grain
	}
	to, err := time.Parse(time.DateOnly, string(kq.To))
	if err == nil && len(kq.From) == 10 && kq.From[8:] == "01" && to.AddDate(0, 0, 1).Day() == 1 {
		return readmodel.ByMonth
	}
	return readmodel.ByDay
}

func periodOf(kq Query, day domain.Day) domain.Day {
	if kq.Grain == readmodel.ByMonth {
		return day[:8] + "01"
	}
	return day
}

func valueOf(by string, row ticket.Row) string {
	d := ticket.DimsOf(row)
	switch by {
	case ByTeam:
		return d.Team
	case ByTechnician:
		return d.Technician
	case ByLevel:
		return d.Level
	}
	return ""
}

func sorted(rows map[key]*Row) []Row {
	out := make([]Row, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// overdue returns the tickets whose clock runs past its due time (SLA-13).
func (r *Reader) overdue(ctx context.Context, q readmodel.Querier, schema string, kq Query, at Moment, where string, args []any) ([]readmodel.Versioned[ticket.Row], error) {
	due := ticket.DueColumn(kq.Target)
	lq := readmodel.ListQuery{Sites: []string{kq.Site}, AsOf: at.Number, Args: append([]any{at.Time, string(kq.From), string(kq.To)}, args...)}
	lq.Where = due + " <= $1 AND opened_on BETWEEN $2::text::date AND $3::text::date" + where
	list, err := r.tickets.List(ctx, q, schema, lq)
	if err != nil {
		return nil, fmt.Errorf("overdue tickets of %s: %w", kq.Site, err)
	}
	return list, nil
}

// measures maps the name of each measure to its place.
var measures = func() map[string]int {
	m := make(map[string]int, len(ticket.Measures))
	for i, name := range ticket.Measures {
		m[name] = i
	}
	return m
}()

func (r *Row) add(target domainticket.TargetName, sums []int64) {
	first := measures[ticket.Prefix(target)+"met"]
	for i, p := range []*int64{&r.Met, &r.Breached, &r.Running, &r.Withdrawn, &r.NoTarget} {
		*p += sums[first+i]
	}
	t := &r.Tickets
	first = measures["cases"]
	for i, p := range []*int64{
		&t.Cases, &t.FirstResolved, &t.ActiveAgain, &t.GrossS, &t.PausedS, &t.NetS, &t.WithinGross, &t.WithinNet,
		&t.LevelDiffers, &t.LevelChanged, &t.Reassigned3, &t.SourceUnresolved, &t.SourceMet, &t.SourceBreached,
	} {
		*p += sums[first+i]
	}
	t.NeverResolved = t.Cases - t.FirstResolved
}

// Fact is one term of a figure.
type Fact struct {
	Number, Ordinal int64 // log number of the event; both order the terms
	Event, Ticket   uuid.UUID
	Delta           int64
	// Overdue says that no event made this term: the clock ran past its due
	// time (SLA-13). Event is then the last one of the ticket, zero if unknown.
	Overdue bool
}

// Figure names a figure to explain: a query without By and Grain, narrowed to
// one value of a dimension, and one measure.
type Figure struct {
	Query
	Value   string // of By
	Measure string // "met", "breached", "running", "withdrawn", "no_target" of the target, or any of ticket.Measures
}

// column returns the place of the figure's measure and what a clock that is
// overdue adds to it; false for a measure that does not exist.
func (f Figure) column() (place int, overdue int64, ok bool) {
	prefix := ticket.Prefix(f.Target)
	switch f.Measure {
	case "breached":
		overdue = 1
	case "running":
		overdue = -1
	}
	if place, ok = measures[prefix+f.Measure]; ok {
		return place, overdue, true
	}
	place, ok = measures[f.Measure]
	return place, 0, ok
}

// Explain returns the terms of a figure in log order, those of overdue clocks
// last. They add up to the figure (AUD-05).
func (r *Reader) Explain(ctx context.Context, q readmodel.Querier, schema string, f Figure, at Moment) ([]Fact, error) {
	place, overdue, ok := f.column()
	if !ok {
		return nil, fmt.Errorf("measure %q is not known", f.Measure)
	}
	facts, err := r.tickets.Facts(ctx, q, schema, readmodel.FactQuery{
		Sites: []string{f.Site}, From: f.From, To: f.To, Dim: f.By, Value: f.Value, Measure: ticket.Measures[place], AsOf: at.Number,
	})
	if err != nil {
		return nil, fmt.Errorf("explain figures of %s: %w", f.Site, err)
	}
	out := make([]Fact, 0, len(facts))
	for _, fact := range facts {
		out = append(out, Fact{Number: fact.Number, Ordinal: fact.Ordinal, Event: fact.EventID, Ticket: fact.ID, Delta: fact.Deltas[place]})
	}
	if overdue == 0 {
		return out, nil
	}
	late, err := r.overdueOf(ctx, q, schema, f, at)
	for _, t := range late {
		out = append(out, Fact{Number: t.From, Ticket: t.ID, Delta: overdue, Overdue: true})
	}
	return out, err
}

func (r *Reader) overdueOf(ctx context.Context, q readmodel.Querier, schema string, f Figure, at Moment) ([]readmodel.Versioned[ticket.Row], error) {
	where, args := "", []any(nil)
	switch f.By {
	case ByTeam, ByTechnician:
		where, args = " AND coalesce("+f.By+"::text, '') = $4", []any{f.Value}
	case ByLevel:
		level, err := strconv.Atoi(f.Value)
		if err != nil {
			return nil, fmt.Errorf("level: %w", err)
		}
		where, args = " AND level = $4", []any{level}
	}
	return r.overdue(ctx, q, schema, f.Query, at, where, args)
}
