package ticket

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Part is one of the five in which the clocks of a target are counted (SLA-09).
type Part string

// The parts.
const (
	PartMet       Part = "met"
	PartBreached  Part = "breached"
	PartRunning   Part = "running"
	PartWithdrawn Part = "withdrawn"
	PartNoTarget  Part = "no_target"
)

// Parts returns the five in the order in which they are told. The caller may change the slice.
func Parts() []Part { return []Part{PartMet, PartBreached, PartRunning, PartWithdrawn, PartNoTarget} }

// Case is one clock of a ticket and the part that it counts in (SLA-09).
type Case struct {
	Target TargetName
	Cycle  int
	Part   Part
	Stands bool   // it runs and is paused
	Judged Judged // the verdict; of a clock without one, what is agreed for it until now: At and Verdict are zero

	clock clockKey
}

// clockKey tells the clocks of a ticket apart whatever the rules: an arrival
// that counts from the finding starts anew there, and is still the cycle's one.
type clockKey struct {
	target    TargetName
	cycle     int
	startedBy uint64
	ghost     bool // its start or its end is no longer there
}

// CasesOnRecord returns what a ticket counts for at an instant, by the
// verdicts on record and the due times that were set: the parts of the
// service-level figures (SLA-09, SLA-13). Events are those of the stream by
// revision, nil for one that is struck or a strike.
func CasesOnRecord(events []Event, at time.Time) []Case {
	s := recorded(events)
	out := make([]Case, 0, len(s.Verdicts)+len(s.Clocks))
	for _, v := range s.Verdicts {
		out = append(out, s.caseOf(v.Judged))
	}
	for _, c := range s.Clocks {
		if s.Status != "" && s.standing(c.Name, c.startedBy()) < 0 {
			out = append(out, unjudged(c, at))
		}
	}
	return sorted(out)
}

// CasesUnder returns what a ticket would count for at an instant had chosen
// versions of its SLA and calendar policies been in force (SLA-10); nil
// chooses what is in force by the book, whatever was known then. Events are as
// of CasesOnRecord; the verdicts among them are passed over, and nothing is
// recorded. A clock whose start or end was struck stays as it is on record: no
// rules would judge it.
// A *domain.RuleError says that a version is not in the book (POL-08).
func CasesUnder(events []Event, book *policy.Book, slaRef, calendarRef *domain.PolicyRef, at time.Time) ([]Case, error) {
	l, err := lawUnder(book, slaRef, calendarRef)
	if err != nil {
		return nil, err
	}
	was := recorded(events)
	l.site = was.Site
	s, err := l.fold(was.Facts())
	if err != nil {
		return nil, err
	}
	out := make([]Case, 0, len(s.Done)+len(s.Clocks))
	silent := map[TargetName]bool{} // ended, and not judged
	for _, c := range s.Done {
		j, err := l.judge(c)
		if err != nil {
			return nil, err
		}
		if silent[c.Name] = j == nil; j != nil {
			out = append(out, s.caseOf(*j))
		}
	}
	for _, c := range s.Clocks {
		if s.Status != "" && (c.Running() || silent[c.Name]) {
			out = append(out, unjudged(c, at))
		}
	}
	for _, v := range was.Verdicts {
		if c := was.caseOf(v.Judged); c.clock.ghost {
			out = append(out, c)
		}
	}
	return sorted(out), nil
}

func recorded(events []Event) State {
	var s State
	for i, e := range events {
		s = EvolveAt(s, uint64(i), e)
	}
	return s
}

func lawUnder(book *policy.Book, slaRef, calendarRef *domain.PolicyRef) (law, error) {
	l := law{book: book}
	var err error
	if l.sla, err = chosen(book, slaRef, policy.KindSLA); err != nil {
		return l, err
	}
	l.calendar, err = chosen(book, calendarRef, policy.KindCalendar)
	return l, err
}

func chosen(book *policy.Book, ref *domain.PolicyRef, kind policy.Kind) (*policy.Version, error) {
	if ref == nil {
		return nil, nil //nolint:nilnil // nothing was chosen
	}
	v, ok := book.ByRef(*ref)
	if !ok || v.Recorded.Kind != kind {
		return nil, missing(kind, *ref)
	}
	return &v, nil
}

// fold folds facts with the targets that this law sets.
func (l law) fold(facts []Fact) (State, error) {
	var s State
	for _, f := range facts {
		e, err := l.filled(s, f.Event)
		if err != nil {
			return s, err
		}
		s = s.apply(f.Revision, e)
	}
	return s, nil
}

// caseOf returns the case of a verdict on a clock of s.
func (s State) caseOf(j Judged) Case {
	k := clockKey{j.Target, j.Cycle, j.StartedBy(), true}
	mine := func(c Clock) bool { return c.Name == j.Target && c.startedBy() == k.startedBy }
	if slices.ContainsFunc(s.Done, mine) {
		k = keyOf(j.Target, j.Cycle, k.startedBy)
	}
	return Case{Target: j.Target, Cycle: j.Cycle, Part: Part(j.Verdict), Judged: j, clock: k}
}

func keyOf(name TargetName, cycle int, startedBy uint64) clockKey {
	if name == Arrival {
		startedBy = 0
	}
	return clockKey{name, cycle, startedBy, false}
}

// unjudged returns the case of a present clock that has no verdict.
func unjudged(c Clock, at time.Time) Case {
	out := Case{
		Target: c.Name, Cycle: c.Cycle, Part: PartNoTarget, Stands: c.Stands(), clock: keyOf(c.Name, c.Cycle, c.startedBy()),
		Judged: Judged{Target: c.Name, Cycle: c.Cycle, StartAt: domain.At(c.StartAt), Spans: []Span{}, Inputs: c.Revisions},
	}
	t := c.Target
	if t == nil {
		return out
	}
	j := &out.Judged
	j.Clock, j.LimitS, j.DueAt, j.Policy, j.Calendar = t.Clock, t.LimitS, &t.DueAt, &t.Policy, &t.Calendar
	out.Part = PartRunning
	overdue := !t.DueAt.After(at) && (!c.Stands() || !t.DueAt.After(c.PausedAt)) // SLA-06: not while it stands
	if c.Running() && overdue {                                                  // SLA-13; one that has ended waits for its verdict
		out.Part = PartBreached
	}
	return out
}

func sorted(cases []Case) []Case {
	slices.SortStableFunc(cases, func(a, b Case) int {
		return cmp.Or(cmp.Compare(a.Target.place(), b.Target.place()), cmp.Compare(a.Cycle, b.Cycle),
			cmp.Compare(a.Judged.StartedBy(), b.Judged.StartedBy()))
	})
	return cases
}

// Differing is a clock that counts in one part by some rules and in another by
// others. One of the two is nil if by those rules it is not counted at all:
// some targets leave no trace where nothing is agreed.
type Differing struct{ Before, After *Case }

// Differences returns the clocks of one ticket that count in other parts, or on
// one side only, in the order of target, cycle and start.
func Differences(before, after []Case) []Differing {
	var out []Differing
	rest := make(map[clockKey]*Case, len(before))
	for i := range before {
		rest[before[i].clock] = &before[i]
	}
	for i := range after {
		a := &after[i]
		b := rest[a.clock]
		delete(rest, a.clock)
		if b == nil || b.Part != a.Part {
			out = append(out, Differing{b, a})
		}
	}
	for i := range before {
		if b := &before[i]; rest[b.clock] != nil {
			out = append(out, Differing{b, nil})
		}
	}
	slices.SortStableFunc(out, func(x, y Differing) int {
		a, b := x.Either(), y.Either()
		return cmp.Or(cmp.Compare(a.Target.place(), b.Target.place()), cmp.Compare(a.Cycle, b.Cycle),
			cmp.Compare(a.Judged.StartedBy(), b.Judged.StartedBy()))
	})
	return out
}

// Either returns After, or without it Before.
func (d Differing) Either() *Case {
	if d.After != nil {
		return d.After
	}
	return d.Before
}

// Counterpart returns the case of the same clock among cases, nil if there is none.
func (c Case) Counterpart(cases []Case) *Case {
	for i := range cases {
		if cases[i].clock == c.clock {
			return &cases[i]
		}
	}
	return nil
}
