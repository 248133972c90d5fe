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

	"go.yaml.in/yaml/v3"

	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// ParseMapping reads and checks a mapping file. The error is a *MappingError
// with every fault.
func ParseMapping(file []byte) (*Mapping, error) {
	root, err := document(file)
	if err != nil {
		return nil, err
	}
	r := &mappingReader{m: &Mapping{Delimiter: ',', Quote: '"', Missing: map[string]bool{"": true}}}
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
	m     *Mapping
	short *shortPolicy
	long  []longPolicy
}

// The formats, and the words of the mapping that are no values.
const (
	formatCSV = "csv"
	formatXES = "xes"
	unchanged = "unchanged"
)

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
		"policies":      optional(r.policies),
		"carry":         optional(r.carry),
		"older_rows": optional(r.check(func(v string) error {
			r.m.KeepOlder = v == "keep"
			return oneOf("refuse", "keep")(v)
		})),
	})
	r.csvOnly()
	r.allPolicies(n)
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
		"type":      required(r.check(func(v string) error { r.m.Format = v; return oneOf(formatCSV, formatXES)(v) })),
		"delimiter": optional(r.character(&r.m.Delimiter, ",", ";", "|", "\t")),
		"quote":     optional(r.character(&r.m.Quote, `"`, "'")),
	})
	if r.m.Format == formatXES && len(n.Content) > 2 {
		r.fault(positionOf(n), path, "delimiter and quote are for csv only")
	}
}

// character reads one of some characters.
func (r *mappingReader) character(into *byte, allowed ...string) func(*yaml.Node, string) {
	return r.check(func(v string) error {
		err := oneOf(allowed...)(v)
		if err == nil {
			*into = v[0]
		}
		return err
	})
}

// carry reads which values a row may keep from the row before.
func (r *mappingReader) carry(n *yaml.Node, path string) {
	into := map[string]*bool{"level": &r.m.Carry.Level, "team": &r.m.Carry.Team, "technician": &r.m.Carry.Technician}
	r.items(n, path, r.check(func(v string) error {
		if keep, ok := into[v]; ok {
			*keep = true
		}
		return oneOf("level", "team", "technician")(v)
	}))
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
		"row_key": required(r.columnList(&c.RowKey)),
		"status": required(func(n *yaml.Node, path string) {
			if n.Kind == yaml.SequenceNode {
				r.columnList(&c.Status)(n, path)
				return
			}
			c.Status = make([]Column, 1)
			r.column(&c.Status[0])(n, path)
		}),
	}
	for _, named := range c.named() {
		fields[named.key] = field{r.column(named.column), named.required}
	}
	r.object(n, path, fields)
}

// columnList reads several columns that count together.
func (r *mappingReader) columnList(into *[]Column) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.items(n, path, func(n *yaml.Node, path string) {
			var part Column
			r.column(&part)(n, path)
			*into = append(*into, part)
		})
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			r.fault(positionOf(n), path, "must name at least one column")
		}
	}
}

// csvOnly refuses column names that only XES has.
func (r *mappingReader) csvOnly() {
	if r.m.Format != formatCSV {
		return
	}
	for _, part := range r.m.Columns.RowKey {
		if part.Name == eventNumber {
			r.fault(part.position, "columns.row_key", "%q is for xes only; name columns that tell the rows of a ticket apart", eventNumber)
		}
	}
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
		{"source_reassignments", &c.SourceReassigned, false},
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
				if t.Unchanged = v == unchanged; t.Unchanged {
					return nil
				}
				t.Status = ticket.Status(v)
				return oneOf(append(words(ticket.StatusRegistered, ticket.StatusAccepted, ticket.StatusAssigned, ticket.StatusPaused,
					ticket.StatusOnSite, ticket.StatusResolved, ticket.StatusSignedOff, ticket.StatusClosed), unchanged)...)(v) // TKT-06
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
