package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
)

func TestTOL11ADamagedToolIsReportedPlannedApprovedSentAndComesBack(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path, tag := s.tool(newTool)
	s.run(path, tag, []order{
		{s.keeper, "lend", `{"to":{"kind":"person","who":"` + s.li.id + `"},"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"}`, ""},
		{s.li, "fault", `{"note":"扳口开裂"}`, ""},
		{s.wang, "hand-over", `{"to":{"kind":"person","who":"` + s.wang.id + `"},"reason":"抢险",` + s.approved("hand_over", path, toPerson(s.wang)) + `}`, "TOL-18"},
		{s.keeper, "return", `{"store":"main","by":"` + s.li.id + `","condition":"damaged"}`, ""},
		{s.keeper, "repair", `{"repairer":"R1"}`, "TOL-11"},
		{s.keeper, "repair-plan", `{"repairer":"R1","estimate_fen":5000}`, ""},
		{s.keeper, "repair", `{"repairer":"R1"}`, "TOL-11"},
		{s.boss, "repair-approval", `{"estimate_fen":4000}`, "TOL-11"},
		{s.boss, "repair-approval", `{"estimate_fen":5000}`, ""},
		{s.keeper, "repair", `{"repairer":"R1"}`, ""},
		{s.keeper, "return", `{"store":"main","condition":"good"}`, "TOL-11"},
		{s.keeper, "return", `{"store":"main","condition":"good","repair":{"result":"repaired","cost_fen":4800}}`, ""},
		{s.keeper, "clear", `{"note":"已检查"}`, ""},
	})
}

func TestTOL12QualityTroubleIsReportedAndItsCauseFound(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	send := func(by person, path, body, tag string) reply {
		h := map[string]string{"Idempotency-Key": uuid.NewString()}
		if tag != "" {
			h["If-Match"] = tag
		}
		return s.do(call{method: http.MethodPost, path: path, body: body, token: by.token, header: h})
	}
	require.Equal(t, "/batch", send(s.li, "/v1/recalls", `{"site":"hq","report":"扳口开裂"}`, "").problem(t).Pointer)
	both := `{"site":"hq","batch":"b","tool":"` + uuid.NewString() + `","report":"扳口开裂"}`
	require.Equal(t, "/batch", send(s.li, "/v1/recalls", both, "").problem(t).Pointer)
	made := send(s.li, "/v1/recalls", `{"site":"hq","kind":"wrench","batch":"2025-11","report":"扳口开裂"}`, "")
	require.Equal(t, http.StatusCreated, made.status, made.body)
	path := made.header.Get("Location")
	require.Equal(t, http.StatusForbidden, send(s.li, path+"/closure", `{"finding":"材质"}`, `"0"`).status)
	done := send(s.boss, path+"/closure", `{"finding":"材质不合格，厂家收回"}`, `"0"`)
	require.Equal(t, http.StatusOK, done.status, done.body)
	var created api.Created
	require.NoError(t, json.Unmarshal([]byte(made.body), &created))
	s.reads.recall = api.Recall{
		Id: created.Id, Site: "hq", At: domain.At(noon), Batch: "2025-11", Progress: api.RecallProgress{Tools: 1, WithPeople: 1},
		Tools: []api.RecalledTool{{
			Decision: api.ToolDecision{Tool: uuid.NewString(), Holder: api.Holder{Kind: "store", Who: "main"}, Result: "done"},
			Now:      api.Tool{Site: "hq", PurchasedOn: "2025-01-10", Use: "personal", Standing: "issued", Holder: api.Holder{Kind: "person", Who: s.li.id}, Since: domain.At(noon)},
		}},
	}
	shown := s.do(call{method: http.MethodGet, path: path, token: s.li.token})
	require.Equal(t, http.StatusOK, shown.status, shown.body)
	require.Equal(t, http.StatusNotFound, s.do(call{method: http.MethodGet, path: "/v1/recalls/" + uuid.NewString(), token: s.li.token}).status)
}

func TestTOL12AllRecallsOfASiteAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for n := range 3 {
		f.reads.recalls = append(f.reads.recalls, api.RecallSummary{
			Id: uuid.UUID{15: byte(n)}, Site: "hq", Status: "open", At: domain.At(noon), Batch: "2025-11", Progress: api.RecallProgress{Tools: 3, WithPeople: 1, Back: 1, Gone: 1},
		})
	}
	r := f.get("/v1/recalls?site=hq&status=open&kind=wrench&batch=2025-11&limit=2&as_of=7", "technician")
	require.Equal(t, http.StatusOK, r.status, r.body)
	var page api.RecallPage
	require.NoError(t, json.Unmarshal([]byte(r.body), &page))
	require.Len(t, page.Items, 2)
	require.NotNil(t, page.Next)
	require.Equal(t, api.RecallFilter{Sites: []string{"hq"}, Status: new(api.RecallStatusOpen), Kind: new("wrench"), Batch: new("2025-11")}, f.reads.trouble)
	more := "/v1/recalls?site=hq&status=open&kind=wrench&batch=2025-11&limit=2&as_of=7&cursor=" + *page.Next
	require.Contains(t, f.get(more, "technician").body, `"next":null`)
	require.Equal(t, http.StatusBadRequest, f.get("/v1/recalls?site=hq&status=closed&cursor="+*page.Next, "technician").status, "a cursor is of one list")
	require.Equal(t, http.StatusBadRequest, f.get("/v1/recalls?status=ended", "technician").status)
	require.Equal(t, http.StatusForbidden, f.get("/v1/recalls", "customer_link").status)
	elsewhere := f.tokenAt([]string{"north"}, "manager")
	require.Equal(t, http.StatusNotFound, f.do(call{method: http.MethodGet, path: "/v1/recalls?site=hq", token: elsewhere}).status)
	require.Equal(t, http.StatusOK, f.do(call{method: http.MethodGet, path: "/v1/recalls", token: elsewhere}).status)
	require.Equal(t, []string{"north"}, f.reads.trouble.Sites, "no more than one may see")
}

func TestTOL13AnAnnualIssueIsOneListThatAnotherApproves(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path := "/v1/annual-issues/hq/2026"
	send := func(by person, path, body, tag string) reply {
		h := map[string]string{"Idempotency-Key": uuid.NewString()}
		if tag != "" {
			h["If-Match"] = tag
		}
		return s.do(call{method: http.MethodPost, path: path, body: body, token: by.token, header: h})
	}
	to := `{"kind":"person","who":"` + s.li.id + `"}`
	list := `{"list":"机修一班","rows":[{"to":` + to + `,"kind":"wrench","count":2}]}`
	made := send(s.keeper, path, list, "")
	require.Equal(t, http.StatusOK, made.status, made.body)
	require.Contains(t, made.body, `"changed":true`)
	again := send(s.keeper, path, list, "")
	require.Contains(t, again.body, `"changed":false`, "the same list is one list")
	other := send(s.keeper, path, `{"list":"机修一班","rows":[{"to":`+to+`,"kind":"wrench","count":3}]}`, "")
	require.Equal(t, "annual.listed_otherwise", other.problem(t).Key)
	require.Equal(t, "/rows/0/kind", send(s.keeper, path, `{"list":"x","rows":[{"to":`+to+`}]}`, "").problem(t).Pointer)
	require.Equal(t, "/year", send(s.keeper, "/v1/annual-issues/hq/2031", list, "").problem(t).Pointer)
	require.Equal(t, http.StatusForbidden, send(s.keeper, path+"/approval", `{"list":"机修一班"}`, `"0"`).status)
	require.Equal(t, "annual.list_unknown", send(s.boss, path+"/approval", `{"list":"二班"}`, `"0"`).problem(t).Key)
	done := send(s.boss, path+"/approval", `{"list":"机修一班"}`, `"0"`)
	require.Equal(t, http.StatusOK, done.status, done.body)
	shown := s.do(call{method: http.MethodGet, path: path, token: s.li.token})
	require.Equal(t, http.StatusOK, shown.status, shown.body)
}
