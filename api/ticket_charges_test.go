package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTKT22ChargesAreRecordedButNotOfTheTelephone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	r := f.post("/v1/tickets", strings.Replace(newTicket, `{`, `{"class":"A",`, 1), nil, "clerk")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	const hour = `{"amount_fen":12000,"work":"on_site","voucher":"V-1","reason":"一小时"}`
	f.run(r.header.Get("Location"), r.header.Get("ETag"), []commandOn{
		{"by telephone", "charges", `{"amount_fen":12000,"work":"telephone","reason":"一小时"}`, 409, "TKT-22", "ticket.telephone_free", ""},
		{"while nobody went there", "charges", hour, 409, "TKT-22", "ticket.telephone_free", ""},
		{command: "arrive", body: `{}`},
		{"of nothing", "charges", `{"amount_fen":0,"work":"on_site","reason":"一小时"}`, 422, "", "body.invalid", "/amount_fen"},
		{command: "charges", body: hour},
		{"free afterwards", "class", `{"class":"C","reason":"在保"}`, 409, "TKT-05", "ticket.charged", ""},
		{"of no class", "class", `{"class":"E","reason":"在保"}`, 422, "", "body.invalid", "/class"},
		{command: "class", body: `{"class":"B","reason":"有合同"}`},
	}, "director")
}

func TestTKT05TheDirectorAloneChangesTheClass(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	for _, role := range []string{"clerk", "technician", "manager", "admin"} {
		r := f.post(path+"/class", `{"class":"C","reason":"在保"}`, map[string]string{"If-Match": tag}, role)
		require.Equal(t, http.StatusForbidden, r.status, role)
	}
	f.run(path, tag, []commandOn{{command: "class", body: `{"class":"C","reason":"在保"}`}}, "director")
}
