package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// AllSites as a site in a token means every site.
const AllSites = "*"

const (
	cacheSize    = 10_000 // verified tokens
	fetchTimeout = 5 * time.Second
	maxSites     = 500
)

// ErrToken says that a token is no good. Why is for the log, not for the caller.
var ErrToken = errors.New("token refused")

// algorithms that a token may be signed with; none of them is symmetric.
func algorithms() []string { return []string{oidc.ES256, oidc.RS256} }

// Verifier verifies tokens of one issuer. Safe for concurrent use.
type Verifier struct {
	oidc  *oidc.IDTokenVerifier
	clock commands.Clock
	cache *lru.Cache[[sha256.Size]byte, verified]
}

// verified is what a good token said, until it expires.
type verified struct {
	actor   eventschemas.Actor
	sites   []string
	expires time.Time
}

// Discover returns a verifier for a real issuer, whose configuration and keys
// it fetches. The issuer must be https, or on loopback.
func Discover(ctx context.Context, issuer, audience string, clock commands.Clock) (*Verifier, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("issuer %q is not an https address", issuer)
	}
	ctx = oidc.ClientContext(ctx, &http.Client{
		Timeout:   fetchTimeout,
		Transport: throttled{http.DefaultTransport, rate.NewLimiter(1, 5)},
	})
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, fmt.Errorf("discover issuer %s: %w", issuer, err)
	}
	var meta struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&meta); err != nil {
		return nil, fmt.Errorf("discover issuer %s: %w", issuer, err)
	}
	return newVerifier(issuer, audience, clock, oidc.NewRemoteKeySet(context.WithoutCancel(ctx), meta.Keys))
}

// keySet remembers why keys could not be fetched: the library's error does not
// tell that from a bad signature.
type keySet struct{ oidc.KeySet }

type fetchKey struct{}

// VerifySignature verifies, and leaves a fetch error in the context.
func (k keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	b, err := k.KeySet.VerifySignature(ctx, token)
	if err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		if failed, ok := ctx.Value(fetchKey{}).(*error); ok {
			*failed = err
		}
	}
	return b, err
}

func newVerifier(issuer, audience string, clock commands.Clock, keys oidc.KeySet) (*Verifier, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("issuer and audience are needed")
	}
	cache, err := lru.New[[sha256.Size]byte, verified](cacheSize)
	if err != nil {
		return nil, err
	}
	v := oidc.NewVerifier(issuer, keySet{keys}, &oidc.Config{ClientID: audience, SupportedSigningAlgs: algorithms(), Now: clock.Now})
	return &Verifier{oidc: v, clock: clock, cache: cache}, nil
}

// Authenticate returns who a token speaks for and the sites they may act in,
// nil for all. ErrToken if it is no good, commands.ErrUnavailable if the
// issuer's keys cannot be had.
func (v *Verifier) Authenticate(ctx context.Context, token string) (eventschemas.Actor, []string, error) {
	key := sha256.Sum256([]byte(token))
	if known, ok := v.cache.Get(key); ok && v.clock.Now().Before(known.expires) {
		return known.actor, known.sites, nil
	}
	v.cache.Remove(key)
	seen, err := v.verify(ctx, token)
	if err != nil {
		return eventschemas.Actor{}, nil, err
	}
	v.cache.Add(key, seen)
	return seen.actor, seen.sites, nil
}

// claims are the parts of a token that we read.
type claims struct {
	Person string   `json:"person"`
	Roles  []string `json:"roles"`
	Sites  []string `json:"sites"`
}

func (v *Verifier) verify(ctx context.Context, token string) (verified, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var failed error
	t, err := v.oidc.Verify(context.WithValue(ctx, fetchKey{}, &failed), token)
	switch {
	case failed != nil:
		return verified{}, fmt.Errorf("%w: keys of the issuer: %w", commands.ErrUnavailable, failed)
	case err != nil:
		return verified{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	var c claims
	if err := t.Claims(&c); err != nil {
		return verified{}, fmt.Errorf("%w: claims: %w", ErrToken, err)
	}
	return v.accept(t, c)
}

func (v *Verifier) accept(t *oidc.IDToken, c claims) (verified, error) {
	person, err := uuid.Parse(c.Person)
	switch {
	case t.Subject == "":
		return verified{}, fmt.Errorf("%w: no subject", ErrToken)
	case err != nil || person == uuid.Nil: // so that nobody is "system"
		return verified{}, fmt.Errorf("%w: person is no id", ErrToken)
	case !v.clock.Now().Before(t.Expiry):
		return verified{}, fmt.Errorf("%w: expired", ErrToken)
	case len(c.Sites) > maxSites:
		return verified{}, fmt.Errorf("%w: more than %d sites", ErrToken, maxSites)
	}
	return verified{
		actor: eventschemas.Actor{
			Person: person.String(), Issuer: t.Issuer, Subject: t.Subject, Roles: knownRoles(c.Roles),
		},
		sites:   sitesOf(c.Sites),
		expires: t.Expiry,
	}, nil
}

// sitesOf returns nil for all sites, and an empty list for none: a token
// without the claim sees nothing.
func sitesOf(claimed []string) []string {
	if slices.Contains(claimed, AllSites) {
		return nil
	}
	return append([]string{}, claimed...)
}

// throttled keeps forged key ids from making us ask the issuer again and again.
type throttled struct {
	next  http.RoundTripper
	limit *rate.Limiter
}

// RoundTrip refuses what comes too fast.
func (t throttled) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.limit.Wait(r.Context()); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(r)
}
