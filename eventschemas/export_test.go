package eventschemas

// Covered reports that events of typ are held against compiled checks and
// not validated in full.
func Covered(typ string) bool {
	compiled, err := checks()
	return err == nil && compiled[typ] != nil
}

// Registry is a registry of tests' own types.
type Registry = registry

// EventType is a line of a registry.
type EventType = eventType

// NewRegistry is newRegistry.
func NewRegistry(types ...EventType) (*Registry, error) { return newRegistry(types) }

// Newest is newest.
func Newest[T any](name string) EventType { return newest[T](name) }

// Older is older.
func Older[T, Next any](name string, up func(T) Next) EventType { return older(name, up) }

// Decode is decode.
func (r *Registry) Decode(typ string, data []byte) (any, error) { return r.decode(typ, data) }
