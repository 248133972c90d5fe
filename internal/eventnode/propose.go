package eventnode

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
)

const (
	keyType        = "type"
	keyContentType = "content-type"
	keyCreated     = "created"
	contentJSON    = "application/json"
	contentBinary  = "application/octet-stream"
	maxRecordBytes = 16_767_216
	perEventBytes  = 256 // keys, ids and names of an event
)

// proposed is what the append messages of both kinds have in common.
type proposed interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

// proposal collects and checks the events of one append.
type proposal struct {
	events []newEvent
	size   int64
	limits sizeLimits
	budget *budget
	held   int64 // claimed from the budget
}

// sizeLimits are the greatest sizes that are allowed.
type sizeLimits struct{ append, event int64 }

func (n *Node) proposal() proposal {
	return proposal{limits: sizeLimits{append: n.opts.MaxAppendBytes, event: n.opts.MaxEventBytes}, budget: &n.budget}
}

// release gives back what the events claim, once nobody needs them any more.
func (p *proposal) release() {
	p.budget.give(p.held)
	p.held = 0
}

// add checks the next event in the original's order of checks.
func (p *proposal) add(m proposed) error {
	kind, ok := m.GetMetadata()[keyType]
	if !ok {
		return &missingKeyError{key: keyType}
	}
	contentType, ok := m.GetMetadata()[keyContentType]
	if !ok {
		return &missingKeyError{key: keyContentType}
	}
	size := int64(len(m.GetData()) + len(m.GetCustomMetadata()) + 2*len(utf16.Encode([]rune(kind))))
	if size > p.limits.event {
		return &sizeError{limit: p.limits.event, size: size, eventID: m.GetId().String()}
	}
	if p.size += size; p.size > p.limits.append {
		return &sizeError{limit: p.limits.append, size: p.size}
	}
	if err := p.budget.take(size + perEventBytes); err != nil {
		return err
	}
	p.held += size + perEventBytes
	id, ok := parseID(m.GetId())
	if !ok || id == uuid.Nil || kind == "" || size > maxRecordBytes {
		return errFault
	}
	p.events = append(p.events, newEvent{
		id: id, kind: kind, json: contentType == contentJSON, data: m.GetData(), meta: m.GetCustomMetadata(),
	})
	return nil
}

func parseID(id *shared.UUID) (uuid.UUID, bool) {
	switch v := id.GetValue().(type) {
	case *shared.UUID_Structured_:
		var out uuid.UUID
		binary.BigEndian.PutUint64(out[:8], uint64(v.Structured.GetMostSignificantBits()))  //nolint:gosec // same bits
		binary.BigEndian.PutUint64(out[8:], uint64(v.Structured.GetLeastSignificantBits())) //nolint:gosec // same bits
		return out, true
	case *shared.UUID_String_:
		text := strings.TrimSpace(v.String_)
		if inner, ok := strings.CutPrefix(text, "("); ok {
			text = strings.TrimSuffix(inner, ")")
		}
		out, err := uuid.Parse(text)
		return out, err == nil && !strings.HasPrefix(strings.ToLower(text), "urn:") // the original does not take that form
	}
	return uuid.Nil, false
}

func protoID(id uuid.UUID, asText bool) *shared.UUID {
	if asText {
		return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
	}
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])), //nolint:gosec // same bits
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])), //nolint:gosec // same bits
	}}}
}

// checkStreamName refuses the two names that nothing can be written to.
func checkStreamName(stream string) error {
	if stream == "" || stream == metaPrefix {
		return errFault
	}
	return nil
}

// expectedRevision checks a revision of a request: above the greatest only the
// old way to say "no stream" is allowed.
func expectedRevision(revision uint64) (int64, error) {
	switch {
	case revision == math.MaxUint64:
		return expectNoStream, nil
	case revision > maxRevision:
		return 0, errFault
	}
	return int64(revision), nil
}

// noRevision is the old wire form of "no stream".
const noRevision = math.MaxUint64
