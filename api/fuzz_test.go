package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
)

// custodyBodies are those of custody: what moves in kits, teams and loans.
var custodyBodies = map[string]any{
	"setPersonPosts": SetPersonPostsJSONRequestBody{},
	"setPersonTeam":  SetPersonTeamJSONRequestBody{},
	"leavePerson":    LeavePersonJSONRequestBody{},
	"bookTool":       BookToolJSONRequestBody{}, "cancelToolBooking": CancelToolBookingJSONRequestBody{}, "extendToolLoan": ExtendToolLoanJSONRequestBody{},
	"registerToolKit": RegisterToolKitJSONRequestBody{}, "addToolToKit": AddToolToKitJSONRequestBody{}, "removeToolFromKit": RemoveToolFromKitJSONRequestBody{},
	"issueToolKit": IssueToolKitJSONRequestBody{}, "returnToolKit": ReturnToolKitJSONRequestBody{}, "checkTeamTools": CheckTeamToolsJSONRequestBody{},
	"lendTools": LendToolsJSONRequestBody{}, "returnTools": ReturnToolsJSONRequestBody{},
}

func init() { maps.Copy(bodies, custodyBodies) }

// bodies are the types that the handlers decode their bodies into.
var bodies = map[string]any{
	"acceptTicket":      AcceptTicketJSONRequestBody{},
	"acceptTool":        AcceptToolJSONRequestBody{},
	"requestTicketHelp": RequestTicketHelpJSONRequestBody{}, "planTicketEmergency": PlanTicketEmergencyJSONRequestBody{},
	"addTicketNote":           AddTicketNoteJSONRequestBody{},
	"agreeTicketArrival":      AgreeTicketArrivalJSONRequestBody{},
	"approvePolicy":           ApprovePolicyJSONRequestBody{},
	"arriveTicket":            ArriveTicketJSONRequestBody{},
	"assignTicket":            AssignTicketJSONRequestBody{},
	"blockTool":               BlockToolJSONRequestBody{},
	"changeTicketClass":       ChangeTicketClassJSONRequestBody{},
	"changeTicketLevel":       ChangeTicketLevelJSONRequestBody{},
	"changeTicketServiceZone": ChangeTicketServiceZoneJSONRequestBody{},
	"changeView":              ChangeViewJSONRequestBody{},
	"chooseSitePolicySet":     ChooseSitePolicySetJSONRequestBody{},
	"clearTool":               ClearToolJSONRequestBody{},
	"closeTicket":             CloseTicketJSONRequestBody{},
	"findTicketVisitNeeded":   FindTicketVisitNeededJSONRequestBody{},
	"findTool":                FindToolJSONRequestBody{},
	"followTicket":            FollowTicketJSONRequestBody{},
	"handOverTool":            HandOverToolJSONRequestBody{},
	"inspectTool":             InspectToolJSONRequestBody{},
	"issueTool":               IssueToolJSONRequestBody{},
	"lendTool":                LendToolJSONRequestBody{},
	"mergeTicket":             MergeTicketJSONRequestBody{},
	"pauseTicket":             PauseTicketJSONRequestBody{},
	"previewPolicy":           PreviewPolicyJSONRequestBody{},
	"recordPolicy":            RecordPolicyJSONRequestBody{},
	"recordTicketCharge":      RecordTicketChargeJSONRequestBody{},
	"recordTicketPause":       RecordTicketPauseJSONRequestBody{},
	"refuseTool":              RefuseToolJSONRequestBody{},
	"registerPerson":          RegisterPersonJSONRequestBody{},
	"registerSite":            RegisterSiteJSONRequestBody{},
	"registerTeam":            RegisterTeamJSONRequestBody{},
	"registerTicket":          RegisterTicketJSONRequestBody{},
	"registerTool":            RegisterToolJSONRequestBody{},
	"rejectTicket":            RejectTicketJSONRequestBody{},
	"reopenTicket":            ReopenTicketJSONRequestBody{},
	"repairTool":              RepairToolJSONRequestBody{},
	"reportToolMissing":       ReportToolMissingJSONRequestBody{},
	"resolveTicket":           ResolveTicketJSONRequestBody{},
	"resumeTicket":            ResumeTicketJSONRequestBody{},
	"returnTool":              ReturnToolJSONRequestBody{},
	"saveView":                SaveViewJSONRequestBody{},
	"scrapTool":               ScrapToolJSONRequestBody{},
	"strikeToolEvent":         StrikeToolEventJSONRequestBody{},
	"reportToolFault":         ReportToolFaultJSONRequestBody{},
	"planToolRepair":          PlanToolRepairJSONRequestBody{},
	"approveToolRepair":       ApproveToolRepairJSONRequestBody{},
	"reportRecall":            ReportRecallJSONRequestBody{},
	"closeRecall":             CloseRecallJSONRequestBody{},
	"listAnnualIssue":         ListAnnualIssueJSONRequestBody{},
	"approveAnnualIssue":      ApproveAnnualIssueJSONRequestBody{},
	"signOffTicket":           SignOffTicketJSONRequestBody{},
	"strikeTicketEvent":       StrikeTicketEventJSONRequestBody{},
	"unfollowTicket":          UnfollowTicketJSONRequestBody{},
	"approveLoss":             ApproveLossJSONRequestBody{},
	"assessLoss":              AssessLossJSONRequestBody{},
	"certifyLoss":             CertifyLossJSONRequestBody{},
	"confirmLossCorrection":   ConfirmLossCorrectionJSONRequestBody{},
	"correctLoss":             CorrectLossJSONRequestBody{},
	"findLossCause":           FindLossCauseJSONRequestBody{},
	"postWages":               PostWagesJSONRequestBody{},
	"proposeLoss":             ProposeLossJSONRequestBody{},
	"recordLossPoints":        RecordLossPointsJSONRequestBody{},
	"replaceLostTool":         ReplaceLostToolJSONRequestBody{},
	"reportToolDamage":        ReportToolDamageJSONRequestBody{},
	"requisitionLostTool":     RequisitionLostToolJSONRequestBody{},
	"waiveLoss":               WaiveLossJSONRequestBody{},
	"withdrawLossProposal":    WithdrawLossProposalJSONRequestBody{},
	"withdrawTicket":          WithdrawTicketJSONRequestBody{},

	"requestApproval": RequestApprovalJSONRequestBody{}, "giveApproval": GiveApprovalJSONRequestBody{},
	"refuseApproval": RefuseApprovalJSONRequestBody{}, "withdrawApproval": WithdrawApprovalJSONRequestBody{},
	"applyExchange":             ApplyExchangeJSONRequestBody{},
	"approveExchange":           ApproveExchangeJSONRequestBody{},
	"refuseExchange":            RefuseExchangeJSONRequestBody{},
	"withdrawExchange":          WithdrawExchangeJSONRequestBody{},
	"surrenderExchangeTool":     SurrenderExchangeToolJSONRequestBody{},
	"inspectExchangeTool":       InspectExchangeToolJSONRequestBody{},
	"chooseExchangeReplacement": ChooseExchangeReplacementJSONRequestBody{},
	"cancelExchange":            CancelExchangeJSONRequestBody{},
	"completeExchange":          CompleteExchangeJSONRequestBody{},
	"startStocktake":            StartStocktakeJSONRequestBody{}, "scanStocktake": ScanStocktakeJSONRequestBody{}, "countStocktake": CountStocktakeJSONRequestBody{},
	"recountStocktake": RecountStocktakeJSONRequestBody{}, "signStocktake": SignStocktakeJSONRequestBody{}, "cancelStocktake": CancelStocktakeJSONRequestBody{},
	"setInspectionPlan": SetInspectionPlanJSONRequestBody{}, "endInspectionPlan": EndInspectionPlanJSONRequestBody{}, "checkTools": CheckToolsJSONRequestBody{},
	"callToolsBack": CallToolsBackJSONRequestBody{}, "placeTools": PlaceToolsJSONRequestBody{}, "recordClimate": RecordClimateJSONRequestBody{},
	"compareLedgers": CompareLedgersJSONRequestBody{}, "settleLedgerItem": SettleLedgerItemJSONRequestBody{},
	// supply
	"receiveStock": ReceiveStockJSONRequestBody{}, "issueStock": IssueStockJSONRequestBody{},
	"transferStock": TransferStockJSONRequestBody{}, "adjustStock": AdjustStockJSONRequestBody{},
	"planDemand": PlanDemandJSONRequestBody{}, "setLedgerDuty": SetLedgerDutyJSONRequestBody{}, "superviseLedger": SuperviseLedgerJSONRequestBody{}, "settleLedgerFinding": SettleLedgerFindingJSONRequestBody{}, "planToolReplacements": PlanToolReplacementsJSONRequestBody{}, "reviseDemand": ReviseDemandJSONRequestBody{},
	"approveDemand": ApproveDemandJSONRequestBody{}, "rejectDemand": RejectDemandJSONRequestBody{},
	"requestPurchase": RequestPurchaseJSONRequestBody{}, "checkPurchase": CheckPurchaseJSONRequestBody{},
	"quotePurchase": QuotePurchaseJSONRequestBody{}, "approvePurchase": ApprovePurchaseJSONRequestBody{},
	"rejectPurchase": RejectPurchaseJSONRequestBody{}, "withdrawPurchase": WithdrawPurchaseJSONRequestBody{},
	"orderPurchase": OrderPurchaseJSONRequestBody{}, "deliverGoods": DeliverGoodsJSONRequestBody{},
	"checkGoods": CheckGoodsJSONRequestBody{}, "tryGoods": TryGoodsJSONRequestBody{},
	"acceptGoods": AcceptGoodsJSONRequestBody{}, "rejectGoods": RejectGoodsJSONRequestBody{},
	"requestScrap": RequestScrapJSONRequestBody{}, "approveScrap": ApproveScrapJSONRequestBody{},
	"rejectScrap": RejectScrapJSONRequestBody{}, "disposeScrap": DisposeScrapJSONRequestBody{},
}

// operationsWith returns the operations of the contract that take something, by name.
func operationsWith(f *testing.F, takes func(*operation) bool) []*operation {
	f.Helper()
	sp, err := readSpec(openAPI)
	require.NoError(f, err)
	var out []*operation
	for _, route := range slices.Sorted(maps.Keys(sp.operations)) {
		if op := sp.operations[route]; takes(op) {
			out = append(out, op)
		}
	}
	return out
}

// refusedAs holds that err is one of the problems of a kind of request.
func refusedAs(t *testing.T, err error, kinds ...problemKind) {
	t.Helper()
	p := problemFor(err)
	require.Contains(t, kinds, p.kind, "%v", err)
	require.NotEmpty(t, p.key)
	require.LessOrEqual(t, len(p.faults), maxFaults)
}

// A body is refused as malformed or invalid, or the type of its handler takes it.
func FuzzBody(f *testing.F) {
	ops := operationsWith(f, func(op *operation) bool { return op.Body != nil })
	for i, op := range ops {
		require.Contains(f, bodies, op.ID)
		seed, err := json.Marshal(bodies[op.ID])
		require.NoError(f, err)
		f.Add(uint8(i), seed)
	}
	require.Len(f, bodies, len(ops))
	for _, s := range []string{
		`{"at":"2026-03-02T09:00:00+08:00"}`, `{"a":1,"a":2}`, `{"\ud800":1}`, `{"x":"\u202e"}`, `{"n":1e400}`, "{}{}", "\xff",
		`{"kind":"fault","channel":"phone","site":"SH","problem":"cold"}`, strings.Repeat(`[`, 40), `{"to":"` + strings.Repeat("x", 300) + `"}`,
	} {
		for i := range ops {
			f.Add(uint8(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		op := ops[int(which)%len(ops)]
		if err := checkBody(op.Body, body); err != nil {
			refusedAs(t, err, kindMalformed, kindInvalid)
			return
		}
		into := reflect.New(reflect.TypeOf(bodies[op.ID])).Interface()
		require.NoError(t, json.Unmarshal(body, into), op.ID)
	})
}

// What is parsed strictly is JSON of one meaning: any reader of JSON reads the same.
func FuzzStrictJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,true,null,"x"]}`, `{"a":1,"a":1}`, `"\ud83d\ude00"`, `"\\ud800"`, `[[[[`, `-0`, `01`, `1.0`, "\"\t\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseStrict(b)
		if err != nil {
			refusedAs(t, err, kindMalformed)
			return
		}
		var plain any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		require.NoError(t, d.Decode(&plain))
		require.Equal(t, plain, v)
	})
}

// Parameters and headers are refused as malformed, or each is as its schema says.
func FuzzParameters(f *testing.F) {
	ops := operationsWith(f, func(op *operation) bool { return len(op.Params) > 0 })
	for i := range ops {
		f.Add(uint8(i), "limit=10&as_of=5&site=SH&status=closed", "key-1", `"3"`, "6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a")
		f.Add(uint8(i), "limit=0&limit=1&x=%00&%zz", "", `W/"3"`, "..")
	}
	f.Fuzz(func(t *testing.T, which uint8, rawQuery, key, ifMatch, segment string) {
		query, err := url.ParseQuery(rawQuery)
		if err != nil {
			return
		}
		op := ops[int(which)%len(ops)]
		header, path := http.Header{"Idempotency-Key": {key}, "If-Match": {ifMatch}, "Last-Event-Id": {key}}, map[string]string{}
		for _, p := range op.Params {
			if p.In == "path" {
				path[p.Name] = segment
			}
		}
		if err := op.check(query, header, path); err != nil {
			refusedAs(t, err, kindMalformed, kindPrecondition)
			return
		}
		for name, values := range query {
			require.True(t, op.takes(name))
			require.Len(t, values, 1)
			require.NoError(t, checkText(values[0]))
		}
	})
}

// If-Match is read in the form of our own ETags only.
func FuzzIfMatch(f *testing.F) {
	for _, s := range []string{`"0"`, `"9223372036854775807"`, `"-1"`, `"01"`, `W/"1"`, `*`, `"1","2"`, `""`, `"+1"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseIfMatch(s)
		if err != nil {
			refusedAs(t, err, kindMalformed)
			return
		}
		require.Equal(t, s, *etag(*n))
	})
}

// as_of is a log number in its one form, or a time with its offset.
func FuzzAsOf(f *testing.F) {
	for _, s := range []string{"0", "12", "+1", "2026-03-02T09:00:00+08:00", "2026-03-02T09:00:00,5Z", "1899-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseAsOf(s)
		switch {
		case err != nil:
			refusedAs(t, err, kindMalformed)
		case at.Number != nil:
			require.GreaterOrEqual(t, *at.Number, int64(0))
		default:
			require.GreaterOrEqual(t, at.Time.Year(), firstYear)
			_, err := at.Time.MarshalJSON()
			require.NoError(t, err)
		}
	})
}

// A period has two days that exist, in order and not too far apart.
func FuzzPeriod(f *testing.F) {
	f.Add("2026-01-01", "2026-01-31")
	f.Add("2026-02-30", "2026-03-01")
	f.Add("0001-01-01", "9999-12-31")
	f.Fuzz(func(t *testing.T, from, to string) {
		if _, err := readDay("from", from); err != nil {
			refusedAs(t, err, kindMalformed)
			return
		}
		day, err := readDay("from", from)
		require.NoError(t, err)
		require.Equal(t, from, day.Format(time.DateOnly))
		if err := checkPeriod(domain.Day(from), domain.Day(to)); err != nil {
			refusedAs(t, err, kindMalformed)
			return
		}
		require.LessOrEqual(t, from, to)
	})
}

// Cursors and positions are read only as they were made, for what they were
// made for: no other byte, kind or secret does.
func FuzzToken(f *testing.F) {
	own, other := signer{secret: bytes.Repeat([]byte{7}, 32)}, signer{secret: bytes.Repeat([]byte{8}, 32)}
	made := own.sign("cursor", cursor{List: "l", Caller: "c", Number: 4, After: "a"})
	f.Add(made, "fl.ticket-1", int64(3))
	f.Add(own.sign("position", position{"fl.ticket-1", 3}), "", int64(-1))
	f.Add(made+"=", "x", int64(0))
	f.Add("", "\xff", int64(1))
	f.Fuzz(func(t *testing.T, token, stream string, revision int64) {
		var c cursor
		if own.verify("cursor", token, &c) {
			require.Equal(t, token, own.sign("cursor", c))
		}
		require.False(t, other.verify("cursor", token, &c))
		p := own.sign("position", position{stream, revision})
		var back position
		require.True(t, own.verify("position", p, &back))
		require.Equal(t, revision, back.Revision)
		require.False(t, own.verify("cursor", p, &c))
		require.False(t, other.verify("position", p, &back))
	})
}

// The headers that say who asks and in which trace are taken in one form.
func FuzzHeaders(f *testing.F) {
	f.Add("Bearer abc", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "application/json; charset=utf-8")
	f.Add("Basic abc", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "text/plain")
	f.Add("bearer", "", "application/json; charset")
	f.Fuzz(func(t *testing.T, authorization, traceparent, contentType string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/tickets", strings.NewReader("{}"))
		r.Header = http.Header{"Authorization": {authorization}, "Traceparent": {traceparent}, "Content-Type": {contentType}}
		require.LessOrEqual(t, len(bearer(r)), maxToken)
		require.Contains(t, []string{"", traceparent}, traceparentOf(r))
		if _, err := readBody(httptest.NewRecorder(), r); err != nil {
			refusedAs(t, err, kindMalformed)
		}
	})
}
