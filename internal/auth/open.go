package auth

import (
	"context"
	"errors"

	"github.com/fieldledger/fieldledger/commands"
)

// Config says whose tokens are taken: a real issuer's, or those of a demo.
type Config struct {
	Issuer   string // https address of a real issuer
	Audience string // of a real issuer's tokens
	DemoDir  string // where the key of a demo issuer lies; "" for no demo
	Listen   string // address of the API, must be loopback for a demo
}

// Open returns the verifier, and the issuer if it is a demo. Exactly one of
// the two ways must be configured: there is none without authentication, and
// no demo issuer beside a real one.
func Open(ctx context.Context, c Config, clock commands.Clock) (*Verifier, *DemoIssuer, error) {
	switch {
	case c.Issuer == "" && c.DemoDir == "":
		return nil, nil, errors.New("no issuer of tokens is configured")
	case c.Issuer != "" && c.DemoDir != "":
		return nil, nil, errors.New("a demo issuer cannot stand beside a real one")
	case c.Issuer != "":
		v, err := Discover(ctx, c.Issuer, c.Audience, clock)
		return v, nil, err
	}
	d, err := OpenDemo(c.DemoDir, c.Listen, clock)
	if err != nil {
		return nil, nil, err
	}
	v, err := d.Verifier()
	return v, d, err
}
