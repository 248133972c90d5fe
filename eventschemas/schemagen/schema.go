package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// schema is the part of JSON Schema 2020-12 that events need. Member order is file order.
type schema struct {
	Dialect    string   `json:"$schema,omitempty"`
	ID         string   `json:"$id,omitempty"`
	Ref        string   `json:"$ref,omitempty"`
	Type       string   `json:"type,omitempty"`
	Enum       []string `json:"enum,omitempty"`
	Minimum    *int64   `json:"minimum,omitempty"`
	Maximum    *int64   `json:"maximum,omitempty"`
	Format     string   `json:"format,omitempty"`
	Pattern    string   `json:"pattern,omitempty"`
	Encoding   string   `json:"contentEncoding,omitempty"`
	Items      *schema  `json:"items,omitempty"`
	MinItems   int      `json:"minItems,omitempty"`
	MaxItems   int      `json:"maxItems,omitempty"`
	OneOf      []schema `json:"oneOf,omitempty"`
	Properties *members `json:"properties,omitempty"`
	Required   []string `json:"required,omitempty"`
	Names      *schema  `json:"propertyNames,omitempty"`
	// Additional is false on every struct, and the value's schema on a map.
	Additional any      `json:"additionalProperties,omitempty"`
	Defs       *members `json:"$defs,omitempty"`
}

// members is an object whose members keep their order.
type members []member

type member struct {
	name   string
	schema *schema
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(e.schema)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", e.name, v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// instantPattern is the one form of domain.Instant.
const instantPattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`

// leaf returns the schema of types whose form is their own, nil for the others.
func leaf(t reflect.Type) *schema {
	switch t {
	case reflect.TypeFor[domain.Instant]():
		return &schema{Type: "string", Format: "date-time", Pattern: instantPattern}
	case reflect.TypeFor[domain.Day]():
		return &schema{Type: "string", Format: "date"}
	case reflect.TypeFor[uuid.UUID]():
		return &schema{Type: "string", Format: "uuid"}
	case reflect.TypeFor[json.RawMessage]():
		return &schema{Type: "object"}
	case reflect.TypeFor[[]byte]():
		return &schema{Type: "string", Encoding: "base64"}
	case reflect.TypeFor[ticket.Level](): // TKT-04
		return &schema{Type: "integer", Minimum: new(int64(1)), Maximum: new(int64(4))}
	}
	return nil
}

// generator makes one file.
type generator struct {
	enums enums
	defs  members
	seen  map[reflect.Type]string // name in $defs
}

// schemaOf returns the schema file of the struct t under the name typ.
func schemaOf(typ string, t reflect.Type, e enums) ([]byte, error) {
	g := &generator{enums: e, seen: make(map[reflect.Type]string)}
	s, err := g.object(t)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", typ, err)
	}
	s.Dialect = "https://json-schema.org/draft/2020-12/schema"
	s.ID = typ + ".json"
	if len(g.defs) > 0 {
		s.Defs = &g.defs
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", typ, err)
	}
	return b.Bytes(), nil
}

// of returns the schema of a field's type.
func (g *generator) of(t reflect.Type) (*schema, error) {
	if s := leaf(t); s != nil {
		return s, nil
	}
	switch t.Kind() {
	case reflect.Pointer: // absent when nil; object asks for omitempty
		return g.of(t.Elem())
	case reflect.String:
		return &schema{Type: "string", Enum: g.enums[t.PkgPath()+"."+t.Name()]}, nil
	case reflect.Bool:
		return &schema{Type: "boolean"}, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return &schema{Type: "integer"}, nil
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return &schema{Type: "integer", Minimum: new(int64(0))}, nil
	case reflect.Slice:
		items, err := g.of(t.Elem())
		return &schema{Type: "array", Items: items}, err
	case reflect.Array:
		items, err := g.of(t.Elem())
		return &schema{Type: "array", Items: items, MinItems: t.Len(), MaxItems: t.Len()}, err
	case reflect.Map:
		return g.mapping(t)
	case reflect.Struct:
		return g.ref(t)
	default: // floats above all: numbers are integers
		return nil, fmt.Errorf("%v has no wire form", t)
	}
}

func (g *generator) mapping(t reflect.Type) (*schema, error) {
	names, err := g.of(t.Key())
	if err != nil {
		return nil, err
	}
	values, err := g.of(t.Elem())
	return &schema{Type: "object", Names: names, Additional: values}, err
}

// ref puts a named struct into $defs once.
func (g *generator) ref(t reflect.Type) (*schema, error) {
	name, ok := g.seen[t]
	if !ok {
		name = path.Base(t.PkgPath()) + "." + t.Name()
		g.seen[t] = name
		s, err := g.object(t)
		if err != nil {
			return nil, err
		}
		g.defs = append(g.defs, member{name, s})
	}
	return &schema{Ref: "#/$defs/" + name}, nil
}

// object returns the closed object of a struct. A field is required unless
// it says omitempty, which only pointers, strings, raw objects, plain lists and steps of a
// ladder may: there the empty value means "absent".
func (g *generator) object(t reflect.Type) (*schema, error) {
	s := &schema{Type: "object", Properties: &members{}, Additional: false}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || f.Anonymous || (options != "" && options != "omitempty") {
			return nil, fmt.Errorf("field %v.%s needs a json name", t, f.Name)
		}
		optional := options == "omitempty"
		if optional != (f.Type.Kind() == reflect.Pointer) && (!optional || !mayBeAbsent(f.Type)) {
			return nil, fmt.Errorf("field %v.%s: omitempty and its type do not agree", t, f.Name)
		}
		inner, err := g.field(t, f)
		if err != nil {
			return nil, fmt.Errorf("field %v.%s: %w", t, f.Name, err)
		}
		*s.Properties = append(*s.Properties, member{name, inner})
		if !optional {
			s.Required = append(s.Required, name)
		}
	}
	return s, nil
}

func mayBeAbsent(t reflect.Type) bool {
	return t.Kind() == reflect.String || t == reflect.TypeFor[json.RawMessage]() ||
		t == reflect.TypeFor[[]policy.EscalationStep]() || t == reflect.TypeFor[[]int]() || t == reflect.TypeFor[[]string]() || t == reflect.TypeFor[[]ticket.Step]()
}

// field returns the schema of one field. The content of a policy is raw in
// the struct, but closed all the same (POL-01).
func (g *generator) field(t reflect.Type, f reflect.StructField) (*schema, error) {
	if t != reflect.TypeFor[policy.VersionRecorded]() || f.Name != "Content" {
		return g.of(f.Type)
	}
	s := &schema{}
	for _, content := range []reflect.Type{reflect.TypeFor[policy.SLA](), reflect.TypeFor[calendar.Content](), reflect.TypeFor[policy.Codes](), reflect.TypeFor[policy.Tools](), reflect.TypeFor[policy.Compensation](), reflect.TypeFor[policy.Keeping](), reflect.TypeFor[policy.Purchasing](), reflect.TypeFor[policy.Authority]()} {
		ref, err := g.ref(content)
		if err != nil {
			return nil, err
		}
		s.OneOf = append(s.OneOf, *ref)
	}
	return s, nil
}
