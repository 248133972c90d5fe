package readside_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
	"github.com/fieldledger/fieldledger/internal/faults/pgfault"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
)

// site is both sides on a PostgreSQL that can be hurt, under load.
type site struct {
	*keeper
	pg   *pgfault.Server
	load *load
}

func newSite(t *testing.T, parent string) *site {
	t.Helper()
	pg := pgfault.Start(t, parent)
	h := apptest.NewOn(t, pg.Pool())
	orders.Desk(t, h)
	return &site{keeper: newKeeper(t, h, h.Store, h.Pool), pg: pg}
}

// met waits until the fault was felt by some senders, or a while.
func (s *site) met() {
	before := s.load.failed.Load()
	for limit := time.Now().Add(time.Second); time.Now().Before(limit) && s.load.failed.Load() < before+3; {
		pause(time.Millisecond)
	}
}

// sessions runs a statement that does something to each session of ours.
func (s *site) sessions(do string) {
	s.pg.Admin("SELECT " + do + " FROM pg_stat_activity WHERE datname = 'fieldledger' AND usename = 'fieldledger'")
}

func (s *site) readOnly(value string) {
	s.pg.Admin("SET default_transaction_read_only = off", "ALTER SYSTEM SET default_transaction_read_only = "+value, "SELECT pg_reload_conf()")
}

// wounds are the faults; when one returns, PostgreSQL works again.
var wounds = map[string]func(s *site){
	"stopped": func(s *site) {
		s.pg.Stop()
		s.met()
		s.pg.Up()
	},
	"killed": func(s *site) {
		s.pg.Kill()
		s.met()
		s.pg.Up()
	},
	"one of its processes killed": func(s *site) { // the server then throws out everybody and recovers
		s.pg.AsAdmin(func(ctx context.Context, conn *pgx.Conn) {
			var pid int
			if conn.QueryRow(ctx, "SELECT pid FROM pg_stat_activity WHERE usename = 'fieldledger' ORDER BY random() LIMIT 1").Scan(&pid) == nil {
				require.NoError(s, syscall.Kill(pid, syscall.SIGKILL))
			}
		})
		s.met()
	},
	"sessions ended": func(s *site) {
		for range 5 {
			s.sessions("pg_terminate_backend(pid)")
			pause(between(time.Millisecond, 20*time.Millisecond))
		}
	},
	"statements cancelled": func(s *site) {
		for range 5 {
			s.sessions("pg_cancel_backend(pid)")
			pause(between(time.Millisecond, 20*time.Millisecond))
		}
	},
	"out of connections": func(s *site) {
		s.pg.Admin("ALTER DATABASE fieldledger CONNECTION LIMIT 0")
		s.sessions("pg_terminate_backend(pid)")
		s.met()
		s.pg.Admin("ALTER DATABASE fieldledger CONNECTION LIMIT -1")
	},
	"deadlocked": func(s *site) {
		before := s.codes.of("40P01")
		s.pg.AsAdmin(func(ctx context.Context, conn *pgx.Conn) {
			for range 20 { // the other order: first the table, then the checkpoint
				tx, err := conn.Begin(ctx)
				require.NoError(s, err)
				_, err = tx.Exec(ctx, "SET LOCAL deadlock_timeout = '1min'; LOCK TABLE "+s.present().Schema("ticket")+".ticket IN EXCLUSIVE MODE")
				require.NoError(s, err)
				pause(between(5*time.Millisecond, 30*time.Millisecond))
				_, err = tx.Exec(ctx, "SELECT FROM fieldledger.projection_checkpoint FOR UPDATE")
				require.NoError(s, err)
				require.NoError(s, tx.Rollback(ctx))
				if s.codes.of("40P01") > before {
					return
				}
			}
		})
	},
	"read-only": func(s *site) {
		s.readOnly("on")
		s.met()
		s.readOnly("off")
	},
	"silent for a while": func(s *site) {
		s.pg.Proxy().Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
		pause(between(100*time.Millisecond, 1500*time.Millisecond))
		s.pg.Proxy().Set(tcpproxy.Fault{})
	},
	"present connections silent for ever": func(s *site) { s.pg.Proxy().Strand() },
	"answers held and cut": func(s *site) { // what was committed is not told
		s.pg.Proxy().Set(tcpproxy.Fault{ToClient: tcpproxy.Way{Hold: true}})
		pause(between(5*time.Millisecond, 50*time.Millisecond))
		s.pg.Proxy().Cut()
		s.pg.Proxy().Set(tcpproxy.Fault{})
	},
	"cut in the middle of messages": func(s *site) {
		for range 5 {
			s.pg.Proxy().Set(tcpproxy.Fault{
				ToServer: tcpproxy.Way{CutAfter: 1 + rand.IntN(20_000)}, ToClient: tcpproxy.Way{CutAfter: 1 + rand.IntN(5_000)},
			})
			pause(between(10*time.Millisecond, 40*time.Millisecond))
		}
		s.pg.Proxy().Set(tcpproxy.Fault{})
	},
	"slow and late": func(s *site) {
		s.pg.Proxy().Set(tcpproxy.Both(tcpproxy.Way{BytesPerSecond: 200_000, Delay: time.Millisecond}))
		pause(200 * time.Millisecond)
		s.pg.Proxy().Set(tcpproxy.Fault{})
	},
}

// heal waits until commands are answered and read models go on, and returns
// how long that took.
func (s *site) heal() time.Duration {
	s.Helper()
	began := time.Now()
	told, head := s.load.told.Load(), s.present().Head()
	eventually(s.T, "commands are answered again", func() bool { return s.load.told.Load() >= told+10 })
	eventually(s.T, "read models go on", func() bool { return s.present().Head() > head })
	return time.Since(began)
}

// judge ends the load and asks once more for every answer.
func (s *site) judge() {
	s.Helper()
	all := s.load.end()
	s.h.Restart(s.T)
	for _, o := range all {
		r, err := o.Send(s.Context(), s.h.App)
		require.NotEmpty(s, orders.Answer(r, err), "%v", err)
		o.Hear(r, err)
	}
	j := orders.Judge(all, orders.Effects(s.T, s.h))
	s.Logf("%s; %d sends were told to ask again", j, s.load.failed.Load())
	require.Zero(s, j.Bad(), "%+v", j)
}

func TestPostgresFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.start()
	s.load = newLoad(t, s.h, 3, 2*time.Millisecond)
	eventually(t, "the read models begin", func() bool { return s.present().Head() > 50 })
	rounds := scale.Times(1, 12)
	worst := map[string]time.Duration{}
	for range rounds {
		kinds := slices.Collect(maps.Keys(wounds))
		rand.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		for _, kind := range kinds {
			wounds[kind](s)
			worst[kind] = max(worst[kind], s.heal())
		}
	}
	s.judge()
	s.requireEqualToAReplay()
	require.Empty(t, s.failures(), "no fault of the database ends the keeping of the read models")
	t.Logf("fault: PostgreSQL beneath live read models: %d times each, all works again after at most: %v; %d events; told by the server: %s", rounds, worst, s.present().Head(), s.codes)
	require.Positive(t, s.codes.of("40P01"))
}
