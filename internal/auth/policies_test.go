package auth_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/auth"
)

func actor(roles ...string) eventschemas.Actor {
	return eventschemas.Actor{Issuer: "https://id.example", Subject: "u1", Roles: roles}
}

// operations are the operation ids of the API that need a token, and the
// actions beside them.
func operations(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../api/openapi.yaml")
	require.NoError(t, err)
	ops := []string{"openPersonal", "readAllLosses", "readAllDeductions", "readWages"}
	for _, m := range regexp.MustCompile(`(?m)^      operationId: (\w+)$`).FindAllStringSubmatch(string(b), -1) {
		if m[1] != "getHealth" && m[1] != "getOpenAPI" {
			ops = append(ops, m[1])
		}
	}
	require.Greater(t, len(ops), 25)
	slices.Sort(ops)
	return ops
}

func policies(t *testing.T) *auth.Policies {
	t.Helper()
	p, err := auth.NewPolicies()
	require.NoError(t, err)
	return p
}

func TestORG01EachRoleMayDoWhatTheMatrixSays(t *testing.T) {
	t.Parallel()
	p := policies(t)
	var b strings.Builder
	b.WriteString("# role x operation: the deciding policy, or - for no. UPDATE=1 go test ./internal/auth/... rewrites it.\n")
	for _, role := range auth.Roles() {
		for _, op := range operations(t) {
			name, ok := p.Authorize(actor(role), []string{"hq"}, op, "hq")
			if !ok {
				name = "-"
			}
			fmt.Fprintf(&b, "%-14s %-22s %s\n", role, op, name)
		}
	}
	const golden = "testdata/matrix.txt"
	if os.Getenv("UPDATE") == "1" {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// A command names the revision that its caller saw.
func TestLOS02WhoActsOnALossMaySeeIt(t *testing.T) {
	t.Parallel()
	p := policies(t)
	acts := 0
	for _, role := range auth.Roles() {
		_, sees := p.Authorize(actor(role), nil, "readAllLosses", "hq")
		for _, op := range operations(t) {
			if !strings.Contains(op, "Loss") && !strings.Contains(op, "LostTool") || op == "listLosses" || op == "getLoss" { // of one's own
				continue
			}
			if _, may := p.Authorize(actor(role), nil, op, "hq"); may {
				acts++
				require.True(t, sees, "%s may %s", role, op)
			}
		}
	}
	require.Greater(t, acts, 15)
}

func TestORG01NobodyActsOutsideTheirSites(t *testing.T) {
	t.Parallel()
	p := policies(t)
	for _, role := range auth.Roles() {
		for _, op := range operations(t) {
			_, own := p.Authorize(actor(role), []string{"hq"}, op, "hq")
			name, other := p.Authorize(actor(role), []string{"hq"}, op, "north")
			require.False(t, other, "%s %s", role, op)
			require.Contains(t, []string{"outside_own_sites", "customer_link_is_no_staff"}, name)
			_, all := p.Authorize(actor(role), nil, op, "north")
			require.Equal(t, own, all, "%s %s", role, op)
			_, ofAll := p.Authorize(actor(role), nil, op, "hq") // asked just before: all is not none
			require.Equal(t, own, ofAll, "%s %s", role, op)
			_, none := p.Authorize(actor(role), []string{}, op, "hq")
			require.False(t, none, "%s %s", role, op)
		}
	}
}

func TestORG01WhatNoPolicyPermitsIsDenied(t *testing.T) {
	t.Parallel()
	p := policies(t)
	for _, a := range []eventschemas.Actor{actor(), actor("staff"), actor("desk", "root")} { // groups are no roles
		for _, op := range operations(t) {
			name, ok := p.Authorize(a, nil, op, "hq")
			require.False(t, ok, op)
			require.Empty(t, name)
		}
	}
	_, ok := p.Authorize(actor(auth.Roles()[:11]...), nil, "dropEverything", "hq")
	require.False(t, ok)
}

func TestORG01ACustomerLinkGetsNoRightFromAnotherRole(t *testing.T) {
	t.Parallel()
	name, ok := policies(t).Authorize(actor("admin", "director", "customer_link"), nil, "getTicket", "hq")
	require.False(t, ok)
	require.Equal(t, "customer_link_is_no_staff", name)
}

func TestEveryPolicyHasAName(t *testing.T) {
	t.Parallel()
	names := policies(t).Names()
	require.Len(t, names, 50)
	require.NotContains(t, names, "")
}

func BenchmarkAuthorize(b *testing.B) {
	p, err := auth.NewPolicies()
	require.NoError(b, err)
	a := actor("technician")
	for b.Loop() {
		p.Authorize(a, []string{"hq"}, "acceptTicket", "hq")
	}
}
