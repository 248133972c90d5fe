package climate_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/climate"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

func TestINS03WhatIsNoReadingIsRefused(t *testing.T) {
	t.Parallel()
	nine := domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	keeping := tickettest.Version(policy.KindKeeping, 1, nine.Add(-time.Hour), policy.Keeping{
		StocktakeMonths: 1, Climate: policy.RoomClimate{LowTenthsC: -150, HighTenthsC: 350, HumidityPercent: 80},
	})
	book := tickettest.NewBook(tickettest.Version(policy.KindTools, 1, nine.Add(-time.Hour), policy.Tools{Stores: []policy.Code{{Code: "main", Name: "main"}}}), keeping)
	read := func(change func(*climate.Record)) climate.Record {
		c := climate.Record{At: nine, Site: "desk", Store: "main", TenthsC: 200, HumidityPercent: 50, By: "li", Book: book}
		change(&c)
		return c
	}
	decidertest.Run(t, climate.Decide, climate.Evolve, []decidertest.Case[climate.Command, climate.Event]{
		{Name: "AUD-01 a reading has a time", When: read(func(c *climate.Record) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "INS-03 and who or what read it", When: read(func(c *climate.Record) { c.By = " " }), Invalid: "/sensor"},
		{Name: "INS-03 not colder than can be", When: read(func(c *climate.Record) { c.TenthsC = -1001 }), Invalid: "/tenths_c"},
		{Name: "INS-03 nor hotter", When: read(func(c *climate.Record) { c.TenthsC = 1001 }), Invalid: "/tenths_c"},
		{Name: "INS-03 not drier than dry", When: read(func(c *climate.Record) { c.HumidityPercent = -1 }), Invalid: "/humidity_percent"},
		{Name: "INS-03 nor damper than wet", When: read(func(c *climate.Record) { c.HumidityPercent = 101 }), Invalid: "/humidity_percent"},
		{Name: "INS-03 of a store, which the policy of tools names", When: read(func(c *climate.Record) { c.Book = tickettest.NewBook(keeping) }), Invalid: "/store"},
	})
}
