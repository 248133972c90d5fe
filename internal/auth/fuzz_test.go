package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/role"
	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
)

// issuerOf is a demo issuer in a folder of the test's own.
func issuerOf(f *testing.F) (*auth.DemoIssuer, *auth.Verifier, string) {
	f.Helper()
	dir := f.TempDir()
	v, d, err := auth.Open(f.Context(), auth.Config{DemoDir: dir, Listen: listen}, clock.NewFake(noon))
	require.NoError(f, err)
	return d, v, dir
}

// No bytes but a token that the issuer made let anybody in, and every refusal
// is the one that answers 401.
func FuzzToken(f *testing.F) {
	d, v, _ := issuerOf(f)
	made, err := d.Mint("li", person, []string{"clerk"}, []string{"hq"}, time.Hour)
	require.NoError(f, err)
	parts := strings.Split(made, ".")
	for _, s := range []string{made, parts[0] + ".." + parts[2], "eyJhbGciOiJub25lIn0." + parts[1] + ".", made + "=", "a.b.c", "{}", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, _, err := v.Authenticate(t.Context(), token); err != nil {
			require.ErrorIs(t, err, auth.ErrToken)
			return
		}
		signed := token[:strings.LastIndex(token, ".")]
		require.Equal(t, parts[0]+"."+parts[1], signed)
	})
}

// Whatever claims a real issuer signs, the token is refused or speaks for a
// person, with roles that exist.
func FuzzClaims(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(f, err)
	v, err := auth.VerifierOf("https://issuer.example", "fieldledger", clock.NewFake(noon), &key.PublicKey)
	require.NoError(f, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	require.NoError(f, err)
	f.Add("li", int64(3600), []byte(`{"person":"6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a","roles":["clerk","king"],"sites":["*"]}`))
	f.Add("", int64(-1), []byte(`{"person":"system","roles":"clerk","sites":{}}`))
	f.Add("li", int64(1<<62), []byte(`{"person":null,"exp":1e300}`))
	f.Fuzz(func(t *testing.T, subject string, left int64, raw []byte) {
		more := map[string]any{}
		if json.Unmarshal(raw, &more) != nil {
			return
		}
		token, err := jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: "https://issuer.example", Subject: subject, Audience: jwt.Audience{"fieldledger"},
			Expiry: jwt.NewNumericDate(noon.Add(time.Duration(left%(1<<32)) * time.Second)),
		}).Claims(more).Serialize()
		if err != nil {
			return
		}
		a, _, err := v.Authenticate(t.Context(), token)
		if err != nil {
			require.ErrorIs(t, err, auth.ErrToken)
			return
		}
		id, err := uuid.Parse(a.Person)
		require.NoError(t, err)
		require.NotEqual(t, uuid.Nil, id)
		require.NotEmpty(t, a.Subject)
		require.Subset(t, role.All(), a.Roles)
	})
}
