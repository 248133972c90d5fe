package commands

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// PolicyUser is a command or event that knows which policy versions decided it.
type PolicyUser interface{ Policies() []domain.PolicyRef }

// encode turns the events of one command into their wire form, chained to the
// event before (AUD-06), and moves the fold on.
func (b *batch[S, C, E]) encode(call Call, c C, events []E) error {
	if b.f.first == nil {
		b.f.site, b.f.first = call.Site, events[0]
	}
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode command %s: %w", call.Type, err)
	}
	for i, e := range events {
		typ, data, hash, err := eventschemas.Encode(e)
		if err != nil {
			return fmt.Errorf("encode event of %s: %w", call.Type, err)
		}
		env := b.envelope(call, hash, e)
		if i == 0 {
			env.Command.Body = body
		}
		if err := env.Validate(); err != nil {
			return fmt.Errorf("envelope of %s: %w", call.Type, err)
		}
		meta, err := env.Encode()
		if err != nil {
			return fmt.Errorf("envelope of %s: %w", call.Type, err)
		}
		b.f.revision++
		p := eventschemas.Proposed{ID: eventID(call.ID, i, data, meta), Type: typ, Data: data, Meta: meta}
		b.out = append(b.out, p)
		b.f.prev = eventschemas.ChainHash(eventschemas.Recorded{
			Stream: b.stream, Revision: uint64(b.f.revision), ID: p.ID, Type: typ, Data: data, Meta: meta, //nolint:gosec // not negative here
		})
		b.f.state = b.d.Evolve(b.f.state, uint64(b.f.revision), e) //nolint:gosec // not negative here
	}
	b.f.commands[call.ID] = known{last: b.f.revision, digest: call.Digest}
	return nil
}

func (b *batch[S, C, E]) envelope(call Call, schemaHash string, e E) eventschemas.Envelope {
	env := eventschemas.Envelope{
		V: 1, Site: b.f.site,
		Command:     eventschemas.CommandRef{ID: call.ID, Type: call.Type, SHA256: call.Digest},
		Actor:       call.Actor,
		OnBehalfOf:  call.OnBehalfOf,
		Correlation: orElse(call.Correlation, call.ID),
		Causation:   orElse(call.Causation, call.ID),
		Traceparent: call.Traceparent,
		OccurredAt:  call.OccurredAt,
		RecordedAt:  domain.At(b.x.clock.Now()),
		Policies:    []domain.PolicyRef{},
		SchemaHash:  schemaHash,
		Decider:     b.d.Version,
		Source:      call.Source,
		Prev:        b.f.prev,
	}
	if u, ok := any(e).(PolicyUser); ok { // POL-02
		env.Policies = append(env.Policies, u.Policies()...)
	}
	return env
}

func orElse(id, other uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return other
	}
	return id
}
