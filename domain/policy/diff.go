package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two contents. The path is that of a JSON
// pointer, but that an entry of a list is named by what tells it from the
// others, if anything does: /targets[level=1,name=arrival,zone=town]/limit_s.
type Change struct {
	Path          string
	Before, After string // canonical JSON, "" where there is nothing
}

// Diff returns the differences between two contents, by path. The error says
// that one of them is not JSON.
func Diff(before, after json.RawMessage) ([]Change, error) {
	var d differ
	var values [2]any
	for i, raw := range []json.RawMessage{before, after} {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if err := dec.Decode(&values[i]); err != nil {
			return nil, fmt.Errorf("read content: %w", err)
		}
	}
	if err := d.compare("", values[0], values[1]); err != nil {
		return nil, err
	}
	slices.SortStableFunc(d.changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return d.changes, nil
}

type differ struct{ changes []Change }

// absent is a value that is not there.
type absent struct{}

func (d *differ) compare(path string, before, after any) error {
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			return d.members(b, a, func(name string) string { return path + "/" + pointerEscaper.Replace(name) })
		}
	case []any:
		if a, ok := after.([]any); ok {
			named := namedBy(b, a)
			return d.members(entries(b, named), entries(a, named), func(name string) string { return path + name })
		}
	}
	from, err := told(before)
	if err != nil {
		return err
	}
	to, err := told(after)
	if err == nil && from != to {
		d.changes = append(d.changes, Change{path, from, to})
	}
	return err
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// members compares two objects, or two lists by the names of their entries.
func (d *differ) members(before, after map[string]any, at func(name string) string) error {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for name := range all {
		b, a := any(absent{}), any(absent{})
		if v, ok := before[name]; ok {
			b = v
		}
		if v, ok := after[name]; ok {
			a = v
		}
		if err := d.compare(at(name), b, a); err != nil {
			return err
		}
	}
	return nil
}

// identities are the members that tell the entries of a list apart.
var identities = [][]string{{"level", "name", "zone"}, {"code"}, {"percent"}}

// namedBy returns which members name the entries of both lists, nil if none
// do: each entry has the first of them and no two entries have the same values.
func namedBy(lists ...[]any) []string {
	for _, members := range identities {
		if !slices.ContainsFunc(lists, func(list []any) bool { return !tellsApart(list, members) }) {
			return members
		}
	}
	return nil
}

func tellsApart(list []any, members []string) bool {
	seen := map[string]bool{}
	for _, entry := range list {
		o, ok := entry.(map[string]any)
		if _, has := o[members[0]]; !ok || !has {
			return false
		}
		name := nameOf(o, members)
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

func nameOf(entry map[string]any, members []string) string {
	var parts []string
	for _, m := range members {
		if v, ok := entry[m]; ok {
			parts = append(parts, fmt.Sprintf("%s=%v", m, v))
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// entries returns a list as an object: by name, else by place.
func entries(list []any, members []string) map[string]any {
	out := make(map[string]any, len(list))
	for i, entry := range list {
		name := "/" + strconv.Itoa(i)
		if members != nil {
			name = nameOf(entry.(map[string]any), members)
		}
		out[name] = entry
	}
	return out
}

// told returns a value in canonical JSON.
func told(v any) (string, error) {
	if _, nothing := v.(absent); nothing {
		return "", nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode value: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
