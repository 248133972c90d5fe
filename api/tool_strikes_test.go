package api_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

func TestAUD02AToolsFactIsStruckOnceItsConsequencesWereSeen(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path, tag := s.tool(newTool)
	toLi := `{"kind":"person","who":"` + s.li.id + `"}`
	loan := `{"to":` + toLi + `,"until":"2026-03-09T04:00:00Z","purpose":"检修","responsible":"` + s.li.id + `"`
	s.run(path, tag, []order{
		{s.keeper, "lend", loan + `}`, ""},
		{s.keeper, "return", `{"store":"yard","by":"` + s.li.id + `","condition":"damaged"}`, ""},
	})
	boss := func(method, path, body string, expected string) reply {
		h := map[string]string{"Idempotency-Key": uuid.NewString(), "If-Match": expected}
		return s.do(call{method: method, path: path, body: body, token: s.boss.token, header: h})
	}
	seen := boss(http.MethodGet, path+"/strikes/1", "", "")
	require.Equal(t, http.StatusOK, seen.status, seen.body)
	c := decode[api.ToolCorrection](t, seen)
	require.Equal(t, []api.ToolFact{{Revision: 1, Type: "tool.lent.v1"}}, c.Struck)
	require.Equal(t, []api.ToolFact{{Revision: 2, Type: "tool.returned.v1"}}, c.Contradicted)
	require.Len(t, c.Before.Custody, 3)
	require.Len(t, c.After.Custody, 2)
	back := decode[api.ToolCorrection](t, boss(http.MethodGet, path+"/strikes/2", "", ""))
	require.Len(t, back.Struck, 2, "what came back damaged and its block are one fact")
	require.Equal(t, "fault", back.Before.Blocked)
	require.Empty(t, back.After.Blocked)
	require.Equal(t, "lent", back.After.Standing)

	strike := `{"revision":2,"reason":"记错了工具","second_person":"` + s.keeper.id + `"`
	require.Equal(t, http.StatusPreconditionRequired, boss(http.MethodPost, path+"/strikes", strike+`}`, `"3"`).status)
	require.Equal(t, http.StatusPreconditionFailed, boss(http.MethodPost, path+"/strikes", strike+`,"confirmation":"`+c.Confirmation+`"}`, `"3"`).status)
	confirmed := `,"confirmation":"` + back.Confirmation + `"}`
	alone := `{"revision":2,"reason":"记错了工具","second_person":"` + s.boss.id + `"`
	require.Equal(t, "AUD-02", boss(http.MethodPost, path+"/strikes", alone+confirmed, `"3"`).problem(t).Rule)
	done := boss(http.MethodPost, path+"/strikes", strike+confirmed, `"3"`)
	require.Equal(t, http.StatusOK, done.status, done.body)
	require.Equal(t, `"5"`, done.header.Get("ETag"))
	require.Equal(t, http.StatusForbidden, s.do(call{method: http.MethodGet, path: path + "/strikes/1", token: s.li.token}).status)
	require.Equal(t, http.StatusNotFound, boss(http.MethodGet, "/v1/tools/"+uuid.NewString()+"/strikes/1", "", "").status)

	s.run(path, `"5"`, []order{ // it was another tool that came back
		{s.keeper, "lend", loan + `}`, "TOL-14"},
		{s.keeper, "return", `{"store":"main","by":"` + s.li.id + `","condition":"good","at":"2026-03-02T03:59:00Z"}`, "AUD-01"},
		{s.keeper, "return", `{"store":"main","by":"` + s.li.id + `","condition":"good","at":"2026-03-02T04:00:00Z"}`, ""},
		{s.li, "missing", `{"lost_at":"2026-03-02T03:00:00Z","place":"二号水仓","at":"2026-03-02T03:30:00Z","late_reason":"漏记"}`, "TOL-01"},
		{s.keeper, "block", `{"reason":"quality","late_reason":"漏记"}`, ""},
	})
}
