package stock_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	keeper = "keeper"
	boss   = "boss"
)

var (
	book = bookOf(policy.Purchasing{
		Items:    []policy.StockItem{{Code: "bit", Name: "drill bit"}},
		Minimums: []policy.Minimum{{Store: "main", Item: "bit", Pieces: 3, Order: 10, Unit: "u"}},
	})
	ref    = domain.PolicyRef{Version: 1, Hash: "h"}
	march  = stock.Month("2026-03")
	toTeam = tool.Holder{Kind: tool.Team, Who: "t"}
)

func bookOf(p policy.Purchasing) *policy.Book {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	b, err := policy.NewBook([]policy.Recorded{{Version: policy.VersionRecorded{
		Kind: policy.KindPurchasing, Site: "mine", Version: 1, EffectiveFrom: at(-1000), Hash: "h", Content: raw,
	}}})
	if err != nil {
		panic(err)
	}
	return b
}

func at(hour int) domain.Instant {
	return domain.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour))
}

func opened(lots ...stock.Lot) stock.Opened {
	return stock.Opened{At: at(0), Site: "mine", Store: "main", Item: "bit", Month: march, Part: 1, Lots: lots}
}

func TestStock(t *testing.T) {
	t.Parallel()
	fresh, worn := stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 5}, stock.Lot{Lot: "L0", Condition: stock.Worn, Pieces: 2}
	issue := func(n int64) stock.Issue {
		return stock.Issue{At: at(1), Month: march, Pieces: n, To: toTeam, Purpose: "p", By: keeper, Book: book}
	}
	of := func(c stock.Issue, change func(*stock.Issue)) stock.Issue { change(&c); return c }
	issued := func(n int64, taken ...stock.Lot) stock.Issued {
		return stock.Issued{At: at(1), Taken: taken, Pieces: n, To: toTeam, Purpose: "p", By: keeper, Policy: ref}
	}
	short := func(n int64) stock.FellShort {
		return stock.FellShort{At: at(1), Site: "mine", Store: "main", Item: "bit", Name: "drill bit", Balance: n, Minimum: 3, Order: 10, Unit: "u", Policy: ref}
	}
	adjust := stock.Adjust{At: at(1), Month: march, Lot: "L1", Condition: stock.New, Delta: -6, Reason: "r", By: keeper, ApprovedBy: boss, Book: book}
	decidertest.Run(t, stock.Decide, stock.Evolve, []decidertest.Case[stock.Command, stock.Event]{
		{Name: "STK-05 more than there is is not issued", Given: []stock.Event{opened(fresh)}, When: issue(6), Refused: "STK-05", Key: "stock.too_few"},
		{Name: "STK-05 nothing is not issued", Given: []stock.Event{opened(fresh)}, When: issue(0), Invalid: "/pieces"},
		{Name: "STK-05 a correction does not go below nothing", Given: []stock.Event{opened(fresh)}, When: adjust, Refused: "STK-05", Key: "stock.too_few"},
		{
			Name: "EXC-03 worn pieces are taken first", Given: []stock.Event{opened(fresh, worn)}, When: issue(3),
			Then: []stock.Event{issued(3, worn, stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 1})},
		},
		{
			Name: "EXC-03 leaving a worn one needs a reason", Given: []stock.Event{opened(fresh, worn)},
			When: of(issue(1), func(c *stock.Issue) { c.Lot = "L1" }), Refused: "EXC-03",
		},
		{
			Name: "STK-06 below the minimum it is reported", Given: []stock.Event{opened(fresh)}, When: issue(3),
			Then: []stock.Event{issued(3, stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 3}), short(2)},
		},
		{
			Name: "STK-06 once", Given: []stock.Event{opened(fresh), issued(3, stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 3}), short(2)}, When: issue(1),
			Then: []stock.Event{issued(1, stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 1})},
		},
		{
			Name: "STK-05 a movement of a month that is over is late", Given: []stock.Event{opened(fresh)},
			When: of(issue(1), func(c *stock.Issue) { c.Month = "2026-02" }),
			Then: []stock.Event{func() stock.Issued {
				e := issued(1, stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 1})
				e.Late = true
				return e
			}()},
		},
		{
			Name: "STK-05 a month ends with its balance", Given: []stock.Event{opened(fresh)}, When: stock.Continue{At: at(800), Month: "2026-04"},
			Then: []stock.Event{stock.Continued{At: at(800), Month: "2026-04", Part: 2, Lots: []stock.Lot{fresh}}},
		},
		{Name: "STK-05 a month that goes on does not end", Given: []stock.Event{opened(fresh)}, When: stock.Continue{At: at(8), Month: march}},
		{Name: "POL-08 stock needs a policy", Given: []stock.Event{opened(fresh)}, When: of(issue(1), func(c *stock.Issue) { c.Book = nil }), Refused: "POL-08"},
	})
	s := stock.Evolve(stock.State{}, opened(fresh))
	april := of(issue(1), func(c *stock.Issue) { c.Month = "2026-04" })
	_, err := stock.Decide(s, april)
	require.ErrorIs(t, err, stock.ErrTurn)
	_, err = stock.Decide(stock.Evolve(s, stock.Continued{Month: "2026-04", Part: 2}), april)
	require.ErrorIs(t, err, stock.ErrContinued)
}

// counted is what a storekeeper would write on a card: pieces by lot and condition.
type counted map[stock.Lot]int64

func (c counted) total(is func(stock.Lot) bool) int64 {
	var n int64
	for l, pieces := range c {
		if is(l) {
			n += pieces
		}
	}
	return n
}

func TestSTK05StockNeverGoesBelowNothingAndNoPieceIsLostAtATurn(t *testing.T) {
	t.Parallel()
	const walks, steps = 200, 500
	r := rand.New(rand.NewPCG(5, 6))
	refused, happened, turned, late := 0, 0, 0, 0
	for range walks {
		month := 0
		names := []stock.Month{"2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"}
		parts := []stock.State{stock.Evolve(stock.State{}, stock.Opened{At: at(0), Site: "mine", Store: "main", Item: "bit", Month: names[0], Part: 1})}
		card := counted{}
		for n := range steps {
			if r.IntN(90) == 0 && month < len(names)-1 {
				month++
			}
			c := draw(r, at(n), names[max(0, month-r.IntN(2))])
			part := r.IntN(len(parts)) // another process may still think of a part that has ended
			if r.IntN(4) > 0 {
				part = len(parts) - 1
			}
			events, err := stock.Decide(parts[part], c)
			for errors.Is(err, stock.ErrContinued) || errors.Is(err, stock.ErrTurn) {
				if errors.Is(err, stock.ErrTurn) {
					require.Equal(t, len(parts)-1, part)
					turned++
					parts = turn(t, parts, at(n), names[month])
				}
				part++
				events, err = stock.Decide(parts[part], c)
			}
			require.Equal(t, len(parts)-1, part, "only the last part moves")
			require.Equal(t, card.allows(c), err == nil, "%+v on %v: %v", c, card, err)
			if err != nil {
				_, rule := errors.AsType[*domain.RuleError](err)
				require.True(t, rule, "%v", err)
				refused++
			}
			for _, e := range events {
				happened++
				parts[part] = stock.Evolve(parts[part], e)
				for _, l := range stock.Deltas(e) {
					card[stock.Lot{Lot: l.Lot, Condition: l.Condition}] += l.Pieces
				}
				if i, ok := e.(stock.Issued); ok && i.Late {
					late++
				}
			}
			for l, pieces := range card {
				require.GreaterOrEqual(t, pieces, int64(0), "%v", l)
			}
			require.Equal(t, card.total(func(stock.Lot) bool { return true }), parts[len(parts)-1].Balance())
		}
	}
	require.Greater(t, refused, walks)
	require.Greater(t, happened, walks)
	require.Greater(t, turned, walks)
	require.Greater(t, late, walks)
}

// turn ends the last part and begins the next one, as any process would.
func turn(t *testing.T, parts []stock.State, now domain.Instant, month stock.Month) []stock.State {
	t.Helper()
	last := len(parts) - 1
	events, err := stock.Decide(parts[last], stock.Continue{At: now, Month: month})
	require.NoError(t, err)
	require.Len(t, events, 1)
	parts[last] = stock.Evolve(parts[last], events[0])
	again, err := stock.Decide(parts[last], stock.Continue{At: now, Month: month})
	require.NoError(t, err)
	require.Empty(t, again, "who comes second changes nothing")
	c := events[0].(stock.Continued)
	return append(parts, stock.Evolve(stock.State{}, stock.Opened{
		At: c.At, Site: "mine", Store: "main", Item: "bit", Month: c.Month, Part: c.Part, Lots: c.Lots, Short: c.Short,
	}))
}

func (c counted) allows(cmd stock.Command) bool {
	worn := c.total(func(l stock.Lot) bool { return l.Condition == stock.Worn })
	switch cmd := any(cmd).(type) {
	case stock.Issue:
		there := c.total(func(l stock.Lot) bool { return cmd.Lot == "" || l.Lot == cmd.Lot })
		ofLot := c[stock.Lot{Lot: cmd.Lot, Condition: stock.Worn}]
		leaves := cmd.Lot != "" && cmd.Pieces > ofLot && worn > ofLot
		return cmd.Pieces <= there && !leaves
	case stock.Adjust:
		return cmd.ApprovedBy != cmd.By && c[stock.Lot{Lot: cmd.Lot, Condition: cmd.Condition}]+cmd.Delta >= 0
	}
	return true
}

func draw(r *rand.Rand, now domain.Instant, month stock.Month) stock.Command {
	lot := []string{"L1", "L2"}[r.IntN(2)]
	condition := []stock.Condition{stock.New, stock.New, stock.Worn}[r.IntN(3)]
	pieces := int64(1 + r.IntN(4))
	switch r.IntN(8) {
	case 0, 1, 2:
		return stock.Receive{
			At: now, Month: month, Lots: []stock.Lot{{Lot: lot, Condition: condition, Pieces: pieces}}, Origin: stock.FromReturn, By: keeper, Book: book,
		}
	case 3:
		delta := pieces - 5
		return stock.Adjust{
			At: now, Month: month, Lot: lot, Condition: condition, Delta: delta, Reason: "r", By: keeper, ApprovedBy: []string{boss, boss, keeper}[r.IntN(3)], Book: book,
		}
	case 4:
		return stock.Issue{At: now, Month: month, Lot: lot, Pieces: pieces, To: toTeam, Purpose: "p", By: keeper, Book: book}
	}
	return stock.Issue{At: now, Month: month, Pieces: pieces, To: toTeam, Purpose: "p", By: keeper, Book: book}
}
