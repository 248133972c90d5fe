package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/messages"
)

// policyCmd groups what people do with policies at the machine itself.
type policyCmd struct {
	Load   policyLoadCmd   `cmd:"" help:"Record a version of a policy from a file. One that takes effect in the past is listed first and has to be confirmed."`
	Show   policyShowCmd   `cmd:"" help:"List the versions of policies: whose they are, from when on they are in force, who wrote and who approved them."`
	Diff   policyDiffCmd   `cmd:"" help:"Compare two versions of a policy, or a version and a file. Exit code 0 equal, 1 different, 2 trouble."`
	Notice policyNoticeCmd `cmd:"" help:"Add the days of the yearly notice of holidays to a working calendar."`
}

// policyOwner names whose policies are meant.
type policyOwner struct {
	Site string `placeholder:"CODE" help:"Code of the site."`
	Set  string `placeholder:"NAME" help:"Name of the policy set, instead of a site."`
}

type policyLoadCmd struct {
	File string `arg:"" placeholder:"FILE" help:"YAML or JSON: site or set, kind, effective_from, reason, approver, content."`
	Yes  bool   `help:"Record it without asking, whatever it would change."`
	Most int    `default:"20" help:"Cases to print."`
	Lang string `enum:"en,zh" default:"en" help:"Language of the texts."`
}

// policyFile is what a file says; the member names are those of the API.
type policyFile struct {
	Site          string          `json:"site"` // "" with no set: for every site without its own (POL-06)
	Set           string          `json:"set"`
	Kind          policy.Kind     `json:"kind"`
	EffectiveFrom time.Time       `json:"effective_from"`
	Reason        string          `json:"reason"`
	Approver      string          `json:"approver"`
	Content       json.RawMessage `json:"content"`
}

func readPolicy(file string) (policyFile, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return policyFile{}, fmt.Errorf("read policy: %w", err)
	}
	return parsePolicy(file, text)
}

// parsePolicy reads the text of a policy file; file is named in errors.
func parsePolicy(file string, text []byte) (policyFile, error) {
	var p policyFile
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return p, fmt.Errorf("read %s: %w", file, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("read %s: %w", file, err)
	}
	if len(p.Content) == 0 {
		return p, fmt.Errorf("read %s: it has no content", file)
	}
	return p, nil
}

// Run lists what the version would change, asks, and records it (POL-04).
func (c policyLoadCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	p, err := readPolicy(c.File) // before anything is started
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		return s.loadPolicy(ctx, t, c, p)
	})
	return errors.Join(err, s.close())
}

func (p policyFile) command() commands.RecordPolicy {
	return commands.RecordPolicy{
		Site: p.Site, Set: p.Set, Kind: p.Kind, EffectiveFrom: p.EffectiveFrom, Reason: p.Reason, Approver: p.Approver, Content: p.Content,
	}
}

func (s *system) loadPolicy(ctx context.Context, t *terminal, c policyLoadCmd, p policyFile) error {
	text := func(key string, args map[string]any) string { return messages.Text(c.Lang, key, args) }
	in, r := p.command(), operator("")
	d, err := s.app.Policies.Draft(ctx, r, in)
	if err != nil {
		return told(err, c.Lang)
	}
	list, err := s.wouldChange(ctx, d, max(1, c.Most))
	if err != nil {
		return told(err, c.Lang)
	}
	t.wouldChange(d, list, text)
	switch {
	case !d.Changed:
		return nil
	case list.Differing > 0 && !c.Yes && !t.confirmed(text("preview.ask", nil)):
		return fmt.Errorf("policy load: %s: %w", text("preview.unconfirmed", nil), errRed)
	}
	shown := api.Confirmation(d, list)
	if list.Differing > 0 {
		in.Confirmation = shown
	}
	v := d.Version
	r.Key = fmt.Sprintf("policy %s/%s %s %d %s %s %s %s", v.Site, v.Set, v.Kind, v.Version, v.Hash, v.EffectiveFrom.UTC().Format(time.RFC3339Nano), v.Reason, in.Confirmation)
	_, err = s.app.Policies.RecordConfirmed(ctx, r, in, func(ctx context.Context, d commands.Draft) error {
		now, err := s.wouldChange(ctx, d, 1)
		if err == nil && api.Confirmation(d, now) != shown {
			err = fmt.Errorf("policy load: %s: %w", text("policy.late_changed", map[string]any{"count": now.Differing}), errRed)
		}
		return err
	})
	if err != nil {
		return told(err, c.Lang)
	}
	t.printf("%s\n", text("preview.recorded", map[string]any{"version": d.Version.Version}))
	return s.settle(ctx)
}

// wouldChange lists what a draft would change (POL-04).
func (s *system) wouldChange(ctx context.Context, d commands.Draft, most int) (api.Comparison, error) {
	q, err := api.PreviewQuery(ctx, s.app.Policies, s.side, d)
	if err != nil {
		return api.Comparison{}, err
	}
	list, _, err := s.side.Compare(ctx, api.AsOf{}, q, api.Page{Limit: most})
	return list, err
}

// wouldChange prints the list of what a draft would change.
func (t *terminal) wouldChange(d commands.Draft, c api.Comparison, text func(string, map[string]any) string) {
	v := d.Version
	site := cmp.Or(v.Site, v.Set, "*")
	t.printf("%s\n", text("preview.version", map[string]any{
		"version": v.Version, "kind": string(v.Kind), "site": site, "from": v.EffectiveFrom.UTC().Format(clockLayout),
	}))
	switch {
	case !d.Changed:
		t.printf("%s\n", text("preview.same", nil))
		return
	case v.Approval != "":
		t.printf("%s\n", text("preview.waits", map[string]any{"approval": string(v.Approval)}))
		return
	case !d.Late:
		t.printf("%s\n", text("preview.later", nil))
		return
	}
	t.printf("%s\n", text("preview.count", map[string]any{"count": c.Differing}))
	if c.Differing == 0 {
		return
	}
	var rows [][]string
	for _, f := range c.Targets {
		if f.Differing > 0 {
			rows = append(rows, []string{string(f.Target), number(f.Differing), shareOf(f.Before), shareOf(f.After)})
		}
	}
	t.table([]string{text("preview.target", nil), text("preview.differing", nil), text("preview.met_without", nil), text("preview.met_with", nil)}, rows)
	rows = nil
	for _, k := range c.Cases {
		of := k.Either()
		rows = append(rows, []string{k.Number, string(of.Target), number(of.Cycle), partOf(k.Record), partOf(k.Before), partOf(k.After)})
	}
	headers := []string{text("preview.ticket", nil), text("preview.target", nil), text("preview.cycle", nil), text("preview.as_judged", nil), text("preview.without", nil), text("preview.with", nil)}
	t.table(headers, rows)
	if more := c.Differing - int64(len(c.Cases)); more > 0 {
		t.printf("%s\n", text("preview.more", map[string]any{"count": more}))
	}
}

// shareOf is the share of the clocks of a target that are met.
func shareOf(n api.PartCounts) string {
	var total int64
	for _, part := range ticket.Parts() {
		total += n[part]
	}
	return percent(n[ticket.PartMet], total)
}

// partOf tells what a clock counts for and when it is due.
func partOf(c *ticket.Case) string {
	if c == nil {
		return "-"
	}
	if c.Judged.DueAt == nil {
		return string(c.Part)
	}
	return strings.Join([]string{string(c.Part), c.Judged.DueAt.UTC().Format(clockLayout)}, ", ")
}
