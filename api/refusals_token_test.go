package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/auth"
)

// forge signs claims with a key; options change the header.
func (p *place) forge(alg jose.SignatureAlgorithm, key any, claims map[string]any, options *jose.SignerOptions) string {
	p.f.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	require.NoError(p.f.t, err)
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(p.f.t, err)
	return token
}

// issuerKey is the key that good tokens are signed with.
func (p *place) issuerKey() *ecdsa.PrivateKey {
	p.f.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.f.issuerAt, "demo-issuer.pem"))
	require.NoError(p.f.t, err)
	block, _ := pem.Decode(b)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(p.f.t, err)
	return key.(*ecdsa.PrivateKey)
}

// tokens are tokens of every wrong kind, and good ones of people who may not.
func (p *place) tokens() map[string]refusal {
	f := p.f
	expired, err := f.issuer.Mint("lin", lin, []string{"clerk"}, []string{"*"}, time.Second)
	require.NoError(f.t, err)
	f.clock.Advance(time.Second)
	other, err := auth.OpenDemo(f.t.TempDir(), "127.0.0.1:8080", f.clock)
	require.NoError(f.t, err)
	stranger, err := other.Mint("lin", lin, []string{"clerk"}, []string{"*"}, time.Hour)
	require.NoError(f.t, err)
	part := strings.Split(p.clerk, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + part[1] + "."
	out := map[string]refusal{
		"no token":               {path: "/v1/tickets", body: newTicket, token: "-", status: 401, key: "problem.no_token"},
		"an expired token":       {path: "/v1/tickets", body: newTicket, token: expired, status: 401, key: "problem.bad_token"},
		"a forged token":         {path: "/v1/tickets", body: newTicket, token: stranger, status: 401, key: "problem.bad_token"},
		"algorithm none":         {path: "/v1/tickets", body: newTicket, token: none, status: 401, key: "problem.bad_token"},
		"a token in the query":   {path: "/v1/tickets?access_token=" + p.clerk, body: newTicket, token: "-", status: 401, key: "problem.no_token"},
		"a wrong role":           {path: "/v1/tickets", body: newTicket, token: p.technician, status: 403, key: "problem.forbidden"},
		"no role":                {path: "/v1/tickets", body: newTicket, token: p.f.token(), status: 403, key: "problem.forbidden"},
		"a wrong site":           {path: "/v1/tickets", body: newTicket, token: p.f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"another's ticket":       {path: p.accept, body: `{}`, header: map[string]string{"If-Match": p.tag}, token: p.f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"another's stale ticket": {path: p.accept, body: `{}`, header: map[string]string{"If-Match": `"99"`}, token: p.f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"one's own stale ticket": {path: p.accept, body: `{}`, header: map[string]string{"If-Match": `"99"`}, token: p.f.tokenAt([]string{"hq"}, "clerk"), status: 412, key: "problem.stale"},
		"policy for all sites":   {path: "/v1/policies", body: `{"kind":"sla","effective_from":"2026-01-01T00:00:00Z","reason":"x","content":{}}`, token: p.f.tokenAt([]string{"hq"}, "manager"), status: 404, key: "problem.not_found"},
	}
	wrong := func(name, token string) {
		key := "problem.bad_token"
		if token == "" || len(token) > 8192 {
			key = "problem.no_token"
		}
		out[name] = refusal{path: tickets, body: newTicket, token: "-", header: map[string]string{"Authorization": "Bearer " + token}, status: 401, key: key}
	}
	key := p.issuerKey()
	now := f.clock.Now()
	good := map[string]any{
		"iss": f.issuer.Issuer(), "sub": "lin", "aud": []string{"fieldledger"}, "person": lin.String(), "roles": []string{"clerk"}, "sites": []string{"*"},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	r := f.do(call{method: "GET", path: "/v1/head", token: p.forge(jose.ES256, key, good, nil)})
	require.Equal(f.t, 200, r.status, "the forger can make good ones: %s", r.body)
	for name, change := range map[string]map[string]any{
		"another audience": {"aud": []string{"payroll"}}, "no audience": {"aud": nil}, "another issuer": {"iss": "https://id.example"}, "no issuer": {"iss": nil},
		"no expiry": {"exp": nil}, "expired by its claim": {"exp": now.Add(-time.Second).Unix()}, "expiry as a text": {"exp": "tomorrow"}, "not good yet": {"nbf": now.Add(time.Hour).Unix()},
		"no subject": {"sub": nil}, "an empty subject": {"sub": ""}, "no person": {"person": nil}, "a person who is no id": {"person": "system"},
		"the zero person": {"person": "00000000-0000-0000-0000-000000000000"}, "roles as a text": {"roles": "clerk"}, "sites as a text": {"sites": "*"}, "sites as numbers": {"sites": []int{1}},
	} {
		claims := maps.Clone(good)
		maps.Copy(claims, change)
		for k, v := range claims {
			if v == nil {
				delete(claims, k)
			}
		}
		wrong(name, p.forge(jose.ES256, key, claims, nil))
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(f.t, err)
	wrong("an HMAC by the public key", p.forge(jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), good, nil))
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(f.t, err)
	wrong("RSA of its own", p.forge(jose.RS256, own, good, nil))
	wrong("PS256", p.forge(jose.PS256, own, good, nil))
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(f.t, err)
	wrong("another curve", p.forge(jose.ES384, curve, good, nil))
	mine, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(f.t, err)
	wrong("a key in its own header", p.forge(jose.ES256, mine, good, &jose.SignerOptions{EmbedJWK: true}))
	wrong("a key by address", p.forge(jose.ES256, mine, good, (&jose.SignerOptions{}).WithHeader("jku", "https://id.example/keys")))
	wrong("an unknown critical header", p.forge(jose.ES256, key, good, (&jose.SignerOptions{}).WithCritical("x").WithHeader("x", 1)))
	wrong("nothing", "")
	wrong("a word", "token")
	wrong("two parts", part[0]+"."+part[1])
	wrong("four parts", p.clerk+".x")
	wrong("five parts, as if encrypted", p.clerk+".x.y")
	wrong("no signature", part[0]+"."+part[1]+".")
	wrong("a cut signature", p.clerk[:len(p.clerk)-4])
	wrong("another's signature", part[0]+"."+part[1]+"."+strings.Split(p.technician, ".")[2])
	wrong("other claims", part[0]+"."+strings.Split(p.technician, ".")[1]+"."+part[2])
	wrong("claims that are no JSON", part[0]+"."+base64.RawURLEncoding.EncodeToString([]byte("{"))+"."+part[2])
	wrong("padding", p.clerk+"==")
	wrong("something behind it", p.clerk+" x")
	wrong("longer than any", p.clerk+strings.Repeat("A", 8192))
	for name, v := range map[string]string{
		"another scheme": "Basic " + p.clerk, "no scheme": p.clerk, "only the scheme": "Bearer", "a parameter": "Bearer token=" + p.clerk, "two in one": "Bearer " + p.clerk + ", Bearer " + p.clerk,
	} {
		k := "problem.no_token"
		if strings.Contains(name, "parameter") || strings.Contains(name, "two") {
			k = "problem.bad_token"
		}
		out[name] = refusal{path: tickets, body: newTicket, token: "-", header: map[string]string{"Authorization": v}, status: 401, key: k}
	}
	out["twice"] = refusal{path: tickets, body: newTicket, more: map[string]string{"Authorization": "Bearer " + p.clerk}, status: 401, key: "problem.no_token"}
	out["in a cookie"] = refusal{path: tickets, body: newTicket, token: "-", header: map[string]string{"Cookie": "token=" + p.clerk}, status: 401, key: "problem.no_token"}
	out["no site"] = refusal{path: tickets, body: newTicket, token: f.tokenAt([]string{}, "clerk"), status: 404, key: "problem.not_found"}
	out["a role that is none of ours"] = refusal{path: tickets, body: newTicket, token: p.forge(jose.ES256, key, claiming(good, "roles", []string{"root", "staff"}), nil), status: 403, key: "problem.forbidden"}
	out["a customer link beside a clerk"] = refusal{path: tickets, body: newTicket, token: f.token("clerk", "customer_link"), status: 403, key: "problem.forbidden"}
	out["feed for a customer link"] = refusal{method: "GET", path: "/v1/changes", token: f.token("customer_link"), status: 403, key: "problem.forbidden"}
	out["feed without a token"] = refusal{method: "GET", path: "/v1/changes", token: "-", status: 401, key: "problem.no_token"}
	return out
}

// claiming is claims with another value of one.
func claiming(claims map[string]any, name string, value any) map[string]any {
	out := maps.Clone(claims)
	out[name] = value
	return out
}
