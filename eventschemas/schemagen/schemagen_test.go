package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

const root = "../.."

func TestEverySchemaFileIsWhatItsStructSays(t *testing.T) {
	t.Parallel()
	files, err := generate(root)
	require.NoError(t, err)
	found, err := filepath.Glob("../schemas/*.json")
	require.NoError(t, err)
	require.Len(t, found, len(files), "files in schemas")
	for name, want := range files {
		got, err := os.ReadFile("../schemas/" + name)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not what its struct says: make relock, or a new version", name)
	}
}

func TestTheLockHoldsTheHashOfEveryFile(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("../schemas/*.json")
	require.NoError(t, err)
	files := make(map[string][]byte, len(found))
	for _, path := range found {
		files[filepath.Base(path)], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	want, err := os.ReadFile("../schemas.lock")
	require.NoError(t, err)
	require.Equal(t, string(want), string(lock(files)))
	files["ticket.closed.v1.json"] = append(files["ticket.closed.v1.json"], ' ')
	require.NotEqual(t, string(want), string(lock(files)))
}

func TestRunWritesWhatIsCheckedInAndDropsTheRest(t *testing.T) {
	t.Parallel()
	module := t.TempDir()
	for _, dir := range []string{"domain", "eventschemas", "projections"} {
		require.NoError(t, os.CopyFS(filepath.Join(module, dir), os.DirFS(root+"/"+dir)))
	}
	dir := filepath.Join(module, "eventschemas")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "schemas", "ticket.gone.v1.json"), []byte("{}"), 0o600))
	require.NoError(t, run(dir))
	require.NoFileExists(t, filepath.Join(dir, "schemas", "ticket.gone.v1.json"))
	want, err := os.ReadFile("../schemas.lock")
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "schemas.lock"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.FileExists(t, filepath.Join(module, "docs", "events.md"))
}

// Every object is closed. Only a command's body is any object: its form
// belongs to the command, not to the envelope.
func TestEverySchemaIsClosed(t *testing.T) {
	t.Parallel()
	files, err := generate(root)
	require.NoError(t, err)
	for name, b := range files {
		var doc any
		require.NoError(t, json.Unmarshal(b, &doc))
		var open []string
		walk(doc, name, &open)
		if name == "envelope.v1.json" {
			require.Equal(t, []string{name + "/$defs/eventschemas.CommandRef/properties/body"}, open)
			continue
		}
		require.Empty(t, open)
	}
	var open []string
	walk(map[string]any{"a": map[string]any{"type": "object"}}, "", &open)
	require.Equal(t, []string{"/a"}, open, "the search finds an open object")
}

// walk lists the objects below v that admit any member.
func walk(v any, at string, open *[]string) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" {
			additional, ok := v["additionalProperties"]
			if !ok || additional == true {
				*open = append(*open, at)
			}
		}
		for name, inner := range v {
			walk(inner, at+"/"+name, open)
		}
	case []any:
		for _, inner := range v {
			walk(inner, at, open)
		}
	}
}

// closedWider is ticket.Closed as it would look after a field was added
// without a new version.
type closedWider struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"`
}

func TestAnAddedRenamedOrRetypedFieldIsDrift(t *testing.T) {
	t.Parallel()
	e, err := readEnums(root)
	require.NoError(t, err)
	want, err := os.ReadFile("../schemas/ticket.closed.v1.json")
	require.NoError(t, err)
	same, err := schemaOf("ticket.closed.v1", reflect.TypeFor[ticket.Closed](), e)
	require.NoError(t, err)
	require.Equal(t, string(want), string(same))
	for _, drifted := range []reflect.Type{
		reflect.TypeFor[closedWider](),
		reflect.TypeFor[struct {
			At domain.Instant `json:"closed_at"`
		}](),
		reflect.TypeFor[struct {
			At domain.Day `json:"at"`
		}](),
		reflect.TypeFor[struct {
			At *domain.Instant `json:"at,omitempty"`
		}](),
	} {
		got, err := schemaOf("ticket.closed.v1", drifted, e)
		require.NoError(t, err)
		require.NotEqual(t, string(want), string(got), drifted)
	}
	e["github.com/fieldledger/fieldledger/domain/ticket.PauseReason"] = []string{"customer"}
	want, err = os.ReadFile("../schemas/ticket.paused.v1.json")
	require.NoError(t, err)
	got, err := schemaOf("ticket.paused.v1", reflect.TypeFor[ticket.Paused](), e)
	require.NoError(t, err)
	require.NotEqual(t, string(want), string(got), "a changed enum")
}

func TestFormsThatBreakAWireRuleHaveNoSchema(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]reflect.Type{
		"a float": reflect.TypeFor[struct {
			Rate float64 `json:"rate"`
		}](),
		"no json name": reflect.TypeFor[struct{ Rate int }](),
		"a pointer without omitempty": reflect.TypeFor[struct {
			Rate *int `json:"rate"`
		}](),
		"omitempty on a number": reflect.TypeFor[struct {
			Rate int `json:"rate,omitempty"`
		}](),
		"another tag option": reflect.TypeFor[struct {
			Rate int `json:"rate,string"`
		}](),
		"any": reflect.TypeFor[struct {
			Rate any `json:"rate"`
		}](),
	} {
		_, err := schemaOf("tool.rated.v1", bad, nil)
		require.Error(t, err, name)
	}
}
