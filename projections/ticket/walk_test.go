package ticket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/tickettest"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

func TestARowSaysWhatTheTicketSays(t *testing.T) { // SLA-05, SLA-09, SLA-13
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := tickettest.NewWalk(t)
		w.NoStrikes = rapid.Bool().Draw(t, "no strikes")
		w.NoLate = !w.NoStrikes // both at once may leave a sequence that no desk could have entered
		for range 60 {
			w.Step(t)
			row := rowOf(t, w)
			requireSame(t, row, w.State)
			requireCases(t, row, w)
		}
	})
}

// rowOf folds what stands, as the reader hands it out after a strike.
func rowOf(t *rapid.T, w *tickettest.Walk) ticket.Row {
	var row ticket.Row
	for i, e := range w.Standing() {
		if e == nil {
			continue
		}
		var err error
		row, err = ticket.Evolve(row, eventschemas.Record{Recorded: eventschemas.Recorded{Revision: uint64(i)}, Event: e})
		require.NoError(t, err)
	}
	return row
}

func requireSame(t *rapid.T, row ticket.Row, s domainticket.State) {
	require.Equal(t, string(s.Status), row.Status)
	if s.Status.Open() {
		require.Equal(t, string(s.Active), row.Active)
	}
	require.Equal(t, int(s.Level), row.Level)
	require.Equal(t, s.Zone, row.ServiceZone)
	require.Equal(t, s.Cycle, row.Cycle)
	counts := map[domainticket.TargetName]map[domainticket.Verdict]int64{}
	for _, v := range s.Verdicts {
		of := counts[v.Judged.Target]
		if of == nil {
			of = map[domainticket.Verdict]int64{}
			counts[v.Judged.Target] = of
		}
		of[v.Judged.Verdict]++
	}
	for _, name := range domainticket.TargetNames() {
		c := s.Clock(name)
		shown, due := row.Of(name)
		require.Equal(t, c.Running(), shown.Running, "%s runs", name)
		require.Equal(t, c.Stands(), shown.Stands, "%s stands", name)
		of := counts[name]
		require.Equal(t, []int64{of[domainticket.Met], of[domainticket.Breached], of[domainticket.Withdrawn], of[domainticket.NoTarget]},
			[]int64{shown.Met, shown.Breached, shown.Withdrawn, shown.NoTarget}, "verdicts on %s", name)
		if !c.Running() {
			require.Nil(t, due, "%s has ended", name)
			continue
		}
		require.Equal(t, c.Target != nil, shown.Agreed, "%s is agreed", name)
		if c.Target == nil {
			require.Nil(t, due)
			continue
		}
		require.Equal(t, c.Target.LimitS, shown.LimitS)
		switch {
		case !c.Stands():
			require.Equal(t, c.Target.DueAt.Time, *due, "%s is due", name)
		case due != nil:
			require.False(t, due.After(c.PausedAt), "SLA-06 %s stands and is overdue only if it was when it stopped", name)
		}
	}
	requireAddsUp(t, row)
}

// requireCases checks that the cases of the stream are those that the row counts,
// with what its columns say is overdue (SLA-09, SLA-13).
func requireCases(t *rapid.T, row ticket.Row, w *tickettest.Walk) {
	at := w.Now.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "asked")) * time.Minute)
	got := map[string]int64{}
	for _, c := range domainticket.CasesOnRecord(w.Standing(), at) {
		got[ticket.Prefix(c.Target)+string(c.Part)]++
	}
	want := map[string]int64{}
	for i, n := range ticket.Contribute(row)[0].Values {
		want[ticket.Measures[i]] = n
	}
	for _, name := range domainticket.TargetNames() {
		p := ticket.Prefix(name)
		if _, due := row.Of(name); due != nil && !due.After(at) {
			want[p+"running"]--
			want[p+"breached"]++
		}
		for _, part := range domainticket.Parts() {
			require.Equal(t, want[p+string(part)], got[p+string(part)], "%s %s", name, part)
		}
	}
}

// requireAddsUp checks that each target has its parts, and the ticket one case (SLA-09).
func requireAddsUp(t *rapid.T, row ticket.Row) {
	all := ticket.Contribute(row)
	require.Len(t, all, 1)
	require.Len(t, all[0].Values, len(ticket.Measures))
	values := map[string]int64{}
	for i, name := range ticket.Measures {
		values[name] = all[0].Values[i]
	}
	require.EqualValues(t, 1, values["cases"])
	for _, name := range domainticket.TargetNames() {
		c, _ := row.Of(name)
		p := ticket.Prefix(name)
		sum := values[p+"met"] + values[p+"breached"] + values[p+"running"] + values[p+"withdrawn"] + values[p+"no_target"]
		want := int64(len(c.Standing))
		if c.Verdict == "" {
			want++
		}
		require.Equal(t, want, sum, name)
		require.Positive(t, sum, name)
	}
}

func TestTheColumnsOfDueTimesAreThere(t *testing.T) { // SLA-13
	t.Parallel()
	require.Equal(t, "contact_due_at", ticket.DueColumn(domainticket.FirstContact))
	require.Equal(t, "resolution_due_at", ticket.DueColumn(domainticket.Resolution))
	require.Empty(t, ticket.Prefix("lunch"))
	c, due := ticket.Row{}.Of("lunch")
	require.Equal(t, ticket.Clock{}, c)
	require.Nil(t, due)
	require.Equal(t, domain.Day(""), ticket.Row{}.OpenedOn)
}
