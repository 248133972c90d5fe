package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	maxBody  = 256 << 10 // bytes
	maxDepth = 32        // levels of objects and arrays
	maxText  = 10_000    // characters of any text
)

// readBody returns the bytes of a JSON body, at most maxBody of them.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || len(r.Header.Values("Content-Type")) != 1 || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, malformed("body.content_type")
	}
	if len(r.Header.Values("Content-Encoding")) > 0 {
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
// pass: a name twice in one object, invalid UTF-8, half a surrogate pair, deep
// nesting and text after the value; and what no text of ours may hold and no
// number of ours may be.
func parseStrict(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, malformed("body.not_utf8")
	}
	if loneSurrogate(b) {
		return nil, malformed("body.surrogate")
	}
	p := strictParser{json.NewDecoder(bytes.NewReader(b))}
	p.UseNumber()
	v, err := p.value(1)
	if err != nil {
		return nil, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("body.trailing")
	}
	return v, nil
}

var surrogates = regexp.MustCompile(`\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// loneSurrogate reports whether a JSON text escapes half of a pair, which
// encoding/json would change into another character. Escaped backslashes are
// matched so that what follows them is not taken for an escape.
func loneSurrogate(b []byte) bool {
	for _, m := range surrogates.FindAllIndex(b, -1) {
		if m[1]-m[0] == len(`\ud800`) {
			return true
		}
	}
	return false
}

type strictParser struct{ *json.Decoder }

// value parses a value; an object or an array would be the level-th of nesting.
func (p strictParser) value(level int) (any, error) {
	t, err := p.Token()
	if err != nil {
		return nil, malformed("body.not_json")
	}
	switch t := t.(type) {
	case json.Delim:
		if level > maxDepth {
			return nil, &problem{kind: kindMalformed, key: "body.too_deep", args: map[string]any{"limit": maxDepth}}
		}
		if t == '{' {
			return p.object(level)
		}
		return p.array(level)
	case string:
		return t, checkText(t)
	case json.Number:
		if !integers.MatchString(t.String()) {
			return nil, malformed("body.number")
		}
		return t, nil
	default:
		return t, nil
	}
}

func (p strictParser) object(level int) (any, error) {
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
			return nil, in(name, malformed("body.field_twice"))
		}
		if m[name], err = p.value(level + 1); err != nil {
			return nil, in(name, err)
		}
	}
	return m, p.end()
}

func (p strictParser) array(level int) (any, error) {
	a := []any{}
	for p.More() {
		v, err := p.value(level + 1)
		if err != nil {
			return nil, in(strconv.Itoa(len(a)), err)
		}
		a = append(a, v)
	}
	return a, p.end()
}

// in says that a problem is at a place inside another; what cannot be parsed
// has no place.
func in(name string, err error) error {
	if p := problemFor(err); p.key != "body.not_json" {
		p.pointer = pointerTo([]string{short(name)}) + p.pointer
	}
	return err
}

func (p strictParser) end() error {
	if _, err := p.Token(); err != nil {
		return malformed("body.not_json")
	}
	return nil
}

// checkText refuses what no text of ours may hold: NUL, which PostgreSQL
// cannot store, control characters other than tabs and line ends, what turns
// the direction of writing round, so that a text looks like another, and more
// characters than anybody reads.
func checkText(s string) error {
	if len(s) > maxText && utf8.RuneCountInString(s) > maxText {
		return &problem{kind: kindMalformed, key: "body.text_too_long", args: map[string]any{"limit": maxText}}
	}
	for _, c := range s {
		switch {
		case c == 0:
			return malformed("body.nul")
		case unicode.IsControl(c) && c != '\t' && c != '\n' && c != '\r':
			return malformed("body.control")
		case unicode.Is(unicode.Bidi_Control, c):
			return malformed("body.bidi")
		}
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
