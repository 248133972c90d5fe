package e2e_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/vault"
)

func TestPageSizesAndDecodersGiveOneDigest(t *testing.T) { //nolint:tparallel // the subtests work on one system, in order
	t.Parallel()
	d := newDesk(t)
	d.importLog(t, cut(t, 120), 4)
	want, figures := d.digests(), d.sla(t, api.AsOf{}, api.Resolution, api.SLAGroupTeam, "")
	for _, size := range []int{1, 7, 500, 5000} {
		for _, decoders := range []int{1, 2} {
			t.Run(fmt.Sprintf("pages of %d, %d decoders", size, decoders), func(t *testing.T) {
				pool := database(t)
				r := keep(t, d.Harness, pool, func(o *catchup.Options) { o.PageEvents, o.Decoders = size, decoders })
				r.settle(t, d.Harness)
				require.Equal(t, want, r.digests(), "live")
				require.Equal(t, figures, r.sla(t, api.AsOf{}, api.Resolution, api.SLAGroupTeam, ""))
				r.rebuild(t, r.reader)
				require.Equal(t, want, r.digests(), "rebuilt")
				require.Empty(t, r.verify(t))
			})
		}
	}
	t.Run("one event more is another digest", func(t *testing.T) {
		_, err := d.App.Sites.Register(t.Context(), d.Request("site"), newSite)
		require.NoError(t, err)
		d.settle(t, d.Harness)
		require.NotEqual(t, want["directory"], d.digests()["directory"])
		require.Equal(t, want["ticket"], d.digests()["ticket"])
	})
}

// Two installations have keys of their own, so the digests of their tickets
// differ: what a digest covers is what is stored, sealed fields included.
func TestDigestsCoverSealedFields(t *testing.T) {
	t.Parallel()
	one := newDesk(t)
	one.importLog(t, cut(t, 3), 1)
	other := newDeskLike(t, one.pool)
	other.importLog(t, cut(t, 3), 1)
	require.NotEqual(t, one.digests()["ticket"], other.digests()["ticket"])
	id, _, err := vault.Installation(t.Context(), other.pool)
	require.NoError(t, err)
	require.Equal(t, one.IDs.Installation, id)
}
