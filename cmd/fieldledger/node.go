package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

type nodeCmd struct {
	Data          string `placeholder:"DIR" help:"Folder of the events. Default: the data folder's events."`
	Listen        string `default:"127.0.0.1:2113" help:"Address of the node."`
	AdminPassword string `env:"FIELDLEDGER_NODE_ADMIN_PASSWORD" help:"Password of user admin; made at start if empty."`
	Certificate   string `placeholder:"FILE" help:"Write the certificate that clients must trust here (PEM)."`
	Insecure      bool   `help:"No TLS and no credentials; on loopback only."`
	AdoptHead     bool   `help:"Accept a log that does not match its sidecar as it stands, once. Read docs/node.md first."`
}

// Run serves the node until it is told to stop.
func (c nodeCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	dir := c.Data
	if dir == "" {
		dir = eventsDir(cfg)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	n, err := eventnode.Open(ctx, eventnode.Options{
		Clock: clock.System{}, Dir: dir, Listen: c.Listen, AdminPassword: c.AdminPassword, Insecure: c.Insecure,
		AdoptHead: c.AdoptHead, Log: cfg.logger(t),
	})
	if err != nil {
		return fmt.Errorf("open event node: %w", err)
	}
	t.printf("node listens on %s\n", n.Addr())
	if c.AdminPassword == "" { // the caller could not know it otherwise
		t.printf("connect with %s\n", n.ConnectionString())
	}
	if c.Certificate != "" && !c.Insecure {
		if err := os.WriteFile(c.Certificate, n.CertificatePEM(), 0o600); err != nil {
			return errors.Join(fmt.Errorf("write certificate: %w", err), n.Close(ctx))
		}
	}
	select {
	case <-ctx.Done():
	case <-n.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(n.Err(), n.Close(stop))
}
