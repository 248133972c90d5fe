package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/role"
)

const (
	demoPath     = "/demo-issuer"
	demoKeyFile  = "demo-issuer.pem"
	demoAudience = "fieldledger"
	maxDemoTTL   = 30 * 24 * time.Hour
)

// DemoIssuer signs tokens for a demo on this machine. Safe for concurrent use.
type DemoIssuer struct {
	issuer string
	key    *ecdsa.PrivateKey
	id     string
	signer jose.Signer
	clock  commands.Clock
}

// OpenDemo returns the issuer of a demo whose API listens on listen
// ("127.0.0.1:8080"), with the key kept in dir, which is made on first use.
// It refuses a listen address that is not loopback.
func OpenDemo(dir, listen string, clock commands.Clock) (*DemoIssuer, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("demo listen address %q: %w", listen, err)
	}
	if !loopback(host) {
		return nil, fmt.Errorf("a demo issuer serves loopback only, not %q", host)
	}
	key, err := demoKey(filepath.Join(dir, demoKeyFile))
	if err != nil {
		return nil, err
	}
	d := &DemoIssuer{issuer: "http://" + listen + demoPath, key: key, clock: clock}
	thumb, err := d.public().Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("demo key: %w", err)
	}
	d.id = base64.RawURLEncoding.EncodeToString(thumb)
	d.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: d.id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("demo key: %w", err)
	}
	return d, nil
}

// loopback reports whether a host is this machine and nothing else.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// demoKey reads the key, or makes it. The file is the owner's alone.
func demoKey(path string) (*ecdsa.PrivateKey, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the path is ours
	if errors.Is(err, fs.ErrNotExist) {
		return newDemoKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read demo key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("demo key %s is no PEM file", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse demo key %s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("demo key %s is not for ES256", path)
	}
	return key, nil
}

// newDemoKey makes a key and keeps it. If another process was faster, its key counts.
func newDemoKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make demo key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make demo key: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), demoKeyFile+".*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write demo key: %w", err)
	}
	defer os.Remove(tmp.Name())
	err = errors.Join(pem.Encode(tmp, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), tmp.Sync(), tmp.Close())
	if err != nil {
		return nil, fmt.Errorf("write demo key: %w", err)
	}
	switch err := os.Link(tmp.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return demoKey(path)
	case err != nil:
		return nil, fmt.Errorf("write demo key: %w", err)
	}
	return key, nil
}

func (d *DemoIssuer) public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: &d.key.PublicKey, KeyID: d.id, Algorithm: string(jose.ES256), Use: "sig"}
}

// Issuer returns the issuer's address, as in the tokens.
func (d *DemoIssuer) Issuer() string { return d.issuer }

// Path is where Handler must be mounted.
func (d *DemoIssuer) Path() string { return demoPath }

// Verifier verifies this issuer's tokens without a network.
func (d *DemoIssuer) Verifier() (*Verifier, error) {
	return newVerifier(d.issuer, demoAudience, d.clock, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{&d.key.PublicKey}})
}

// Mint returns a token for a person with roles of ORG-01 at sites (AllSites for
// all), good for ttl, at most 30 days.
func (d *DemoIssuer) Mint(subject string, person uuid.UUID, roles, sites []string, ttl time.Duration) (string, error) {
	if ttl <= 0 || ttl > maxDemoTTL {
		return "", fmt.Errorf("a demo token is good for up to %s", maxDemoTTL)
	}
	if len(knownRoles(roles)) != len(roles) {
		return "", fmt.Errorf("roles %q: known are %q", roles, role.All())
	}
	now := d.clock.Now()
	token, err := jwt.Signed(d.signer).Claims(jwt.Claims{
		Issuer: d.issuer, Subject: subject, Audience: jwt.Audience{demoAudience}, ID: uuid.NewString(),
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(ttl)),
	}).Claims(claims{Person: person.String(), Roles: roles, Sites: sites}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}

// Handler serves the discovery document and the public key below Path.
func (d *DemoIssuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+demoPath+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{
			"issuer": d.issuer, "jwks_uri": d.issuer + "/keys", "authorization_endpoint": d.issuer + "/none",
			"token_endpoint": d.issuer + "/none", "response_types_supported": []string{"id_token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{oidc.ES256},
		})
	})
	mux.HandleFunc("GET "+demoPath+"/keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{*d.public()}})
	})
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
}
