package card_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var (
	li    = tool.Holder{Kind: tool.Person, Who: "00000000-0000-0000-0000-000000000011"}
	start = card.Start{Holder: li, Part: 1}
	ref   = domain.PolicyRef{Version: 1, Hash: "h"}
	free  = rulesOf()
	table = rulesOf(
		policy.Entitlement{Post: "fitter", Kind: "wrench", Count: 2}, policy.Entitlement{Post: "welder", Kind: "wrench", Count: 1},
		policy.Entitlement{Team: "A", Kind: "lamp", Count: 1},
	)
)

func at(hour int) domain.Instant { return domain.At(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC)) }

func id(n byte) uuid.UUID { return uuid.UUID{n} }

func rulesOf(lines ...policy.Entitlement) *policy.Book {
	raw, err := json.Marshal(policy.Tools{
		Stores: []policy.Code{{Code: "main"}}, Kinds: []policy.ToolKind{{Code: "wrench", Category: "hand"}, {Code: "lamp", Category: "safety"}},
		Entitlements: lines,
	})
	if err != nil {
		panic(err)
	}
	book, err := policy.NewBook([]policy.Recorded{{Version: policy.VersionRecorded{
		Kind: policy.KindTools, Site: "mine", Version: 1, EffectiveFrom: domain.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), Hash: "h", Content: raw,
	}}})
	if err != nil {
		panic(err)
	}
	return book
}

func entry(n byte, kind string, revision int64) card.Entry {
	return card.Entry{Tool: id(n), Number: "T-" + strconv.Itoa(int(n)), Kind: kind, Revision: revision, EnteredAt: at(1)}
}

// enter is the storekeeper's issue of a wrench to a fitter.
func enter(n byte, changes ...func(*card.Enter)) card.Enter {
	c := card.Enter{
		At: at(2), Start: start, Site: "mine", Entry: entry(n, "wrench", 0), ByTable: true, Posts: []string{"fitter", "welder"}, Team: "A", Book: table,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func entered(n byte, changes ...func(*card.Entered)) card.Entered {
	e := card.Entered{
		At: at(2), Entry: entry(n, "wrench", 0), Gone: []uuid.UUID{}, Policy: ref, Line: &policy.Entitlement{Post: "fitter", Kind: "wrench", Count: 2},
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

func TestWhatGoesOntoACard(t *testing.T) {
	t.Parallel()
	opened := card.Opened{At: at(2), Holder: li, Part: 1, Entries: []card.Entry{}}
	one := []card.Event{opened, entered(1)}
	two := []card.Event{opened, entered(1), entered(2)}
	decidertest.Run(t, card.Decide, card.Evolve, []decidertest.Case[card.Command, card.Event]{
		{Name: "TOL-15 the first tool opens the card and takes its place in the table", When: enter(1), Then: []card.Event{opened, entered(1)}},
		{Name: "TOL-15 up to the table nobody is asked", Given: one, When: enter(2), Then: []card.Event{entered(2)}},
		{Name: "TOL-15 beyond it an approval is needed", Given: two, When: enter(3), Refused: "TOL-15", Key: "card.beyond_table"},
		{
			Name: "TOL-15 with it more is given", Given: two, When: enter(3, func(c *card.Enter) { c.ApprovedBy = "boss" }),
			Then: []card.Event{entered(3, func(e *card.Entered) { e.ApprovedBy = "boss" })},
		},
		{
			Name: "TOL-15 what is no more with the holder is struck and leaves its place", Given: two,
			When: enter(3, func(c *card.Enter) { c.Gone = []uuid.UUID{id(1)} }),
			Then: []card.Event{entered(3, func(e *card.Entered) { e.Gone = []uuid.UUID{id(1)} })},
		},
		{
			Name: "TOL-15 a loan takes no place", Given: []card.Event{opened, entered(1), entered(2, func(e *card.Entered) { e.Entry.Loan = true })},
			When: enter(3), Then: []card.Event{entered(3)},
		},
		{
			Name: "TOL-15 what is lent or handed over is entered whatever the table says", Given: two,
			When: enter(3, func(c *card.Enter) { c.ByTable = false }), Then: []card.Event{entered(3, func(e *card.Entered) { e.Line = nil })},
		},
		{
			Name: "TOL-15 the same tool at a later revision takes one place", Given: two,
			When: enter(2, func(c *card.Enter) { c.Entry.Revision = 4 }), Then: []card.Event{entered(2, func(e *card.Entered) { e.Entry.Revision = 4 })},
		},
		{Name: "TKT-02 the same tool at the same revision is there already", Given: two, When: enter(2)},
		{Name: "TOL-15 a post without a line gets nothing unasked", When: enter(1, func(c *card.Enter) { c.Posts = nil }), Refused: "TOL-15"},
		{
			Name: "TOL-15 a team's line is its members'", When: enter(1, func(c *card.Enter) { c.Entry.Kind = "lamp" }),
			Then: []card.Event{opened, entered(1, func(e *card.Entered) {
				e.Entry.Kind, e.Line = "lamp", &policy.Entitlement{Team: "A", Kind: "lamp", Count: 1}
			})},
		},
		{
			Name: "TOL-15 a site without a table asks for nothing", Given: two, When: enter(3, func(c *card.Enter) { c.Book = free }),
			Then: []card.Event{entered(3, func(e *card.Entered) { e.Line = nil })},
		},
		{Name: "POL-08 without the site's policy nothing is entered", When: enter(1, func(c *card.Enter) { c.Book = nil }), Refused: "POL-08"},
		{Name: "TOL-07 with open custody nobody leaves", Given: two, When: card.Close{At: at(3), Gone: []uuid.UUID{id(1)}}, Refused: "TOL-07", Key: "card.open"},
		{
			Name: "TOL-07 when all is gone the card is closed", Given: two, When: card.Close{At: at(3), Gone: []uuid.UUID{id(1), id(2)}},
			Then: []card.Event{card.Closed{At: at(3)}},
		},
		{Name: "TOL-07 a card that never was is closed too", When: card.Close{At: at(2), Start: start}, Then: []card.Event{opened, card.Closed{At: at(2)}}},
		{Name: "TOL-07 nothing goes to who left", Given: []card.Event{opened, card.Closed{At: at(1)}}, When: enter(1), Refused: "TOL-07", Key: "card.closed"},
		{Name: "TKT-02 a closed card stays closed", Given: []card.Event{opened, card.Closed{At: at(1)}}, When: card.Close{At: at(3)}},
		{
			Name: "TOL-15 a further part begins with what was open", When: enter(3, func(c *card.Enter) {
				c.Start = card.Start{Holder: li, Part: 2, Entries: []card.Entry{entry(1, "wrench", 0), entry(2, "wrench", 0)}}
			}), Refused: "TOL-15", Key: "card.beyond_table",
		},
		{Name: "TOL-15 a part that is continued takes nothing", Given: append(slices.Clone(one), card.Continued{At: at(2)}), When: enter(2), Refused: "TOL-15", Key: "card.continued"},
		{Name: "TKT-02 a part is continued once", Given: append(slices.Clone(one), card.Continued{At: at(2)}), When: card.Continue{At: at(3)}},
	})
}

// TestTOL15NobodyHasMoreThanTheTableGivesUnasked runs a shelf of tools and a
// card through random issues, moves, crashes and parts against a plain count.
func TestTOL15NobodyHasMoreThanTheTableGivesUnasked(t *testing.T) {
	t.Parallel()
	const walks, steps = 1000, 100
	r := rand.New(rand.NewPCG(15, 7))
	refused, given := 0, 0
	for range walks {
		held := map[byte]bool{}      // with li
		revision := map[byte]int64{} // of each tool's stream
		carried, part := []card.Entry{}, 1
		s, approved := card.State{}, 0
		for range steps {
			n := byte(1 + r.IntN(6))
			gone := []uuid.UUID{}
			of := s.Entries
			if s.Part == 0 {
				of = carried
			}
			for _, e := range of { // as the use case sees it
				if m := e.Tool[0]; !held[m] && revision[m] > e.Revision {
					gone = append(gone, e.Tool)
				}
			}
			from := card.Start{Holder: li, Part: part, Entries: carried}
			switch r.IntN(10) {
			case 0: // a part ends
				if s.Part == 0 {
					continue
				}
				for _, e := range must(card.Decide(s, card.Continue{At: at(2)})) {
					s = card.Evolve(s, e)
				}
				carried, part, s = s.Entries, part+1, card.State{}
			case 1, 2, 3: // it goes elsewhere
				delete(held, n)
				revision[n]++
			case 4:
				_, err := card.Decide(s, card.Close{At: at(2), Start: from, Gone: gone})
				if len(held) > 0 {
					require.Error(t, err)
				}
			default:
				c := enter(n, func(c *card.Enter) { c.Start, c.Entry.Revision, c.Gone = from, revision[n], gone })
				if r.IntN(8) == 0 {
					c.ApprovedBy = "boss"
				}
				events, err := card.Decide(s, c)
				if err != nil {
					refused++
					continue
				}
				for _, e := range events {
					s = card.Evolve(s, e)
				}
				if r.IntN(5) == 0 || held[n] {
					continue // the issue never came, or it has it
				}
				if c.ApprovedBy != "" {
					approved++
				}
				held[n] = true
				revision[n]++
				given++
			}
			require.LessOrEqual(t, len(held), 2+approved)
			on := s.Entries
			if s.Part == 0 {
				on = carried
			}
			for n := range held {
				require.True(t, slices.ContainsFunc(on, func(e card.Entry) bool { return e.Tool[0] == n }), "what is held is on the card")
			}
		}
	}
	require.Greater(t, refused, walks)
	require.Greater(t, given, walks)
}

func must(events []card.Event, err error) []card.Event {
	if err != nil {
		panic(err)
	}
	return events
}

func TestChecks(t *testing.T) {
	t.Parallel()
	crew := tool.Holder{Kind: tool.Team, Who: "00000000-0000-0000-0000-00000000000a"}
	opened := card.Opened{At: at(1), Holder: crew, Part: 1, Entries: []card.Entry{}}
	has := []card.Entry{entry(1, "wrench", 0), entry(2, "wrench", 0)}
	given := []card.Event{opened}
	c := card.Check{
		At: at(2), Kind: card.ShiftCheck, Giver: "li", By: "wang", Of: crew.Who, Found: []uuid.UUID{id(1)}, Damaged: []uuid.UUID{}, Missing: []uuid.UUID{id(2)},
		Has: has, NextBy: at(9),
	}
	with := func(change func(*card.Check)) card.Check { x := c; change(&x); return x }
	shift := card.Checked{At: at(2), Kind: card.ShiftCheck, OnDuty: "li", By: "wang", Found: c.Found, Damaged: c.Damaged, Missing: c.Missing, NextBy: at(9)}
	regular := shift
	regular.Kind, regular.OnDuty = card.RegularCheck, "wang"
	decidertest.Run(t, card.Decide, card.Evolve, []decidertest.Case[card.Command, card.Event]{
		{Name: "TOL-06 the keys pass, and who gave them answers for what is short", Given: given, When: c, Then: []card.Event{shift}},
		{Name: "TOL-06 no tool is left out", Given: given, When: with(func(c *card.Check) { c.Missing = nil }), Refused: "TOL-06", Key: "card.check_incomplete"},
		{Name: "TOL-06 nor one named that is not there", Given: given, When: with(func(c *card.Check) { c.Damaged = []uuid.UUID{id(7)} }), Invalid: "/found"},
		{Name: "TOL-06 the keys pass to another", Given: given, When: with(func(c *card.Check) { c.By = "li" }), Refused: "TOL-06", Key: "card.same_shift"},
		{Name: "TOL-06 to one of the team", Given: given, When: with(func(c *card.Check) { c.Of = "" }), Refused: "TOL-06", Key: "tool.not_of_team"},
		{Name: "TOL-06 from who is on duty", Given: append(slices.Clone(given), shift), When: c, Refused: "TOL-06", Key: "card.not_on_duty"},
		{Name: "TOL-06 somebody gives them", Given: given, When: with(func(c *card.Check) { c.Giver = "" }), Invalid: "/giver"},
		{Name: "TOL-06 somebody signs", Given: given, When: with(func(c *card.Check) { c.By = "" }), Invalid: "/by"},
		{
			Name: "TOL-20 a regular check is on the shift on duty", Given: append(slices.Clone(given), shift),
			When: with(func(c *card.Check) { c.Kind, c.Giver = card.RegularCheck, "" }), Then: []card.Event{regular},
		},
		{Name: "TOL-20 of a kind that there is", Given: given, When: with(func(c *card.Check) { c.Kind = "monthly" }), Invalid: "/kind"},
	})
}
