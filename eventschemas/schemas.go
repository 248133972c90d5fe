package eventschemas

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// Schema returns the JSON Schema file of an event type, or of the envelope
// ("envelope.v1"). The error is *UnknownTypeError.
func Schema(typ string) ([]byte, error) {
	b, err := fs.ReadFile(schemaFiles, "schemas/"+typ+".json")
	if err != nil {
		return nil, &UnknownTypeError{Type: typ}
	}
	return b, nil
}

// schemaHashes maps every event type to the hex SHA-256 of its schema file.
var schemaHashes = sync.OnceValue(func() map[string]string {
	hashes := make(map[string]string, len(eventTypes))
	for _, t := range eventTypes {
		if b, err := Schema(t.name); err == nil {
			sum := sha256.Sum256(b)
			hashes[t.name] = hex.EncodeToString(sum[:])
		}
	}
	return hashes
})

func schemaHash(typ string) string { return schemaHashes()[typ] }

// validators holds the compiled schemas. Compiling all of them takes some
// milliseconds, so it is done once, at the first event.
var validators = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiled := make(map[string]*jsonschema.Schema, len(eventTypes))
	for _, t := range eventTypes {
		schema, err := compileSchema(t.name)
		if err != nil {
			return nil, err
		}
		compiled[t.name] = schema
	}
	return compiled, nil
})

func compileSchema(typ string) (*jsonschema.Schema, error) {
	raw, err := Schema(typ)
	if err != nil {
		return nil, fmt.Errorf("find the schema: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read schema %s: %w", typ, err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent()
	url := typ + ".json"
	if err := c.AddResource(url, doc); err != nil {
		return nil, fmt.Errorf("add schema %s: %w", typ, err)
	}
	schema, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("compile schema %s: %w", typ, err)
	}
	return schema, nil
}

// Validate checks data against the schema of typ, formats asserted. Encode
// does so itself; this is for events that came from elsewhere. Errors:
// *UnknownTypeError, else one that names the place in data.
func Validate(typ string, data []byte) error {
	schemas, err := validators()
	if err != nil {
		return err
	}
	schema := schemas[typ]
	if schema == nil {
		return &UnknownTypeError{Type: typ}
	}
	if !jsontext.Value(data).IsValid() {
		return fmt.Errorf("read %s: malformed JSON, a repeated member or invalid UTF-8", typ)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("read %s: %w", typ, err)
	}
	if err := schema.Validate(doc); err != nil {
		return fmt.Errorf("validate %s: %w", typ, err)
	}
	if err := integersOnly(data); err != nil { // JSON Schema takes 1.0 for an integer
		return fmt.Errorf("validate %s: %w", typ, err)
	}
	return nil
}
