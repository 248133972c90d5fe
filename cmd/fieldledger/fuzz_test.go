package main

import (
	"bytes"
	"net"
	"net/netip"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// A configuration file is refused, or holds a setting or none for each flag;
// keys that are no flags are named.
func FuzzConfigFile(f *testing.F) {
	for _, s := range []string{"data-dir: /x\nlog-level: INFO\n", "a: [1, 2]\nb: {c: 1}", "eventstore: &a x\npostgres: *a", "- 1", "", "x", "1: 2", "a: !!binary x", "<<: 1"} {
		f.Add([]byte(s))
	}
	var program cli
	app, err := kong.New(&program)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, file []byte) {
		resolver, err := yamlFile(bytes.NewReader(file))
		if err != nil {
			return
		}
		values := resolver.(fileValues)
		unknown := resolver.Validate(app.Model)
		for _, flag := range app.Model.Flags {
			_, err := resolver.Resolve(nil, nil, flag)
			require.NoError(t, err)
		}
		for key := range values {
			if key == "no-such-setting" {
				require.ErrorContains(t, unknown, key)
			}
		}
	})
}

// Whatever addresses are configured, they are refused or usable, and one that
// has to be loopback is.
func FuzzServing(f *testing.F) {
	f.Add("127.0.0.1:8080", "[::1]:9464", "https://issuer.example", "", "", false)
	f.Add("0.0.0.0:80", "", "", "cert", "key", true)
	f.Add("localhost", "::1", "x", "cert", "", false)
	f.Fuzz(func(t *testing.T, listen, metrics, issuer, cert, key string, demo bool) {
		s := Serving{Listen: listen, Metrics: metrics, Issuer: issuer, TLSCert: cert, TLSKey: key}
		if s.check(demo) != nil {
			return
		}
		require.Equal(t, cert == "", key == "")
		require.NotEqual(t, demo, issuer != "")
		loopback := []string{metrics}
		if demo {
			loopback = append(loopback, listen)
		}
		for _, address := range loopback {
			if address == "" {
				continue
			}
			host, _, err := net.SplitHostPort(address)
			require.NoError(t, err)
			ip, err := netip.ParseAddr(host)
			require.True(t, host == "localhost" || err == nil && ip.IsLoopback(), address)
		}
	})
}

// --as-of is a log number, a time, or refused.
func FuzzAsOf(f *testing.F) {
	for _, s := range []string{"", "0", "-1", "2026-03-01T00:00:00Z", "1e3", "2026-03-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseAsOf(text)
		switch {
		case err != nil:
			require.ErrorContains(t, err, "--as-of")
		case at.Number != nil:
			require.GreaterOrEqual(t, *at.Number, int64(0))
		default:
			require.Equal(t, text == "", at.Time == nil)
		}
	})
}
