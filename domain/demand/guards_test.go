package demand_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
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

func TestSTK01STK03STK10WhoApprovesWhatAUnitNeedsInEverySet(t *testing.T) {
	t.Parallel()
	for set, needs := range map[string]struct{ known, fresh, tooling []string }{
		"mine":              {[]string{"department_head"}, []string{"department_head", "deputy_mine_director"}, []string{"process"}},
		"workshop":          {[]string{"workshop_head"}, []string{"workshop_head"}, []string{"process"}},
		"plant":             {[]string{"department_head"}, []string{"department_head"}, []string{"process"}},
		"appliance-service": {[]string{"manager"}, []string{"manager"}, []string{"manager"}},
		"power-station":     {[]string{"department_head"}, []string{"department_head"}, []string{"process"}},
	} {
		for name, c := range map[string]struct {
			variant policy.Variant
			code    string
			needs   []string // nil: not asked for like that
		}{
			"STK-01 a kind that the site has":             {policy.ToolVariant, "wrench", needs.known},
			"STK-03 a new kind":                           {policy.ToolVariant, "laser", needs.fresh},
			"STK-03 new equipment":                        {policy.Equipment, "lathe", needs.fresh},
			"STK-10 standard tooling by its kind":         {policy.StandardTooling, "jig", needs.tooling},
			"STK-10 standard tooling of no kind":          {policy.StandardTooling, "gauge", nil},
			"STK-01 a consumable that is no stocked item": {policy.Consumable, "bit", nil},
		} {
			t.Run(set+": "+name, func(t *testing.T) {
				t.Parallel()
				events, err := demand.Decide(demand.State{}, demand.Plan{
					At: noon, Site: "plant", Unit: "u", By: "li", Book: shipped(t, set),
					Lines: []demand.Line{{Variant: c.variant, Code: c.code, Count: 1, Reason: "two more people"}},
				})
				if c.needs == nil {
					var invalid *domain.InvalidError
					require.ErrorAs(t, err, &invalid)
					require.Equal(t, "/lines/0/code", invalid.Pointer)
					return
				}
				require.NoError(t, err)
				require.Equal(t, c.needs, events[0].(demand.Planned).Needs)
			})
		}
	}
}

func TestSTK01WhatIsNoPlanIsRefused(t *testing.T) { // STK-01, CHK-02
	t.Parallel()
	purchasing := func(routes string) *policy.Book {
		book, err := policy.NewBook([]policy.Recorded{
			recorded(policy.KindPurchasing, []byte(`{"items":[{"code":"bit"}],"demand":`+routes+`,"purchase":[],"acceptance":[],"scrap":[]}`)),
		})
		require.NoError(t, err)
		return book
	}
	book := purchasing(`[{"approvals":["head"]}]`)
	line := demand.Line{Variant: policy.Consumable, Code: "bit", Count: 1, Reason: "r"}
	plan := demand.Plan{At: noon, Site: "plant", Unit: "u", Lines: []demand.Line{line}, By: "li", Book: book}
	with := func(change func(*demand.Plan)) demand.Plan { c := plan; change(&c); return c }
	of := func(change func(*demand.Line)) demand.Plan {
		return with(func(c *demand.Plan) { l := line; change(&l); c.Lines = []demand.Line{l} })
	}
	replacing := func(count int64, tools ...uuid.UUID) demand.Plan {
		c := of(func(l *demand.Line) { l.Count = count })
		c.Replacing = &demand.Replacing{Month: "2026-02", Part: 1, Tools: tools}
		return c
	}
	planned := demand.Planned{At: noon, Site: "plant", Unit: "u", Lines: []demand.Line{line}, By: "li", Needs: []string{"head"}}
	given := []demand.Event{planned}
	done := []demand.Event{planned, demand.Approved{At: noon, Signed: approval.Signature{Role: "head", By: "h"}, Complete: true}}
	rejected := []demand.Event{planned, demand.Rejected{At: noon, By: "h", Reason: "no"}}
	revise := demand.Revise{At: noon, Lines: []demand.Line{line, line}, By: "wang", Book: book}
	head := approval.Signer{Person: "h", Roles: []string{"head"}}
	reject := func(by approval.Signer, reason string) demand.Reject {
		return demand.Reject{At: noon, By: by, Reason: reason}
	}
	take := demand.TakeOf{At: noon, Purchase: "p", Unit: "u", Variant: policy.Consumable, Code: "bit", Count: 1}
	taken := func(change func(*demand.TakeOf)) demand.TakeOf { c := take; change(&c); return c }
	decidertest.Run(t, demand.Decide, demand.Evolve, []decidertest.Case[demand.Command, demand.Event]{
		{Name: "STK-01 there has to be a plan", When: take, Refused: "STK-01", Key: "demand.unknown"},
		{Name: "STK-01 a plan is made once", Given: given, When: plan, Refused: "STK-01", Key: "demand.exists"},
		{Name: "AUD-01 at a time", When: with(func(c *demand.Plan) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "STK-01 of a unit", When: with(func(c *demand.Plan) { c.Unit = "" }), Invalid: "/unit"},
		{Name: "STK-01 by somebody", When: with(func(c *demand.Plan) { c.By = "" }), Refused: "STK-01", Key: "approval.person_missing"},
		{Name: "POL-08 by a policy that is loaded", When: with(func(c *demand.Plan) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "POL-08 by a route that there is", When: with(func(c *demand.Plan) { c.Book = purchasing(`[]`) }), Refused: "POL-08", Key: "purchasing.route_missing"},
		{Name: "STK-01 with a line", When: with(func(c *demand.Plan) { c.Lines = nil }), Invalid: "/lines"},
		{Name: "STK-01 and not too many", When: with(func(c *demand.Plan) { c.Lines = slices.Repeat([]demand.Line{line}, 201) }), Invalid: "/lines"},
		{Name: "STK-01 a variant of ours", When: of(func(l *demand.Line) { l.Variant = "toy" }), Invalid: "/lines/0/variant"},
		{Name: "STK-01 a thing with a code", When: of(func(l *demand.Line) { l.Variant, l.Code = policy.ToolVariant, " " }), Invalid: "/lines/0/code"},
		{Name: "STK-01 an item of the stock", When: of(func(l *demand.Line) { l.Code = "nail" }), Invalid: "/lines/0/code"},
		{Name: "STK-01 one piece at least", When: of(func(l *demand.Line) { l.Count = 0 }), Invalid: "/lines/0/count"},
		{Name: "STK-01 and not too many pieces", When: of(func(l *demand.Line) { l.Count = 1_000_001 }), Invalid: "/lines/0/count"},
		{Name: "CHK-02 what replaces nothing is no replacement", When: replacing(1), Refused: "CHK-02", Key: "demand.nothing_to_replace"},
		{Name: "CHK-02 one for one", When: replacing(2, uuid.UUID{1}), Refused: "CHK-02", Key: "demand.replaces_otherwise"},
		{Name: "STK-01 an approved plan is not changed", Given: done, When: revise, Refused: "STK-01", Key: "demand.not_open"},
		{Name: "STK-01 somebody changes it", Given: given, When: demand.Revise{At: noon, Lines: []demand.Line{line, line}, Book: book}, Refused: "STK-01", Key: "approval.person_missing"},
		{Name: "STK-01 into lines that may be", Given: given, When: demand.Revise{At: noon, By: "wang", Book: book}, Invalid: "/lines"},
		{Name: "TKT-02 the same lines change nothing", Given: given, When: demand.Revise{At: noon, Lines: []demand.Line{line}, By: "wang", Book: book}},
		{Name: "STK-01 an approved plan is not approved again", Given: done, When: demand.Approve{At: noon, By: head}, Refused: "STK-01", Key: "demand.not_open"},
		{Name: "STK-01 a rejection has its reason", Given: given, When: reject(head, " "), Invalid: "/reason"},
		{Name: "STK-01 by somebody concerned", Given: given, When: reject(approval.Signer{Person: "x", Roles: []string{"clerk"}}, "no"), Refused: "STK-01", Key: "approval.role_missing"},
		{Name: "TKT-02 once", Given: rejected, When: reject(head, "no")},
		{Name: "STK-01 a line that there is", Given: done, When: taken(func(c *demand.TakeOf) { c.Line = 1 }), Invalid: "/line"},
		{Name: "STK-01 not one before the first", Given: done, When: taken(func(c *demand.TakeOf) { c.Line = -1 }), Invalid: "/line"},
		{Name: "STK-01 what was approved is bought and nothing else", Given: done, When: taken(func(c *demand.TakeOf) { c.Code = "nail" }), Refused: "STK-01", Key: "demand.other_thing"},
		{Name: "STK-01 in its variant", Given: done, When: taken(func(c *demand.TakeOf) { c.Variant = policy.Spare }), Refused: "STK-01", Key: "demand.other_thing"},
		{Name: "STK-01 for the unit that planned it", Given: done, When: taken(func(c *demand.TakeOf) { c.Unit = "v" }), Refused: "STK-01", Key: "demand.other_thing"},
		{Name: "TKT-02 a purchase takes once", Given: append(done[:2:2], demand.Taken{Purchase: "p", Count: 1}), When: take},
		{Name: "TKT-02 what took nothing gives nothing back", Given: done, When: demand.GiveBack{At: noon, Purchase: "p"}},
	})
}
