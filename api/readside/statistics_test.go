package readside_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// figuresOf returns the figures of a row of statistics, by the name under which they are explained.
func figuresOf(r api.StatisticsRow) map[api.StatisticsMeasure]int64 {
	return map[api.StatisticsMeasure]int64{
		"cases": r.Cases, "handled": r.Handled, "resolved": r.Resolved, "dropped": r.Dropped, "unresolved": r.Unresolved,
		"active_again": r.ActiveAgain, "gross_s": r.GrossS, "paused_s": r.PausedS, "net_s": r.NetS,
	}
}

func TestTKT23StatisticsAddUpAndAreExplainedAsOfAnyNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(23, 1))
	var ids []uuid.UUID
	for i := range 60 {
		w.Clock.Advance(time.Duration(1+random.IntN(40)) * time.Minute)
		if i < 4 || random.IntN(6) == 0 {
			ids = append(ids, w.register("hq", ticket.Level(1+random.IntN(3)), []string{"a", "b"}[random.IntN(2)]))
			continue
		}
		w.step(random, ids[random.IntN(len(ids))])
	}
	_, err := w.App.Tickets.Withdraw(t.Context(), w.request(), w.register("hq", 2, "a"), commands.EndTicket{Reason: "x"})
	require.NoError(t, err)
	head := w.settle()
	first := domain.DayOf(w.Clock.Now().AddDate(0, 0, -20), time.UTC)
	last := domain.DayOf(w.Clock.Now().AddDate(0, 0, 20), time.UTC)
	for _, n := range []int64{head / 2, head - 7, head} {
		at := api.AsOf{Number: &n}
		q := api.StatisticsQuery{Sites: []string{"hq"}, From: first, To: last}
		whole, _, err := w.side.Statistics(t.Context(), at, q)
		require.NoError(t, err)
		require.Len(t, whole, 1)
		kinds := map[string]int64{}
		shown := list(t, w.side, at, api.TicketFilter{Sites: []string{"hq"}}, api.TicketSort{By: "number"}, 500)
		for _, x := range shown {
			kinds[x.Kind]++
		}
		require.EqualValues(t, len(shown), whole[0].Cases)
		for _, by := range []api.StatisticsGroup{"none", "site", "kind", "problem", "solution", "technician", "team", "level", "period"} {
			q.GroupBy, q.Grain = by, api.GrainDay
			rows, _, err := w.side.Statistics(t.Context(), at, q)
			require.NoError(t, err)
			sums := map[api.StatisticsMeasure]int64{}
			for _, r := range rows {
				require.Equal(t, r.Cases, r.Resolved+r.Dropped+r.Unresolved)
				require.Equal(t, r.GrossS, r.PausedS+r.NetS)
				if by == "kind" {
					require.Equal(t, kinds[*r.Value], r.Cases)
				}
				c := api.StatisticsCell{StatisticsQuery: q}
				switch {
				case by == "period":
					c.GroupBy, c.From, c.To = api.StatisticsGroupNone, domain.Day(*r.Value), domain.Day(*r.Value)
				case r.Value != nil:
					c.Value = *r.Value
				}
				for measure, want := range figuresOf(r) {
					c.Measure = measure
					facts, _, err := w.side.ExplainStatistics(t.Context(), at, c, api.Page{Limit: 1000})
					require.NoError(t, err)
					require.Equal(t, want, facts.Sum, "AUD-05 %s by %s as of %d", measure, by, n)
					sums[measure] += want
				}
			}
			require.Equal(t, figuresOf(whole[0]), sums, "by %s as of %d", by, n)
		}
	}
}

func TestTKT23AFactThatIsTakenBackOrComesLateMovesTheFiguresAtItsNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, do := t.Context(), w.App.Tickets
	second, err := w.App.People.Register(ctx, w.request(), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: "7"}, Name: "Qian", Roles: []string{"manager"},
	})
	require.NoError(t, err)
	id := w.register("hq", 1, "a") // level 1 counts elapsed time
	called := w.Clock.Now()
	w.Clock.Advance(3 * time.Hour)
	resolved, err := do.Resolve(ctx, w.request(), id, commands.ResolveTicket{Solution: "pump"})
	require.NoError(t, err)
	day := domain.DayOf(called, time.FixedZone("", 8*3600))
	row := func(at int64) api.StatisticsRow {
		rows, _, err := w.side.Statistics(ctx, api.AsOf{Number: &at}, api.StatisticsQuery{From: day, To: day, GroupBy: api.StatisticsGroupSolution})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		return rows[0]
	}
	before := w.settle()
	require.Equal(t, int64(3*3600), row(before).NetS)
	require.Equal(t, "pump", *row(before).Value)
	require.Equal(t, int64(1_000_000), *row(before).ResolutionPpm)

	earlier := called.Add(time.Hour)
	_, err = do.Resolve(ctx, w.request(), id, commands.ResolveTicket{At: &earlier, Solution: "valve", LateReason: "no network"})
	require.NoError(t, err)
	late := w.settle()
	require.Equal(t, int64(3600), row(late).NetS)
	require.Equal(t, int64(3600), *row(late).MeanNetS)
	require.Equal(t, int64(3*3600), row(before).NetS, "as of before it is still there")

	revision := resolved.Revision - int64(resolved.Events) + 1
	for _, struck := range []int64{revision, resolved.Revision + 1} {
		_, err = w.App.Strikes.Strike(ctx, w.request(), "ticket", id, commands.StrikeEvent{
			Revision: uint64(struck), Reason: "wrong ticket", SecondPerson: second.ID.String(),
		})
		require.NoError(t, err)
	}
	head := w.settle()
	require.Equal(t, api.StatisticsRow{Value: new(""), Cases: 1, Unresolved: 1, ResolutionPpm: new(int64(0))}, row(head))
	require.Equal(t, int64(3600), row(late).NetS)
}
