package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/ticket"
)

// A site under S4 charges and waives by the matrix that it has loaded, and by
// nothing else.
func TestPOL10ChargesAreDecidedByTheMatrix(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.siteWith("cars", "dealer")
	f.load("dealer/sla.json")
	f.load(calendarOfSet("dealer"))
	r := f.post("/v1/tickets", strings.NewReplacer(`"hq"`, `"cars"`, `"level":2`, `"level":3,"class":"A","service_zone":"town"`).Replace(newTicket), nil, "clerk")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	path := r.header.Get("Location")
	tag := f.ok(path+"/visit-needed", `{}`, r.header.Get("ETag"), "clerk").header.Get("ETag")
	charge := func(role, fen string) reply {
		return f.post(path+"/charges", `{"amount_fen":`+fen+`,"work":"on_site","reason":"one hour"}`, map[string]string{"If-Match": tag}, role)
	}
	p := charge("director", "100").problem(t)
	require.Equal(t, []string{"POL-08", "policy.kind_not_loaded"}, []string{p.Rule, p.Key}, "there is no default")
	require.Contains(t, p.Detail, "authority")

	id := f.load("dealer/authority.json")
	p = charge("director", "100").problem(t)
	require.Equal(t, "POL-08", p.Rule, "a draft is no matrix")
	r = f.as("gao", gao, "gm", "/v1/policies/"+id.String()+"/approval", `{"version":1}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	for _, c := range []struct{ role, fen, rule string }{
		{"technician", "19999", ""},
		{"technician", "20000", "POL-10"},
		{"director", "20000", ""},
		{"director", "500000", "POL-10"},
		{"manager", "500000", ""},
	} {
		before := f.events()
		r := charge(c.role, c.fen)
		if c.rule != "" {
			p := r.problem(t)
			require.Equal(t, []string{c.rule, "approval.role_missing"}, []string{p.Rule, p.Key}, "%+v", c)
			require.Equal(t, before, f.events())
			continue
		}
		require.Equal(t, http.StatusOK, r.status, "%+v: %s", c, r.body)
		tag = r.header.Get("ETag")
	}
	stored, err := f.node.ReadStream(t.Context(), "fl.ticket-"+strings.TrimPrefix(path, "/v1/tickets/"), 0)
	require.NoError(t, err)
	last := stored[len(stored)-1]
	e := decodeAs[ticket.ChargeRecorded](t, reply{body: string(last.Data)})
	require.Equal(t, "manager", e.Role)
	require.Equal(t, id, e.Policy.ID)
	require.Contains(t, string(last.Meta), id.String(), "the event names the matrix that decided it (POL-02)")
}

func TestPOL10TheShippedMatricesHold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, set := range []string{"dealer", "appliance-service"} {
		f.load(set + "/authority.json")
	}
}
