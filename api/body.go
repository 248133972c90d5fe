package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	maxBody  = 256 << 10 // bytes
	maxDepth = 32        // of nesting
)

// readBody returns the bytes of a JSON body, at most maxBody of them.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, malformed("body.content_type")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, malformed("body.content_encoding")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, &problem{kind: kindTooLarge, key: "body.too_large", args: map[string]any{"limit": maxBody}}
	case err != nil:
		return nil, malformed("body.unreadable")
	}
	return b, nil
}

// checkBody checks a JSON text against a schema: 400 for what is no JSON, has
// a field twice or one that is not known, 422 for what breaks the schema.
func checkBody(schema *jsonschema.Schema, b []byte) error {
	v, err := parseStrict(b)
	if err != nil {
		return err
	}
	faults := validate(schema, v)
	if len(faults) == 0 {
		return nil
	}
	for _, f := range faults {
		if f.keyword == keywordUnknown {
			return &problem{kind: kindMalformed, key: "body.unknown_field", pointer: f.pointer, faults: faults}
		}
	}
	return &problem{kind: kindInvalid, key: "body.invalid", pointer: faults[0].pointer, faults: faults}
}

// parseStrict parses exactly one JSON value. It refuses what encoding/json lets
// pass: a name twice in one object, invalid UTF-8, NUL, deep nesting and text
// after the value.
func parseStrict(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, malformed("body.not_utf8")
	}
	p := strictParser{json.NewDecoder(bytes.NewReader(b))}
	p.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("body.trailing")
	}
	return v, nil
}

type strictParser struct{ *json.Decoder }

func (p strictParser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, &problem{kind: kindMalformed, key: "body.too_deep", args: map[string]any{"limit": maxDepth}}
	}
	t, err := p.Token()
	if err != nil {
		return nil, malformed("body.not_json")
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case string:
		return t, checkText(t)
	default:
		return t, nil
	}
}

func (p strictParser) object(depth int) (any, error) {
	m := map[string]any{}
	for p.More() {
		t, err := p.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, malformed("body.not_json")
		}
		if err := checkText(name); err != nil {
			return nil, err
		}
		if _, twice := m[name]; twice {
			return nil, malformed("body.field_twice")
		}
		if m[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return m, p.end()
}

func (p strictParser) array(depth int) (any, error) {
	a := []any{}
	for p.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	return a, p.end()
}

func (p strictParser) end() error {
	if _, err := p.Token(); err != nil {
		return malformed("body.not_json")
	}
	return nil
}

// checkText refuses NUL, which no PostgreSQL text can hold.
func checkText(s string) error {
	if strings.ContainsRune(s, 0) {
		return malformed("body.nul")
	}
	return nil
}

func malformed(key string) error { return &problem{kind: kindMalformed, key: key} }

// badParameter says that a query or header parameter is not acceptable.
func badParameter(name, key string, args ...any) error {
	f := fault{parameter: name, keyword: keywordFormat, key: key, args: map[string]any{"name": name}}
	for i := 0; i+1 < len(args); i += 2 {
		f.args[fmt.Sprint(args[i])] = args[i+1]
	}
	return &problem{kind: kindMalformed, key: key, args: f.args, faults: []fault{f}}
}
