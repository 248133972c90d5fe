package api_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/role"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/messages"
)

var (
	wrenchID   = uuid.MustParse("a0000000-0000-4000-8000-000000000001")
	hoistID    = uuid.MustParse("a0000000-0000-4000-8000-000000000002")
	exchangeID = uuid.MustParse("a0000000-0000-4000-8000-000000000003")
	scrapID    = uuid.MustParse("a0000000-0000-4000-8000-000000000004")
	lossID     = uuid.MustParse("a0000000-0000-4000-8000-000000000005")
	countID    = uuid.MustParse("a0000000-0000-4000-8000-000000000006")
	approvalID = uuid.MustParse("a0000000-0000-4000-8000-000000000007")
	wangID     = uuid.MustParse("22222222-2222-4222-8222-222222222222")
	bossID     = uuid.MustParse("33333333-3333-4333-8333-333333333333")
	crewID     = uuid.MustParse("44444444-4444-4444-8444-444444444444")
)

// papers are the forms of the tests and who may ask for each.
func papers() map[string]uuid.UUID {
	return map[string]uuid.UUID{
		"issue-slip": wrenchID, "tool-card": lin, "borrow-record": hoistID, "exchange-application": exchangeID, "scrap-note": scrapID,
		"loss-report": lossID, "compensation-notice": lossID, "stocktake-sheet": countID,
	}
}

// desk is a site where every form has something to show.
func desk(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	at, r := domain.At(noon), f.reads
	person := func(id uuid.UUID, key, name string) api.SealedPerson {
		return api.SealedPerson{
			Person: api.Person{Id: id, Site: "hq", External: []api.ExternalKey{{System: "hr", Key: key}}, Roles: []string{}},
			Name:   f.vault.seal(id, commands.FieldName, name),
		}
	}
	r.sites = []api.Site{{Id: subject, Code: "hq", Name: "一号矿", Zone: "Asia/Shanghai"}}
	r.persons = []api.SealedPerson{person(lin, "1001", "林工"), person(wangID, "1002", "王<b>工"), person(bossID, "1003", "赵主任")}
	r.teams = []api.Team{{Id: crewID, Site: "hq", Code: "c1", Name: "采煤一队"}}
	mine := api.Holder{Kind: "person", Who: lin.String()}
	r.tools = []api.Tool{
		{
			Id: wrenchID, Site: "hq", Number: "W-1", Name: "扳手", Spec: "17 mm", Brand: "世达", Kind: "wrench", PriceFen: 3500, PurchasedOn: "2025-01-10", LifeMonths: 24,
			Use: "personal", Home: "main", Standing: "issued", Holder: mine, Since: at,
		},
		{
			Id: hoistID, Site: "hq", Number: "H-1", Name: "葫芦", Spec: "10 t", Kind: "hoist", PriceFen: 880000, PurchasedOn: "2024-05-01", Use: "pool", Home: "main",
			Standing: "lent", Holder: api.Holder{Kind: "team", Who: crewID.String()}, Since: at, Until: new(domain.At(noon.Add(72 * time.Hour))), NextInspectionBy: new("2026-09-02"),
		},
	}
	r.handOut = api.FormHandOut{ApprovedBy: bossID.String(), Approval: &approvalID, SignedBy: lin.String(), Purpose: "检修 <二号> 泵", Responsible: wangID.String()}
	r.approvals = []api.Approval{{Id: approvalID, Site: "hq", Signed: []api.ApprovalSignature{{Role: "manager", By: bossID.String(), At: domain.At(noon.Add(-time.Hour))}}}}
	r.room.rows = []api.LedgerRow{{Number: "W-1", Name: "扳手", Spec: "17 mm", Kind: "wrench", PriceFen: 3500, Holder: tool.Holder{Kind: tool.Person, Who: lin.String()}, Since: noon}}
	r.exchanges = []api.Exchange{{
		Id: exchangeID, Site: "hq", Status: "completed", Applicant: lin.String(), Keeper: mine, Old: api.ExchangeTool{Id: wrenchID, Number: "W-1"},
		Wanted: api.ExchangeModel{Kind: "wrench", Spec: "17 mm"}, Reason: "扳口磨损", NeedsApproval: true, ApprovedBy: bossID.String(), Store: "main",
		Outcome: "no_repair_value", ScrapNote: "SN-7", LifeReached: true, Replacement: &api.ExchangeTool{Id: hoistID, Number: "W-2"}, AppliedAt: at, CompletedAt: new(domain.At(noon.Add(time.Hour))),
	}}
	f.supply.scraps = []api.ScrapRequest{{
		Id: scrapID, Site: "hq", At: at, Tool: wrenchID.String(), Number: "W-1", PriceFen: 3500, Cause: "worn_out", Reason: "扳口磨损", Standing: "disposed", By: lin.String(),
		Needs: []string{"department_head", "equipment", "leader_in_charge"}, Signed: []api.SupplySignature{{Role: "department_head", By: bossID.String()}},
		Disposal: &api.ScrapDisposal{At: at, How: "废铁", ProceedsFen: 120, By: bossID.String()},
	}}
	policy := api.PolicyRef{Id: subject, Version: 2}
	shares := []api.LossShare{{Person: lin.String(), AmountFen: 1750}, {Person: wangID.String(), AmountFen: 1750}}
	r.losses.cards = []api.SealedLoss{{
		Loss: api.Loss{
			Id: lossID, Site: "hq", Number: "L-2026-0001", Cause: "missing", Status: "approved", Tool: api.LossTool{Id: wrenchID, Number: "W-1", Kind: "wrench", Use: "shared", PriceFen: 3500, PurchasedOn: "2025-01-10", LifeMonths: 24},
			Holder: api.LossHolder{Kind: "team", Who: crewID.String()}, Responsible: lin.String(), ReportedBy: wangID.String(), ReportedAt: at, LostAt: at, LostOn: "2026-03-02", Place: "二号水仓",
			Finding:    &api.LossFinding{At: at, By: bossID.String(), GoodCause: false, Payers: []api.LossPart{{Person: lin.String(), Weight: 1}, {Person: wangID.String(), Weight: 1}}, Witnesses: []string{wangID.String()}},
			Assessment: &api.LossAssessment{At: at, By: bossID.String(), Method: "original_price", PriceFen: 3500, UsedMonths: 13, LifeMonths: 24, LeftFen: 1604, FloorFen: 175, AmountFen: 3500, Policy: policy},
			Proposal:   &api.LossProposal{At: at, By: bossID.String(), AmountFen: 3500, Shares: shares, Policy: policy},
			Approval:   &api.LossApproval{At: at, By: bossID.String(), AmountFen: 3500, Shares: shares},
		},
		Persons: []string{lin.String(), wangID.String()}, Circumstances: f.vault.seal(lossID, commands.FieldText, "掉入水仓"), Reason: f.vault.seal(lossID, commands.FieldText, "遗忘"),
	}}
	r.losses.account = &api.SealedAccount{
		Site: "hq", OpenFen: 750, Debts: []api.DeductionDebt{{Loss: lossID, Number: "L-2026-0001", From: "2026-03", AmountFen: 1750, DeductedFen: 1000, OpenFen: 750}, {Loss: subject, Number: "L-0", AmountFen: 99}},
		Lines: []api.SealedLine{{
			DeductionLine: api.DeductionLine{Event: api.LossEvent{Number: 71}, Kind: "posted", Month: "2026-03", Entries: []api.DeductionEntry{{Loss: lossID, AmountFen: 1000}, {Loss: subject, AmountFen: 99}}, CapPpm: 200000, MinimumFen: 200000},
			Wage:          f.vault.seal(lin, commands.FieldWage, "300000"),
		}},
	}
	r.room.counts = []api.Stocktake{{
		Id: countID, Site: "hq", Scope: api.StocktakeScope{Kind: "store", Who: new("main")}, FrozenAt: 5, Expected: 2, Phase: "counted", Round: 1, StartedAt: at, StartedBy: lin.String(), NextBy: "2026-04-02",
		Scanners: []api.StocktakeScanner{{Scanner: wangID.String(), Round: 1, Scans: 1}}, Signatures: map[string]string{"storekeeper": lin.String(), "manager": bossID.String()},
		Result: &api.StocktakeResult{At: at, Found: 1, Missing: 1, Digest: strings.Repeat("ab", 32)},
	}}
	return f
}

func TestAUD04EachFormIsTheSameBytesInBothLanguages(t *testing.T) {
	t.Parallel()
	f := desk(t)
	for name, id := range papers() {
		for _, lang := range []string{"zh", "en"} {
			path := "/v1/forms/" + name + "/" + id.String() + "?as_of=9&lang=" + lang
			sheet := f.get(path, "manager")
			require.Equal(t, http.StatusOK, sheet.status, sheet.body)
			require.Equal(t, "9", sheet.header.Get("Fieldledger-As-Of"))
			require.Contains(t, sheet.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'")
			file := filepath.Join("testdata", "forms", name+"."+lang+".html")
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
				require.NoError(t, os.WriteFile(file, []byte(sheet.body), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), sheet.body, "UPDATE=1 writes it anew")
			require.NotContains(t, sheet.body, "form.", "a text is missing")
			require.NotContains(t, sheet.body, "<b>", "a name is text, whatever it holds")
			require.Equal(t, sheet.body, f.get(path, "manager").body)
		}
	}
}

func TestAUD08AFormShowsNamesToWhoMaySeeThemAndKeepsTheLook(t *testing.T) {
	t.Parallel()
	f := desk(t)
	path := "/v1/forms/borrow-record/" + hoistID.String()
	require.Contains(t, f.get(path, "manager").body, "王&lt;b&gt;工 (hr:1002)")
	require.Equal(t, []api.Access{{Actor: lin.String(), Subject: wangID, Purpose: "getForm", Target: path}}, f.accesses.looks)
	masked := f.get(path, "storekeeper").body
	require.NotContains(t, masked, "王")
	require.Contains(t, masked, "无权查看 (hr:1002)")
	require.Len(t, f.accesses.looks, 1, "what was not shown is no look")
	own := f.get("/v1/forms/issue-slip/"+wrenchID.String(), "storekeeper").body
	require.Contains(t, own, "林工 (hr:1001)", "the own name")
	require.NotContains(t, own, "赵主任")
	require.NoError(t, f.vault.Destroy(t.Context(), wangID, "gone"))
	require.Contains(t, f.get(path, "manager").body, "已删除 (hr:1002)")
	f.accesses.err = errors.New("full")
	require.Equal(t, http.StatusInternalServerError, f.get("/v1/forms/issue-slip/"+wrenchID.String(), "manager").status, "no look without its record")
}

func TestLOS07ADebtorSeesTheOwnNoticeAndNobodyElses(t *testing.T) {
	t.Parallel()
	f := desk(t)
	of := "/v1/forms/compensation-notice/" + lossID.String()
	own := f.get(of, "technician")
	require.Equal(t, http.StatusOK, own.status, own.body)
	require.Contains(t, own.body, "17.50")
	require.Contains(t, own.body, "10.00", "what was deducted")
	require.NotContains(t, own.body, "王", "not who else pays")
	require.NotContains(t, own.body, "300000", "no wage is on a notice")
	require.NotContains(t, own.body, "3000.00")
	require.NotContains(t, own.body, "0.99", "nor what another loss costs")
	require.Equal(t, http.StatusNotFound, f.get(of+"?person="+wangID.String(), "technician").status)
	require.Equal(t, http.StatusOK, f.get(of+"?person="+wangID.String(), "manager").status)
	require.Equal(t, http.StatusNotFound, f.get(of+"?person="+bossID.String(), "manager").status, "who pays nothing has no notice")
	keeper := f.get(of+"?person="+wangID.String(), "storekeeper").body
	require.Contains(t, keeper, "17.50")
	require.NotContains(t, keeper, "10.00", "the account is for those who may see accounts")
	f.reads.losses.account = nil
	require.Equal(t, http.StatusOK, f.get(of, "technician").status, "nothing is entered yet")

	f.reads.losses.cards[0].Approval = nil
	require.Equal(t, http.StatusNotFound, f.get(of, "manager").status, "no notice before the approval")
	report := "/v1/forms/loss-report/" + lossID.String()
	require.Contains(t, f.get(report, "technician").body, "掉入水仓")
	f.reads.losses.cards[0].Persons = []string{wangID.String()}
	require.Equal(t, http.StatusNotFound, f.get(report, "technician").status, "it concerns others")
}

func TestAFormOfNothingIsNotThereAndOneWithoutRightIsRefused(t *testing.T) {
	t.Parallel()
	f := desk(t)
	elsewhere := f.tokenAt([]string{"north"}, "manager")
	for name, id := range papers() {
		require.Equal(t, http.StatusNotFound, f.get("/v1/forms/"+name+"/"+uuid.NewString(), "manager").status, name)
		path := "/v1/forms/" + name + "/" + id.String()
		require.Equal(t, http.StatusForbidden, f.get(path, "customer_link").status, name)
		require.Equal(t, http.StatusNotFound, f.do(call{method: http.MethodGet, path: path, token: elsewhere}).status, name)
	}
	require.Equal(t, http.StatusNotFound, f.get("/v1/forms/issue-slip/"+hoistID.String(), "manager").status, "it is lent, not issued")
	require.Equal(t, http.StatusNotFound, f.get("/v1/forms/borrow-record/"+wrenchID.String(), "manager").status, "it is issued, not lent")
	require.Equal(t, http.StatusBadRequest, f.get("/v1/forms/payslip/"+wrenchID.String(), "manager").status)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/forms/issue-slip/W-1", "manager").status)
}

func TestCHK01TheSheetIsTheFrozenListUntilItIsCounted(t *testing.T) {
	t.Parallel()
	f := desk(t)
	path := "/v1/forms/stocktake-sheet/" + countID.String()
	counted := f.get(path, "manager").body
	require.Contains(t, counted, "盘点差异")
	require.Contains(t, counted, "站点 north 站点 south", "whose the tool of another site is")
	require.Contains(t, f.get(path+"?lang=en", "manager").body, "site north site south")
	f.reads.room.counts[0].Result = nil
	f.reads.room.expected = append(f.reads.room.expected, stocktake.Expected{Number: "W-77", Holder: tool.Holder{Kind: tool.Store, Who: "main"}})
	require.Contains(t, f.get(path, "manager").body, "W-77")
}

func TestTOL04TheCardOfATeamAndASlipThatWaitsForItsSignature(t *testing.T) {
	t.Parallel()
	f := desk(t)
	require.Contains(t, f.get("/v1/forms/tool-card/"+crewID.String(), "manager").body, "采煤一队 (c1)")
	require.Equal(t, tool.Holder{Kind: tool.Team, Who: crewID.String()}, f.reads.room.page.Holder)
	f.reads.tools[0].Standing, f.reads.tools[0].OfferedTo = "offered", &api.Holder{Kind: "person", Who: wangID.String()}
	require.Contains(t, f.get("/v1/forms/issue-slip/"+wrenchID.String(), "manager").body, "王&lt;b&gt;工")
}

// Every code that a form prints has a text in each language.
func TestEveryCodeOfAFormHasAText(t *testing.T) {
	t.Parallel()
	codes := []string{
		"in_store", "offered", "issued", "lent", "in_repair", "missing", "scrapped", "personal", "shared", "pool", "special", // of tools
		"applied", "approved", "refused", "withdrawn", "surrendered", "usable", "inspected", "reserving", "reserved", "completed", "settled", // of exchanges
		"repairable", "no_repair_value", "expired", "worn_out", "damaged", "obsolete", "requested", "carried_out", "disposed", "rejected", // of scrap
		"damage", "open", "proposed", "excused", "waived", "found", "original_price", "value_left", "standard", "given", // of losses
		"carried", "entered", "posted", "corrected", "cancelled", "closed", "listing", "counting", "ended", "counted", // of accounts and counts
		"unexpected", "moved", "unknown", "accepted", "no_op", "yes", "no",
		policy.AnyUser,
	}
	for _, c := range append(codes, role.Staff()...) {
		for _, lang := range messages.Languages() {
			key := "form.value_" + c
			require.NotEqual(t, key, messages.Text(lang, key, nil), lang)
		}
	}
}

// What a notice asks for beside the assessment, and which part of it is whose,
// is on it: its figures add up (LOS-05, LOS-06, AUD-05).
func TestLOS07TheFiguresOfANoticeAddUp(t *testing.T) {
	t.Parallel()
	f := desk(t)
	l := &f.reads.losses.cards[0]
	l.BasisFen = 3500
	l.Finding.Payers[1].Weight = 2
	l.Requisition = &api.LossRequisition{CostFen: 3600}
	l.Approval.AmountFen, l.Approval.Shares = 7100, []api.LossShare{{Person: lin.String(), AmountFen: 2367}, {Person: wangID.String(), AmountFen: 4733}}
	path := "/v1/forms/compensation-notice/" + lossID.String() + "?lang=en&person="
	for payer, want := range map[uuid.UUID][]string{lin: {"<td>1/3</td>", "<td>23.67</td>"}, wangID: {"<td>2/3</td>", "<td>47.33</td>"}} {
		page := f.get(path+payer.String(), "manager").body
		for _, text := range append(want, "<td>36.00</td>", "<td>71.00</td>", "<td>35.00</td>") {
			require.Contains(t, page, text, "%s", page)
		}
	}
	require.Contains(t, f.get(path+lin.String(), "manager").body, ">71</td>", "the event of each instalment")
	l.Requisition, l.Replacement = nil, &api.LossReplacement{Number: "W-99", Lowers: true}
	page := f.get(path+lin.String(), "manager").body
	require.Contains(t, page, "W-99")
	require.Contains(t, page, "Stands for the compensation")
}

func TestORG01TheRolesOfTheSpecificationAreThoseThatThereAre(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	var spec struct {
		Components struct {
			Schemas struct {
				Role struct{ Enum []string } `yaml:"Role"`
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &spec))
	require.Equal(t, role.All(), spec.Components.Schemas.Role.Enum)
}
