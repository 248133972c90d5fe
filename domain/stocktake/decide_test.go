package stocktake_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

const (
	li   = "11111111-1111-4111-8111-111111111111"
	wang = "22222222-2222-4222-8222-222222222222"
	zhao = "33333333-3333-4333-8333-333333333333"
)

var (
	nine  = domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	later = domain.At(nine.Add(time.Hour))
	ours  = tool.Holder{Kind: tool.Store, Who: "main"}
	byLi  = tool.Holder{Kind: tool.Person, Who: li}
	book  = tickettest.NewBook(
		tickettest.Version(policy.KindTools, 1, nine.Add(-time.Hour), policy.Tools{Stores: []policy.Code{{Code: "main", Name: "main"}}}),
		keeping(),
	)
)

// keeping is a version under an id of its own.
func keeping() policy.Recorded {
	r := tickettest.Version(policy.KindKeeping, 1, nine.Add(-time.Hour), policy.Keeping{
		StocktakeMonths: 1, Climate: policy.RoomClimate{LowTenthsC: -150, HighTenthsC: 350, HumidityPercent: 80},
	})
	r.ID = uuid.UUID{15: 1}
	return r
}

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func started(n int) stocktake.Started {
	return stocktake.Started{
		At: nine, Site: "desk", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"}, AsOf: 7, Expected: n, By: wang, NextBy: "2026-04-02",
		Policy: domain.PolicyRef{ID: id(1), Version: 1, Hash: "h"},
	}
}

func start(n int) stocktake.Start {
	return stocktake.Start{
		At: nine, Today: "2026-03-02", Site: "desk", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"}, AsOf: 7, Expected: n, By: wang, Book: book,
	}
}

var (
	three  = []stocktake.Expected{{Tool: id(1), Number: "W-1", Holder: ours}, {Tool: id(2), Number: "W-2", Holder: ours}, {Tool: id(3), Number: "W-3", Holder: ours}}
	listed = stocktake.Listed{At: nine, Tools: three}
	open   = []stocktake.Event{started(3), listed}
	ended  = stocktake.CountingEnded{At: later, By: wang}
)

func joined(who string, part, round int) stocktake.Joined {
	return stocktake.Joined{At: nine, Scanner: who, Part: part, Round: round}
}

func saw(who, number string, condition stocktake.Condition, round int) stocktake.Counting {
	return stocktake.Counting{Scan: stocktake.Scan{At: nine, Number: number, Condition: condition, Place: "shelf"}, Scanner: who, Round: round}
}

// result is the fold after a count of what was scanned.
func result(t *testing.T, given []stocktake.Event, c stocktake.Count) (stocktake.State, stocktake.Counted) {
	t.Helper()
	s := stocktake.State{}
	for _, e := range given {
		s = stocktake.Evolve(s, e)
	}
	events, err := stocktake.Decide(s, c)
	require.NoError(t, err)
	for _, e := range events {
		s = stocktake.Evolve(s, e)
	}
	return s, s.Result
}

func with(given []stocktake.Event, more ...stocktake.Event) []stocktake.Event {
	return append(append([]stocktake.Event{}, given...), more...)
}

func TestDecide(t *testing.T) {
	t.Parallel()
	counted := stocktake.Counted{At: later, Round: 1, Digest: "d", Sessions: []stocktake.Session{}}
	resulted := with(open, ended, counted)
	unequipped := start(3)
	unequipped.Book = tickettest.NewBook()
	elsewhere := start(3)
	elsewhere.Scope.Who = "yard"
	nowhere := start(3)
	nowhere.Scope = stocktake.Scope{Kind: stocktake.OfTeam, Who: "team 1"}
	decidertest.Run(t, stocktake.Decide, stocktake.Evolve, []decidertest.Case[stocktake.Command, stocktake.Event]{
		{Name: "CHK-01 the list is frozen as of a number", When: start(3), Then: []stocktake.Event{started(3)}},
		{Name: "POL-08 without a policy of keeping nothing is counted", When: unequipped, Refused: "POL-08"},
		{Name: "CHK-01 a store that is not", When: elsewhere, Invalid: "/scope/who"},
		{Name: "CHK-01 a team that is not", When: nowhere, Invalid: "/scope"},
		{Name: "CHK-01 nothing is listed twice", Given: open, When: stocktake.List{At: nine, Tools: three}},
		{Name: "CHK-01 the list is as long as it was", Given: []stocktake.Event{started(3)}, When: stocktake.List{At: nine, Tools: three[:2]}, Refused: "CHK-01"},
		{Name: "CHK-01 nobody scans before the list is there", Given: []stocktake.Event{started(3)}, When: stocktake.Join{At: nine, Scanner: li, Part: 1}, Refused: "CHK-01"},
		{Name: "CHK-01 a scanner joins", Given: open, When: stocktake.Join{At: nine, Scanner: li, Part: 1}, Then: []stocktake.Event{joined(li, 1, 1)}},
		{Name: "CHK-01 a scanner joins once", Given: with(open, joined(li, 1, 1)), When: stocktake.Join{At: nine, Scanner: li, Part: 1}},
		{Name: "CHK-01 nobody joins when the scanning is over", Given: with(open, ended), When: stocktake.Join{At: nine, Scanner: li, Part: 1}, Refused: "CHK-01"},
		{Name: "CHK-01 no result while somebody scans", Given: open, When: stocktake.Count{At: later}, Refused: "CHK-01"},
		{Name: "CHK-01 no result without every session", Given: with(open, joined(li, 1, 1), ended), When: stocktake.Count{At: later}, Refused: "CHK-01"},
		{
			Name: "CHK-01 one signature closes nothing", Given: resulted, When: stocktake.Sign{At: later, By: wang, As: stocktake.Storekeeper, Digest: "d"},
			Then: []stocktake.Event{stocktake.Signed{At: later, By: wang, As: stocktake.Storekeeper, Digest: "d"}},
		},
		{
			Name: "CHK-01 two signatures close", Given: with(resulted, stocktake.Signed{At: later, By: wang, As: stocktake.Storekeeper, Digest: "d"}),
			When: stocktake.Sign{At: later, By: zhao, As: stocktake.Manager, Digest: "d"},
			Then: []stocktake.Event{stocktake.Signed{At: later, By: zhao, As: stocktake.Manager, Digest: "d"}, stocktake.Closed{At: later, Digest: "d"}},
		},
		{
			Name: "CHK-01 one person does not sign twice", Given: with(resulted, stocktake.Signed{At: later, By: wang, As: stocktake.Storekeeper, Digest: "d"}),
			When: stocktake.Sign{At: later, By: wang, As: stocktake.Manager, Digest: "d"}, Refused: "CHK-01",
		},
		{Name: "CHK-01 nobody signs another result", Given: resulted, When: stocktake.Sign{At: later, By: wang, As: stocktake.Manager, Digest: "e"}, Refused: "CHK-01"},
		{
			Name: "CHK-01 numbers are counted again", Given: resulted, When: stocktake.Recount{At: later, By: wang, Numbers: []string{"W-2", "W-1", "W-2"}, Reason: "dark"},
			Then: []stocktake.Event{stocktake.RecountOrdered{At: later, By: wang, Round: 2, Numbers: []string{"W-1", "W-2"}, Reason: "dark"}},
		},
		{
			Name:  "CHK-01 a recount takes the signatures away",
			Given: with(resulted, stocktake.Signed{At: later, By: wang, As: stocktake.Storekeeper, Digest: "d"}, stocktake.RecountOrdered{Round: 2}, ended, stocktake.Counted{Round: 2, Digest: "d"}),
			When:  stocktake.Sign{At: later, By: zhao, As: stocktake.Manager, Digest: "d"},
			Then:  []stocktake.Event{stocktake.Signed{At: later, By: zhao, As: stocktake.Manager, Digest: "d"}},
		},
		{Name: "CHK-01 what is closed is not given up", Given: with(resulted, stocktake.Closed{}), When: stocktake.Cancel{At: later, By: wang, Reason: "no"}, Refused: "CHK-01"},
	})
}

func TestCHK01FoundMissingUnexpectedDamagedAndMoved(t *testing.T) {
	t.Parallel()
	given := with(open, joined(li, 1, 1), joined(zhao, 1, 1), ended)
	s, r := result(t, given, stocktake.Count{
		At: later, AsOf: 9, Sessions: s2(), Scans: []stocktake.Counting{
			saw(li, "W-1", stocktake.Sound, 1), saw(zhao, "W-1", stocktake.Broken, 1), // two scanners with one tool: the worse one counts
			saw(li, "W-7", stocktake.Sound, 1), saw(li, "W-8", stocktake.Sound, 1), saw(li, "W-9", stocktake.Sound, 1),
		},
		Known: []stocktake.Known{
			{Tool: id(1), Number: "W-1", Holder: ours, Home: "main", Revision: 1},
			{Tool: id(2), Number: "W-2", Holder: byLi, Home: "main", Revision: 4}, // given out while it was counted
			{Tool: id(3), Number: "W-3", Holder: ours, Home: "main", Revision: 2},
			{Tool: id(7), Number: "W-7", Holder: byLi, Home: "main", Revision: 3},
			{Tool: id(8), Number: "W-8", Holder: ours, Home: "main", Revision: 5}, // brought back while it was counted
		},
	})
	require.Equal(t, []int{0, 1, 1, 1, 2, 1, 1, 6}, []int{r.Found, r.Missing, r.Unexpected, r.Damaged, r.Moved, r.Unknown, r.Twice, r.Items})
	kinds := map[string]stocktake.DifferenceKind{}
	for _, d := range s.Differences {
		kinds[d.Number] = d.Kind
	}
	require.Equal(t, map[string]stocktake.DifferenceKind{
		"W-1": stocktake.Damaged, "W-2": stocktake.Moved, "W-3": stocktake.Missing, "W-7": stocktake.Unexpected, "W-8": stocktake.Moved, "W-9": stocktake.Unknown,
	}, kinds)
}

// Another site's tool stays unknown here, with whose it is and nothing else of
// it; the result that is signed says so.
func TestCHK01ANumberOfAnotherSiteNamesThatSite(t *testing.T) {
	t.Parallel()
	given := with(open, joined(li, 1, 1), ended)
	count := stocktake.Count{At: later, AsOf: 9, Sessions: s2()[:1], Elsewhere: map[string][]string{"N-1": {"north", "south"}, "W-1": {"north"}}}
	for _, number := range []string{"W-1", "W-2", "W-3", "N-1", "X-1"} {
		count.Scans = append(count.Scans, saw(li, number, stocktake.Sound, 1))
	}
	s, r := result(t, given, count)
	require.Equal(t, []int{3, 2}, []int{r.Found, r.Unknown}, "a number that two sites have is this site's own here")
	require.Equal(t, stocktake.Difference{
		Kind: stocktake.Unknown, Number: "N-1", Holder: tool.Holder{Kind: tool.Nobody}, Scanner: li, Place: "shelf", BelongsTo: []string{"north", "south"},
	}, s.Differences[0])
	require.Empty(t, s.Differences[1].BelongsTo)
	require.False(t, s.Differences[0].Kind.Corrects())
	count.Elsewhere = nil
	_, other := result(t, given, count)
	require.NotEqual(t, r.Digest, other.Digest, "the signatures are under whose it is")
}

func s2() []stocktake.Session {
	return []stocktake.Session{{Scanner: li, Part: 1, Round: 1, Scans: 1}, {Scanner: zhao, Part: 1, Round: 1, Scans: 1}}
}

func TestCHK01WhatIsCountedAgainIsWhatWasSeenSince(t *testing.T) {
	t.Parallel()
	given := with(open, joined(li, 1, 1), ended, stocktake.Counted{Round: 1}, stocktake.RecountOrdered{Round: 2, Numbers: []string{"W-1", "W-2"}}, joined(li, 2, 2), ended)
	s, r := result(t, given, stocktake.Count{
		At: later, AsOf: 9, Sessions: s2(), Scans: []stocktake.Counting{
			saw(li, "W-1", stocktake.Sound, 1), saw(li, "W-3", stocktake.Sound, 1), saw(li, "W-2", stocktake.Sound, 2),
		},
		Known: []stocktake.Known{{Tool: id(1), Number: "W-1", Holder: ours}},
	})
	require.Equal(t, []int{2, 1, 0}, []int{r.Found, r.Missing, r.Damaged}, "W-1 was seen in the first round only")
	require.Equal(t, "W-1", s.Differences[0].Number)
}

func TestCHK01TooManyDifferencesAreNoResult(t *testing.T) {
	t.Parallel()
	s := stocktake.Evolve(stocktake.Evolve(stocktake.State{}, started(0)), ended)
	c := stocktake.Count{At: later}
	for n := range 5001 {
		b, err := json.Marshal(n)
		require.NoError(t, err)
		c.Scans = append(c.Scans, saw(li, string(b), stocktake.Sound, 1))
	}
	_, err := stocktake.Decide(s, c)
	require.ErrorContains(t, err, "stock.too_many_differences")
}

func TestCHK01ASession(t *testing.T) {
	t.Parallel()
	scans := []stocktake.Scan{{At: nine, Number: "W-1", Condition: stocktake.Sound}}
	scanned := stocktake.Scanned{Stocktake: id(9), Scanner: li, Part: 1, Round: 1, Scans: scans}
	full := make([]stocktake.SessionEvent, stocktake.SessionLimit)
	for i := range full {
		full[i] = scanned
	}
	decidertest.Run(t, stocktake.DecideSession, stocktake.EvolveSession, []decidertest.Case[stocktake.SessionCommand, stocktake.SessionEvent]{
		{Name: "CHK-01 a scan", When: stocktake.ScanTools(scanned), Then: []stocktake.SessionEvent{scanned}},
		{Name: "CHK-01 a scan after the end is refused", Given: []stocktake.SessionEvent{stocktake.SessionClosed{}}, When: stocktake.ScanTools(scanned), Refused: "CHK-01"},
		{Name: "CHK-01 a stream stays short", Given: full, When: stocktake.ScanTools(scanned), Refused: "CHK-01"},
		{Name: "CHK-01 the end comes once", Given: []stocktake.SessionEvent{stocktake.SessionClosed{}}, When: stocktake.CloseSession{At: later}},
		{Name: "CHK-01 a condition that is none", When: stocktake.ScanTools{Scans: []stocktake.Scan{{Number: "W-1", Condition: "new"}}}, Invalid: "/scans/0/condition"},
		{Name: "CHK-01 nothing scanned", When: stocktake.ScanTools{}, Invalid: "/scans"},
	})
}
