package ticket_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

// life is one clock of the reference, from its start to its end.
type life struct {
	name          ticket.TargetName
	cycle         int
	startedBy     uint64
	start, end    time.Time
	reached, void bool
	target        *ticket.Target
	pauses        []sla.Interval
	standing      bool
	standsAt      time.Time
}

// reference folds the facts of a ticket in the plainest way: a list of lives.
type reference struct {
	lives        []*life
	open, paused bool
	cycle        int
	revision     uint64 // of the fact being taken
}

func (r *reference) running(name ticket.TargetName) *life {
	for _, l := range r.lives {
		if l.name == name && l.end.IsZero() {
			return l
		}
	}
	return nil
}

func (r *reference) latest(name ticket.TargetName) *life {
	var last *life
	for _, l := range r.lives {
		if l.name == name {
			last = l
		}
	}
	return last
}

func (r *reference) begin(name ticket.TargetName, at domain.Instant, targets []ticket.Target) *life {
	l := &life{name: name, cycle: r.cycle, startedBy: r.revision, start: at.Time, target: named(targets, name)}
	r.lives = append(r.lives, l)
	return l
}

func (r *reference) stop(at domain.Instant, reached, void bool, names ...ticket.TargetName) {
	for _, name := range names {
		if l := r.running(name); l != nil {
			l.resume(at.Time)
			l.end, l.reached, l.void = at.Time, reached, void
		}
	}
}

func (l *life) resume(at time.Time) {
	if l.standing {
		l.pauses, l.standing = append(l.pauses, sla.Interval{From: l.standsAt, To: at}), false
	}
}

func named(targets []ticket.Target, name ticket.TargetName) *ticket.Target {
	for _, t := range targets {
		if t.Name == name {
			return &t
		}
	}
	return nil
}

func (r *reference) retarget(targets []ticket.Target, only ...ticket.TargetName) {
	for _, l := range r.lives {
		if !l.end.IsZero() || only != nil && !slices.Contains(only, l.name) {
			continue
		}
		if l.target = named(targets, l.name); l.target != nil && l.name == ticket.Arrival {
			l.start = l.target.StartAt.Time
		}
	}
}

func (r *reference) take(e ticket.Event) {
	all := ticket.TargetNames()
	switch e := e.(type) {
	case ticket.Registered:
		r.open, r.cycle = true, 1
		for _, name := range all {
			r.begin(name, e.At, e.Targets)
		}
	case ticket.Accepted:
		r.stop(e.At, true, false, ticket.FirstContact)
	case ticket.LevelChanged:
		r.retarget(e.Targets)
	case ticket.ZoneChanged:
		r.retarget(e.Targets)
	case ticket.Retargeted:
		r.retarget(e.Targets)
	case ticket.Paused:
		if !r.open {
			return
		}
		r.paused = true
		for _, name := range e.Clocks {
			if l := r.running(name); l != nil && !l.standing {
				l.standing, l.standsAt = true, e.At.Time
			}
		}
	case ticket.Resumed:
		r.resume(e)
	case ticket.PauseRecorded:
		for _, l := range r.lives {
			if slices.Contains(e.Clocks, l.name) && l.start.Before(e.To.Time) && (l.end.IsZero() || e.From.Before(l.end)) {
				l.pauses = append(l.pauses, sla.Interval{From: e.From.Time, To: e.To.Time})
			}
		}
	case ticket.VisitNeeded:
		if !r.open {
			return
		}
		r.stop(e.At, true, false, ticket.FirstContact)
		r.stop(e.At, false, false, ticket.RemoteResolution)
		if l := r.running(ticket.Arrival); l != nil && named(e.Targets, ticket.Arrival) != nil {
			l.start, l.standsAt, l.pauses, l.target = e.At.Time, e.At.Time, nil, named(e.Targets, ticket.Arrival)
			l.startedBy = r.revision
		}
	case ticket.ArrivalAgreed:
		r.stop(e.At, true, false, ticket.FirstContact)
		if named(e.Targets, ticket.Arrival) != nil {
			r.retarget(e.Targets, ticket.Arrival)
		}
	case ticket.Arrived:
		r.stop(e.At, true, false, ticket.FirstContact, ticket.Arrival)
		r.stop(e.At, false, false, ticket.RemoteResolution)
	case ticket.Updated:
		r.stop(e.At, true, false, ticket.FirstContact)
		if l := r.running(ticket.NextUpdate); l != nil {
			standing := l.standing
			r.stop(e.At, true, false, ticket.NextUpdate)
			next := r.begin(ticket.NextUpdate, e.At, e.Targets)
			next.standing, next.standsAt = standing, e.At.Time
		}
	case ticket.Resolved:
		r.stop(e.At, true, false, ticket.FirstContact, ticket.RemoteResolution, ticket.Resolution)
		r.end(e.At)
	case ticket.SignedOff:
		r.stop(e.At, true, false, ticket.FirstContact)
		r.end(e.At)
	case ticket.Closed:
		r.stop(e.At, true, false, ticket.FirstContact)
		r.end(e.At)
	case ticket.Merged:
		r.stop(e.At, false, true, all...)
		r.end(e.At)
	case ticket.CallWithdrawn:
		r.end(e.At)
	case ticket.Rejected:
		r.end(e.At)
	case ticket.Reopened:
		r.open, r.paused, r.cycle = true, false, e.Cycle
		if l := r.latest(ticket.FirstContact); !l.end.IsZero() && !l.reached {
			r.begin(ticket.FirstContact, e.At, e.Targets)
		}
		for _, name := range all[1:] {
			r.stop(e.At, false, false, name) // what ended it was struck
			r.begin(name, e.At, e.Targets)
		}
	case ticket.Assigned, ticket.HelpRequested, ticket.EmergencyPlanned, ticket.ClassChanged, ticket.ChargeRecorded, ticket.Followed, ticket.Unfollowed, ticket.NoteAdded, ticket.Escalated, ticket.Judged, ticket.DueCorrected, ticket.SourceVerdictRecorded: // move no clock
	}
}

func (r *reference) resume(e ticket.Resumed) {
	if !r.paused {
		return
	}
	r.paused = len(e.Clocks) > 0
	for _, l := range r.lives {
		if !l.end.IsZero() {
			continue
		}
		if len(e.Clocks) == 0 || slices.Contains(e.Clocks, l.name) {
			l.resume(e.At.Time)
		}
	}
}

func (r *reference) end(at domain.Instant) {
	r.stop(at, false, false, ticket.TargetNames()...)
	r.open, r.paused = false, false
}

// verdict says how a life ended, by adding up its time; "" for what is not
// judged, "?" where only the hour of the day decides.
func (l *life) verdict(t *rapid.T, book *policy.Book) ticket.Verdict {
	if l.target == nil {
		if l.name == ticket.FirstContact || l.name == ticket.Resolution {
			return ticket.NoTarget
		}
		return ""
	}
	if l.void {
		return ticket.Withdrawn
	}
	late, inTime := l.time(t, book)
	switch {
	case l.reached && inTime && late:
		return "?"
	case l.reached && inTime:
		return ticket.Met
	case !l.reached && !late:
		return ticket.Withdrawn
	}
	return ticket.Breached
}

// time reports whether the due time had come at the end, and whether the time
// that counted is within the limit.
func (l *life) time(t *rapid.T, book *policy.Book) (dueCame, within bool) {
	if by := l.target.AgreedFor; by != nil {
		return !by.After(l.end) && (!l.reached || by.Before(l.end)), !l.end.After(by.Time)
	}
	v, ok := book.ByRef(l.target.Calendar)
	require.True(t, ok)
	counted := func(from, to time.Time) time.Duration {
		if from.Before(l.start) {
			from = l.start
		}
		if to.After(l.end) {
			to = l.end
		}
		switch {
		case !from.Before(to):
			return 0
		case l.target.Clock == sla.Wall:
			return to.Sub(from)
		}
		return v.Calendar().Working(from, to)
	}
	net := counted(l.start, l.end)
	pauses := slices.Clone(l.pauses)
	slices.SortFunc(pauses, func(a, b sla.Interval) int { return a.From.Compare(b.From) })
	var until time.Time
	for _, p := range pauses { // SLA-06: a union
		if p.From.Before(until) {
			p.From = until
		}
		if p.From.Before(p.To) {
			net -= counted(p.From, p.To)
			until = p.To
		}
	}
	limit := time.Duration(l.target.LimitS) * time.Second
	return net >= limit, net <= limit
}

// inOccurrence puts the facts that were entered late where they belong.
func inOccurrence(facts []ticket.Fact) []ticket.Fact {
	var out []ticket.Fact
	last := time.Time{}
	for _, e := range facts {
		at, late := timeOf(e.Event)
		if late && at.Before(last) {
			place := 0
			for i, before := range out {
				if t, _ := timeOf(before.Event); !t.IsZero() && !t.After(at) {
					place = i + 1
				}
			}
			out = slices.Insert(out, place, e)
			continue
		}
		if !at.IsZero() {
			last = at
		}
		out = append(out, e)
	}
	return out
}

// timeOf returns when a fact moved the ticket on, and whether it came late.
func timeOf(e ticket.Event) (time.Time, bool) {
	switch e := e.(type) {
	case ticket.Accepted:
		return e.At.Time, e.LateReason != ""
	case ticket.Arrived:
		return e.At.Time, e.LateReason != ""
	case ticket.Resolved:
		return e.At.Time, e.LateReason != ""
	case ticket.Registered:
		return e.At.Time, false
	case ticket.Assigned:
		return e.At.Time, e.LateReason != ""
	case ticket.LevelChanged:
		return e.At.Time, false
	case ticket.ZoneChanged:
		return e.At.Time, false
	case ticket.ClassChanged:
		return e.At.Time, false
	case ticket.Retargeted:
		return e.At.Time, false
	case ticket.Paused:
		return e.At.Time, false
	case ticket.Resumed:
		return e.At.Time, false
	case ticket.VisitNeeded:
		return e.At.Time, e.LateReason != ""
	case ticket.ArrivalAgreed:
		return e.At.Time, e.LateReason != ""
	case ticket.Updated:
		return e.At.Time, e.LateReason != ""
	case ticket.SignedOff:
		return e.At.Time, false
	case ticket.Closed:
		return e.At.Time, false
	case ticket.Merged:
		return e.At.Time, false
	case ticket.CallWithdrawn:
		return e.At.Time, false
	case ticket.Rejected:
		return e.At.Time, false
	case ticket.Reopened:
		return e.At.Time, false
	case ticket.NoteAdded, ticket.HelpRequested, ticket.EmergencyPlanned, ticket.ChargeRecorded, ticket.Followed, ticket.Unfollowed, ticket.Escalated, ticket.PauseRecorded, ticket.Judged, ticket.DueCorrected, ticket.SourceVerdictRecorded:
	}
	return time.Time{}, false
}

// requireReference holds a ticket against the reference.
func requireReference(t *rapid.T, w *tickettest.Walk) {
	var facts []ticket.Fact
	for i, e := range w.Standing() {
		if e != nil && !ticket.Follows(e) {
			facts = append(facts, ticket.Fact{Revision: uint64(i), Event: e})
		}
	}
	r := &reference{}
	for _, f := range inOccurrence(facts) {
		r.revision = f.Revision
		r.take(f.Event)
	}
	require.Equal(t, r.open, w.State.Status.Open())
	require.Equal(t, r.paused, w.State.Status == ticket.StatusPaused)
	judged, parts := 0, map[ticket.Verdict]int{}
	for _, l := range r.lives {
		if l.end.IsZero() {
			parts["running"]++
			requireRunning(t, l, w)
			continue
		}
		want := l.verdict(t, w.Book)
		i := slices.IndexFunc(w.State.Verdicts, func(v ticket.Verdicts) bool {
			return v.Judged.Target == l.name && v.Judged.StartedBy() == l.startedBy
		})
		if want == "" {
			parts[ticket.NoTarget]++
			continue
		}
		require.GreaterOrEqual(t, i, 0, "%s of cycle %d, started by %d, ended and has no verdict", l.name, l.cycle, l.startedBy)
		got := w.State.Verdicts[i].Judged
		if want != "?" {
			require.Equal(t, want, got.Verdict, "%s of cycle %d, started by %d", l.name, l.cycle, l.startedBy)
		}
		judged++
		parts[got.Verdict]++
	}
	sum := 0
	for _, n := range parts {
		sum += n
	}
	require.Equal(t, len(r.lives), sum, "SLA-09 the five parts add up")
	left := slices.DeleteFunc(slices.Clone(w.State.Verdicts), func(v ticket.Verdicts) bool {
		return v.Judged.Verdict == ticket.Withdrawn && v.Judged.ReachedAt == nil // taken back
	})
	require.LessOrEqual(t, len(left), judged, "no verdict stands on a clock that never ended")
}

func requireRunning(t *rapid.T, l *life, w *tickettest.Walk) {
	s := w.State
	c := s.Clock(l.name)
	require.True(t, c.Running(), "%s runs", l.name)
	require.Equal(t, l.standing, c.Stands(), "%s stands", l.name)
	require.True(t, l.start.Equal(c.StartAt), "%s started at %v, not %v", l.name, l.start, c.StartAt)
	if l.target != nil && !l.standing && l.target.AgreedFor == nil {
		v, ok := w.Book.ByRef(l.target.Calendar)
		require.True(t, ok)
		limit := time.Duration(l.target.LimitS) * time.Second
		require.Equal(t, sla.Due(v.Calendar(), l.target.Clock, l.start, limit, l.pauses), c.Target.DueAt.Time, "%s is due", l.name)
		require.NotEmpty(t, c.Target.Steps)
		for _, step := range c.Target.Steps { // SLA-08
			share := sla.Due(v.Calendar(), l.target.Clock, l.start, limit*time.Duration(step.Percent)/100, l.pauses)
			require.Equal(t, domain.At(share), step.At, "%s is %d %% over", l.name, step.Percent)
		}
	}
	if l.name != ticket.FirstContact { // it runs on from the cycle in which it was not made
		require.Equal(t, s.Cycle, c.Cycle, "one cycle is open")
	}
}

// One hundred checks of ten tickets with a hundred steps each.
func TestATicketDoesAsThePlainestReference(t *testing.T) { // SLA-05, SLA-06, SLA-09, AUD-02
	t.Parallel()
	tickets, steps := 10, 100
	if testing.Short() {
		tickets, steps = 1, 40
	}
	rapid.Check(t, func(t *rapid.T) {
		for range tickets {
			w := tickettest.NewWalk(t)
			for range steps {
				before := len(w.Events)
				w.Step(t)
				require.True(t, w.Err == nil || tickettest.Refused(w.Err), "%T: %v", w.Last, w.Err)
				for i, e := range w.Events[before:] {
					if j, ok := e.(ticket.Judged); ok {
						requireSound(t, uint64(before+i), j)
					}
				}
				requireReference(t, w)
				requireNothingNew(t, w)
			}
		}
	})
}

// requireNothingNew asks again: TKT-02, and nothing is left to judge again.
func requireNothingNew(t *rapid.T, w *tickettest.Walk) {
	again := ticket.Command(ticket.Rejudge{Cause: ticket.CausePolicy, Book: w.Book})
	if _, note := w.Last.(ticket.AddNote); w.Err == nil && w.Last != nil && !note {
		again = w.Last
	}
	if _, registers := again.(ticket.Register); registers {
		return
	}
	events, err := ticket.Decide(w.State, again)
	require.NoError(t, err)
	require.Empty(t, events, "TKT-02 asking again changes nothing: %#v", again)
}
