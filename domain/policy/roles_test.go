package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/policy"
)

func TestPOL10ARoleThatNobodyCanHaveIsNamedByItsPlace(t *testing.T) {
	t.Parallel()
	tools := func(role string) string {
		return `{"stores":[{"code":"main"}],"kinds":[],"approvals":[{"act":"issue","needs":["manager","` + role + `"]}]}`
	}
	purchasing := func(role string) string {
		return `{"demand":[{"approvals":["` + role + `"]}],"purchase":[{"checks":["` + role + `"],"approvals":["gm"]}],` +
			`"acceptance":[{"approvals":["inspection","` + role + `"]}],"scrap":[{"approvals":["manager","` + role + `"]}]}`
	}
	matrix := func(role string) string {
		return `{"lines":[{"act":"charge","from_fen":0,"roles":["director","` + role + `"]}]}`
	}
	for _, c := range []struct {
		kind    policy.Kind
		content func(role string) string
		want    []string
	}{
		{policy.KindTools, tools, []string{"/content/approvals/0/needs/1 POL-10"}},
		{policy.KindPurchasing, purchasing, []string{
			"/content/demand/0/approvals/0 STK-01", "/content/purchase/0/checks/0 STK-11", "/content/acceptance/0/approvals/1 STK-04", "/content/scrap/0/approvals/1 STK-12",
		}},
		{policy.KindAuthority, matrix, []string{"/content/lines/0/roles/1 POL-10"}},
	} {
		require.Equal(t, c.want, faultsOf(t, c.kind, c.content("king")), "there is no such role")
		require.Equal(t, c.want, faultsOf(t, c.kind, c.content("customer_link")), "a customer signs nothing")
		_, err := policy.Decide(policy.State{}, record(c.kind, c.content("workshop_head")))
		require.NoError(t, err)
	}
	require.Equal(t, []string{
		"/content/demand/0/approvals/0 STK-01", "/content/purchase/0/checks/0 STK-11", "/content/scrap/0/approvals/1 STK-12",
	}, faultsOf(t, policy.KindPurchasing, purchasing(policy.AnyUser)), "the user's own check is one of acceptance")
}
