package eventschemas

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// EnvelopeVersion is the only version of the envelope.
const EnvelopeVersion = 1

// DecodeEnvelope reads an event's metadata. It refuses unknown members and
// other versions, but does not ask for completeness: Validate does, before an
// append.
func DecodeEnvelope(meta []byte) (Envelope, error) {
	var e Envelope
	if err := json.Unmarshal(meta, &e, wire); err != nil {
		return Envelope{}, fmt.Errorf("decode envelope: %w", err)
	}
	if e.V != EnvelopeVersion {
		return Envelope{}, fmt.Errorf("decode envelope: version %d is not %d", e.V, EnvelopeVersion)
	}
	return e, nil
}

// Encode validates e and returns its wire form.
func (e Envelope) Encode() ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(e, wire)
	if err != nil {
		return nil, fmt.Errorf("encode envelope: %w", err)
	}
	return b, nil
}

// Validate says which mandatory fields of e are missing or malformed, all of
// them in one error; nil if it may be appended (AUD-01).
func (e Envelope) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, errors.New("envelope: "+field))
		}
	}
	need(e.V == EnvelopeVersion, "v is not 1")
	need(e.Site != "", "site is missing")
	need(e.Command.ID != uuid.Nil, "command.id is missing")
	need(e.Command.Type != "", "command.type is missing")
	need(integersOnly(e.Command.Body) == nil, "command.body has a number that is not whole")
	need(isHexSHA256(e.Command.SHA256), "command.sha256 is not 64 hex digits")
	need(e.Actor.Person != "", "actor.person is missing")
	need(e.Actor.Issuer != "", "actor.issuer is missing")
	need(e.Actor.Subject != "", "actor.subject is missing")
	need(e.Correlation != uuid.Nil, "correlation is missing")
	need(e.Causation != uuid.Nil, "causation is missing")
	need(!e.OccurredAt.IsZero(), "occurred_at is missing")
	need(!e.RecordedAt.IsZero(), "recorded_at is missing")
	need(isHexSHA256(e.SchemaHash), "schema_hash is not 64 hex digits")
	need(e.Decider != "", "decider is missing")
	need(e.Source == nil || e.Source.System != "" && e.Source.Row != "", "source lacks its system or row")
	need(e.Prev == "" || isHexSHA256(e.Prev), "prev is not 64 hex digits")
	return errors.Join(faults...)
}

func isHexSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// NewRecord decodes e as log number number (from 1). Errors:
// *UnknownTypeError, else e's bytes are not what its type or the envelope asks for.
func NewRecord(e Recorded, number int64) (Record, error) {
	event, err := Decode(e.Type, e.Data)
	if err != nil {
		return Record{}, fmt.Errorf("record %d, %s@%d: %w", number, e.Stream, e.Revision, err)
	}
	envelope, err := DecodeEnvelope(e.Meta)
	if err != nil {
		return Record{}, fmt.Errorf("record %d, %s@%d: %w", number, e.Stream, e.Revision, err)
	}
	return Record{Recorded: e, Number: number, Event: event, Envelope: envelope}, nil
}
