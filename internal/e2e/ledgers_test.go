package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

// Finance's ledger comes as a spreadsheet, is held against ours once, however
// often it is sent, and what differs goes back as one, settled or not.
func TestCHK04ALedgerComesAsAFileAndWhatDiffersGoesBackAsOne(t *testing.T) {
	t.Parallel()
	i := newInstallation(t).withIssuer(t)
	s := i.serve(t)
	s.opened(t)
	s.hq(t)
	write := func(path, body, role string, status int) reply {
		r := s.do(t, call{method: http.MethodPost, path: path, body: body, token: s.token(t, role), key: uuid.NewString()})
		require.Equal(t, status, r.status, r.body)
		return r
	}
	write("/v1/policies", `{"site":"hq","kind":"tools","effective_from":"2020-01-01T00:00:00Z","reason":"first","content":`+
		`{"stores":[{"code":"main","name":"总库"}],"kinds":[{"code":"wrench","name":"扳手","category":"hand"}]}}`, "manager", http.StatusCreated)
	for n, number := range []string{"W-1", "W-2", "W-3"} {
		write("/v1/tools", fmt.Sprintf(`{"site":"hq","number":%q,"kind":"wrench","name":"扳手","price_fen":%d,"purchased_on":"2025-01-10","use":"personal","store":"main"}`, number, 1000*(n+1)), "storekeeper", http.StatusCreated)
	}
	s.stop(t)

	dir := t.TempDir()
	ledger := filepath.Join(dir, "finance.csv")
	compare := func(site string) []string {
		return []string{"ledger", "compare", ledger, "--site", site, "--with", "finance", "--reference", "assets 2026-02"}
	}
	require.NoError(t, os.WriteFile(ledger, []byte("\ufeffnumber,price_fen\r\nW-1,1000\r\nW-2,2500\r\nX-9,10.00\r\n"), 0o600))
	require.Contains(t, i.fails(t, compare("hq")...), "line 4, price_fen: is no whole number of fen")
	require.NoError(t, os.WriteFile(ledger, []byte("\ufeffnumber,price_fen\r\nW-1,1000\r\nW-2,2500\r\nX-9,900\r\n"), 0o600))
	require.Contains(t, i.fails(t, compare("nowhere")...), "site.unknown")
	said := i.run(t, compare("hq")...)
	for _, row := range []string{`ours +│ +3`, `theirs +│ +3`, `agree +│ +1`, `differ +│ +3`, `open +│ +3`} {
		require.Regexp(t, row, said)
	}
	id := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(said)
	require.Equal(t, said, i.run(t, compare("hq")...), "the same comparison, and no second one")

	s = i.serve(t)
	path := "/v1/ledgers/comparisons/" + id
	page := read[api.KeepingComparisonPage](t, s.get(t, "/v1/ledgers/comparisons?site=hq", reply{}, "auditor"))
	require.Len(t, page.Items, 1)
	before := page.AsOf.Number
	settled := write(path+"/settlements", `{"number":"X-9","how":"struck there, it was sold"}`, "accountant", http.StatusOK)
	shown := read[api.KeepingComparison](t, s.get(t, path, settled, "auditor"))
	require.Equal(t, 2, shown.Open)
	s.stop(t)

	file := filepath.Join(dir, "items.csv")
	export := func(more ...string) string {
		i.run(t, append([]string{"ledger", "export", file, "--comparison", id}, more...)...)
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(b)
	}
	now := strings.Split(export(), "\n")
	require.Equal(t, "kind,number,tool,ours_fen,theirs_fen,settled_at,settled_by,how", now[0])
	require.Regexp(t, `^price,W-2,[0-9a-f-]{36},2000,2500,,,$`, now[1])
	require.Regexp(t, `^only_ours,W-3,[0-9a-f-]{36},3000,,,,$`, now[2])
	require.Regexp(t, `^only_theirs,X-9,,,900,\d{4}-\d\d-\d\dT[0-9:.]+Z,[0-9a-f-]{36},"struck there, it was sold"$`, now[3])
	then := export("--as-of", strconv.FormatInt(before, 10))
	require.Contains(t, then, "\nonly_theirs,X-9,,,900,,,\n", "as it was known then, it was open")
	require.Equal(t, then, export("--as-of", strconv.FormatInt(before, 10)))
	require.Contains(t, i.fails(t, "ledger", "export", file, "--comparison", "11111111-1111-4111-8111-111111111111"), "not found")
}
