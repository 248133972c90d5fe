package eventschemas_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// typeOf returns the event type of a fixture's name, which may have one more word.
func typeOf(fixture string) string {
	return strings.Join(strings.SplitN(fixture, ".", 4)[:3], ".")
}

func TestEveryFixtureDecodesValidatesAndRoundTripsByteForByte(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(fixtures)) {
		typ, data, hash, err := eventschemas.Encode(fixtures[name])
		require.NoError(t, err, name)
		require.Equal(t, typeOf(name), typ)
		require.Len(t, hash, 64)
		path := filepath.Join("testdata", name+".json")
		if os.Getenv("UPDATE") == "1" {
			require.NoError(t, os.WriteFile(path, append(data, '\n'), 0o600))
		}
		golden, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(golden), string(data)+"\n", "wire form of %s changed", name)
	}
}

// Files outlive the structs that wrote them: every file in testdata is read,
// whether or not a fixture still writes it.
func TestEveryGoldenFileIsReadByTheNewestForm(t *testing.T) {
	t.Parallel()
	newest := make(map[string]bool)
	for _, info := range eventschemas.Types() {
		newest[info.Name] = info.Newest
	}
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	covered := make(map[string]bool)
	for _, path := range files {
		typ := typeOf(strings.TrimSuffix(filepath.Base(path), ".json"))
		covered[typ] = true
		golden, err := os.ReadFile(path)
		require.NoError(t, err)
		golden = bytes.TrimSuffix(golden, []byte("\n"))
		require.NoError(t, eventschemas.Validate(typ, golden), path)
		event, err := eventschemas.Decode(typ, golden)
		require.NoError(t, err, path)
		_, again, _, err := eventschemas.Encode(event)
		require.NoError(t, err, path)
		if newest[typ] {
			require.Equal(t, string(golden), string(again), path)
		}
	}
	for _, info := range eventschemas.Types() {
		require.True(t, covered[info.Name], "no file in testdata for %s", info.Name)
	}
}

func TestDecodeReturnsAValueEqualToTheEncodedOne(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ticket.registered.v1", "ticket.judged.v1", "ticket.assigned.v1", "record.struck.v1"} {
		typ, data, _, err := eventschemas.Encode(fixtures[name])
		require.NoError(t, err)
		got, err := eventschemas.Decode(typ, data)
		require.NoError(t, err)
		require.Equal(t, fixtures[name], got)
	}
}

func TestTypesEnumerateWhatIsRegistered(t *testing.T) {
	t.Parallel()
	for _, info := range eventschemas.Types() {
		require.Regexp(t, `^[a-z]+\.[a-z_]+\.v[1-9][0-9]*$`, info.Name)
		require.IsType(t, info.Zero(), fixtures[info.Name])
		require.Len(t, info.SchemaHash, 64)
		require.NotEqual(t, info.SchemaHash, strings.Repeat("0", 64))
	}
}

func TestDecodeRefusesWhatIsNotTheForm(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"an unknown member":      `{"at":"2026-03-02T01:00:00.000Z","by":"li"}`,
		"a member in other case": `{"At":"2026-03-02T01:00:00.000Z"}`,
		"a repeated member":      `{"at":"2026-03-02T01:00:00.000Z","at":"2026-03-02T01:00:00.000Z"}`,
		"an instant in seconds":  `{"at":"2026-03-02T01:00:00Z"}`,
		"an instant in a zone":   `{"at":"2026-03-02T01:00:00.000+08:00"}`,
		"another type":           `{"at":1}`,
		"something behind it":    `{"at":"2026-03-02T01:00:00.000Z"}{}`,
		"invalid UTF-8":          "{\"at\":\"\xff\"}",
		"nothing":                ``,
	} {
		_, err := eventschemas.Decode("ticket.accepted.v1", []byte(data))
		require.Error(t, err, name)
		require.Error(t, eventschemas.Validate("ticket.accepted.v1", []byte(data)), name)
	}
}

func TestUnknownTypesAreNamed(t *testing.T) {
	t.Parallel()
	_, err := eventschemas.Decode("ticket.vanished.v1", []byte(`{}`))
	var unknown *eventschemas.UnknownTypeError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, "ticket.vanished.v1", unknown.Type)
	for _, event := range []any{nil, 7, struct{}{}, &ticket.Accepted{}} {
		_, _, _, err = eventschemas.Encode(event)
		require.ErrorAs(t, err, &unknown)
	}
}

func TestNilSlicesAndMapsAreWrittenAsEmptyOnes(t *testing.T) {
	t.Parallel()
	_, data, _, err := eventschemas.Encode(ticket.Resumed{At: nine})
	require.NoError(t, err)
	require.JSONEq(t, `{"at":"2026-03-02T01:00:00.000Z","clocks":[],"targets":[]}`, string(data))
	_, data, _, err = eventschemas.Encode(ticket.SignedOff{At: nine})
	require.NoError(t, err)
	require.NotContains(t, string(data), "null")
}

func TestEncodeRefusesValuesThatBreakAWireRule(t *testing.T) {
	t.Parallel()
	registered := fixtures["ticket.registered.v1"].(ticket.Registered)
	change := func(f func(*ticket.Registered)) ticket.Registered {
		e := registered
		e.Targets = slices.Clone(e.Targets)
		f(&e)
		return e
	}
	for name, event := range map[string]any{
		"a channel out of the list": change(func(e *ticket.Registered) { e.Channel = "fax" }),
		"no channel":                change(func(e *ticket.Registered) { e.Channel = "" }),
		"level 0":                   change(func(e *ticket.Registered) { e.Level = 0 }),
		"level 5":                   change(func(e *ticket.Registered) { e.Level = 5 }),
		"a day that is none":        change(func(e *ticket.Registered) { e.OpenedOn = "2026-02-30" }),
		"year 10000":                change(func(e *ticket.Registered) { e.At = domain.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) }),
		"a target out of the list":  change(func(e *ticket.Registered) { e.Targets[1].Name = "coffee" }),
		"invalid UTF-8":             change(func(e *ticket.Registered) { e.Kind = "\xff" }),
		"an unknown clock to stop":  ticket.Paused{At: nine, Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{"x"}},
	} {
		_, _, _, err := eventschemas.Encode(event)
		require.Error(t, err, name)
	}
}

// JSON Schema takes 14400.0 and 144e2 for integers; the wire rules do not.
func TestNumbersThatAreNotWrittenAsIntegersAreRefused(t *testing.T) {
	t.Parallel()
	whole := fixtures["policy.version_recorded.v1"].(policy.VersionRecorded)
	for _, literal := range []string{"14400.0", "144e2", "144E2", "1.44e4"} {
		e := whole
		e.Content = []byte(strings.Replace(string(whole.Content), "14400", literal, 1))
		_, _, _, err := eventschemas.Encode(e)
		require.ErrorContains(t, err, "not a whole one", literal)
	}
	e := whole
	e.Name = `1.5e3 "1.5" \\" 2.5`
	_, _, _, err := eventschemas.Encode(e)
	require.NoError(t, err, "a text may hold anything")
}

func BenchmarkCodec(b *testing.B) {
	for _, name := range []string{"ticket.registered.v1", "ticket.assigned.v1", "ticket.judged.v1"} {
		typ, data, _, err := eventschemas.Encode(fixtures[name])
		require.NoError(b, err)
		b.Run("encode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, _, err := eventschemas.Encode(fixtures[name]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := eventschemas.Decode(typ, data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("validate in full/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := eventschemas.Validate(typ, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	meta, err := envelope().Encode()
	require.NoError(b, err)
	b.Run("encode/envelope", func(b *testing.B) {
		b.ReportAllocs()
		e := envelope()
		for b.Loop() {
			if _, err := e.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode/envelope", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := eventschemas.DecodeEnvelope(meta); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("chain hash", func(b *testing.B) {
		b.ReportAllocs()
		r := eventschemas.Recorded{Stream: "fl.ticket-1", Type: "ticket.closed.v1", Data: meta, Meta: meta}
		for b.Loop() {
			eventschemas.ChainHash(r)
		}
	})
}
