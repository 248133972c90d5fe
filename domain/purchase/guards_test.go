package purchase_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func recorded(kind policy.Kind, content []byte) policy.Recorded {
	return policy.Recorded{Version: policy.VersionRecorded{Kind: kind, Site: "plant", Version: 1, Hash: "h", Content: content}}
}

// shipped is the policy of purchasing of a set as it is shipped, for a site
// whose kinds are a wrench and a jig.
func shipped(t *testing.T, set string) *policy.Book {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "deploy", "policies", set, "purchasing.json"))
	require.NoError(t, err)
	var file struct {
		Content json.RawMessage `json:"content"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	book, err := policy.NewBook([]policy.Recorded{
		recorded(policy.KindTools, []byte(`{"stores":[{"code":"main"}],"kinds":[{"code":"wrench","category":"hand"},{"code":"jig","category":"tooling"}]}`)),
		recorded(policy.KindPurchasing, file.Content),
	})
	require.NoError(t, err)
	return book
}

// TestSTK02STK03STK11WhoApprovesAPurchaseInEverySet goes from the request to
// the quote by each set as it is shipped (STK-02, STK-03, STK-10, STK-11).
func TestSTK02STK03STK11WhoApprovesAPurchaseInEverySet(t *testing.T) {
	t.Parallel()
	type row struct {
		set, what string
		variant   policy.Variant
		code      string
		fen       int64
		checks    []string
		needs     []string
	}
	tool, tooling := policy.ToolVariant, policy.StandardTooling
	head := []string{"department_head"}
	for _, c := range []row{
		{"plant", "STK-02 below 500 yuan", tool, "wrench", 49_999, head, []string{"leader_in_charge"}},
		{"plant", "STK-02 from 500 yuan on", tool, "wrench", 50_000, head, []string{"leader_in_charge", "gm"}},
		{"plant", "STK-02 below 30,000 yuan", tool, "wrench", 2_999_999, head, []string{"leader_in_charge", "gm"}},
		{"plant", "STK-02 exactly 30,000 yuan", tool, "wrench", 3_000_000, head, []string{"leader_in_charge", "gm", "board_member", "board_member"}},
		{"plant", "STK-03 a new kind goes by its price", tool, "laser", 50_000, head, []string{"leader_in_charge", "gm"}},
		{"plant", "STK-10 standard tooling", tooling, "jig", 50_000, []string{}, []string{"process"}},
		{"mine", "STK-11 by the head of the department", tool, "wrench", 3_000_000, []string{}, head},
		{"mine", "STK-03 a new kind also by the deputy mine director", tool, "laser", 1, []string{}, []string{"department_head", "deputy_mine_director"}},
		{"workshop", "STK-11 by the GM", tool, "wrench", 1, []string{}, []string{"gm"}},
		{"workshop", "STK-03 a new kind by the GM too", tool, "laser", 1, []string{}, []string{"gm"}},
		{"appliance-service", "STK-11 by the manager", tool, "wrench", 3_000_000, []string{}, []string{"manager"}},
		{"appliance-service", "STK-03 a new kind by the manager", tool, "laser", 1, []string{}, []string{"manager"}},
		{"power-station", "STK-11 by the head and the manager", tool, "wrench", 1, []string{}, []string{"department_head", "manager"}},
	} {
		t.Run(c.set+": "+c.what, func(t *testing.T) {
			t.Parallel()
			s, book := purchase.State{}, shipped(t, c.set)
			decide := func(cmd purchase.Command) purchase.Event {
				events, err := purchase.Decide(s, cmd)
				require.NoError(t, err)
				require.Len(t, events, 1)
				s = purchase.Evolve(s, events[0])
				return events[0]
			}
			asked := decide(purchase.Request{
				At: at(0), Site: "plant", Unit: "u", Variant: c.variant, Code: c.code, Count: 1, Document: "2026-17", Reason: "r", By: "li", Book: book,
			}).(purchase.Requested)
			require.Equal(t, c.checks, asked.Checks)
			require.Equal(t, c.code == "laser", asked.NewKind)
			for i, role := range c.checks {
				decide(purchase.Check{At: at(1), By: signs("c"+string(rune('0'+i)), role)})
			}
			quoted := decide(purchase.GiveQuote{
				At: at(2), Supplier: "S", UnitPriceFen: c.fen, NeedFen: c.fen, By: signs("buyer", "purchasing"), Book: book,
			}).(purchase.Quoted)
			require.Equal(t, c.needs, quoted.Needs)
		})
	}
}

func TestSTK09WhatIsNoPurchaseIsRefused(t *testing.T) { // STK-02, STK-04, STK-09
	t.Parallel()
	bare, err := policy.NewBook([]policy.Recorded{recorded(policy.KindPurchasing, []byte(`{"items":[{"code":"bit"}],"purchase":[],"demand":[],"acceptance":[],"scrap":[]}`))})
	require.NoError(t, err)
	ask := purchase.Request{At: at(0), Site: "plant", Unit: "u", Variant: policy.ToolVariant, Code: "wrench", Count: 2, Reason: "r", By: "li", Book: book}
	with := func(change func(*purchase.Request)) purchase.Request { c := ask; change(&c); return c }
	asked := purchase.Requested{Site: "plant", Unit: "u", Variant: policy.ToolVariant, Code: "wrench", Count: 2, By: "li", Checks: []string{"head"}}
	checked := purchase.Checked{Signed: approval.Signature{Role: "head", By: "h"}}
	quoted := purchase.Quoted{Quote: 2, Supplier: "S", UnitPriceFen: 40_000, AmountFen: 80_000, NeedFen: 40_000, By: "buyer", Needs: []string{"leader"}}
	approved := purchase.Approved{Quote: 2, AmountFen: 80_000, Signed: approval.Signature{Role: "leader", By: "boss"}, Complete: true}
	waits := []purchase.Event{asked, checked}
	priced := slices.Concat(waits, []purchase.Event{quoted})
	agreed := slices.Concat(priced, []purchase.Event{approved})
	ordered := slices.Concat(agreed, []purchase.Event{purchase.Ordered{Quote: 2, By: "buyer"}})
	partly := slices.Concat(ordered, []purchase.Event{purchase.Delivered{Acceptance: "a", Count: 2}})
	rejected := slices.Concat(priced, []purchase.Event{purchase.Rejected{By: "boss", Reason: "no"}})
	withdrawn := slices.Concat(priced, []purchase.Event{purchase.Withdrawn{By: "li", Reason: "no"}})
	quote := purchase.GiveQuote{At: at(2), Supplier: "S", UnitPriceFen: 40_000, NeedFen: 40_000, By: signs("buyer"), Book: book}
	priceOf := func(change func(*purchase.GiveQuote)) purchase.GiveQuote { c := quote; change(&c); return c }
	reject := func(by approval.Signer, reason string) purchase.Reject {
		return purchase.Reject{At: at(3), By: by, Reason: reason}
	}
	withdraw := func(by, reason string) purchase.Withdraw {
		return purchase.Withdraw{At: at(3), By: by, Reason: reason}
	}
	back := func(acceptance string, n int64) purchase.TakeBack {
		return purchase.TakeBack{At: at(5), Acceptance: acceptance, Event: "e", Count: n}
	}
	boss := signs("boss", "leader")
	decidertest.Run(t, purchase.Decide, purchase.Evolve, []decidertest.Case[purchase.Command, purchase.Event]{
		{Name: "STK-09 there has to be a request", When: quote, Refused: "STK-09", Key: "purchase.unknown"},
		{Name: "STK-09 a request is made once", Given: []purchase.Event{asked}, When: ask, Refused: "STK-09", Key: "purchase.exists"},
		{Name: "POL-08 by a policy that is loaded", When: with(func(c *purchase.Request) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "POL-08 by a route that there is", When: with(func(c *purchase.Request) { c.Book = bare }), Refused: "POL-08", Key: "purchasing.route_missing"},
		{Name: "STK-11 a variant of ours", When: with(func(c *purchase.Request) { c.Variant = "toy" }), Invalid: "/variant"},
		{Name: "STK-09 a thing with a code", When: with(func(c *purchase.Request) { c.Code = " " }), Invalid: "/code"},
		{Name: "STK-09 an item of the stock", When: with(func(c *purchase.Request) { c.Variant, c.Code = policy.Consumable, "nail" }), Invalid: "/code"},
		{Name: "STK-10 standard tooling by its kind", When: with(func(c *purchase.Request) { c.Variant, c.Code = policy.StandardTooling, "gauge" }), Invalid: "/code"},
		{Name: "STK-09 one piece at least", When: with(func(c *purchase.Request) { c.Count = 0 }), Invalid: "/count"},
		{Name: "STK-09 and not too many", When: with(func(c *purchase.Request) { c.Count = 1_000_001 }), Invalid: "/count"},
		{Name: "STK-09 for a unit", When: with(func(c *purchase.Request) { c.Unit = "" }), Invalid: "/unit"},
		{Name: "STK-09 with its reason", When: with(func(c *purchase.Request) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "STK-09 by somebody", When: with(func(c *purchase.Request) { c.By = "" }), Refused: "STK-09", Key: "approval.person_missing"},

		{Name: "STK-02 what has a quote is checked no more", Given: priced, When: purchase.Check{By: signs("x", "head")}, Refused: "STK-02", Key: "purchase.not_open"},
		{Name: "STK-02 nor what everybody has checked", Given: waits, When: purchase.Check{By: signs("x", "head")}, Refused: "STK-02", Key: "purchase.checked"},
		{Name: "STK-02 what is ordered gets no other price", Given: ordered, When: priceOf(func(c *purchase.GiveQuote) { c.UnitPriceFen = 1 }), Refused: "STK-02", Key: "purchase.not_open"},
		{Name: "STK-09 a quote names its supplier", Given: waits, When: priceOf(func(c *purchase.GiveQuote) { c.Supplier = "" }), Invalid: "/supplier"},
		{Name: "STK-09 and a price", Given: waits, When: priceOf(func(c *purchase.GiveQuote) { c.UnitPriceFen = 0 }), Invalid: "/unit_price_fen"},
		{Name: "STK-09 that can be paid", Given: waits, When: priceOf(func(c *purchase.GiveQuote) { c.UnitPriceFen = 50_000_000_001 }), Invalid: "/unit_price_fen"},
		{Name: "STK-09 by somebody of purchasing", Given: waits, When: priceOf(func(c *purchase.GiveQuote) { c.By.Person = "" }), Refused: "STK-09", Key: "approval.person_missing"},
		{Name: "POL-08 a quote goes by the policy too", Given: waits, When: priceOf(func(c *purchase.GiveQuote) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "POL-08 and by a route", Given: waits, When: priceOf(func(c *purchase.GiveQuote) { c.Book = bare }), Refused: "POL-08", Key: "purchasing.route_missing"},
		{Name: "TKT-02 the same quote changes nothing", Given: priced, When: quote},
		{Name: "STK-02 an approval is of the quote that was seen", Given: priced, When: purchase.Approve{Quote: 1, AmountFen: 80_000, By: boss}, Refused: "STK-02", Key: "purchase.other_quote"},
		{Name: "STK-02 what everybody has approved is approved", Given: agreed, When: purchase.Approve{Quote: 2, AmountFen: 80_000, By: signs("x", "leader")}, Refused: "STK-02", Key: "purchase.approved"},

		{Name: "STK-02 a rejection has its reason", Given: priced, When: reject(boss, ""), Invalid: "/reason"},
		{Name: "STK-02 by somebody whose word it needs", Given: priced, When: reject(signs("x", "clerk"), "no"), Refused: "STK-02", Key: "approval.role_missing"},
		{Name: "STK-02 by a person", Given: priced, When: reject(signs("", "leader"), "no"), Refused: "STK-02", Key: "approval.person_missing"},
		{Name: "STK-02 what is ordered is not rejected", Given: ordered, When: reject(boss, "no"), Refused: "STK-02", Key: "purchase.not_open"},
		{Name: "TKT-02 rejected once", Given: rejected, When: reject(boss, "no")},
		{Name: "STK-09 a withdrawal has its reason", Given: priced, When: withdraw("li", " "), Invalid: "/reason"},
		{Name: "STK-09 by who asked for it", Given: priced, When: withdraw("x", "no"), Refused: "STK-09", Key: "purchase.not_yours"},
		{Name: "STK-09 what is ordered is not withdrawn", Given: ordered, When: withdraw("li", "no"), Refused: "STK-09", Key: "purchase.not_open"},
		{Name: "TKT-02 withdrawn once", Given: withdrawn, When: withdraw("li", "no")},
		{Name: "STK-09 an order has its number", Given: agreed, When: purchase.Order{At: at(4), By: "buyer"}, Invalid: "/reference"},
		{Name: "STK-09 by somebody", Given: agreed, When: purchase.Order{At: at(4), Reference: "PO"}, Refused: "STK-09", Key: "approval.person_missing"},
		{Name: "TKT-02 ordered once", Given: ordered, When: purchase.Order{At: at(4), Reference: "PO", By: "buyer"}},

		{Name: "STK-04 what is not ordered is not delivered", Given: agreed, When: purchase.Deliver{Acceptance: "a", Count: 1}, Refused: "STK-04", Key: "purchase.not_ordered"},
		{Name: "STK-04 one piece at least", Given: ordered, When: purchase.Deliver{Acceptance: "a"}, Invalid: "/count"},
		{Name: "STK-04 what was never delivered is not taken back", Given: ordered, When: back("a", 1), Refused: "STK-04", Key: "purchase.delivery_unknown"},
		{Name: "STK-04 nor more of it", Given: partly, When: back("a", 3), Refused: "STK-04", Key: "purchase.too_many"},
		{Name: "STK-04 nor nothing", Given: partly, When: back("a", 0), Refused: "STK-04", Key: "purchase.too_many"},
		{Name: "TKT-02 taken back once", Given: slices.Concat(partly, []purchase.Event{purchase.TakenBack{Acceptance: "a", Event: "e", Count: 1}}), When: back("a", 1)},
	})
}
