package importlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// PolicyVersion is a version that an import records for a site without
// versions of its own of that kind (POL-06).
type PolicyVersion struct {
	Kind          policy.Kind
	EffectiveFrom time.Time
	Reason        string
	content       json.RawMessage // of an SLA: its calendar is filled in when it is recorded
}

// Content returns the content by which a version is recorded; calendar is the
// id of the site's calendar, which an SLA goes by.
func (v PolicyVersion) Content(calendarID uuid.UUID) (json.RawMessage, error) {
	if v.Kind != policy.KindSLA {
		return v.content, nil
	}
	var s policy.SLA
	if err := strictly(v.content, &s); err != nil {
		return nil, fmt.Errorf("read policy %s: %w", v.Kind, err)
	}
	s.Calendar = calendarID
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode policy %s: %w", v.Kind, err)
	}
	return raw, nil
}

func strictly(raw json.RawMessage, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

// shortPolicy is the short form: one calendar and its targets from one day on.
type shortPolicy struct {
	from     string
	reason   string
	calendar calendar.Content // its zone is the site's
	targets  []policy.SLATarget
	node     *yaml.Node // of the targets
}

// versions turns the short form into versions; the rest of the mapping has
// been read.
func (p shortPolicy) versions(siteZone string) ([]PolicyVersion, error) {
	from, err := startOfEffect(p.from, siteZone)
	if err != nil {
		return nil, err
	}
	p.calendar.Zone = siteZone
	var out []PolicyVersion
	for _, c := range []struct {
		kind    policy.Kind
		content any
	}{{policy.KindCalendar, p.calendar}, {policy.KindSLA, policy.SLA{Targets: p.targets}}} {
		raw, err := json.Marshal(c.content)
		if err != nil {
			return nil, fmt.Errorf("encode policy %s: %w", c.kind, err)
		}
		out = append(out, PolicyVersion{Kind: c.kind, EffectiveFrom: from, Reason: p.reason, content: raw})
	}
	return out, nil
}

// startOfEffect reads an instant, or a day, which starts at its midnight in the site's zone.
func startOfEffect(text, siteZone string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	loc, err := calendar.LoadZone(siteZone)
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.ParseInLocation(time.DateOnly, text, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("start of effect: %w", err)
	}
	return at.UTC(), nil
}

// allPolicies builds the versions once everything else is read.
func (r *mappingReader) allPolicies(root *yaml.Node) {
	if r.short != nil && r.long != nil {
		r.fault(positionOf(root), "policies", "policy and policies: only one of them may be given")
	}
	if len(r.faults) > 0 {
		return
	}
	zoneName := r.m.Site.Zone
	if r.short != nil {
		versions, err := r.short.versions(zoneName)
		if err != nil {
			r.fault(positionOf(root), "policy", "%s", err)
		}
		r.m.Policies = versions
		for _, v := range versions {
			if err := r.holds(v); v.Kind == policy.KindSLA && err != nil {
				r.invalid(err, r.short.node, "/content/targets", "policy.targets")
			}
		}
	}
	for _, p := range r.long {
		r.m.Policies = append(r.m.Policies, p.version(r, zoneName))
	}
}

// longPolicy is one version with its whole content, as an export writes it.
type longPolicy struct {
	PolicyVersion
	from string
	node *yaml.Node // the content
	path string
}

func (r *mappingReader) policies(n *yaml.Node, path string) {
	r.items(n, path, func(n *yaml.Node, path string) {
		p := longPolicy{path: join(path, "content")}
		r.object(n, path, map[string]field{
			"kind": required(r.check(func(v string) error {
				p.Kind = policy.Kind(v)
				return oneOf(words(policy.KindCalendar, policy.KindSLA)...)(v)
			})),
			"effective_from": required(r.check(func(v string) error { p.from = v; return dayOrInstant(v) })),
			"reason":         required(r.text(&p.Reason)),
			"content":        required(func(n *yaml.Node, _ string) { p.node = n }),
		})
		r.long = append(r.long, p)
	})
}

// version checks the content of a version by its kind.
func (p longPolicy) version(r *mappingReader, siteZone string) PolicyVersion {
	v := p.PolicyVersion
	fail := func(err error) PolicyVersion {
		r.invalid(err, p.node, "/content", p.path)
		return v
	}
	var err error
	if v.EffectiveFrom, err = startOfEffect(p.from, siteZone); err != nil {
		return fail(err)
	}
	plain, err := plainOf(p.node)
	if err != nil {
		return fail(err)
	}
	if members, ok := plain.(map[string]any); ok && v.Kind == policy.KindSLA {
		if _, given := members["calendar"]; given {
			return fail(errors.New("calendar must not be given: it is the site's"))
		}
		members["calendar"] = uuid.Nil
	}
	if v.content, err = json.Marshal(plain); err != nil {
		return fail(err)
	}
	if err := r.holds(v); err != nil {
		return fail(err)
	}
	return v
}

// holds reports what the domain finds wrong with a version.
func (r *mappingReader) holds(v PolicyVersion) error {
	content, err := v.Content(uuid.NameSpaceOID) // any id: only the form is checked
	if err != nil {
		return err
	}
	_, err = policy.Decide(policy.State{}, recordOf(v, r.m.Site.Code, content))
	return err
}

// invalid names the faults in err where they stand; n is what the pointer root names.
func (r *mappingReader) invalid(err error, n *yaml.Node, root, path string) {
	faults := invalids(err)
	for _, fault := range faults {
		r.fault(positionOf(find(n, strings.TrimPrefix(fault.Pointer, root))), path, "%s", fault.Key)
	}
	if len(faults) == 0 {
		r.fault(positionOf(n), path, "%s", err)
	}
}

// recordOf is the command that records a version.
func recordOf(v PolicyVersion, site string, content json.RawMessage) policy.RecordVersion {
	return policy.RecordVersion{
		Kind: v.Kind, Name: string(v.Kind), Site: site, EffectiveFrom: domain.At(v.EffectiveFrom),
		Author: "import", Reason: v.Reason, Content: content,
	}
}

// plainOf turns YAML into what JSON can say. Whatever is no whole number,
// true, false or null is text.
func plainOf(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if _, twice := out[key.Value]; twice || key.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: key %q is given twice or is no text", key.Line, key.Value)
			}
			value, err := plainOf(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			out[key.Value] = value
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			value, err := plainOf(item)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	case yaml.ScalarNode:
		return plainScalar(n), nil
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return nil, fmt.Errorf("line %d: aliases are not followed", n.Line)
}

func plainScalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	case "!!bool":
		if b, err := strconv.ParseBool(n.Value); err == nil {
			return b
		}
	case "!!null":
		return nil
	}
	return n.Value
}

func dayOrInstant(v string) error {
	_, dayErr := time.Parse(time.DateOnly, v)
	_, instantErr := time.Parse(time.RFC3339, v)
	if dayErr != nil && instantErr != nil {
		return fmt.Errorf("%q is not a date like 2016-01-31, nor a time like 2016-01-31T00:00:00Z", v)
	}
	return nil
}

func (r *mappingReader) policy(n *yaml.Node, path string) {
	p := &shortPolicy{}
	r.short = p
	r.object(n, path, map[string]field{
		"effective_from": required(r.check(func(v string) error { p.from = v; return dayOrInstant(v) })),
		"reason":         required(r.text(&p.reason)),
		"calendar":       required(r.calendar),
		"targets": required(func(n *yaml.Node, path string) {
			p.node = n
			r.items(n, path, r.target)
		}),
	})
}

func (r *mappingReader) calendar(n *yaml.Node, path string) {
	var content struct {
		Week calendar.Week                   `yaml:"week"`
		Days map[domain.Day][]calendar.Hours `yaml:"days"`
	}
	before := len(r.faults)
	week := map[string]field{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		week[day] = optional(r.hours)
	}
	r.object(n, path, map[string]field{
		"week": required(func(n *yaml.Node, path string) { r.object(n, path, week) }),
		"days": optional(func(n *yaml.Node, path string) {
			r.each(n, path, func(_, value *yaml.Node, path string) { r.hours(value, path) })
		}),
	})
	if len(r.faults) > before {
		return
	}
	if err := n.Decode(&content); err != nil {
		r.fault(positionOf(n), path, "%s", err)
		return
	}
	r.short.calendar = calendar.Content{Week: content.Week, Days: content.Days}
	checked := r.short.calendar
	checked.Zone = "UTC" // the site's zone is checked where it stands
	_, err := calendar.Parse(checked)
	for _, fault := range invalids(err) {
		r.fault(positionOf(find(n, fault.Pointer)), path, "%s", fault.Key)
	}
}

// hours checks the form of a day's hours: a list of pairs.
func (r *mappingReader) hours(n *yaml.Node, path string) {
	r.items(n, path, func(pair *yaml.Node, path string) {
		if len(pair.Content) != 2 {
			r.fault(positionOf(pair), path, `must be a pair like ["08:00", "18:00"]`)
			return
		}
		r.items(pair, path, func(n *yaml.Node, path string) { r.scalar(n, path) })
	})
}

// invalids lists the faults that err joins.
func invalids(err error) []*domain.InvalidError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*domain.InvalidError
		for _, e := range joined.Unwrap() {
			all = append(all, invalids(e)...)
		}
		return all
	}
	if fault, ok := errors.AsType[*domain.InvalidError](err); ok {
		return []*domain.InvalidError{fault}
	}
	return nil
}

func (r *mappingReader) target(n *yaml.Node, path string) {
	var t policy.SLATarget
	var level ticket.Level
	r.object(n, path, map[string]field{
		"level": required(r.level(&level)),
		"name":  required(r.text(&t.Name)),                                                                   // SLA-01: the domain knows which there are
		"clock": required(r.check(func(v string) error { t.Clock = v; return oneOf("working", "wall")(v) })), // SLA-12
		"limit": required(r.check(func(v string) (err error) { t.LimitS, err = parseLimit(v); return err })),
	})
	t.Level = int(level)
	for _, other := range r.short.targets {
		if other.Level == t.Level && other.Name == t.Name {
			r.fault(positionOf(n), path, "a second target %s of level %d", t.Name, t.Level)
		}
	}
	r.short.targets = append(r.short.targets, t)
}

const longestLimit = 366 * 24 * time.Hour

func parseLimit(v string) (int64, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Second || d > longestLimit || d%time.Second != 0 {
		return 0, fmt.Errorf("%q is not a time of whole seconds like 4h or 15m, at most 366 days", v)
	}
	return int64(d / time.Second), nil
}
