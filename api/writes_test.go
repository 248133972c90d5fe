package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTKT01ATicketGoesThroughItsLifeByCommands(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	require.Equal(t, `"`, tag[:1])
	for _, c := range []struct{ command, body string }{
		{"accept", `{}`},
		{"assign", `{"technician":"22222222-2222-4222-8222-222222222222"}`},
		{"level", `{"level":1,"reason":"全楼停暖"}`},
		{"pause", `{"reason":"parts","clocks":["resolution"],"evidence":"等水泵"}`},
		{"resume", `{}`},
		{"arrive", `{"at":"2026-03-02T12:00:00+08:00"}`},
		{"resolve", `{"solution":"pump_replaced","note":"已换泵"}`},
		{"sign-off", `{"signer":"王小明"}`},
		{"close", `{}`},
		{"reopen", `{"reason":"又不热了"}`},
	} {
		r := f.post(path+"/"+c.command, c.body, map[string]string{"If-Match": tag}, "director")
		require.Equal(t, http.StatusOK, r.status, "%s: %s", c.command, r.body)
		require.Contains(t, r.body, `"changed":true`)
		require.NotEmpty(t, r.header.Get("Fieldledger-Position"))
		require.NotEqual(t, tag, r.header.Get("ETag"), c.command)
		tag = r.header.Get("ETag")
	}
}
