package tool_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func lateBy(c tool.Command) tool.EnterLate { return tool.EnterLate{Reason: "forgotten", Command: c} }

func TestLateFacts(t *testing.T) {
	t.Parallel()
	known := []tool.Event{
		registered("wrench", main),
		tool.Issued{At: at(2), To: ofLi},
		tool.Accepted{At: at(3), Holder: ofLi, By: li},
		tool.Returned{At: at(9), From: ofLi, Store: "main", By: li, Condition: tool.Good},
	}
	stored := known[:1]
	blocked := append(slices.Clone(stored), tool.Blocked{At: at(9), Reason: tool.BlockFault})
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{
			Name: "TOL-03 a late fact is entered where it belongs", Given: blocked,
			When: lateBy(tool.Lend{At: at(5), Today: today, To: ofLi, Until: at(8), Purpose: "p", Responsible: li, Book: free}),
			Then: []tool.Event{tool.Lent{At: at(5), Holder: ofLi, Until: at(8), Purpose: "p", Responsible: li, Policy: ref, LateReason: "forgotten"}},
		},
		{
			Name: "TOL-18 what came back damaged is blocked from then on", Given: append(slices.Clone(known), tool.Inspected{At: at(11), On: today, Passed: true}),
			When: lateBy(tool.Block{At: at(10), Reason: tool.BlockFault}),
			Then: []tool.Event{tool.Blocked{At: at(10), Reason: tool.BlockFault, LateReason: "forgotten"}},
		},
		{
			Name: "TOL-03 it is refused where the facts on record contradict it", Given: known,
			When: lateBy(tool.HandOver{At: at(5), Today: today, To: ofWang, By: wang, Book: free}), Refused: "TOL-03", Key: "tool.contradicts",
		},
		{
			Name: "TOL-14 it is decided on the tool as it stood", Given: known,
			When: lateBy(tool.Issue{At: at(5), Today: today, To: ofWang, Book: free}), Refused: "TOL-14",
		},
		{Name: "TOL-01 there was no tool before it was registered", Given: known, When: lateBy(tool.Block{At: at(0), Reason: tool.BlockFault}), Refused: "TOL-01"},
		{Name: "AUD-01 without a reason it is no late fact", Given: known, When: tool.Block{At: at(5), Reason: tool.BlockFault}, Refused: "AUD-01"},
		{Name: "AUD-02 the reason is given", Given: known, When: tool.EnterLate{Reason: " ", Command: tool.Block{At: at(5), Reason: tool.BlockFault}}, Invalid: "/late_reason"},
		{Name: "AUD-01 when it happened is given", Given: known, When: lateBy(tool.Block{Reason: tool.BlockFault}), Invalid: "/at"},
		{
			Name: "AUD-01 what is not before the last fact is entered like any other", Given: known,
			When: lateBy(tool.Block{At: at(9), Reason: tool.BlockFault}), Then: []tool.Event{tool.Blocked{At: at(9), Reason: tool.BlockFault}},
		},
		{Name: "TKT-02 what held then changes nothing", Given: known, When: lateBy(tool.Accept{At: at(5), By: li, Book: free})},
	})
}

func TestAUD02AStrikeListsWhatItContradicts(t *testing.T) {
	t.Parallel()
	var s tool.State
	for _, e := range []tool.Event{
		registered("wrench", main),
		tool.Issued{At: at(2), To: ofLi},
		tool.Accepted{At: at(3), Holder: ofLi, By: li},
		tool.Returned{At: at(9), From: ofLi, Store: "yard", By: li, Condition: tool.Good},
	} {
		s = tool.Evolve(s, e)
	}
	c := s.Without([]uint64{2})
	require.Len(t, c.Contradicted, 1)
	require.Equal(t, uint64(3), c.Contradicted[0].Revision)
	require.Equal(t, []tool.Held{{From: at(1), Holder: main}, {From: at(9), Holder: tool.Holder{Kind: tool.Store, Who: "yard"}, Revision: 3}}, c.After.Custody())
	require.Len(t, c.Before.Custody(), 3)
	require.Empty(t, s.Without([]uint64{3}).Contradicted)
	require.Empty(t, s.Without([]uint64{0}).After.Custody(), "nothing is left to show")
}

// entry is a line of a book in which nothing is ever rubbed out.
type entry struct {
	at      domain.Instant
	holder  string // who has it from then on
	moves   bool
	from    string // who must have had it, "" for anybody
	struck  int    // by which line, 0 for none
	command int
}

// heldAt says who had the tool at a time by the lines up to the n-th.
func heldAt(book []entry, n int, at time.Time) string {
	lines := []entry{}
	for _, l := range book[:n] {
		if l.moves && (l.struck == 0 || l.struck > n) && !l.at.After(at) {
			lines = append(lines, l)
		}
	}
	slices.SortStableFunc(lines, func(a, b entry) int { return a.at.Compare(b.at.Time) })
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1].holder
}

// broken counts the lines that name another holder than the book does.
func broken(book []entry) int {
	lines := []entry{}
	for _, l := range book {
		if l.struck == 0 {
			lines = append(lines, l)
		}
	}
	slices.SortStableFunc(lines, func(a, b entry) int { return a.at.Compare(b.at.Time) })
	n, has := 0, ""
	for _, l := range lines {
		if l.from != "" && l.from != has {
			n++
		}
		if l.moves {
			has = l.holder
		}
	}
	return n
}

func written(e tool.Event, command int) entry {
	l := entry{command: command, moves: true}
	switch e := any(e).(type) { // of those that are drawn
	case tool.Registered:
		l.at, l.holder = e.At, e.Holder.Who
	case tool.Accepted:
		l.at, l.holder = e.At, e.Holder.Who
	case tool.Lent:
		l.at, l.holder = e.At, e.Holder.Who
	case tool.Returned:
		l.at, l.holder, l.from = e.At, e.Store, e.From.Who
	case tool.HandedOver:
		l.at, l.holder, l.from = e.At, e.Holder.Who, e.From.Who
	case tool.SentToRepair:
		l.at, l.holder = e.At, e.Holder.Who
	case tool.ReportedMissing:
		l.at, l.holder, l.from = e.At, "nobody", e.From.Who
	case tool.Found:
		l.at, l.holder = e.At, e.Store
	case tool.Scrapped:
		l.at, l.holder = e.At, "nobody"
	case tool.Issued:
		l.at, l.moves = e.At, false
	case tool.Refused:
		l.at, l.moves = e.At, false
	case tool.Blocked:
		l.at, l.moves = e.At, false
	case tool.Cleared:
		l.at, l.moves = e.At, false
	case tool.Inspected:
		l.at, l.moves = e.At, false
	case tool.Booked:
		l.at, l.moves = e.At, false
	case tool.BookingCancelled:
		l.at, l.moves = e.At, false
	case tool.Extended:
		l.at, l.moves = e.At, false
	case tool.Chased:
		l.at, l.moves = e.At, false
	case tool.Kept:
		l.at, l.moves = e.At, false
	case tool.Released:
		l.at, l.moves = e.At, false
	case tool.Exchanged:
		l.at, l.holder, l.from = e.At, e.Holder.Who, e.From.Who
	}
	return l
}

func holderAt(s tool.State, at time.Time) string {
	who := ""
	for _, h := range s.Custody() {
		if h.From.After(at) {
			break
		}
		who = h.Holder.Who
		if h.Holder.Kind == tool.Nobody {
			who = "nobody"
		}
	}
	return who
}

// walk is one tool with strikes and late facts.
type walk struct {
	t      *testing.T
	r      *rand.Rand
	events []tool.Event // nil for a strike
	book   []entry
	states []tool.State // after each line
	late   int
	struck int
	barred int
}

func (w *walk) fold() tool.State {
	var s tool.State
	for i, e := range w.events {
		if w.book[i].struck > 0 {
			e = nil
		}
		s = tool.Evolve(s, e)
	}
	return s
}

func (w *walk) strike(line int) {
	for i := range w.book {
		if i > 0 && w.events[i] != nil && w.book[i].struck == 0 && i >= line && w.book[i].command == w.book[line].command {
			w.events, w.book = append(w.events, nil), append(w.book, entry{command: len(w.book)})
			w.book[i].struck = len(w.book)
			w.book[len(w.book)-1].struck = -1
			w.states = append(w.states, w.fold())
			w.struck++
		}
	}
}

func (w *walk) step(now domain.Instant) {
	s := w.states[len(w.states)-1]
	if w.r.IntN(12) == 0 {
		w.strike(w.r.IntN(len(w.book)))
		return
	}
	at := now
	late := w.r.IntN(3) == 0
	if late {
		at = domain.At(now.Add(-time.Duration(w.r.IntN(60)) * time.Hour))
	}
	c := draw(w.r, at, domain.DayOf(at.Time, time.UTC))
	if late {
		c = lateBy(c)
	}
	events, err := tool.Decide(s, c)
	bad := broken(w.book)
	if err != nil {
		if refused, ok := err.(*domain.RuleError); ok && refused.Key == "tool.contradicts" { //nolint:errorlint // as it is
			w.barred++
		}
		return
	}
	for _, e := range events {
		w.events, w.book = append(w.events, e), append(w.book, written(e, len(w.states)))
		s = tool.Evolve(s, e)
		w.states = append(w.states, s)
		if l, ok := e.(interface{ EnteredLate() bool }); ok && l.EnteredLate() {
			w.late++
		}
	}
	for i := len(w.book) - len(events); i < len(w.book); i++ {
		w.book[i].command = len(w.book) - len(events)
	}
	require.LessOrEqual(w.t, broken(w.book), bad, "%T %+v", c, c)
}

func TestTOL03WithStrikesAndLateFactsCustodyIsWhatABookSays(t *testing.T) { // both as known then and as it held then
	t.Parallel()
	const walks, steps = 1000, 100
	r := rand.New(rand.NewPCG(3, 2026))
	late, struck, barred := 0, 0, 0
	for range walks {
		first := registered("wrench", main)
		w := &walk{
			t: t, r: r, events: []tool.Event{first}, book: []entry{written(first, 0)}, states: []tool.State{tool.Evolve(tool.State{}, first)},
		}
		for n := range steps {
			w.step(domain.At(at(2).Add(time.Duration(n) * time.Hour)))
		}
		for range 40 {
			n := r.IntN(len(w.states))
			when := at(0).Add(time.Duration(r.IntN(steps*60)) * time.Minute)
			require.Equal(t, heldAt(w.book, n+1, when), holderAt(w.states[n], when), "known after line %d, at %s", n, when)
		}
		late, struck, barred = late+w.late, struck+w.struck, barred+w.barred
	}
	require.Greater(t, late, walks)
	require.Greater(t, struck, walks)
	require.Greater(t, barred, walks/10)
}
