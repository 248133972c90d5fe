package ticket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

type cell struct {
	target ticket.TargetName
	part   ticket.Part
}

func countCases(cases []ticket.Case) map[cell]int {
	out := map[cell]int{}
	for _, c := range cases {
		out[cell{c.Target, c.Part}]++
	}
	return out
}

// walked takes a random walk. Strikes and late facts at once may leave a
// sequence that no desk could have entered.
func walked(t *rapid.T, steps int) *tickettest.Walk {
	w := tickettest.NewWalk(t)
	w.NoStrikes = rapid.Bool().Draw(t, "no strikes")
	w.NoLate = !w.NoStrikes
	for range rapid.IntRange(0, steps).Draw(t, "steps") {
		w.Step(t)
	}
	return w
}

// moment draws an instant since a ticket's last fact.
func moment(t *rapid.T, w *tickettest.Walk) time.Time {
	return w.Now.Add(time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "asked")) * time.Minute)
}

func TestTheRulesThatWereInForceJudgeAsTheyDid(t *testing.T) { // SLA-10, SLA-13
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := tickettest.NewWalk(t)
		w.NoStrikes, w.NoLate = true, true
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			w.Step(t)
		}
		at := moment(t, w)
		under, err := ticket.CasesUnder(w.Standing(), w.Book, nil, nil, at)
		require.NoError(t, err)
		record := ticket.CasesOnRecord(w.Standing(), at)
		require.Empty(t, ticket.Differences(record, under))
		require.Len(t, under, len(record))
		for i, c := range under {
			require.Equal(t, record[i].Judged.DueAt, c.Judged.DueAt)
			require.Equal(t, record[i].Judged.Verdict, c.Judged.Verdict)
		}
	})
}

// laterBook is what a book may become by versions that are recorded late.
func laterBook(t *rapid.T) *policy.Book {
	days := rapid.IntRange(-2, 12)
	versions := append(tickettest.RandomVersions(),
		tickettest.Version(policy.KindCalendar, 2, tickettest.Start.AddDate(0, 0, days.Draw(t, "calendar from")), tickettest.Hours("2026-03-03", "2026-03-10")),
		tickettest.Version(policy.KindSLA, 3, tickettest.Start.AddDate(0, 0, days.Draw(t, "sla from")), policy.SLA{
			Calendar: tickettest.CalendarID, Targets: []policy.SLATarget{
				{Level: 1, Name: "resolution", Clock: "wall", LimitS: 3600},
				{Level: 2, Name: "resolution", Clock: "working", LimitS: 40 * 3600},
				{Level: 2, Name: "arrival", Clock: "wall", LimitS: 3600, From: policy.FromVisitNeeded},
				{Level: 3, Name: "next_update", Clock: "working", LimitS: 3600},
				{Level: 4, Name: "first_contact", Clock: "wall", LimitS: 600},
			},
		}))
	return tickettest.NewBook(versions...)
}

func TestWhatDiffersIsWhatTheFiguresDifferBy(t *testing.T) { // SLA-09, SLA-10
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := walked(t, 40)
		at := moment(t, w)
		record := ticket.CasesOnRecord(w.Standing(), at)
		under, err := ticket.CasesUnder(w.Standing(), laterBook(t), nil, nil, at)
		require.NoError(t, err)
		want, got := countCases(under), countCases(record)
		for _, d := range ticket.Differences(record, under) {
			require.False(t, d.Before == nil && d.After == nil)
			if d.Before != nil {
				got[cell{d.Before.Target, d.Before.Part}]--
			}
			if d.After != nil {
				got[cell{d.After.Target, d.After.Part}]++
			}
			if of := d.Either().Target; of == ticket.FirstContact || of == ticket.Resolution {
				require.True(t, d.Before != nil && d.After != nil, "they are counted whatever is agreed, and stay if they were struck away")
			}
			if d.Before != nil && d.After != nil {
				require.NotEqual(t, d.Before.Part, d.After.Part)
				require.Equal(t, d.Before.Target, d.After.Target)
				require.Equal(t, d.Before.Cycle, d.After.Cycle)
			}
		}
		for k, n := range got {
			require.Equal(t, want[k], n, k)
		}
		for k, n := range want {
			require.Equal(t, n, got[k], k)
		}
	})
}

func TestAVersionThatIsNotThereIsRefused(t *testing.T) { // POL-08
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := walked(t, 10)
		one, none := tickettest.Ref(policy.KindSLA, 1), tickettest.Ref(policy.KindSLA, 9)
		_, err := ticket.CasesUnder(w.Standing(), w.Book, &one, nil, w.Now)
		require.NoError(t, err)
		_, err = ticket.CasesUnder(w.Standing(), w.Book, &none, nil, w.Now)
		require.ErrorContains(t, err, "POL-08")
		_, err = ticket.CasesUnder(w.Standing(), w.Book, nil, &one, w.Now)
		require.ErrorContains(t, err, "POL-08", "an SLA is no calendar")
	})
}
