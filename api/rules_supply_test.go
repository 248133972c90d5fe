package api_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// works is a site that follows a set as it is shipped, with one kind of tools,
// and a unit that asks.
func works(t *testing.T, set string) (p *plant, unit string) {
	t.Helper()
	p = &plant{store: newStore(t)}
	p.siteWith("works", set)
	gm := p.person("gm", "gm")
	for _, body := range []string{
		set + "/purchasing.json",
		`{"set":"` + set + `","kind":"tools","effective_from":"2020-01-01T00:00:00Z","reason":"first","content":{"stores":[{"code":"main","name":"m"}],"kinds":[{"code":"wrench","name":"w","category":"hand"}]}}`,
	} {
		p.send(gm, "/v1/policies/"+p.load(body).String()+"/approval", "", `{"version":1}`) // where the set or the kind asks for it
	}
	return p, created(t, p.post("/v1/teams", `{"site":"works","external":{"system":"hr","key":"T"},"name":"T"}`, nil, "hr"))
}

// What is new the mine lets two persons approve, plan and purchase, the
// appliance service its manager; what is known goes by STK-11.
func TestSTK03NewKindsAreApprovedAsTheSetSays(t *testing.T) {
	t.Parallel()
	for set, c := range map[string]struct{ known, fresh []string }{
		"mine":              {known: []string{"department_head"}, fresh: []string{"department_head", "deputy_mine_director"}},
		"appliance-service": {known: []string{"manager"}, fresh: []string{"manager"}},
	} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			p, unit := works(t, set)
			buyer, signers := p.person("buyer", "purchasing"), map[string]person{}
			sign := func(role, path, tag, body string) string {
				if signers[role] == (person{}) {
					signers[role] = p.person("x-"+role, role)
				}
				return p.must(signers[role], path, tag, body)
			}
			for code, needs := range map[string][]string{"wrench": c.known, "laser": c.fresh} {
				plan, tag := p.begin(p.li, "/v1/demands",
					`{"site":"works","unit":"`+unit+`","for":"2026-Q2","lines":[{"variant":"tool","code":"`+code+`","count":1,"reason":"新增"}]}`)
				ask := `{"site":"works","unit":"` + unit + `","variant":"tool","code":"` + code + `","name":"x","count":1,"reason":"新增","demand":"` + plan[len("/v1/demands/"):] + `","line":0}`
				for _, role := range needs {
					p.refused("STK-01", p.send(p.li, "/v1/purchases", "", ask)) // not before all have signed
					tag = sign(role, plan+"/approval", tag, `{}`)
				}
				path, tag := p.begin(p.li, "/v1/purchases", ask)
				tag = p.must(buyer, path+"/quote", tag, `{"supplier":"S","unit_price_fen":30000}`)
				p.refused("STK-02", p.send(p.person("gm-"+code, "gm"), path+"/approval", tag, `{"quote":1,"amount_fen":30000}`)) // another's word is none
				for _, role := range needs {
					p.refused("STK-02", p.send(buyer, path+"/order", tag, `{"reference":"PO"}`)) // one word is missing yet
					tag = sign(role, path+"/approval", tag, `{"quote":1,"amount_fen":30000}`)
				}
				p.must(buyer, path+"/order", tag, `{"reference":"PO"}`)
				goods, tag := p.begin(p.keeper, "/v1/acceptances", `{"site":"works","purchase":"`+path[len("/v1/purchases/"):]+`","count":1,"note":"DN"}`)
				equipment := p.person("e-"+code, "equipment")
				tag = p.must(equipment, goods+"/checks", tag, `{"passed":true,"document":"R"}`)
				r := p.send(equipment, goods+"/accept", tag, `{"count":1,"store":"main","numbers":["N-`+code+`"]}`)
				if code == "laser" {
					require.Equal(t, "tool.kind_unknown", r.problem(t).Key, "a new kind is entered in the policy of tools before a piece of it is")
					continue
				}
				require.Equal(t, 200, r.status, r.body)
			}
		})
	}
}

// Tooling gets its number, and the important one proves itself by samples; both
// are on the acceptance, which the history card shows to the end of the tool.
func TestSTK07ToolingHasANumberAndAClass(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	goods := func(class string) (path, tag string) {
		path, tag = p.purchase("special_tooling", "wrench", "10000")
		tag = p.must(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":20000}`)
		p.must(p.buyer, path+"/order", tag, `{"reference":"PO"}`)
		path, tag = p.begin(p.keeper, "/v1/acceptances", `{"site":"hq","purchase":"`+path[len("/v1/purchases/"):]+`","count":2,"note":"DN","class":"`+class+`"}`)
		return path, p.must(p.inspec, path+"/checks", tag, `{"passed":true,"document":"DRW","findings":[{"what":"size","ok":true},{"what":"appearance","ok":true},{"what":"fit","ok":true}]}`)
	}
	path, tag := goods("general")
	for _, numbers := range []string{`[]`, `["J-1"]`, `["J-1","J-1"]`, `["J-1",""]`} {
		r := p.send(p.inspec, path+"/accept", tag, `{"count":2,"store":"main","numbers":`+numbers+`}`)
		require.Equal(t, 422, r.status, "each piece has a number of its own: %s", r.body)
	}
	p.must(p.inspec, path+"/accept", tag, `{"count":2,"store":"main","numbers":["J-1","J-2"]}`)
	important, tag := goods("important")
	p.refused("STK-04", p.send(p.inspec, important+"/accept", tag, `{"count":2,"store":"main","numbers":["J-3","J-4"]}`)) // not tried yet
	tag = p.must(p.inspec, important+"/trials", tag, `{"sheet":"IS-1","samples":5,"passed":true}`)
	p.must(p.inspec, important+"/accept", tag, `{"count":2,"store":"main","numbers":["J-3","J-4"]}`)
	// Once the pieces are tools a number that is taken is refused.
	_, err := p.app.Tools.RegisterPiece(t.Context(), commands.Request{Actor: commands.System("process"), Key: "1"}, uuid.New(), commands.RegisterTool{
		Site: "hq", Number: "J-9", Kind: "wrench", Name: "j", PriceFen: 1, PurchasedOn: "2026-03-02", Use: tool.Shared, Store: "main",
	})
	require.NoError(t, err)
	path, tag = goods("general")
	r := p.send(p.inspec, path+"/accept", tag, `{"count":2,"store":"main","numbers":["J-8","J-9"]}`)
	require.Equal(t, "STK-07", r.problem(t).Rule, r.body)
	require.Contains(t, r.body, "acceptance.number_taken")
}

func (r *room) ToolReplacements(_ context.Context, _ api.AsOf, site, month string) (api.ToolReplacements, error) {
	return api.ToolReplacements{AsOf: seenAt, Site: site, Month: month, Lines: []api.ToolReplacementLine{}, Plans: []api.ToolReplacementPlan{}}, nil
}

func (r *room) ToReplace(context.Context, string, string, int64) ([]demand.Line, []uuid.UUID, int, error) {
	return r.gone, make([]uuid.UUID, len(r.gone)), 0, nil
}

func TestCHK02APlanIsBegunForWhatAMonthHasCost(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	const of = "/v1/statistics/tools/replacements"
	body := `{"site":"hq","unit":"` + p.unit + `","month":"2026-03"}`
	require.Equal(t, http.StatusOK, p.get(of+"?site=hq&month=2026-03", "manager").status)
	require.Equal(t, http.StatusBadRequest, p.get(of+"?site=hq&month=2026-13", "manager").status)
	p.refused("CHK-02", p.send(p.keeper, of, "", body)) // nothing is gone
	p.reads.room.gone = []demand.Line{{Variant: policy.ToolVariant, Code: "wrench", Name: "扳手", Count: 1, Reason: "2026-03: 1 lost"}}
	require.Equal(t, http.StatusForbidden, p.send(p.li, of, "", body).status)
	path, tag := p.begin(p.keeper, of, body)
	p.must(p.head, path+"/approval", tag, `{}`)
	p.refused("STK-01", p.send(p.keeper, of, "", body)) // it is planned already
}
