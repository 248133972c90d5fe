// Package auth says who a caller is and what they may do.
//
// Who: tokens of one OpenID Connect issuer are verified with coreos/go-oidc
// (issuer, audience and algorithms are pinned) and remembered until they
// expire. In demo mode, on loopback only and never beside a real issuer, a
// small issuer of our own signs them; the verifier is the same. There is no
// way to switch this off.
//
// What: policies.cedar, denying by default; an action is an operation id of
// api/openapi.yaml, a resource a site. Roles are those of ORG-01. The name of
// the deciding policy goes into the envelope of every event (AUD-01).
//
// This package never logs a token.
package auth
