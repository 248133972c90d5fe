// Command schemagen writes the JSON Schema of every event type from its Go
// struct, the lock with their hashes, and docs/events.md. It runs by go
// generate in the folder eventschemas and is no part of the shipped program.
//
// Until the first release it may rewrite everything (make relock); a released
// schema is frozen: a change of its struct needs a new version. It implements
// the schema side of AUD-01.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/fieldledger/fieldledger/eventschemas"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

// run writes the schemas and the lock below dir, the folder eventschemas, and
// the page of events beside it.
func run(dir string) error {
	files, err := generate(filepath.Join(dir, ".."))
	if err != nil {
		return err
	}
	schemas := filepath.Join(dir, "schemas")
	if err := dropStale(schemas, files); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(schemas, name), b, 0o600); err != nil {
			return fmt.Errorf("write schema: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "schemas.lock"), lock(files), 0o600); err != nil {
		return fmt.Errorf("write lock: %w", err)
	}
	return writePage(filepath.Join(dir, ".."))
}

// writePage writes docs/events.md below root, the module's folder.
func writePage(root string) error {
	b, err := pageOf(root)
	if err != nil {
		return err
	}
	docs := filepath.Join(root, "docs")
	if err := os.MkdirAll(docs, 0o750); err != nil {
		return fmt.Errorf("make docs: %w", err)
	}
	if err := os.WriteFile(filepath.Join(docs, "events.md"), b, 0o600); err != nil {
		return fmt.Errorf("write events page: %w", err)
	}
	return nil
}

// generate returns the schema files by name. root is the module's folder.
func generate(root string) (map[string][]byte, error) {
	enums, err := readEnums(root)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, t := range eventschemas.Types() {
		if files[t.Name+".json"], err = schemaOf(t.Name, t.Go, enums); err != nil {
			return nil, err
		}
	}
	const envelope = "envelope.v1"
	if files[envelope+".json"], err = schemaOf(envelope, reflect.TypeFor[eventschemas.Envelope](), enums); err != nil {
		return nil, err
	}
	return files, nil
}

// dropStale removes schemas of types that are no longer registered.
func dropStale(dir string, files map[string][]byte) error {
	old, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return fmt.Errorf("list schemas: %w", err)
	}
	for _, path := range old {
		if _, ok := files[filepath.Base(path)]; !ok {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("remove stale schema: %w", err)
			}
		}
	}
	return nil
}
