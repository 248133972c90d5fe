package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Attributes of a published event, as its metadata names them: those of
// CloudEvents 1.0, and the reference to the source. All are texts.
const (
	AttrSpec        = "specversion"
	AttrID          = "id"
	AttrType        = "type" // with its version: "ticket.closed.v1"
	AttrSource      = "source"
	AttrSubject     = "subject"
	AttrTime        = "time"
	AttrSchema      = "dataschema"
	AttrContentType = "datacontenttype"
	AttrSequence    = "sequence"     // log number of the source event
	AttrStream      = "sourcestream" // of the source event
	AttrRevision    = "sourcerevision"
	AttrCause       = "sourceid" // id of the source event
)

const (
	specVersion   = "1.0"
	typeless      = "message.v1" // of a message without a type
	contentJSON   = "application/json"
	contentBinary = "application/octet-stream"
)

// binary is the data of an event whose payload is no JSON.
type binary struct {
	Base64 []byte `json:"data_base64"`
}

// eventID is the id of a message's event: the message's own if it is a UUID.
func eventID(messageUUID string) uuid.UUID {
	if id, err := uuid.Parse(messageUUID); err == nil && id != uuid.Nil {
		return id
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(messageUUID))
}

// proposed is the event of a message.
func proposed(m *message.Message) (eventschemas.Proposed, error) {
	attributes := maps.Clone(map[string]string(m.Metadata))
	if attributes == nil {
		attributes = map[string]string{}
	}
	e := eventschemas.Proposed{ID: eventID(m.UUID), Type: attributes[AttrType], Data: m.Payload}
	if e.Type == "" {
		e.Type = typeless
	}
	attributes[AttrSpec], attributes[AttrID], attributes[AttrContentType] = specVersion, m.UUID, contentJSON
	var err error
	if !json.Valid(m.Payload) {
		attributes[AttrContentType] = contentBinary
		if e.Data, err = json.Marshal(binary{m.Payload}); err != nil {
			return e, fmt.Errorf("encode payload of message %s: %w", m.UUID, err)
		}
	}
	if e.Meta, err = json.Marshal(attributes); err != nil {
		return e, fmt.Errorf("encode metadata of message %s: %w", m.UUID, err)
	}
	return e, nil
}

// Message is the message that an event was published as. An event that was not
// published by this package becomes its data, under its id.
func Message(e eventschemas.Recorded) *message.Message {
	attributes, ok := attributesOf(e)
	if !ok {
		return message.NewMessage(e.ID.String(), e.Data)
	}
	payload := e.Data
	if attributes[AttrContentType] == contentBinary {
		var b binary
		if json.Unmarshal(e.Data, &b) == nil {
			payload = b.Base64
		}
	}
	m := message.NewMessage(attributes[AttrID], payload)
	for key, value := range attributes {
		if key != AttrSpec && key != AttrID {
			m.Metadata.Set(key, value)
		}
	}
	return m
}

// attributesOf reads an event's metadata; false if it is not of this package.
func attributesOf(e eventschemas.Recorded) (map[string]string, bool) {
	var attributes map[string]string
	if json.Unmarshal(e.Meta, &attributes) != nil || attributes[AttrSpec] != specVersion {
		return nil, false
	}
	_, ok := attributes[AttrID]
	return attributes, ok
}

// sequenceOf is the log number of the source event, 0 for none.
func sequenceOf(attributes map[string]string) int64 {
	n, err := strconv.ParseInt(attributes[AttrSequence], 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
