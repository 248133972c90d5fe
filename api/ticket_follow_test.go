package api_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

func TestTKT15WhoeverSeesATicketMayFollowIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, _ := f.ticket()
	before := f.events()
	r := f.post(path+"/follow", `{}`, nil, "auditor")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Contains(t, r.body, `"changed":true`)
	require.Contains(t, f.post(path+"/follow", `{}`, nil, "auditor").body, `"changed":false`, "TKT-02")
	require.Contains(t, f.post(path+"/unfollow", `{}`, nil, "auditor").body, `"changed":true`)
	require.Equal(t, before+2, f.events())
	require.Equal(t, http.StatusNotFound, f.post("/v1/tickets/"+uuid.NewString()+"/follow", `{}`, nil, "auditor").status)
	require.Equal(t, http.StatusNotFound, f.post("/v1/tickets/"+uuid.NewString()+"/unfollow", `{}`, nil, "auditor").status)
	require.Equal(t, http.StatusOK, f.get("/v1/tickets?view=following", "auditor").status)
	require.Equal(t, api.TicketViewFollowing, f.reads.filter.View)
	require.Equal(t, lin, f.reads.filter.Mine)
}
