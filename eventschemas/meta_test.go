package eventschemas_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func envelope() eventschemas.Envelope {
	return eventschemas.Envelope{
		V: 1, Site: "SH",
		Command: eventschemas.CommandRef{ID: id("command"), Type: "ticket.assign", Body: json.RawMessage(`{"team":"x"}`), SHA256: hash},
		Actor: eventschemas.Actor{
			Person: "system", Issuer: "fieldledger", Subject: "import", Roles: []string{"importer"}, Policy: "import",
		},
		Correlation: id("command"), Causation: id("command"), OccurredAt: nine, RecordedAt: ten,
		Policies: []domain.PolicyRef{desk}, SchemaHash: hash, Decider: "ticket/1",
		Source: &eventschemas.Source{System: "servicenow-demo", Row: "17"}, Prev: hash,
	}
}

// AUD-01: who, what, when, by which rules, in every event.
func TestAUD01AnEnvelopeRoundTrips(t *testing.T) {
	t.Parallel()
	want := envelope()
	b, err := want.Encode()
	require.NoError(t, err)
	got, err := eventschemas.DecodeEnvelope(b)
	require.NoError(t, err)
	require.Equal(t, want, got)

	bare := envelope()
	bare.Policies, bare.Actor.Roles, bare.Source, bare.Command.Body, bare.Prev = nil, nil, nil, nil, ""
	b, err = bare.Encode()
	require.NoError(t, err)
	require.Contains(t, string(b), `"policies":[]`)
	require.Contains(t, string(b), `"roles":[]`)
	require.NotContains(t, string(b), "null")
	require.NotContains(t, string(b), "source")
}

func TestAUD01EveryMandatoryFieldIsAskedFor(t *testing.T) {
	t.Parallel()
	require.NoError(t, envelope().Validate())
	optional := map[string]bool{"OnBehalfOf": true, "Traceparent": true, "Policies": true, "Source": true, "Prev": true}
	whole := reflect.TypeFor[eventschemas.Envelope]()
	for i := range whole.NumField() {
		name := whole.Field(i).Name
		e := envelope()
		reflect.ValueOf(&e).Elem().Field(i).SetZero()
		_, err := e.Encode()
		require.Equal(t, optional[name], err == nil, "%s: %v", name, err)
	}
	for name, spoil := range map[string]func(*eventschemas.Envelope){
		"v is not 1":          func(e *eventschemas.Envelope) { e.V = 2 },
		"command.id":          func(e *eventschemas.Envelope) { e.Command.ID = [16]byte{} },
		"command.type":        func(e *eventschemas.Envelope) { e.Command.Type = "" },
		"command.sha256":      func(e *eventschemas.Envelope) { e.Command.SHA256 = strings.ToUpper(hash) },
		"command.body":        func(e *eventschemas.Envelope) { e.Command.Body = json.RawMessage(`{"x":1.5}`) },
		"actor.person":        func(e *eventschemas.Envelope) { e.Actor.Person = "" },
		"actor.issuer":        func(e *eventschemas.Envelope) { e.Actor.Issuer = "" },
		"actor.subject":       func(e *eventschemas.Envelope) { e.Actor.Subject = "" },
		"source lacks its":    func(e *eventschemas.Envelope) { e.Source.Row = "" },
		"prev is not 64 hex":  func(e *eventschemas.Envelope) { e.Prev = "abc" },
		"schema_hash is not":  func(e *eventschemas.Envelope) { e.SchemaHash = "abc" },
		"occurred_at is miss": func(e *eventschemas.Envelope) { e.OccurredAt = domain.Instant{} },
	} {
		e := envelope()
		spoil(&e)
		require.ErrorContains(t, e.Validate(), name)
	}
}

func TestDecodeEnvelopeRefusesOtherForms(t *testing.T) {
	t.Parallel()
	for _, meta := range []string{``, `{}`, `{"v":2}`, `{"v":1,"colour":"red"}`, `[]`} {
		_, err := eventschemas.DecodeEnvelope([]byte(meta))
		require.Error(t, err, meta)
	}
}

func recorded(t *testing.T) eventschemas.Recorded {
	t.Helper()
	typ, data, _, err := eventschemas.Encode(ticket.Accepted{At: nine})
	require.NoError(t, err)
	meta, err := envelope().Encode()
	require.NoError(t, err)
	return eventschemas.Recorded{
		Stream: "fl.ticket-1", Revision: 7, ID: id("event"), Type: typ, Data: data, Meta: meta,
		Created: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), Position: eventschemas.Position{Commit: 9, Prepare: 9},
	}
}

func TestNewRecordDecodesEventAndEnvelope(t *testing.T) {
	t.Parallel()
	e := recorded(t)
	r, err := eventschemas.NewRecord(e, 12)
	require.NoError(t, err)
	require.Equal(t, eventschemas.Record{Recorded: e, Number: 12, Event: ticket.Accepted{At: nine}, Envelope: envelope()}, r)

	e.Type = "ticket.vanished.v1"
	_, err = eventschemas.NewRecord(e, 12)
	var unknown *eventschemas.UnknownTypeError
	require.ErrorAs(t, err, &unknown)
	e = recorded(t)
	e.Meta = []byte(`{}`)
	_, err = eventschemas.NewRecord(e, 12)
	require.ErrorContains(t, err, "record 12, fl.ticket-1@7")
}

// AUD-06: each event names the one before it by this hash.
func TestAUD06TheChainHashIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	e := eventschemas.Recorded{
		Stream: "fl.ticket-1", Revision: 258, Type: "ticket.closed.v1", Data: []byte(`{}`), Meta: []byte(`{"v":1}`),
		ID: [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	}
	// Worked out with another program from the text of ChainHash.
	require.Equal(t, "5a4367a3c3cb56a01edafac7562b3fe09925be418696c2882117b57aa3b970a3", eventschemas.ChainHash(e))

	for name, change := range map[string]func(*eventschemas.Recorded){
		"stream":   func(e *eventschemas.Recorded) { e.Stream = "fl.ticket-2" },
		"revision": func(e *eventschemas.Recorded) { e.Revision++ },
		"id":       func(e *eventschemas.Recorded) { e.ID[3]++ },
		"type":     func(e *eventschemas.Recorded) { e.Type = "ticket.closed.v2" },
		"data":     func(e *eventschemas.Recorded) { e.Data = []byte(`{ }`) },
		"meta":     func(e *eventschemas.Recorded) { e.Meta = []byte(`{"v":2}`) },
		"boundary": func(e *eventschemas.Recorded) { e.Data, e.Meta = []byte(`{}{`), []byte(`"v":1}`) },
	} {
		other := e
		change(&other)
		require.NotEqual(t, eventschemas.ChainHash(e), eventschemas.ChainHash(other), name)
	}
	other := e
	other.Created, other.Position = time.Unix(1, 0), eventschemas.Position{Commit: 1}
	require.Equal(t, eventschemas.ChainHash(e), eventschemas.ChainHash(other), "the store's own fields are not part")
}
