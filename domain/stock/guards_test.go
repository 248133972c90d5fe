package stock_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestSTK05WhatIsNoMovementIsRefused(t *testing.T) { // STK-05, EXC-03
	t.Parallel()
	five := stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 5}
	given := []stock.Event{opened(five)}
	receive := func(change func(*stock.Receive)) stock.Receive {
		c := stock.Receive{
			At: at(1), Month: march, Lots: []stock.Lot{{Lot: "L2", Condition: stock.New, Pieces: 1}}, UnitPriceFen: 10, Origin: stock.FromReturn, By: keeper, Book: book,
		}
		change(&c)
		return c
	}
	lot := func(l stock.Lot) stock.Receive {
		return receive(func(c *stock.Receive) { c.Lots = []stock.Lot{l} })
	}
	issue := func(change func(*stock.Issue)) stock.Issue {
		c := stock.Issue{At: at(1), Month: march, Pieces: 1, To: toTeam, Purpose: "p", By: keeper, Book: book}
		change(&c)
		return c
	}
	adjust := func(change func(*stock.Adjust)) stock.Adjust {
		c := stock.Adjust{At: at(1), Month: march, Lot: "L1", Condition: stock.New, Delta: 1, Reason: "r", By: keeper, ApprovedBy: boss, Book: book}
		change(&c)
		return c
	}
	const most = 1_000_000_000
	decidertest.Run(t, stock.Decide, stock.Evolve, []decidertest.Case[stock.Command, stock.Event]{
		{Name: "POL-08 nothing is received without a policy", Given: given, When: receive(func(c *stock.Receive) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "AUD-01 nor without a time", Given: given, When: receive(func(c *stock.Receive) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "STK-05 nor without a lot", Given: given, When: receive(func(c *stock.Receive) { c.Lots = nil }), Invalid: "/lot"},
		{Name: "STK-05 a lot has a code", Given: given, When: lot(stock.Lot{Lot: " ", Condition: stock.New, Pieces: 1}), Invalid: "/lot"},
		{Name: "STK-05 no price below nothing", Given: given, When: receive(func(c *stock.Receive) { c.UnitPriceFen = -1 }), Invalid: "/unit_price_fen"},
		{Name: "STK-05 an origin of ours", Given: given, When: receive(func(c *stock.Receive) { c.Origin = "heaven" }), Invalid: "/origin"},
		{Name: "STK-05 somebody signs for it", Given: given, When: receive(func(c *stock.Receive) { c.By = "" }), Invalid: "/by"},
		{Name: "EXC-03 in a condition of ours", Given: given, When: lot(stock.Lot{Lot: "L2", Condition: "rusty", Pieces: 1}), Invalid: "/condition"},
		{Name: "STK-05 a piece at least", Given: given, When: lot(stock.Lot{Lot: "L2", Condition: stock.New}), Invalid: "/pieces"},
		{Name: "STK-05 and no more than can be counted", Given: given, When: lot(stock.Lot{Lot: "L2", Condition: stock.New, Pieces: most}), Invalid: "/pieces"},

		{Name: "STK-05 no more is issued than can be counted", Given: given, When: issue(func(c *stock.Issue) { c.Pieces = most + 1 }), Invalid: "/pieces"},
		{Name: "STK-05 to somebody", Given: given, When: issue(func(c *stock.Issue) { c.To.Who = "" }), Invalid: "/to"},
		{Name: "STK-05 who can have it", Given: given, When: issue(func(c *stock.Issue) { c.To.Kind = tool.Repairer }), Invalid: "/to"},
		{Name: "STK-05 not to the store itself", Given: given, When: issue(func(c *stock.Issue) { c.To = tool.Holder{Kind: tool.Store, Who: "main"} }), Invalid: "/to"},
		{Name: "STK-05 with a purpose", Given: given, When: issue(func(c *stock.Issue) { c.Purpose = " " }), Invalid: "/purpose"},
		{Name: "STK-05 somebody signs for an issue", Given: given, When: issue(func(c *stock.Issue) { c.By = "" }), Invalid: "/by"},
		{
			Name: "STK-05 to a person too", Given: given, When: issue(func(c *stock.Issue) { c.To = tool.Holder{Kind: tool.Person, Who: "p"} }),
			Then: []stock.Event{stock.Issued{
				At: at(1), Taken: []stock.Lot{{Lot: "L1", Condition: stock.New, Pieces: 1}}, Pieces: 1, To: tool.Holder{Kind: tool.Person, Who: "p"}, Purpose: "p", By: keeper, Policy: ref,
			}},
		},

		{Name: "POL-08 a correction goes by the policy", Given: given, When: adjust(func(c *stock.Adjust) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "STK-05 it is of a lot", Given: given, When: adjust(func(c *stock.Adjust) { c.Lot = "" }), Invalid: "/lot"},
		{Name: "EXC-03 in a condition", Given: given, When: adjust(func(c *stock.Adjust) { c.Condition = "" }), Invalid: "/condition"},
		{Name: "STK-05 of a piece at least", Given: given, When: adjust(func(c *stock.Adjust) { c.Delta = 0 }), Invalid: "/delta"},
		{Name: "STK-05 and not too many more", Given: given, When: adjust(func(c *stock.Adjust) { c.Delta = most + 1 }), Invalid: "/delta"},
		{Name: "STK-05 or fewer", Given: given, When: adjust(func(c *stock.Adjust) { c.Delta = -most - 1 }), Invalid: "/delta"},
		{Name: "STK-05 with its reason", Given: given, When: adjust(func(c *stock.Adjust) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "STK-05 by somebody", Given: given, When: adjust(func(c *stock.Adjust) { c.By = "" }), Invalid: "/by"},
		{Name: "STK-05 with another's approval", Given: given, When: adjust(func(c *stock.Adjust) { c.ApprovedBy = "" }), Refused: "STK-05", Key: "approval.missing"},
		{Name: "STK-05 not one's own", Given: given, When: adjust(func(c *stock.Adjust) { c.ApprovedBy = keeper }), Refused: "STK-05", Key: "approval.own"},
		{
			Name: "STK-05 of a condition that the lot has", Given: given, When: adjust(func(c *stock.Adjust) { c.Condition, c.Delta = stock.Worn, -1 }),
			Refused: "STK-05", Key: "stock.too_few",
		},
	})
}

func TestSTK06WhatIsAboveItsMinimumAgainIsShortNoMore(t *testing.T) {
	t.Parallel()
	s := stock.State{}
	do := func(c stock.Command) (short bool) {
		events, err := stock.Decide(s, c)
		require.NoError(t, err)
		for _, e := range events {
			_, fell := e.(stock.FellShort)
			short, s = short || fell, stock.Evolve(s, e)
		}
		return short
	}
	receive := func(n int64) bool {
		return do(stock.Receive{At: at(1), Month: s.Month, Lots: []stock.Lot{{Lot: "L1", Condition: stock.New, Pieces: n}}, Origin: stock.FromReturn, By: keeper, Book: book})
	}
	issue := func(n int64, rules *policy.Book) bool {
		return do(stock.Issue{At: at(1), Month: s.Month, Pieces: n, To: toTeam, Purpose: "p", By: keeper, Book: rules})
	}
	turn := func(month stock.Month) { // the next part goes on with what the one before ended with
		events, err := stock.Decide(s, stock.Continue{At: at(1), Month: month})
		require.NoError(t, err)
		c := events[0].(stock.Continued)
		s = stock.Evolve(stock.State{}, stock.Opened{At: c.At, Site: "mine", Store: "main", Item: "bit", Month: c.Month, Part: c.Part, Lots: c.Lots, Short: c.Short, ShortOf: c.ShortOf})
	}
	s = stock.Evolve(s, opened(stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 5}))
	require.True(t, issue(3, book), "below 3")
	turn("2026-04")
	require.False(t, receive(1), "at 3")
	require.False(t, s.Short, "it is listed as short no more")
	require.True(t, issue(1, book), "below 3 again")
	require.False(t, receive(18))
	raised := bookOf(policy.Purchasing{
		Items: []policy.StockItem{{Code: "bit", Name: "drill bit"}}, Minimums: []policy.Minimum{{Store: "main", Item: "bit", Pieces: 30, Order: 10, Unit: "u"}},
	})
	require.True(t, issue(1, raised), "below a minimum that was raised meanwhile")
}

func TestSTK05AStoreThatWasGivenUpIsEmptiedAndNotFilled(t *testing.T) { // STK-05
	t.Parallel()
	of := func(kind policy.Kind, content any) policy.Recorded {
		raw, err := json.Marshal(content)
		require.NoError(t, err)
		return policy.Recorded{Version: policy.VersionRecorded{Kind: kind, Site: "mine", Version: 1, EffectiveFrom: at(-1000), Hash: "h", Content: raw}}
	}
	left, err := policy.NewBook([]policy.Recorded{
		of(policy.KindPurchasing, policy.Purchasing{Items: []policy.StockItem{{Code: "bit", Name: "drill bit"}}}),
		of(policy.KindTools, policy.Tools{Stores: []policy.Code{{Code: "yard"}}}),
	})
	require.NoError(t, err)
	five := stock.Lot{Lot: "L1", Condition: stock.New, Pieces: 5}
	given := []stock.Event{opened(five)}
	receive := func(origin stock.Origin) stock.Receive {
		return stock.Receive{At: at(1), Month: march, Lots: []stock.Lot{five}, Origin: origin, By: keeper, Book: left}
	}
	received := func(origin stock.Origin) []stock.Event {
		return []stock.Event{stock.Received{At: at(1), Lot: "L1", Condition: stock.New, Pieces: 5, Origin: origin, By: keeper, Policy: ref}}
	}
	yard := tool.Holder{Kind: tool.Store, Who: "yard"}
	decidertest.Run(t, stock.Decide, stock.Evolve, []decidertest.Case[stock.Command, stock.Event]{
		{Name: "STK-05 nobody brings anything back into it", Given: given, When: receive(stock.FromReturn), Invalid: "/store"},
		{Name: "STK-05 nor enters what was there", Given: given, When: receive(stock.FromOpening), Invalid: "/store"},
		{Name: "STK-05 what was under way from another store arrives", Given: given, When: receive(stock.FromTransfer), Then: received(stock.FromTransfer)},
		{Name: "STK-04 and what was accepted for it", Given: given, When: receive(stock.FromAcceptance), Then: received(stock.FromAcceptance)},
		{
			Name: "STK-05 what lies there goes elsewhere", Given: given,
			When: stock.Issue{At: at(1), Month: march, Pieces: 5, To: yard, Purpose: "p", By: keeper, Book: left},
			Then: []stock.Event{stock.Issued{At: at(1), Taken: []stock.Lot{five}, Pieces: 5, To: yard, Purpose: "p", By: keeper, Policy: ref}},
		},
	})
}
