package readside_test

import (
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// asked is what a page answered.
type asked struct {
	status int
	body   string
}

// page asks for a page of the API.
func page(t *testing.T, url, token string) asked {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return asked{res.StatusCode, string(b)}
}

// A form as of a log number is the same bytes after more events, and after a rebuild.
func TestAUD04AFormComesBackAsItWas(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	issued, lent, other := r.tool("wrench", "T-1"), r.tool("wrench", "T-2"), r.tool("wrench", "T-3")
	r.give(issued, 1)
	r.did(r.App.Tools.Lend(ctx, r.by(0), lent, commands.LendTool{
		To: tool.Holder{Kind: tool.Person, Who: r.people[1]}, Until: r.Clock.Now().Add(72 * time.Hour), Purpose: "pump two", Responsible: r.people[2],
	}))
	r.settle()
	count, err := r.App.Stocktakes.Start(ctx, r.by(0, "storekeeper"), commands.StartStocktake{
		Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"},
	}, r.side)
	require.NoError(t, err)
	number := r.settle()
	url, token := r.serve()
	ask := func(form string, id uuid.UUID, asOf int64) asked {
		return page(t, url+"/v1/forms/"+form+"/"+id.String()+"?lang=en&as_of="+strconv.FormatInt(asOf, 10), token("*"))
	}
	person := uuid.MustParse(r.people[1])
	all := func(asOf int64) []asked {
		return []asked{ask("issue-slip", issued, asOf), ask("borrow-record", lent, asOf), ask("tool-card", person, asOf), ask("stocktake-sheet", count.ID, asOf)}
	}
	then := all(number)
	for i, want := range []string{"T-1", "pump two", "Tools: 2. Sum of original prices: 25.00 yuan", "T-3"} {
		require.Equal(t, http.StatusOK, then[i].status, then[i].body)
		require.Contains(t, then[i].body, want)
	}

	r.back(issued, 1, tool.Good)
	r.back(lent, 1, tool.Good)
	r.give(other, 1)
	r.did(r.App.Stocktakes.Cancel(ctx, r.by(0, "storekeeper"), count.ID, commands.ToolReason{Reason: "fire drill"}))
	later := r.settle()
	require.Equal(t, then, all(number))
	require.Equal(t, http.StatusNotFound, ask("issue-slip", issued, later).status, "it is in store now")
	require.Equal(t, http.StatusNotFound, ask("borrow-record", lent, later).status)
	require.NotEqual(t, then[2:], all(later)[2:])

	for _, projection := range []string{"custody", "keeping", "directory"} {
		reports, err := r.manager.Rebuild(ctx, readmodel.RebuildOptions{Pages: r.reader(), Projections: []string{projection}})
		require.NoError(t, err)
		require.True(t, reports[0].Equal, "live and rebuilt have one digest")
	}
	require.Equal(t, then, all(number))
}

// A read model that lags may freeze a list at the very start of the log.
func TestCHK01AListAsOfTheStartOfTheLogIsEmpty(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	r.tool("wrench", "T-1")
	r.settle()
	rows, err := r.side.Expected(t.Context(), "hq", stocktake.Scope{Kind: stocktake.OfStore, Who: "main"}, 0)
	require.NoError(t, err)
	require.Empty(t, rows)
	known, err := r.side.Known(t.Context(), "hq", []string{"T-1"}, 0)
	require.NoError(t, err)
	require.Empty(t, known)
}
