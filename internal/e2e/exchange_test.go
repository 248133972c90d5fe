package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/pgtest"
)

// hangman is a disk under an event node that kills the program that uses the
// node, at a given commit: what is committed is stored, and the program that
// asked for it is dead before it is told.
type hangman struct {
	vfs.FS
	left    atomic.Int64 // commits until then; 0 for never
	process atomic.Pointer[os.Process]
}

func (h *hangman) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := h.FS.OpenReadWrite(name, c, opts...)
	if err != nil || filepath.Base(name) != "head" { // synced once a commit
		return f, err
	}
	return &watchedFile{File: f, hangman: h}, nil
}

type watchedFile struct {
	vfs.File
	hangman *hangman
}

func (f *watchedFile) SyncData() error {
	if h := f.hangman; h.left.Load() > 0 && h.left.Add(-1) == 0 {
		h.kill()
	}
	return f.File.SyncData()
}

// kill returns once the program is gone.
func (h *hangman) kill() {
	p := h.process.Load()
	_ = p.Signal(syscall.SIGKILL)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if p.Signal(syscall.Signal(0)) != nil {
			return
		}
	}
}

// counter is the program at a store's counter, started again whenever it dies.
type counter struct {
	*installation
	t                *testing.T
	now              *served
	hangman          *hangman
	node             *eventnode.Node
	li, keeper, boss who
	old, spare       string // paths of the tools of the exchange in hand
	deaths           int
}

// who is a person with a token.
type who struct{ id, token string }

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{installation: newInstallation(t).withIssuer(t), t: t, hangman: &hangman{FS: vfs.NewMem()}}
	var err error
	c.node, err = eventnode.Open(t.Context(), eventnode.Options{Clock: clock.System{}, Insecure: true, FS: c.hangman})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, c.node.Close(ctx))
	})
	c.events, c.postgres = c.node.ConnectionString(), pgtest.DSN(t)
	c.start()
	c.now.hq(t)
	c.now.recordPolicy(t, policy.KindTools, "2020-01-01T00:00:00.000Z", `{"stores":[{"code":"main","name":"main"}],"kinds":[`+
		`{"code":"wrench","name":"wrench","category":"hand","life_months":36,"inspect_months":0,"store_kept":false}],"exchange_approval":"manager"}`)
	c.now.opened(t)
	c.li, c.keeper, c.boss = c.person("li", "technician"), c.person("keeper", "storekeeper"), c.person("boss", "manager")
	require.Eventually(t, func() bool { // the manager of exchanges has first started too
		_, err := c.node.ReadStream(t.Context(), "fl.process-exchange-1", 0)
		return err == nil
	}, patience, 10*time.Millisecond)
	return c
}

func (c *counter) start() {
	c.t.Helper()
	c.now = c.serve(c.t)
	c.hangman.process.Store(c.now.cmd.Process)
}

func (c *counter) person(name string, role string) who {
	c.t.Helper()
	r := c.now.do(c.t, call{
		method: http.MethodPost, path: "/v1/persons", token: c.now.token(c.t, "hr"), key: name,
		body: `{"site":"hq","external":{"system":"hr","key":"` + name + `"},"name":"` + name + `"}`,
	})
	require.Equal(c.t, http.StatusCreated, r.status, r.body)
	id := c.id(r)
	token, err := c.issuer.Mint(name, id, []string{role}, []string{auth.AllSites}, time.Hour)
	require.NoError(c.t, err)
	return who{id.String(), token}
}

func (c *counter) id(r reply) uuid.UUID {
	c.t.Helper()
	var created struct{ ID uuid.UUID }
	require.NoError(c.t, json.Unmarshal([]byte(r.body), &created))
	return created.ID
}

// insist asks until there is an answer; a program that died is started again.
func (c *counter) insist(r call) reply {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond) // more often nobody may ask
	defer tick.Stop()
	for limit := time.Now().Add(patience); time.Now().Before(limit); <-tick.C {
		out, err := c.now.send(c.t.Context(), r)
		if err == nil && out.status < http.StatusInternalServerError && out.status != http.StatusTooManyRequests {
			return out
		}
		if err != nil {
			require.Error(c.t, c.now.end(syscall.SIGKILL))
			c.deaths++
			c.start()
			c.whole()
		}
	}
	require.FailNow(c.t, "the program does not come to an answer", "%s %s", r.method, r.path)
	return reply{}
}

// do has somebody do something to the exchange in hand; it returns the ETag after it.
func (c *counter) do(by who, path, command, body, tag string) string {
	c.t.Helper()
	r := c.insist(call{method: http.MethodPost, path: path + "/" + command, body: body, token: by.token, key: path + command, match: tag})
	require.Equal(c.t, http.StatusOK, r.status, r.body)
	require.Contains(c.t, r.body, `"changed":true`, "asked again it is the same command")
	return r.header.Get("ETag")
}

func (c *counter) tool(number, holder string) string {
	c.t.Helper()
	r := c.insist(call{
		method: http.MethodPost, path: "/v1/tools", token: c.keeper.token, key: number,
		body: `{"site":"hq","number":"` + number + `","kind":"wrench","name":"wrench","price_fen":3500,"purchased_on":"2025-01-10","use":"personal","store":"main"` + holder + `}`,
	})
	require.Equal(c.t, http.StatusCreated, r.status, r.body)
	return r.header.Get("Location")
}

// head is the last log number that the read models have.
func (c *counter) head() int64 {
	c.t.Helper()
	r := c.insist(call{method: http.MethodGet, path: "/v1/head", token: c.li.token})
	var at api.Snapshot
	require.NoError(c.t, json.Unmarshal([]byte(r.body), &at), r.body)
	return at.Number
}

// whole asks for both tools as of now; see wholeAt.
func (c *counter) whole() bool {
	c.t.Helper()
	return c.wholeAt(c.head())
}

// wholeAt asks for both tools as of one number: who has them is together what
// it was before, or what it is after. It returns whether they are exchanged.
func (c *counter) wholeAt(number int64) bool {
	c.t.Helper()
	var kinds []api.HolderKind
	for _, path := range []string{c.old, c.spare} {
		r := c.insist(call{method: http.MethodGet, path: fmt.Sprintf("%s?as_of=%d", path, number), token: c.li.token})
		if r.status == http.StatusNotFound {
			return false // they are not registered, or the read models of the new process are not there yet
		}
		require.Equal(c.t, http.StatusOK, r.status, r.body)
		var card api.ToolCard
		require.NoError(c.t, json.Unmarshal([]byte(r.body), &card))
		kinds = append(kinds, card.Tool.Holder.Kind)
	}
	switch {
	case slices.Equal(kinds, []api.HolderKind{"person", "store"}):
		return false
	case slices.Equal(kinds, []api.HolderKind{"store", "person"}):
		return true
	}
	require.FailNow(c.t, "apart", "%v as of %d", kinds, number)
	return false
}

// await waits until the exchange in hand stands somewhere.
func (c *counter) await(path string, status api.ExchangeStatus) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); time.Now().Before(limit); <-tick.C {
		r := c.insist(call{method: http.MethodGet, path: path, token: c.li.token})
		var x api.Exchange
		if r.status == http.StatusOK {
			require.NoError(c.t, json.Unmarshal([]byte(r.body), &x), r.body)
		}
		c.whole()
		if x.Status == status {
			return
		}
	}
	require.FailNow(c.t, "the exchange stays where it is", "%s is not %s", path, status)
}

// exchange carries one out with a kill at a commit, and reports whether it came to that.
func (c *counter) exchange(n int, complete bool) (killed bool) {
	c.t.Helper()
	name := fmt.Sprintf("%v-%d", complete, n)
	c.old = c.tool("old-"+name, `,"holder":{"kind":"person","who":"`+c.li.id+`"}`)
	c.spare = c.tool("spare-"+name, "")
	first := c.head()
	c.hangman.left.Store(int64(n))
	r := c.insist(call{
		method: http.MethodPost, path: "/v1/exchanges", token: c.li.token, key: name, body: `{"tool":"` + last(c.old) + `","reason":"worn"}`,
	})
	require.Equal(c.t, http.StatusCreated, r.status, r.body)
	path := r.header.Get("Location")
	tag := c.do(c.boss, path, "approve", `{}`, r.header.Get("ETag"))
	tag = c.do(c.keeper, path, "surrender", `{"store":"main","giver":"`+c.li.id+`"}`, tag)
	tag = c.do(c.keeper, path, "inspect", `{"outcome":"no_repair_value","scrap_note":"jaw off"}`, tag)
	c.do(c.keeper, path, "choose", `{"replacement":"`+last(c.spare)+`","declined":"too heavy"}`, tag)
	c.await(path, "reserved")
	if complete {
		c.do(c.li, path, "complete", `{}`, `"5"`)
		c.await(path, "settled")
	} else {
		c.do(c.keeper, path, "cancel", `{"reason":"too heavy"}`, `"5"`)
		require.Eventually(c.t, func() bool { return c.kept() == 0 }, patience, 40*time.Millisecond)
	}
	require.Equal(c.t, complete, c.whole())
	require.Zero(c.t, c.kept())
	for number := first; number <= c.head(); number++ { // whatever was asked meanwhile, no moment shows them apart
		c.wholeAt(number)
	}
	return c.hangman.left.Swap(0) == 0
}

// kept counts the tools in hand that an exchange keeps.
func (c *counter) kept() int {
	c.t.Helper()
	n := 0
	for _, path := range []string{c.old, c.spare} {
		r := c.insist(call{method: http.MethodGet, path: path, token: c.li.token})
		if !strings.Contains(r.body, `"kept_by":null`) {
			n++
		}
	}
	return n
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

func TestEXC06AKillAtEveryStepOfAnExchangeLeavesOneWholeOutcome(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	rounds := map[bool]int{}
	for _, complete := range []bool{true, false} {
		for n := 1; ; n++ {
			rounds[complete]++
			if !c.exchange(n, complete) {
				break // it has no more steps than that
			}
		}
	}
	require.Greater(t, rounds[true], 15)
	require.Greater(t, rounds[false], 14)
	c.now.stop(t)
	t.Logf("%d exchanges completed, %d withdrawn, %d kills", rounds[true], rounds[false], c.deaths)

	count := map[string]int{}
	streams := map[string]map[string]int{}
	_, err := c.node.Scan(t.Context(), eventschemas.Position{}, "fl.", func(e eventschemas.Recorded) error {
		count[e.Type]++
		if streams[e.Stream] == nil {
			streams[e.Stream] = map[string]int{}
		}
		streams[e.Stream][e.Type]++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, rounds[true], count["exchange.completed.v1"])
	require.Equal(t, rounds[true], count["exchange.settled.v1"])
	require.Equal(t, 2*rounds[true], count["tool.exchanged.v1"])
	require.Equal(t, 2*rounds[false], count["tool.released.v1"])
	require.Equal(t, 2*(rounds[true]+rounds[false]), count["tool.kept.v1"])
	require.Zero(t, count["exchange.reservation_failed.v1"])
	for stream, types := range streams {
		for typ, n := range types {
			if strings.HasPrefix(stream, "fl.exchange-") || typ == "tool.kept.v1" || typ == "tool.exchanged.v1" {
				require.Equal(t, 1, n, "%s in %s", typ, stream)
			}
		}
	}
	require.NotContains(t, c.run(t, "rebuild"), "DIFFERENT")
}
