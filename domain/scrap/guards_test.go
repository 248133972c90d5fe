package scrap_test

import (
	"slices"
	"testing"

	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestSTK08WhatIsNoRequestIsRefused(t *testing.T) { // STK-08, STK-12
	t.Parallel()
	plant := rules(policy.Route{Approvals: []string{"head", "leader"}})
	dear := rules(policy.Route{FromFen: 100, Approvals: []string{"head"}})
	ask := scrap.Request{At: noon, Site: "plant", Tool: "t", Number: "W-1", PriceFen: 1, Cause: scrap.WornOut, Reason: "r", By: "li", Book: plant}
	with := func(change func(*scrap.Request)) scrap.Request { c := ask; change(&c); return c }
	asked := scrap.Requested{At: noon, Site: "plant", Tool: "t", Cause: scrap.WornOut, Reason: "r", By: "li", Needs: []string{"head", "leader"}}
	given := []scrap.Event{asked}
	half := []scrap.Event{asked, scrap.Approved{Signed: approval.Signature{Role: "head", By: "h"}}}
	approved := slices.Concat(half, []scrap.Event{scrap.Approved{Signed: approval.Signature{Role: "leader", By: "l"}, Complete: true}})
	rejected := []scrap.Event{asked, scrap.Rejected{At: noon, By: "h", Reason: "sound"}}
	ended := slices.Concat(approved, []scrap.Event{scrap.CarriedOut{At: noon}})
	disposed := slices.Concat(ended, []scrap.Event{scrap.Disposed{At: noon, How: "sold", By: "b"}})
	by := func(person string, roles ...string) approval.Signer {
		return approval.Signer{Person: person, Roles: roles}
	}
	reject := func(who approval.Signer, reason string) scrap.Reject {
		return scrap.Reject{At: noon, By: who, Reason: reason}
	}
	sold := scrap.Dispose{At: noon, How: "sold", ProceedsFen: 1, By: "b"}
	decidertest.Run(t, scrap.Decide, scrap.Evolve, []decidertest.Case[scrap.Command, scrap.Event]{
		{Name: "STK-08 there has to be a request", When: sold, Refused: "STK-08", Key: "scrap.unknown"},
		{Name: "STK-08 a request is made once", Given: given, When: ask, Refused: "STK-08", Key: "scrap.exists"},
		{Name: "STK-12 for a cause of ours", When: with(func(c *scrap.Request) { c.Cause = "ugly" }), Invalid: "/cause"},
		{Name: "STK-08 with its reason", When: with(func(c *scrap.Request) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "STK-08 by somebody", When: with(func(c *scrap.Request) { c.By = "" }), Refused: "STK-08", Key: "approval.person_missing"},
		{Name: "POL-08 by a policy that is loaded", When: with(func(c *scrap.Request) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "POL-08 by a route that there is", When: with(func(c *scrap.Request) { c.Book = dear }), Refused: "POL-08", Key: "purchasing.route_missing"},
		{Name: "STK-08 what was rejected is signed no more", Given: rejected, When: scrap.Approve{At: noon, By: by("h", "head")}, Refused: "STK-08", Key: "scrap.not_open"},
		{Name: "STK-08 nor what everybody has signed", Given: approved, When: scrap.Approve{At: noon, By: by("x", "head"), Standing: tool.StandingInStore}, Refused: "STK-08", Key: "scrap.not_open"},
		{Name: "STK-08 a rejection has its reason", Given: given, When: reject(by("h", "head"), ""), Invalid: "/reason"},
		{Name: "STK-08 by somebody whose signature it needs", Given: given, When: reject(by("x", "clerk"), "no"), Refused: "STK-08", Key: "approval.role_missing"},
		{Name: "STK-08 or who asked for it", Given: given, When: reject(by("li"), "no"), Then: []scrap.Event{scrap.Rejected{At: noon, By: "li", Reason: "no"}}},
		{Name: "STK-08 by a person", Given: given, When: reject(by("", "head"), "no"), Refused: "STK-08", Key: "approval.person_missing"},
		{Name: "STK-08 what everybody has signed is not rejected", Given: approved, When: reject(by("h", "head"), "no"), Refused: "STK-08", Key: "scrap.not_open"},
		{Name: "TKT-02 rejected once", Given: rejected, When: reject(by("h", "head"), "no")},
		{Name: "STK-08 a disposal says how", Given: ended, When: scrap.Dispose{At: noon, By: "b"}, Invalid: "/how"},
		{Name: "STK-08 for nothing below nothing", Given: ended, When: scrap.Dispose{At: noon, How: "sold", ProceedsFen: -1, By: "b"}, Invalid: "/proceeds_fen"},
		{Name: "STK-08 by a person of purchasing", Given: ended, When: scrap.Dispose{At: noon, How: "sold"}, Refused: "STK-08", Key: "approval.person_missing"},
		{Name: "STK-08 for nothing, if nobody wants it", Given: ended, When: scrap.Dispose{At: noon, How: "dumped", By: "b"}, Then: []scrap.Event{scrap.Disposed{At: noon, How: "dumped", By: "b"}}},
		{Name: "STK-08 once", Given: disposed, When: sold, Refused: "STK-08", Key: "scrap.not_carried_out"},
		{Name: "TKT-02 what is settled stays so", Given: ended, When: scrap.Settle{At: noon, Standing: tool.StandingInStore}},
	})
}
