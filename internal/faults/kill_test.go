package faults_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

// shapes are the loads under which a fault comes.
var shapes = map[string]script{
	"1 writer":             {Writers: 1, MaxBatch: 1, MaxBytes: 400},
	"16 writers":           {Writers: 16, MaxBatch: 1, MaxBytes: 400},
	"4 writers in batches": {Writers: 4, MaxBatch: 60, MaxBytes: 2_000},
}

// killAtRandom starts a writer and kills it after some acknowledgements and a moment.
func (s *store) killAtRandom(t *testing.T) (acks int64) {
	t.Helper()
	p := s.start(t)
	p.waitAcks(rand.Int64N(40))
	time.Sleep(rand.N(3 * time.Millisecond)) // the fault's own moment, not a wait for something
	p.kill(t)
	return p.acks.Load()
}

func TestAKillAtARandomMomentLosesNothing(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (*store)(nil)
			var acks int64
			kills := scale.Times(2, 167)
			for i := range kills {
				if i%25 == 0 { // a new store, so that the first start is met as well
					dir := scratch(t)
					s = newStore(dir, filepath.Join(dir, "acks"), shape)
				}
				acks += s.killAtRandom(t)
				require.NoError(t, s.verify())
			}
			t.Logf("fault: kill -9 at a random moment, %s: %d kills, %d acknowledgements, 0 lost", name, kills, acks)
		})
	}
}

func TestControlAKillOfAWriterThatWritesLaterLosesEvents(t *testing.T) {
	t.Parallel()
	times := scale.Times(1, 20)
	for range times {
		dir := scratch(t)
		s := newStore(dir, filepath.Join(dir, "acks"), shapes["16 writers"])
		s.Broken = "write later"
		p := s.start(t)
		require.True(t, p.waitAcks(100))
		p.kill(t)
		require.Error(t, s.verify())
	}
	t.Logf("fault: control, writes held in the process: red in %d of %d kills", times, times)
}
