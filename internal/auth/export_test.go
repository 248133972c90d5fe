package auth

import (
	"crypto"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/fieldledger/fieldledger/commands"
)

// VerifierOf verifies the tokens of an issuer whose one key is known.
func VerifierOf(issuer, audience string, clock commands.Clock, key crypto.PublicKey) (*Verifier, error) {
	return newVerifier(issuer, audience, clock, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key}})
}
