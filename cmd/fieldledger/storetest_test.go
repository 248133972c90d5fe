package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/storetest"
)

func TestTheNodeHoldsAllThatStoretestAsksFor(t *testing.T) {
	t.Parallel()
	n, err := eventnode.Open(t.Context(), eventnode.Options{Clock: clock.System{}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close(context.Background())) })
	certificate := filepath.Join(t.TempDir(), "node.pem")
	require.NoError(t, os.WriteFile(certificate, n.CertificatePEM(), 0o600))
	var out, log bytes.Buffer
	code := run([]string{
		"storetest", "--ours", "--json", "--eventstore", n.ConnectionString() + "&tlsCAFile=" + url.QueryEscape(certificate),
	}, &out, &log)
	require.Zero(t, code, "%s\n%s", out.String(), log.String())
	var report storeReport
	require.NoError(t, json.Unmarshal(out.Bytes(), &report))
	require.Zero(t, report.Failed)
	require.Greater(t, report.Passed, 140)
	require.Len(t, report.Suites, 2)
}

func TestStoretestCountsOursOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	differs := []storetest.Case{
		{Name: "ours alone", Own: true, Run: func(t storetest.T) { require.FailNow(t, "differs") }},
	}
	for ours, want := range map[bool]int{false: 0, true: exitFault} {
		var out bytes.Buffer
		report := storeReport{}
		c, term := storetestCmd{Ours: ours}, &terminal{out: &out, err: &out}
		err := errors.Join(c.suite(t.Context(), term, &report, "suite", differs), c.sum(term, report))
		require.Equal(t, want, exitCode(err), "%v", err)
		require.Contains(t, out.String(), "ours alone (ours: not expected of a real server)\n         differs\n")
	}
}
