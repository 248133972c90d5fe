package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func TestFaultsOfPurchasing(t *testing.T) { // STK-02, STK-05, STK-06, STK-11
	t.Parallel()
	require.Equal(t, []string{
		"/content/items/1/code STK-05", "/content/minimums/0/item STK-06", "/content/minimums/0/pieces STK-06", "/content/minimums/0/unit STK-06",
		"/content/purchase/0/variant STK-11", "/content/purchase/0/from_fen STK-11", "/content/purchase/0/approvals STK-11",
		"/content/scrap/0/approvals STK-12", "/content/split_window_days STK-02",
	}, faultsOf(t, policy.KindPurchasing, `{"items":[{"code":"a"},{"code":"a"}],"minimums":[{"store":"m","item":"b","pieces":0,"order":1}],
		"purchase":[{"variant":"car","from_fen":-1,"approvals":[]}],"scrap":[{"from_fen":0,"approvals":[""]}],"split_window_days":400}`))
}

func TestSTK02ExactlyTheLimitIsAboveIt(t *testing.T) {
	t.Parallel()
	routes := []policy.Route{
		{FromFen: 0, Approvals: []string{"leader"}},
		{FromFen: 50_000, Approvals: []string{"gm"}},
		{FromFen: 3_000_000, Approvals: []string{"board"}},
		{NewKind: true, FromFen: 0, Approvals: []string{"deputy"}},
		{Variant: policy.StandardTooling, FromFen: 0, Approvals: []string{"process"}},
	}
	for _, c := range []struct {
		variant policy.Variant
		newKind bool
		fen     int64
		want    string
	}{
		{policy.Equipment, false, 49_999, "leader"},
		{policy.Equipment, false, 50_000, "gm"},
		{policy.Equipment, false, 2_999_999, "gm"},
		{policy.Equipment, false, 3_000_000, "board"},
		{policy.Equipment, true, 3_000_000, "deputy"},
		{policy.StandardTooling, true, 60_000, "process"},
	} {
		r, ok := policy.RouteOf(routes, c.variant, c.newKind, c.fen)
		require.True(t, ok)
		require.Equal(t, []string{c.want}, r.Approvals, "%+v", c)
	}
	_, ok := policy.RouteOf(nil, policy.Spare, false, 0)
	require.False(t, ok)
}

func TestPOL08WithoutAPolicyOfPurchasingNothingIsDecidedByOne(t *testing.T) {
	t.Parallel()
	b, err := policy.NewBook(nil)
	require.NoError(t, err)
	_, _, err = b.PurchasingAt("desk", day(2))
	var refused *domain.RuleError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, []string{"POL-08", "policy.kind_not_loaded"}, []string{refused.Rule, refused.Key})
}

func TestPOL01APolicyOfPurchasingIsAClosedObject(t *testing.T) {
	t.Parallel()
	for _, content := range []string{`{`, `{"items":[],"budget":1}`, `{"split_window_days":"a month"}`} {
		_, err := policy.Decide(policy.State{}, record(policy.KindPurchasing, content))
		var fault *domain.InvalidError
		require.ErrorAs(t, err, &fault, content)
		require.Equal(t, "POL-01", fault.Rule, content)
	}
}
