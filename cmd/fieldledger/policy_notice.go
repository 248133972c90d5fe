package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/messages"
	"github.com/fieldledger/fieldledger/internal/notice"
)

type policyNoticeCmd struct {
	policyOwner `embed:""`
	EverySite   bool   `help:"Add to the calendar for every site without its own, instead of a site's or a set's."`
	From        string `placeholder:"TIME" help:"RFC 3339 time from when on the calendar with the days is in force; now if empty."`
	Hours       string `placeholder:"HH:MM-HH:MM,…" help:"Hours of make-up workdays. Default: those of the week's first open day."`
	Lang        string `enum:"en,zh" default:"en" help:"Language of the texts."`
	File        string `arg:"" placeholder:"FILE" help:"The notice: CSV with the columns date,kind,name,source; kind is holiday or workday."`
}

// Run reads the notice, adds it to the calendar and shows the versions.
func (c policyNoticeCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	in, err := c.input()
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	return errors.Join(c.add(ctx, s, t, in), s.close())
}

// input reads everything that is given, before anything is started.
func (c policyNoticeCmd) input() (commands.ImportNotice, error) {
	var none commands.ImportNotice
	owners := 0
	for _, given := range []bool{c.Site != "", c.Set != "", c.EverySite} {
		if given {
			owners++
		}
	}
	if owners != 1 {
		return none, errors.New("--site, --set and --every-site: one of them")
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return none, fmt.Errorf("read notice: %w", err)
	}
	n, err := notice.Read(text)
	if err != nil {
		return none, fmt.Errorf("read %s:\n%w", c.File, err)
	}
	in := commands.ImportNotice{Site: c.Site, Set: c.Set, Year: n.Year, Source: n.Source, Days: n.Days}
	if c.From != "" {
		if in.EffectiveFrom, err = time.Parse(time.RFC3339, c.From); err != nil {
			return none, errors.New("--from: is a time like 2026-12-01T00:00:00+08:00")
		}
	}
	if in.Hours, err = parseHours(c.Hours); err != nil {
		return none, fmt.Errorf("--hours: %w", err)
	}
	return in, nil
}

// parseHours reads "08:00-12:00,13:00-17:00".
func parseHours(text string) ([]calendar.Hours, error) {
	if text == "" {
		return nil, nil
	}
	var out []calendar.Hours
	for span := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(span, "-")
		if !ok {
			return nil, fmt.Errorf("%q is not of the form 08:00-12:00", span)
		}
		out = append(out, calendar.Hours{strings.TrimSpace(from), strings.TrimSpace(to)})
	}
	_, err := calendar.Parse(calendar.Content{Zone: "UTC", Week: calendar.Week{Mon: out, Tue: out}})
	return out, err
}

func (c policyNoticeCmd) add(ctx context.Context, s *system, t *terminal, in commands.ImportNotice) error {
	res, err := s.app.Policies.ImportNotice(ctx, operator(uuid.NewString()), in)
	if err != nil {
		return fmt.Errorf("import notice: %w", told(err, c.Lang))
	}
	key := "notice.added"
	if !res.Changed {
		key = "notice.known" // TKT-02
	}
	t.printf("%s\n", messages.Text(c.Lang, key, map[string]any{"year": in.Year, "days": len(in.Days), "events": res.Events}))
	versions, err := s.policiesOf(ctx, c.policyOwner)
	if err != nil {
		return err
	}
	var own []policy.Recorded
	for _, v := range versions {
		if v.ID == res.ID {
			own = append(own, v)
		}
	}
	return t.policies(own, s.clock.Now(), c.Lang)
}
