package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

type verifyCmd struct {
	Projection []string `help:"Only these projections; all if none."`
}

// Run recomputes the digests from the tables and names what differs.
func (c verifyCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	return errors.Join(s.verify(ctx, t, c.Projection), s.close())
}

// verify prints a line a projection and one a difference; errRed if there is any.
func (s *system) verify(ctx context.Context, t *terminal, projections []string) error {
	all, err := s.manager.Verify(ctx, readmodel.VerifyOptions{Pages: s.reader, Projections: projections})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	red := false
	for _, v := range all {
		t.printf("%s: generation %d, as of %d, %d versions, facts and log rows: %s\n", v.Projection, v.Generation, v.Number, v.Elements, verdict(v.Equal))
		for _, d := range v.Differences {
			t.printf("  %s %s %s\n", d.Table, d.Key, d.What)
		}
		red = red || !v.Equal
	}
	if red {
		return fmt.Errorf("verify: a read model is not what its projector wrote: %w", errRed)
	}
	return nil
}
