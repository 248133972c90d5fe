package readmodel_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestRate(t *testing.T) {
	l := newMemLog()
	fill(l, 200000, 99)
	w := newWorld(t, l)
	_ = pgtest.Pool
	b := time.Now()
	w.project(func(o *catchup.Options) { o.Decoders = 2 })
	t.Log("live catch-up", time.Since(b))
	m, err := readmodel.New(readmodel.Options{Pool: w.pool, Projections: []readmodel.Projection{jobs, feeds}, Log: slog.New(slog.DiscardHandler), Clock: clock.NewFake(zero)})
	require.NoError(t, err)
	b = time.Now()
	rs, err := m.Rebuild(w.context(), readmodel.RebuildOptions{Pages: w.reader(func(o *catchup.Options) { o.Decoders = 2 })})
	require.NoError(t, err)
	t.Log("rebuild", time.Since(b), rs)
	b = time.Now()
	w.verified()
	t.Log("verify", time.Since(b))
}
