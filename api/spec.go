package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed openapi.yaml
var openAPI []byte

// operation is what openapi.yaml says of one route.
type operation struct {
	ID     string
	Open   bool // needs no token
	Params []param
	Body   *jsonschema.Schema // nil: takes none
}

// param is a query, header or path parameter.
type param struct {
	Name, In string
	Required bool
	Type     string // JSON type of the value
	Schema   *jsonschema.Schema
}

// spec is openapi.yaml, read once. Immutable.
type spec struct {
	operations map[string]*operation // by method and path template, "GET /v1/head"
}

// specReader walks the document.
type specReader struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
}

const specURL = "openapi.json"

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// readSpec compiles every schema that a request is checked with.
func readSpec(source []byte) (*spec, error) {
	var raw any
	if err := yaml.Unmarshal(source, &raw); err != nil {
		return nil, fmt.Errorf("parse openapi.yaml: %w", err)
	}
	encoded, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("convert openapi.yaml: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("convert openapi.yaml: %w", err)
	}
	r := &specReader{doc: object(doc), compiler: jsonschema.NewCompiler()}
	r.compiler.DefaultDraft(jsonschema.Draft2020)
	r.compiler.AssertFormat()
	r.compiler.RegisterFormat(&jsonschema.Format{Name: "date-time", Validate: checkTime})
	if err := r.compiler.AddResource(specURL, doc); err != nil {
		return nil, fmt.Errorf("load openapi.yaml: %w", err)
	}
	return r.read()
}

func (r *specReader) read() (*spec, error) {
	s := &spec{operations: map[string]*operation{}}
	for path, item := range object(r.doc["paths"]) {
		for _, method := range methods {
			at := "#/paths/" + escapePointer(path) + "/" + strings.ToLower(method)
			raw, ok := object(item)[strings.ToLower(method)]
			if !ok {
				continue
			}
			op, err := r.operation(at, object(raw), "#/paths/"+escapePointer(path), object(item))
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			s.operations[method+" "+path] = op
		}
	}
	return s, nil
}

func (r *specReader) operation(at string, raw map[string]any, pathAt string, item map[string]any) (*operation, error) {
	id, _ := raw["operationId"].(string)
	security, has := raw["security"].([]any)
	op := &operation{ID: id, Open: has && len(security) == 0}
	for _, source := range []struct {
		at   string
		list any
	}{{pathAt, item["parameters"]}, {at, raw["parameters"]}} {
		list, _ := source.list.([]any)
		for i, p := range list {
			parsed, err := r.param(source.at+"/parameters/"+strconv.Itoa(i), object(p))
			if err != nil {
				return nil, err
			}
			op.Params = append(op.Params, parsed)
		}
	}
	if body := object(raw["requestBody"]); body != nil {
		schema, err := r.compile(at + "/requestBody/content/application~1json/schema")
		if err != nil {
			return nil, err
		}
		op.Body = schema
	}
	return op, nil
}

func (r *specReader) param(at string, raw map[string]any) (param, error) {
	if ref, ok := raw["$ref"].(string); ok {
		at, raw = ref, r.resolve(ref)
	}
	p := param{}
	p.Name, _ = raw["name"].(string)
	p.In, _ = raw["in"].(string)
	p.Required, _ = raw["required"].(bool)
	schema := object(raw["schema"])
	if ref, ok := schema["$ref"].(string); ok {
		schema = r.resolve(ref)
	}
	p.Type, _ = schema["type"].(string)
	var err error
	p.Schema, err = r.compile(at + "/schema")
	return p, err
}

func (r *specReader) compile(pointer string) (*jsonschema.Schema, error) {
	s, err := r.compiler.Compile(specURL + pointer)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", pointer, err)
	}
	return s, nil
}

// resolve follows a reference inside the document; nil if it leads nowhere.
func (r *specReader) resolve(ref string) map[string]any {
	at := r.doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = object(at[part])
	}
	return at
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// escapePointer makes s one token of a JSON pointer in a URL fragment.
func escapePointer(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
	return url.PathEscape(s)
}

// checkTime is the format date-time: what readTime reads.
func checkTime(v any) error {
	if s, ok := v.(string); ok {
		_, err := readTime(s)
		return err
	}
	return nil
}

const firstYear = 1900 // of any time or day that we take

var errTime = errors.New("not a time with its offset between 1900 and 9999")

// readTime reads a time with its offset (RFC 3339). Years that no log, database
// or JSON can carry in every zone are refused.
func readTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	t = t.UTC()
	if err != nil || strings.Contains(s, ",") || t.Year() < firstYear || t.Year() > 9999 {
		return time.Time{}, errTime
	}
	return t, nil
}
