package eventschemas

import (
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
)

// wire is how every event and envelope is written and read: nil slices and
// maps as [] and {}, map keys in order, member names matched exactly, unknown
// and repeated members and invalid UTF-8 refused.
var wire = json.JoinOptions(json.RejectUnknownMembers(true), json.Deterministic(true))

// UnknownTypeError says that an event's type is not in the registry: a newer
// program wrote it, or it is not ours. Whoever folds must halt, never skip.
type UnknownTypeError struct {
	Type string // name of the event type, or the Go type that was to be encoded
}

// Error names the type.
func (e *UnknownTypeError) Error() string { return "unknown event type " + e.Type }

// Encode returns the wire form of event, a struct value of the registry (no
// pointer), with its type name and the hash of its schema for the envelope.
// The value is held against the schema, so one that breaks a wire rule is
// refused here. Errors: *UnknownTypeError, else a fault of the value. Safe for
// concurrent use.
func Encode(event any) (typ string, data []byte, hash string, err error) {
	t := events.byGo[reflect.TypeOf(event)]
	if t == nil || t.next != nil {
		return "", nil, "", &UnknownTypeError{Type: fmt.Sprintf("%T", event)}
	}
	value := reflect.New(t.goType)
	value.Elem().Set(reflect.ValueOf(event))
	data, err = json.Marshal(value.Interface(), wire)
	if err != nil {
		return "", nil, "", fmt.Errorf("encode %s: %w", t.name, err)
	}
	if err := conforms(t.name, value.Elem(), data); err != nil {
		return "", nil, "", err
	}
	return t.name, data, schemaHash(t.name), nil
}

// conforms holds a value and its wire form against the schema of typ.
func conforms(typ string, value reflect.Value, data []byte) error {
	compiled, err := checks()
	if err != nil {
		return err
	}
	check, ok := compiled[typ]
	if !ok {
		return Validate(typ, data)
	}
	if err := check(value); err != nil {
		return fmt.Errorf("validate %s: %w", typ, err)
	}
	return nil
}

// Decode reads the wire form of an event of type typ and returns the newest
// domain form as a struct value, ticket.Registered and not a pointer. Older
// versions pass their upcasters. Errors: *UnknownTypeError, else data does not
// have the form of typ. Safe for concurrent use.
func Decode(typ string, data []byte) (any, error) { return events.decode(typ, data) }
