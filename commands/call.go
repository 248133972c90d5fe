package commands

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Call is everything about a command but what it asks for.
type Call struct {
	ID          uuid.UUID // IDs.Command
	Type        string    // "ticket.assign"
	Digest      string    // keyed SHA-256 of the canonical request body, hex
	Site        string    // code
	Actor       eventschemas.Actor
	OnBehalfOf  string
	Correlation uuid.UUID // zero: the command's own id
	Causation   uuid.UUID // zero: the command's own id
	Traceparent string
	OccurredAt  domain.Instant       // business time
	Source      *eventschemas.Source // set by imports only
	Expected    *int64               // revision the caller saw (If-Match); nil for none
}

// Stream is what a command finds before it is made.
type Stream struct {
	Site     string // code, from the first event; "" if there is none
	Revision int64  // NoStream if it does not exist
	First    any    // the stream's first event, struck or not; nil if there is none
}

// Step is one command for a stream. Make is called only if the command is not
// known yet: it draws numbers, seals personal fields and loads policies. Its
// command is recorded as JSON, so personal fields must be sealed in it.
type Step[C any] struct {
	Call Call // Site may be empty for a stream that exists
	// Guard, if set, refuses a stream before anything is told of it.
	Guard func(s Stream) error
	Make  func(ctx context.Context, s Stream) (C, error)
}

// Given is a Step whose command is at hand.
func Given[C any](call Call, c C) Step[C] {
	return Step[C]{Call: call, Make: func(context.Context, Stream) (C, error) { return c, nil }}
}

// Result tells what a command did.
type Result struct {
	Stream   string
	Events   int   // appended by this call
	Revision int64 // of the command's last event, or of the stream if it changed nothing
	Changed  bool  // false: what it asked for held already (TKT-02)
	Repeated bool  // the command was known; the answer is the first one's
}

// Outcome is what is kept of a command that left no event: a refusal or a no-op.
type Outcome struct {
	Command uuid.UUID      `json:"command"`
	Digest  string         `json:"digest"`
	Result  Result         `json:"result"`
	Refusal *OutcomeReason `json:"refusal,omitempty"`
}

// OutcomeReason is a refusal as kept.
type OutcomeReason struct {
	Pointer string         `json:"pointer,omitempty"` // set: it was invalid, not refused
	Rule    string         `json:"rule"`
	Key     string         `json:"key"`
	Args    map[string]any `json:"args"`
}

// Outcomes keeps the outcomes that no event tells, for 30 days. Safe for concurrent use.
type Outcomes interface {
	// Find returns the outcome of a command; false if there is none.
	Find(ctx context.Context, command uuid.UUID) (Outcome, bool, error)
	// Save keeps o unless the command has an outcome already, and returns the one kept.
	Save(ctx context.Context, o Outcome) (Outcome, error)
}

// Vault seals and opens personal fields (AUD-07). Safe for concurrent use.
type Vault interface {
	// Seal encrypts plaintext under the subject's key; "" gives the zero Sealed.
	// ErrErased if the subject's key was destroyed.
	Seal(ctx context.Context, subject uuid.UUID, field, plaintext string) (domain.Sealed, error)
	// Prepare makes the keys of many subjects at once; those that have one or
	// were erased are left alone.
	Prepare(ctx context.Context, subjects []uuid.UUID) error
	// Digest is the keyed SHA-256 of a canonical request body, hex.
	Digest(canonical []byte) string
}
