package eventschemas

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Envelope is the metadata of every event, version 1 (AUD-01). An append
// without the mandatory fields is refused; see Validate.
type Envelope struct {
	V           int                `json:"v"`    // 1
	Site        string             `json:"site"` // code of the site, first in every read-model key
	Command     CommandRef         `json:"command"`
	Actor       Actor              `json:"actor"`
	OnBehalfOf  string             `json:"on_behalf_of,omitempty"` // person id
	Correlation uuid.UUID          `json:"correlation"`            // id of the first command of the chain
	Causation   uuid.UUID          `json:"causation"`              // id of the event or command that caused this command
	Traceparent string             `json:"traceparent,omitempty"`  // W3C trace context
	OccurredAt  domain.Instant     `json:"occurred_at"`            // business time
	RecordedAt  domain.Instant     `json:"recorded_at"`            // our clock when it was decided
	Policies    []domain.PolicyRef `json:"policies"`               // versions the decision used, [] if none (POL-02)
	SchemaHash  string             `json:"schema_hash"`            // hex SHA-256 of the event's frozen schema
	Decider     string             `json:"decider"`                // version of the decider, "ticket/1"
	Source      *Source            `json:"source,omitempty"`       // set for imported events only
	Prev        string             `json:"prev"`                   // hex SHA-256 over the previous event of the stream, "" for the first (AUD-06)
}

// CommandRef names the command that caused an event.
type CommandRef struct {
	ID     uuid.UUID       `json:"id"` // UUIDv5(installation, actor, operation, Idempotency-Key)
	Type   string          `json:"type"`
	Body   json.RawMessage `json:"body,omitempty"` // in the first event of a command only; personal fields sealed
	SHA256 string          `json:"sha256"`         // keyed digest of the canonical request body, hex
}

// Actor is who gave the command, as known then.
type Actor struct {
	Person  string   `json:"person"` // person id, or "system"
	Issuer  string   `json:"issuer"`
	Subject string   `json:"subject"`
	Roles   []string `json:"roles"`
	Policy  string   `json:"policy"` // name of the authorization policy that permitted it
}

// Source names where an imported event came from.
type Source struct {
	System string `json:"system"`
	Row    string `json:"row"` // the row's own key in that system
}
