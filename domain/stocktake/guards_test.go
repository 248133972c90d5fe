package stocktake_test

import (
	"fmt"
	"testing"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestCHK01WhatIsNoCountIsRefused(t *testing.T) { // CHK-01
	t.Parallel()
	begin := func(change func(*stocktake.Start)) stocktake.Start { c := start(3); change(&c); return c }
	counted := stocktake.Counted{At: later, Round: 1, Digest: "d", Sessions: []stocktake.Session{}}
	resulted := with(open, ended, counted)
	done := with(resulted, stocktake.Closed{At: later, Digest: "d"})
	signed := with(resulted, stocktake.Signed{At: later, By: wang, As: stocktake.Storekeeper, Digest: "d"})
	crowded := open
	for n := range 500 {
		crowded = with(crowded, joined(fmt.Sprintf("s%d", n), 1, 1))
	}
	tooMany := make([]string, stocktake.ListLimit+1)
	for i := range tooMany {
		tooMany[i] = fmt.Sprintf("W-%d", i)
	}
	again := func(change func(*stocktake.Recount)) stocktake.Recount {
		c := stocktake.Recount{At: later, By: wang, Numbers: []string{"W-1"}, Reason: "dark"}
		change(&c)
		return c
	}
	sign := func(change func(*stocktake.Sign)) stocktake.Sign {
		c := stocktake.Sign{At: later, By: zhao, As: stocktake.Manager, Digest: "d"}
		change(&c)
		return c
	}
	join := func(scanner string, part int) stocktake.Join {
		return stocktake.Join{At: nine, Scanner: scanner, Part: part}
	}
	decidertest.Run(t, stocktake.Decide, stocktake.Evolve, []decidertest.Case[stocktake.Command, stocktake.Event]{
		{Name: "CHK-01 there has to be a count", When: join(li, 1), Refused: "CHK-01", Key: "stock.unknown"},
		{Name: "CHK-01 it is started once", Given: open, When: start(3), Refused: "CHK-01", Key: "stock.exists"},
		{Name: "AUD-01 at a time", When: begin(func(c *stocktake.Start) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "CHK-01 by somebody", When: begin(func(c *stocktake.Start) { c.By = "" }), Invalid: "/by"},
		{Name: "CHK-01 of what can be counted", When: begin(func(c *stocktake.Start) { c.Expected = 100_001 }), Refused: "CHK-01", Key: "stock.too_many"},
		{Name: "CHK-01 of a site as a whole it names no place", When: begin(func(c *stocktake.Start) { c.Scope = stocktake.Scope{Kind: stocktake.OfSite, Who: "main"} }), Invalid: "/scope"},
		{Name: "CHK-01 a list that is there is not added to", Given: open, When: stocktake.List{At: nine, Part: 1, Tools: three}, Refused: "CHK-01", Key: "stock.wrong_phase"},
		{Name: "CHK-01 no part of it is left out", Given: []stocktake.Event{started(3)}, When: stocktake.List{At: nine, Part: 1, Tools: three}, Refused: "CHK-01", Key: "stock.list_differs"},
		{Name: "CHK-01 a scanner is somebody", Given: open, When: join("", 1), Invalid: "/by"},
		{Name: "CHK-01 whose parts follow each other", Given: open, When: join(li, 2), Refused: "CHK-01", Key: "stock.session_unknown"},
		{Name: "CHK-01 a further part when one is full", Given: with(open, joined(li, 1, 1)), When: join(li, 2), Then: []stocktake.Event{joined(li, 2, 1)}},
		{Name: "CHK-01 not too many at once", Given: crowded, When: join(li, 1), Refused: "CHK-01", Key: "stock.too_many_sessions"},
		{Name: "CHK-01 somebody ends the scanning", Given: open, When: stocktake.EndCounting{At: later}, Invalid: "/by"},
		{Name: "TKT-02 once", Given: with(open, ended), When: stocktake.EndCounting{At: later, By: wang}},
		{Name: "CHK-01 not when it is closed", Given: done, When: stocktake.EndCounting{At: later, By: wang}, Refused: "CHK-01", Key: "stock.wrong_phase"},
		{Name: "CHK-01 nothing is counted again before there is a result", Given: open, When: again(func(*stocktake.Recount) {}), Refused: "CHK-01", Key: "stock.wrong_phase"},
		{Name: "CHK-01 somebody orders it", Given: resulted, When: again(func(c *stocktake.Recount) { c.By = "" }), Invalid: "/by"},
		{Name: "CHK-01 with the reason", Given: resulted, When: again(func(c *stocktake.Recount) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "CHK-01 of a number at least", Given: resulted, When: again(func(c *stocktake.Recount) { c.Numbers = nil }), Invalid: "/numbers"},
		{Name: "CHK-01 and not too many", Given: resulted, When: again(func(c *stocktake.Recount) { c.Numbers = tooMany }), Invalid: "/numbers"},
		{Name: "CHK-01 none of them blank", Given: resulted, When: again(func(c *stocktake.Recount) { c.Numbers = []string{"W-1", ""} }), Invalid: "/numbers"},
		{Name: "CHK-01 a signature is somebody's", Given: resulted, When: sign(func(c *stocktake.Sign) { c.By = "" }), Invalid: "/by"},
		{Name: "CHK-01 the storekeeper's or the manager's", Given: resulted, When: sign(func(c *stocktake.Sign) { c.As = "guest" }), Invalid: "/as"},
		{Name: "CHK-01 under a result", Given: open, When: sign(func(*stocktake.Sign) {}), Refused: "CHK-01", Key: "stock.wrong_phase"},
		{Name: "CHK-01 one of each", Given: signed, When: sign(func(c *stocktake.Sign) { c.As = stocktake.Storekeeper }), Refused: "CHK-01", Key: "stock.signed_already"},
		{Name: "TKT-02 signed twice by the same", Given: signed, When: sign(func(c *stocktake.Sign) { c.By, c.As = wang, stocktake.Storekeeper })},
		{Name: "CHK-01 somebody gives it up", Given: open, When: stocktake.Cancel{At: later, Reason: "fire"}, Invalid: "/by"},
		{Name: "CHK-01 with the reason for that", Given: open, When: stocktake.Cancel{At: later, By: wang, Reason: " "}, Invalid: "/reason"},
		{Name: "TKT-02 given up once", Given: with(open, stocktake.Cancelled{At: later, By: wang, Reason: "fire"}), When: stocktake.Cancel{At: later, By: wang, Reason: "fire"}},
	})
	scans := make([]stocktake.Scan, stocktake.ListLimit+1)
	for i := range scans {
		scans[i] = stocktake.Scan{At: nine, Number: fmt.Sprintf("W-%d", i), Condition: stocktake.Sound}
	}
	blank := []stocktake.Scan{{At: nine, Condition: stocktake.Sound}}
	decidertest.Run(t, stocktake.DecideSession, stocktake.EvolveSession, []decidertest.Case[stocktake.SessionCommand, stocktake.SessionEvent]{
		{Name: "CHK-01 no more in one scan than a list holds", When: stocktake.ScanTools{Scans: scans}, Invalid: "/scans"},
		{Name: "CHK-01 a scan is of a number", When: stocktake.ScanTools{Scans: blank}, Invalid: "/scans/0/number"},
	})
}
