package readside

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// keepers are the readers of keeping.
type keepers struct {
	duties      *readmodel.Reader[keeping.Duty]
	looks       *readmodel.Reader[keeping.Look]
	atRest      *readmodel.Reader[keeping.Tool]
	counts      *readmodel.Reader[keeping.Count]
	differences *readmodel.LogReader[keeping.Difference]
	scans       *readmodel.LogReader[keeping.Scan]
	corrections *readmodel.LogReader[keeping.Outcome]
	plans       *readmodel.Reader[keeping.Plan]
	readings    *readmodel.LogReader[keeping.Reading]
	comparisons *readmodel.Reader[keeping.Comparison]
}

// open makes the readers.
func (k *keepers) open() error {
	var err error
	if k.atRest, err = readmodel.NewReader(keeping.Tools()); err != nil {
		return err
	}
	if k.counts, err = readmodel.NewReader(keeping.Counts()); err != nil {
		return err
	}
	if k.differences, err = readmodel.NewLogReader(keeping.Differences()); err != nil {
		return err
	}
	if k.scans, err = readmodel.NewLogReader(keeping.Scans()); err != nil {
		return err
	}
	if k.corrections, err = readmodel.NewLogReader(keeping.Outcomes()); err != nil {
		return err
	}
	if k.plans, err = readmodel.NewReader(keeping.Plans()); err != nil {
		return err
	}
	if k.comparisons, err = readmodel.NewReader(keeping.Comparisons()); err != nil {
		return err
	}
	if k.duties, err = readmodel.NewReader(keeping.Duties()); err != nil {
		return err
	}
	if k.looks, err = readmodel.NewReader(keeping.Looks()); err != nil {
		return err
	}
	k.readings, err = readmodel.NewLogReader(keeping.Readings())
	return err
}

func (s *Side) ofKeeping(ctx context.Context, at api.AsOf, f func(v view) error) (api.Snapshot, error) {
	return s.read(ctx, keeping.Name, keeping.Version, at, f)
}

// standing is the SQL condition of a row of a log of keeping whose event is not
// struck as of the view's number, which is the argument n (AUD-02).
func standing(v view, table string, n int) string {
	return fmt.Sprintf("NOT EXISTS (SELECT FROM %s.keeping_strike s WHERE s.struck = %s.event_id AND ($%[3]d::bigint <= 0 OR s.number <= $%[3]d))", v.schema, table, n)
}

// Head returns the last log number that every read model has, once a revision
// of a stream is among them; without a stream once everything is that was
// stored before it was called. api.ErrBeyond if that takes too long.
func (s *Side) Head(ctx context.Context, stream string, revision int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if stream != "" {
		if err := s.Manager.WaitRevision(ctx, stream, revision); err != nil {
			return 0, beyond(err)
		}
		return s.Manager.Head(), nil
	}
	end, err := s.end(ctx)
	if err != nil {
		return 0, beyond(err)
	}
	if err := s.Manager.WaitFor(ctx, end); err != nil {
		return 0, beyond(err)
	}
	return s.Manager.Head(), nil
}

// errEnd ends the reading of the log at its end.
var errEnd = errors.New("end of the log")

// end returns the number of the last event that is stored now, by reading on
// from where the read models are.
func (s *Side) end(ctx context.Context) (int64, error) {
	at := s.Manager.HeadAt()
	n := at.Number
	err := s.Log.Follow(ctx, at.Position, "fl.", func(eventschemas.Recorded) error {
		n++
		return nil
	}, func() error { return errEnd })
	if !errors.Is(err, errEnd) {
		return 0, fmt.Errorf("look for the end of the log after %d: %w", at.Number, err)
	}
	return n, nil
}

// Stocktake returns a count as of a moment; commands.ErrNotFound if it was not there.
func (s *Side) Stocktake(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Stocktake, api.Snapshot, error) {
	var out api.Stocktake
	found := false
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		row, ok, err := s.counts.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		found = true
		out, err = s.shownCount(ctx, v, row)
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// ListStocktakes returns a page of counts, the one that was frozen last first;
// with open those that are not over, or those that are.
func (s *Side) ListStocktakes(ctx context.Context, at api.AsOf, sites []string, open *bool, p api.Page) ([]api.Stocktake, string, api.Snapshot, error) {
	out := []api.Stocktake{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		if sites != nil && len(sites) == 0 {
			return nil
		}
		start, err := afterNumber(p.After)
		if err != nil {
			return err
		}
		q := readmodel.ListQuery{Sites: sites, Order: []readmodel.Order{{By: "frozen_at", Desc: true}}, After: start, Limit: p.Limit + 1, AsOf: v.number}
		if open != nil {
			q.Where, q.Args = "(phase IN ($1, $2)) <> $3", []any{string(stocktake.Done), string(stocktake.GivenUp), *open}
		}
		rows, err := s.counts.List(ctx, v.q, v.schema, q)
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			last := rows[p.Limit-1]
			next = place(strconv.FormatInt(last.Row.FrozenAt, 10), last.ID.String())
		}
		for _, r := range rows {
			shown, err := s.shownCount(ctx, v, r)
			if err != nil {
				return err
			}
			out = append(out, shown)
		}
		return nil
	})
	return out, next, snap, err
}

// afterNumber reads where a list in order of numbers and ids ended.
func afterNumber(text string) ([]any, error) {
	start, err := after(text, 2)
	if err != nil || start == nil {
		return nil, err
	}
	if start[0], err = strconv.ParseInt(start[0].(string), 10, 64); err != nil {
		return nil, api.ErrBadCursor
	}
	return start, nil
}

const sqlScanned = `
-- How many tools each session of a count has scanned as of a number.
SELECT scanner, part, sum(scanned)::bigint FROM %[1]s.stocktake_scan c WHERE stocktake = $1 AND ($2::bigint <= 0 OR number <= $2)
AND NOT EXISTS (SELECT FROM %[1]s.keeping_strike s WHERE s.struck = c.event_id AND ($2::bigint <= 0 OR s.number <= $2)) GROUP BY 1, 2`

func (s *Side) shownCount(ctx context.Context, v view, r readmodel.Versioned[keeping.Count]) (api.Stocktake, error) {
	c := r.Row
	out := api.Stocktake{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Scope: api.StocktakeScope{Kind: api.StocktakeScopeKind(c.ScopeKind)}, FrozenAt: c.FrozenAt,
		Expected: c.Expected, Phase: api.StocktakePhase(c.Phase), Round: c.Round, StartedAt: instant(c.StartedAt), StartedBy: c.StartedBy,
		NextBy: string(c.NextBy), ClosedAt: maybe(c.ClosedAt), Signatures: c.Signatures, Scanners: []api.StocktakeScanner{},
	}
	if c.Scope != "" {
		out.Scope.Who = &c.Scope
	}
	if x := c.Result; x != nil {
		out.Result = &api.StocktakeResult{
			At: x.At, Round: x.Round, AsOf: x.AsOf, Found: x.Found, Missing: x.Missing, Unexpected: x.Unexpected, Damaged: x.Damaged,
			Moved: x.Moved, Unknown: x.Unknown, Twice: x.Twice, Digest: x.Digest,
		}
	}
	scanned := map[string]int{}
	rows, err := v.q.Query(ctx, fmt.Sprintf(sqlScanned, v.schema), r.ID, v.number)
	if err != nil {
		return out, fmt.Errorf("sum scans of %s: %w", r.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		var scanner string
		var part, n int
		if err := rows.Scan(&scanner, &part, &n); err != nil {
			return out, fmt.Errorf("sum scans of %s: %w", r.ID, err)
		}
		scanned[scanner+"/"+strconv.Itoa(part)] = n
	}
	for _, x := range c.Scanners {
		out.Scanners = append(out.Scanners, api.StocktakeScanner{
			Scanner: x.Scanner, Part: x.Part, Round: x.Round, Scans: scanned[x.Scanner+"/"+strconv.Itoa(x.Part)],
		})
	}
	return out, rows.Err()
}

// StocktakeDifferences returns a page of what differs by the newest result,
// with what became of each correction.
func (s *Side) StocktakeDifferences(ctx context.Context, at api.AsOf, id uuid.UUID, p api.Page) ([]api.StocktakeDifference, string, api.Snapshot, error) {
	out := []api.StocktakeDifference{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		row, ok, err := s.counts.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok || row.Row.Result == nil {
			return err
		}
		lists, err := s.differences.List(ctx, v.q, v.schema, readmodel.LogQuery{
			ID: id, Where: "round = $1 AND " + standing(v, "stocktake_difference", 2), Args: []any{row.Row.Result.Round, v.number}, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		became, err := s.became(ctx, v, row.Row.ClosedEvent)
		if err != nil {
			return err
		}
		for _, l := range lists {
			for _, d := range l.Row.Items {
				out = append(out, shownDifference(d, became))
			}
		}
		out, next, err = sliceOf(out, p)
		return err
	})
	return out, next, snap, err
}

// became is what became of the corrections of a closed count, by tool.
func (s *Side) became(ctx context.Context, v view, closed uuid.UUID) (map[uuid.UUID]process.Outcome, error) {
	out := map[uuid.UUID]process.Outcome{}
	if closed == uuid.Nil {
		return out, nil
	}
	rows, err := s.corrections.List(ctx, v.q, v.schema, readmodel.LogQuery{
		Where: "input = $1 AND " + standing(v, "stocktake_outcome", 2), Args: []any{closed, v.number}, AsOf: v.number,
	})
	for _, r := range rows {
		for _, o := range r.Row.Outcomes {
			out[o.Step] = o
		}
	}
	return out, err
}

func shownDifference(d stocktake.Difference, became map[uuid.UUID]process.Outcome) api.StocktakeDifference {
	out := api.StocktakeDifference{
		Kind: api.StocktakeDifferenceKind(d.Kind), Tool: optional(d.Tool), Number: d.Number, Scanner: d.Scanner, Place: d.Place, Broken: d.Broken,
		Holder: api.Holder{Kind: api.HolderKind(d.Holder.Kind), Who: d.Holder.Who},
	}
	if len(d.BelongsTo) > 0 {
		out.BelongsTo = &d.BelongsTo
	}
	if o, ok := became[d.Tool]; ok && d.Kind.Corrects() {
		out.Outcome = new(api.StocktakeDifferenceOutcome(o.Result))
		if o.Rule != "" {
			out.Rule = &o.Rule
		}
	}
	return out
}

// sliceOf cuts a page out of rows that are all at hand.
func sliceOf[T any](rows []T, p api.Page) ([]T, string, error) {
	from := 0
	if p.After != "" {
		var err error
		if from, err = strconv.Atoi(p.After); err != nil || from < 0 || from > len(rows) {
			return nil, "", api.ErrBadCursor
		}
	}
	to := min(from+p.Limit, len(rows))
	next := ""
	if to < len(rows) {
		next = strconv.Itoa(to)
	}
	return rows[from:to], next, nil
}

// InspectionPlans returns a page of the plans of kinds, by kind.
func (s *Side) InspectionPlans(ctx context.Context, at api.AsOf, sites []string, p api.Page) ([]api.KeepingPlanView, string, api.Snapshot, error) {
	out := []api.KeepingPlanView{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		if sites != nil && len(sites) == 0 {
			return nil
		}
		start, err := after(p.After, 2)
		if err != nil {
			return err
		}
		rows, err := s.plans.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: sites, Order: []readmodel.Order{{By: "kind"}}, After: start, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			next = place(rows[p.Limit-1].Row.Kind, rows[p.Limit-1].ID.String())
		}
		for _, r := range rows {
			out = append(out, shownPlan(r))
		}
		return nil
	})
	return out, next, snap, err
}

func shownPlan(r readmodel.Versioned[keeping.Plan]) api.KeepingPlanView {
	out := api.KeepingPlanView{
		Site: r.Site, Kind: r.Row.Kind, Revision: r.Revision, Plans: []api.KeepingPlanLine{}, Placed: len(r.Row.Lying), CalledBack: len(r.Row.Told),
	}
	for _, p := range []inspectionplan.Purpose{inspectionplan.Maintenance, inspectionplan.Random, inspectionplan.Quality} {
		if x, ok := r.Row.Plans[p]; ok {
			out.Plans = append(out.Plans, api.KeepingPlanLine{Purpose: api.KeepingPurpose(p), Months: x.Months, Sample: x.Sample, From: string(x.From)})
		}
	}
	return out
}

// Climate returns a page of readings and notes of a tool room, the newest first.
func (s *Side) Climate(ctx context.Context, at api.AsOf, q api.ClimateQuery, p api.Page) ([]api.KeepingReading, string, api.Snapshot, error) {
	out := []api.KeepingReading{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		last := int64(0)
		if p.After != "" {
			var err error
			if last, err = strconv.ParseInt(p.After, 10, 64); err != nil {
				return api.ErrBadCursor
			}
		}
		where := "store = $1 AND " + standing(v, "climate_reading", 2)
		args := []any{q.Store, v.number}
		if q.Deviations {
			where += " AND deviation <> ''"
		}
		if q.Since != nil {
			args = append(args, *q.Since)
			where += fmt.Sprintf(" AND read_at >= $%d", len(args))
		}
		if q.Until != nil {
			args = append(args, *q.Until)
			where += fmt.Sprintf(" AND read_at < $%d", len(args))
		}
		rows, err := s.readings.List(ctx, v.q, v.schema, readmodel.LogQuery{
			Sites: []string{q.Site}, Where: where, Args: args, After: last, Desc: true, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			next = strconv.FormatInt(rows[p.Limit-1].Number, 10)
		}
		for _, r := range rows {
			out = append(out, shownReading(r.Row))
		}
		return nil
	})
	return out, next, snap, err
}

func shownReading(r keeping.Reading) api.KeepingReading {
	out := api.KeepingReading{
		At: instant(r.At), Store: r.Store, Note: r.Note, TenthsC: r.TenthsC, HumidityPercent: r.HumidityPercent, Read: r.Read, Limit: r.Limit,
	}
	if r.By != "" {
		out.By = &r.By
	}
	if r.Sensor != "" {
		out.Sensor = &r.Sensor
	}
	if r.Deviation != "" {
		out.Deviation = new(api.KeepingReadingDeviation(r.Deviation))
	}
	return out
}

// siteOf returns the name and zone of a site; commands.ErrNotFound if there is none.
func (s *Side) siteOf(ctx context.Context, v view, code string) (string, *time.Location, error) {
	rows, err := s.sites.List(ctx, v.q, s.Manager.Schema(directory.Name), readmodel.ListQuery{Where: "code = $1", Args: []any{code}, Limit: 1})
	if err != nil {
		return "", nil, fmt.Errorf("find site %s: %w", code, err)
	}
	if len(rows) == 0 {
		return "", nil, commands.ErrNotFound
	}
	zone, err := calendar.LoadZone(rows[0].Row.Zone)
	if err != nil {
		return "", nil, fmt.Errorf("zone of site %s: %w", code, err)
	}
	return rows[0].Row.Name, zone, nil
}

// statisticsOrder sorts rows by kind.
func statisticsOrder(a, b api.KeepingStatisticsRow) int { return cmp.Compare(a.Kind, b.Kind) }

// ToolStatistics are the losses and wear of a civil month of a site, with the
// events that they add up from (CHK-02).
func (s *Side) ToolStatistics(ctx context.Context, at api.AsOf, site, month string) ([]api.KeepingStatisticsRow, []api.KeepingFact, api.Snapshot, error) {
	rows, facts := []api.KeepingStatisticsRow{}, []api.KeepingFact{}
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		from, to, err := s.month(ctx, v, site, month)
		if err != nil {
			return err
		}
		tools, err := s.atRest.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "first_incident < $1 AND last_incident >= $2", Args: []any{to, from}, Order: numberOrder, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		for _, t := range tools {
			for _, i := range t.Row.Incidents {
				if !i.At.Before(from) && i.At.Before(to) {
					facts = append(facts, api.KeepingFact{
						Tool: t.ID, Number: t.Row.Number, Kind: t.Row.Kind, What: api.KeepingFactWhat(i.What), At: i.At, Event: i.Event,
						Revision: int64(i.Revision), PriceFen: t.Row.PriceFen, //nolint:gosec // a revision fits
					})
				}
			}
		}
		slices.SortFunc(facts, func(a, b api.KeepingFact) int {
			return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Revision, b.Revision))
		})
		rows = sumFacts(facts)
		return nil
	})
	if err == nil && len(facts) > 0 {
		err = s.caused(ctx, snap.Number, site, facts)
	}
	return rows, facts, snap, err
}

// sumFacts adds facts up by kind.
func sumFacts(facts []api.KeepingFact) []api.KeepingStatisticsRow {
	sums := map[string]*api.KeepingStatisticsRow{}
	for _, f := range facts {
		r := sums[f.Kind]
		if r == nil {
			r = &api.KeepingStatisticsRow{Kind: f.Kind}
			sums[f.Kind] = r
		}
		switch f.What {
		case api.KeepingFactWhatLost:
			r.Lost++
			r.LostFen += f.PriceFen
		case api.KeepingFactWhatFound:
			r.Found++
		case api.KeepingFactWhatWorn:
			r.Worn++
		case api.KeepingFactWhatDamaged:
			r.Damaged++
		case api.KeepingFactWhatFailed:
			r.Failed++
		case api.KeepingFactWhatRepair:
			r.Repair++
		case api.KeepingFactWhatScrapped:
			r.Scrapped++
			r.ScrappedFen += f.PriceFen
		}
	}
	out := []api.KeepingStatisticsRow{}
	for _, r := range sums {
		out = append(out, *r)
	}
	slices.SortFunc(out, statisticsOrder)
	return out
}

// Overdue returns the tools of a kind that somebody has past their last day.
func (s *Side) Overdue(ctx context.Context, site, kind string, today domain.Day) (int64, []inspectionplan.Overdue, error) {
	head := s.Manager.Head()
	out := []inspectionplan.Overdue{}
	_, err := s.ofKeeping(ctx, api.AsOf{Number: &head}, func(v view) error {
		rows, err := s.keptTools(ctx, v, readmodel.ListQuery{
			Sites: []string{site}, Where: inspectedWhere + " AND " + inUse + " AND (next_on IS NULL OR next_on < $1::text::date) AND kind = $2",
			Args: []any{string(today), kind},
		}, func(t keeping.Tool) bool {
			return inspected(t) && usedBy(t) && (t.NextOn == nil || *t.NextOn < today) && t.Kind == kind
		})
		for _, r := range rows {
			o := inspectionplan.Overdue{Tool: r.ID, Number: r.Row.Number, Told: custody.HolderOf(r.Row.Holder)}
			if r.Row.NextOn != nil {
				o.LastDay = *r.Row.NextOn
			}
			out = append(out, o)
		}
		return err
	})
	return head, out, err
}

// Conditions of tools that are inspected, and that somebody has.
const (
	inspectedWhere = "inspected AND standing <> 'scrapped' AND standing <> 'missing'"
	inUse          = "(holder LIKE 'person:%' OR holder LIKE 'team:%')"
)

// present reports whether a tool that stands so is anywhere.
func present(standing string) bool {
	return standing != string(tool.StandingMissing) && standing != string(tool.StandingScrapped)
}

// inspected and usedBy say the same of a row.
func inspected(t keeping.Tool) bool { return t.Inspected && present(t.Standing) }

func usedBy(t keeping.Tool) bool {
	kind := custody.HolderOf(t.Holder).Kind
	return kind == tool.Person || kind == tool.Team
}

func holderText(h tool.Holder) string { return strings.TrimSuffix(custody.HolderText(h), ":") }
