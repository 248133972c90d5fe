package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/clock"
)

type tokenCmd struct {
	Role   []string      `default:"manager" help:"Roles of the token."`
	Site   []string      `default:"*" help:"Sites of the token; * for all."`
	Person uuid.UUID     `help:"Person id; one is made from the subject if empty."`
	For    string        `default:"demo" help:"Subject of the token."`
	TTL    time.Duration `default:"8h" help:"How long it is good for."`
	Listen string        `default:"127.0.0.1:8080" help:"Address that the demo's API listens on."`
}

// Run prints a token of the demo issuer, good for an API started by demo on the same folder.
func (c tokenCmd) Run(cfg *Config, t *terminal) error {
	cfg = demoConfig(cfg)
	if err := os.MkdirAll(demoIssuerDir(cfg), 0o700); err != nil {
		return fmt.Errorf("make issuer's folder: %w", err)
	}
	issuer, err := auth.OpenDemo(demoIssuerDir(cfg), c.Listen, clock.System{})
	if err != nil {
		return fmt.Errorf("open demo issuer: %w", err)
	}
	person := c.Person
	if person == uuid.Nil {
		person = uuid.NewSHA1(uuid.NameSpaceOID, []byte(c.For))
	}
	token, err := issuer.Mint(c.For, person, c.Role, c.Site, c.TTL)
	if err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	t.printf("%s\n", token)
	return nil
}

func demoIssuerDir(cfg *Config) string { return filepath.Join(cfg.DataDir, "demo-issuer") }
