package importlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// ParseMapping reads and checks a mapping file. The error is a *MappingError
// with every fault.
func ParseMapping(file []byte) (*Mapping, error) {
	root, err := document(file)
	if err != nil {
		return nil, err
	}
	r := &mappingReader{m: &Mapping{Delimiter: ',', Missing: map[string]bool{"": true}}}
	r.mapping(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	return r.m, nil
}

var syntaxLine = regexp.MustCompile(`line (\d+)`)

func document(file []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(file))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return nil, &MappingError{[]MappingFault{{Line: 1, Column: 1, Text: "the file is empty"}}}
	case err == nil:
		err = dec.Decode(&second)
	}
	switch {
	case errors.Is(err, io.EOF):
		return doc.Content[0], nil
	case err == nil:
		return nil, &MappingError{[]MappingFault{{Line: second.Line, Column: second.Column, Text: "a second document"}}}
	}
	line := 1
	if at := syntaxLine.FindStringSubmatch(err.Error()); at != nil {
		line, _ = strconv.Atoi(at[1]) // digits only
	}
	return nil, &MappingError{[]MappingFault{{Line: line, Text: err.Error()}}}
}

type mappingReader struct {
	nodes
	m *Mapping
}

func (r *mappingReader) mapping(n *yaml.Node) {
	m := r.m
	r.object(n, "", map[string]field{
		"version":       required(r.check(oneOf("1"))),
		"source":        required(r.text(&m.Source)),
		"site":          required(r.site),
		"format":        required(r.format),
		"missing":       optional(r.missing),
		"columns":       required(r.columns),
		"times":         required(r.times),
		"statuses":      required(r.statuses),
		"levels":        optional(table(&r.nodes, &m.Levels, parseLevel)),
		"default_level": required(r.level(&m.DefaultLevel)),
		"channels":      optional(table(&r.nodes, &m.Channels, parseChannel)),
		"default_kind":  required(r.text(&m.DefaultKind)),
		"verdicts":      optional(table(&r.nodes, &m.Verdicts, strictBool)),
		"policy":        optional(r.policy),
	})
}

func (r *mappingReader) site(n *yaml.Node, path string) {
	s := &r.m.Site
	r.object(n, path, map[string]field{
		"code": required(r.check(func(v string) error { s.Code = v; return siteCode(v) })),
		"name": required(r.text(&s.Name)),
		"zone": required(r.check(func(v string) error { s.Zone = v; return zone(v) })),
	})
}

func (r *mappingReader) format(n *yaml.Node, path string) {
	r.object(n, path, map[string]field{
		"type": required(r.check(oneOf("csv"))),
		"delimiter": optional(r.check(func(v string) error {
			if err := oneOf(",", ";", "|", "\t")(v); err != nil {
				return err
			}
			r.m.Delimiter = v[0]
			return nil
		})),
	})
}

func (r *mappingReader) missing(n *yaml.Node, path string) {
	r.items(n, path, func(n *yaml.Node, path string) {
		if v, ok := r.scalar(n, path); ok {
			r.m.Missing[strings.TrimSpace(v)] = true
		}
	})
}

func (r *mappingReader) columns(n *yaml.Node, path string) {
	c := &r.m.Columns
	fields := map[string]field{
		"row_key": required(func(n *yaml.Node, path string) {
			r.items(n, path, func(n *yaml.Node, path string) {
				var part Column
				r.column(&part)(n, path)
				c.RowKey = append(c.RowKey, part)
			})
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.fault(positionOf(n), path, "must name at least one column")
			}
		}),
	}
	for _, named := range c.named() {
		fields[named.key] = field{r.column(named.column), named.required}
	}
	r.object(n, path, fields)
}

func (r *mappingReader) column(into *Column) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.text(&into.Name)(n, path)
		into.Name, into.position = strings.TrimSpace(into.Name), positionOf(n)
	}
}

type namedColumn struct {
	key      string
	column   *Column
	required bool
}

// named lists the single columns with their keys in the mapping file.
func (c *Columns) named() []namedColumn {
	return []namedColumn{
		{"ticket", &c.Ticket, true},
		{"row_time", &c.RowTime, true},
		{"status", &c.Status, true},
		{"opened_time", &c.OpenedTime, false},
		{"created_time", &c.CreatedTime, false},
		{"level", &c.Level, false},
		{"team", &c.Team, false},
		{"technician", &c.Technician, false},
		{"customer", &c.Customer, false},
		{"kind", &c.Kind, false},
		{"problem", &c.Problem, false},
		{"channel", &c.Channel, false},
		{"source_resolved_time", &c.SourceResolvedTime, false},
		{"source_sla_met", &c.SourceSLAMet, false},
		{"source_reassignments", &c.SourceReassignments, false},
	}
}

func (r *mappingReader) times(n *yaml.Node, path string) {
	var at position
	local := ""
	r.object(n, path, map[string]field{
		"layouts": required(func(n *yaml.Node, path string) {
			at = positionOf(n)
			r.items(n, path, r.check(func(v string) error {
				if !hasOffset(v) && local == "" {
					local = v
				}
				r.m.Times.layouts = append(r.m.Times.layouts, v)
				return checkLayout(v)
			}))
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.fault(positionOf(n), path, "must hold at least one layout")
			}
		}),
		"zone": optional(r.check(r.m.Times.setZone)),
	})
	if local != "" && r.m.Times.zoneName == "" {
		r.fault(at, path, "layout %q has no offset, so zone must be given", local)
	}
}

func (r *mappingReader) statuses(n *yaml.Node, path string) {
	r.m.Statuses = map[string]Transition{}
	r.each(n, path, func(key, value *yaml.Node, path string) {
		var t Transition
		r.object(value, path, map[string]field{
			"status": required(r.check(func(v string) error {
				t.Status = ticket.Status(v)
				return oneOf(words(ticket.StatusRegistered, ticket.StatusAccepted, ticket.StatusAssigned, ticket.StatusPaused,
					ticket.StatusOnSite, ticket.StatusResolved, ticket.StatusSignedOff, ticket.StatusClosed)...)(v) // TKT-06
			})),
			"pause": optional(r.check(func(v string) error {
				t.Pause = ticket.PauseReason(v)
				return oneOf(words(ticket.WaitingCustomer, ticket.WaitingParts, ticket.WaitingThirdParty, ticket.ForceMajeure)...)(v) // TKT-13
			})),
		})
		if (t.Status == ticket.StatusPaused) != (t.Pause != "") {
			r.fault(positionOf(value), path, "pause must be given for status paused, and for no other")
		}
		r.m.Statuses[key.Value] = t
	})
}

func (r *mappingReader) level(into *ticket.Level) func(*yaml.Node, string) {
	return r.check(func(v string) (err error) {
		*into, err = parseLevel(v)
		return err
	})
}

func (r *mappingReader) policy(n *yaml.Node, path string) {
	p := &Policy{}
	r.m.Policy = p
	r.object(n, path, map[string]field{
		"effective_from": required(r.check(func(v string) error {
			p.EffectiveFrom = domain.Day(v)
			if _, err := time.Parse(time.DateOnly, v); err != nil {
				return fmt.Errorf("%q is not a date like 2016-01-31", v)
			}
			return nil
		})),
		"reason":   required(r.text(&p.Reason)),
		"calendar": required(r.calendar),
		"targets": required(func(n *yaml.Node, path string) {
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
	r.m.Policy.Calendar = calendar.Content{Zone: r.m.Site.Zone, Week: content.Week, Days: content.Days}
	checked := r.m.Policy.Calendar
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
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the list itself is wanted
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
		"name":  required(r.check(func(v string) error { t.Name = v; return oneOf("first_contact", "resolution")(v) })), // SLA-01
		"clock": required(r.check(func(v string) error { t.Clock = v; return oneOf("working", "wall")(v) })),            // SLA-12
		"limit": required(r.check(func(v string) (err error) { t.LimitS, err = parseLimit(v); return err })),
	})
	t.Level = int(level)
	for _, other := range r.m.Policy.Targets {
		if other.Level == t.Level && other.Name == t.Name {
			r.fault(positionOf(n), path, "a second target %s of level %d", t.Name, t.Level)
		}
	}
	r.m.Policy.Targets = append(r.m.Policy.Targets, t)
}

const longestLimit = 366 * 24 * time.Hour

func parseLimit(v string) (int64, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Second || d > longestLimit || d%time.Second != 0 {
		return 0, fmt.Errorf("%q is not a time of whole seconds like 4h or 15m, at most 366 days", v)
	}
	return int64(d / time.Second), nil
}

func parseLevel(v string) (ticket.Level, error) { // TKT-04
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 4 {
		return 0, fmt.Errorf("%q is not a level from 1 to 4", v)
	}
	return ticket.Level(n), nil
}

func parseChannel(v string) (ticket.Channel, error) { // TKT-01
	return ticket.Channel(v), oneOf(words(ticket.Phone, ticket.Letter, ticket.InPerson, ticket.Email, ticket.Web, ticket.Other)...)(v)
}

func strictBool(v string) (bool, error) { return v == "true", oneOf("true", "false")(v) }

var siteCodes = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

func siteCode(v string) error {
	if !siteCodes.MatchString(v) {
		return fmt.Errorf("%q is not a site code: 1 to 40 letters, digits, '-', '_' and '.'", v)
	}
	return nil
}

func zone(v string) error {
	_, err := calendar.LoadZone(v)
	return err
}

func oneOf(values ...string) func(string) error {
	return func(v string) error {
		if !slices.Contains(values, v) {
			return fmt.Errorf("%q is not one of %s", v, strings.Join(values, ", "))
		}
		return nil
	}
}

func words[S ~string](values ...S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
