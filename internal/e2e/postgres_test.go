package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/faults/pgfault"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
)

// told is a write that the program has answered for good.
type told struct {
	call  call
	reply reply
}

// desks write and read through the API all the time, and keep what they were told.
type desks struct {
	*served
	stop    chan struct{}
	running sync.WaitGroup
	asked   atomic.Int64 // answers that said to ask again
	good    atomic.Int64 // answers that did not

	mu    sync.Mutex
	kept  []told
	wrong []string // what must not be answered
}

func (s *served) desks(t *testing.T, n int) *desks {
	t.Helper()
	d := &desks{served: s, stop: make(chan struct{})}
	token := s.token(t, "director")
	for w := range n {
		d.running.Go(func() {
			for turn := 0; ; turn++ {
				register := call{method: http.MethodPost, path: "/v1/tickets", body: newTicket, token: token, key: fmt.Sprintf("desk-%d-%d", w, turn)}
				registered, ok := d.insist(t, register)
				if !ok {
					return
				}
				path := registered.header.Get("Location")
				refuse := call{method: http.MethodPost, path: path + "/sign-off", body: `{"signer":"Wang"}`, token: token, key: register.key, match: registered.header.Get("ETag")}
				accept := call{method: http.MethodPost, path: path + "/accept", body: "{}", token: token, key: register.key, match: registered.header.Get("ETag")}
				list := call{method: http.MethodGet, path: "/v1/tickets?site=hq&limit=5", token: token}
				for _, c := range []call{refuse, accept, list} {
					if _, ok := d.insist(t, c); !ok {
						return
					}
				}
			}
		})
	}
	return d
}

// insist sends a call until it is answered for good; false if the desks close.
func (d *desks) insist(t *testing.T, c call) (reply, bool) {
	t.Helper()
	for {
		select {
		case <-d.stop:
			return reply{}, false
		case <-time.After(5 * time.Millisecond):
		}
		r, err := d.send(t.Context(), c)
		switch {
		case err != nil:
			d.note(fmt.Sprintf("%s %s: no answer: %v", c.method, c.path, err))
		case r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") != "":
			d.asked.Add(1)
			continue
		case r.status >= http.StatusInternalServerError:
			d.note(fmt.Sprintf("%s %s: %d %s", c.method, c.path, r.status, r.body))
		default:
			d.good.Add(1)
			d.mu.Lock()
			defer d.mu.Unlock()
			if c.method != http.MethodGet {
				d.kept = append(d.kept, told{c, r})
			}
			return r, true
		}
	}
}

func (d *desks) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = append(d.wrong, what)
}

func (d *desks) bad() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wrong
}

func TestTheAPIAsksToComeAgainWhilePostgresIsAwayAndForgetsNothing(t *testing.T) {
	t.Parallel()
	pg := pgfault.Start(t, "")
	i := newInstallation(t).withIssuer(t)
	i.postgres = pg.DSN()
	s := i.serve(t)
	s.hq(t)
	d := s.desks(t, 3)
	away := map[string]func(){
		"stopped": func() { pg.Stop() },
		"killed":  func() { pg.Kill() },
		"out of connections": func() {
			pg.Admin("ALTER DATABASE fieldledger CONNECTION LIMIT 0",
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fieldledger'")
		},
		"read-only": func() {
			pg.Admin("ALTER DATABASE fieldledger SET default_transaction_read_only = on",
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fieldledger'")
		},
		"cut in the middle of answers": func() {
			pg.Proxy().Set(tcpproxy.Fault{ToClient: tcpproxy.Way{CutAfter: 700}})
		},
	}
	if scale.Full() { // a request gives up after 15 s
		away["silent"] = func() { pg.Proxy().Set(tcpproxy.Both(tcpproxy.Way{Hold: true})) }
	}
	until := func(what string, f func() bool) {
		require.Eventually(t, func() bool { return f() || len(d.bad()) > 0 }, patience, 5*time.Millisecond, what)
		require.Empty(t, d.bad(), what)
	}
	until("the desks are open", func() bool { return d.good.Load() > 20 })
	rounds := scale.Times(1, 4)
	for range rounds {
		for kind, begin := range away {
			asked := d.asked.Load()
			begin()
			until(kind+" is felt", func() bool { return d.asked.Load() > asked })
			if kind == "stopped" || kind == "killed" {
				r := s.do(t, call{method: http.MethodGet, path: "/v1/health"})
				require.Equal(t, http.StatusServiceUnavailable, r.status)
				require.Contains(t, r.body, `"postgres":"down"`)
			}
			pg.Up()
			pg.Proxy().Set(tcpproxy.Fault{})
			pg.Admin("SET default_transaction_read_only = off", "ALTER DATABASE fieldledger CONNECTION LIMIT -1",
				"ALTER DATABASE fieldledger RESET default_transaction_read_only")
			if kind == "read-only" {
				pg.Admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fieldledger'")
			}
			good := d.good.Load()
			until("after "+kind+" it works again", func() bool { return d.good.Load() > good+10 })
		}
	}
	close(d.stop)
	d.running.Wait()
	require.Empty(t, d.bad())
	for _, k := range d.kept { // the same answer, word for word
		require.Equal(t, k.reply, s.do(t, k.call))
	}
	s.stop(t)
	require.Contains(t, s.run(t, "verify"), "equal")
	t.Logf("fault: PostgreSQL away under the whole program: %d times each of %d faults: %d answers, %d times to come again, %d writes asked for once more", rounds, len(away), d.good.Load(), d.asked.Load(), len(d.kept))
}
