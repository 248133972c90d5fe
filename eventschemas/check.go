package eventschemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

// check holds a Go value against the part of its schema that its type does
// not guarantee already: enums, bounds, dates, years. It decides
// as full validation does (a property test compares them) at a tenth of the
// price. nil means that every value passes.
type check func(reflect.Value) error

// errNotCovered says that a schema uses a keyword that no check knows; its
// events are validated in full.
var errNotCovered = errors.New("schema keyword without a check")

// checks holds the check of each type, and none for those validated in full.
var checks = sync.OnceValues(func() (map[string]check, error) {
	compiled := make(map[string]check, len(eventTypes))
	for _, t := range eventTypes {
		c, err := compileCheck(t.name, t.goType)
		switch {
		case errors.Is(err, errNotCovered):
			continue
		case err != nil:
			return nil, err
		case c == nil:
			c = func(reflect.Value) error { return nil }
		}
		compiled[t.name] = c
	}
	return compiled, nil
})

// node is the part of a schema file that checks know.
type node struct {
	Dialect    string           `json:"$schema"`
	ID         string           `json:"$id"`
	Ref        string           `json:"$ref"`
	Type       string           `json:"type"`
	Enum       []string         `json:"enum"`
	Minimum    *int64           `json:"minimum"`
	Maximum    *int64           `json:"maximum"`
	Format     string           `json:"format"`
	Pattern    string           `json:"pattern"`
	Encoding   string           `json:"contentEncoding"`
	Items      *node            `json:"items"`
	Properties map[string]*node `json:"properties"`
	Required   []string         `json:"required"`
	Additional json.RawMessage  `json:"additionalProperties"`
	Defs       map[string]*node `json:"$defs"`
}

func compileCheck(typ string, t reflect.Type) (check, error) {
	raw, err := Schema(typ)
	if err != nil {
		return nil, fmt.Errorf("find the schema of %s: %w", typ, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var root node
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("schema %s: %w: %w", typ, errNotCovered, err)
	}
	return compiler{defs: root.Defs}.of(&root, t)
}

type compiler struct{ defs map[string]*node }

// of returns the check of a value of type t by the schema n.
func (c compiler) of(n *node, t reflect.Type) (check, error) {
	if n == nil {
		return nil, errNotCovered
	}
	if n.Ref != "" {
		return c.of(c.defs[strings.TrimPrefix(n.Ref, "#/$defs/")], t)
	}
	switch t {
	case reflect.TypeFor[domain.Instant]():
		return checkInstant, nil
	case reflect.TypeFor[domain.Day]():
		return checkDay, nil
	case reflect.TypeFor[json.RawMessage]():
		return nil, errNotCovered
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return present(c.of(n, t.Elem()))
	case n.Enum != nil:
		return checkEnum(n.Enum), nil
	case n.Minimum != nil && t.Kind() == reflect.Int:
		return checkBounds(n.Minimum, n.Maximum)
	case n.Items != nil:
		return each(c.of(n.Items, t.Elem()))
	case t.Kind() == reflect.Struct:
		return c.object(n, t)
	case t.Kind() == reflect.Map:
		return nil, errNotCovered
	}
	return nil, nil
}

// object checks the members that need it.
func (c compiler) object(n *node, t reflect.Type) (check, error) {
	type member struct {
		index    int
		name     string
		check    check
		optional bool
	}
	var members []member
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		member := member{index: i, name: name, optional: options != ""}
		var err error
		if member.check, err = c.of(n.Properties[name], t.Field(i).Type); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if member.check != nil {
			members = append(members, member)
		}
	}
	if members == nil {
		return nil, nil
	}
	return func(v reflect.Value) error {
		for _, m := range members {
			f := v.Field(m.index)
			if m.optional && leftOut(f) {
				continue
			}
			if err := m.check(f); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		return nil
	}, nil
}

// leftOut reports whether an optional member is not written: nothing, or a
// text that is empty.
func leftOut(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.String && v.Elem().IsZero()
}

func present(inner check, err error) (check, error) {
	if inner == nil {
		return nil, err
	}
	return func(v reflect.Value) error { return inner(v.Elem()) }, nil
}

func each(inner check, err error) (check, error) {
	if inner == nil {
		return nil, err
	}
	return func(v reflect.Value) error {
		for i := range v.Len() {
			if err := inner(v.Index(i)); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}, nil
}

func checkEnum(values []string) check {
	return func(v reflect.Value) error {
		if !slices.Contains(values, v.String()) {
			return fmt.Errorf("%.40q is none of %s", v.String(), strings.Join(values, ", "))
		}
		return nil
	}
}

func checkBounds(low, high *int64) (check, error) {
	if low == nil || high == nil {
		return nil, errNotCovered
	}
	return func(v reflect.Value) error {
		if v.Int() < *low || v.Int() > *high {
			return fmt.Errorf("%d is not within %d to %d", v.Int(), *low, *high)
		}
		return nil
	}, nil
}

// checkInstant refuses the years that four digits do not hold.
func checkInstant(v reflect.Value) error {
	if year := v.Addr().Interface().(*domain.Instant).UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("year %d has not four digits", year)
	}
	return nil
}

func checkDay(v reflect.Value) error {
	if _, err := time.Parse(time.DateOnly, v.String()); err != nil {
		return fmt.Errorf("%.40q is no date", v.String())
	}
	return nil
}

// integersOnly refuses a fraction or exponent in JSON text that is
// syntactically right already.
func integersOnly(raw []byte) error {
	inString := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case !inString && (c == '.' || c == 'E' || c == 'e' && i > 0 && raw[i-1] >= '0' && raw[i-1] <= '9'):
			return errors.New("a number is not a whole one")
		}
	}
	return nil
}
