package demand_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var noon = domain.At(time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC))

func TestDemand(t *testing.T) {
	t.Parallel()
	recorded := func(kind policy.Kind, content any) policy.Recorded {
		raw, err := json.Marshal(content)
		if err != nil {
			panic(err)
		}
		return policy.Recorded{Version: policy.VersionRecorded{Kind: kind, Site: "plant", Version: 1, Hash: "h", Content: raw}}
	}
	book, err := policy.NewBook([]policy.Recorded{
		recorded(policy.KindTools, policy.Tools{Stores: []policy.Code{{Code: "main"}}, Kinds: []policy.ToolKind{{Code: "jig", Category: "tooling"}}}),
		recorded(policy.KindPurchasing, policy.Purchasing{
			Items:  []policy.StockItem{{Code: "bit"}},
			Demand: []policy.Route{{Approvals: []string{"head"}}, {Variant: policy.StandardTooling, Approvals: []string{"process"}}},
		}),
	})
	if err != nil {
		panic(err)
	}
	line := func(v policy.Variant, code string, n int64) demand.Line {
		return demand.Line{Variant: v, Code: code, Count: n, Reason: "two more people"}
	}
	plan := func(lines ...demand.Line) demand.Plan {
		return demand.Plan{At: noon, Site: "plant", Unit: "u", For: "2026-Q2", Lines: lines, By: "li", Book: book}
	}
	planned := func(needs []string, lines ...demand.Line) demand.Planned {
		return demand.Planned{
			At: noon, Site: "plant", Unit: "u", For: "2026-Q2", Lines: lines, By: "li", Needs: needs, Policy: domain.PolicyRef{Version: 1, Hash: "h"},
		}
	}
	bits, jigs := line(policy.Consumable, "bit", 5), line(policy.StandardTooling, "jig", 2)
	given := []demand.Event{planned([]string{"head"}, bits)}
	done := slices.Concat(given, []demand.Event{demand.Approved{At: noon, Signed: approval.Signature{Role: "head", By: "h"}, Complete: true}})
	approve := func(by string, roles ...string) demand.Approve {
		return demand.Approve{At: noon, By: approval.Signer{Person: by, Roles: roles}}
	}
	take := func(purchase string, n int64) demand.TakeOf {
		return demand.TakeOf{At: noon, Purchase: purchase, Unit: "u", Variant: policy.Consumable, Code: "bit", Count: n}
	}
	decidertest.Run(t, demand.Decide, demand.Evolve, []decidertest.Case[demand.Command, demand.Event]{
		{Name: "STK-10 standard tooling is approved by the process department", When: plan(bits, jigs), Then: []demand.Event{planned([]string{"head", "process"}, bits, jigs)}},
		{Name: "STK-10 standard tooling is asked for by its kind", When: plan(line(policy.StandardTooling, "gauge", 1)), Invalid: "/lines/0/code"},
		{Name: "STK-01 a line has a reason", When: plan(demand.Line{Variant: policy.Spare, Code: "bit", Count: 1}), Invalid: "/lines/0/reason"},
		{Name: "STK-01 nobody approves a plan of one's own", Given: given, When: approve("li", "head"), Refused: "STK-01", Key: "approval.own"},
		{Name: "STK-01 the department approves", Given: given, When: approve("h", "head"), Then: done[1:]},
		{
			Name: "STK-01 a change voids approvals", Given: []demand.Event{planned([]string{"head", "process"}, bits, jigs), demand.Approved{Signed: approval.Signature{Role: "head", By: "h"}}},
			When: demand.Revise{At: noon, Lines: []demand.Line{bits}, By: "wang", Book: book},
			Then: []demand.Event{demand.Revised{At: noon, Lines: []demand.Line{bits}, By: "wang", Needs: []string{"head"}, Policy: domain.PolicyRef{Version: 1, Hash: "h"}}},
		},
		{Name: "STK-01 what is not approved is not bought", Given: given, When: take("p", 1), Refused: "STK-01", Key: "demand.not_approved"},
		{Name: "STK-01 no more is bought than was approved", Given: append(done[:2:2], demand.Taken{Purchase: "p", Count: 3}), When: take("q", 3), Refused: "STK-01", Key: "demand.too_many"},
		{Name: "STK-01 what is given back may be bought", Given: append(done[:2:2], demand.Taken{Purchase: "p", Count: 3}, demand.GivenBack{Purchase: "p", Count: 3}), When: take("q", 5), Then: []demand.Event{demand.Taken{At: noon, Purchase: "q", Count: 5}}},
		{Name: "STK-01 an approved plan stays", Given: done, When: demand.Reject{By: approval.Signer{Person: "h", Roles: []string{"head"}}, Reason: "r"}, Refused: "STK-01"},
	})
}
