package api

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// fault is one thing that is wrong with a request. It never holds the rejected value.
type fault struct {
	pointer   string // into the body
	parameter string
	keyword   string
	limit     string
	key       string // of the text
	args      map[string]any
}

const (
	keywordUnknown = "additionalProperties"
	keywordFormat  = "format"
	maxFaults      = 20 // told at once
	maxName        = 64 // bytes of an unknown field's name that are repeated
)

// validate lists what breaks a schema, in order of place; empty if nothing does.
func validate(schema *jsonschema.Schema, v any) []fault {
	err := schema.Validate(v)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil
	}
	var faults []fault
	collect(invalid, &faults)
	slices.SortStableFunc(faults, func(a, b fault) int {
		return strings.Compare(a.pointer+"\x00"+a.keyword, b.pointer+"\x00"+b.keyword)
	})
	return faults[:min(len(faults), maxFaults)]
}

// collect gathers the leaves of a library error.
func collect(e *jsonschema.ValidationError, out *[]fault) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			collect(c, out)
		}
		return
	}
	at := pointerTo(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			*out = append(*out, newFault(at+pointerTo([]string{name}), "required", ""))
		}
	case *kind.DependentRequired:
		for _, name := range k.Missing {
			*out = append(*out, newFault(at+pointerTo([]string{name}), "required", ""))
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			*out = append(*out, newFault(at+pointerTo([]string{short(name)}), keywordUnknown, ""))
		}
	default:
		keyword, limit := describe(e.ErrorKind)
		*out = append(*out, newFault(at, keyword, limit))
	}
}

func newFault(pointer, keyword, limit string) fault {
	return fault{pointer: pointer, keyword: keyword, limit: limit, key: "fault." + keyword, args: map[string]any{"limit": limit}}
}

// describe names the broken keyword and its limit.
func describe(k jsonschema.ErrorKind) (keyword, limit string) {
	switch k := k.(type) {
	case *kind.Type:
		return "type", strings.Join(k.Want, ", ")
	case *kind.Enum:
		return "enum", list(k.Want)
	case *kind.Format:
		return keywordFormat, k.Want
	case *kind.Pattern:
		return "pattern", k.Want
	case *kind.MinLength:
		return "minLength", strconv.Itoa(k.Want)
	case *kind.MaxLength:
		return "maxLength", strconv.Itoa(k.Want)
	case *kind.Minimum:
		return "minimum", number(k.Want)
	case *kind.Maximum:
		return "maximum", number(k.Want)
	case *kind.MinItems:
		return "minItems", strconv.Itoa(k.Want)
	case *kind.MaxItems:
		return "maxItems", strconv.Itoa(k.Want)
	case *kind.UniqueItems:
		return "uniqueItems", ""
	case *kind.MinProperties:
		return "minProperties", strconv.Itoa(k.Want)
	case *kind.MaxProperties:
		return "maxProperties", strconv.Itoa(k.Want)
	default:
		return "schema", ""
	}
}

// short cuts a name that the caller made up, and leaves one out that is no text.
func short(name string) string {
	if !utf8.ValidString(name) || checkText(name) != nil {
		return "…"
	}
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "…"
}

func list(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

func number(r *big.Rat) string { return r.RatString() }

func pointerTo(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
