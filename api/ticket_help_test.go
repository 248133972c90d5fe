package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTKT12HelpIsAskedForAndAnEmergencyHasAPlan(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	f.run(path, tag, []commandOn{
		{command: "help", body: `{"to":"technical_department","customer_told":true,"note":"手册中没有"}`},
		{"before the customer knows", "help", `{"to":"superior","customer_told":false}`, 422, "TKT-12", "ticket.customer_not_told", "/customer_told"},
		{"at level 2", "emergency-plan", `{"plan":"先关总阀"}`, 409, "TKT-12", "ticket.no_emergency", ""},
		{command: "level", body: `{"level":1,"reason":"全楼停暖"}`},
		{command: "emergency-plan", body: `{"plan":"先关总阀"}`},
		{command: "resolve", body: `{}`},
		{command: "reopen", body: `{"reason":"又坏了","same_fault":true}`},
	}, "director")
	r := f.post(path+"/emergency-plan", `{"plan":"先关总阀"}`, map[string]string{"If-Match": `"0"`}, "technician")
	require.Equal(t, http.StatusForbidden, r.status, r.body)
	require.NotContains(t, f.logs.String(), "先关总阀")
}
