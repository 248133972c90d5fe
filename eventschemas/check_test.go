package eventschemas_test

import (
	stdjson "encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// words has every value of every enum in it, and some that are none.
var words = []string{
	"", "x", "phone", "letter", "in_person", "email", "web", "other", "customer", "parts", "third_party", "force_majeure",
	"first_contact", "resolution", "arrival", "agreed", "strike", "met", "breached", "withdrawn", "no_target", "counted", "paused", "working", "wall",
	"sla", "calendar", "2026-03-02", "2026-02-30", "2026-3-2", "0000-01-01", "\xff", "1.5e3",
}

var raws = []string{`{}`, ` {"a":1}`, `{"a":1.5}`, `{"a":1e3}`, `{"a":"1.5e3"}`, `{"a":"\"","b":1E2}`, `[]`, `null`, `1`, `{`, ``}

var years = []int{-1, 0, 1, 1999, 2026, 9999, 10000}

// arbitrary fills v with values that are mostly, but not always, legal.
func arbitrary(t *rapid.T, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *domain.Instant:
		year := rapid.SampledFrom(years).Draw(t, "year")
		*p = domain.Instant{Time: time.Date(year, 3, 2, 23, 59, 59, 123456789, time.FixedZone("", 8*3600))}
		return
	case *uuid.UUID:
		*p = uuid.UUID{byte(rapid.IntRange(0, 255).Draw(t, "id"))}
		return
	case *stdjson.RawMessage:
		*p = stdjson.RawMessage(rapid.SampledFrom(raws).Draw(t, "raw"))
		return
	case *[]byte:
		*p = []byte(rapid.SampledFrom(words).Draw(t, "bytes"))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom(words).Draw(t, "word"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(-1, 6).Draw(t, "int"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "present") {
			v.Set(reflect.New(v.Type().Elem()))
			arbitrary(t, v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 2).Draw(t, "len"), 2))
		for i := range v.Len() {
			arbitrary(t, v.Index(i))
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			arbitrary(t, f)
		}
	default:
		t.Fatalf("no values for %v", v.Type())
	}
}

// mostlyLegal starts from a fixture and replaces some fields, so that about
// half of the values pass.
func mostlyLegal(t *rapid.T, fixture any) reflect.Value {
	v := reflect.New(reflect.TypeOf(fixture)).Elem()
	v.Set(reflect.ValueOf(fixture))
	for range rapid.IntRange(0, 2).Draw(t, "changes") {
		arbitrary(t, v.Field(rapid.IntRange(0, v.NumField()-1).Draw(t, "field")))
	}
	return v
}

func TestChecksDecideAsFullValidation(t *testing.T) {
	t.Parallel()
	for _, info := range eventschemas.Types() {
		passed, refused := 0, 0
		rapid.Check(t, func(t *rapid.T) {
			event := mostlyLegal(t, fixtures[info.Name]).Interface()
			typ, data, _, fast := eventschemas.Encode(event)
			plain, full := json.Marshal(event)
			if full == nil {
				full = eventschemas.Validate(info.Name, plain)
			}
			if (fast == nil) != (full == nil) {
				t.Fatalf("%s: Encode says %v, full validation says %v, of %s", info.Name, fast, full, plain)
			}
			if fast != nil {
				refused++
				return
			}
			passed++
			require.Equal(t, info.Name, typ)
			_, err := eventschemas.Decode(typ, data)
			require.NoError(t, err, "encoded but not decodable: %s", data)
		})
		require.Positive(t, passed, info.Name)
		if info.Name == "ticket.registered.v1" {
			require.Positive(t, refused)
		}
	}
}

func TestOnlyPoliciesNeedFullValidation(t *testing.T) {
	t.Parallel()
	for _, info := range eventschemas.Types() {
		require.Equal(t, info.Name != "policy.version_recorded.v1", eventschemas.Covered(info.Name), info.Name)
	}
}
