package ticket_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/tickettest"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

func TestARowSaysWhatTheTicketSays(t *testing.T) { // SLA-05, SLA-09, SLA-13
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := tickettest.NewWalk(t)
		w.NoStrikes = rapid.IntRange(0, 3).Draw(t, "no strikes") == 0
		w.NoLate = rapid.IntRange(0, 3).Draw(t, "no late") == 0
		var shown reader
		for range 60 {
			shown.follow(t, w)
			requireSame(t, shown.row, w.State)
			if w.State.Status != "" {
				requireCases(t, shown.row, w)
			}
			w.Step(t)
		}
		shown.follow(t, w)
		requireSame(t, shown.row, w.State)
	})
}

// reader folds a ticket as a projector does that is handed its whole stream
// again at a strike and at a fact that was entered late.
type reader struct {
	next int
	row  ticket.Row
}

func (r *reader) follow(t *rapid.T, w *tickettest.Walk) {
	for ; r.next < len(w.Events); r.next++ {
		var err error
		rec := recordAt(w, r.next)
		late, _ := rec.Event.(eventschemas.Late)
		if _, struck := rec.Event.(record.Struck); struck || late != nil && late.EnteredLate() {
			r.row, err = ticket.Refold(standing(w, r.next))
		} else {
			r.row, err = ticket.Evolve(r.row, rec)
		}
		require.NoError(t, err)
	}
}

// standing returns the events up to a revision that none of them strikes.
func standing(w *tickettest.Walk, revision int) []eventschemas.Record {
	gone := map[uint64]bool{}
	for _, e := range w.Events[:revision+1] {
		if s, struck := e.(record.Struck); struck {
			gone[s.Revision] = true
		}
	}
	var out []eventschemas.Record
	for i := range w.Events[:revision+1] {
		rec := recordAt(w, i)
		if _, struck := rec.Event.(record.Struck); !struck && !gone[rec.Revision] {
			out = append(out, rec)
		}
	}
	return out
}

func recordAt(w *tickettest.Walk, i int) eventschemas.Record {
	return eventschemas.Record{Recorded: eventschemas.Recorded{Revision: uint64(i)}, Event: w.Events[i]}
}

func requireSame(t *rapid.T, row ticket.Row, s domainticket.State) {
	require.Equal(t, string(s.Status), row.Status)
	if s.Status.Open() {
		require.Equal(t, string(s.Active), row.Active)
	}
	require.Equal(t, int(s.Level), row.Level)
	require.Equal(t, s.Zone, row.ServiceZone)
	require.Equal(t, s.Cycle, row.Cycle)
	require.Equal(t, []any{s.Team, s.Technician, s.Into, s.Solution, string(s.Pause)}, []any{row.Team, row.Technician, row.MergedInto, row.Solution, row.PauseReason})
	require.Equal(t, s.Status == domainticket.StatusPaused, row.PausedAt != nil)
	require.Equal(t, s.VisitAt.IsZero(), row.VisitNeededAt == nil)
	require.Equal(t, s.Agreed == nil, row.ArrivalBy == nil)
	if s.Status != "" {
		require.Equal(t, s.Status.Open(), row.EndedAt == nil)
	}
	require.Equal(t, s.Resolved, row.ResolvedAt != nil)
	require.Len(t, s.Escalated, len(row.Escalations))
	require.Equal(t, []any{string(s.Class), s.ChargedFen, s.Followers}, []any{row.Class, row.ChargedFen, row.Followers})
	require.Equal(t, row.Charges > 0, row.ChargedFen > 0)
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
		requireSameSteps(t, row, s, c)
		switch {
		case !c.Stands():
			require.Equal(t, c.Target.DueAt.Time, *due, "%s is due", name)
		case due != nil:
			require.False(t, due.After(c.PausedAt), "SLA-06 %s stands and is overdue only if it was when it stopped", name)
		}
	}
	if s.Status != "" {
		requireAddsUp(t, row)
	}
}

// requireSameSteps checks that the row waits for the steps that the clock has
// and that were not taken; while it stands, for those that were over by then (SLA-08).
func requireSameSteps(t *rapid.T, row ticket.Row, s domainticket.State, c domainticket.Clock) {
	var want, got []domainticket.Step
	for _, step := range c.Target.Steps {
		taken := slices.Contains(s.Escalated, domainticket.Escalation{Target: c.Name, StartedBy: c.Revisions[0], Percent: step.Percent})
		if !taken && (!c.Stands() || !step.At.After(c.PausedAt)) {
			want = append(want, step)
		}
	}
	for _, step := range row.Steps(forever) {
		if step.Target == c.Name {
			require.Equal(t, c.Revisions[0], step.StartedBy)
			require.NotNil(t, row.NextStepAt)
			require.False(t, row.NextStepAt.After(step.At.Time))
			got = append(got, step.Step)
		}
	}
	require.Equal(t, want, got, "%s has these steps to be taken", c.Name)
}

var forever = time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC)

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
