package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

type rebuildCmd struct {
	Projection []string `help:"Only these projections; all if none."`
	NoCutOver  bool     `help:"Leave the new generation beside the live one."`
	RollBack   bool     `help:"Go back to the generation before instead."`
}

// Run builds every read model anew beside the live ones, compares and cuts over.
func (c rebuildCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		if c.RollBack {
			return s.rollBack(ctx, t, c.Projection)
		}
		return s.rebuild(ctx, t, c)
	})
	return errors.Join(err, s.close())
}

// rebuild compares every read model with one built anew; errRed if any differs.
func (s *system) rebuild(ctx context.Context, t *terminal, c rebuildCmd) error {
	if err := s.dropRetired(ctx, c.Projection); err != nil {
		return err
	}
	p := t.progress("rebuild")
	reports, err := s.manager.Rebuild(ctx, readmodel.RebuildOptions{
		Pages: s.reader, Projections: c.Projection, Progress: p.update,
	})
	p.end()
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	red := false
	for _, r := range reports {
		t.printf("%s: generation %d, %d events, %.1f s, %.0f events/s, as of %d\n  live    %s\n  rebuilt %s  %s\n",
			r.Projection, r.Generation, r.Events, r.Seconds, float64(r.Events)/max(r.Seconds, 0.001), r.Number,
			r.LiveDigest, r.RebuiltDigest, verdict(r.Equal))
		red = red || !r.Equal
	}
	if red {
		return fmt.Errorf("rebuild: a digest differs: %w", errRed)
	}
	if c.NoCutOver {
		return nil
	}
	for _, r := range reports {
		if err := s.manager.CutOver(ctx, s.reader, r.Projection, r.Generation); err != nil {
			return fmt.Errorf("cut over %s: %w", r.Projection, err)
		}
	}
	return nil
}

// dropRetired makes room: only the generation before the present one can be
// gone back to, and from now on that is the one that serves.
func (s *system) dropRetired(ctx context.Context, projections []string) error {
	for _, name := range s.projections(projections) {
		if _, err := s.manager.DropRetired(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// projections are the named ones, all if none is named.
func (s *system) projections(names []string) []string {
	if len(names) > 0 {
		return names
	}
	for _, st := range s.manager.Status() {
		names = append(names, st.Projection)
	}
	return names
}

func (s *system) rollBack(ctx context.Context, t *terminal, projections []string) error {
	for _, name := range s.projections(projections) {
		if err := s.manager.RollBack(ctx, s.reader, name); err != nil {
			return fmt.Errorf("roll back %s: %w", name, err)
		}
		t.printf("%s: serves from %s again\n", name, s.manager.Schema(name))
	}
	return nil
}

func verdict(equal bool) string {
	if equal {
		return "equal"
	}
	return "DIFFERENT"
}
