package policy_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func TestPOL10FaultsOfAMatrix(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"/content/lines/0/act POL-10", "/content/lines/0/from_fen POL-10", "/content/lines/0/roles POL-10", "/content/lines/2/roles POL-10", "/content/lines/2 POL-10",
	}, faultsOf(t, policy.KindAuthority, `{"lines":[{"act":"hire","from_fen":-1,"roles":[]},{"act":"charge","from_fen":5,"roles":["gm"]},{"act":"charge","from_fen":5,"roles":[""]}]}`))
}

// matrix is the book of a site that follows a set from noon on.
func matrix(t *testing.T, set string, loaded bool) (b *policy.Book, noon time.Time) {
	t.Helper()
	noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	var versions []policy.Recorded
	if loaded {
		raw, err := os.ReadFile("../../deploy/policies/" + set + "/authority.json")
		require.NoError(t, err)
		var file struct{ Content policy.Authority }
		require.NoError(t, json.Unmarshal(raw, &file))
		file.Content.Lines = append(file.Content.Lines,
			policy.AuthorityLine{Act: policy.ActCharge, Unit: "branch", Roles: []string{"clerk"}},
			policy.AuthorityLine{Act: policy.ActCharge, Unit: "branch", FromFen: 10_000, Roles: []string{"gm"}})
		content, err := json.Marshal(file.Content)
		require.NoError(t, err)
		versions = append(versions, policy.Recorded{Version: policy.VersionRecorded{
			Kind: policy.KindAuthority, Set: set, Version: 1, EffectiveFrom: domain.At(noon), Hash: "h", Content: content,
		}, Approval: &policy.VersionApproved{Version: 1, Hash: "h", At: domain.At(noon), PublishedAt: domain.At(noon)}})
	}
	b, err := policy.NewBook(versions, policy.Follows{Site: "desk", Set: set, From: domain.At(noon)})
	require.NoError(t, err)
	return b, noon
}

func TestPOL10TheMatrixSaysWhoDecidesByActAmountAndUnit(t *testing.T) {
	t.Parallel()
	b, noon := matrix(t, "dealer", true)
	for _, c := range []struct {
		act        policy.Act
		unit       string
		fen        int64
		role, rule string
	}{
		{policy.ActCharge, "", 19_999, "technician", ""},
		{policy.ActCharge, "", 20_000, "technician", "POL-10"}, // exactly the amount is above it
		{policy.ActCharge, "", 20_000, "director", ""},
		{policy.ActCharge, "", 500_000, "director", "POL-10"},
		{policy.ActCharge, "", 500_000, "gm", ""},
		{policy.ActCharge, "branch", 9_999, "technician", "POL-10"}, // the unit has lines of its own
		{policy.ActCharge, "branch", 9_999, "clerk", ""},
		{policy.ActCharge, "branch", 10_000, "gm", ""},
		{policy.ActFree, "branch", 0, "director", ""}, // and for what it has none those of all hold
		{policy.ActFree, "", 0, "clerk", "POL-10"},
		{"contract", "", 0, "gm", "POL-08"}, // an act that the matrix does not name is nobody's
	} {
		by, err := b.Decides("desk", c.unit, c.act, c.fen, []string{"auditor", c.role}, noon)
		if c.rule != "" {
			require.ErrorContains(t, err, c.rule, "%+v", c)
			continue
		}
		require.NoError(t, err, "%+v", c)
		require.Equal(t, policy.Decided{Role: c.role, Policy: &domain.PolicyRef{Version: 1, Hash: "h"}}, by)
	}
	_, err := b.Decides("desk", "", policy.ActCharge, 1, nil, noon)
	require.ErrorContains(t, err, "POL-10", "nobody without a role")
}

func TestPOL08AMatrixThatS4AsksForHasNoDefault(t *testing.T) {
	t.Parallel()
	for set, needed := range map[string]bool{"appliance-service": true, "dealer": true, "software-vendor": false, "mine": false, "": false} {
		b, noon := matrix(t, set, false)
		_, err := b.Decides("desk", "", policy.ActCharge, 1, []string{"gm"}, noon)
		if needed {
			require.ErrorContains(t, err, "POL-08", set)
			continue
		}
		require.NoError(t, err, set)
		_, err = b.Decides("desk", "", policy.ActCharge, 1, []string{"gm"}, noon.Add(-time.Hour))
		require.NoError(t, err, "before it followed the set")
	}
}
