package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain/policy"
)

type policyDiffCmd struct {
	policyOwner `embed:""`
	Kind        string `enum:",sla,calendar,codes" default:"" help:"Kind of the policy; of a file it is told there."`
	Before      string `arg:"" placeholder:"VERSION|FILE" help:"Number of a version, or a file as of policy load."`
	After       string `arg:"" placeholder:"VERSION|FILE" help:"What it is compared with."`
}

// errDiffers and troubleError give the exit codes of diff.
var errDiffers = errors.New("the contents differ")

type troubleError struct{ error }

// Unwrap returns the trouble itself.
func (e troubleError) Unwrap() error { return e.error }

// Run compares; errDiffers if there is a difference, else a troubleError.
func (c policyDiffCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	changes, err := c.compare(ctx, cfg, t)
	switch {
	case err != nil:
		return troubleError{err}
	case len(changes) == 0:
		return nil
	}
	t.printf("--- %s\n+++ %s\n", c.Before, c.After)
	for _, d := range changes {
		switch {
		case d.Before == "":
			t.printf("+ %s: %s\n", d.Path, d.After)
		case d.After == "":
			t.printf("- %s: %s\n", d.Path, d.Before)
		default:
			t.printf("~ %s: %s -> %s\n", d.Path, d.Before, d.After)
		}
	}
	return errDiffers
}

// compared is one of the two that are compared.
type compared struct {
	number  int // of a version; 0 for a file
	file    policyFile
	content json.RawMessage
}

func (c policyDiffCmd) compare(ctx context.Context, cfg *Config, t *terminal) ([]policy.Change, error) {
	sides := make([]compared, 2)
	kind, owner := policy.Kind(c.Kind), c.policyOwner
	for i, name := range []string{c.Before, c.After} {
		if n, err := strconv.Atoi(name); err == nil {
			sides[i].number = n
			continue
		}
		file, err := readPolicy(name)
		if err != nil {
			return nil, err
		}
		sides[i].file = file
		if kind == "" {
			kind = file.Kind
		}
		if owner == (policyOwner{}) {
			owner = policyOwner{file.Site, file.Set}
		}
	}
	if kind == "" {
		return nil, errors.New("--kind: say of which kind the versions are")
	}
	if err := c.fill(ctx, cfg, t, sides, kind, owner); err != nil {
		return nil, err
	}
	for i, name := range []string{c.Before, c.After} {
		canonical, _, err := policy.Canonical(kind, sides[i].content)
		if err != nil {
			return nil, fmt.Errorf("read %s as %s: %w", name, kind, err)
		}
		sides[i].content = canonical
	}
	return policy.Diff(sides[0].content, sides[1].content)
}

// fill gets the contents. The installation is opened only for a version.
func (c policyDiffCmd) fill(ctx context.Context, cfg *Config, t *terminal, sides []compared, kind policy.Kind, owner policyOwner) error {
	for i := range sides {
		sides[i].content = sides[i].file.Content
	}
	if !slices.ContainsFunc(sides, func(s compared) bool { return s.number > 0 }) {
		return nil
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	versions, err := s.policiesOf(ctx, owner)
	for i := range sides {
		if err != nil || sides[i].number == 0 {
			continue
		}
		at := slices.IndexFunc(versions, func(r policy.Recorded) bool {
			v := r.Version
			return v.Kind == kind && v.Site == owner.Site && v.Set == owner.Set && v.Version == sides[i].number
		})
		if at < 0 {
			err = fmt.Errorf("there is no version %d of that policy", sides[i].number)
			continue
		}
		sides[i].content = versions[at].Version.Content
	}
	return errors.Join(err, s.close())
}
