package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

// One approval covers the tools of a kit's list, each once, for one recipient:
// it lets the kit's whole issue through, and nothing else.
func TestTOL16OneApprovalLetsAWholeKitThroughOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	paths := s.numbered("pool", "wrench", "W-1", "W-2", "W-3", "W-4")
	id := func(n int) string { return strings.TrimPrefix(paths[n], "/v1/tools/") }
	box, other := s.kit("K-1", id(0), id(1)), s.kit("K-2", id(2))
	ask := func(to person) string {
		return s.approval(s.keeper, s.boss, `"act":"issue","kit":"`+strings.TrimPrefix(box, "/v1/tool-kits/")+`","to":`+toPerson(to))
	}
	issue := func(kit, approval string, to person) api.ToolOutcomes {
		r := s.sign(s.keeper, kit+"/issue", "", `{"to":`+toPerson(to)+`,`+approval+`}`)
		require.Equal(t, http.StatusOK, r.status, r.body)
		return decode[api.ToolOutcomes](t, r)
	}
	rules := func(o api.ToolOutcomes) []string {
		var out []string
		for _, row := range o.Outcomes {
			out = append(out, row.Rule+" "+row.Key)
		}
		return out
	}
	another := "TOL-16 approval.of_another_thing"
	approval := ask(s.li)
	require.Equal(t, []string{another}, rules(issue(other, approval, s.li)), "another kit")
	require.Equal(t, []string{another, another}, rules(issue(box, approval, s.wang)), "another recipient")
	s.tags[box] = `"1"` // registered, ordered
	r := s.done(s.keeper, box+"/tools", `{"tool":"`+id(3)+`"}`)
	s.tags[box] = r.header.Get("ETag")
	out := issue(box, approval, s.li)
	require.Equal(t, []string{"done", "done", "refused"}, outcomesOf(out), "what came onto the list later is not covered")
	require.Equal(t, another, rules(out)[2])
	for n := range 2 {
		s.tags[paths[n]] = `"` + "1" + `"`
		s.done(s.li, paths[n]+"/refuse", `{"reason":"不全"}`)
	}
	require.Equal(t, []string{"TOL-16 approval.used_up", "TOL-16 approval.used_up", another}, rules(issue(box, approval, s.li)), "it was used")
	again := ask(s.li)
	require.Equal(t, []string{"done", "done", "done"}, outcomesOf(issue(box, again, s.li)), "another one is another issue")
}

// A tool that is being repaired is not to be scrapped meanwhile.
func TestSTK08NoScrappingIsAskedForWhileARepairIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	r := s.post("/v1/policies", `{"site":"hq","kind":"purchasing","effective_from":"2020-01-01T00:00:00Z","reason":"r","content":{"scrap":[{"approvals":["manager"]}]}}`, nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	var created api.Created
	require.NoError(t, json.Unmarshal([]byte(r.body), &created))
	r = s.sign(s.boss, "/v1/policies/"+created.Id.String()+"/approval", "", `{"version":1}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	path := s.numbered("pool", "wrench", "W-1")[0]
	request := `{"site":"hq","tool":"` + strings.TrimPrefix(path, "/v1/tools/") + `","cause":"damaged","reason":"扳口开裂"}`
	s.done(s.keeper, path+"/fault", `{"note":"扳口开裂"}`)
	s.done(s.keeper, path+"/repair-plan", `{"repairer":"workshop","estimate_fen":1000}`)
	p := s.refused(s.keeper, "/v1/scrap-requests", request, "STK-08")
	require.Equal(t, "scrap.in_repair", p.Key)
}
