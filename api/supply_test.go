package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// plant is a store that buys by the tiers of STK-02.
type plant struct {
	*store
	unit                                                       string
	head, buyer, leader, gm, board1, board2, equipment, inspec person
}

const plantRules = `{"items":[{"code":"bit","name":"drill bit"}],"minimums":[{"store":"main","item":"bit","pieces":2,"order":20,"unit":"UNIT"}],
	"demand":[{"from_fen":0,"approvals":["department_head"]},{"variant":"standard_tooling","from_fen":0,"approvals":["process"]}],
	"purchase":[{"from_fen":0,"checks":["department_head"],"approvals":["leader_in_charge"]},{"from_fen":50000,"checks":["department_head"],"approvals":["leader_in_charge","gm"]},
		{"from_fen":3000000,"checks":["department_head"],"approvals":["leader_in_charge","gm","board_member","board_member"]}],
	"acceptance":[{"from_fen":0,"approvals":["equipment"]},{"variant":"special_tooling","from_fen":0,"trial":true,"approvals":["inspection"]}],
	"scrap":[{"from_fen":0,"approvals":["department_head","equipment","leader_in_charge"]},{"from_fen":50001,"approvals":["department_head","equipment","leader_in_charge","gm"]}],
	"split_window_days":90}`

func newPlant(t *testing.T) *plant {
	t.Helper()
	p := &plant{store: newStore(t)}
	r := p.post("/v1/teams", `{"site":"hq","external":{"system":"hr","key":"T-1"},"name":"一队"}`, nil, "hr")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	p.unit = created(t, r)
	rules := strings.Replace(plantRules, "UNIT", p.unit, 1)
	r = p.post("/v1/policies", `{"site":"hq","kind":"purchasing","effective_from":"2020-01-01T00:00:00Z","reason":"first","content":`+rules+`}`, nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	p.gm = p.person("gm", "gm")
	p.must(p.gm, "/v1/policies/"+created(t, r)+"/approval", r.header.Get("ETag"), `{"version":1}`)
	p.head, p.buyer, p.leader = p.person("head", "department_head"), p.person("buyer", "purchasing"), p.person("leader", "leader_in_charge")
	p.board1, p.board2 = p.person("board1", "board_member"), p.person("board2", "board_member")
	p.equipment, p.inspec = p.person("equipment", "equipment"), p.person("inspector", "inspection")
	return p
}

func created(t *testing.T, r reply) string {
	t.Helper()
	var c api.Created
	require.NoError(t, json.Unmarshal([]byte(r.body), &c))
	return c.Id.String()
}

func (p *plant) send(by person, path, tag, body string) reply {
	p.t.Helper()
	h := map[string]string{"Idempotency-Key": uuid.NewString()}
	if tag != "" {
		h["If-Match"] = tag
	}
	return p.do(call{method: http.MethodPost, path: path, body: body, token: by.token, header: h})
}

// must sends what succeeds and returns the new tag.
func (p *plant) must(by person, path, tag, body string) string {
	p.t.Helper()
	r := p.send(by, path, tag, body)
	require.Equal(p.t, http.StatusOK, r.status, "%s %s: %s", path, body, r.body)
	return r.header.Get("ETag")
}

// begin sends what creates something and returns its path and tag.
func (p *plant) begin(by person, path, body string) (at, tag string) {
	p.t.Helper()
	r := p.send(by, path, "", body)
	require.Equal(p.t, http.StatusCreated, r.status, "%s %s: %s", path, body, r.body)
	return r.header.Get("Location"), r.header.Get("ETag")
}

func (p *plant) refused(rule string, r reply) {
	p.t.Helper()
	require.Equal(p.t, rule, r.problem(p.t).Rule, r.body)
}

func (p *plant) purchase(variant, code, price string) (path, tag string) {
	p.t.Helper()
	path, tag = p.begin(p.li, "/v1/purchases", `{"site":"hq","unit":"`+p.unit+`","variant":"`+variant+`","code":"`+code+`","name":"x","count":2,"reason":"新增"}`)
	tag = p.must(p.head, path+"/check", tag, `{}`)
	return path, p.must(p.buyer, path+"/quote", tag, `{"supplier":"东日","unit_price_fen":`+price+`}`)
}

func TestSTK01FromADemandPlanToARegisteredTool(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	plan := `{"site":"hq","unit":"` + p.unit + `","for":"2026-Q2","lines":[{"variant":"tool","code":"wrench","count":2,"reason":"新增两人"}]}`
	demand, tag := p.begin(p.li, "/v1/demands", plan)
	tag = p.must(p.head, demand+"/approval", tag, `{}`)
	p.refused("STK-01", p.send(p.head, demand+"/approval", tag, `{}`))
	ask := `{"site":"hq","unit":"` + p.unit + `","variant":"tool","code":"wrench","name":"扳手","count":2,"reason":"新增","demand":"` + demand[len("/v1/demands/"):] + `","line":0}`
	path, tag := p.begin(p.li, "/v1/purchases", ask)
	p.refused("STK-01", p.send(p.li, "/v1/purchases", "", ask)) // all of the line is taken
	p.refused("STK-02", p.send(p.buyer, path+"/quote", tag, `{"supplier":"东日","unit_price_fen":45000}`))
	tag = p.must(p.head, path+"/check", tag, `{}`)
	p.refused("STK-09", p.send(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":90000}`))
	tag = p.must(p.buyer, path+"/quote", tag, `{"supplier":"东日","unit_price_fen":45000}`)
	p.refused("STK-02", p.send(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":80000}`))
	tag = p.must(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":90000}`)
	tag = p.must(p.buyer, path+"/quote", tag, `{"supplier":"东日","unit_price_fen":46000}`) // voids the approval
	p.refused("STK-02", p.send(p.buyer, path+"/order", tag, `{"reference":"PO-1"}`))
	tag = p.must(p.leader, path+"/approval", tag, `{"quote":2,"amount_fen":92000}`)
	p.must(p.buyer, path+"/order", tag, `{"reference":"PO-1"}`)
	id := path[len("/v1/purchases/"):]
	p.refused("STK-04", p.send(p.keeper, "/v1/acceptances", "", `{"site":"hq","purchase":"`+id+`","count":3,"note":"DN-1"}`))
	goods, tag := p.begin(p.keeper, "/v1/acceptances", `{"site":"hq","purchase":"`+id+`","count":2,"note":"DN-1"}`)
	p.refused("STK-04", p.send(p.equipment, goods+"/accept", tag, `{"count":2,"store":"main","numbers":["W-1","W-2"]}`))
	tag = p.must(p.equipment, goods+"/checks", tag, `{"passed":true,"document":"R-1"}`)
	tag = p.must(p.equipment, goods+"/accept", tag, `{"count":1,"store":"main","numbers":["W-1"]}`)
	p.refused("STK-04", p.send(p.equipment, goods+"/accept", tag, `{"count":2,"store":"main","numbers":["W-2","W-3"]}`))
	p.must(p.equipment, goods+"/reject", tag, `{"count":1,"reason":"变形"}`)
}

func TestSTK02TiersByUnitPriceAndSplitNeeds(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	path, tag := p.purchase("tool", "wrench", "3000000") // exactly 30,000 yuan
	approve := `{"quote":1,"amount_fen":6000000}`
	p.refused("STK-02", p.send(p.gm, path+"/approval", tag, approve))
	for _, by := range []person{p.leader, p.gm, p.board1} {
		tag = p.must(by, path+"/approval", tag, approve)
	}
	p.refused("STK-02", p.send(p.board1, path+"/approval", tag, approve))
	p.refused("STK-02", p.send(p.buyer, path+"/order", tag, `{"reference":"PO-1"}`))
	tag = p.must(p.board2, path+"/approval", tag, approve)
	p.must(p.buyer, path+"/order", tag, `{"reference":"PO-1"}`)
	// Another one of the kind, alone below 500 yuan, is part of the same need.
	path, tag = p.purchase("tool", "wrench", "40000")
	tag = p.must(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":80000}`)
	p.refused("STK-02", p.send(p.buyer, path+"/order", tag, `{"reference":"PO-2"}`))
	p.must(p.li, path+"/withdrawal", tag, `{"reason":"已有"}`)
	path, tag = p.purchase("consumable", "bit", "40000")
	tag = p.must(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":80000}`)
	p.must(p.buyer, path+"/order", tag, `{"reference":"PO-3"}`)
	path, tag = p.purchase("tool", "sander", "40000")
	p.must(p.leader, path+"/rejection", tag, `{"reason":"太贵"}`)
}

func TestSTK04ImportantToolingIsTriedFirst(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	path, tag := p.purchase("special_tooling", "wrench", "40000")
	tag = p.must(p.leader, path+"/approval", tag, `{"quote":1,"amount_fen":80000}`)
	p.must(p.buyer, path+"/order", tag, `{"reference":"PO-1"}`)
	goods, tag := p.begin(p.keeper, "/v1/acceptances", `{"site":"hq","purchase":"`+path[len("/v1/purchases/"):]+`","count":1,"note":"DN-1","class":"important"}`)
	tag = p.must(p.inspec, goods+"/checks", tag, `{"passed":true,"document":"DRW-9","findings":[{"what":"size","ok":true},{"what":"appearance","ok":true},{"what":"fit","ok":true}]}`)
	accept := `{"count":1,"store":"main","numbers":["J-1"]}`
	p.refused("STK-04", p.send(p.inspec, goods+"/accept", tag, accept))
	tag = p.must(p.inspec, goods+"/trials", tag, `{"sheet":"IS-4","samples":5,"passed":true}`)
	p.must(p.inspec, goods+"/accept", tag, accept)
}

func TestSTK08AToolIsScrappedByItsPrice(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	path, tag := p.tool(strings.Replace(newTool, "3500", "60000", 1))
	p.refused("STK-08", p.send(p.keeper, path+"/scrap", tag, `{"reason":"磨损","approval":"`+uuid.NewString()+`"}`))
	id := path[len("/v1/tools/"):]
	request, tag := p.begin(p.li, "/v1/scrap-requests", `{"site":"hq","tool":"`+id+`","cause":"worn_out","reason":"滑丝"}`)
	p.refused("STK-08", p.send(p.leader, request+"/approval", tag, `{}`))
	for _, by := range []person{p.head, p.equipment, p.leader, p.gm} {
		tag = p.must(by, request+"/approval", tag, `{}`)
	}
	p.refused("STK-08", p.send(p.buyer, request+"/disposal", tag, `{"how":"废铁","proceeds_fen":100}`)) // no process runs here
	scrap, system := uuid.MustParse(request[len("/v1/scrap-requests/"):]), commands.Request{Actor: commands.System("process"), Key: "1"}
	_, err := p.app.Scraps.End(t.Context(), system, scrap, p.gm.id)
	require.NoError(t, err)
	_, err = p.app.Scraps.Settle(t.Context(), system, scrap)
	require.NoError(t, err)
	p.must(p.buyer, request+"/disposal", `"5"`, `{"how":"废铁","proceeds_fen":100}`)
	path, _ = p.tool(strings.Replace(newTool, "W-1", "W-2", 1))
	other, tag := p.begin(p.li, "/v1/scrap-requests", `{"site":"hq","tool":"`+path[len("/v1/tools/"):]+`","cause":"worn_out","reason":"滑丝"}`)
	p.must(p.li, other+"/rejection", tag, `{"reason":"重复"}`)
}

func TestSTK08AToolThatTwoRequestsAskForIsDisposedOfOnce(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	path, _ := p.tool(newTool)
	var requests []uuid.UUID
	for range 2 {
		request, tag := p.begin(p.li, "/v1/scrap-requests", `{"site":"hq","tool":"`+path[len("/v1/tools/"):]+`","cause":"worn_out","reason":"滑丝"}`)
		for _, by := range []person{p.head, p.equipment, p.leader} {
			tag = p.must(by, request+"/approval", tag, `{}`)
		}
		requests = append(requests, uuid.MustParse(request[len("/v1/scrap-requests/"):]))
	}
	for _, id := range requests { // both are signed before the first is carried out
		system := commands.Request{Actor: commands.System("process"), Key: id.String()}
		_, err := p.app.Scraps.End(t.Context(), system, id, p.leader.id)
		require.NoError(t, err)
		_, err = p.app.Scraps.Settle(t.Context(), system, id)
		require.NoError(t, err)
	}
	const sold = `{"how":"废铁","proceeds_fen":100}`
	p.must(p.buyer, "/v1/scrap-requests/"+requests[0].String()+"/disposal", `"4"`, sold)
	p.refused("STK-08", p.send(p.buyer, "/v1/scrap-requests/"+requests[1].String()+"/disposal", `"4"`, sold))
	p.must(p.li, "/v1/scrap-requests/"+requests[1].String()+"/rejection", `"4"`, `{"reason":"已报废"}`)
}

func TestSTK05OfTwoHundredWhoWantOneOfFiveFiveGetIt(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	const item = `{"site":"hq","store":"main","item":"bit",`
	p.begin(p.keeper, "/v1/stock/receipts", item+`"lot":"L1","condition":"new","pieces":5,"origin":"opening"}`)
	const clients = 200
	answers := make([]reply, clients)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			body := item + `"pieces":1,"to":{"kind":"person","who":"` + p.li.id + `"},"purpose":"检修"}`
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/stock/issues", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+p.keeper.token)
			r.Header.Set("Idempotency-Key", uuid.NewString())
			answers[n] = p.serve(r)
		})
	}
	all.Wait()
	won := 0
	for _, a := range answers {
		if a.status == http.StatusCreated {
			won++
			continue
		}
		require.Equal(t, "STK-05", a.problem(t).Rule, a.body)
	}
	require.Equal(t, 5, won)
}

func TestSTK05StockIsCorrectedSentAndCountedByMonth(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	const item = `{"site":"hq","store":"main","item":"bit",`
	receipt := item + `"lot":"L1","condition":"worn","pieces":5,"origin":"opening"}`
	key := map[string]string{"Idempotency-Key": "once"}
	first := p.do(call{method: http.MethodPost, path: "/v1/stock/receipts", body: receipt, token: p.keeper.token, header: key})
	require.Equal(t, http.StatusCreated, first.status, first.body)
	p.clock.Advance(30 * 24 * time.Hour) // April
	p.keeper = p.person("keeper2", "storekeeper")
	p.begin(p.keeper, "/v1/stock/receipts", item+`"lot":"L2","condition":"new","pieces":3,"origin":"opening"}`)
	token, err := p.issuer.Mint("keeper", uuid.MustParse(p.keeper.id), []string{"storekeeper"}, []string{"*"}, time.Hour)
	require.NoError(t, err)
	again := p.do(call{method: http.MethodPost, path: "/v1/stock/receipts", body: receipt, token: token, header: key})
	require.Equal(t, first.body, again.body, "a repeat after the turn of the month is the same request")
	li := p.person("li2", "technician")
	to := `"to":{"kind":"person","who":"` + li.id + `"},"purpose":"检修"`
	p.refused("EXC-03", p.send(p.keeper, "/v1/stock/issues", "", item+`"lot":"L2","pieces":1,`+to+`}`))
	p.begin(p.keeper, "/v1/stock/issues", item+`"lot":"L2","pieces":1,"declined":"旧件过短",`+to+`}`)
	p.begin(p.keeper, "/v1/stock/transfers", item+`"pieces":2,"to_store":"yard","purpose":"二号井"}`)
	boss := p.person("boss2", "manager")
	approved := func(delta string) string {
		return `,` + p.approval(p.keeper, boss, `"act":"adjust_stock","stock":{"store":"main","item":"bit","lot":"L1","condition":"worn","delta":`+delta+`}`)
	}
	adjust := func(delta, approval string) reply {
		return p.send(p.keeper, "/v1/stock/adjustments", "", item+`"lot":"L1","condition":"worn","delta":`+delta+`,"reason":"盘亏"`+approval+`}`)
	}
	p.refused("STK-05", adjust("-4", approved("-4")))
	p.refused("STK-05", adjust("-1", ""))
	three := approved("-3")
	p.refused("STK-05", adjust("-2", three)) // of another number
	require.Equal(t, http.StatusCreated, adjust("-3", three).status)
	p.refused("STK-05", adjust("-3", three)) // once
	p.refused("STK-05", p.send(p.keeper, "/v1/stock/issues", "", item+`"pieces":3,`+to+`}`))
}

func TestSupplyIsListedAndShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, at := uuid.New(), domain.At(noon)
	s := f.supply
	s.levels = []api.StockLevel{{Card: id, Site: "hq", Store: "main", Item: "bit", Lots: []api.StockLot{}}, {Card: id, Site: "hq", Lots: []api.StockLot{}}}
	s.ledger = api.StockLedger{Lots: []api.StockLot{}, Items: []api.StockMovement{{At: at, Lots: []api.StockLot{}}, {At: at, Lots: []api.StockLot{}}}}
	s.demands = []api.Demand{{Id: id, Site: "hq", At: at, Lines: []api.DemandLineLeft{}, Needs: []string{}, Planners: []string{}, Signed: []api.SupplySignature{}}}
	s.purchases = []api.Purchase{{Id: id, Site: "hq", At: at, Variant: "tool", Checks: []string{}, Checked: []api.SupplySignature{}, Signed: []api.SupplySignature{}}}
	s.acceptances = []api.Acceptance{{
		Id: id, Site: "hq", At: at, Variant: "tool", Checks: []api.GoodsCheck{}, Trials: []api.GoodsTrial{}, Pieces: []api.GoodsPiece{}, Needs: []string{},
	}}
	s.scraps = []api.ScrapRequest{{Id: id, Site: "hq", At: at, Needs: []string{}, Signed: []api.SupplySignature{}}}
	s.cards = []api.HistoryCard{{
		Tool:  api.Tool{Id: id, Site: "hq", PurchasedOn: "2025-01-10", Use: "personal", Standing: "issued", Holder: api.Holder{Kind: "nobody"}, Since: at},
		Scrap: []api.ScrapRequest{}, Entries: []api.HistoryEntry{},
	}}
	for _, path := range []string{
		"/v1/stock?site=hq&store=main&short=true&limit=1", "/v1/stock/movements?site=hq&store=main&item=bit&at=2026-03-01T00:00:00Z&limit=1",
		"/v1/demands?standing=planned", "/v1/purchases?standing=ordered&code=wrench", "/v1/acceptances?standing=open", "/v1/scrap-requests?tool=" + id.String(),
	} {
		r := f.get(path, "auditor")
		require.Equal(t, http.StatusOK, r.status, path+r.body)
		require.Equal(t, strings.Contains(path, "limit"), !strings.Contains(r.body, `"next":null`), path)
		require.Equal(t, http.StatusForbidden, f.get(path, "customer_link").status, path)
	}
	require.Equal(t, id.String(), s.filter.About)
	require.Equal(t, "main", *s.stock.Store)
	require.Equal(t, noon.Add(-28*time.Hour), *s.until)
	for _, path := range []string{"/v1/demands/", "/v1/purchases/", "/v1/acceptances/", "/v1/scrap-requests/"} {
		r := f.get(path+id.String(), "auditor")
		require.Equal(t, http.StatusOK, r.status, path+r.body)
		require.Equal(t, `"0"`, r.header.Get("ETag"))
		require.Equal(t, http.StatusNotFound, f.get(path+uuid.NewString(), "auditor").status)
	}
	require.Equal(t, http.StatusOK, f.get("/v1/tools/"+id.String()+"/history-card", "auditor").status)
	require.Equal(t, http.StatusNotFound, f.get("/v1/tools/"+uuid.NewString()+"/history-card", "auditor").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/stock/movements?site=hq&store=main&item=bit&at=yesterday", "auditor").status)
}

func TestSTK11EachSetSaysWhoSigns(t *testing.T) {
	t.Parallel()
	for set, c := range map[string]struct {
		more         string // of the request
		check, needs []string
		scrap        []string
	}{
		"plant":             {check: []string{"department_head"}, needs: []string{"leader_in_charge", "gm"}, scrap: []string{"department_head", "equipment", "leader_in_charge"}},
		"workshop":          {more: `,"document":"SQ-1"`, needs: []string{"gm"}, scrap: []string{"workshop_head"}},
		"mine":              {needs: []string{"department_head"}, scrap: []string{"department_head"}},
		"appliance-service": {needs: []string{"manager"}, scrap: []string{"manager"}},
		"power-station":     {needs: []string{"department_head", "manager"}, scrap: []string{"department_head", "manager"}},
	} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			p := &plant{store: newStore(t)}
			p.siteWith("works", set)
			gm := p.person("gm", "gm")
			for _, body := range []string{
				set + "/purchasing.json",
				`{"set":"` + set + `","kind":"tools","effective_from":"2020-01-01T00:00:00Z","reason":"first","content":{"stores":[{"code":"main","name":"m"}],"kinds":[{"code":"wrench","name":"w","category":"hand"}]}}`,
			} {
				id := p.load(body)
				p.send(gm, "/v1/policies/"+id.String()+"/approval", "", `{"version":1}`) // where the set or the kind asks for it
			}
			r := p.post("/v1/teams", `{"site":"works","external":{"system":"hr","key":"T"},"name":"T"}`, nil, "hr")
			ask := `{"site":"works","unit":"` + created(t, r) + `","variant":"tool","code":"wrench","name":"w","count":1,"reason":"新增"`
			if c.more != "" {
				require.Equal(t, "/document", p.send(p.li, "/v1/purchases", "", ask+"}").problem(t).Pointer)
			}
			path, tag := p.begin(p.li, "/v1/purchases", ask+c.more+"}")
			signers := map[string]person{}
			sign := func(role, path, tag, body string) string {
				if signers[role] == (person{}) {
					signers[role] = p.person("x-"+role, role)
				}
				return p.must(signers[role], path, tag, body)
			}
			for _, role := range c.check {
				tag = sign(role, path+"/check", tag, `{}`)
			}
			tag = p.must(p.person("buyer", "purchasing"), path+"/quote", tag, `{"supplier":"S","unit_price_fen":50000}`)
			for _, role := range c.needs {
				tag = sign(role, path+"/approval", tag, `{"quote":1,"amount_fen":50000}`)
			}
			p.must(p.person("orderer", "purchasing"), path+"/order", tag, `{"reference":"PO"}`)
			wrench, _ := p.tool(strings.NewReplacer(`"hq"`, `"works"`, "3500", "50000").Replace(newTool))
			path, tag = p.begin(p.li, "/v1/scrap-requests", `{"site":"works","tool":"`+wrench[len("/v1/tools/"):]+`","cause":"expired","reason":"到期"}`)
			for _, role := range c.scrap {
				tag = sign(role, path+"/approval", tag, `{}`)
			}
			p.refused("STK-08", p.send(p.li, path+"/rejection", tag, `{"reason":"x"}`)) // all have signed
		})
	}
}

func TestSTK01APlanIsRevisedOrRejected(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	line := func(n string) string {
		return `"lines":[{"variant":"tool","code":"wrench","count":` + n + `,"reason":"新增两人"}]}`
	}
	path, tag := p.begin(p.li, "/v1/demands", `{"site":"hq","unit":"`+p.unit+`","for":"2026-Q2",`+line("2"))
	tag = p.must(p.li, path+"/lines", tag, `{`+line("3"))
	p.refused("STK-01", p.send(p.wang, path+"/rejection", tag, `{"reason":"x"}`))
	p.must(p.head, path+"/rejection", tag, `{"reason":"下季度"}`)
	r := p.send(p.li, "/v1/demands", "", `{"site":"hq","unit":"`+uuid.NewString()+`","for":"2026-Q2",`+line("2"))
	require.Equal(t, "/unit", r.problem(t).Pointer)
}
