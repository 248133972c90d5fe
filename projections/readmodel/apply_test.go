package readmodel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/catchup"
)

func TestPageSizesAndDecodersGiveOneDigest(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 600, 1)
	var want map[string]string
	for _, size := range []int{5_000, 500, 7, 1} {
		for _, decoders := range []int{1, 2} {
			w := newWorld(t, l)
			w.project(func(o *catchup.Options) { o.PageEvents, o.Decoders = size, decoders })
			if want == nil {
				want = w.digests()
				require.Len(t, want, 2)
			}
			require.Equal(t, want, w.digests(), "pages of %d, %d decoders", size, decoders)
			w.verified()
		}
	}
}

func (w *world) verified() {
	w.Helper()
	vs, err := w.m.Verify(w.context(), verifyOptions(w))
	require.NoError(w, err)
	for _, v := range vs {
		require.Empty(w, v.Differences)
		require.True(w, v.Equal)
		require.Equal(w, v.Digest, v.Recomputed)
		require.Positive(w, v.Elements)
	}
}
