package importlog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

type position struct{ line, column int }

func positionOf(n *yaml.Node) position { return position{n.Line, n.Column} }

// nodes reads a YAML tree strictly and collects every fault.
type nodes struct{ faults []MappingFault }

// field reads the value of one key.
type field struct {
	read     func(n *yaml.Node, path string)
	required bool
}

func required(read func(n *yaml.Node, path string)) field { return field{read, true} }
func optional(read func(n *yaml.Node, path string)) field { return field{read, false} }

func (r *nodes) fault(p position, path, format string, args ...any) {
	r.faults = append(r.faults, MappingFault{p.line, p.column, path, fmt.Sprintf(format, args...)})
}

// err returns the faults in file order, nil for none.
func (r *nodes) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b MappingFault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &MappingError{r.faults}
}

// object reads a mapping with the given fields and no others.
func (r *nodes) object(n *yaml.Node, path string, fields map[string]field) {
	seen := map[string]bool{}
	r.each(n, path, func(key, value *yaml.Node, at string) {
		f, ok := fields[key.Value]
		if !ok {
			r.fault(positionOf(key), at, "unknown key; known here: %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			return
		}
		seen[key.Value] = true
		f.read(value, at)
	})
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name].required && !seen[name] && n.Kind == yaml.MappingNode {
			r.fault(positionOf(n), join(path, name), "missing")
		}
	}
}

// each calls do for every pair of a mapping; a key that comes twice is a fault.
func (r *nodes) each(n *yaml.Node, path string, do func(key, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		r.fault(positionOf(n), path, "must be a mapping of keys to values")
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			r.fault(positionOf(key), path, "a key must be plain text")
		case seen[key.Value]:
			r.fault(positionOf(key), at, "given twice")
		default:
			seen[key.Value] = true
			do(key, value, at)
		}
	}
}

// items calls do for every member of a list.
func (r *nodes) items(n *yaml.Node, path string, do func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.fault(positionOf(n), path, "must be a list")
		return
	}
	for i, item := range n.Content {
		do(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

// scalar returns the text of a plain value; aliases are not followed.
func (r *nodes) scalar(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fault(positionOf(n), path, "must be a single value")
		return "", false
	}
	return n.Value, true
}

// text reads a value that must not be empty.
func (r *nodes) text(into *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if ok && strings.TrimSpace(s) == "" {
			r.fault(positionOf(n), path, "must not be empty")
		}
		*into = s
	}
}

// check reads a value and hands it to parse, whose error is the fault.
func (r *nodes) check(parse func(s string) error) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		if err := parse(s); err != nil {
			r.fault(positionOf(n), path, "%s", err)
		}
	}
}

// table reads a mapping from the source's words to ours.
func table[V any](r *nodes, into *map[string]V, parse func(s string) (V, error)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*into = map[string]V{}
		r.each(n, path, func(key, value *yaml.Node, at string) {
			r.check(func(s string) error {
				v, err := parse(s)
				(*into)[key.Value] = v
				return err
			})(value, at)
		})
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// find returns the node that a JSON pointer names below n, or the last one on the way.
func find(n *yaml.Node, pointer string) *yaml.Node {
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next := child(n, strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func child(n *yaml.Node, part string) *yaml.Node {
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode && part == strconv.Itoa(i):
			return c
		case n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == part:
			return c
		}
	}
	return nil
}
