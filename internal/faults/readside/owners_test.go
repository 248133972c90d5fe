package readside_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/faults/orders"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/faults/tcpproxy"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/internal/postgres"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// proxied is a test database reached directly and through a proxy.
func proxied(t *testing.T) (direct, through *pgxpool.Pool, proxy *tcpproxy.Proxy) {
	t.Helper()
	dsn := pgtest.DSN(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	network, target := "tcp", fmt.Sprintf("%s:%d", config.Host, config.Port)
	if config.Host[0] == '/' {
		network, target = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port)
	}
	proxy, err = tcpproxy.Listen(t.Context(), network, target)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	open := func(dsn, name string) *pgxpool.Pool {
		pool, err := postgres.Open(t.Context(), dsn, postgres.PoolOptions{MaxConns: 8, AppName: name})
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return pool
	}
	address := "postgres://" + config.User + ":" + config.Password + "@" + proxy.Addr() + "/" + config.Database + "?sslmode=disable"
	return open(dsn, "second"), open(address, "first"), proxy
}

// silent is a subscriber that delivers nothing.
type silent struct{}

// Subscribe waits.
func (silent) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	context.AfterFunc(ctx, func() { close(out) })
	return out, nil
}

// Close does nothing.
func (silent) Close() error { return nil }

// owners are two managers on one database; the first can be made to stand still.
type owners struct {
	*testing.T
	direct *pgxpool.Pool
	proxy  *tcpproxy.Proxy
	first  *keeper
	within int // times that the first stood still within its transaction
}

func newOwners(t *testing.T) *owners {
	t.Helper()
	direct, through, proxy := proxied(t)
	h := apptest.NewOn(t, direct)
	orders.Desk(t, h)
	o := &owners{T: t, direct: direct, proxy: proxy, first: newKeeper(t, h, h.Node, through)}
	o.first.within = 300 * time.Millisecond
	return o
}

// run keeps read models by m until stop; ended gets what it ended with.
func run(m *readmodel.Manager, sub message.Subscriber) (ended chan error, stop context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() {
		ended <- m.Run(ctx, sub)
		_ = sub.Close() // a reader that ends is not asked for more
	}()
	return ended, cancel
}

// marks are the epoch and the number of the first checkpoint.
func (o *owners) marks() (epoch, number int64) {
	o.Helper()
	err := o.direct.QueryRow(context.Background(),
		"SELECT coalesce(min(epoch), 0), coalesce(max(number), 0) FROM fieldledger.projection_checkpoint").Scan(&epoch, &number)
	require.NoError(o, err)
	return epoch, number
}

// inTransaction reports whether the first owner is within the transaction of a page.
func (o *owners) inTransaction() (is bool) {
	o.Helper()
	err := o.direct.QueryRow(context.Background(), `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE application_name = 'first' AND datname = current_database() AND state = 'idle in transaction')`).Scan(&is)
	require.NoError(o, err)
	return is
}

// takeOver lets the first owner stand still at a random moment of its work
// and another take over, and then lets the first wake. It returns whether
// the first wrote then, and how it ended, nil if it did not.
func (o *owners) takeOver(guarded bool) (wrote bool, end error) {
	o.Helper()
	l := newLoad(o.T, o.first.h, 2, 3*time.Millisecond)
	defer l.end()
	o.first.set(o.first.newManager(o.first.pool))
	reader, err := o.first.reader()
	require.NoError(o, err)
	ended, stop := run(o.first.present(), reader)
	_, began := o.marks()
	eventually(o.T, "the first owner works", func() bool { _, n := o.marks(); return n > began+5 })
	if rand.IntN(2) == 0 {
		pause(between(time.Millisecond, 30*time.Millisecond))
	} else {
		waitFor(func() bool { return o.inTransaction() })
	}
	o.proxy.Set(tcpproxy.Both(tcpproxy.Way{Hold: true}))
	if o.inTransaction() {
		o.within++
	}
	before, _ := o.marks()

	second := o.first.newManager(o.direct)
	secondEnded, stopSecond := run(second, silent{})
	eventually(o.T, "the second owner takes over", func() bool { e, _ := o.marks(); return e > before })
	if !guarded {
		_, err := o.direct.Exec(context.Background(), "UPDATE fieldledger.projection_checkpoint SET epoch = $1", before)
		require.NoError(o, err)
	}
	_, number := o.marks()
	head := l.told.Load()
	eventually(o.T, "there is more to apply", func() bool { return l.told.Load() > head+20 })
	o.proxy.Set(tcpproxy.Fault{})
	eventually(o.T, "the first owner has woken", func() bool {
		_, n := o.marks()
		return len(ended) > 0 || n > number
	})
	if len(ended) > 0 {
		end = <-ended
		ended <- end
	}
	_, now := o.marks()
	stop()
	stopSecond()
	<-ended
	require.NoError(o, <-secondEnded)
	return now > number, end
}

func TestALateOwnerIsFencedAtWhateverMomentItStoodStill(t *testing.T) {
	t.Parallel()
	o := newOwners(t)
	rounds := scale.Times(2, 100)
	for range rounds {
		wrote, end := o.takeOver(true)
		require.ErrorIs(t, end, readmodel.ErrFenced)
		require.False(t, wrote)
	}
	o.first.start()
	o.first.requireEqualToAReplay()
	t.Logf("fault: two owners of one projection: %d take-overs, %d of them from one who stood within its transaction; %d events", rounds, o.within, o.first.present().Head())
}

func TestWithoutItsEpochALateOwnerWrites(t *testing.T) {
	t.Parallel()
	o := newOwners(t)
	wrote, _ := o.takeOver(false)
	require.True(t, wrote)
}
