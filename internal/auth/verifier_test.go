package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
)

var (
	noon   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	person = uuid.MustParse("6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a")
)

const listen = "127.0.0.1:8080"

func demo(t *testing.T, dir string, c commands.Clock) (*auth.DemoIssuer, *auth.Verifier) {
	t.Helper()
	v, d, err := auth.Open(t.Context(), auth.Config{DemoDir: dir, Listen: listen}, c)
	require.NoError(t, err)
	return d, v
}

func TestATokenOfTheDemoIssuerSaysWhoItsBearerIs(t *testing.T) {
	t.Parallel()
	d, v := demo(t, t.TempDir(), clock.NewFake(noon))
	token, err := d.Mint("li", person, []string{"technician", "clerk"}, []string{"hq", "north"}, time.Hour)
	require.NoError(t, err)
	for range 2 { // verified, then remembered
		a, sites, err := v.Authenticate(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, person.String(), a.Person)
		require.Equal(t, "li", a.Subject)
		require.Equal(t, d.Issuer(), a.Issuer)
		require.Equal(t, []string{"clerk", "technician"}, a.Roles)
		require.Equal(t, []string{"hq", "north"}, sites)
	}
}

func TestSitesOfATokenAreAllOnlyIfItSaysSo(t *testing.T) {
	t.Parallel()
	d, v := demo(t, t.TempDir(), clock.NewFake(noon))
	for _, c := range []struct{ claimed, want []string }{
		{[]string{"*"}, nil}, {[]string{"hq", "*"}, nil}, {nil, []string{}}, {[]string{}, []string{}}, {[]string{"hq"}, []string{"hq"}},
	} {
		token, err := d.Mint("li", person, []string{"clerk"}, c.claimed, time.Hour)
		require.NoError(t, err)
		_, sites, err := v.Authenticate(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, c.want, sites)
	}
}

func TestATokenEndsAtItsExpiryThoughItIsRemembered(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(noon)
	d, v := demo(t, t.TempDir(), c)
	token, err := d.Mint("li", person, []string{"clerk"}, []string{"*"}, time.Minute)
	require.NoError(t, err)
	_, _, err = v.Authenticate(t.Context(), token)
	require.NoError(t, err)
	c.Set(noon.Add(time.Minute - time.Millisecond))
	_, _, err = v.Authenticate(t.Context(), token)
	require.NoError(t, err)
	c.Set(noon.Add(time.Minute))
	_, _, err = v.Authenticate(t.Context(), token)
	require.ErrorIs(t, err, auth.ErrToken)
}

// forge signs claims with a key of its own.
func forge(t *testing.T, alg jose.SignatureAlgorithm, key any, c jwt.Claims, more map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	require.NoError(t, err)
	token, err := jwt.Signed(s).Claims(c).Claims(more).Serialize()
	require.NoError(t, err)
	return token
}

func TestBadTokensAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, v := demo(t, dir, clock.NewFake(noon))
	key := readKey(t, dir)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good := jwt.Claims{
		Issuer: d.Issuer(), Subject: "li", Audience: jwt.Audience{"fieldledger"}, Expiry: jwt.NewNumericDate(noon.Add(time.Hour)),
	}
	who := map[string]any{"person": person.String(), "roles": []string{"clerk"}, "sites": []string{"*"}}
	with := func(change func(*jwt.Claims)) jwt.Claims { c := good; change(&c); return c }
	control := forge(t, jose.ES256, key, good, who)
	_, _, err = v.Authenticate(t.Context(), control)
	require.NoError(t, err)
	parts := strings.Split(control, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	public := []byte("-----BEGIN PUBLIC KEY-----") // any bytes: no symmetric algorithm is taken
	for name, token := range map[string]string{
		"empty":          "",
		"no JWT":         "abc",
		"alg none":       none,
		"HS256":          forge(t, jose.HS256, append(public, make([]byte, 32)...), good, who),
		"another key":    forge(t, jose.ES256, other, good, who),
		"wrong issuer":   forge(t, jose.ES256, key, with(func(c *jwt.Claims) { c.Issuer = "https://evil.example" }), who),
		"wrong audience": forge(t, jose.ES256, key, with(func(c *jwt.Claims) { c.Audience = jwt.Audience{"other"} }), who),
		"expired":        forge(t, jose.ES256, key, with(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(noon.Add(-time.Second)) }), who),
		"no expiry":      forge(t, jose.ES256, key, with(func(c *jwt.Claims) { c.Expiry = nil }), who),
		"not yet":        forge(t, jose.ES256, key, with(func(c *jwt.Claims) { c.NotBefore = jwt.NewNumericDate(noon.Add(6 * time.Minute)) }), who),
		"no subject":     forge(t, jose.ES256, key, with(func(c *jwt.Claims) { c.Subject = "" }), who),
		"no person":      forge(t, jose.ES256, key, good, map[string]any{"roles": []string{"clerk"}}),
		"system":         forge(t, jose.ES256, key, good, map[string]any{"person": "system"}),
		"roles no list":  forge(t, jose.ES256, key, good, map[string]any{"person": person.String(), "roles": "admin"}),
		"changed claims": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin"}`)) + "." + parts[2],
	} {
		_, _, err := v.Authenticate(t.Context(), token)
		require.ErrorIs(t, err, auth.ErrToken, name)
	}
}

func readKey(t *testing.T, dir string) *ecdsa.PrivateKey {
	t.Helper()
	info, err := os.Stat(dir + "/demo-issuer.pem")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	return parseKey(t, dir+"/demo-issuer.pem")
}

func TestTheDemoKeyOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := clock.NewFake(noon)
	d, _ := demo(t, dir, c)
	token, err := d.Mint("li", person, []string{"clerk"}, []string{"*"}, time.Hour)
	require.NoError(t, err)
	_, again := demo(t, dir, c)
	_, _, err = again.Authenticate(t.Context(), token)
	require.NoError(t, err)
	_, elsewhere := demo(t, t.TempDir(), c)
	_, _, err = elsewhere.Authenticate(t.Context(), token)
	require.ErrorIs(t, err, auth.ErrToken)
}

func TestThereIsNoWayWithoutOneIssuer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config auth.Config
		says   string
	}{
		"none":               {auth.Config{}, "no issuer"},
		"both":               {auth.Config{Issuer: "https://127.0.0.1:1", Audience: "x", DemoDir: t.TempDir(), Listen: listen}, "beside a real one"},
		"demo on every side": {auth.Config{DemoDir: t.TempDir(), Listen: "0.0.0.0:8080"}, "loopback only"},
		"demo on :port":      {auth.Config{DemoDir: t.TempDir(), Listen: ":8080"}, "loopback only"},
		"demo on a LAN":      {auth.Config{DemoDir: t.TempDir(), Listen: "192.168.1.5:8080"}, "loopback only"},
		"plain http":         {auth.Config{Issuer: "http://id.example", Audience: "x"}, "not an https address"},
		"nobody there":       {auth.Config{Issuer: "https://127.0.0.1:1", Audience: "x"}, "discover issuer"},
	} {
		_, _, err := auth.Open(t.Context(), c.config, clock.NewFake(noon))
		require.ErrorContains(t, err, c.says, name)
	}
}

func TestTheDemoMintsKnownRolesForABoundedTime(t *testing.T) {
	t.Parallel()
	d, _ := demo(t, t.TempDir(), clock.NewFake(noon))
	for _, c := range []struct {
		roles []string
		ttl   time.Duration
	}{{[]string{"root"}, time.Hour}, {[]string{"staff"}, time.Hour}, {[]string{"clerk"}, 0}, {[]string{"clerk"}, 31 * 24 * time.Hour}} {
		_, err := d.Mint("li", person, c.roles, nil, c.ttl)
		require.Error(t, err)
	}
}

// A real issuer is one that is found by discovery; the demo's own handler serves as one.
func TestAnIssuerIsFoundByDiscoveryAndItsAbsenceIsNotTheCallersFault(t *testing.T) {
	t.Parallel()
	var next atomic.Pointer[http.Handler]
	down := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*next.Load()).ServeHTTP(w, r) }))
	defer srv.Close()
	c := clock.NewFake(noon)
	d, err := auth.OpenDemo(t.TempDir(), srv.Listener.Addr().String(), c)
	require.NoError(t, err)
	up := d.Handler()
	next.Store(&up)
	v, demo, err := auth.Open(t.Context(), auth.Config{Issuer: d.Issuer(), Audience: "fieldledger"}, c)
	require.NoError(t, err)
	require.Nil(t, demo)
	token, err := d.Mint("li", person, []string{"clerk"}, []string{"*"}, time.Hour)
	require.NoError(t, err)
	next.Store(&down)
	_, _, err = v.Authenticate(t.Context(), token)
	require.ErrorIs(t, err, commands.ErrUnavailable)
	next.Store(&up)
	a, _, err := v.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []string{"clerk"}, a.Roles)
}
